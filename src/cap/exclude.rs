//! `EXCLUDE_POLYGON`: the geocode of the German weather service whose value is a polygon of CAP that does not belong to
//! the area: a hole.

use super::alert::{Area, Point};
use super::limits::RING_WINDING_MAX_DEG;
use super::ring::{Vertex, unwrapped};
use std::fmt;

/// The one name of it.
pub const EXCLUDE_POLYGON: &str = "EXCLUDE_POLYGON";

/// Points of one hole, at least.
const POINTS_MIN: usize = 3;
/// Longitudes may run on beyond ±180, degrees.
const LONGITUDE_MAX: f64 = 720.0;

/// Why a value is no hole. Such a one is ignored: more people are warned, none is missed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoHole {
    /// A pair, its number from 1, is not two numbers of degrees.
    Pair(usize),
    /// So many points go around nothing.
    Few(usize),
    /// It goes around the Earth more than twice.
    Winds,
}

impl fmt::Display for NoHole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pair(nth) => write!(f, "Pair {nth} of the hole is not lat,lon in degrees"),
            Self::Few(points) => write!(f, "A hole needs at least {POINTS_MIN} pairs; here are {points}"),
            Self::Winds => write!(f, "The hole goes around the Earth more than {} times", RING_WINDING_MAX_DEG / 360.0),
        }
    }
}

/// Whether a `valueName` is this one. Case and punctuation are forgiven, as in all names of schemes.
pub fn is_exclude_polygon(value_name: &str) -> bool {
    let plain = value_name.chars().flat_map(char::to_uppercase).filter(|letter| letter.is_alphanumeric());
    plain.eq(EXCLUDE_POLYGON.chars().filter(|letter| letter.is_alphanumeric()))
}

/// The values that take ground away from an area, and where they stand among its geocodes, counted from 0.
pub fn excluded(area: &Area) -> impl Iterator<Item = (usize, &str)> {
    let codes = area.geocodes.iter().enumerate().filter(|(_, code)| is_exclude_polygon(&code.value_name));
    codes.map(|(at, code)| (at, code.value.as_str()))
}

/// The hole that a value means: pairs of latitude and longitude (CAP 1.2 §3.2.4), unwrapped. One that is not closed is
/// closed.
///
/// # Errors
/// It is none.
pub fn hole(value: &str) -> Result<Vec<Vertex>, NoHole> {
    let number = |text: &str, most: f64| text.trim().parse::<f64>().ok().filter(|number| number.abs() <= most);
    let point = |(nth, pair): (usize, &str)| {
        let numbers =
            pair.split_once(',').and_then(|(lat, lon)| Some((number(lat, 90.0)?, number(lon, LONGITUDE_MAX)?)));
        numbers.map(|(lat, lon)| Point { lat, lon }).ok_or(NoHole::Pair(nth))
    };
    let mut points = (1..).zip(value.split_whitespace()).map(point).collect::<Result<Vec<Point>, NoHole>>()?;
    if points.len() < POINTS_MIN {
        return Err(NoHole::Few(points.len()));
    }
    if points.first() != points.last() {
        points.push(points[0]);
    }
    let vertices = unwrapped(&points);
    let (west, east) = vertices
        .iter()
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(west, east), vertex| (west.min(vertex.lon), east.max(vertex.lon)));
    if east - west > RING_WINDING_MAX_DEG { Err(NoHole::Winds) } else { Ok(vertices) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_hole_is_told_why() {
        assert_eq!(hole("1,1 1,2 2,2").map(|vertices| vertices.len()), Ok(4), "closed");
        assert_eq!(hole("1,1 1,2 2,2 1,1").map(|vertices| vertices.len()), Ok(4));
        assert_eq!(hole("1,1 1,2 2;2"), Err(NoHole::Pair(3)));
        assert_eq!(hole("91,1 1,2 2,2"), Err(NoHole::Pair(1)));
        assert_eq!(hole("1,1 1,2"), Err(NoHole::Few(2)));
        assert_eq!(hole(" "), Err(NoHole::Few(0)));
        let spiral = |points: i32| {
            let pair =
                |nth: i32| format!("{},{} ", 50.0 + 0.001 * f64::from(nth), (170 * nth + 180).rem_euclid(360) - 180);
            (0..points).map(pair).collect::<String>()
        };
        assert!(hole(&spiral(4)).is_ok());
        assert_eq!(hole(&spiral(20)), Err(NoHole::Winds));
    }

    #[test]
    fn its_name_is_known_however_it_is_spelt() {
        for name in ["EXCLUDE_POLYGON", "Exclude-Polygon", " exclude polygon ", "excludePolygon"] {
            assert!(is_exclude_polygon(name), "{name}");
        }
        for name in ["", "POLYGON", "EXCLUDE_POLYGONS", "EXCLUDE"] {
            assert!(!is_exclude_polygon(name), "{name}");
        }
    }
}
