//! Endpoints that are refused for what may be their doing or ours, pure: of one app at one push service, who is refused
//! and who is not decides which it is.
//!
//! As long as it may be ours nobody is given up. An endpoint is only to blame once it was refused, others like it were
//! accepted, and it was refused again; and not where so many are refused that it must be something they have in common.

use crate::model::id::Slot;
use crate::model::outcome::Fate;
use roaring::RoaringBitmap;
use std::time::{Duration, Instant};

/// The share of people refused, of all who were answered lately, from which on it is taken to be our doing, percent.
pub const WAVE_PERCENT_MIN: u64 = 10;
/// Fewer people than this are no wave.
pub const WAVE_PEOPLE_MIN: u64 = 5;
/// Answers are counted over this time at least, and twice that at most, seconds. People are tried again sooner.
pub const LATELY_S: u64 = 600;
/// People of an app of which none is accepted who must be refused again until that is told.
const UNACCEPTED_PEOPLE_MIN: u64 = 3;

/// What a refusal comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict {
    /// The endpoint is to blame.
    pub is_endpoints: bool,
    /// It is the first one of this person, as far as is known.
    pub is_new: bool,
    /// It is about us, and others of the service are accepted: whoever runs this must be told.
    pub is_alarming: bool,
}

/// Who of one app is refused.
#[derive(Debug, Default)]
pub struct Doubts {
    /// Refused, and nobody accepted since.
    unanswered: RoaringBitmap,
    /// Refused, and others accepted since.
    doubted: RoaringBitmap,
    /// The time that runs, and the one before.
    lately: [Count; 2],
    since: Option<Instant>,
}

#[derive(Debug, Default)]
struct Count {
    /// People, however many pushes each of them had: whoever is accepted often must not hide those who are refused.
    accepted: RoaringBitmap,
    refused: RoaringBitmap,
    /// How many of them for the first time.
    new: u64,
}

impl Doubts {
    /// Someone was accepted.
    pub fn accepted(&mut self, slot: Slot, now: Instant) {
        let [running, before] = self.lately(now);
        running.accepted.insert(slot);
        running.refused.remove(slot);
        before.refused.remove(slot);
        if !self.unanswered.is_empty() {
            self.doubted |= std::mem::take(&mut self.unanswered);
        }
        self.doubted.remove(slot);
    }

    /// Someone was refused.
    pub fn refused(&mut self, slot: Slot, fate: Fate, now: Instant) -> Verdict {
        let doubted = self.doubted.contains(slot);
        let is_new = !doubted && self.unanswered.insert(slot);
        let [running, before] = self.lately(now);
        running.refused.insert(slot);
        running.accepted.remove(slot);
        before.accepted.remove(slot);
        running.new += u64::from(is_new);
        let is_wave = self.is_wave();
        let accepts = self.accepted_lately() > 0;
        // Those who are left of a broadcast after so long are no news, although nobody else is answered any more.
        let new = self.lately[0].new + self.lately[1].new;
        let is_ours = if accepts { is_wave } else { new >= UNACCEPTED_PEOPLE_MIN };
        let is_ours_alone = doubted && fate == Fate::Kept;
        Verdict {
            is_endpoints: doubted && accepts && !is_wave && fate != Fate::Kept,
            is_new,
            is_alarming: !is_new && (is_ours || is_ours_alone),
        }
    }

    /// Who is refused.
    pub fn who(&self) -> RoaringBitmap {
        &self.unanswered | &self.doubted
    }

    /// Whether so many are refused that it must be our doing.
    pub fn is_wave(&self) -> bool {
        let refused = self.lately[0].refused.union_len(&self.lately[1].refused);
        refused >= WAVE_PEOPLE_MIN && refused * 100 >= (refused + self.accepted_lately()) * WAVE_PERCENT_MIN
    }

    fn accepted_lately(&self) -> u64 {
        self.lately[0].accepted.union_len(&self.lately[1].accepted)
    }

