//! One push of a batch: in line at the gate, asked for the last time whether it may, and gone.

use super::Dispatcher;
use super::halt::Point;
use super::letters::MessageLetters;
use super::pauses::{self, Judged, Service};
use crate::model::batch::{Lease, Ring};
use crate::model::id::{BroadcastId, Slot};
use crate::model::outcome::Outcome;
use crate::model::subscriber::{QuietHours, Recipient};
use crate::model::tier::Tier;
use crate::pipeline::fence::Passage;
use crate::push::letter::Letter;
use crate::push::{Ahead, Pushed};
use roaring::RoaringBitmap;
use std::sync::{Arc, Mutex};
use std::time::Instant;

/// What became of a push that its service refuses while it takes the same for others.
const KEY_MISMATCH: &str = "key-mismatch";

/// What became of one send.
#[derive(Debug)]
pub enum Sent {
    Answered(Slot, Outcome),
    /// The push service is left alone until then: nothing was sent.
    LeftAlone {
        until: Instant,
    },
    /// The index has nobody with this slot: nothing was sent.
    Absent(Slot),
    /// Stopped, expired, closing, in their quiet hours, or the lease is over: nothing was sent.
    NotStarted,
}

/// What all sends of a batch have in common.
pub struct Sending {
    dispatcher: Arc<Dispatcher>,
    letters: Arc<MessageLetters>,
    service: Arc<Service>,
    broadcast: BroadcastId,
    origin: Arc<str>,
    tier: Tier,
    ring: Ring,
    /// Those whose push had begun before.
    begun: RoaringBitmap,
    /// The quiet hours of everyone in the batch, in which nothing starts.
    hours: Option<QuietHours>,
    /// Until when pushes may start under the lease, on the monotonic clock.
    valid_until: Mutex<Instant>,
}

impl Sending {
    pub fn new(
        dispatcher: &Arc<Dispatcher>,
        lease: &Lease,
        letters: Arc<MessageLetters>,
        service: Arc<Service>,
        valid_until: Instant,
    ) -> Self {
        let batch = &lease.batch;
        Self {
            dispatcher: dispatcher.clone(),
            letters,
            service,
            broadcast: batch.broadcast.clone(),
            origin: Arc::from(batch.origin.as_str()),
            tier: batch.tier,
            ring: batch.ring,
            begun: batch.progress.started.clone(),
            hours: batch.hours.clone(),
            valid_until: Mutex::new(valid_until),
        }
    }

    /// The lease was renewed.
    pub fn may_go_on_until(&self, at: Instant) {
        *self.until() = at;
    }

    /// Sends to one recipient. `present` says that the database was asked whether they are there still.
    #[expect(clippy::manual_async_fn, reason = "an async fn would have room for what it is given twice")]
    pub fn send(
        self: Arc<Self>,
        recipient: Recipient,
        mut ahead: Ahead,
        present: bool,
    ) -> impl Future<Output = Sent> + Send {
        async move {
            let Dispatcher { gate, fence, sender, clock, halt, .. } = &*self.dispatcher;
            let slot = recipient.slot;
            let _pass = gate.pass(&self.origin, self.tier, self.ring).await;
            let letter = self.letters.of(&recipient, clock.now());
            // Asked for the last time when the bytes are about to go.
            let may_start = || {
                let may = (present || self.is_there(slot))
                    && fence.passage(&self.broadcast) == Passage::Open
                    && !self.is_over(letter);
                if may {
                    halt.at(Point::Sending);
                }
                may
            };
            loop {
                if !present && !self.is_there(slot) {
                    return Sent::Absent(slot);
                }
                if fence.known(&self.broadcast).await != Passage::Open || self.is_over(letter) {
                    return Sent::NotStarted;
                }
                match sender.send(&recipient, &mut ahead, letter, clock.now(), &may_start).await {
                    Pushed::Answered(outcome) => {
                        halt.at(Point::Answered);
                        return Sent::Answered(slot, self.judged(&recipient, outcome));
                    }
                    Pushed::LeftAlone { until } => return Sent::LeftAlone { until },
                    Pushed::NotStarted => {}
                }
            }
        }
    }

    /// What an answer comes to, by what this push service answers others.
    fn judged(&self, recipient: &Recipient, outcome: Outcome) -> Outcome {
        let app = pauses::app(&recipient.channel);
        match outcome {
            Outcome::Accepted => {
                let change = self.service.accepted(app, recipient.slot);
                self.dispatcher.tell(&self.origin, app, "", change);
                Outcome::Accepted
            }
            Outcome::Misconfigured { reason, doubt } => {
                let is_first_try = !self.begun.contains(recipient.slot);
                let (judged, change) = self.service.refused(app, recipient.slot, is_first_try, &reason, doubt);
                self.dispatcher.tell(&self.origin, app, &reason, change);
                match judged {
                    Judged::Waits => Outcome::Misconfigured { reason, doubt },
                    Judged::Gone => Outcome::Gone,
                    Judged::Rejected => Outcome::Rejected { code: KEY_MISMATCH },
                }
            }
            Outcome::Gone | Outcome::Rejected { .. } | Outcome::Retry { .. } => outcome,
        }
    }

    fn is_there(&self, slot: Slot) -> bool {
        self.dispatcher.audience.snapshot().has(slot)
    }

    fn is_over(&self, letter: &Letter) -> bool {
        let clock = &self.dispatcher.clock;
        let now = clock.now();
        clock.monotonic() >= *self.until()
            || letter.ttl_s(now).is_none()
            || *self.dispatcher.closing.borrow()
            // A slow service may keep someone in line until the night.
            || self.hours.as_ref().is_some_and(|hours| hours.end(now).is_some())
    }

    fn until(&self) -> std::sync::MutexGuard<'_, Instant> {
        self.valid_until.lock().expect("nothing panics while it holds the moment")
    }
}
