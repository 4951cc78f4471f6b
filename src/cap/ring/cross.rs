//! Whether a ring meets itself, told exactly: no rounding makes two borders that only come close touch.

use super::pairs::{Bounds, Fresh, any_pair};
use super::unwrap::Vertex;
use super::{Tangled, Work};
use ::geo::coord;
use ::geo::kernels::{Kernel, Orientation, RobustKernel};

/// A place where a closed ring of three edges or more meets itself. No corner comes twice running.
pub(super) fn first(ring: &[Vertex], work: &mut Work) -> Result<Option<Vertex>, Tangled> {
    let edges: Vec<(Vertex, Vertex)> = ring.windows(2).map(|ends| (ends[0], ends[1])).collect();
    let place = |vertex: &Vertex| (vertex.lon, vertex.lat);
    let boxes = edges.iter().map(|(a, b)| (Bounds::around(place(a), place(b), 0.0), Fresh::Yes));
    let last = edges.len().saturating_sub(1);
    let mut at = None;
    any_pair(boxes, work, &mut |i, j, _| {
        at = match (i, j) {
            (i, j) if j == i + 1 => folds(edges[i].0, edges[j].0, edges[j].1),
            (0, j) if j == last => folds(edges[j].0, edges[0].0, edges[0].1),
            (i, j) => meeting(edges[i], edges[j]),
        };
        Ok(at.is_some())
    })?;
    Ok(at)
}

/// Where an edge that ends in `corner` and the next are one line there and back.
fn folds(from: Vertex, corner: Vertex, to: Vertex) -> Option<Vertex> {
    let back = (from.lon - corner.lon) * (to.lon - corner.lon) + (from.lat - corner.lat) * (to.lat - corner.lat) > 0.0;
    (back && side(from, corner, to) == Orientation::Collinear).then_some(corner)
}

/// Where two closed edges meet, if they do.
fn meeting((a, b): (Vertex, Vertex), (c, d): (Vertex, Vertex)) -> Option<Vertex> {
    use Orientation::Collinear;
    let (c_side, d_side) = (side(a, b, c), side(a, b, d));
    if c_side == d_side && c_side != Collinear {
        return None;
    }
    let (a_side, b_side) = (side(c, d, a), side(c, d, b));
    if a_side == b_side && a_side != Collinear {
        return None;
    }
    let on = |turn, point, ends| (turn == Collinear && within(point, ends)).then_some(point);
    let touch = on(c_side, c, (a, b)).or(on(d_side, d, (a, b))).or(on(a_side, a, (c, d))).or(on(b_side, b, (c, d)));
    let crosses = [a_side, b_side, c_side, d_side].iter().all(|&turn| turn != Collinear);
    touch.or_else(|| crosses.then(|| crossing((a, b), (c, d))))
}

/// On which side of the line from `a` to `b` a point is. Exact.
fn side(a: Vertex, b: Vertex, point: Vertex) -> Orientation {
    let place = |vertex: Vertex| coord! { x: vertex.lon, y: vertex.lat };
    RobustKernel::orient2d(place(a), place(b), place(point))
}

/// Whether a point is in the box of two others.
fn within(point: Vertex, (a, b): (Vertex, Vertex)) -> bool {
    a.lon.min(b.lon) <= point.lon
        && point.lon <= a.lon.max(b.lon)
        && a.lat.min(b.lat) <= point.lat
        && point.lat <= a.lat.max(b.lat)
}

/// About where two edges cross that are known to.
fn crossing((a, b): (Vertex, Vertex), (c, d): (Vertex, Vertex)) -> Vertex {
    let (x, y) = (b.lon - a.lon, b.lat - a.lat);
    let (u, v) = (d.lon - c.lon, d.lat - c.lat);
    let share = ((c.lon - a.lon) * v - (c.lat - a.lat) * u) / (x * v - y * u);
    let share = if share.is_finite() { share.clamp(0.0, 1.0) } else { 0.5 };
    Vertex { lat: a.lat + share * y, lon: a.lon + share * x }
}
