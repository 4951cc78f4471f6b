//! What two regions have to do with each other: whether they touch, and whether they share ground.

use super::patch::Patch;
use super::rect::Rect;
use super::region::{Pole, Region};
use super::ring::{Ring, Standing, Vertex};
use super::tree::Framed;
use crate::cap::limits::RING_MEETING_PAIRS;
use crate::cap::ring::{Tangled, Work};

/// Edges no further apart than this run upon each other where ground is shared or not, degrees: 0.1 mm.
const UPON_DEG: f64 = 1e-9;
/// How far beside an edge is asked whose ground it is, degrees: ground less than 1 mm wide is a border.
const BESIDE_DEG: f64 = 1e-8;

type Edge = (Vertex, Vertex);

/// Whether two regions come as close as a margin, in degrees of the plane.
pub(super) fn touch(a: &Region, b: &Region, margin_deg: f64) -> bool {
    let at_pole = |pole: Pole| a.at_pole(pole) && b.at_pole(pole);
    at_pole(Pole::South)
        || at_pole(Pole::North)
        || any_patches(a, b, margin_deg, &|a, b, turn| {
            let near = |one: Edge, other: Edge| apart_squared(one, other) <= margin_deg * margin_deg;
            any_edges(a, b, turn, margin_deg, &mut |one, other| near(one, other))
                || holds(a, b, turn)
                || holds(b, a, -turn)
        })
}

/// Whether the edges of two rings, the second where it is when shifted, come as close as a margin, in degrees of the
/// plane; longitudes are taken as they are.
///
/// # Errors
/// It is more work than is left, and they were not found to.
pub(super) fn rings_touch(a: &Ring, b: &Ring, turn: f64, margin_deg: f64, work: &Work) -> Result<bool, Tangled> {
    let meets = |node: &Rect, other: &Rect| work.spend_pairs(1).is_ok() && node.meets(other);
    let of_b = b.bounds().shifted(turn).inflated(margin_deg);
    let touch = a.any_edge(&|node| meets(node, &of_b), &mut |p, q| {
        let edge = (moved(p, -turn), moved(q, -turn));
        let around = box_of(edge).inflated(margin_deg);
        b.any_edge(&|node| meets(node, &around), &mut |r, s| {
            meets(&box_of((r, s)), &around)
                && work.spend_pairs(RING_MEETING_PAIRS).is_ok()
                && apart_squared(edge, (r, s)) <= margin_deg * margin_deg
        })
    });
    if touch { Ok(true) } else { work.allows_pairs().map(|()| false) }
}

/// Whether there is a point inside both, a millimetre or more from every border: a border that they have in common is
/// not enough.
pub(super) fn share_ground(a: &Region, b: &Region) -> bool {
    any_patches(a, b, 0.0, &|a, b, turn| reaches_into(a, b, turn) || reaches_into(b, a, -turn))
}

/// Whether two patches whose boxes come as close as a margin pass; the second is to be shifted east by what is told.
fn any_patches(a: &Region, b: &Region, margin_deg: f64, pass: &impl Fn(&Patch, &Patch, f64) -> bool) -> bool {
    let frame = b.frame().inflated(margin_deg);
    frame.turns_to(&a.frame()).any(|turn| {
        let moved = frame.shifted(turn);
        a.patch_tree().any(&|node| node.meets(&moved), &mut |of_a| {
            let around = of_a.frame().inflated(margin_deg).shifted(-turn);
            b.patch_tree().any(&|node| node.meets(&around), &mut |of_b| pass(of_a, of_b, turn))
        })
    })
}

/// Whether two edges whose boxes come as close as a margin pass, the second where it is when shifted.
fn any_edges(a: &Patch, b: &Patch, turn: f64, margin_deg: f64, pass: &mut impl FnMut(Edge, Edge) -> bool) -> bool {
    let of_b = b.frame().shifted(turn).inflated(margin_deg);
    a.any_edge(&|node| node.meets(&of_b), &mut |p, q| {
        let around = box_of((p, q)).inflated(margin_deg).shifted(-turn);
        b.any_edge(&|node| node.meets(&around), &mut |r, s| pass((p, q), (moved(r, turn), moved(s, turn))))
    })
}

/// Whether the first corner of the second patch lies in the first.
fn holds(a: &Patch, b: &Patch, turn: f64) -> bool {
    let corner = moved(b.outer().vertices()[0], turn);
    a.standing(&Rect::point(corner.lat, corner.lon)) != Standing::Apart
}

