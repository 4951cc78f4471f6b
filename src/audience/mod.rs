//! Who is where, in memory: the index that every alert is matched against.
//!
//! A match reads an immutable [`Snapshot`] and never waits for a change; a change makes a new snapshot, and never waits
//! for a large merge, which happens in a thread of its own.

mod array;
mod bits;
mod boxes;
mod builder;
mod checksum;
mod chunks;
mod curve;
mod drawn;
mod filter;
mod groups;
mod layer;
mod merger;
mod named;
pub mod points;
mod search;
pub mod snapshot;

use crate::cap::code::Severity;
use crate::geo::gazetteer::Gazetteer;
use crate::geo::shape::Shape;
use crate::model::family::Family;
use crate::model::id::Slot;
use crate::model::subscriber::Listener;
use arc_swap::ArcSwap;
pub use builder::Builder;
pub use checksum::Checksum;
use merger::Merger;
use roaring::RoaringBitmap;
pub use snapshot::Snapshot;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// What is asked: who is in this area and wants to hear of this.
#[derive(Debug, Clone, Copy)]
pub struct Query<'a> {
    pub shape: &'a Shape,
    /// `None`: everyone in the area, whatever they chose.
    pub family: Option<Family>,
    /// `Unknown`: everyone in the area, whatever they chose.
    pub severity: Severity,
    /// An Exercise or a Test: only those who asked for drills.
    pub drill: bool,
}

/// Who is reached. No one is in both.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Reach {
    /// Someone in the cell itself may be in the area.
    pub inside: RoaringBitmap,
    /// Only the radius around the cell touches the area.
    pub near: RoaringBitmap,
}

/// One change to the listeners.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// New, or other places and choices under the same slot.
    Upsert(Listener),
    Remove(Slot),
}

impl Change {
    /// Whose it is.
    pub fn slot(&self) -> Slot {
        match self {
            Self::Upsert(listener) => listener.slot,
            Self::Remove(slot) => *slot,
        }
    }
}

/// The index as everyone shares it: cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Audience {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    current: ArcSwap<Snapshot>,
    /// Changes come one after the other; matches never take this.
    writing: Mutex<Merger>,
    /// The merger found nothing more to merge.
    settled: Condvar,
}

impl Audience {
    /// An index of nobody, at change number 0.
    pub fn new() -> Self {
        Self::default()
    }

    /// Replaces everything: the listeners as they stood at change number `seq`.
    pub fn load(&self, listeners: Vec<Listener>, seq: i64) {
        let mut builder = Builder::new();
        listeners.iter().for_each(|listener| builder.add(listener));
        self.load_built(builder, seq);
    }

    /// Replaces everything: the people of the builder as they stood at change number `seq`.
    pub fn load_built(&self, builder: Builder, seq: i64) {
        let snapshot = Snapshot::of(builder, seq);
        let _writing = self.shared.lock();
        let gazetteer = self.shared.current.load().gazetteer().clone();
        self.shared.current.store(Arc::new(snapshot.renamed(gazetteer)));
    }

    /// Replaces what named areas are.
    pub fn rename(&self, gazetteer: Arc<Gazetteer>) {
        let _writing = self.shared.lock();
        let current = Snapshot::clone(&self.shared.current.load());
        self.shared.current.store(Arc::new(current.renamed(gazetteer)));
    }

    /// Applies changes in order; the index then stands at change number `seq`.
    pub fn apply(&self, changes: Vec<Change>, seq: i64) {
        let mut merger = self.shared.lock();
        let current = self.shared.current.load();
        let next = current.with(changes, seq, merger.kept(&current));
        let is_due = next.due(0, u64::MAX).is_some();
        self.shared.current.store(Arc::new(next));
        if is_due && merger.begin() {
            drop(merger);
            merger::start(&self.shared);
        }
    }

    /// The index as it stands now; later changes do not touch it.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.shared.current.load_full()
    }

    /// Waits until nothing is being merged in the background. Matches and changes have no need of it.
    pub fn settle(&self) {
        let merger = self.shared.lock();
        let settled = self.shared.settled.wait_while(merger, |merger| merger.is_running());
        drop(settled.unwrap_or_else(PoisonError::into_inner));
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Merger> {
        self.writing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
