//! What `/metrics` shows of pushes, and how long they took.

use crate::model::account::Route;
use crate::model::batch::Batch;
use crate::model::outcome::Outcome;
use crate::model::tier::Tier;
use jiff::Timestamp;

/// Counts what a push service answered.
pub fn outcome(batch: &Batch, outcome: &Outcome) {
    let channel = Route::of(&batch.origin).as_str();
    metrics::counter!(
        "beffroi_push_outcomes_total",
        "outcome" => outcome.as_str(), "channel" => channel, "tier" => batch.tier.as_str()
    )
    .increment(1);
}

/// How long it took from received to accepted, milliseconds.
pub fn accepted_after_ms(tier: Tier, received: Timestamp, now: Timestamp) -> u64 {
    // An alert time that was set back is no time at all.
    let after_ms = u64::try_from(now.duration_since(received).as_millis()).unwrap_or(0);
    let after = std::time::Duration::from_millis(after_ms);
    metrics::histogram!("beffroi_accepted_after_seconds", "tier" => tier.as_str()).record(after.as_secs_f64());
    after_ms
}
