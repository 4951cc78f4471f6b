//! Beside the line: what devices tell of a push, gathered in memory and written down in groups.
//!
//! A million devices answer within a minute, so receipts wait up to [`WRITE_EVERY`] and are then added to their
//! broadcasts in one transaction. A crash loses what waits, never what was counted. Whether a token is real is looked at
//! only here, long after its sender was answered: nobody learns it from the answer, nor from how long that took.

mod inbox;
mod keys;

pub use inbox::{ALERTS_PROVEN_MAX, ALERTS_UNPROVEN_MAX, Inbox, UNPROVEN_MAX, WAITING_MAX};

use super::bell::Wake;
use crate::clock::Clock;
use crate::model::id::{AlertId, BroadcastId};
use crate::model::receipt::{Counts, Event, Told};
use crate::store::vault::Vault;
use crate::store::{self, Db, StoreError};
use inbox::{Said, Taken};
use jiff::{SignedDuration, Timestamp};
use keys::{BROADCASTS_KNOWN_MAX, Keys};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Notify, watch};

/// How long receipts wait to be written down together: what a crash can lose.
pub const WRITE_EVERY: Duration = Duration::from_millis(300);
/// How long at most, after failures: each doubles it.
const WRITE_LONGEST: Duration = Duration::from_secs(30);
/// How often it is tried to write down the last ones when the service stops.
const LAST_TRIES: u32 = 5;
/// How often is looked for broadcasts whose retention has ended. Keys in memory are forgotten as often.
const ERASE_EVERY: Duration = Duration::from_secs(600);

/// Adds to the metric of receipts.
fn count(event: Event, result: &'static str, number: u64) {
    metrics::counter!("beffroi_receipts_total", "event" => event.as_str(), "result" => result).increment(number);
}

/// What receipts say once they are opened.
#[derive(Default)]
struct Opened {
    told: BTreeMap<BroadcastId, Told>,
    /// The alerts of which a real token was opened.
    proven: Vec<AlertId>,
    /// How many say nothing, and why.
    left_out: HashMap<(Event, &'static str), u64>,
}

impl Opened {
    fn leave_out(&mut self, event: Event, why: &'static str) {
        *self.left_out.entry((event, why)).or_default() += 1;
    }
}

/// Opens receipts and writes them down.
pub struct Collector {
    pub db: Db,
    pub vault: Arc<Vault>,
    pub clock: Clock,
    pub inbox: Inbox,
    pub wake: Arc<Wake>,
    /// How long after the end of an alert's validity its receipts can be opened.
    pub retention: SignedDuration,
    pub closing: watch::Receiver<bool>,
    /// Nobody leaves anything in the inbox any more: the last request was answered.
    pub told_all: watch::Receiver<bool>,
}

impl Collector {
    /// Collects until everyone was answered, then writes down what waits.
    pub async fn run(self) {
        let forget = Notify::new();
        tokio::join!(self.collect(&forget), self.erase(&forget));
    }

    async fn collect(&self, forget: &Notify) {
        let mut told_all = self.told_all.clone();
        let (mut keys, mut failures) = (Keys::default(), 0);
        while !*told_all.borrow() {
            tokio::select! {
                () = self.inbox.came.notified() => {}
                () = forget.notified() => {
                    keys.clear();
                    continue;
                }
                // A sender that is gone means the same.
                changed = told_all.changed() => if changed.is_err() { break } else { continue },
            }
            tokio::select! {
                () = tokio::time::sleep(wait(failures)) => {}
                _ = told_all.changed() => {}
            }
            failures = if self.write_down(&mut keys).await { 0 } else { failures + 1 };
        }
        for tried in 1..=LAST_TRIES {
            if self.write_down(&mut keys).await {
                return;
            }
            if tried < LAST_TRIES {
                tokio::time::sleep(wait(tried)).await;
            }
        }
        tracing::error!(lost = self.inbox.len(), "receipts that came last are lost");
    }

    /// Writes down what waits; what cannot be written goes on waiting. Whether that went well.
    async fn write_down(&self, keys: &mut Keys) -> bool {
        let taken = self.inbox.take();
        match self.try_write_down(keys, &taken).await {
            Ok(()) => true,
            Err(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, "receipts could not be written down");
                self.inbox.put_back(taken);
                false
            }
        }
    }

    /// # Errors
    /// The database failed. What cannot be read of one broadcast is left out.
    async fn try_write_down(&self, keys: &mut Keys, taken: &Taken) -> Result<(), StoreError> {
        let mut opened = Opened::default();
        for some in taken.chunks(BROADCASTS_KNOWN_MAX) {
            self.learn(keys, some).await?;
            for (alert, said) in some {
                self.open(keys, alert, said, &mut opened).await?;
            }
        }
        self.add(keys, &opened.told).await?;
        self.inbox.prove(opened.proven.iter());
        for ((event, result), number) in opened.left_out {
            count(event, result, number);
        }
        Ok(())
    }

    /// Reads what is needed to open the receipts of alerts that were not heard of lately.
    async fn learn(&self, keys: &mut Keys, some: &[(AlertId, Vec<Said>)]) -> Result<(), StoreError> {
        let alerts: Vec<&AlertId> = some.iter().map(|(alert, _)| alert).collect();
        let missing = keys.missing(&alerts);
        if !missing.is_empty() {
            let found = store::receipt::openings(&self.db, &self.vault, &missing).await?;
            found.iter().for_each(|opening| keys.learn(opening));
        }
        Ok(())
    }

