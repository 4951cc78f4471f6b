//! One push of a batch: in line at the gate, asked for the last time whether it may, and gone.

use super::Dispatcher;
use super::halt::Point;
use super::letters::MessageLetters;
use crate::model::batch::{Lease, Ring};
use crate::model::id::{BroadcastId, Slot};
use crate::model::outcome::Outcome;
use crate::model::subscriber::Recipient;
use crate::model::tier::Tier;
use crate::pipeline::fence::Passage;
use crate::push::letter::Letter;
use std::sync::{Arc, Mutex};
use std::time::Instant;

/// What became of one send.
#[derive(Debug)]
pub enum Sent {
    Answered(Slot, Outcome),
    /// The index has nobody with this slot: nothing was sent.
    Absent(Slot),
    /// Stopped, expired, closing, or the lease is over: nothing was sent.
    NotStarted,
}

/// What all sends of a batch have in common.
pub struct Sending {
    dispatcher: Arc<Dispatcher>,
    letters: Arc<MessageLetters>,
    broadcast: BroadcastId,
    origin: Arc<str>,
    tier: Tier,
    ring: Ring,
    /// Until when pushes may start under the lease, on the monotonic clock.
    valid_until: Mutex<Instant>,
}

impl Sending {
    pub fn new(
        dispatcher: &Arc<Dispatcher>,
        lease: &Lease,
        letters: Arc<MessageLetters>,
        valid_until: Instant,
    ) -> Self {
        let batch = &lease.batch;
        Self {
            dispatcher: dispatcher.clone(),
            letters,
            broadcast: batch.broadcast.clone(),
            origin: Arc::from(batch.origin.as_str()),
            tier: batch.tier,
            ring: batch.ring,
            valid_until: Mutex::new(valid_until),
        }
    }

    /// The lease was renewed.
    pub fn may_go_on_until(&self, at: Instant) {
        *self.until() = at;
    }

    /// Sends to one recipient. `present` says that the database was asked whether they are there still.
    pub async fn send(self: Arc<Self>, recipient: Recipient, present: bool) -> Sent {
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
            if let Some(outcome) = sender.send(&recipient, letter, clock.now(), &may_start).await {
                halt.at(Point::Answered);
                return Sent::Answered(slot, outcome);
            }
        }
    }

    fn is_there(&self, slot: Slot) -> bool {
        self.dispatcher.audience.snapshot().has(slot)
    }

    fn is_over(&self, letter: &Letter) -> bool {
        let clock = &self.dispatcher.clock;
        clock.monotonic() >= *self.until() || letter.ttl_s(clock.now()).is_none() || *self.dispatcher.closing.borrow()
    }

    fn until(&self) -> std::sync::MutexGuard<'_, Instant> {
        self.valid_until.lock().expect("nothing panics while it holds the moment")
    }
}
