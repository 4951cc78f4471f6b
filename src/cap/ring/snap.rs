//! Edges on a grid of a billionth of a degree (0.1 mm), cut so that they meet only in their ends.
//!
//! Degrees with up to nine decimals lie on the grid exactly. Where edges cross, both get a corner at the nearest grid
//! point, which moves them by less than a step; an edge that passes a corner closer than half a step goes through it.
//! Both may make new meetings, so it is done again until nothing meets.

use super::pairs::{Bounds, Fresh, any_pair, near_together};
use super::unwrap::Vertex;
use super::{Tangled, Work};
use crate::cap::limits::{RING_CUTS_MAX, RING_MEETING_PAIRS};
use std::collections::HashMap;

/// Steps of the grid in a degree.
pub(super) const STEPS_PER_DEGREE: f64 = 1e9;
/// Rounds of cutting. Each moves an edge by less than a step; more than four were never seen.
pub(super) const ROUNDS_MAX: usize = 12;

/// When there are more cuts than this share of the edges, neighbours in the list are no longer near each other.
const MANY_CUTS_SHARE: usize = 8;

/// A point of the grid. Ordered by longitude first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Spot {
    pub(super) x: i64,
    pub(super) y: i64,
}

impl Spot {
    pub(super) fn of(vertex: Vertex) -> Self {
        let steps = |degrees: f64| (degrees * STEPS_PER_DEGREE).round() as i64;
        Self { x: steps(vertex.lon), y: steps(vertex.lat) }
    }
}

/// How often rings run along an edge, less how often they run back; or how often they go around a face, anticlockwise
/// less clockwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Runs {
    /// Rings around ground.
    pub(super) ground: i32,
    /// Rings around what is taken away from it.
    pub(super) hole: i32,
}

impl Runs {
    /// Along a ring around ground, once.
    pub(super) const GROUND: Self = Self { ground: 1, hole: 0 };
    /// Along a ring around a hole, once.
    pub(super) const HOLE: Self = Self { ground: 0, hole: 1 };
    /// Along no ring.
    pub(super) const NONE: Self = Self { ground: 0, hole: 0 };

    /// Whether a face that is gone around so often is ground.
    pub(super) fn is_ground(self) -> bool {
        self.ground != 0 && self.hole == 0
    }
}

impl std::ops::Neg for Runs {
    type Output = Self;

    fn neg(self) -> Self {
        Self { ground: -self.ground, hole: -self.hole }
    }
}

impl std::ops::Add for Runs {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { ground: self.ground + other.ground, hole: self.hole + other.hole }
    }
}

/// An edge, its lower end first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Edge {
    pub(super) from: Spot,
    pub(super) to: Spot,
    pub(super) runs: Runs,
    /// Whether it is a cut through the ground.
    pub(super) cut: bool,
    /// Whether it has not been looked at: what has been, met nothing else that was there before.
    fresh: Fresh,
}

impl Edge {
    /// `None` for no edge at all.
    pub(super) fn new(a: Spot, b: Spot, runs: Runs, cut: bool) -> Option<Self> {
        match a.cmp(&b) {
            std::cmp::Ordering::Less => Some(Self { from: a, to: b, runs, cut, fresh: Fresh::Yes }),
            std::cmp::Ordering::Greater => Some(Self { from: b, to: a, runs: -runs, cut, fresh: Fresh::Yes }),
            std::cmp::Ordering::Equal => None,
        }
    }
}

/// Twice the area of the triangle: above zero when the third point is to the left.
pub(super) fn turn(a: Spot, b: Spot, c: Spot) -> i128 {
    let (x, y) = (i128::from(b.x - a.x), i128::from(b.y - a.y));
    x * i128::from(c.y - a.y) - y * i128::from(c.x - a.x)
}

/// The edges of a closed ring around ground.
pub(super) fn edges(ring: &[Vertex]) -> Vec<Edge> {
    let spots: Vec<Spot> = ring.iter().map(|&vertex| Spot::of(vertex)).collect();
    edges_of(&spots, Runs::GROUND).collect()
}

/// The edges of a closed ring.
pub(super) fn edges_of(spots: &[Spot], runs: Runs) -> impl Iterator<Item = Edge> {
    spots.windows(2).filter_map(move |ends| Edge::new(ends[0], ends[1], runs, false))
}

/// The same edges, cut where they meet; those that lie upon each other are one.
pub(super) fn cut_where_they_meet(edges: Vec<Edge>, work: &mut Work) -> Result<Vec<Edge>, Tangled> {
    let place = |spot: Spot| (spot.x as f64, spot.y as f64);
    let mut edges = merged(edges);
    for _ in 0..ROUNDS_MAX {
        let mut cuts: Vec<(usize, Spot)> = Vec::new();
        let boxes = edges.iter().map(|edge| (Bounds::around(place(edge.from), place(edge.to), 0.5), edge.fresh));
        any_pair(boxes, work, &mut |i, j, work| {
            if !is_end(&edges[i], edges[j].from) && !is_end(&edges[i], edges[j].to) {
                work.spend_pairs(RING_MEETING_PAIRS)?;
            }
            meet((i, &edges[i]), (j, &edges[j]), &mut cuts);
            // Every edge of a corner tells of the same cut.
            if cuts.len() > 2 * RING_CUTS_MAX {
                once_each(&mut cuts);
                work.allows_cuts(cuts.len())?;
            }
            Ok(false)
        })?;
        once_each(&mut cuts);
        work.spend_cuts(cuts.len())?;
        if cuts.is_empty() {
            return Ok(edges);
        }
        let many = cuts.len() > edges.len() / MANY_CUTS_SHARE;
        edges = merged(pieces(&edges, cuts));
        if many {
            near_together(&mut edges, |edge| place(edge.from));
        }
    }
    Err(Tangled)
}

