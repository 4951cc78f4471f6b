//! One test for each thing a breaker must do, and three promises against random histories.

use super::*;
use crate::clock::Clock;
use proptest::prelude::*;
use std::collections::VecDeque;

const S: Duration = Duration::from_secs(1);

fn start() -> Instant {
    Clock::system().monotonic()
}

/// It fails for enough people, the same ones each time.
fn failing(breaker: &mut Breaker, now: Instant) {
    for slot in 0..WINDOW_COUNT_MIN {
        breaker.failed(slot, Duration::ZERO, now, 0.0);
    }
}

#[test]
fn a_service_is_paused_when_it_throttles_again_and_again_and_as_long_as_it_asks() {
    let now = start();
    let mut breaker = Breaker::default();
    for slot in 1..THROTTLED_IN_A_ROW {
        breaker.throttled(slot, 30 * S, now);
    }
    assert_eq!(breaker.paused_until(now), None);
    breaker.throttled(0, 30 * S, now);
    assert_eq!(breaker.paused_until(now), Some(now + 30 * S));
    assert_eq!(breaker.paused_until(now + 30 * S), None);
    for slot in 0..PROBES_MAX {
        assert_eq!(breaker.admit(now + 30 * S), Ok(()));
        breaker.throttled(100 + slot, 7_200 * S, now + 31 * S);
    }
    assert_eq!(breaker.paused_until(now + 31 * S), Some(now + 31 * S + Duration::from_secs(PAUSE_S_MAX)), "bounded");
}

#[test]
fn an_accepted_push_between_shows_that_it_was_a_single_device() {
    let now = start();
    let mut breaker = Breaker::default();
    for slot in 0..THROTTLED_IN_A_ROW {
        breaker.throttled(2 * slot, 30 * S, now);
        breaker.accepted(100 + slot, now);
        breaker.throttled(2 * slot + 1, 30 * S, now);
        breaker.answered(100 + slot, now);
    }
    assert_eq!(breaker.paused_until(now), None);
}

#[test]
fn those_who_are_left_over_are_asked_again_without_anyone_waiting_for_them() {
    let mut now = start();
    let mut breaker = Breaker::default();
    let left = 0..2 * THROTTLED_IN_A_ROW;
    for slot in left.clone() {
        breaker.throttled(slot, 30 * S, now);
        breaker.accepted(100, now);
    }
    for _ in 0..10 {
        now += 30 * S;
        left.clone().for_each(|slot| breaker.throttled(slot, 30 * S, now));
        assert_eq!(breaker.paused_until(now), None);
    }
    // The same of a service that is too busy for them, as long as it answers others.
    let mut breaker = Breaker::default();
    for slot in 0..THROTTLED_IN_A_ROW {
        breaker.failed(slot, 30 * S, now, 0.0);
        breaker.accepted(100, now);
    }
    (0..THROTTLED_IN_A_ROW).for_each(|slot| breaker.failed(slot, 30 * S, now, 0.0));
    assert_eq!(breaker.paused_until(now), None);
    (100..100 + THROTTLED_IN_A_ROW).for_each(|slot| breaker.failed(slot, 30 * S, now, 0.0));
    assert_eq!(breaker.paused_until(now), Some(now + 30 * S), "but not to others in a row");
}

#[test]
fn a_run_of_throttled_devices_ends_in_silence() {
    let mut now = start();
    let mut breaker = Breaker::default();
    for slot in 0..10 * THROTTLED_IN_A_ROW {
        breaker.throttled(slot, 30 * S, now);
        if slot % (THROTTLED_IN_A_ROW - 1) == 0 {
            now += Duration::from_secs(WINDOW_S);
        }
        assert_eq!(breaker.paused_until(now), None, "{slot}");
    }
}

