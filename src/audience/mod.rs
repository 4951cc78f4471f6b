//! Who is where, in memory: the index that every alert is matched against.
//!
//! A match reads an immutable [`Snapshot`] and never waits for a change; a change makes a new snapshot.

mod bits;
mod curve;
mod filter;
mod layer;
pub mod snapshot;

use crate::cap::code::Severity;
use crate::geo::shape::Shape;
use crate::model::family::Family;
use crate::model::id::Slot;
use crate::model::subscriber::Listener;
use arc_swap::ArcSwap;
use roaring::RoaringBitmap;
pub use snapshot::Snapshot;
use std::sync::{Arc, Mutex, PoisonError};

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

/// The index as everyone shares it: cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Audience {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    current: ArcSwap<Snapshot>,
    /// Changes come one after the other; matches never take this.
    writing: Mutex<()>,
}

impl Audience {
    /// An index of nobody, at change number 0.
    pub fn new() -> Self {
        Self::default()
    }

    /// Replaces everything: the listeners as they stood at change number `seq`.
    pub fn load(&self, listeners: Vec<Listener>, seq: i64) {
        let _writing = self.shared.writing.lock().unwrap_or_else(PoisonError::into_inner);
        self.shared.current.store(Arc::new(Snapshot::of(listeners, seq)));
    }

    /// Applies changes in order; the index then stands at change number `seq`.
    pub fn apply(&self, changes: Vec<Change>, seq: i64) {
        let _writing = self.shared.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let next = self.shared.current.load().with(changes, seq);
        self.shared.current.store(Arc::new(next));
    }

    /// The index as it stands now; later changes do not touch it.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.shared.current.load_full()
    }
}

#[cfg(test)]
mod tests;