    fn lately(&mut self, now: Instant) -> &mut [Count; 2] {
        let long = Duration::from_secs(LATELY_S);
        let age = self.since.map(|since| now.saturating_duration_since(since));
        if age.is_none_or(|age| age >= long) {
            let running = std::mem::take(&mut self.lately[0]);
            self.lately[1] = if age.is_some_and(|age| age < 2 * long) { running } else { Count::default() };
            self.since = Some(now);
        }
        &mut self.lately
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;

    fn start() -> Instant {
        Clock::system().monotonic()
    }

    fn is_endpoints(doubts: &mut Doubts, slot: Slot, now: Instant) -> bool {
        doubts.refused(slot, Fate::Rejected, now).is_endpoints
    }

    #[test]
    fn an_endpoint_is_to_blame_when_it_is_refused_again_after_others_were_accepted() {
        let now = start();
        let mut doubts = Doubts::default();
        assert!(!is_endpoints(&mut doubts, 1, now));
        assert!(!is_endpoints(&mut doubts, 1, now), "nobody was accepted: it may be us");
        doubts.accepted(2, now);
        assert!(is_endpoints(&mut doubts, 1, now));
        assert!(!is_endpoints(&mut doubts, 3, now), "a first refusal, whoever was accepted before");
    }

    #[test]
    fn whoever_is_accepted_is_above_doubt() {
        let now = start();
        let mut doubts = Doubts::default();
        for _ in 0..3 {
            // We are at fault, and it is mended.
            for slot in 0..4 {
                assert!(!is_endpoints(&mut doubts, slot, now));
            }
            for slot in 0..4 {
                doubts.accepted(slot, now);
            }
        }
        assert!(doubts.who().is_empty());
    }

    #[test]
    fn so_many_at_once_are_our_doing() {
        let now = start();
        let people = 1_000_u32;
        for (refused, wave) in [(people / 10 - 1, false), (people / 10 + 1, true)] {
            let mut doubts = Doubts::default();
            (refused..people).for_each(|slot| doubts.accepted(slot, now));
            (0..refused).for_each(|slot| _ = doubts.refused(slot, Fate::Gone, now));
            doubts.accepted(people, now);
            let given_up = (0..refused).filter(|slot| doubts.refused(*slot, Fate::Gone, now).is_endpoints).count();
            assert_eq!(given_up == 0, wave, "{refused} of {people}: {given_up} given up");
        }
    }

    #[test]
    fn many_pushes_to_those_who_are_accepted_hide_nobody_who_is_refused() {
        let now = start();
        let mut doubts = Doubts::default();
        // Forty alerts, and with the last one something is wrong for three in ten.
        (0..40).for_each(|_| (0..60).for_each(|slot| doubts.accepted(slot, now)));
        (0..18).for_each(|slot| _ = doubts.refused(slot, Fate::Gone, now));
        (18..60).for_each(|slot| doubts.accepted(slot, now));
        let given_up = (0..18).filter(|slot| doubts.refused(*slot, Fate::Gone, now).is_endpoints).count();
        assert_eq!(given_up, 0);
    }

    #[test]
    fn who_is_accepted_long_ago_proves_nothing() {
        let now = start();
        let mut doubts = Doubts::default();
        (100..1_000).for_each(|slot| doubts.accepted(slot, now));
        (0..5).for_each(|slot| _ = doubts.refused(slot, Fate::Gone, now));
        doubts.accepted(100, now);
        let soon = now + Duration::from_secs(LATELY_S);
        assert!(is_endpoints(&mut doubts, 0, soon), "five of nine hundred");
        let later = now + Duration::from_secs(3 * LATELY_S);
        assert!(!is_endpoints(&mut doubts, 0, later));
    }

    #[test]
    fn what_is_ours_alone_gives_nobody_up_and_is_told() {
        let now = start();
        let mut doubts = Doubts::default();
        doubts.refused(1, Fate::Kept, now);
        doubts.accepted(2, now);
        let again = doubts.refused(1, Fate::Kept, now);
        assert!(!again.is_endpoints && again.is_alarming, "{again:?}");
    }

    #[test]
    fn a_few_who_are_refused_after_all_others_were_accepted_wait_and_alarm_nobody() {
        let now = start();
        let mut doubts = Doubts::default();
        (10..1_000).for_each(|slot| doubts.accepted(slot, now));
        for _ in 0..3 {
            for slot in 0..4 {
                let verdict = doubts.refused(slot, Fate::Rejected, now);
                assert!(!verdict.is_endpoints && !verdict.is_alarming, "{verdict:?}");
            }
        }
        for slot in 0..4 {
            let verdict = doubts.refused(slot, Fate::Rejected, now + Duration::from_secs(3 * LATELY_S));
            assert!(!verdict.is_endpoints && !verdict.is_alarming, "long after: {verdict:?}");
        }
    }

    #[test]
    fn an_app_of_which_nobody_is_accepted_is_told_and_a_single_endpoint_is_not() {
        let now = start();
        let mut doubts = Doubts::default();
        for _ in 0..10 {
            assert!(!doubts.refused(1, Fate::Rejected, now).is_alarming);
        }
        (2..4).for_each(|slot| _ = doubts.refused(slot, Fate::Rejected, now));
        assert!(doubts.refused(1, Fate::Rejected, now).is_alarming);
    }
}
