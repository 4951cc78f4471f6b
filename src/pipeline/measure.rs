//! What `/metrics` shows of pushes, and how long they took.

use crate::model::account::Route;
use crate::model::batch::Batch;
use crate::model::outcome::Outcome;
use crate::model::tier::Tier;
use jiff::Timestamp;
use metrics::{Counter, Histogram};

/// What is counted of one batch. The metrics are looked up once for all of its pushes.
pub struct Meter {
    channel: &'static str,
    tier: Tier,
    accepted: Counter,
    accepted_after: Histogram,
}

impl Meter {
    pub fn of(batch: &Batch) -> Self {
        let (channel, tier) = (Route::of(&batch.origin).as_str(), batch.tier);
        Self {
            channel,
            tier,
            accepted: outcomes(channel, tier, &Outcome::Accepted),
            accepted_after: metrics::histogram!("beffroi_accepted_after_seconds", "tier" => tier.as_str()),
        }
    }

    /// Counts what a push service answered.
    pub fn outcome(&self, outcome: &Outcome) {
        match outcome {
            Outcome::Accepted => self.accepted.increment(1),
            Outcome::Gone | Outcome::Rejected { .. } | Outcome::Retry { .. } | Outcome::Misconfigured { .. } => {
                outcomes(self.channel, self.tier, outcome).increment(1);
            }
        }
    }

    /// How long it took from received to accepted, milliseconds.
    pub fn accepted_after_ms(&self, received: Timestamp, now: Timestamp) -> u64 {
        // An alert time that was set back is no time at all.
        let after_ms = u64::try_from(now.duration_since(received).as_millis()).unwrap_or(0);
        self.accepted_after.record(std::time::Duration::from_millis(after_ms).as_secs_f64());
        after_ms
    }
}

fn outcomes(channel: &'static str, tier: Tier, outcome: &Outcome) -> Counter {
    metrics::counter!(
        "beffroi_push_outcomes_total",
        "outcome" => outcome.as_str(), "channel" => channel, "tier" => tier.as_str()
    )
}
