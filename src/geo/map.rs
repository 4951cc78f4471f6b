//! A shape as GeoJSON for drawing (RFC 7946): polygons cut at ±180°, outer rings anticlockwise, circles as 64-gons.
//!
//! Only for the eye: what is matched is the shape itself.

use super::block::Ground;
use super::disc::Disc;
use super::patch::Patch;
use super::ring::{Ring, Vertex};
use crate::cap::alert::Point;
use serde_json::{Value, json};

/// Corners of a circle.
const CIRCLE_CORNERS: u8 = 64;
/// A smaller circle is drawn this large, metres.
const CIRCLE_RADIUS_M_MIN: f64 = 1.0;
/// Decimals written: 1 cm.
const DECIMALS: f64 = 1e7;

pub(super) fn multi_polygon<'a>(parts: impl Iterator<Item = &'a Ground> + Clone) -> Value {
    let regions = parts.clone().filter_map(|part| match part {
        Ground::Region(region) => Some(region.patches().iter().flat_map(pieces)),
        Ground::Disc(_) => None,
    });
    let circles = parts.filter_map(|part| match part {
        Ground::Region(_) => None,
        Ground::Disc(disc) => Some(pieces(&Patch::new(polygon(disc)?, Vec::new()))),
    });
    let parts: Vec<Value> = regions.flatten().chain(circles.flatten()).map(|piece| json!(piece)).collect();
    json!({ "type": "MultiPolygon", "coordinates": parts })
}

fn polygon(disc: &Disc) -> Option<Ring> {
    let corners = (0..=CIRCLE_CORNERS).map(|corner| {
        let bearing = 360.0 * f64::from(corner % CIRCLE_CORNERS) / f64::from(CIRCLE_CORNERS);
        let (lat, lon) = disc.rim(bearing, CIRCLE_RADIUS_M_MIN);
        Point { lat, lon }
    });
    Ring::new(&corners.collect::<Vec<_>>())
}

/// What of a patch lies on each turn of the Earth, moved to −180…180: an outer ring, then its holes.
fn pieces(patch: &Patch) -> Vec<Vec<Vec<[f64; 2]>>> {
    let bounds = patch.outer().bounds();
    let mut pieces = Vec::new();
    let mut turn = 360.0 * ((bounds.west + 180.0) / 360.0).floor();
    loop {
        let outer = piece(patch.outer(), turn);
        if outer.len() >= 4 {
            let holes = patch.holes().iter().map(|hole| piece(hole, turn)).filter(|hole| hole.len() >= 4);
            let holes = holes.map(|hole| positions(&hole, Direction::Clockwise));
            pieces.push(std::iter::once(positions(&outer, Direction::Anticlockwise)).chain(holes).collect());
        }
        turn += 360.0;
        if turn - 180.0 >= bounds.east {
            return pieces;
        }
    }
}

/// What of a ring lies on one turn of the Earth.
fn piece(ring: &Ring, turn: f64) -> Vec<Vertex> {
    let moved: Vec<Vertex> = ring.vertices().iter().map(|v| Vertex { lat: v.lat, lon: v.lon - turn }).collect();
    clipped(&clipped(&moved, 180.0, 1.0), -180.0, -1.0)
}

/// How rings run (RFC 7946 §3.1.6).
#[derive(Clone, Copy, PartialEq, Eq)]
enum Direction {
    Anticlockwise,
    Clockwise,
}

/// The part of a closed ring on one side of a meridian: where `lon × side` is at most `limit × side`.
fn clipped(ring: &[Vertex], limit: f64, side: f64) -> Vec<Vertex> {
    let inside = |v: &Vertex| v.lon * side <= limit * side;
    let mut kept: Vec<Vertex> = Vec::with_capacity(ring.len());
    for ends in ring.windows(2) {
        let (a, b) = (ends[0], ends[1]);
        if inside(&a) {
            kept.push(a);
        }
        if inside(&a) != inside(&b) {
            let share = (limit - a.lon) / (b.lon - a.lon);
            kept.push(Vertex { lat: a.lat + share * (b.lat - a.lat), lon: limit });
        }
    }
    if let Some(first) = kept.first().copied() {
        kept.push(first);
    }
    kept
}

fn positions(ring: &[Vertex], direction: Direction) -> Vec<[f64; 2]> {
    let rounded = |degrees: f64| (degrees * DECIMALS).round() / DECIMALS;
    let mut positions: Vec<[f64; 2]> = ring.iter().map(|v| [rounded(v.lon), rounded(v.lat)]).collect();
    let doubled: f64 = positions.windows(2).map(|e| e[0][0] * e[1][1] - e[1][0] * e[0][1]).sum();
    if (doubled < 0.0) == (direction == Direction::Anticlockwise) {
        positions.reverse();
    }
    positions
}
