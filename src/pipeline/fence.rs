//! The fence: what has been stopped starts no more pushes, at once on this node and within
//! [`FENCE_AGE_MAX`] on every other.

use crate::clock::Clock;
use crate::model::id::BroadcastId;
use crate::store::{self, Db, StoreError};
use arc_swap::ArcSwap;
use std::collections::HashSet;
use std::sync::Arc;
use std::sync::Mutex;
use std::time::{Duration, Instant};
use tokio::sync::{Notify, watch};

/// How often the database is asked what was stopped elsewhere.
pub const FENCE_POLL: Duration = Duration::from_millis(250);
/// A node that has not been able to ask for this long starts nothing.
pub const FENCE_AGE_MAX: Duration = Duration::from_millis(750);

/// What is stopped, as this node knows it.
#[derive(Debug)]
pub struct Fence {
    clock: Clock,
    view: ArcSwap<View>,
    changing: Mutex<()>,
    fresh: Notify,
    closing: watch::Receiver<bool>,
}

/// One consistent answer. `read_at` is when the question was asked, not when it was answered.
#[derive(Debug)]
struct View {
    stopped: HashSet<BroadcastId>,
    /// Stopped on this node, with the time: kept until a question that was asked later is answered.
    here: Vec<(BroadcastId, Instant)>,
    read_at: Instant,
}

/// Whether a push may start now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Passage {
    Open,
    /// Stopped for good.
    Stopped,
    /// Not known: the database has not answered for [`FENCE_AGE_MAX`].
    Unknown,
}

impl Fence {
    pub fn new(clock: Clock, closing: watch::Receiver<bool>) -> Self {
        let view = View { stopped: HashSet::new(), here: Vec::new(), read_at: clock.monotonic() };
        Self { clock, view: ArcSwap::from_pointee(view), changing: Mutex::new(()), fresh: Notify::new(), closing }
    }

    /// Whether a push of this broadcast may start at this moment.
    pub fn passage(&self, broadcast: &BroadcastId) -> Passage {
        let view = self.view.load();
        if view.stopped.contains(broadcast) || view.here.iter().any(|(id, _)| id == broadcast) {
            Passage::Stopped
        } else if self.clock.monotonic().duration_since(view.read_at) > FENCE_AGE_MAX {
            Passage::Unknown
        } else {
            Passage::Open
        }
    }

    /// Waits until it is known whether a broadcast may send; [`Passage::Unknown`] when the service closes.
    pub async fn known(&self, broadcast: &BroadcastId) -> Passage {
        let mut closing = self.closing.clone();
        loop {
            let fresh = self.fresh.notified();
            match self.passage(broadcast) {
                Passage::Unknown if *closing.borrow() => return Passage::Unknown,
                Passage::Unknown => tokio::select! {
                    () = fresh => {}
                    _ = closing.changed() => return Passage::Unknown,
                },
                known @ (Passage::Open | Passage::Stopped) => return known,
            }
        }
    }

    /// Stops broadcasts on this node at once. Called right after the commit that stopped them.
    pub fn stop(&self, broadcasts: &[BroadcastId]) {
        let now = self.clock.monotonic();
        self.change(|view| View {
            stopped: view.stopped.clone(),
            here: view.here.iter().cloned().chain(broadcasts.iter().map(|id| (id.clone(), now))).collect(),
            read_at: view.read_at,
        });
    }

    /// Asks the database once.
    ///
    /// # Errors
    /// When the database does not answer; the fence then grows old and closes by itself.
    pub async fn poll(&self, db: &Db) -> Result<(), StoreError> {
        let asked_at = self.clock.monotonic();
        let stopped: HashSet<BroadcastId> = store::broadcast::fences(db, self.clock.now()).await?.into_iter().collect();
        self.change(|view| View {
            stopped,
            here: view.here.iter().filter(|(_, stopped_at)| *stopped_at >= asked_at).cloned().collect(),
            read_at: asked_at,
        });
        self.fresh.notify_waiters();
        Ok(())
    }

    fn change(&self, next: impl FnOnce(&View) -> View) {
        let _one_at_a_time = self.changing.lock().expect("nothing panics while it changes the fence");
        let view = next(&self.view.load());
        self.view.store(Arc::new(view));
    }
}
