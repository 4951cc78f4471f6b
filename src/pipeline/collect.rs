//! Beside the line: what devices tell of a push, gathered in memory and written down in groups.
//!
//! A million devices answer within a minute, so receipts wait up to [`WRITE_EVERY`] and are then added to their
//! broadcasts in one transaction. A crash loses what waits, never what was counted. Whether a token is real is looked at
//! only here, long after its sender was answered: nobody learns it from the answer, nor from how long that took.

use super::bell::Wake;
use crate::clock::Clock;
use crate::model::id::{AlertId, BroadcastId};
use crate::model::receipt::{Counts, Event, Told};
use crate::push::receipt::{RECEIPT_CHARS, Receipts};
use crate::store::receipt::{Opening, ReceiptKey};
use crate::store::vault::Vault;
use crate::store::{self, Db, StoreError};
use jiff::{SignedDuration, Timestamp};
use roaring::RoaringBitmap;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;
use tokio::sync::{Notify, watch};

/// How long receipts wait to be written down together: what a crash can lose.
pub const WRITE_EVERY: Duration = Duration::from_millis(300);
/// Receipts that wait at most; more are dropped, and counted as such.
pub const WAITING_MAX: usize = 262_144;
/// Alerts that receipts wait for at most: invented ones must not fill the memory with names.
pub const ALERTS_WAITING_MAX: usize = 1_024;
/// Broadcasts whose keys and recipients are kept in memory. When more are needed all are read anew.
const BROADCASTS_KNOWN_MAX: usize = 64;
/// How often is looked for broadcasts whose retention has ended.
const ERASE_EVERY: Duration = Duration::from_secs(600);

/// What one device said.
struct Said {
    token: [u8; RECEIPT_CHARS],
    event: Event,
    at: Timestamp,
}

#[derive(Default)]
struct Waiting {
    by_alert: HashMap<AlertId, Vec<Said>>,
    count: usize,
}

/// Where receipts are left. Cheap to clone.
#[derive(Clone)]
pub struct Inbox {
    waiting: Arc<Mutex<Waiting>>,
    came: Arc<Notify>,
    clock: Clock,
}

impl Inbox {
    pub fn new(clock: Clock) -> Self {
        Self { waiting: Arc::default(), came: Arc::default(), clock }
    }

    /// Takes what a device says of an alert. Nothing tells whether it will count.
    pub fn tell(&self, alert: AlertId, token: &str, event: Event) {
        let Ok(token) = token.as_bytes().try_into() else { return count(event, "refused", 1) };
        let said = Said { token, event, at: self.clock.now() };
        let mut waiting = self.lock();
        let room = waiting.by_alert.contains_key(&alert) || waiting.by_alert.len() < ALERTS_WAITING_MAX;
        if waiting.count >= WAITING_MAX || !room {
            return count(event, "dropped", 1);
        }
        waiting.count += 1;
        waiting.by_alert.entry(alert).or_default().push(said);
        drop(waiting);
        self.came.notify_one();
    }

    fn take(&self) -> HashMap<AlertId, Vec<Said>> {
        std::mem::take(&mut *self.lock()).by_alert
    }

    /// Takes back what could not be written down, before what came meanwhile; as much as there is room for.
    fn put_back(&self, taken: HashMap<AlertId, Vec<Said>>) {
        let mut waiting = self.lock();
        for (alert, said) in taken {
            for said in said {
                if waiting.count >= WAITING_MAX {
                    count(said.event, "dropped", 1);
                    continue;
                }
                waiting.count += 1;
                waiting.by_alert.entry(alert.clone()).or_default().push(said);
            }
        }
        drop(waiting);
        self.came.notify_one();
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().expect("nothing panics while it holds what waits")
    }
}

/// Adds to the metric of receipts.
fn count(event: Event, result: &'static str, number: u64) {
    metrics::counter!("beffroi_receipts_total", "event" => event.as_str(), "result" => result).increment(number);
}

/// What is needed to open the receipts of an alert.
struct Known {
    broadcast: BroadcastId,
    received: Timestamp,
    /// None: retention has ended.
    receipts: Option<Receipts>,
    /// Those whose push may have begun, as far as was read.
    started: RoaringBitmap,
}

impl From<&Opening> for Known {
    fn from(opening: &Opening) -> Self {
        let receipts = match opening.key {
            ReceiptKey::Kept(key) => Some(Receipts::new(&key)),
            ReceiptKey::Erased | ReceiptKey::Unmade => None,
        };
        let (broadcast, received) = (opening.broadcast.clone(), opening.received);
        Self { broadcast, received, receipts, started: RoaringBitmap::new() }
    }
}

/// What receipts say once they are opened.
#[derive(Default)]
struct Opened {
    told: BTreeMap<BroadcastId, Told>,
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
}

