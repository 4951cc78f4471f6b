//! One leased batch on its way: what starts is written down before it starts, and outcomes as they come.

use super::Dispatcher;
use super::letters::MessageLetters;
use crate::clock;
use crate::model::batch::Lease;
use crate::model::id::Slot;
use crate::model::outcome::Outcome;
use crate::model::subscriber::Recipient;
use crate::pipeline::fence::Passage;
use crate::pipeline::measure;
use crate::pipeline::outcome::{Tally, wait};
use crate::store::batch::Standing;
use crate::store::{self, StoreError};
use jiff::{SignedDuration, Timestamp};
use roaring::RoaringBitmap;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// The most recipients of a batch of whom no outcome is known although their push may have begun: what a crash can
/// make us repeat.
pub const WINDOW_RECIPIENTS_MAX: usize = 250;
/// Outcomes wait at most this long to be written down.
const CHECKPOINT_EVERY: Duration = Duration::from_millis(100);
/// A lease is renewed when this share of it has passed.
const LEASE_RENEW_SHARE: f64 = 0.3;
/// Nothing starts in the last share of a lease: clocks of two nodes may differ a little.
const LEASE_SAFE_SHARE: f64 = 0.8;

/// How a batch leaves this sender.
enum End {
    /// Every recipient has an outcome, or no more may be sent: write down what is known.
    Finish,
    /// Some are to be tried again, not before this.
    PutBack(Timestamp),
    /// Another sender holds the lease.
    Lost,
}

/// Sends a batch as far as it may go. `taken_at` is when its lease began.
pub async fn deliver(dispatcher: Arc<Dispatcher>, lease: Lease, taken_at: Instant) {
    let batch = lease.batch.id.clone();
    let broadcast = lease.batch.broadcast.clone();
    if let Err(error) = try_deliver(dispatcher.clone(), lease, taken_at).await {
        // The lease runs out and the batch is taken up again.
        tracing::error!(error = &*error as &dyn std::error::Error, %batch, "batch {batch} was not sent to its end");
    }
    dispatcher.wake.changed(&broadcast);
    dispatcher.wake.dispatch.notify_one();
}

type DeliveryError = Box<dyn std::error::Error + Send + Sync>;

async fn try_deliver(dispatcher: Arc<Dispatcher>, lease: Lease, taken_at: Instant) -> Result<(), DeliveryError> {
    let letters = dispatcher.letters.of(&lease.batch).await?;
    let remaining = lease.batch.remaining();
    let read_at = dispatcher.clock.now();
    let recipients = store::subscriber::recipients(&dispatcher.db, &dispatcher.vault, &remaining).await?;
    let mut tally = Tally::default();
    tally.progress.withdrawn =
        &remaining - &recipients.iter().map(|recipient| recipient.slot).collect::<RoaringBitmap>();
    let mut delivery = Delivery {
        valid_until: watch::Sender::new(taken_at + dispatcher.settings.lease.mul_f64(LEASE_SAFE_SHARE)),
        renewed_at: taken_at,
        letters,
        queue: recipients.into(),
        in_flight: JoinSet::new(),
        tally,
        dirty: false,
        stopping: false,
        paused_until: None,
        retired: RoaringBitmap::new(),
        read_at,
        lease,
        dispatcher,
    };
    let end = delivery.run().await?;
    delivery.end(end).await?;
    Ok(())
}

struct Delivery {
    dispatcher: Arc<Dispatcher>,
    lease: Lease,
    letters: Arc<MessageLetters>,
    queue: VecDeque<Recipient>,
    in_flight: JoinSet<(Slot, Option<Outcome>)>,
    tally: Tally,
    /// Outcomes came since the last checkpoint.
    dirty: bool,
    /// No more may start.
    stopping: bool,
    /// The push service asked to be left alone until then.
    paused_until: Option<Instant>,
    /// Gone endpoints already retired.
    retired: RoaringBitmap,
    /// When the endpoints were read: whoever brought a new one since is not retired for the old one.
    read_at: Timestamp,
    renewed_at: Instant,
    /// Until when pushes may start under the lease, on the monotonic clock.
    valid_until: watch::Sender<Instant>,
}

