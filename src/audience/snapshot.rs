//! The index at one moment.

use super::{Change, Query, Reach};
use crate::cap::code::Severity;
use crate::model::id::Slot;
use crate::model::subscriber::Listener;
use roaring::RoaringBitmap;
use std::collections::BTreeMap;

/// Everyone at one moment. Never changes.
#[derive(Debug, Clone, Default)]
pub struct Snapshot {
    seq: i64,
    listeners: BTreeMap<Slot, Listener>,
}

impl Snapshot {
    pub(super) fn of(listeners: Vec<Listener>, seq: i64) -> Self {
        Self { seq, listeners: listeners.into_iter().map(|listener| (listener.slot, listener)).collect() }
    }

    pub(super) fn with(&self, changes: Vec<Change>, seq: i64) -> Self {
        let mut listeners = self.listeners.clone();
        for change in changes {
            match change {
                Change::Upsert(listener) => listeners.insert(listener.slot, listener),
                Change::Remove(slot) => listeners.remove(&slot),
            };
        }
        Self { seq, listeners }
    }

    /// The number of the last change in it.
    pub fn seq(&self) -> i64 {
        self.seq
    }

    /// How many people are in it.
    pub fn len(&self) -> u64 {
        self.listeners.len() as u64
    }

    pub fn is_empty(&self) -> bool {
        self.listeners.is_empty()
    }

    /// Who is reached by an alert.
    pub fn find(&self, query: &Query<'_>) -> Reach {
        let mut reach = Reach::default();
        for listener in self.listeners.values().filter(|listener| wants(listener, query)) {
            if listener.places.iter().any(|place| query.shape.touches_cell(place.cell)) {
                reach.inside.insert(listener.slot);
            } else if listener.places.iter().any(|place| query.shape.within(place.cell, place.radius.m())) {
                reach.near.insert(listener.slot);
            }
        }
        reach
    }

    /// Splits people by push service (scheme, host and port), in the order of its name. Who is not here is left out.
    pub fn by_origin(&self, slots: &RoaringBitmap) -> Vec<(String, RoaringBitmap)> {
        let mut origins: BTreeMap<&str, RoaringBitmap> = BTreeMap::new();
        for listener in slots.iter().filter_map(|slot| self.listeners.get(&slot)) {
            origins.entry(&listener.origin).or_default().insert(listener.slot);
        }
        origins.into_iter().map(|(origin, slots)| (origin.to_owned(), slots)).collect()
    }
}

fn wants(listener: &Listener, query: &Query<'_>) -> bool {
    if query.drill && !listener.drills {
        return false;
    }
    match (query.family, query.severity) {
        (None, _) | (_, Severity::Unknown) => true,
        (Some(family), severity) => listener.families.lowest(family).is_some_and(|lowest| severity <= lowest),
    }
}