fn once_each(cuts: &mut Vec<(usize, Spot)>) {
    cuts.sort_unstable();
    cuts.dedup();
}

/// Notes where one edge cuts the other.
fn meet((i, a): (usize, &Edge), (j, b): (usize, &Edge), cuts: &mut Vec<(usize, Spot)>) {
    let before = cuts.len();
    cuts.extend([b.from, b.to].into_iter().filter(|&spot| passes(a, spot)).map(|spot| (i, spot)));
    cuts.extend([a.from, a.to].into_iter().filter(|&spot| passes(b, spot)).map(|spot| (j, spot)));
    if cuts.len() > before || is_end(a, b.from) || is_end(a, b.to) {
        return;
    }
    let (b_from, b_to) = (turn(a.from, a.to, b.from), turn(a.from, a.to, b.to));
    let (a_from, a_to) = (turn(b.from, b.to, a.from), turn(b.from, b.to, a.to));
    if b_from.signum() * b_to.signum() < 0 && a_from.signum() * a_to.signum() < 0 {
        let spot = crossing(a, (a_from, a_to));
        cuts.extend([(i, a), (j, b)].into_iter().filter(|(_, edge)| !is_end(edge, spot)).map(|(edge, _)| (edge, spot)));
    }
}

fn is_end(edge: &Edge, spot: Spot) -> bool {
    spot == edge.from || spot == edge.to
}

/// Whether an edge goes through the open square of one step around a point that is no end of it.
fn passes(edge: &Edge, spot: Spot) -> bool {
    let Edge { from, to, .. } = *edge;
    if is_end(edge, spot) || spot.x < from.x || spot.x > to.x || spot.y < from.y.min(to.y) || spot.y > from.y.max(to.y)
    {
        return false;
    }
    let reach = i128::from(to.x - from.x) + i128::from((to.y - from.y).abs());
    2 * turn(from, to, spot).abs() < reach
}

/// The grid point nearest to where an edge crosses a line, told by the turns of the line's ends to the edge's.
fn crossing(edge: &Edge, (from, to): (i128, i128)) -> Spot {
    let whole = from - to;
    let along = |a: i64, b: i64| {
        // No more than 2^42 times 2^84, so it fits.
        let (part, whole) = if whole < 0 { (-from, -whole) } else { (from, whole) };
        let rounded = (2 * i128::from(b - a) * part + whole).div_euclid(2 * whole);
        a + i64::try_from(rounded).unwrap_or(0)
    };
    Spot { x: along(edge.from.x, edge.to.x), y: along(edge.from.y, edge.to.y) }
}

/// The edges, each cut at its points in the order they come.
fn pieces(edges: &[Edge], mut cuts: Vec<(usize, Spot)>) -> Vec<Edge> {
    let progress = |edge: &Edge, spot: Spot| {
        i128::from(spot.x - edge.from.x) * i128::from(edge.to.x - edge.from.x)
            + i128::from(spot.y - edge.from.y) * i128::from(edge.to.y - edge.from.y)
    };
    cuts.sort_by_cached_key(|&(index, spot)| (index, progress(&edges[index], spot), spot));
    let mut cuts = cuts.into_iter().peekable();
    let mut pieces = Vec::with_capacity(edges.len() + cuts.len());
    for (index, edge) in edges.iter().enumerate() {
        if cuts.peek().is_none_or(|&(at, _)| at != index) {
            pieces.push(Edge { fresh: Fresh::No, ..*edge });
            continue;
        }
        let mut from = edge.from;
        while let Some((_, spot)) = cuts.next_if(|&(at, _)| at == index) {
            pieces.extend(Edge::new(from, spot, edge.runs, edge.cut));
            from = spot;
        }
        pieces.extend(Edge::new(from, edge.to, edge.runs, edge.cut));
    }
    pieces
}

/// Every edge once, where it came first.
fn merged(edges: Vec<Edge>) -> Vec<Edge> {
    let mut places: HashMap<(Spot, Spot), usize> = HashMap::with_capacity(edges.len());
    let mut merged: Vec<Edge> = Vec::with_capacity(edges.len());
    for edge in edges {
        match places.entry((edge.from, edge.to)) {
            std::collections::hash_map::Entry::Occupied(place) => {
                let known = &mut merged[*place.get()];
                known.runs = known.runs + edge.runs;
                known.cut |= edge.cut;
                if edge.fresh == Fresh::No {
                    known.fresh = Fresh::No;
                }
            }
            std::collections::hash_map::Entry::Vacant(place) => {
                place.insert(merged.len());
                merged.push(edge);
            }
        }
    }
    merged
}
