//! The other opinion: nothing here knows how `beffroi::geo` works.

use beffroi::geo::rect::Rect;
use geo::{Distance, Geodesic, Haversine, Intersects, LineString, Point, Polygon};

/// Samples along each line in the first round.
const COARSE: usize = 120;
/// Samples of the first round lie no further apart than this, metres.
const COARSE_STEP_M_MAX: f64 = 20_000.0;
/// Samples along each line in later rounds, which zoom in on the nearest pair.
const FINE: usize = 16;
/// Each round looks at two steps of the one before, so the step shrinks eightfold: to millimetres.
const ROUNDS: usize = 8;

/// A straight line in latitude and longitude.
type Line = ((f64, f64), (f64, f64));

/// Whether a simple polygon and a rectangle share a point on the plane. Corners are unwrapped.
pub fn polygon_meets(corners: &[(f64, f64)], rect: &Rect) -> bool {
    let outline = LineString::from_iter(corners.iter().map(|&(lat, lon)| (lon, lat)));
    let rect = geo::Rect::new((rect.west, rect.south), (rect.east, rect.north));
    Polygon::new(outline, Vec::new()).intersects(&rect)
}

/// The geodesic distance from a rectangle to the outline of a polygon, metres: at most millimetres too long.
pub fn distance_to_outline(corners: &[(f64, f64)], rect: &Rect) -> f64 {
    let edges = (0..corners.len()).map(|index| (corners[index], corners[(index + 1) % corners.len()]));
    edges.fold(f64::INFINITY, |nearest, edge| distance_to_line(edge, rect, nearest))
}

/// The same to a point.
pub fn distance_to_point(lat: f64, lon: f64, rect: &Rect) -> f64 {
    distance_to_line(((lat, lon), (lat, lon)), rect, f64::INFINITY)
}

fn distance_to_line(line: Line, rect: &Rect, nearest: f64) -> f64 {
    let corners = [(rect.south, rect.west), (rect.south, rect.east), (rect.north, rect.east), (rect.north, rect.west)];
    let sides = (0..4).map(|index| (corners[index], corners[(index + 1) % 4]));
    sides.fold(nearest, |nearest, side| lines_apart(line, side, nearest))
}

/// Samples both lines, then again around the nearest pair, unless the first round finds nothing near what is known.
/// That round is spherical, to be quick.
fn lines_apart(a: Line, b: Line, known: f64) -> f64 {
    let ((mut a_low, mut a_high), (mut b_low, mut b_high)) = ((0.0, 1.0), (0.0, 1.0));
    let (mut samples, mut nearest) = (COARSE, known);
    for round in 0..ROUNDS {
        let mut best = (f64::INFINITY, 0.0, 0.0);
        for i in 0..=samples {
            for j in 0..=samples {
                let s = a_low + (a_high - a_low) * i as f64 / samples as f64;
                let t = b_low + (b_high - b_low) * j as f64 / samples as f64;
                let (p, q) = (along(a, s), along(b, t));
                let distance = if round == 0 { Haversine.distance(p, q) } else { Geodesic.distance(p, q) };
                if distance < best.0 {
                    best = (distance, s, t);
                }
            }
        }
        let (a_step, b_step) = ((a_high - a_low) / samples as f64, (b_high - b_low) / samples as f64);
        (a_low, a_high) = ((best.1 - a_step).max(0.0), (best.1 + a_step).min(1.0));
        (b_low, b_high) = ((best.2 - b_step).max(0.0), (best.2 + b_step).min(1.0));
        samples = FINE;
        if round > 0 {
            nearest = nearest.min(best.0);
        } else if best.0 > known * 1.02 + COARSE_STEP_M_MAX {
            return known;
        }
    }
    nearest
}

fn along((from, to): Line, share: f64) -> Point {
    Point::new(from.1 + share * (to.1 - from.1), from.0 + share * (to.0 - from.0))
}
