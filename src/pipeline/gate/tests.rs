use super::lane::{OWN, PASSED_BY_MAX, Turn};
use super::*;
use futures_util::FutureExt;
use proptest::collection::vec;
use proptest::sample::select;
use proptest::test_runner::Config as ProptestConfig;
use proptest::{prop_assert, proptest};
use std::future::Future;
use std::pin::Pin;

const S: Duration = Duration::from_secs(1);

fn gate(in_flight_max: usize, in_flight_per_origin_max: usize) -> Gate {
    Gate::new(Clock::system(), in_flight_max, in_flight_per_origin_max, Quotas::new())
}

fn origin(name: &str) -> Arc<str> {
    Arc::from(name)
}

type Asked<'a> = Pin<Box<dyn Future<Output = Pass> + 'a>>;

/// A pass that was asked for, free or not.
fn ask<'a>(gate: &'a Gate, origin: &'a Arc<str>, tier: Tier, ring: Ring) -> Asked<'a> {
    let mut pass = Box::pin(gate.pass(origin, tier, ring).fuse());
    // Taken in line when it is first polled.
    let at_once = (&mut pass).now_or_never();
    Box::pin(async move {
        match at_once {
            Some(pass) => pass,
            None => pass.await,
        }
    })
}

/// A pass that is there.
fn got(pass: Asked<'_>) -> Option<Pass> {
    pass.now_or_never()
}

/// As many passes as are there.
fn all(gate: &Gate, origin: &Arc<str>, tier: Tier) -> Vec<Pass> {
    std::iter::from_fn(|| got(ask(gate, origin, tier, Ring::Inside))).collect()
}

#[test]
fn an_urgent_send_overtakes_all_that_wait() {
    let (gate, here) = (gate(1, 1), origin("here"));
    let first = got(ask(&gate, &here, Tier::P3, Ring::Inside)).expect("free");
    let mut near = ask(&gate, &here, Tier::P0, Ring::Near);
    let mut quiet = ask(&gate, &here, Tier::P3, Ring::Inside);
    let mut inside = ask(&gate, &here, Tier::P0, Ring::Inside);
    drop(first);
    let inside = (&mut inside).now_or_never().expect("the urgent one inside is next");
    assert!((&mut near).now_or_never().is_none() && (&mut quiet).now_or_never().is_none());
    drop(inside);
    let near = (&mut near).now_or_never().expect("then the urgent one near");
    assert!((&mut quiet).now_or_never().is_none());
    drop(near);
    assert!((&mut quiet).now_or_never().is_some());
}

#[test]
fn one_pass_in_sixteen_goes_to_those_who_are_passed_by_each_in_turn() {
    let (gate, here) = (gate(1, 1), origin("here"));
    let mut pass = got(ask(&gate, &here, Tier::P0, Ring::Inside)).expect("free");
    let mut quiet: Vec<_> =
        [Tier::P1, Tier::P2, Tier::P3].map(|tier| (tier, ask(&gate, &here, tier, Ring::Near))).into_iter().collect();
    let mut passed_by = 0;
    for _ in 0..3 * PASSED_BY_MAX + 2 {
        let mut urgent = ask(&gate, &here, Tier::P0, Ring::Inside);
        drop(pass);
        if let Some(next) = (&mut urgent).now_or_never() {
            (pass, passed_by) = (next, passed_by + 1);
            continue;
        }
        // The least urgent who still wait.
        let (_, mut next) = quiet.pop().expect("waits");
        drop((&mut next).now_or_never().expect("its turn"));
        assert_eq!(passed_by, PASSED_BY_MAX);
        (pass, passed_by) = ((&mut urgent).now_or_never().expect("then the urgent again"), 1);
    }
    assert!(quiet.is_empty());
}

