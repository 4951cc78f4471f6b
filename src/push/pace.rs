//! What is known of a push service from its answers so far. Pure: the time is handed in.
//!
//! Anyone can subscribe, so one subscription's answers must not decide for all: a device can be throttled by itself,
//! and a subscription made for another sender's key is refused for ever. Only what a service says again and again,
//! with nothing accepted in between, is taken to be about us.

use std::time::{Duration, Instant};

/// Answers "later" with a time, one after the other and none accepted between, until the whole push service is taken
/// to be meant.
pub const THROTTLED_IN_A_ROW: u32 = 4;
/// Longest time a push service is left alone before it is asked again, seconds.
pub const PAUSE_S_MAX: u64 = 60;
/// Refusals of our key, one after the other, by a service that had accepted it, until it no longer counts as
/// accepting it. More than a batch has recipients: a batch of nothing but such subscriptions holds up no one else.
pub const REFUSED_IN_A_ROW: u32 = 1_000;
/// How long a service that has accepted nothing yet may refuse our key before that is taken to be about us, seconds:
/// the first answers of a broadcast may all be about subscriptions made for another key.
pub const REFUSED_S_MAX: u64 = 5;

/// How a push service takes what it is sent.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Pace {
    throttled_in_a_row: u32,
    paused_until: Option<Instant>,
    /// Whether it has accepted our key since we started.
    proven: bool,
    refused_in_a_row: u32,
    refused_since: Option<Instant>,
}

/// Whom a refusal of our key is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// This subscription: the service accepts our key for others.
    Subscription,
    /// Not known yet.
    Open,
    /// Us.
    Ours,
}

impl Pace {
    /// It took a push.
    pub(super) fn accepted(&mut self) {
        *self = Self { proven: true, paused_until: self.paused_until, ..Self::default() };
    }

    /// It wants to be asked later.
    pub(super) fn throttled(&mut self, after: Duration, now: Instant) {
        self.throttled_in_a_row = self.throttled_in_a_row.saturating_add(1);
        if self.throttled_in_a_row >= THROTTLED_IN_A_ROW {
            let until = now + after.min(Duration::from_secs(PAUSE_S_MAX));
            self.paused_until = self.paused_until.max(Some(until));
        }
    }

    /// Until when it is left alone.
    pub(super) fn paused_until(&self, now: Instant) -> Option<Instant> {
        self.paused_until.filter(|until| *until > now)
    }

    /// It refused our key.
    pub(super) fn refused(&mut self, now: Instant) -> Refusal {
        self.refused_in_a_row = self.refused_in_a_row.saturating_add(1);
        let since = *self.refused_since.get_or_insert(now);
        if self.refused_in_a_row > REFUSED_IN_A_ROW {
            self.proven = false;
        }
        if self.proven {
            Refusal::Subscription
        } else if now.saturating_duration_since(since) < Duration::from_secs(REFUSED_S_MAX) {
            Refusal::Open
        } else {
            Refusal::Ours
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;

    const S: Duration = Duration::from_secs(1);

    #[test]
    fn a_service_is_paused_when_it_throttles_again_and_again() {
        let now = Clock::system().monotonic();
        let mut pace = Pace::default();
        for _ in 1..THROTTLED_IN_A_ROW {
            pace.throttled(30 * S, now);
        }
        assert_eq!(pace.paused_until(now), None);
        pace.throttled(30 * S, now);
        assert_eq!(pace.paused_until(now), Some(now + 30 * S));
        assert_eq!(pace.paused_until(now + 30 * S), None);
        pace.throttled(3_600 * S, now);
        assert_eq!(pace.paused_until(now), Some(now + Duration::from_secs(PAUSE_S_MAX)), "bounded");
    }

    #[test]
    fn an_accepted_push_between_shows_that_it_was_a_single_device() {
        let now = Clock::system().monotonic();
        let mut pace = Pace::default();
        for _ in 0..THROTTLED_IN_A_ROW {
            pace.throttled(30 * S, now);
            pace.accepted();
        }
        assert_eq!(pace.paused_until(now), None);
    }

    #[test]
    fn a_refusal_by_a_service_that_accepts_our_key_is_about_the_subscription() {
        let now = Clock::system().monotonic();
        let mut pace = Pace::default();
        pace.accepted();
        assert_eq!(pace.refused(now + 3_600 * S), Refusal::Subscription);
        for _ in 1..REFUSED_IN_A_ROW {
            assert_eq!(pace.refused(now + 3_600 * S), Refusal::Subscription);
        }
        assert_eq!(pace.refused(now + 7_200 * S), Refusal::Ours, "nothing but refusals for a long time");
    }

    #[test]
    fn a_service_that_accepts_nothing_refuses_us_after_a_while() {
        let now = Clock::system().monotonic();
        let mut pace = Pace::default();
        assert_eq!(pace.refused(now), Refusal::Open);
        assert_eq!(pace.refused(now + 4 * S), Refusal::Open);
        assert_eq!(pace.refused(now + 5 * S), Refusal::Ours);
        pace.accepted();
        assert_eq!(pace.refused(now + 6 * S), Refusal::Subscription, "it was about those subscriptions");
    }
}
