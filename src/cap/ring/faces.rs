//! The ground between edges that meet only in their ends: how often each face is gone around, and the outline of what
//! is gone around at all: as often one way as the other is not at all, as holes are drawn so.
//!
//! The edges of one ring hang together, cuts through it included; those of several are tied to each other. So each face
//! has one border, and how often it is gone around follows from its neighbour's.

use super::snap::{Edge, Runs, Spot, turn};
use std::collections::BTreeMap;

/// One direction of an edge: `2 × edge` from its lower end, one more from its upper.
type Half = usize;

struct Graph<'e> {
    edges: &'e [Edge],
    /// For each half: the one that starts where it does and comes next, turning right.
    right_of: Vec<Half>,
    /// For each half: the face to its left.
    face_of: Vec<usize>,
    /// For each face: how often it is gone around.
    windings: Vec<Runs>,
}

/// Outlines without repeated corners.
#[derive(Debug, Default)]
pub(super) struct Outlines {
    /// Anticlockwise, around ground.
    pub(super) outer: Vec<Vec<Spot>>,
    /// Clockwise, around what is not.
    pub(super) holes: Vec<Vec<Spot>>,
}

/// The outlines of everything that edges which hang together go around.
pub(super) fn outlines(edges: &[Edge]) -> Outlines {
    let graph = Graph::new(edges);
    let mut outlines = Outlines::default();
    let mut seen = vec![false; 2 * edges.len()];
    for first in 0..2 * edges.len() {
        if seen[first] || !graph.is_border(first) {
            continue;
        }
        let mut walk = Vec::new();
        let mut half = first;
        while !seen[half] {
            seen[half] = true;
            walk.push(graph.start(half));
            half = graph.next_border(half);
        }
        for ring in without_repeats(walk) {
            match twice_area(&ring).signum() {
                1 => outlines.outer.push(ring),
                -1 => outlines.holes.push(ring),
                _ => {}
            }
        }
    }
    outlines
}

impl<'e> Graph<'e> {
    fn new(edges: &'e [Edge]) -> Self {
        let mut graph = Self { edges, right_of: right_of(edges), face_of: Vec::new(), windings: Vec::new() };
        graph.find_faces();
        graph
    }

    fn start(&self, half: Half) -> Spot {
        start(self.edges, half)
    }

    /// The next half around the face to the left.
    fn next(&self, half: Half) -> Half {
        self.right_of[half ^ 1]
    }

    fn find_faces(&mut self) {
        const NONE: usize = usize::MAX;
        self.face_of = vec![NONE; 2 * self.edges.len()];
        let mut firsts: Vec<Half> = Vec::new();
        let mut outside: Option<(i128, usize)> = None;
        for first in 0..2 * self.edges.len() {
            if self.face_of[first] != NONE {
                continue;
            }
            let face = firsts.len();
            firsts.push(first);
            let origin = self.start(first);
            let (mut half, mut area) = (first, 0);
            while self.face_of[half] == NONE {
                self.face_of[half] = face;
                area += turn(origin, self.start(half), self.start(half ^ 1));
                half = self.next(half);
            }
            // The border of the outside is the only one that runs clockwise.
            if outside.is_none_or(|(least, _)| area < least) {
                outside = Some((area, face));
            }
        }
        self.windings = vec![Runs::NONE; firsts.len()];
        let mut known = vec![false; firsts.len()];
        let mut open: Vec<usize> = outside.iter().map(|&(_, face)| face).collect();
        open.iter().for_each(|&face| known[face] = true);
        while let Some(face) = open.pop() {
            let mut half = firsts[face];
            loop {
                let other = self.face_of[half ^ 1];
                if !known[other] {
                    known[other] = true;
                    self.windings[other] = self.windings[face] + -self.runs(half);
                    open.push(other);
                }
                half = self.next(half);
                if half == firsts[face] {
                    break;
                }
            }
        }
    }

    /// How much more often the ring goes around what is to the left of a half than what is to its right.
    fn runs(&self, half: Half) -> Runs {
        let runs = self.edges[half / 2].runs;
        if half.is_multiple_of(2) { runs } else { -runs }
    }

    fn is_inside(&self, half: Half) -> bool {
        self.windings[self.face_of[half]].is_ground()
    }

    /// Whether ground lies to the left, and to the right none or other ground behind a cut.
    fn is_border(&self, half: Half) -> bool {
        self.is_inside(half) && (self.edges[half / 2].cut || !self.is_inside(half ^ 1))
    }

    /// The next half around the ground to the left of a border.
    fn next_border(&self, half: Half) -> Half {
        let mut next = self.next(half);
        while !self.is_border(next) {
            next = self.right_of[next];
        }
        next
    }
}

fn start(edges: &[Edge], half: Half) -> Spot {
    let edge = &edges[half / 2];
    if half.is_multiple_of(2) { edge.from } else { edge.to }
}

/// For each half the next one around its start, clockwise.
fn right_of(edges: &[Edge]) -> Vec<Half> {
    let mut halves: Vec<(Spot, Half)> = (0..2 * edges.len()).map(|half| (start(edges, half), half)).collect();
    halves.sort_unstable();
    let mut right_of = vec![0; halves.len()];
    for around in halves.chunk_by_mut(|a, b| a.0 == b.0) {
        let centre = around[0].0;
        around.sort_by(|&(_, a), &(_, b)| {
            let (a, b) = (start(edges, a ^ 1), start(edges, b ^ 1));
            // The lower half of the circle first, then anticlockwise.
            let upper = |spot: Spot| spot > centre;
            upper(a).cmp(&upper(b)).then_with(|| turn(centre, b, a).cmp(&0))
        });
        for (nth, &(_, half)) in around.iter().enumerate() {
            right_of[half] = around[(nth + around.len() - 1) % around.len()].1;
        }
    }
    right_of
}

/// Parts a walk at every corner that it comes to again.
fn without_repeats(walk: Vec<Spot>) -> Vec<Vec<Spot>> {
    let mut rings = Vec::new();
    let mut open: Vec<Spot> = Vec::new();
    let mut places: BTreeMap<Spot, usize> = BTreeMap::new();
    for spot in walk {
        if let Some(&place) = places.get(&spot) {
            let ring = open.split_off(place);
            ring.iter().for_each(|spot| {
                places.remove(spot);
            });
            rings.push(ring);
        }
        places.insert(spot, open.len());
        open.push(spot);
    }
    rings.push(open);
    rings
}

/// Twice the area of a ring, anticlockwise above zero.
pub(super) fn twice_area(ring: &[Spot]) -> i128 {
    let closed = ring.iter().zip(ring.iter().cycle().skip(1));
    closed.map(|(&a, &b)| turn(ring[0], a, b)).sum()
}
