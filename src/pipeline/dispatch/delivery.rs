//! One leased batch on its way: what starts is written down before it starts, and outcomes as they come.

use super::Dispatcher;
use super::ending::{self, Ending};
use super::halt::Point;
use super::letters::MessageLetters;
use super::pauses::{REFUSED_IN_A_ROW, Way};
use super::send::{Sending, Sent};
use super::slots::BATCH_WEIGHT_MAX;
use super::writer::{Report, Then, WriteError, Writer};
use crate::model::batch::{BATCH_RECIPIENTS_MAX, Lease};
use crate::model::outcome::Outcome;
use crate::model::subscriber::Recipient;
use crate::pipeline::fence::Passage;
use crate::pipeline::measure;
use crate::pipeline::outcome::Tally;
use crate::store;
use crate::store::batch::Standing;
use jiff::Timestamp;
use roaring::RoaringBitmap;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::task::{JoinError, JoinSet};

/// The most recipients of a batch of whom no outcome is known although their push may have begun, for all but very
/// large broadcasts: what a crash can make us repeat. With the batches that a push service gets at once
/// ([`super::slots`]) that is 500 people, and half a per cent of a hundred thousand.
const WINDOW_RECIPIENTS: usize = BATCH_WEIGHT_MAX;
/// The same for the largest. A window is never more than one in so many of a broadcast's people, or
/// [`WINDOW_RECIPIENTS`]: the four batches of a push service repeat a quarter of a per cent.
pub const WINDOW_RECIPIENTS_MAX: usize = BATCH_RECIPIENTS_MAX / 2;
const WINDOW_SHARE: u64 = 1_600;
/// Outcomes wait at most this long to be written down.
const CHECKPOINT_EVERY: Duration = Duration::from_millis(100);
/// A lease is renewed when this share of it has passed.
const LEASE_RENEW_SHARE: f64 = 0.3;
/// Nothing starts in the last share of a lease: clocks of two nodes may differ a little.
const LEASE_SAFE_SHARE: f64 = 0.8;

/// Sends a batch as far as it may go. `taken_at` is when its lease began.
pub async fn deliver(dispatcher: Arc<Dispatcher>, writer: Writer, lease: Lease, taken_at: Instant) {
    let (batch, broadcast, origin) =
        (lease.batch.id.clone(), lease.batch.broadcast.clone(), lease.batch.origin.clone());
    let way = dispatcher.pauses.begin(&origin);
    dispatcher.halt.at(Point::Claimed);
    if let Err(error) = try_deliver(dispatcher.clone(), writer, lease, taken_at, way).await {
        // The lease runs out and the batch is taken up again.
        tracing::error!(error = &*error as &dyn std::error::Error, %batch, "batch {batch} was not sent to its end");
    }
    if way == Way::Look {
        dispatcher.pauses.looked(&origin);
    }
    // The loop that started it sees its end by itself.
    dispatcher.wake.changed(&broadcast);
}

type DeliveryError = Box<dyn std::error::Error + Send + Sync>;

async fn try_deliver(
    dispatcher: Arc<Dispatcher>,
    writer: Writer,
    lease: Lease,
    taken_at: Instant,
    way: Way,
) -> Result<(), DeliveryError> {
    let letters = dispatcher.letters.of(&lease.batch).await?;
    let remaining = lease.batch.remaining();
    let read_at = dispatcher.clock.now();
    let recipients = store::subscriber::recipients(&dispatcher.db, &dispatcher.vault, &remaining).await?;
    dispatcher.halt.at(Point::Read);
    let mut tally = Tally::default();
    tally.progress.withdrawn = &remaining - &slots(&recipients);
    let window = usize::try_from(letters.people() / WINDOW_SHARE).unwrap_or(usize::MAX);
    let mut delivery = Delivery {
        window: window.clamp(WINDOW_RECIPIENTS, WINDOW_RECIPIENTS_MAX),
        sending: Arc::new(Sending::new(&dispatcher, &lease, letters.clone(), dispatcher.safe_until(taken_at))),
        renewed_at: taken_at,
        letters,
        queue: recipients.into(),
        in_flight: JoinSet::new(),
        absent: RoaringBitmap::new(),
        present: RoaringBitmap::new(),
        tally,
        dirty: false,
        stopping: way == Way::Closed,
        looking: way == Way::Look,
        failed: false,
        paused_until: None,
        retired: RoaringBitmap::new(),
        read_at,
        lease: Arc::new(lease),
        dispatcher,
        writer,
    };
    let ending = delivery.run().await?;
    delivery.end(ending).await?;
    Ok(())
}