#[test]
fn a_service_for_which_there_is_no_token_is_left_alone_and_probed() {
    let now = start();
    let mut breaker = Breaker::default();
    breaker.leave(5 * S, now);
    breaker.leave(3 * S, now);
    assert_eq!((breaker.paused_until(now), breaker.probes(now)), (Some(now + 5 * S), Some(0)));
    assert_eq!(breaker.probes(now + 5 * S), Some(PROBES_MAX));
    assert_eq!(breaker.admit(now + 5 * S), Ok(()));
    assert_eq!(breaker.probes(now + 5 * S), Some(PROBES_MAX - 1));
    breaker.accepted(7, now + 5 * S);
    assert_eq!((breaker.probes(now + 5 * S), breaker.standing()), (None, Standing::Closed));
}

#[test]
fn six_in_ten_of_enough_pushes_failing_opens_and_less_does_not() {
    let now = start();
    let mut breaker = Breaker::default();
    for slot in 1..WINDOW_COUNT_MIN {
        breaker.failed(slot, Duration::ZERO, now, 0.0);
    }
    assert_eq!(breaker.admit(now), Ok(()), "too few to say");
    breaker.failed(0, Duration::ZERO, now, 0.0);
    assert_eq!(breaker.admit(now), Err(now + Duration::from_secs(OPEN_S_FIRST)));

    for (accepted, wanted) in [(5, Standing::Closed), (4, Standing::Open)] {
        let mut breaker = Breaker::default();
        for turn in 0..100 * WINDOW_COUNT_MIN {
            if turn % 10 < accepted {
                breaker.accepted(turn, now);
            } else {
                breaker.failed(turn, Duration::ZERO, now, 0.0);
            }
        }
        assert_eq!(breaker.standing(), wanted, "{accepted} in ten accepted");
    }
    let mut breaker = Breaker::default();
    for turn in 0..100 * WINDOW_COUNT_MIN {
        breaker.failed(turn, Duration::ZERO, now + turn * S, 0.0);
    }
    assert_eq!(breaker.standing(), Standing::Closed, "ten in ten seconds");
}

#[test]
fn those_for_whom_it_fails_while_others_are_answered_never_open_it() {
    let mut now = start();
    let mut breaker = Breaker::default();
    let left = 0..10 * WINDOW_COUNT_MIN;
    for slot in left.clone() {
        breaker.failed(slot, Duration::ZERO, now, 0.0);
        breaker.accepted(10_000 + slot, now);
    }
    for _ in 0..3 {
        now += Duration::from_secs(2 * WINDOW_S);
        left.clone().for_each(|slot| breaker.failed(slot, Duration::ZERO, now, 0.0));
        assert_eq!(breaker.standing(), Standing::Closed, "all that is left fails as it did");
    }
    // Answered, and failing again: that is new.
    left.clone().for_each(|slot| breaker.answered(slot, now));
    now += Duration::from_secs(2 * WINDOW_S);
    left.clone().for_each(|slot| breaker.failed(slot, Duration::ZERO, now, 0.0));
    assert_eq!(breaker.standing(), Standing::Open);

    // One is answered, and it fails for the same ones as before.
    now += Duration::from_secs(OPEN_S_MAX);
    assert_eq!(breaker.admit(now), Ok(()));
    breaker.answered(0, now);
    assert_eq!(breaker.standing(), Standing::Closed);
    left.clone().for_each(|slot| breaker.failed(slot, Duration::ZERO, now, 0.0));
    assert_eq!(breaker.standing(), Standing::Open);

    let mut breaker = Breaker::default();
    (1..WINDOW_COUNT_MIN).for_each(|slot| breaker.failed(slot, Duration::ZERO, now, 0.0));
    now += Duration::from_secs(KNOWN_S_MAX);
    failing(&mut breaker, now);
    assert_eq!(breaker.standing(), Standing::Open, "what was so long ago is forgotten");
}

/// Lets the probes go and fail.
fn probes_fail(breaker: &mut Breaker, now: Instant, jitter: f64) {
    for _ in 0..PROBES_MAX {
        assert_eq!(breaker.admit(now), Ok(()));
    }
    for slot in 0..PROBES_MAX {
        breaker.failed(slot, Duration::ZERO, now, jitter);
    }
}