impl Delivery {
    async fn run(&mut self) -> Result<End, StoreError> {
        let mut tick = tokio::time::interval(CHECKPOINT_EVERY);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut closing = self.dispatcher.closing.clone();
        loop {
            let is_closing = *closing.borrow();
            if self.wants_more() && !self.start_some(is_closing).await? {
                return Ok(End::Lost);
            }
            if self.in_flight.is_empty() && (self.stopping || self.queue.is_empty()) {
                return Ok(self.decide());
            }
            tokio::select! {
                Some(sent) = self.in_flight.join_next() => self.note(sent),
                _ = tick.tick() => {
                    let renew = self.renewed_at + self.dispatcher.settings.lease.mul_f64(LEASE_RENEW_SHARE);
                    if (self.dirty || self.dispatcher.clock.monotonic() > renew) && !self.checkpoint().await? {
                        return Ok(End::Lost);
                    }
                }
                Ok(()) = closing.changed(), if !self.stopping => self.stopping = true,
            }
        }
    }

    fn wants_more(&self) -> bool {
        !self.stopping && !self.queue.is_empty() && self.in_flight.len() <= WINDOW_RECIPIENTS_MAX / 2
    }

    /// Writes down who is next, then starts them. `false`: the lease is lost.
    async fn start_some(&mut self, closing: bool) -> Result<bool, StoreError> {
        let batch = &self.lease.batch;
        let stopped = self.dispatcher.fence.known(&batch.broadcast).await == Passage::Stopped;
        let now = self.dispatcher.clock.now();
        let expired = self.letters.expired(now);
        let asleep = batch.awake_from(now) > now;
        let pause = self.dispatcher.sender.paused_until(&batch.origin);
        self.paused_until = self.paused_until.max(pause);
        if stopped || expired || asleep || closing || pause.is_some() || self.tally.refused() {
            self.stopping = true;
            return Ok(true);
        }
        let count = self.queue.len().min(WINDOW_RECIPIENTS_MAX - self.in_flight.len());
        let next: Vec<Recipient> = self.queue.drain(..count).collect();
        self.tally.progress.started.extend(next.iter().map(|recipient| recipient.slot));
        if !self.checkpoint().await? {
            return Ok(false);
        }
        if !self.stopping {
            for recipient in next {
                self.start(recipient);
            }
        }
        Ok(true)
    }

    fn start(&mut self, recipient: Recipient) {
        let dispatcher = self.dispatcher.clone();
        let letters = self.letters.clone();
        let valid_until = self.valid_until.subscribe();
        let closing = self.dispatcher.closing.clone();
        let batch = &self.lease.batch;
        let (broadcast, tier, origin) = (batch.broadcast.clone(), batch.tier, batch.origin.clone());
        self.in_flight.spawn(async move {
            let slot = recipient.slot;
            // First the push service's own turn: who waits for a slow one holds up nobody else.
            let _turn = dispatcher.turn(&origin).await;
            let letter = letters.of(&recipient, dispatcher.clock.now());
            let _pass = dispatcher.gate.pass(tier).await;
            let clock = dispatcher.clock;
            let over = || {
                clock.monotonic() >= *valid_until.borrow() || letter.ttl_s(clock.now()).is_none() || *closing.borrow()
            };
            // Asked for the last time when the bytes are about to go.
            let may_start = || dispatcher.fence.passage(&broadcast) == Passage::Open && !over();
            while dispatcher.fence.known(&broadcast).await == Passage::Open && !over() {
                if let Some(outcome) = dispatcher.sender.send(&recipient, letter, clock.now(), &may_start).await {
                    return (slot, Some(outcome));
                }
            }
            (slot, None)
        });
    }

    fn note(&mut self, sent: Result<(Slot, Option<Outcome>), tokio::task::JoinError>) {
        match sent {
            Ok((slot, Some(outcome))) => {
                measure::outcome(&self.lease.batch, &outcome);
                if outcome == Outcome::Accepted {
                    let (received, now) = (self.letters.received(), self.dispatcher.clock.now());
                    let after_ms = measure::accepted_after_ms(self.lease.batch.tier, received, now);
                    self.tally.progress.accepted_after_ms.insert(slot, after_ms);
                }
                self.tally.record(slot, outcome);
                self.dirty = true;
            }
            Ok((_, None)) => {}
            Err(error) => {
                // Whoever it was is tried again, but not at once: it may fail again.
                tracing::error!(error = &error as &dyn std::error::Error, "a send failed");
                self.tally.retry_after.get_or_insert(Duration::ZERO);
            }
        }
    }

