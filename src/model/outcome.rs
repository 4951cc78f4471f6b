//! What became of one push.

use std::time::Duration;

/// What a push service said, reduced to what we do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The service took it. This is not proof that anyone saw it.
    Accepted,
    /// The endpoint no longer exists: retire it.
    Gone,
    /// Try again, not before `after`.
    Retry { after: Duration },
    /// This message can never be sent to this endpoint; keep the endpoint.
    Rejected { code: &'static str },
    /// Our credentials or configuration are wrong, or so it seems: lose nothing, and raise an alarm when it is so.
    Misconfigured { reason: String, doubt: Doubt },
}

/// Whom a refusal is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doubt {
    /// Us: there is one key, or one setting, for everyone.
    Ours,
    /// Us, or this one endpoint: what others of the same app are answered decides. If it is the endpoint, this becomes
    /// of it.
    Perhaps(Fate),
}

/// What becomes of an endpoint that is refused while others like it are accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It is retired.
    Gone,
    /// It cannot get this message.
    Rejected,
    /// Nothing: it is a fault of ours that concerns such endpoints alone.
    Kept,
}

impl Outcome {
    /// The word in metrics.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Gone => "gone",
            Self::Retry { .. } => "retry",
            Self::Rejected { .. } => "rejected",
            Self::Misconfigured { .. } => "misconfigured",
        }
    }
}

/// Where every recipient of a broadcast stands. The parts always add up to `targeted`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize)]
pub struct Ledger {
    pub targeted: u64,
    /// Taken by a push service.
    pub accepted: u64,
    /// The endpoint no longer exists.
    pub gone: u64,
    /// Refused for good by the push service.
    pub rejected: u64,
    /// Not sent before the text's validity ended.
    pub expired: u64,
    /// Not sent because a person, a Cancel or an Update stopped the broadcast.
    pub stopped: u64,
    /// Unsubscribed before the push was sent.
    pub withdrawn: u64,
    /// Still to be sent.
    pub waiting: u64,
}

impl Ledger {
    /// Adds other people's.
    pub const fn add(&mut self, other: &Self) {
        self.targeted += other.targeted;
        self.accepted += other.accepted;
        self.gone += other.gone;
        self.rejected += other.rejected;
        self.expired += other.expired;
        self.stopped += other.stopped;
        self.withdrawn += other.withdrawn;
        self.waiting += other.waiting;
    }

    /// The invariant of the ledger.
    pub const fn adds_up(&self) -> bool {
        self.targeted
            == self.accepted + self.gone + self.rejected + self.expired + self.stopped + self.withdrawn + self.waiting
    }
}
