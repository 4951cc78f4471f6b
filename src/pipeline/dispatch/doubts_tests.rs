//! One test for each thing that decides whose doing a refusal is.

use super::*;
use crate::clock::Clock;

fn start() -> Instant {
    Clock::system().monotonic()
}

fn refuse(doubts: &mut Doubts, slot: Slot, fate: Fate, now: Instant) -> Verdict {
    doubts.refused(Refusal { slot, fate, is_first_try: true }, now)
}

fn refuse_again(doubts: &mut Doubts, slot: Slot, fate: Fate, now: Instant) -> Verdict {
    doubts.refused(Refusal { slot, fate, is_first_try: false }, now)
}

fn is_endpoints(doubts: &mut Doubts, slot: Slot, now: Instant) -> bool {
    refuse(doubts, slot, Fate::Rejected, now).is_endpoints
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

/// One broadcast to so many people, of whom so many in each hundred are refused; each of those is tried again when so
/// many others were answered since. How many are given up.
fn broadcast(doubts: &mut Doubts, people: u32, refused_percent: u32, again_after: u32, now: Instant) -> usize {
    let is_refused = |slot: Slot| slot * 37 % 100 < refused_percent;
    let mut given_up = 0;
    for turn in 0..people + again_after {
        if turn < people {
            if is_refused(turn) {
                refuse(doubts, turn, Fate::Gone, now);
            } else {
                doubts.accepted(turn, now);
            }
        }
        if let Some(earlier) = turn.checked_sub(again_after).filter(|earlier| is_refused(*earlier)) {
            given_up += usize::from(refuse_again(doubts, earlier, Fate::Gone, now).is_endpoints);
        }
    }
    given_up
}

#[test]
fn so_many_at_once_are_our_doing() {
    let now = start();
    for (refused_percent, wave) in [(9, false), (11, true)] {
        let mut doubts = Doubts::default();
        let given_up = broadcast(&mut doubts, 1_000, refused_percent, 100, now);
        assert_eq!(given_up == 0, wave, "{refused_percent} %: {given_up} given up");
    }
}

/// All is well in a city of so many, whose people come after those of [`broadcast`].
fn all_well(doubts: &mut Doubts, people: u32, now: Instant) {
    (100_000..100_000 + people).for_each(|slot| doubts.accepted(slot, now));
}

#[test]
fn what_goes_wrong_all_at_once_gives_up_nobody_whether_tried_first_or_last() {
    let now = start();
    for again_after in [30, 100, 1_000, 10_000] {
        for (well_before, people, refused_percent) in [(0, 1_000, 30), (10_000, 1_000, 30), (10_000, 1_000, 15)] {
            let mut doubts = Doubts::default();
            all_well(&mut doubts, well_before, now);
            broadcast(&mut doubts, people, 0, again_after, now);
            let given_up = broadcast(&mut doubts, people, refused_percent, again_after, now);
            assert_eq!(given_up, 0, "{refused_percent} % of {people}, tried again after {again_after} others");
        }
    }
}

#[test]
fn a_few_in_a_hundred_whose_endpoints_are_to_blame_are_given_up() {
    let now = start();
    for again_after in [30, 100, 1_000] {
        let mut doubts = Doubts::default();
        all_well(&mut doubts, 10_000, now);
        let given_up = broadcast(&mut doubts, 10_000, 3, again_after, now);
        assert!(given_up >= 290, "{given_up} of 300 after {again_after} others");
        assert!(!doubts.is_wave());
    }
}

#[test]
fn whoever_was_tried_elsewhere_before_counts_as_refused_here() {
    let now = start();
    let mut doubts = Doubts::default();
    all_well(&mut doubts, 10_000, now);
    let mut given_up = 0;
    for _ in 0..3 {
        for slot in 0..300 {
            given_up += usize::from(refuse_again(&mut doubts, slot, Fate::Gone, now).is_endpoints);
            if slot % 50 == 0 {
                doubts.accepted(1_000 + slot, now);
            }
        }
    }
    assert_eq!(given_up, 0);
}

#[test]
fn a_wave_that_an_alert_before_hides_is_told_until_it_is_over() {
    let now = start();
    let mut doubts = Doubts::default();
    all_well(&mut doubts, 10_000, now);
    broadcast(&mut doubts, 1_000, 30, 100, now);
    assert!(refuse_again(&mut doubts, 0, Fate::Gone, now).is_alarming);
    assert!(doubts.is_wave());
    // It is mended, and everyone hears.
    (0..1_000).for_each(|slot| doubts.accepted(slot, now));
    all_well(&mut doubts, 10_000, now);
    assert!(!doubts.is_wave());
}

#[test]
fn whoever_was_retired_and_comes_back_begins_anew() {
    let now = start();
    for (fate, is_anew) in [(Fate::Gone, true), (Fate::Rejected, false)] {
        let mut doubts = Doubts::default();
        refuse(&mut doubts, 1, fate, now);
        doubts.accepted(2, now);
        assert!(refuse_again(&mut doubts, 1, fate, now).is_endpoints);
        assert_eq!(refuse(&mut doubts, 1, fate, now).is_endpoints, !is_anew, "{fate:?}");
        doubts.accepted(2, now);
        assert!(refuse_again(&mut doubts, 1, fate, now).is_endpoints);
    }
}

#[test]
fn many_broadcasts_at_a_time_hide_nobody_who_is_refused() {
    let now = start();
    let mut doubts = Doubts::default();
    (0..1_000).for_each(|slot| doubts.accepted(slot, now));
    for slot in 0..100 {
        for _ in 0..40 {
            if slot % 10 < 3 {
                refuse(&mut doubts, slot, Fate::Gone, now);
            } else {
                doubts.accepted(slot, now);
            }
        }
    }
    assert!(!refuse_again(&mut doubts, 0, Fate::Gone, now).is_endpoints);
}

#[test]
fn no_more_people_are_remembered_than_there_is_room_for_and_the_rest_wait() {
    let now = start();
    let mut doubts = Doubts::default();
    let many = u32::try_from(REFUSED_PEOPLE_MAX).expect("it fits") + 1;
    (0..many).for_each(|slot| _ = refuse(&mut doubts, slot, Fate::Gone, now));
    (many..20 * many).for_each(|slot| doubts.accepted(slot, now));
    assert!(!refuse_again(&mut doubts, many - 1, Fate::Gone, now).is_endpoints);
    assert!(refuse_again(&mut doubts, 0, Fate::Gone, now).is_endpoints);
    let later = now + Duration::from_secs(3 * LATELY_S);
    refuse(&mut doubts, many - 1, Fate::Gone, later);
    (many..many + 9).for_each(|slot| doubts.accepted(slot, later));
    assert!(refuse_again(&mut doubts, many - 1, Fate::Gone, later).is_endpoints, "there is room again");
}

#[test]
fn many_pushes_to_those_who_are_accepted_hide_nobody_who_is_refused() {
    let now = start();
    let mut doubts = Doubts::default();
    // Forty alerts, and with the last one something is wrong for three in ten.
    (0..40).for_each(|_| (0..60).for_each(|slot| doubts.accepted(slot, now)));
    (0..18).for_each(|slot| _ = refuse(&mut doubts, slot, Fate::Gone, now));
    (18..60).for_each(|slot| doubts.accepted(slot, now));
    let given_up = (0..18).filter(|slot| refuse(&mut doubts, *slot, Fate::Gone, now).is_endpoints).count();
    assert_eq!(given_up, 0);
}

#[test]
fn who_is_accepted_long_ago_proves_nothing() {
    let now = start();
    let mut doubts = Doubts::default();
    (100..1_000).for_each(|slot| doubts.accepted(slot, now));
    (0..5).for_each(|slot| _ = refuse(&mut doubts, slot, Fate::Gone, now));
    (100..160).for_each(|slot| doubts.accepted(slot, now));
    let soon = now + Duration::from_secs(LATELY_S);
    assert!(is_endpoints(&mut doubts, 0, soon), "five of nine hundred");
    let later = now + Duration::from_secs(3 * LATELY_S);
    assert!(!is_endpoints(&mut doubts, 0, later));
}

#[test]
fn what_is_ours_alone_gives_nobody_up_and_is_told() {
    let now = start();
    let mut doubts = Doubts::default();
    refuse(&mut doubts, 1, Fate::Kept, now);
    doubts.accepted(2, now);
    let again = refuse(&mut doubts, 1, Fate::Kept, now);
    assert!(!again.is_endpoints && again.is_alarming, "{again:?}");
}

#[test]
fn a_few_who_are_refused_after_all_others_were_accepted_wait_and_alarm_nobody() {
    let now = start();
    let mut doubts = Doubts::default();
    (10..1_000).for_each(|slot| doubts.accepted(slot, now));
    for _ in 0..3 {
        for slot in 0..4 {
            let verdict = refuse(&mut doubts, slot, Fate::Rejected, now);
            assert!(!verdict.is_endpoints && !verdict.is_alarming, "{verdict:?}");
        }
    }
    for slot in 0..4 {
        let verdict = refuse(&mut doubts, slot, Fate::Rejected, now + Duration::from_secs(3 * LATELY_S));
        assert!(!verdict.is_endpoints && !verdict.is_alarming, "long after: {verdict:?}");
    }
}

#[test]
fn an_app_of_which_nobody_is_accepted_is_told_and_a_single_endpoint_is_not() {
    let now = start();
    let mut doubts = Doubts::default();
    for _ in 0..10 {
        assert!(!refuse(&mut doubts, 1, Fate::Rejected, now).is_alarming);
    }
    (2..4).for_each(|slot| _ = refuse(&mut doubts, slot, Fate::Rejected, now));
    assert!(refuse(&mut doubts, 1, Fate::Rejected, now).is_alarming);
}