#[test]
fn a_few_pushes_probe_one_good_answer_closes_and_all_must_fail_to_open_again() {
    let now = start();
    let mut breaker = Breaker::default();
    failing(&mut breaker, now);
    let later = now + Duration::from_secs(OPEN_S_FIRST);
    for _ in 0..PROBES_MAX {
        assert_eq!(breaker.admit(later), Ok(()));
    }
    let wait = Duration::from_millis(PROBE_WAIT_MS);
    assert_eq!(breaker.admit(later), Err(later + wait), "all are out");
    assert_eq!(breaker.standing(), Standing::HalfOpen);
    for slot in 1..PROBES_MAX {
        breaker.failed(slot, Duration::ZERO, later + S, 0.0);
    }
    assert_eq!(breaker.standing(), Standing::HalfOpen);
    let mut closed = breaker.clone();
    closed.answered(7, later + S);
    assert_eq!((closed.standing(), closed.admit(later + S)), (Standing::Closed, Ok(())));
    breaker.failed(0, Duration::ZERO, later + S, 0.0);
    assert_eq!(breaker.admit(later + S), Err(later + S + Duration::from_secs(2 * OPEN_S_FIRST)), "twice as long");
}

#[test]
fn a_probe_that_did_not_go_or_was_never_heard_of_is_followed_by_another() {
    let now = start();
    let mut breaker = Breaker::default();
    failing(&mut breaker, now);
    let later = now + Duration::from_secs(OPEN_S_FIRST);
    for _ in 0..PROBES_MAX {
        assert_eq!(breaker.admit(later), Ok(()));
    }
    breaker.unsent(later);
    assert_eq!(breaker.admit(later), Ok(()));
    assert!(breaker.admit(later + Duration::from_secs(PROBE_S_MAX) - S).is_err());
    assert_eq!(breaker.admit(later + Duration::from_secs(PROBE_S_MAX)), Ok(()));
}

#[test]
fn the_time_open_doubles_to_a_bound_and_jitter_shortens_it() {
    let mut now = start();
    let mut breaker = Breaker::default();
    failing(&mut breaker, now);
    let mut longest = Duration::ZERO;
    for _ in 0..40 {
        let until = breaker.paused_until(now).expect("open");
        longest = longest.max(until - now);
        now = until;
        probes_fail(&mut breaker, now, 0.0);
    }
    assert_eq!(longest, Duration::from_secs(OPEN_S_MAX));
    now = breaker.paused_until(now).expect("open");
    probes_fail(&mut breaker, now, 1.0);
    assert_eq!(breaker.paused_until(now), Some(now + Duration::from_secs(OPEN_S_MAX) / 2));
    now += Duration::from_secs(OPEN_S_MAX);
    assert_eq!(breaker.admit(now), Ok(()));
    breaker.accepted(7, now);
    let mut soon = breaker.clone();
    failing(&mut soon, now);
    assert_eq!(soon.paused_until(now), Some(now + Duration::from_secs(OPEN_S_MAX)), "it has not stood yet");
    now += Duration::from_secs(STEADY_S);
    failing(&mut breaker, now);
    assert_eq!(breaker.paused_until(now), Some(now + Duration::from_secs(OPEN_S_FIRST)), "it stood for a while");
}

#[test]
fn a_failing_service_that_says_how_long_is_left_alone_so_long() {
    let now = start();
    let mut breaker = Breaker::default();
    for slot in 0..WINDOW_COUNT_MIN {
        breaker.failed(slot, 120 * S, now, 0.0);
    }
    assert_eq!(breaker.paused_until(now), Some(now + 120 * S));
}

/// What can be told to a breaker, and how much later.
#[derive(Debug, Clone, Copy)]
enum Told {
    Accepted(u8),
    Answered(u8),
    Throttled(u8, u16),
    Failed(u8, u16),
    Leave(u16),
    Unsent,
    Nothing,
}