    /// Opens what devices told of one broadcast. Invented tokens, and those of people who were never sent to, are left
    /// out.
    async fn open(
        &self,
        keys: &mut Keys,
        alert: &AlertId,
        said: &[Said],
        opened: &mut Opened,
    ) -> Result<(), StoreError> {
        let Some(known) = keys.of(alert) else {
            said.iter().for_each(|said| opened.leave_out(said.event, "refused"));
            return Ok(());
        };
        let receipts = match &known.receipts {
            Ok(receipts) => receipts,
            Err(why) => {
                said.iter().for_each(|said| opened.leave_out(said.event, why));
                return Ok(());
            }
        };
        let slot = |said: &Said| receipts.open(std::str::from_utf8(&said.token).ok()?);
        let slots: Vec<_> = said.iter().map(slot).collect();
        if slots.iter().flatten().any(|slot| !known.started.contains(*slot)) {
            let started = store::receipt::started(&self.db, &known.broadcast).await;
            let Some(started) = readable(started, &known.broadcast)? else {
                said.iter().for_each(|said| opened.leave_out(said.event, "unreadable"));
                let broadcast = known.broadcast.clone();
                keys.give_up(&[broadcast]);
                return Ok(());
            };
            known.started = started;
        }
        for (said, slot) in said.iter().zip(&slots) {
            match slot.filter(|slot| known.started.contains(*slot)) {
                Some(slot) => {
                    let after = said.at.duration_since(known.received).as_millis();
                    let told = opened.told.entry(known.broadcast.clone()).or_default();
                    told.note(slot, said.event, u64::try_from(after).unwrap_or(0));
                }
                None => opened.leave_out(said.event, "refused"),
            }
        }
        if slots.iter().any(Option::is_some) {
            opened.proven.push(alert.clone());
        }
        Ok(())
    }

    /// Adds all of it in one transaction.
    async fn add(&self, keys: &mut Keys, all: &BTreeMap<BroadcastId, Told>) -> Result<(), StoreError> {
        if all.is_empty() {
            return Ok(());
        }
        let (mut counted, mut unreadable) = (Vec::new(), Vec::new());
        let mut tx = self.db.begin().await?;
        // In the order of ids: two nodes that add to the same broadcasts never wait for each other in a circle.
        for (broadcast, told) in all {
            let new = store::receipt::add(&mut tx, &self.vault, broadcast, told).await;
            match readable(new, broadcast)? {
                Some(new) => counted.push((broadcast, told, new)),
                None => {
                    Event::ALL.iter().for_each(|event| count(*event, "unreadable", told.count(*event)));
                    unreadable.push(broadcast.clone());
                }
            }
        }
        tx.commit().await?;
        let mut erased = Vec::new();
        for (broadcast, told, new) in counted {
            if new.is_none() {
                erased.push(broadcast.clone());
            }
            note(told, new);
            self.wake.changed(broadcast);
        }
        keys.forget(&erased);
        keys.give_up(&unreadable);
        Ok(())
    }

    async fn erase(&self, forget: &Notify) {
        let mut closing = self.closing.clone();
        while !*closing.borrow() {
            if let Err(error) = self.erase_once().await {
                tracing::error!(error = &error as &dyn std::error::Error, "old receipts could not be erased");
            }
            // Whatever node erased a key, none knows it for longer.
            forget.notify_one();
            tokio::select! {
                () = tokio::time::sleep(ERASE_EVERY) => {}
                _ = closing.changed() => {}
            }
        }
    }

    async fn erase_once(&self) -> Result<(), StoreError> {
        let before = self.clock.now().saturating_sub(self.retention).unwrap_or(Timestamp::MIN);
        let mut tx = self.db.begin().await?;
        let erased = store::receipt::erase(&mut tx, before).await?;
        tx.commit().await?;
        if erased > 0 {
            tracing::info!(erased, "receipts of {erased} broadcasts were erased; their counts stay");
        }
        Ok(())
    }
}

/// Counts what became of one broadcast's receipts.
fn note(told: &Told, new: Option<Counts>) {
    for event in Event::ALL {
        let people = told.count(event);
        match new {
            None => count(event, "late", people),
            Some(new) => {
                count(event, "counted", new.of(event));
                count(event, "repeated", people - new.of(event));
            }
        }
    }
}

/// How long receipts wait after so many failures in a row.
fn wait(failures: u32) -> Duration {
    WRITE_EVERY.saturating_mul(2_u32.saturating_pow(failures)).min(WRITE_LONGEST)
}

/// What was read of a broadcast; `None` where what is stored of it cannot be read, which no waiting mends.
///
/// # Errors
/// The database failed.
fn readable<T>(read: Result<T, StoreError>, broadcast: &BroadcastId) -> Result<Option<T>, StoreError> {
    match read {
        Ok(read) => Ok(Some(read)),
        Err(error @ StoreError::Database(_)) => Err(error),
        Err(error) => {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                %broadcast,
                "receipts of broadcast {broadcast} cannot be counted"
            );
            Ok(None)
        }
    }
}
