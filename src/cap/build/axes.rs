//! Which number of a pair is the latitude. CAP has it first; some sources write the longitude first, and only they can
//! be read so. Anything else is named with its evidence, and never guessed (CAP 1.2 §3.2.4).

use super::{Builder, NodeId};
use crate::cap::alert::Point;
use crate::cap::options::Axes;
use crate::cap::rules;

const LATITUDE_MAX_DEG: f64 = 90.0;
const LONGITUDE_MAX_DEG: f64 = 180.0;
/// Some write longitudes eastward all the way round.
const LONGITUDE_WIDE_MAX_DEG: f64 = 360.0;
/// Further apart than the shapes of one alert are, degrees.
const FAR_DEG: f64 = 10.0;
/// As near as the shapes of one alert are, degrees.
const NEAR_DEG: f64 = 2.0;

impl Builder<'_, '_> {
    /// The points with their latitude first, or `None` when they are nowhere on the Earth. Longitudes up to 360 are kept,
    /// with a warning.
    pub(super) fn placed(&mut self, id: NodeId, points: Vec<Point>) -> Option<Vec<Point>> {
        match self.axes {
            Axes::LatitudeFirst => {
                if let Some(beyond) = beyond_pole(&points) {
                    let rule = if is_on_earth(points.iter().map(swapped)) {
                        &rules::COORDINATES_SWAPPED
                    } else {
                        &rules::LATITUDE_RANGE
                    };
                    self.find_beyond(id, rule, beyond);
                    return None;
                }
                self.check_longitudes(id, &points).then_some(points)
            }
            Axes::LongitudeFirst => {
                let turned: Vec<Point> = points.iter().map(swapped).collect();
                if let Some(beyond) = beyond_pole(&turned) {
                    let rule = if is_on_earth(points.into_iter()) {
                        &rules::COORDINATES_NOT_SWAPPED
                    } else {
                        &rules::LATITUDE_RANGE
                    };
                    self.find_beyond(id, rule, beyond);
                    return None;
                }
                let message = "This source writes the longitude first; its pairs are read so.";
                self.find(&rules::COORDINATES_SWAPPED_BACK, id, message);
                self.check_longitudes(id, &turned).then_some(turned)
            }
        }
    }

    fn find_beyond(&mut self, id: NodeId, rule: &'static rules::Rule, point: Point) {
        let (lat, lon) = (point.lat, point.lon);
        let message = if rule.code == rules::LATITUDE_RANGE.code {
            format!("The latitude {lat} is beyond 90°.")
        } else if self.axes == Axes::LatitudeFirst {
            format!(
                "The latitude {lat} is beyond 90°, and every pair is a place with its numbers swapped, as {lon},{lat}."
            )
        } else {
            format!(
                "This source is set to write the longitude first, but then the latitude is {lat}, beyond 90°; as the standard has it, {lon},{lat} would be a place."
            )
        };
        self.find(rule, id, message);
    }

    fn check_longitudes(&mut self, id: NodeId, points: &[Point]) -> bool {
        let widest = points.iter().map(|point| point.lon).max_by(|a, b| a.abs().total_cmp(&b.abs())).unwrap_or(0.0);
        if widest.abs() > LONGITUDE_WIDE_MAX_DEG {
            self.find(&rules::LONGITUDE_RANGE, id, format!("The longitude {widest} is beyond 360°."));
            return false;
        }
        if widest.abs() > LONGITUDE_MAX_DEG {
            let message = format!("The longitude {widest} is beyond 180°; it is taken round the Earth.");
            self.find(&rules::LONGITUDE_WIDE, id, message);
        }
        true
    }

    /// Compares a shape with the alert's first: far from it, but near if the numbers of one of them changed places. Only
    /// the first such shape is told.
    pub(super) fn compare_places(&mut self, id: NodeId, place: Point) {
        let Some((first, told)) = self.first_place else {
            self.first_place = Some((place, false));
            return;
        };
        let turned = swapped(&place);
        if told || apart_deg(first, place) < FAR_DEG || apart_deg(first, turned) > NEAR_DEG {
            return;
        }
        self.first_place = Some((first, true));
        let message = format!(
            "It is at {},{}, {:.0}° from the alert's first shape at {},{}; with its numbers swapped, or the first shape's, they would lie together.",
            place.lat,
            place.lon,
            apart_deg(first, place),
            first.lat,
            first.lon
        );
        self.find(&rules::COORDINATES_APART, id, message);
    }
}

fn swapped(point: &Point) -> Point {
    Point { lat: point.lon, lon: point.lat }
}

fn beyond_pole(points: &[Point]) -> Option<Point> {
    points.iter().copied().find(|point| point.lat.abs() > LATITUDE_MAX_DEG)
}

fn is_on_earth(mut points: impl Iterator<Item = Point>) -> bool {
    points.all(|point| point.lat.abs() <= LATITUDE_MAX_DEG && point.lon.abs() <= LONGITUDE_MAX_DEG)
}

/// How far two places are apart, degrees of the larger of the two differences. A place that is none is far away.
fn apart_deg(a: Point, b: Point) -> f64 {
    if b.lat.abs() > LATITUDE_MAX_DEG {
        return f64::INFINITY;
    }
    let around = (a.lon - b.lon).rem_euclid(360.0);
    (a.lat - b.lat).abs().max(around.min(360.0 - around))
}
