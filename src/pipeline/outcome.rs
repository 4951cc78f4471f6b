//! Step 6, pure: what a push service said, into the batch's progress and what comes next.

use crate::model::batch::Progress;
use crate::model::id::Slot;
use crate::model::outcome::Outcome;
use roaring::RoaringBitmap;
use std::collections::BTreeMap;
use std::time::Duration;

/// Why somebody is rejected whose row in the database is damaged.
const UNREADABLE: &str = "unreadable";

/// What a sender knows of its batch beyond the stored progress.
#[derive(Debug, Default)]
pub struct Tally {
    pub progress: Progress,
    /// Who must be tried again, and the wait that the push service asked for.
    pub retries: Vec<(Slot, Duration)>,
    /// How many were rejected for good, by why.
    pub rejections: BTreeMap<&'static str, u64>,
    /// At whom a service refused our credentials or configuration.
    pub misconfigured: RoaringBitmap,
}

/// People of a batch who must wait go on in one batch for each of these waits and one for longer ones: everyone in it
/// waits as long as the one who must wait longest. So one device that wants an hour makes nobody else wait for it. Who
/// waits until the message is no longer valid is apart, so a batch that is put back falls into eight at most.
pub const WAIT_CLASSES_S: [u64; 6] = [5, 20, 60, 300, 900, 3_600];

impl Tally {
    /// Notes those whose stored endpoint does not open: nothing can ever be sent to it.
    pub fn unreadable(&mut self, who: RoaringBitmap) {
        if !who.is_empty() {
            *self.rejections.entry(UNREADABLE).or_default() += who.len();
            self.progress.rejected |= who;
        }
    }

    /// Notes one outcome.
    pub fn record(&mut self, slot: Slot, outcome: Outcome) {
        match outcome {
            Outcome::Accepted => _ = self.progress.accepted.insert(slot),
            Outcome::Gone => _ = self.progress.gone.insert(slot),
            Outcome::Rejected { code } => {
                self.progress.rejected.insert(slot);
                *self.rejections.entry(code).or_default() += 1;
            }
            Outcome::Retry { after } => self.retries.push((slot, after)),
            Outcome::Misconfigured { .. } => _ = self.misconfigured.insert(slot),
        }
    }
}

/// Who waits how long, the shortest wait first: `scheduled` is our own wait after this many attempts, which nobody
/// undercuts. `left` is how long the message stays valid: whose wait reaches beyond it makes nobody else wait so long.
pub fn waits(retries: &[(Slot, Duration)], scheduled: Duration, left: Duration) -> Vec<(Duration, RoaringBitmap)> {
    let mut classes = BTreeMap::<(bool, usize), (Duration, RoaringBitmap)>::new();
    for (slot, asked) in retries {
        let wait = scheduled.max(*asked);
        let class = WAIT_CLASSES_S.iter().take_while(|longest_s| wait > Duration::from_secs(**longest_s)).count();
        let (longest, who) = classes.entry((wait >= left, class)).or_default();
        *longest = wait.max(*longest);
        who.insert(*slot);
    }
    classes.into_values().collect()
}

/// How long to wait before people are tried again who were tried `attempts` times before: doubling from `first` to
/// `longest`, shortened at random by up to a half so that senders do not march in step.
///
/// `jitter` is in 0..1.
pub fn scheduled(attempts: u32, first: Duration, longest: Duration, jitter: f64) -> Duration {
    let doubled = first.saturating_mul(1_u32.checked_shl(attempts.min(31)).unwrap_or(u32::MAX)).min(longest);
    doubled.mul_f64(1.0 - jitter.clamp(0.0, 1.0) / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::outcome::Doubt;

    const S: Duration = Duration::from_secs(1);

    #[test]
    fn waits_double_up_to_the_longest() {
        assert_eq!(scheduled(0, 2 * S, 300 * S, 0.0), 2 * S);
        assert_eq!(scheduled(3, 2 * S, 300 * S, 0.0), 16 * S);
        assert_eq!(scheduled(40, 2 * S, 300 * S, 0.0), 300 * S);
        assert_eq!(scheduled(3, 2 * S, 300 * S, 1.0), 8 * S);
    }

    #[test]
    fn nobody_is_asked_too_early_and_nobody_waits_for_another_s_hour() {
        let retries = [(1, 3_600 * S), (2, Duration::ZERO), (3, S), (4, 120 * S), (5, 100 * S), (6, 4_000 * S)];
        let set = |slots: &[Slot]| slots.iter().copied().collect::<RoaringBitmap>();
        let wanted = [(2 * S, set(&[2, 3])), (120 * S, set(&[4, 5])), (3_600 * S, set(&[1])), (4_000 * S, set(&[6]))];
        assert_eq!(waits(&retries, 2 * S, 86_400 * S), wanted);
        assert_eq!(waits(&[], 2 * S, 86_400 * S), []);
    }

    #[test]
    fn nobody_expires_because_another_of_their_class_waits_beyond_the_end() {
        let retries = [(1, 901 * S), (2, 3_600 * S), (3, 1_800 * S), (4, 1_799 * S)];
        let set = |slots: &[Slot]| slots.iter().copied().collect::<RoaringBitmap>();
        assert_eq!(waits(&retries, S, 1_800 * S), [(1_799 * S, set(&[1, 4])), (3_600 * S, set(&[2, 3]))]);
    }

    #[test]
    fn only_final_outcomes_settle_a_recipient() {
        let mut tally = Tally::default();
        tally.record(1, Outcome::Accepted);
        tally.record(2, Outcome::Gone);
        tally.record(3, Outcome::Rejected { code: "payload" });
        tally.record(4, Outcome::Retry { after: 5 * S });
        tally.record(5, Outcome::Misconfigured { reason: "key".to_owned(), doubt: Doubt::Ours });
        tally.record(6, Outcome::Retry { after: 2 * S });
        assert_eq!(tally.progress.settled().iter().collect::<Vec<_>>(), [1, 2, 3]);
        assert_eq!(tally.retries, [(4, 5 * S), (6, 2 * S)]);
        assert_eq!(tally.misconfigured.iter().collect::<Vec<_>>(), [5]);
        assert_eq!(tally.rejections, BTreeMap::from([("payload", 1)]));
    }
}