    /// Writes down what is known and renews the lease. `false`: the lease is lost.
    async fn checkpoint(&mut self) -> Result<bool, StoreError> {
        let at = self.dispatcher.clock.monotonic();
        let now = self.dispatcher.clock.now();
        let gone = &self.tally.progress.gone - &self.retired;
        let mut tx = self.dispatcher.db.begin().await?;
        let until = self.dispatcher.lease_until(now);
        let standing = store::batch::checkpoint(&mut tx, &self.lease, &self.tally.progress, until).await?;
        if !gone.is_empty() {
            store::subscriber::retire(&mut tx, &gone, self.read_at).await?;
        }
        tx.commit().await?;
        self.retired |= &gone;
        self.dirty = false;
        match standing {
            Standing::Stale => return Ok(false),
            Standing::Closed => self.stopping = true,
            Standing::Open => {
                self.renewed_at = at;
                self.valid_until.send_replace(at + self.dispatcher.settings.lease.mul_f64(LEASE_SAFE_SHARE));
            }
        }
        self.dispatcher.wake.changed(&self.lease.batch.broadcast);
        Ok(true)
    }

    /// What becomes of the batch when nothing is under way any more.
    fn decide(&mut self) -> End {
        let batch = &self.lease.batch;
        let settings = &self.dispatcher.settings;
        let mut progress = batch.progress.clone();
        progress.merge(&self.tally.progress);
        let stopped = self.dispatcher.fence.passage(&batch.broadcast) == Passage::Stopped;
        if stopped || (&batch.todo - &progress.settled()).is_empty() {
            return End::Finish;
        }
        if self.letters.expired(self.dispatcher.clock.now()) {
            // Nothing starts any more; the sweep closes it when its validity ends.
            return End::PutBack(batch.expires);
        }
        let mut asked = self.tally.retry_after;
        if let Some(reason) = &self.tally.misconfigured {
            tracing::error!(
                origin = batch.origin,
                reason,
                "{} refuses our credentials or settings: nothing is lost, it is tried again when they are mended",
                batch.origin
            );
            metrics::counter!("beffroi_push_misconfigured_total").increment(1);
            asked = if self.tally.refused() {
                Some(settings.retry_longest)
            } else {
                asked.or(Some(settings.retry_longest))
            };
        }
        if let Some(until) = self.paused_until {
            asked = asked.max(Some(until.saturating_duration_since(self.dispatcher.clock.monotonic())));
        }
        let jitter = f64::from(u32::from_le_bytes(clock::random_bytes())) / f64::from(u32::MAX);
        let wait = match asked {
            Some(asked) => wait(batch.attempts, asked, settings.retry_first, settings.retry_longest, jitter),
            None => Duration::ZERO,
        };
        let wait = SignedDuration::try_from(wait).unwrap_or(SignedDuration::MAX);
        let again = self.dispatcher.clock.now().saturating_add(wait).unwrap_or(Timestamp::MAX);
        End::PutBack(batch.awake_from(again))
    }

    async fn end(&mut self, end: End) -> Result<(), StoreError> {
        let now = self.dispatcher.clock.now();
        let gone = &self.tally.progress.gone - &self.retired;
        let broadcast = &self.lease.batch.broadcast;
        let mut tx = self.dispatcher.db.begin().await?;
        match end {
            End::Finish => {
                store::batch::finish(&mut tx, &self.lease, &self.tally.progress).await?;
            }
            End::PutBack(not_before) => {
                store::batch::put_back(&mut tx, &self.lease, &self.tally.progress, not_before).await?;
            }
            End::Lost => {
                tracing::warn!(batch = %self.lease.batch.id, "the lease of batch {} was lost", self.lease.batch.id);
            }
        }
        if !gone.is_empty() {
            store::subscriber::retire(&mut tx, &gone, self.read_at).await?;
        }
        tx.commit().await?;
        self.dispatcher.wake.audience.notify_one();
        // In a transaction of its own: only then do two nodes that end the last two batches see each other.
        let mut tx = self.dispatcher.db.begin().await?;
        store::broadcast::finish(&mut tx, broadcast, now).await?;
        tx.commit().await?;
        Ok(())
    }
}
