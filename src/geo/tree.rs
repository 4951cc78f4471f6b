//! A tree of boxes over things that lie somewhere: of many, only those are asked whose boxes matter.

use super::rect::Rect;
use crate::cap::ring::near_together;

/// Nodes, or things, under one node.
const BRANCHES: usize = 4;

/// What lies in a box, longitudes taken as they are.
pub(super) trait Framed {
    fn frame(&self) -> Rect;
}

/// Things along a curve that keeps near together what is near on the ground, with boxes over runs of them.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Tree<T> {
    things: Vec<T>,
    /// The boxes of the things first; the last level is one box. None where there is nothing.
    levels: Vec<Vec<Rect>>,
}

impl<T: Framed> Tree<T> {
    pub fn new(mut things: Vec<T>) -> Self {
        let centre = |thing: &T| {
            let (lat, lon) = thing.frame().centre();
            (lon, lat)
        };
        if things.len() > 1 {
            near_together(&mut things, centre);
        }
        let mut levels = Vec::new();
        if !things.is_empty() {
            levels.push(things.iter().map(Framed::frame).collect::<Vec<_>>());
        }
        while let Some(level) = levels.last().filter(|level| level.len() > 1) {
            let above = level.chunks(BRANCHES).map(|under| under.iter().fold(under[0], |all, one| all.joined(one)));
            levels.push(above.collect());
        }
        Self { things, levels }
    }

    /// All of them, in the order of the curve.
    pub fn things(&self) -> &[T] {
        &self.things
    }

    /// The box around all; `None` where there is nothing.
    pub fn frame(&self) -> Option<Rect> {
        self.levels.last().map(|level| level[0])
    }

    /// Memory it takes beside the things' own, bytes.
    pub fn bytes(&self) -> usize {
        let boxes: usize = self.levels.iter().map(|level| level.len() * size_of::<Rect>()).sum();
        self.things.len() * size_of::<T>() + boxes + self.levels.len() * size_of::<Vec<Rect>>()
    }

    /// Whether a thing passes `ask`, opening only boxes that pass `open`.
    pub fn any(&self, open: &impl Fn(&Rect) -> bool, ask: &mut impl FnMut(&T) -> bool) -> bool {
        let Some(top) = self.levels.len().checked_sub(1) else { return false };
        open(&self.levels[top][0]) && self.any_below(top, 0, open, ask)
    }

    fn any_below(
        &self,
        level: usize,
        node: usize,
        open: &impl Fn(&Rect) -> bool,
        ask: &mut impl FnMut(&T) -> bool,
    ) -> bool {
        let Some(below) = level.checked_sub(1) else { return ask(&self.things[node]) };
        let boxes = &self.levels[below];
        let first = node * BRANCHES;
        let last = (first + BRANCHES).min(boxes.len());
        (first..last).any(|child| open(&boxes[child]) && self.any_below(below, child, open, ask))
    }
}