#[test]
fn those_who_are_passed_by_take_turns() {
    let mut lane = Lane::new(1, None);
    let mut turns = Vec::new();
    let mut waiting = Vec::new();
    for rank in [0, 3, 5, 6] {
        for _ in 0..100 {
            let (sender, turn) = oneshot::channel();
            lane.wait(rank, sender);
            waiting.push(turn);
        }
    }
    for _ in 0..5 * (PASSED_BY_MAX + 1) {
        let turn = lane.may_go(Whole { in_flight: 0, in_flight_max: 1_000 }).expect("free");
        drop(lane.go(turn));
        lane.came_back(turn.rank);
        turns.extend(turn.is_quiet.then_some(turn.rank));
    }
    assert_eq!(turns, [6, 5, 3, 6, 5]);
}

#[test]
fn quiet_tiers_move_even_where_urgent_ones_hold_everything() {
    for flood in [Tier::P0, Tier::P1] {
        let (gate, here) = (gate(1_000, 16), origin("here"));
        let mut held = all(&gate, &here, flood);
        let mut quiet = ask(&gate, &here, Tier::P3, Ring::Near);
        let moved = (0..=PASSED_BY_MAX).any(|_| {
            let mut urgent = ask(&gate, &here, flood, Ring::Inside);
            held.remove(0);
            if (&mut quiet).now_or_never().is_some() {
                return true;
            }
            held.push((&mut urgent).now_or_never().expect("urgent"));
            false
        });
        assert!(moved, "the quiet send never had its turn beside {flood:?}");
    }
}

#[test]
fn whoever_comes_while_others_wait_goes_behind_the_more_urgent_of_them() {
    let (gate, here, there) = (gate(16, 1), origin("here"), origin("there"));
    let first = got(ask(&gate, &here, Tier::P0, Ring::Inside)).expect("free");
    let mut urgent = ask(&gate, &here, Tier::P0, Ring::Near);
    drop(first);
    // It was handed the pass and has not been looked at since: the pass is not free.
    assert!(got(ask(&gate, &here, Tier::P0, Ring::Inside)).is_none());
    assert!(got(ask(&gate, &there, Tier::P3, Ring::Near)).is_some(), "nobody waits there");
    assert!((&mut urgent).now_or_never().is_some());
}

#[test]
fn a_pass_for_someone_who_left_is_not_lost() {
    let (gate, here) = (gate(1, 1), origin("here"));
    let pass = got(ask(&gate, &here, Tier::P1, Ring::Inside)).expect("free");
    drop(ask(&gate, &here, Tier::P0, Ring::Inside));
    drop(pass);
    assert!(got(ask(&gate, &here, Tier::P3, Ring::Inside)).is_some());
}

#[test]
fn where_quiet_ones_hold_all_that_they_may_an_urgent_one_still_starts() {
    let (gate, slow) = (gate(1_000, 16), origin("slow"));
    let held: Vec<_> = [Tier::P3, Tier::P2, Tier::P1].into_iter().flat_map(|tier| all(&gate, &slow, tier)).collect();
    assert_eq!(held.len(), 14, "each tier leaves an eighth to the one above");
    assert_eq!(all(&gate, &slow, Tier::P0).len(), 2);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever came first and never came back.
    #[test]
    fn an_urgent_send_finds_room_in_its_lane_unless_urgent_ones_fill_it(
        tiers in vec(select(&Tier::ALL[1..]), 1..400), lane in 8_usize..64
    ) {
        let (gate, slow) = (gate(1_000, lane), origin("slow"));
        let _held: Vec<_> = tiers.into_iter().filter_map(|tier| got(ask(&gate, &slow, tier, Ring::Inside))).collect();
        prop_assert!(all(&gate, &slow, Tier::P0).len() >= lane / 8);
    }

    #[test]
    fn any_number_of_silent_services_leaves_room_for_every_other(
        asked in vec((0..24_usize, select(&Tier::ALL[..]), 1..40), 1..60)
    ) {
        let gate = gate(128, 32);
        let origins: Vec<_> = (0..24).map(|number| origin(&number.to_string())).collect();
        let mut held = Vec::new();
        for (number, tier, times) in asked {
            held.extend((0..times).map_while(|_| got(ask(&gate, &origins[number], tier, Ring::Inside))));
        }
        prop_assert!(held.len() <= 128 + 24 * Tier::ALL.len() * OWN);
        for tier in Tier::ALL {
            let healthy = origin(tier.as_str());
            prop_assert!(all(&gate, &healthy, tier).len() >= OWN);
        }
    }
}

