//! One leased batch on its way: what starts is written down before it starts, and outcomes as they come.

use super::Dispatcher;
use super::allowance::Taken;
use super::ending::{self, Ending};
use super::halt::Point;
use super::letters::MessageLetters;
use super::pauses::{LOOK_PEOPLE, Service, Way};
use super::send::{Sending, Sent};
use super::writer::{Report, Then, WriteError, Writer};
use crate::model::batch::{Lease, Part, Progress};
use crate::model::outcome::Outcome;
use crate::model::subscriber::Recipient;
use crate::pipeline::fence::Passage;
use crate::pipeline::measure::Meter;
use crate::pipeline::outcome::Tally;
use crate::store;
use crate::store::batch::Standing;
use jiff::{SignedDuration, Timestamp};
use roaring::RoaringBitmap;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::task::{JoinError, JoinSet};

/// Outcomes wait at most this long to be written down.
const CHECKPOINT_EVERY: Duration = Duration::from_millis(200);
/// People whose pushes are started at once, until others get their turn on this thread: a millisecond, where each needs
/// a key pair.
const TOGETHER: usize = 16;
/// A lease is renewed when this share of it has passed.
const LEASE_RENEW_SHARE: f64 = 0.3;
/// Nothing starts in the last share of a lease: clocks of two nodes may differ a little.
const LEASE_SAFE_SHARE: f64 = 0.8;

/// Sends a batch as far as it may go. `taken_at` is when its lease began.
pub async fn deliver(dispatcher: Arc<Dispatcher>, writer: Writer, lease: Lease, taken_at: Instant) {
    let (batch, broadcast) = (lease.batch.id.clone(), lease.batch.broadcast.clone());
    let service = dispatcher.pauses.service(&lease.batch.origin);
    dispatcher.halt.at(Point::Claimed);
    let paused_until = dispatcher.sender.paused_until(&lease.batch.origin);
    let (look, delivered) = match service.begin() {
        Way::Closed => (None, dispatcher.give_back(&writer, lease, None).await.map_err(Into::into)),
        Way::Open if paused_until.is_some() => {
            (None, dispatcher.give_back(&writer, lease, paused_until).await.map_err(Into::into))
        }
        Way::Open => (None, try_deliver(dispatcher.clone(), writer, lease, taken_at, service, false).await),
        Way::Look(look) => (Some(look), try_deliver(dispatcher.clone(), writer, lease, taken_at, service, true).await),
    };
    if let Err(error) = delivered {
        // The lease runs out and the batch is taken up again.
        tracing::error!(error = &*error as &dyn std::error::Error, %batch, "batch {batch} was not sent to its end");
    }
    // A look is over before others are called. The loop that started it sees its end by itself.
    drop(look);
    dispatcher.wake.changed(&broadcast);
}

type DeliveryError = Box<dyn std::error::Error + Send + Sync>;

