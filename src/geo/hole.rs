//! Holes: what a patch is without the ground that others take from it.
//!
//! A hole that lies wholly inside stays a ring of its own, to the bit. One that meets a border, or another hole, is cut
//! out once and for all ([`difference`]), which moves borders by [`MOVED_DEG_MAX`] at most. One that would be too much
//! work ([`Work::for_holes`]) is ignored: more people are warned, and none is missed.

use super::meeting::rings_touch;
use super::patch::Patch;
use super::rect::Rect;
use super::ring::{Ring, Standing};
use super::tree::Tree;
use crate::cap::alert::{Area, Point};
use crate::cap::ring::{Left, Work, difference, is_simple};

/// The geocode of the German weather service whose value is a polygon of CAP that does not belong to the area.
pub const EXCLUDE_POLYGON: &str = "EXCLUDE_POLYGON";

/// Holes of one area that are looked at; what comes after is ignored.
const HOLES_MAX: usize = 1_000;
/// Points of one hole, at least.
const HOLE_POINTS_MIN: usize = 3;
/// Longitudes may run on beyond ±180, degrees.
const HOLE_LONGITUDE_MAX: f64 = 720.0;
/// Borders no further apart than this meet, degrees.
const MEETING_DEG: f64 = 1e-9;

/// What holes leave.
#[derive(Debug)]
pub(super) struct Remains {
    pub patches: Vec<Patch>,
    /// Whether borders were moved by cutting.
    pub moved: bool,
}

/// Holes as an outer ring meets them, where it is.
#[derive(Debug, Default)]
struct Met {
    /// They lie in it and do not meet it.
    inside: Vec<Ring>,
    crossing: Vec<Ring>,
    /// One goes around all of it.
    swallowed: bool,
}

/// The values that take ground away from an area.
pub(super) fn excluded(area: &Area) -> impl Iterator<Item = &str> {
    area.geocodes.iter().filter(|code| code.value_name == EXCLUDE_POLYGON).map(|code| code.value.as_str())
}

/// The holes of an area. One that is no ring of numbers is ignored; one that is not closed is closed.
pub(super) fn holes(area: &Area) -> Vec<Ring> {
    excluded(area).filter_map(points).filter_map(|points| Ring::new(&points)).take(HOLES_MAX).collect()
}

/// A polygon of CAP: pairs of latitude and longitude (CAP 1.2 §3.2.4).
fn points(text: &str) -> Option<Vec<Point>> {
    let number = |text: &str, most: f64| text.trim().parse::<f64>().ok().filter(|number| number.abs() <= most);
    let point = |pair: &str| {
        let (lat, lon) = pair.split_once(',')?;
        Some(Point { lat: number(lat, 90.0)?, lon: number(lon, HOLE_LONGITUDE_MAX)? })
    };
    let points = text.split_whitespace().map(point).collect::<Option<Vec<Point>>>()?;
    (points.len() >= HOLE_POINTS_MIN).then_some(points)
}

/// A polygon and its holes, as they are written.
pub(super) fn polygon(outer: Ring, holes: &[Ring], work: &mut Work) -> Remains {
    let met = Met::of(&outer, holes);
    settled(outer, met, work)
}

/// What further holes leave of a patch; `None` when they take nothing from it.
pub(super) fn without(patch: &Patch, holes: &[Ring], work: &mut Work) -> Option<Remains> {
    let mut met = Met::of(patch.outer(), holes);
    if met.inside.is_empty() && met.crossing.is_empty() && !met.swallowed {
        return None;
    }
    met.inside.extend(patch.holes().iter().cloned());
    Some(settled(patch.outer().clone(), met, work))
}

impl Met {
    fn of(outer: &Ring, holes: &[Ring]) -> Self {
        let frame = outer.bounds().inflated(MEETING_DEG);
        let mut met = Self::default();
        for hole in holes {
            for turn in hole.bounds().turns_to(&frame).filter(|_| hole.bounds().meets_in_latitude(&frame)) {
                let hole = if turn == 0.0 { hole.clone() } else { hole.shifted(turn) };
                if rings_touch(outer, &hole, MEETING_DEG) {
                    met.crossing.push(hole);
                } else if goes_around(outer, &hole) {
                    met.inside.push(hole);
                } else if goes_around(&hole, outer) {
                    met.swallowed = true;
                }
            }
        }
        met
    }
}

/// Whether a ring goes around another that it does not meet.
fn goes_around(ring: &Ring, other: &Ring) -> bool {
    let corner = other.vertices()[0];
    ring.standing(&Rect::point(corner.lat, corner.lon)) == Standing::Around
}

fn settled(outer: Ring, met: Met, work: &mut Work) -> Remains {
    if met.swallowed {
        return Remains { patches: Vec::new(), moved: false };
    }
    let tree = Tree::new(met.inside);
    let is_apart = |hole: &Ring| {
        let near = hole.bounds().inflated(MEETING_DEG);
        !tree.any(&|node| node.meets(&near), &mut |other| {
            !std::ptr::eq(other, hole) && (rings_touch(hole, other, MEETING_DEG) || goes_around(other, hole))
        })
    };
    let (clear, tangled): (Vec<&Ring>, Vec<&Ring>) =
        tree.things().iter().partition(|hole| is_apart(hole) && is_simple(hole.vertices(), work) == Ok(true));
    let whole = |outer: Ring| Patch::new(outer, clear.iter().map(|hole| (*hole).clone()).collect());
    if met.crossing.is_empty() && tangled.is_empty() {
        return Remains { patches: vec![whole(outer)], moved: false };
    }
    let all: Vec<_> = tree.things().iter().chain(&met.crossing).map(Ring::vertices).collect();
    match difference(outer.vertices(), &all, work) {
        Ok(Left::Polygons(polygons)) => {
            let patch = |rings: Vec<Vec<_>>| {
                let mut rings = rings.into_iter().map(Ring::of);
                Some(Patch::new(rings.next()?, rings.collect()))
            };
            Remains { patches: polygons.into_iter().filter_map(patch).collect(), moved: true }
        }
        // A line of which a hole takes a piece stays whole, as does what would be too much work.
        Ok(Left::NoGround) | Err(_) => Remains { patches: vec![whole(outer)], moved: false },
    }
}