#[test]
fn four_silent_services_leave_an_urgent_send_to_a_fifth_more_than_a_few_passes() {
    let gate = gate(1_024, 256);
    let names = ["one", "two", "three", "four"].map(origin);
    let held: Vec<_> = names.iter().flat_map(|name| all(&gate, name, Tier::P0)).collect();
    assert_eq!(held.len(), 256 + 256 + 256 + 128, "each takes no more than it leaves");
    assert_eq!(all(&gate, &origin("five"), Tier::P0).len(), 64);
}

#[test]
fn a_flood_of_urgent_sends_leaves_quiet_ones_to_another_service_more_than_one_at_a_time() {
    let (gate, flooded, other) = (gate(64, 64), origin("flooded"), origin("other"));
    let mut held = all(&gate, &flooded, Tier::P0);
    let _waiting: Vec<_> = (0..64).map(|_| ask(&gate, &flooded, Tier::P0, Ring::Inside)).collect();
    let quiet: Vec<_> = (0..OWN).map(|_| ask(&gate, &other, Tier::P3, Ring::Near)).collect();
    // They come back one at a time, each taken by the next.
    held.truncate(1);
    assert_eq!(quiet.into_iter().filter_map(got).collect::<Vec<_>>().len(), OWN);
}

#[test]
fn a_quota_is_spent_evenly_and_what_is_not_used_is_not_hoarded() {
    let now = Clock::system().monotonic();
    let mut lane = Lane::new(1_000, Some(600));
    let mut spend = |now: Instant| {
        let mut spent = 0;
        while lane.quota(now).is_ok() {
            lane.wait(0, oneshot::channel().0);
            lane.go(Turn { rank: 0, is_quiet: false });
            spent += 1;
        }
        spent
    };
    assert_eq!(spend(now), 10, "a second's worth to begin with");
    assert_eq!(spend(now + S / 2), 5);
    assert_eq!(spend(now + 3_600 * S), 10, "not an hour's worth");
    assert_eq!(lane.quota(now + 3_600 * S).expect_err("spent").as_millis(), 100);
    lane.set_quota(300);
    assert_eq!(lane.quota(now + 3_600 * S).expect_err("spent").as_millis(), 200, "another node sends as well");
}

#[test]
fn while_somebody_sleeps_for_a_quota_nobody_goes_and_then_all_that_became_free() {
    let now = Clock::system().monotonic();
    let mut lane = Lane::new(9, Some(600));
    assert_eq!(lane.quota(now), Ok(()));
    assert!(lane.ring(), "nobody sleeps yet");
    let later = now + Duration::from_secs(1);
    assert_eq!(lane.quota(later), Err(Duration::ZERO));
    lane.rung();
    assert_eq!(lane.quota(later), Ok(()));
}

#[tokio::test]
async fn inside_a_quota_the_urgent_go_first() {
    let fcm = origin("fcm");
    let quotas = Quotas::from([("fcm".to_owned(), 6_000)]);
    let gate = Gate::new(Clock::system(), 1_000, 1, quotas);
    let held = gate.pass(&fcm, Tier::P0, Ring::Inside).await;
    let order = Mutex::new(Vec::new());
    let send = async |tier| {
        let _pass = gate.pass(&fcm, tier, Ring::Inside).await;
        order.lock().expect("order").push(tier);
    };
    let begin = async { drop(held) };
    tokio::join!(send(Tier::P3), send(Tier::P1), send(Tier::P0), send(Tier::P0), send(Tier::P2), begin);
    assert_eq!(*order.lock().expect("order"), [Tier::P0, Tier::P0, Tier::P1, Tier::P2, Tier::P3]);
}
