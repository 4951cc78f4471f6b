//! A tree of boxes over things that lie somewhere, sorted along the curve.

use super::curve;
use crate::geo::rect::Rect;
use crate::geo::shape::Relation;
use std::ops::Range;

/// Things, or boxes, under one box.
const BRANCHES: usize = 8;

/// Boxes over runs of things; they stand in the order that [`Boxes::over`] gave them.
#[derive(Debug, Default)]
pub(super) struct Boxes {
    /// Those of the things first; the last level has one. None where there is nothing.
    levels: Vec<Box<[Rect]>>,
}

impl Boxes {
    /// Sorts things so that what is near on the ground stands near together, and puts boxes over them.
    pub fn over<T>(things: &mut [T], frame: impl Fn(&T) -> Rect) -> Self {
        things.sort_by_cached_key(|thing| {
            let (lat, lon) = frame(thing).centre();
            curve::point_key(lat.clamp(-90.0, 90.0), (lon + 180.0).rem_euclid(360.0) - 180.0)
        });
        let mut levels: Vec<Box<[Rect]>> = Vec::new();
        if !things.is_empty() {
            levels.push(things.iter().map(frame).collect());
        }
        while let Some(level) = levels.last().filter(|level| level.len() > 1) {
            let above = level.chunks(BRANCHES).map(|under| under.iter().fold(under[0], |all, one| all.joined(one)));
            levels.push(above.collect());
        }
        Self { levels }
    }

    /// Memory it takes, bytes.
    pub fn bytes(&self) -> usize {
        self.levels.iter().map(|level| size_of_val(&**level)).sum()
    }

    /// Goes down from box to box. What lies in boxes that are all inside, or all near, is found at once; each thing
    /// whose own box is mixed is found by itself, as [`Relation::Mixed`].
    pub fn search(&self, relation: &impl Fn(Rect) -> Relation, found: &mut impl FnMut(Relation, Range<usize>)) {
        if let Some(top) = self.levels.len().checked_sub(1) {
            self.below(top, 0, relation, found);
        }
    }

    fn below(
        &self,
        level: usize,
        nth: usize,
        relation: &impl Fn(Rect) -> Relation,
        found: &mut impl FnMut(Relation, Range<usize>),
    ) {
        let of_one = self.levels[..level].iter().fold(1, |things, _| things * BRANCHES);
        let things = nth * of_one..((nth + 1) * of_one).min(self.levels[0].len());
        match relation(self.levels[level][nth]) {
            Relation::Apart => {}
            all @ (Relation::Inside | Relation::Near) => found(all, things),
            Relation::Mixed if level == 0 => found(Relation::Mixed, things),
            Relation::Mixed => {
                let last = ((nth + 1) * BRANCHES).min(self.levels[level - 1].len());
                (nth * BRANCHES..last).for_each(|under| self.below(level - 1, under, relation, found));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_thing_is_found_whichever_box_decides() {
        for count in [0, 1, 7, 8, 9, 64, 65, 600_u32] {
            let at = |nth: u32| Rect::point(f64::from(nth % 20), f64::from(nth / 20));
            let mut things: Vec<u32> = (0..count).collect();
            let boxes = Boxes::over(&mut things, |nth| at(*nth));
            let relation = |rect: Rect| {
                let (apart, inside) = (rect.south > 12.0, rect.north <= 12.0);
                if apart {
                    Relation::Apart
                } else if inside {
                    Relation::Inside
                } else {
                    Relation::Mixed
                }
            };
            let mut found: Vec<u32> = Vec::new();
            boxes.search(&relation, &mut |_, run| found.extend(&things[run]));
            found.sort_unstable();
            assert!(found.into_iter().eq((0..count).filter(|nth| nth % 20 <= 12)), "of {count}");
        }
    }
}