impl Collector {
    /// Collects until the service closes, then writes down what waits.
    pub async fn run(self) {
        tokio::join!(self.collect(), self.erase());
    }

    async fn collect(&self) {
        let mut closing = self.closing.clone();
        let mut known = HashMap::new();
        while !*closing.borrow() {
            tokio::select! {
                () = self.inbox.came.notified() => {}
                _ = closing.changed() => {}
            }
            if !*closing.borrow() {
                tokio::select! {
                    () = tokio::time::sleep(WRITE_EVERY) => {}
                    _ = closing.changed() => {}
                }
            }
            self.write_down(&mut known).await;
        }
    }

    /// Writes down what waits; what cannot be written goes on waiting.
    async fn write_down(&self, known: &mut HashMap<AlertId, Known>) {
        let waiting = self.inbox.take();
        if let Err(error) = self.try_write_down(known, &waiting).await {
            tracing::error!(error = &error as &dyn std::error::Error, "receipts could not be written down");
            self.inbox.put_back(waiting);
        }
    }

    async fn try_write_down(
        &self,
        known: &mut HashMap<AlertId, Known>,
        waiting: &HashMap<AlertId, Vec<Said>>,
    ) -> Result<(), StoreError> {
        self.learn(known, waiting).await?;
        let mut opened = Opened::default();
        for (alert, said) in waiting {
            match known.get_mut(alert) {
                Some(known) => self.open(known, said, &mut opened).await?,
                None => said.iter().for_each(|said| opened.leave_out(said.event, "refused")),
            }
        }
        let erased = self.add(&opened.told).await?;
        known.retain(|_, known| !erased.contains(&known.broadcast));
        for ((event, result), number) in opened.left_out {
            count(event, result, number);
        }
        Ok(())
    }

    /// Reads what is needed to open the receipts of alerts that were not heard of lately.
    async fn learn(
        &self,
        known: &mut HashMap<AlertId, Known>,
        waiting: &HashMap<AlertId, Vec<Said>>,
    ) -> Result<(), StoreError> {
        let is_new = |known: &HashMap<AlertId, Known>| waiting.keys().filter(|id| !known.contains_key(*id)).count();
        if known.len() + is_new(known) > BROADCASTS_KNOWN_MAX {
            known.clear();
        }
        let missing: Vec<&AlertId> = waiting.keys().filter(|alert| !known.contains_key(*alert)).collect();
        if !missing.is_empty() {
            let found = store::receipt::openings(&self.db, &self.vault, &missing).await?;
            known.extend(found.iter().map(|opening| (opening.alert.clone(), Known::from(opening))));
        }
        Ok(())
    }

    /// Opens what devices told of one broadcast. Invented tokens, and those of people who were never sent to, are left
    /// out.
    async fn open(&self, known: &mut Known, said: &[Said], opened: &mut Opened) -> Result<(), StoreError> {
        let Some(receipts) = &known.receipts else {
            said.iter().for_each(|said| opened.leave_out(said.event, "late"));
            return Ok(());
        };
        let slot = |said: &Said| receipts.open(std::str::from_utf8(&said.token).ok()?);
        let slots: Vec<_> = said.iter().map(slot).collect();
        if slots.iter().flatten().any(|slot| !known.started.contains(*slot)) {
            known.started = store::receipt::started(&self.db, &known.broadcast).await?;
        }
        for (said, slot) in said.iter().zip(slots) {
            match slot.filter(|slot| known.started.contains(*slot)) {
                Some(slot) => {
                    let after = said.at.duration_since(known.received).as_millis();
                    let told = opened.told.entry(known.broadcast.clone()).or_default();
                    told.note(slot, said.event, u64::try_from(after).unwrap_or(0));
                }
                None => opened.leave_out(said.event, "refused"),
            }
        }
        Ok(())
    }

    /// Adds all of it in one transaction; the broadcasts whose retention has ended are returned.
    async fn add(&self, all: &BTreeMap<BroadcastId, Told>) -> Result<Vec<BroadcastId>, StoreError> {
        if all.is_empty() {
            return Ok(Vec::new());
        }
        let mut counted = Vec::new();
        let mut tx = self.db.begin().await?;
        // In the order of ids: two nodes that add to the same broadcasts never wait for each other in a circle.
        for (broadcast, told) in all {
            counted.push((broadcast, told, store::receipt::add(&mut tx, &self.vault, broadcast, told).await?));
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
        Ok(erased)
    }

    async fn erase(&self) {
        let mut closing = self.closing.clone();
        while !*closing.borrow() {
            if let Err(error) = self.erase_once().await {
                tracing::error!(error = &error as &dyn std::error::Error, "old receipts could not be erased");
            }
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
