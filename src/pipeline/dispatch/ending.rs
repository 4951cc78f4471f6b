//! How a batch leaves its sender, pure: what is known of its people, into when whom is tried again.

use crate::clock;
use crate::config;
use crate::model::batch::{Batch, Part};
use crate::model::id::BatchId;
use crate::pipeline::outcome::{Tally, scheduled, waits};
use jiff::{SignedDuration, Timestamp};
use roaring::RoaringBitmap;
use std::time::Duration;

/// How a batch leaves this sender.
#[derive(Debug, PartialEq)]
pub enum Ending {
    /// Every recipient has an outcome, or no more may be sent: write down what is known.
    Finish,
    /// Some are to be tried again.
    PutBack(Vec<Part>),
    /// Another sender holds the lease.
    Lost,
}

/// What decides it.
pub struct Known<'a> {
    pub batch: &'a Batch,
    pub tally: &'a Tally,
    /// The broadcast was stopped.
    pub stopped: bool,
    /// The texts of all languages have expired.
    pub expired: bool,
    /// The push service refuses our credentials or settings: nobody counts as tried for that.
    pub refused: bool,
    /// A send ended by a fault of ours.
    pub failed: bool,
    /// How long the push service asked to be left alone.
    pub paused_for: Option<Duration>,
    pub now: Timestamp,
}

impl Known<'_> {
    /// What becomes of the batch.
    pub fn ending(&self, settings: &config::Dispatch) -> Ending {
        let batch = self.batch;
        let mut progress = batch.progress.clone();
        progress.merge(&self.tally.progress);
        let rest = &batch.todo - &progress.settled();
        if self.stopped || rest.is_empty() {
            return Ending::Finish;
        }
        let later = if self.expired {
            // Nothing starts any more; the sweep closes it when its validity ends.
            vec![(batch.expires, batch.attempts, rest)]
        } else {
            let jitter = f64::from(u32::from_le_bytes(clock::random_bytes())) / f64::from(u32::MAX);
            self.later(rest, scheduled(batch.attempts, settings.retry_first, settings.retry_longest, jitter))
        };
        // The first part stays in this batch, the others go on in batches of their own.
        let own = std::iter::once(batch.id.clone());
        let ids = own.chain(std::iter::repeat_with(|| BatchId(clock::random_id())));
        let part = |((not_before, attempts, who), batch)| Part { batch, who, not_before, attempts };
        Ending::PutBack(later.into_iter().zip(ids).map(part).collect())
    }

    /// When whom of the rest is tried again, after how many attempts. Who was not tried keeps their count. `own` is our
    /// own wait.
    fn later(&self, rest: RoaringBitmap, own: Duration) -> Vec<(Timestamp, u32, RoaringBitmap)> {
        let tried = self.batch.attempts.saturating_add(1);
        let mut retries = self.tally.retries.clone();
        if !self.refused {
            retries.extend(self.tally.misconfigured.iter().map(|slot| (slot, Duration::ZERO)));
        }
        let mut untried = rest;
        let mut later = Vec::new();
        let left = Duration::try_from(self.batch.expires.duration_since(self.now)).unwrap_or(Duration::ZERO);
        for (wait, who) in waits(&retries, own, left) {
            untried -= &who;
            later.push((self.after(wait), tried, who));
        }
        if !untried.is_empty() {
            // What is paused is not claimed; the wait is for other nodes, which may not know of it.
            let wait = self.paused_for.unwrap_or_default().max(if self.failed { own } else { Duration::ZERO });
            later.push((self.after(wait), self.batch.attempts + u32::from(self.failed), untried));
        }
        later
    }

    fn after(&self, wait: Duration) -> Timestamp {
        let wait = SignedDuration::try_from(wait).unwrap_or(SignedDuration::MAX);
        self.batch.awake_from(self.now.saturating_add(wait).unwrap_or(Timestamp::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::outcome::{Doubt, Outcome};
    use crate::model::sample::{self, at};
    use crate::model::tier::Tier;

    const S: Duration = Duration::from_secs(1);

    fn settings() -> config::Dispatch {
        config::Dispatch { retry_first: 4 * S, ..config::Config::load(None).expect("the defaults").dispatch }
    }

    fn batch(people: u32) -> Batch {
        Batch { attempts: 2, ..sample::batch(Tier::P1, "https://push.example", people) }
    }

    fn tally(outcomes: &[(u32, Outcome)]) -> Tally {
        let mut tally = Tally::default();
        for (slot, outcome) in outcomes {
            tally.record(*slot, outcome.clone());
        }
        tally
    }

    fn ending(batch: &Batch, tally: &Tally, change: impl FnOnce(&mut Known<'_>)) -> Vec<(Vec<u32>, i64, u32)> {
        let now = at("10:30:00");
        let mut known = Known {
            batch,
            tally,
            stopped: false,
            expired: false,
            refused: false,
            failed: false,
            paused_for: None,
            now,
        };
        change(&mut known);
        let Ending::PutBack(parts) = known.ending(&settings()) else { return Vec::new() };
        assert_eq!(parts[0].batch, batch.id, "the first stays");
        let seconds = |part: &Part| part.not_before.duration_since(now).as_secs();
        parts.iter().map(|part| (part.who.iter().collect(), seconds(part), part.attempts)).collect()
    }

    fn retry(after: Duration) -> Outcome {
        Outcome::Retry { after }
    }

    fn refusal() -> Outcome {
        Outcome::Misconfigured { reason: "key".to_owned(), doubt: Doubt::Ours }
    }

    #[test]
    fn nobody_left_or_stopped_means_the_end() {
        let all = tally(&[(1, Outcome::Accepted), (2, Outcome::Gone)]);
        assert_eq!(ending(&batch(2), &all, |_| ()), []);
        assert_eq!(ending(&batch(3), &all, |known| known.stopped = true), []);
    }

    #[test]
    fn each_waits_as_long_as_was_asked_and_who_was_not_tried_does_not_wait() {
        let tally = tally(&[(1, retry(Duration::ZERO)), (2, retry(3_600 * S)), (3, Outcome::Accepted)]);
        let parts = ending(&batch(5), &tally, |_| ());
        let [(first, wait, 3), (second, 3_600, 3), (third, 0, 2)] = &parts[..] else { panic!("{parts:?}") };
        assert_eq!((&first[..], &second[..], &third[..]), (&[1][..], &[2][..], &[4, 5][..]));
        assert!((8..=16).contains(wait), "four seconds, doubled twice, less some chance: {wait}");
    }

    #[test]
    fn a_refusal_of_our_credentials_counts_against_nobody_while_the_channel_is_paused() {
        let tally = tally(&[(1, refusal()), (2, refusal())]);
        assert_eq!(ending(&batch(3), &tally, |known| known.refused = true), [(vec![1, 2, 3], 0, 2)]);
        let parts = ending(&batch(3), &tally, |_| ());
        assert!(matches!(&parts[..], [(few, 8..=16, 3), (rest, 0, 2)] if few[..] == [1, 2] && rest[..] == [3]));
    }

    #[test]
    fn a_pause_a_fault_of_ours_and_an_expired_text_each_have_their_wait() {
        let none = Tally::default();
        assert_eq!(ending(&batch(1), &none, |known| known.paused_for = Some(60 * S)), [(vec![1], 60, 2)]);
        assert!(matches!(ending(&batch(1), &none, |known| known.failed = true)[..], [(_, 8..=16, 3)]));
        assert_eq!(ending(&batch(1), &none, |known| known.expired = true), [(vec![1], 5_400, 2)]);
    }
}
