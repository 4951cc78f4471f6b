//! Step 7: time passes. Validity ends, and what was left half-way is closed.

use super::bell::Wake;
use super::fence::{FENCE_POLL, Fence};
use super::follow::Follower;
use super::share::day;
use crate::clock::Clock;
use crate::store::{self, Db, Kept, StoreError, Turn, Tx};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Interval, MissedTickBehavior};

/// How often is looked for what has ended.
const SWEEP_EVERY: Duration = Duration::from_secs(1);

/// How long it is kept who was rung on a day. What waits for a morning rings on a day to come.
const RINGS_KEPT_DAYS: i64 = 2;

/// Keeps the small things moving on one node: expiry, the fence, the audience.
pub struct Sweeper {
    pub db: Db,
    pub clock: Clock,
    pub fence: Arc<Fence>,
    pub follower: Arc<Follower>,
    pub wake: Arc<Wake>,
    pub poll: Duration,
    pub closing: watch::Receiver<bool>,
}

impl Sweeper {
    /// Sweeps until the service closes.
    pub async fn run(self) {
        tokio::join!(self.expire(), self.keep_fence(), self.keep_audience());
    }

    async fn expire(&self) {
        let mut tick = ticker(SWEEP_EVERY);
        while self.next(&mut tick).await {
            if let Err(error) = self.expire_once().await {
                tracing::error!(error = &error as &dyn std::error::Error, "what has ended could not be closed");
            }
        }
    }

    async fn expire_once(&self) -> Result<(), StoreError> {
        let now = self.clock.now();
        let over = store::broadcast::past_expiry(&self.db, now).await?;
        let finishable = store::broadcast::finishable(&self.db).await?;
        // Each in a transaction of its own: who holds batches must not wait for a broadcast (see `store::stop`).
        if !over.is_empty() {
            let mut tx = self.begin().await?;
            store::stop::expire_all(&mut tx, &over, now).await?;
            tx.commit().await?;
        }
        if !finishable.is_empty() {
            let mut tx = self.begin().await?;
            store::broadcast::finish(&mut tx, &finishable, now).await?;
            tx.commit().await?;
        }
        let mut tx = self.begin().await?;
        let mut changed = store::batch::expire_due(&mut tx, now).await?;
        store::ring::forget(&mut tx, day(now) - RINGS_KEPT_DAYS).await?;
        tx.commit().await?;
        changed.extend(over);
        changed.extend(finishable);
        for broadcast in &changed {
            self.wake.changed(broadcast);
        }
        Ok(())
    }

    /// What is lost of a sweep, the next one does again.
    async fn begin(&self) -> Result<Tx, StoreError> {
        self.db.begin_as(Turn::Engine, Kept::Relaxed).await
    }

    async fn keep_fence(&self) {
        let mut tick = ticker(FENCE_POLL);
        while self.next(&mut tick).await {
            if let Err(error) = self.fence.poll(&self.db).await {
                tracing::error!(error = &error as &dyn std::error::Error, "the fence could not be read");
            }
        }
    }

    async fn keep_audience(&self) {
        let mut closing = self.closing.clone();
        while !*closing.borrow() {
            if let Err(error) = self.follower.catch_up().await {
                tracing::error!(error = &error as &dyn std::error::Error, "changes of subscriptions could not be read");
            }
            tokio::select! {
                () = self.wake.audience.notified() => {}
                () = tokio::time::sleep(self.poll) => {}
                _ = closing.changed() => {}
            }
        }
    }

    /// Waits for the next tick; `false` when the service closes.
    async fn next(&self, tick: &mut Interval) -> bool {
        let mut closing = self.closing.clone();
        let closed = *closing.borrow();
        !closed
            && tokio::select! {
                _ = tick.tick() => true,
                _ = closing.changed() => false,
            }
    }
}

fn ticker(period: Duration) -> Interval {
    let mut tick = tokio::time::interval(period);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    tick
}
