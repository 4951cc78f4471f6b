//! One polygon of the ground: what an outer ring goes around, without what its holes go around.

use super::rect::Rect;
use super::ring::{Ring, Standing, Vertex};
use super::tree::{Framed, Tree};

/// Rings mean what they go around, in either direction. The border of a hole belongs to the ground.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Patch {
    outer: Ring,
    holes: Tree<Ring>,
}

impl Framed for Ring {
    fn frame(&self) -> Rect {
        self.bounds()
    }
}

impl Framed for Patch {
    fn frame(&self) -> Rect {
        self.outer.bounds()
    }
}

impl Patch {
    /// The holes lie in the outer ring, where it is, and apart from each other.
    pub fn new(outer: Ring, holes: Vec<Ring>) -> Self {
        Self { outer, holes: Tree::new(holes) }
    }

    pub fn outer(&self) -> &Ring {
        &self.outer
    }

    pub fn holes(&self) -> &[Ring] {
        self.holes.things()
    }

    pub fn rings(&self) -> impl Iterator<Item = &Ring> {
        std::iter::once(&self.outer).chain(self.holes())
    }

    /// What a rectangle has to do with it, longitudes taken as they are.
    pub fn standing(&self, rect: &Rect) -> Standing {
        let standing = self.outer.standing(rect);
        if standing != Standing::Around {
            return standing;
        }
        let mut standing = Standing::Around;
        self.holes.any(&|node| node.meets(rect), &mut |hole| {
            standing = match (hole.standing(rect), standing) {
                (Standing::Around, _) => Standing::Apart,
                (Standing::Crossed, _) => Standing::Crossed,
                (Standing::Apart, so_far) => so_far,
            };
            standing == Standing::Apart
        });
        standing
    }

    /// Whether an edge of any of its rings passes `edge`, opening only boxes that pass `open`.
    pub fn any_edge(&self, open: &impl Fn(&Rect) -> bool, edge: &mut impl FnMut(Vertex, Vertex) -> bool) -> bool {
        self.outer.any_edge(open, edge) || self.holes.any(open, &mut |hole| hole.any_edge(open, edge))
    }

    /// Memory it takes beside itself, bytes.
    pub fn bytes(&self) -> usize {
        self.outer.bytes() + self.holes.bytes() + self.holes().iter().map(Ring::bytes).sum::<usize>()
    }
}