async fn try_deliver(
    dispatcher: Arc<Dispatcher>,
    writer: Writer,
    lease: Lease,
    taken_at: Instant,
    service: Arc<Service>,
    looking: bool,
) -> Result<(), DeliveryError> {
    let letters = dispatcher.letters.of(&lease.batch).await?;
    let remaining = lease.batch.remaining();
    let read_at = dispatcher.clock.now();
    let (recipients, unreadable) =
        store::subscriber::readable_recipients(&dispatcher.db, &dispatcher.vault, &remaining).await?;
    dispatcher.halt.at(Point::Read);
    let mut tally = Tally::default();
    tally.progress.withdrawn = &remaining - &(slots(&recipients) | &unreadable);
    tally.unreadable(unreadable);
    let taken = dispatcher.allowances.of(&dispatcher.db, &lease.batch).await?;
    let mut delivery = Delivery {
        window: taken.window(),
        taken,
        sending: Arc::new(Sending::new(
            &dispatcher,
            &lease,
            letters.clone(),
            service.clone(),
            dispatcher.safe_until(taken_at),
        )),
        renewed_at: taken_at,
        letters,
        queue: in_turn(recipients, looking, &service),
        service,
        in_flight: JoinSet::new(),
        absent: RoaringBitmap::new(),
        present: RoaringBitmap::new(),
        tally,
        meter: Meter::of(&lease.batch),
        dirty: false,
        stopping: false,
        looking,
        probing: false,
        failed: false,
        unwritten: false,
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

/// Whoever looks whether a push service was mended asks for those first who were not refused.
fn in_turn(mut recipients: Vec<Recipient>, looking: bool, service: &Service) -> VecDeque<Recipient> {
    if looking {
        let refused = service.refused_people();
        recipients.sort_by_key(|recipient| refused.contains(recipient.slot));
    }
    recipients.into()
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
    service: Arc<Service>,
    /// The most of whom no outcome is known at any time.
    window: usize,
    /// The same, with those whose outcome is known and not written down yet.
    taken: Taken,
    queue: VecDeque<Recipient>,
    in_flight: JoinSet<Sent>,
    /// Those whom the index did not have when their turn came: they may have withdrawn.
    absent: RoaringBitmap,
    /// Those of them whom the database has all the same.
    present: RoaringBitmap,
    tally: Tally,
    meter: Meter,
    /// Outcomes came since the last checkpoint.
    dirty: bool,
    /// No more may start.
    stopping: bool,
    /// The push service refuses us: only a few start, until it accepts one.
    looking: bool,
    /// The push service failed: only a few start, until it answers one.
    probing: bool,
    /// A send ended by a fault of ours: of whom is not known.
    failed: bool,
    /// What is known could not be written down just now: nobody starts until it is.
    unwritten: bool,
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
            if self.wants_more() {
                if !self.start_some(is_closing).await? {
                    return Ok(Ending::Lost);
                }
                if !self.dirty {
                    // All there was is written down.
                    tick.reset();
                }
            }
            if self.in_flight.is_empty() && (self.stopping || self.queue.is_empty()) {
                if self.stopping || self.absent.is_empty() {
                    return Ok(self.decide());
                }
                if let Err(error) = self.look_for_absent().await {
                    // They are as untried as they were.
                    tracing::error!(error = &error as &dyn std::error::Error, "who has left could not be read");
                    self.stopping = true;
                }
                continue;
            }
            tokio::select! {
                Some(sent) = self.in_flight.join_next() => self.note(sent),
                _ = tick.tick() => {
                    let renew = self.renewed_at + self.dispatcher.settings.lease.mul_f64(LEASE_RENEW_SHARE);
                    let due = self.dirty || self.unwritten || self.dispatcher.clock.monotonic() > renew;
                    if due && !self.try_checkpoint().await? {
                        return Ok(Ending::Lost);
                    }
                    if self.queue.is_empty() && !self.dirty {
                        self.taken.shrink_to(self.in_flight.len());
                    }
                }
                Ok(()) = closing.changed(), if !self.stopping => self.stopping = true,
                () = self.taken.changed(), if self.in_flight.is_empty() && self.taken.count() == 0 => {}
            }
        }
    }

    fn wants_more(&self) -> bool {
        let few = if self.looking || self.probing { 0 } else { self.taken.count().min(self.window) / 2 };
        // Who has nothing waits until there is enough: each start is a commit.
        let enough = self.taken.count() > 0 || self.taken.left() >= self.queue.len().min(self.window.div_ceil(2));
        !self.stopping && !self.unwritten && !self.queue.is_empty() && self.in_flight.len() <= few && enough
    }

    /// Writes down who is next, then starts them. `false`: the lease is lost.
    async fn start_some(&mut self, closing: bool) -> Result<bool, WriteError> {
        let batch = &self.lease.batch;
        let stopped = self.dispatcher.fence.known(&batch.broadcast).await == Passage::Stopped;
        let now = self.dispatcher.clock.now();
        let (expired, asleep) = (self.letters.expired(now), batch.awake_from(now) > now);
        let pause = self.dispatcher.sender.paused_until(&batch.origin);
        self.paused_until = self.paused_until.max(pause);
        let refused = self.service.is_paused() && !self.looking;
        if stopped || expired || asleep || closing || pause.is_some() || refused {
            self.stopping = true;
            return Ok(true);
        }
        let probes = self.dispatcher.sender.probes(&batch.origin);
        self.probing = probes.is_some();
        let window = probes.map_or(self.window, |probes| probes as usize);
        let window = if self.looking { window.min(LOOK_PEOPLE) } else { window };
        let wanted = self.in_flight.len() + self.queue.len().min(window.saturating_sub(self.in_flight.len()));
        let count = self.taken.grow_to(wanted).min(wanted) - self.in_flight.len();
        let next: Vec<Recipient> = self.queue.drain(..count).collect();
        self.tally.progress.started.extend(next.iter().map(|recipient| recipient.slot));
        self.dispatcher.halt.at(Point::Starting);
        if !self.try_checkpoint().await? {
            return Ok(false);
        }
        if self.unwritten {
            // They have not begun: they are first when it can be written.
            self.tally.progress.started -= slots(&next);
            next.into_iter().rev().for_each(|recipient| self.queue.push_front(recipient));
            return Ok(true);
        }
        self.dispatcher.halt.at(Point::Started);
        self.taken.shrink_to(self.in_flight.len() + next.len());
        if !self.stopping {
            self.begin(next).await;
        }
        Ok(true)
    }

    /// Starts them, a few at a time: between those, others have their turn.
    async fn begin(&mut self, people: Vec<Recipient>) {
        let mut people = people.into_iter().peekable();
        while people.peek().is_some() {
            let sender = &self.dispatcher.sender;
            let few: Vec<_> = people.by_ref().take(TOGETHER).map(|person| (sender.ahead(&person), person)).collect();
            for (ahead, recipient) in few {
                let checked = self.present.contains(recipient.slot);
                self.in_flight.spawn(self.sending.clone().send(recipient, ahead, checked));
            }
            if people.peek().is_some() {
                tokio::task::yield_now().await;
            }
        }
    }

    /// The same as [`Delivery::checkpoint`]; when the database fails, what is under way goes on and is kept until it can
    /// be written, as long as the lease lasts.
    async fn try_checkpoint(&mut self) -> Result<bool, WriteError> {
        match self.checkpoint().await {
            Ok(held) => {
                self.unwritten = false;
                Ok(held)
            }
            Err(error) => self.outlast(error).map(|()| true),
        }
    }

    /// # Errors
    /// There is no time left to write anything down, or nobody to do it.
    fn outlast(&mut self, error: WriteError) -> Result<(), WriteError> {
        let over = self.dispatcher.clock.monotonic() >= self.renewed_at + self.dispatcher.settings.lease;
        if over || matches!(error, WriteError::Ended) {
            return Err(error);
        }
        if !self.unwritten {
            let batch = &self.lease.batch.id;
            tracing::error!(
                error = &error as &dyn std::error::Error,
                %batch,
                "what became of batch {batch} could not be written down; it is tried again"
            );
        }
        self.unwritten = true;
        Ok(())
    }

    fn note(&mut self, sent: Result<Sent, JoinError>) {
        match sent {
            Ok(Sent::Answered(slot, outcome)) => {
                self.meter.outcome(&outcome);
                match &outcome {
                    Outcome::Accepted => {
                        self.looking = false;
                        let (received, now) = (self.letters.received(), self.dispatcher.clock.now());
                        let after_ms = self.meter.accepted_after_ms(received, now);
                        self.tally.progress.accepted_after_ms.insert(slot, after_ms);
                    }
                    Outcome::Misconfigured { .. } => self.stopping |= self.service.is_paused(),
                    Outcome::Gone | Outcome::Rejected { .. } | Outcome::Retry { .. } => {}
                }
                self.probing = self.probing && self.dispatcher.sender.probes(&self.lease.batch.origin).is_some();
                self.tally.record(slot, outcome);
                self.dirty = true;
            }
            Ok(Sent::LeftAlone { until }) => {
                self.paused_until = self.paused_until.max(Some(until));
                self.stopping = true;
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
        let Dispatcher { db, vault, .. } = &*self.dispatcher;
        let (found, unreadable) = store::subscriber::readable_recipients(db, vault, &absent).await?;
        self.present |= slots(&found);
        self.tally.progress.withdrawn |= absent - (&self.present | &unreadable);
        self.tally.unreadable(unreadable);
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
        let Dispatcher { fence, sender, clock, settings, .. } = &*self.dispatcher;
        let batch = &self.lease.batch;
        ending::Known {
            batch,
            tally: &self.tally,
            stopped: fence.passage(&batch.broadcast) == Passage::Stopped,
            expired: self.letters.expired(clock.now()),
            refused: self.service.is_paused(),
            failed: self.failed,
            paused_for: self
                .paused_until
                .max(sender.paused_until(&batch.origin))
                .map(|until| until.saturating_duration_since(clock.monotonic())),
            now: clock.now(),
        }
        .ending(settings)
    }

    async fn end(mut self, ending: Ending) -> Result<(), WriteError> {
        let lease = self.lease.clone();
        let batch = &lease.batch;
        self.dispatcher.rejections.note(batch, &self.tally.rejections);
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
        let mut again = tokio::time::interval(CHECKPOINT_EVERY);
        while let Err(error) = self.writer.report(report.clone()).await {
            self.outlast(error)?;
            again.tick().await;
        }
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
    /// Nothing may be sent of a batch now, or until then, and nobody's endpoint need be read for that.
    async fn give_back(&self, writer: &Writer, lease: Lease, until: Option<Instant>) -> Result<(), WriteError> {
        let Lease { batch, .. } = &lease;
        let wait = until.map(|until| until.saturating_duration_since(self.clock.monotonic())).unwrap_or_default();
        let wait = SignedDuration::try_from(wait).unwrap_or(SignedDuration::MAX);
        let all = Part {
            batch: batch.id.clone(),
            who: batch.remaining(),
            not_before: batch.awake_from(self.clock.now().saturating_add(wait).unwrap_or(Timestamp::MAX)),
            attempts: batch.attempts,
        };
        let report = Report {
            progress: Progress::default(),
            gone: RoaringBitmap::new(),
            read_at: batch.not_before,
            then: Then::PutBack(vec![all]),
            lease: Arc::new(lease),
        };
        writer.report(report).await.map(drop)
    }

    /// Until when pushes may start under a lease that was taken or renewed then, on the monotonic clock.
    fn safe_until(&self, taken_at: Instant) -> Instant {
        taken_at + self.settings.lease.mul_f64(LEASE_SAFE_SHARE)
    }
}
