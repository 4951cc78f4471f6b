//! One array of places against one shape.

use super::array::{Array, Run};
use super::bits::Bits;
use super::curve::{self, Quad};
use crate::geo::shape::{Relation, Shape};
use crate::model::place::{Cell, Step};

/// Up to so many places each is asked by itself: a quad costs as much to ask as a cell.
const ASKED_ONE_BY_ONE_MAX: usize = 4;

/// From so many places on an excerpt of the shape is worth its making.
const EXCERPTED_MIN: usize = 32;

/// What is asked of places of one class.
#[derive(Debug, Clone, Copy)]
pub(super) struct Search<'a> {
    pub shape: &'a Shape,
    /// What one must want to be reached: see [`super::filter`].
    pub needed: u32,
    pub step: Step,
    pub radius_m: f64,
}

/// Who is reached: those near may be inside by another place.
#[derive(Debug)]
pub(super) struct Found {
    pub inside: Bits,
    pub near: Bits,
}

/// What was taken, to be read when all of it is known: then nothing stands between one distant read and the next.
#[derive(Debug, Default)]
struct Taken<'a> {
    inside: Vec<Run<'a>>,
    near: Vec<Run<'a>>,
}

impl Search<'_> {
    pub fn search(&self, array: &Array, found: &mut Found) {
        let mut taken = Taken::default();
        self.run(array.run(), &mut taken);
        let needed = u64::from(self.needed);
        found.inside.insert_runs(&taken.inside, needed);
        found.near.insert_runs(&taken.near, needed);
    }

    /// Goes down from quad to quad, with the entries that lie in it. Only mixed quads are opened, and each is first
    /// made as small as its entries allow.
    fn run<'a>(&self, run: Run<'a>, taken: &mut Taken<'a>) {
        let Some((first, last)) = run.ends() else { return };
        if first == last {
            return taken.take(self.cell(curve::cell(self.step, first)), run);
        }
        if run.keys.len() <= ASKED_ONE_BY_ONE_MAX {
            return self.one_by_one(run, taken);
        }
        let quad = Quad::around(first, last);
        let Some(rect) = quad.rect(self.step) else { return };
        let relation = self.shape.relation(rect, self.radius_m);
        if relation != Relation::Mixed {
            return taken.take(relation, run);
        }
        if quad.level == 1 {
            return self.one_by_one(run, taken);
        }
        let is_worth_it = run.keys.len() >= EXCERPTED_MIN;
        let excerpt = is_worth_it.then(|| self.shape.excerpt(rect, self.radius_m)).flatten();
        let search = Search { shape: excerpt.as_ref().unwrap_or(self.shape), ..*self };
        let [south_west, south_east, north_west, _] = quad.quarters();
        let (south, north) = run.split(south_east.last());
        for (half, west) in [(south, south_west), (north, north_west)] {
            let (western, eastern) = half.split(west.last());
            search.run(western, taken);
            search.run(eastern, taken);
        }
    }

    fn one_by_one<'a>(&self, run: Run<'a>, taken: &mut Taken<'a>) {
        let mut rest = run;
        while let Some((first, _)) = rest.ends() {
            let (same_cell, later) = rest.first_cell(first);
            taken.take(self.cell(curve::cell(self.step, first)), same_cell);
            rest = later;
        }
    }

    fn cell(&self, cell: Cell) -> Relation {
        if self.shape.touches_cell(cell) {
            Relation::Inside
        } else if self.radius_m > 0.0 && self.shape.within(cell, self.radius_m) {
            Relation::Near
        } else {
            Relation::Apart
        }
    }
}

impl<'a> Taken<'a> {
    fn take(&mut self, relation: Relation, run: Run<'a>) {
        match relation {
            Relation::Apart | Relation::Mixed => {}
            Relation::Near => self.near.push(run),
            Relation::Inside => self.inside.push(run),
        }
    }
}
