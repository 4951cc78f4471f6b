//! Merges what is too large to be merged while a change waits, in a thread of its own.

use super::Shared;
use super::layer::Layer;
use super::snapshot::{self, Snapshot};
use std::sync::Arc;

/// Whether layers are being merged in the background; whoever changes the index holds it.
#[derive(Debug, Default)]
pub(super) struct Merger {
    is_running: bool,
    /// The highest of the layers being merged: it and all below stay as they are meanwhile.
    highest: Option<Arc<Layer>>,
}

impl Merger {
    /// How many of the lowest layers must stay as they are.
    pub fn kept(&self, snapshot: &Snapshot) -> usize {
        let Some(highest) = &self.highest else { return 0 };
        let at = snapshot.layers().iter().position(|layer| Arc::ptr_eq(layer, highest));
        at.map_or(0, |at| at + 1)
    }

    pub fn is_running(&self) -> bool {
        self.is_running
    }

    /// Whether one is to be started: there is none. There is one from now on.
    pub fn begin(&mut self) -> bool {
        !std::mem::replace(&mut self.is_running, true)
    }
}

/// Starts the thread that merges until nothing is due.
pub(super) fn start(shared: &Arc<Shared>) {
    let running = Running { shared: Arc::clone(shared), is_over: false };
    let thread = std::thread::Builder::new().name("audience-merger".to_owned());
    // Where no thread is to be had, `running` is dropped with its work, and the next change tries again.
    drop(thread.spawn(move || running.merge()));
}

/// The thread's work. However it ends, the next may begin.
struct Running {
    shared: Arc<Shared>,
    is_over: bool,
}

impl Running {
    fn merge(mut self) {
        while let Some((layers, is_lowest)) = self.next() {
            let merged = snapshot::merged(&layers, is_lowest);
            let merger = self.shared.lock();
            let next = self.shared.current.load().with_merged(&layers, merged);
            // After a new load there is nothing to replace.
            if let Some(next) = next {
                self.shared.current.store(Arc::new(next));
            }
            drop(merger);
        }
    }

    /// The layers to merge next, and whether the lowest is among them.
    fn next(&mut self) -> Option<(Vec<Arc<Layer>>, bool)> {
        let mut merger = self.shared.lock();
        let current = self.shared.current.load();
        let Some(first) = current.due(0, u64::MAX) else {
            // Under the lock, so that no change goes by in between.
            self.is_over = true;
            *merger = Merger::default();
            self.shared.settled.notify_all();
            return None;
        };
        let layers = current.layers()[first..].to_vec();
        merger.highest = layers.last().cloned();
        Some((layers, first == 0))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if !self.is_over {
            *self.shared.lock() = Merger::default();
            self.shared.settled.notify_all();
        }
    }
}
