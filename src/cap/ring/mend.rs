//! A ring that meets itself to simple rings over the same ground.
//!
//! Ground is what the ring goes around in either direction, as the geofence takes it. Where a hole is left in it, the
//! ground is cut through the hole from west to east: a polygon of CAP has no holes. Were that too much work, or the
//! hole two steps of the grid thin, the hole would be filled: ground may be won, and none is lost.

use super::faces::{Outlines, outlines};
use super::snap::{Edge, Runs, STEPS_PER_DEGREE, Spot, cut_where_they_meet, edges};
use super::unwrap::Vertex;
use super::{Tangled, Work};
use crate::cap::alert::Point;

/// Longest edge in longitude, degrees: anything below 180 can only be meant one way.
const EDGE_LON_MAX_DEG: i64 = 120;

/// What was made of a ring.
#[derive(Debug, PartialEq)]
pub(in crate::cap) struct Mended {
    /// Simple closed rings over all that the ring goes around. None when it goes around no ground at all.
    pub(in crate::cap) rings: Vec<Vec<Point>>,
    /// How many holes in the ground were filled.
    pub(in crate::cap) filled: usize,
}

/// Where holes are cut, as shares of their height: one after the other as long as holes are left.
const CUT_SHARES: [(i64, i64); 3] = [(1, 2), (1, 3), (4, 7)];

/// Simple closed rings over all that a closed unwrapped ring goes around.
pub(super) fn mended(ring: &[Vertex], work: &mut Work) -> Result<Mended, Tangled> {
    let mut edges = cut_where_they_meet(edges(ring), work)?;
    let mut found = outlines(&edges);
    // A cut that meets a corner of its hole may leave it whole: the next one goes elsewhere.
    for share in CUT_SHARES {
        if found.holes.is_empty() {
            break;
        }
        let cuts = cuts_through(&found, share);
        let Ok(cut) = cut_where_they_meet(edges.iter().copied().chain(cuts).collect(), work) else { break };
        found = outlines(&cut);
        edges = cut;
    }
    // Holes that no cut went through stand as outlines still.
    Ok(Mended { rings: found.outer.iter().map(|ring| closed(ring)).collect(), filled: found.holes.len() })
}

/// Lines from west to east so that each hole is cut by one, at this share of its height: as few as will do.
fn cuts_through(found: &Outlines, (part, of): (i64, i64)) -> Vec<Edge> {
    let span = |ring: &[Spot]| {
        let low = ring.iter().map(|spot| spot.y).min().unwrap_or(0);
        (low, ring.iter().map(|spot| spot.y).max().unwrap_or(low))
    };
    let mut spans: Vec<(i64, i64)> = found.holes.iter().map(|hole| span(hole)).collect();
    spans.retain(|(low, high)| high - low >= 2);
    spans.sort_by_key(|&(_, high)| high);
    // The heights that all holes of a group share.
    let mut groups: Vec<(i64, i64)> = Vec::new();
    for (low, high) in spans {
        match groups.last_mut() {
            Some(group) if low + 1 < group.1 => group.0 = group.0.max(low),
            Some(_) | None => groups.push((low, high)),
        }
    }
    let corners = || found.outer.iter().flatten().map(|spot| spot.x);
    let (west, east) = (corners().min().unwrap_or(0) - 1, corners().max().unwrap_or(0) + 1);
    groups
        .into_iter()
        .map(|(low, high)| low + (high - low) * part / of)
        .filter_map(|y| Edge::new(Spot { x: west, y }, Spot { x: east, y }, Runs::NONE, true))
        .collect()
}

/// The closed ring in degrees, its long edges parted so that each goes the short way around the Earth.
fn closed(ring: &[Spot]) -> Vec<Point> {
    let mut points = Vec::with_capacity(ring.len() + 1);
    for (&a, &b) in ring.iter().zip(ring.iter().cycle().skip(1)) {
        let longest = EDGE_LON_MAX_DEG * STEPS_PER_DEGREE as i64;
        let parts = 1 + (b.x - a.x).abs() / longest;
        points.extend((0..parts).map(|nth| {
            let part = |from: i64, to: i64| from + (to - from) * nth / parts;
            written(Spot { x: part(a.x, b.x), y: part(a.y, b.y) })
        }));
    }
    points.extend(points.first().copied());
    points
}

/// A place as its longitude is written, −180…180.
fn written(spot: Spot) -> Point {
    let half_turn = 180 * STEPS_PER_DEGREE as i64;
    let x = if spot.x.abs() > half_turn { (spot.x + half_turn).rem_euclid(2 * half_turn) - half_turn } else { spot.x };
    Point { lat: spot.y as f64 / STEPS_PER_DEGREE, lon: x as f64 / STEPS_PER_DEGREE }
}

pub(super) fn point(vertex: Vertex) -> Point {
    written(Spot::of(vertex))
}
