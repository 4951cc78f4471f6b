//! Steps 3 and 4 at work: approved broadcasts, most urgent first, to batches in one transaction.

use super::bell::Wake;
use super::calling::{RingsPerDay, call};
use super::copies::{copies, facts_hash, hear_the_update, spoken_for};
use super::follow::Follower;
use super::grounds::Grounds;
use super::listen;
use super::plan::plan;
use super::receipts::new_key;
use super::resolve::{Own, resolve};
use super::target::{count, target};
use super::words::{WordsError, words};
use crate::audience::Audience;
use crate::clock::Clock;
use crate::model::broadcast::Broadcast;
use crate::store::vault::Vault;
use crate::store::{self, Db, Kept, Turn};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// A round of planning ends after so many that could not be planned.
const FAILED_MAX: usize = 500;

/// Plans what was approved, on this node or on another.
pub struct Planner {
    pub db: Db,
    pub vault: Arc<Vault>,
    pub clock: Clock,
    pub audience: Audience,
    pub follower: Arc<Follower>,
    pub wake: Arc<Wake>,
    pub rings_per_day: RingsPerDay,
    pub poll: Duration,
    pub closing: watch::Receiver<bool>,
}

impl Planner {
    /// Plans until the service closes.
    pub async fn run(self) {
        let mut closing = self.closing.clone();
        while !*closing.borrow() {
            self.plan_due().await;
            tokio::select! {
                () = self.wake.plan.notified() => {}
                () = tokio::time::sleep(self.poll) => {}
                _ = closing.changed() => {}
            }
        }
    }

    async fn plan_due(&self) {
        // One that cannot be planned must not keep the others from ringing, and is tried again in the next round.
        let mut failed = BTreeSet::new();
        while failed.len() < FAILED_MAX {
            let broadcast = match store::broadcast::due(&self.db, &failed).await {
                Ok(Some(broadcast)) => broadcast,
                Ok(None) => return,
                Err(error) => {
                    tracing::error!(
                        error = &error as &dyn std::error::Error,
                        "what is to be planned could not be read"
                    );
                    return;
                }
            };
            if *self.closing.borrow() {
                return;
            }
            match self.plan_one(&broadcast).await {
                Ok(()) => self.wake.changed(&broadcast.id),
                Err(error) => {
                    tracing::error!(
                        error = &error as &dyn std::error::Error,
                        broadcast = %broadcast.id,
                        "broadcast {} could not be planned",
                        broadcast.id
                    );
                    failed.insert(broadcast.id);
                }
            }
        }
    }

    async fn plan_one(&self, broadcast: &Broadcast) -> Result<(), WordsError> {
        let words = words(&self.db, broadcast).await?;
        self.follower.catch_up().await?;
        let grounds = Grounds::of(&words.alert, self.audience.snapshot());
        let now = self.clock.now();
        let started = self.clock.monotonic();
        // What was lost would be planned again: nothing is sent before the senders' own commits, which wait for the disk.
        let mut tx = self.db.begin_as(Turn::Engine, Kept::Relaxed).await?;
        let own = Own { voice: &words.voice, id: Some(&broadcast.alert), now };
        let chains = resolve(&mut tx, &words.alert, own).await?;
        let mut before = chains.before(&self.db).await?;
        if let Some(facts) = facts_hash(&words.alert) {
            store::copies::hold(&mut tx, &facts).await?;
        }
        let copies = copies(&self.db, &words.alert, &broadcast.chain, now).await?;
        let updated = hear_the_update(&self.db, &grounds.audience, broadcast, now).await?;
        // A copy whose first has ended is planned once more: nobody is in two batches of it.
        let (inside_before, near_before) = store::batch::planned_for(&self.db, &broadcast.id).await?;
        let spoken_for = spoken_for(&self.db, &copies).await?;
        // Who came first and is planned first is no copy of its copy.
        let is_copy = broadcast.merged_with.is_some() || !spoken_for.is_empty();
        let merged = copies.first().map(|copy| &copy.alert).filter(|_| is_copy);
        before.copies = spoken_for | &updated | &inside_before | &near_before;
        let merged = if updated.is_empty() { merged } else { broadcast.merged_with.as_ref() };
        store::broadcast::set_merged(&mut tx, &broadcast.id, merged).await?;
        let matching = self.clock.monotonic();
        let targets = target(&grounds, &words.alert, &words.messages, &before, now);
        let matched = self.clock.monotonic().duration_since(matching);
        let (inside, near) = count(&targets);
        let (all_inside, all_near) = (inside + inside_before.len(), near + near_before.len());
        if !store::broadcast::planned(&mut tx, &broadcast.id, now, all_inside, all_near, inside + near).await? {
            // Stopped, or planned by another node, in the meantime.
            return Ok(());
        }
        let access = (&mut tx, &self.db);
        let how = (&broadcast.id, now, self.rings_per_day);
        let shares = call(access, &grounds.audience, (&words, &chains), &targets, how).await?;
        let batches = plan(&grounds.audience, broadcast, &shares);
        store::batch::insert_many(&mut tx, &batches).await?;
        store::receipt::give_key(&mut tx, &self.vault, &broadcast.id, &new_key()).await?;
        Db::notify(&mut tx, listen::DISPATCH).await?;
        tx.commit().await?;
        self.wake.dispatch.notify_one();
        let took = self.clock.monotonic().duration_since(started);
        metrics::histogram!("beffroi_match_seconds").record(matched.as_secs_f64());
        metrics::histogram!("beffroi_plan_seconds").record(took.as_secs_f64());
        tracing::info!(
            broadcast = %broadcast.id, inside, near, batches = batches.len(), took_ms = took.as_millis(),
            "broadcast {} rings for {} people", broadcast.id, inside + near
        );
        Ok(())
    }
}