fn slots(recipients: &[Recipient]) -> RoaringBitmap {
    recipients.iter().map(|recipient| recipient.slot).collect()
}

struct Delivery {
    dispatcher: Arc<Dispatcher>,
    writer: Writer,
    lease: Arc<Lease>,
    letters: Arc<MessageLetters>,
    sending: Arc<Sending>,
    /// The most of whom no outcome is known at any time.
    window: usize,
    queue: VecDeque<Recipient>,
    in_flight: JoinSet<Sent>,
    /// Those whom the index did not have when their turn came: they may have withdrawn.
    absent: RoaringBitmap,
    /// Those of them whom the database has all the same.
    present: RoaringBitmap,
    tally: Tally,
    /// Outcomes came since the last checkpoint.
    dirty: bool,
    /// No more may start.
    stopping: bool,
    /// The push service refuses us: only a few start, until it accepts one.
    looking: bool,
    /// A send ended by a fault of ours: of whom is not known.
    failed: bool,
    /// The push service asked to be left alone until then.
    paused_until: Option<Instant>,
    /// Gone endpoints already retired.
    retired: RoaringBitmap,
    /// When the endpoints were read: whoever brought a new one since is not retired for the old one.
    read_at: Timestamp,
    renewed_at: Instant,
}

impl Delivery {
    async fn run(&mut self) -> Result<Ending, DeliveryError> {
        let mut tick = tokio::time::interval(CHECKPOINT_EVERY);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut closing = self.dispatcher.closing.clone();
        loop {
            let is_closing = *closing.borrow();
            if self.wants_more() && !self.start_some(is_closing).await? {
                return Ok(Ending::Lost);
            }
            if self.in_flight.is_empty() && (self.stopping || self.queue.is_empty()) {
                if self.stopping || self.absent.is_empty() {
                    return Ok(self.decide());
                }
                self.look_for_absent().await?;
                continue;
            }
            tokio::select! {
                Some(sent) = self.in_flight.join_next() => self.note(sent),
                _ = tick.tick() => {
                    let renew = self.renewed_at + self.dispatcher.settings.lease.mul_f64(LEASE_RENEW_SHARE);
                    if (self.dirty || self.dispatcher.clock.monotonic() > renew) && !self.checkpoint().await? {
                        return Ok(Ending::Lost);
                    }
                }
                Ok(()) = closing.changed(), if !self.stopping => self.stopping = true,
            }
        }
    }

    fn wants_more(&self) -> bool {
        let few = if self.looking { 0 } else { self.window / 2 };
        !self.stopping && !self.queue.is_empty() && self.in_flight.len() <= few
    }

    /// Writes down who is next, then starts them. `false`: the lease is lost.
    async fn start_some(&mut self, closing: bool) -> Result<bool, WriteError> {
        let batch = &self.lease.batch;
        let stopped = self.dispatcher.fence.known(&batch.broadcast).await == Passage::Stopped;
        let now = self.dispatcher.clock.now();
        let (expired, asleep) = (self.letters.expired(now), batch.awake_from(now) > now);
        let pause = self.dispatcher.sender.paused_until(&batch.origin);
        self.paused_until = self.paused_until.max(pause);
        let refused = self.dispatcher.pauses.is_paused(&batch.origin) && !self.looking;
        if stopped || expired || asleep || closing || pause.is_some() || refused {
            self.stopping = true;
            return Ok(true);
        }
        let window = if self.looking { REFUSED_IN_A_ROW as usize } else { self.window };
        let count = self.queue.len().min(window - self.in_flight.len());
        let next: Vec<Recipient> = self.queue.drain(..count).collect();
        self.tally.progress.started.extend(next.iter().map(|recipient| recipient.slot));
        self.dispatcher.halt.at(Point::Starting);
        if !self.checkpoint().await? {
            return Ok(false);
        }
        self.dispatcher.halt.at(Point::Started);
        if !self.stopping {
            for recipient in next {
                let checked = self.present.contains(recipient.slot);
                self.in_flight.spawn(self.sending.clone().send(recipient, checked));
            }
        }
        Ok(true)
    }

