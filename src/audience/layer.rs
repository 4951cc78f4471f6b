//! Places of some people, sorted along the curve: one array for each size of cell and radius.

use super::Query;
use super::bits::Bits;
use super::curve::{self, Quad};
use super::filter;
use crate::geo::shape::{Relation, Shape};
use crate::model::id::Slot;
use crate::model::place::{Cell, Place, Radius, Step};
use crate::model::subscriber::Listener;
use roaring::RoaringBitmap;
use std::collections::BTreeMap;

/// Up to so many places each is asked by itself: a quad costs as much to ask as a cell.
const ASKED_ONE_BY_ONE_MAX: usize = 4;

/// Immutable. A person's places all stand in one layer.
#[derive(Debug, Default)]
pub(super) struct Layer {
    arrays: BTreeMap<(Step, Radius), Vec<Entry>>,
    people: RoaringBitmap,
}

/// One place of one person: 16 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Entry {
    key: u64,
    slot: Slot,
    /// What the person wants: see [`filter`].
    wanted: u32,
}

impl Layer {
    /// The places of these people. Every slot comes once.
    pub fn of(listeners: &[Listener]) -> Self {
        let mut layer = Self::default();
        for listener in listeners {
            layer.people.insert(listener.slot);
            let wanted = filter::wanted(listener);
            for place in &listener.places {
                let Place::Around(around) = place else { continue };
                let entry = Entry { key: curve::key(around.cell), slot: listener.slot, wanted };
                layer.arrays.entry((around.cell.step(), around.radius)).or_default().push(entry);
            }
        }
        for entries in layer.arrays.values_mut() {
            entries.sort_unstable();
            entries.dedup();
            entries.shrink_to_fit();
        }
        layer
    }

    /// Two layers in one, each without the people that are no longer its own.
    pub fn merged((a, a_gone): (&Self, &RoaringBitmap), (b, b_gone): (&Self, &RoaringBitmap)) -> Self {
        let mut arrays: BTreeMap<(Step, Radius), Vec<Entry>> = BTreeMap::new();
        for (layer, gone) in [(a, a_gone), (b, b_gone)] {
            for (class, entries) in &layer.arrays {
                let kept = entries.iter().filter(|entry| !gone.contains(entry.slot));
                arrays.entry(*class).or_default().extend(kept);
            }
        }
        arrays.retain(|_, entries| !entries.is_empty());
        for entries in arrays.values_mut() {
            // Two sorted runs: the stable sort merges them in one pass.
            entries.sort();
        }
        Self { arrays, people: (&a.people - a_gone) | (&b.people - b_gone) }
    }

    pub fn people(&self) -> &RoaringBitmap {
        &self.people
    }

    /// How many places it holds.
    pub fn places(&self) -> usize {
        self.arrays.values().map(Vec::len).sum()
    }

    /// Adds who is reached, by slot: first those inside, then those near, who may be inside by another place.
    pub fn find(&self, query: &Query<'_>, inside: &mut Bits, near: &mut Bits) {
        let needed = filter::needed(query);
        for ((step, radius), entries) in &self.arrays {
            let search = Search { shape: query.shape, needed, step: *step, radius_m: radius.m() };
            search.quad(Quad::ALL, entries, &mut Found { inside, near });
        }
    }
}

/// One array against one shape.
struct Search<'a> {
    shape: &'a Shape,
    needed: u32,
    step: Step,
    radius_m: f64,
}

struct Found<'a> {
    inside: &'a mut Bits,
    near: &'a mut Bits,
}

impl Search<'_> {
    /// Goes down from quad to quad, with the entries that lie in it. Only mixed quads are opened.
    fn quad(&self, quad: Quad, entries: &[Entry], found: &mut Found<'_>) {
        if entries.len() <= ASKED_ONE_BY_ONE_MAX || quad.level == 0 {
            return self.one_by_one(entries, found);
        }
        let Some(rect) = quad.rect(self.step) else { return };
        match self.shape.relation(rect, self.radius_m) {
            Relation::Apart => {}
            Relation::Near => self.take(entries, found.near),
            Relation::Inside => self.take(entries, found.inside),
            Relation::Mixed => {
                let mut rest = entries;
                for quarter in quad.quarters() {
                    let (its, later) = rest.split_at(rest.partition_point(|entry| entry.key < quarter.end()));
                    self.quad(quarter, its, found);
                    rest = later;
                }
            }
        }
    }

    fn take(&self, entries: &[Entry], bits: &mut Bits) {
        for entry in entries.iter().filter(|entry| self.is_wanted(entry)) {
            bits.insert(entry.slot);
        }
    }

    /// Asks each cell once.
    fn one_by_one(&self, entries: &[Entry], found: &mut Found<'_>) {
        for same_cell in entries.chunk_by(|a, b| a.key == b.key) {
            match self.cell(curve::cell(self.step, same_cell[0].key)) {
                Relation::Apart | Relation::Mixed => {}
                Relation::Near => self.take(same_cell, found.near),
                Relation::Inside => self.take(same_cell, found.inside),
            }
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

    fn is_wanted(&self, entry: &Entry) -> bool {
        entry.wanted & self.needed == self.needed
    }
}