/// Whether a border of the second patch, shifted, runs through the inside of the first, with ground of both beside it.
fn reaches_into(a: &Patch, b: &Patch, turn: f64) -> bool {
    let frame = a.frame().inflated(UPON_DEG).shifted(-turn);
    b.rings().any(|ring| {
        let mut met = false;
        let reaches = ring.any_edge(&|node| node.meets(&frame), &mut |p, q| {
            let edge = (moved(p, turn), moved(q, turn));
            let mut cuts = cuts(a, edge);
            met |= !cuts.is_empty();
            !cuts.is_empty() && any_piece(edge, &mut cuts, &|at| is_inside(a, at) && is_inside(b, moved(at, -turn)))
        });
        reaches || (!met && lies_inside(a, b, ring, turn))
    })
}

/// The same for a ring that meets no border of the first patch: it lies wholly inside or wholly outside.
fn lies_inside(a: &Patch, b: &Patch, ring: &Ring, turn: f64) -> bool {
    let corner = moved(ring.vertices()[0], turn);
    a.standing(&Rect::point(corner.lat, corner.lon)) == Standing::Around
        && ring.vertices().windows(2).any(|ends| {
            any_piece((ends[0], ends[1]), &mut Vec::new(), &|at| is_inside(a, moved(at, turn)) && is_inside(b, at))
        })
}

/// Where along an edge it meets a patch's borders, as shares of its length.
fn cuts(patch: &Patch, edge: Edge) -> Vec<f64> {
    let mut cuts = Vec::new();
    let around = box_of(edge).inflated(UPON_DEG);
    patch.any_edge(&|node| node.meets(&around), &mut |r, s| {
        if apart_squared(edge, (r, s)) <= UPON_DEG * UPON_DEG {
            cuts.extend(
                [r, s]
                    .into_iter()
                    .filter(|end| point_apart_squared(*end, edge) <= UPON_DEG * UPON_DEG)
                    .map(|end| along(end, edge)),
            );
            cuts.extend(crossing(edge, (r, s)));
            // Where only an end of the edge itself lies upon the other.
            cuts.push(0.0);
        }
        false
    });
    cuts
}

/// Whether a point beside the middle of a piece of an edge passes.
fn any_piece((a, b): Edge, cuts: &mut Vec<f64>, pass: &impl Fn(Vertex) -> bool) -> bool {
    let (x, y) = (b.lon - a.lon, b.lat - a.lat);
    let length = x.hypot(y);
    if length == 0.0 {
        return false;
    }
    cuts.extend([0.0, 1.0]);
    cuts.sort_by(f64::total_cmp);
    cuts.windows(2).filter(|ends| ends[1] > ends[0]).any(|ends| {
        let share = ends[0].midpoint(ends[1]);
        let (lat, lon) = (a.lat + share * y, a.lon + share * x);
        let (up, right) = (x / length * BESIDE_DEG, -y / length * BESIDE_DEG);
        pass(Vertex { lat: lat + up, lon: lon + right }) || pass(Vertex { lat: lat - up, lon: lon - right })
    })
}

fn is_inside(patch: &Patch, at: Vertex) -> bool {
    patch.standing(&Rect::point(at.lat, at.lon).inflated(UPON_DEG)) == Standing::Around
}

fn moved(vertex: Vertex, turn: f64) -> Vertex {
    Vertex { lat: vertex.lat, lon: vertex.lon + turn }
}

fn box_of((a, b): Edge) -> Rect {
    Rect::point(a.lat, a.lon).joined(&Rect::point(b.lat, b.lon))
}

/// The distance of two edges, squared; 0 where they cross.
fn apart_squared(one: Edge, other: Edge) -> f64 {
    if crossing(one, other).is_some() {
        return 0.0;
    }
    point_apart_squared(one.0, other)
        .min(point_apart_squared(one.1, other))
        .min(point_apart_squared(other.0, one))
        .min(point_apart_squared(other.1, one))
}

fn point_apart_squared(point: Vertex, edge: Edge) -> f64 {
    let share = along(point, edge);
    let (x, y) = (edge.1.lon - edge.0.lon, edge.1.lat - edge.0.lat);
    (edge.0.lon + share * x - point.lon).powi(2) + (edge.0.lat + share * y - point.lat).powi(2)
}

/// Where along an edge is nearest to a point, as a share of its length.
fn along(point: Vertex, (a, b): Edge) -> f64 {
    let (x, y) = (b.lon - a.lon, b.lat - a.lat);
    let square = x * x + y * y;
    if square > 0.0 { (((point.lon - a.lon) * x + (point.lat - a.lat) * y) / square).clamp(0.0, 1.0) } else { 0.0 }
}

/// Where along an edge another crosses it, as a share of its length.
fn crossing((a, b): Edge, (c, d): Edge) -> Option<f64> {
    let turn = |p: Vertex, q: Vertex, r: Vertex| (q.lon - p.lon) * (r.lat - p.lat) - (q.lat - p.lat) * (r.lon - p.lon);
    let (from, to) = (turn(c, d, a), turn(c, d, b));
    let parts = from * to < 0.0 && turn(a, b, c) * turn(a, b, d) < 0.0;
    parts.then(|| from / (from - to))
}