    fn note(&mut self, sent: Result<Sent, JoinError>) {
        match sent {
            Ok(Sent::Answered(slot, outcome)) => {
                measure::outcome(&self.lease.batch, &outcome);
                let batch = &self.lease.batch;
                match &outcome {
                    Outcome::Accepted => {
                        self.looking = false;
                        self.dispatcher.accepted(&batch.origin);
                        let (received, now) = (self.letters.received(), self.dispatcher.clock.now());
                        let after_ms = measure::accepted_after_ms(batch.tier, received, now);
                        self.tally.progress.accepted_after_ms.insert(slot, after_ms);
                    }
                    Outcome::Misconfigured { reason } => {
                        self.stopping |= self.dispatcher.refused(&batch.origin, reason);
                    }
                    Outcome::Gone | Outcome::Rejected { .. } | Outcome::Retry { .. } => {}
                }
                self.tally.record(slot, outcome);
                self.dirty = true;
            }
            Ok(Sent::Absent(slot)) => _ = self.absent.insert(slot),
            Ok(Sent::NotStarted) => {}
            Err(error) => {
                // Whoever it was is tried again, but not at once: it may fail again.
                tracing::error!(error = &error as &dyn std::error::Error, "a send failed");
                self.failed = true;
            }
        }
    }

    /// The index of this node may be behind, so only the database's word counts that somebody withdrew.
    async fn look_for_absent(&mut self) -> Result<(), store::StoreError> {
        let absent = std::mem::take(&mut self.absent);
        let found = store::subscriber::recipients(&self.dispatcher.db, &self.dispatcher.vault, &absent).await?;
        self.present |= slots(&found);
        self.tally.progress.withdrawn |= absent - &self.present;
        self.queue.extend(found);
        Ok(())
    }

    /// Writes down what is known and renews the lease. `false`: the lease is lost.
    async fn checkpoint(&mut self) -> Result<bool, WriteError> {
        let at = self.dispatcher.clock.monotonic();
        let until = self.dispatcher.lease_until(self.dispatcher.clock.now());
        let report = self.report(Then::Hold(until));
        let gone = report.gone.clone();
        let standing = self.writer.report(report).await?;
        self.retired |= gone;
        self.tally.progress.accepted_after_ms.clear();
        self.dirty = false;
        match standing {
            Standing::Stale => return Ok(false),
            Standing::Closed => self.stopping = true,
            Standing::Open => {
                self.renewed_at = at;
                self.sending.may_go_on_until(self.dispatcher.safe_until(at));
            }
        }
        self.dispatcher.wake.changed(&self.lease.batch.broadcast);
        Ok(true)
    }

    fn report(&self, then: Then) -> Report {
        Report {
            lease: self.lease.clone(),
            progress: self.tally.progress.clone(),
            gone: &self.tally.progress.gone - &self.retired,
            read_at: self.read_at,
            then,
        }
    }

    /// What becomes of the batch when nothing is under way any more.
    fn decide(&self) -> Ending {
        let Dispatcher { fence, pauses, sender, clock, settings, .. } = &*self.dispatcher;
        let batch = &self.lease.batch;
        ending::Known {
            batch,
            tally: &self.tally,
            stopped: fence.passage(&batch.broadcast) == Passage::Stopped,
            expired: self.letters.expired(clock.now()),
            refused: pauses.is_paused(&batch.origin),
            failed: self.failed,
            paused_for: self
                .paused_until
                .max(sender.paused_until(&batch.origin))
                .map(|until| until.saturating_duration_since(clock.monotonic())),
            now: clock.now(),
        }
        .ending(settings)
    }

    async fn end(self, ending: Ending) -> Result<(), WriteError> {
        let batch = &self.lease.batch;
        let (then, ended) = match ending {
            Ending::Finish => (Then::Finish, true),
            Ending::PutBack(parts) => (Then::PutBack(parts), false),
            Ending::Lost => {
                tracing::warn!(batch = %batch.id, "the lease of batch {} was lost", batch.id);
                (Then::Nothing, false)
            }
        };
        self.dispatcher.halt.at(if ended { Point::Finishing } else { Point::PuttingBack });
        let report = self.report(then);
        let any_gone = !self.tally.progress.gone.is_empty();
        self.writer.report(report).await?;
        if any_gone {
            self.dispatcher.wake.audience.notify_one();
        }
        if ended {
            self.writer.ended(batch.broadcast.clone()).await;
        }
        Ok(())
    }
}

impl Dispatcher {
    /// Until when pushes may start under a lease that was taken or renewed then, on the monotonic clock.
    fn safe_until(&self, taken_at: Instant) -> Instant {
        taken_at + self.settings.lease.mul_f64(LEASE_SAFE_SHARE)
    }
}