fn told() -> impl Strategy<Value = (Told, u64)> {
    let what = prop_oneof![
        any::<u8>().prop_map(Told::Accepted),
        any::<u8>().prop_map(Told::Answered),
        any::<(u8, u16)>().prop_map(|(slot, after_s)| Told::Throttled(slot, after_s)),
        (any::<u8>(), prop_oneof![Just(0), any::<u16>()]).prop_map(|(slot, after_s)| Told::Failed(slot, after_s)),
        any::<u16>().prop_map(Told::Leave),
        Just(Told::Unsent),
        Just(Told::Nothing),
    ];
    // Mostly runs of one thing in quick succession, which is what opens a breaker.
    (what, prop_oneof![8 => 0..50_u64, 1 => 0..100_000_u64])
}

fn tell(breaker: &mut Breaker, told: Told, now: Instant) {
    match told {
        Told::Accepted(slot) => breaker.accepted(slot.into(), now),
        Told::Answered(slot) => breaker.answered(slot.into(), now),
        Told::Throttled(slot, after_s) => breaker.throttled(slot.into(), u32::from(after_s) * S, now),
        Told::Failed(slot, after_s) => breaker.failed(slot.into(), u32::from(after_s) * S, now, 0.5),
        Told::Leave(pause_s) => breaker.leave(u32::from(pause_s) * S, now),
        Told::Unsent => breaker.unsent(now),
        Told::Nothing => {}
    }
}

proptest! {
    /// Whatever it was told, with stragglers from before it opened and probes that nobody hears of.
    #[test]
    fn it_never_stays_open_for_ever(history in prop::collection::vec((told(), 1..40_usize), 1..60)) {
        let mut now = start();
        let mut breaker = Breaker::default();
        for ((what, pause_ms), times) in history {
            for _ in 0..times {
                let _ = breaker.admit(now);
                tell(&mut breaker, what, now);
                now += Duration::from_millis(pause_ms);
                let longest = Duration::from_secs(PAUSE_S_MAX);
                prop_assert!(breaker.paused_until(now).is_none_or(|until| until <= now + longest));
            }
        }
        now += Duration::from_secs(PAUSE_S_MAX);
        prop_assert_eq!(breaker.admit(now), Ok(()));
    }

    /// A service that fails for good: pushes are offered all the time, answers come after a while.
    #[test]
    fn while_it_is_open_nothing_but_the_probes_pass(
        answer_ms in 1..20_000_u64,
        offers_ms in prop::collection::vec(1..2_000_u64, 200..600),
        jitter in 0.0..1.0_f64,
    ) {
        let mut now = start();
        let mut breaker = Breaker::default();
        failing(&mut breaker, now);
        let mut under_way: VecDeque<Instant> = VecDeque::new();
        for pause_ms in offers_ms {
            now += Duration::from_millis(pause_ms);
            while under_way.front().is_some_and(|due| *due <= now) {
                under_way.pop_front();
                breaker.failed(7, Duration::ZERO, now, jitter);
            }
            if breaker.admit(now).is_ok() {
                under_way.push_back(now + Duration::from_millis(answer_ms));
            }
            prop_assert!(under_way.len() <= PROBES_MAX as usize, "{} probes at once", under_way.len());
            prop_assert!(breaker.standing() != Standing::Closed);
        }
    }

    /// Gone endpoints and devices throttled by themselves, three in ten, in any order.
    #[test]
    fn trouble_of_single_endpoints_never_opens_it(seed in any::<u64>()) {
        let mut state = seed | 1;
        let mut random = || {
            // xorshift64*, Vigna 2016.
            state ^= state >> 12;
            state ^= state << 25;
            state ^= state >> 27;
            state.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 40
        };
        let mut now = start();
        let mut breaker = Breaker::default();
        for slot in 0..20_000 {
            match random() % 100 {
                0..15 => breaker.answered(slot, now),
                15..30 => breaker.throttled(slot, 60 * S, now),
                _ => breaker.accepted(slot, now),
            }
            now += Duration::from_micros(random() % 200);
            prop_assert_eq!(breaker.standing(), Standing::Closed);
        }
    }
}
