//! Step 6, pure: what a push service said, into the batch's progress and what comes next.

use crate::model::batch::Progress;
use crate::model::id::Slot;
use crate::model::outcome::Outcome;
use std::time::Duration;

/// What a sender knows of its batch beyond the stored progress.
#[derive(Debug, Default)]
pub struct Tally {
    pub progress: Progress,
    /// The shortest wait that a service asked for, if anyone must be tried again: one device that wants an hour must
    /// not make all others wait for it.
    pub retry_after: Option<Duration>,
    /// A service refuses our credentials or configuration: its words.
    pub misconfigured: Option<String>,
    misconfigured_in_a_row: u32,
}

/// Refusals of our credentials, one after the other and nothing accepted between, until the push service is taken to
/// mean us. A single one may be about a single subscription, and must not hold up everyone else.
pub const MISCONFIGURED_IN_A_ROW: u32 = 8;

impl Tally {
    /// Notes one outcome.
    pub fn record(&mut self, slot: Slot, outcome: Outcome) {
        match outcome {
            Outcome::Accepted => {
                self.misconfigured_in_a_row = 0;
                self.progress.accepted.insert(slot);
            }
            Outcome::Gone => _ = self.progress.gone.insert(slot),
            Outcome::Rejected { code } => {
                tracing::warn!(slot, code, "a push service rejected a message for good");
                self.progress.rejected.insert(slot);
            }
            Outcome::Retry { after } => {
                // Zero asks for nothing.
                self.retry_after = Some(match self.retry_after {
                    Some(known) if !known.is_zero() && !after.is_zero() => known.min(after),
                    Some(known) => known.max(after),
                    None => after,
                });
            }
            Outcome::Misconfigured { reason } => {
                self.misconfigured_in_a_row += 1;
                self.misconfigured = Some(reason);
            }
        }
    }

    /// Whether the push service refuses us, not just this or that subscription: then nothing more is sent to it now.
    pub const fn refused(&self) -> bool {
        self.misconfigured_in_a_row >= MISCONFIGURED_IN_A_ROW
    }
}

/// How long to wait before a batch is taken up again: doubling from `first` to `longest`, shortened at random by up
/// to a half so that senders do not march in step, but never less than what a service asked for.
///
/// `jitter` is in 0..1.
pub fn wait(attempts: u32, asked: Duration, first: Duration, longest: Duration, jitter: f64) -> Duration {
    let doubled = first.saturating_mul(1_u32.checked_shl(attempts.min(31)).unwrap_or(u32::MAX)).min(longest);
    doubled.mul_f64(1.0 - jitter.clamp(0.0, 1.0) / 2.0).max(asked)
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: Duration = Duration::from_secs(1);

    #[test]
    fn waits_double_up_to_the_longest_and_never_undercut_what_was_asked() {
        assert_eq!(wait(0, Duration::ZERO, 2 * S, 300 * S, 0.0), 2 * S);
        assert_eq!(wait(3, Duration::ZERO, 2 * S, 300 * S, 0.0), 16 * S);
        assert_eq!(wait(40, Duration::ZERO, 2 * S, 300 * S, 0.0), 300 * S);
        assert_eq!(wait(3, Duration::ZERO, 2 * S, 300 * S, 1.0), 8 * S);
        assert_eq!(wait(0, 120 * S, 2 * S, 300 * S, 0.5), 120 * S);
    }

    #[test]
    fn only_final_outcomes_settle_a_recipient() {
        let mut tally = Tally::default();
        tally.record(1, Outcome::Accepted);
        tally.record(2, Outcome::Gone);
        tally.record(3, Outcome::Rejected { code: "payload" });
        tally.record(4, Outcome::Retry { after: 5 * S });
        tally.record(5, Outcome::Misconfigured { reason: "key".to_owned() });
        tally.record(6, Outcome::Retry { after: 2 * S });
        assert_eq!(tally.progress.settled().iter().collect::<Vec<_>>(), [1, 2, 3]);
        assert_eq!(tally.retry_after, Some(2 * S));
        assert_eq!(tally.misconfigured.as_deref(), Some("key"));
    }

    #[test]
    fn one_subscription_that_refuses_our_key_does_not_hold_up_the_others() {
        let refusal = || Outcome::Misconfigured { reason: "key".to_owned() };
        let mut tally = Tally::default();
        for slot in 0..MISCONFIGURED_IN_A_ROW - 1 {
            tally.record(slot, refusal());
        }
        tally.record(100, Outcome::Accepted);
        tally.record(101, refusal());
        assert!(!tally.refused());
        for slot in 200..200 + MISCONFIGURED_IN_A_ROW {
            tally.record(slot, refusal());
        }
        assert!(tally.refused());
    }
}
