//! A ring without jumps at ±180°.

use crate::cap::alert::Point;

/// A point of an unwrapped ring, degrees: `lon` may lie outside −180…180.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Vertex {
    pub lat: f64,
    pub lon: f64,
}

/// How an edge of exactly 360° of longitude is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum FullTurn {
    /// All the way around the Earth: the sides of a band.
    Band,
    /// No way at all: −180° and 180° as two names of one meridian.
    Nothing,
}

/// The ring without jumps, closed, its western end in −180…180. Every edge goes the short way; one of exactly 360° is
/// −180° and 180° being the same, unless the ring is a proper one only when such edges are the sides of a band. A ring
/// that ends whole turns from where it began goes around a pole and is closed over it. Latitudes beyond a pole are taken
/// as the pole. Nothing comes of no points.
pub fn unwrapped(points: &[Point]) -> Vec<Vertex> {
    if points.is_empty() {
        return Vec::new();
    }
    let mut vertices = walk(points, FullTurn::Nothing);
    if !is_proper(&vertices) && has_sides_of_band(points) {
        let band = walk(points, FullTurn::Band);
        if is_proper(&band) {
            vertices = band;
        }
    }
    close_over_pole(&mut vertices);
    let west = span(vertices.iter().map(|vertex| vertex.lon)).0;
    let shift = -360.0 * ((west + 180.0) / 360.0).floor();
    for vertex in &mut vertices {
        vertex.lon += shift;
    }
    vertices
}

fn is_full_turn(degrees: f64) -> bool {
    degrees.abs() == 360.0
}

/// Whether edges of exactly 360° may be sides of a band: there are two, or meridians lead from both ends of the one to
/// the other side, which is drawn in steps. Else it joins the two names of one place on a ring around a pole.
fn has_sides_of_band(points: &[Point]) -> bool {
    let mut corners: Vec<Point> = points.to_vec();
    corners.dedup();
    if corners.len() > 1 && corners.first() == corners.last() {
        corners.pop();
    }
    let corner = |index: usize| corners[index % corners.len()];
    let is_full = |&index: &usize| is_full_turn(corner(index + 1).lon - corner(index).lon);
    let full: Vec<usize> = (0..corners.len()).filter(is_full).collect();
    let is_meridian = |index: usize| corner(index).lon == corner(index + 1).lon;
    match full[..] {
        [] => false,
        [one] => is_meridian(one + 1) && is_meridian(one + corners.len() - 1),
        [..] => true,
    }
}

/// Whether a walk ends where it began and has a width and a height.
fn is_proper(vertices: &[Vertex]) -> bool {
    let (west, east) = span(vertices.iter().map(|vertex| vertex.lon));
    let (south, north) = span(vertices.iter().map(|vertex| vertex.lat));
    vertices[0] == vertices[vertices.len() - 1] && west < east && south < north
}

/// The least and the greatest.
fn span(numbers: impl Iterator<Item = f64>) -> (f64, f64) {
    numbers.fold((f64::INFINITY, f64::NEG_INFINITY), |(least, most), number| (least.min(number), most.max(number)))
}

fn walk(points: &[Point], full_turn: FullTurn) -> Vec<Vertex> {
    let mut vertices: Vec<Vertex> = Vec::with_capacity(points.len() + 3);
    let (mut previous, mut lon) = (points[0].lon, points[0].lon);
    for point in points {
        let degrees = point.lon - previous;
        let step = match full_turn {
            FullTurn::Band if is_full_turn(degrees) => degrees,
            FullTurn::Band | FullTurn::Nothing if degrees.abs() <= 180.0 => degrees,
            FullTurn::Band | FullTurn::Nothing => degrees - 360.0 * (degrees / 360.0).round(),
        };
        // Whole turns are added to what the sender wrote: rounding does not pile up along the ring.
        let unturned = lon == previous && step == degrees;
        let turns = if unturned { 0.0 } else { ((lon + step - point.lon) / 360.0).round() };
        lon = point.lon + 360.0 * turns;
        previous = point.lon;
        vertices.push(Vertex { lat: point.lat.clamp(-90.0, 90.0), lon });
    }
    vertices
}

/// Closes a ring that does not end where it began. Whole turns away: over the pole that it lies closer to.
fn close_over_pole(vertices: &mut Vec<Vertex>) {
    let (first, last) = (vertices[0], vertices[vertices.len() - 1]);
    if first == last {
        return;
    }
    let turned = last.lon - first.lon;
    if turned.abs() >= 180.0 {
        let area: f64 = vertices.windows(2).map(|e| (e[1].lon - e[0].lon) * e[0].lat.midpoint(e[1].lat)).sum();
        let pole = if area / turned >= 0.0 { 90.0 } else { -90.0 };
        vertices.extend([Vertex { lat: pole, lon: last.lon }, Vertex { lat: pole, lon: first.lon }]);
    }
    vertices.push(first);
}
