use super::*;
use futures_util::FutureExt;
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
fn quiet_tiers_move_even_under_a_stream_of_urgent_ones() {
    let (gate, here) = (gate(1, 1), origin("here"));
    let mut pass = got(ask(&gate, &here, Tier::P0, Ring::Inside)).expect("free");
    let mut quiet = ask(&gate, &here, Tier::P3, Ring::Inside);
    for turn in 1..=QUIET_SHARE {
        let mut urgent = ask(&gate, &here, Tier::P0, Ring::Inside);
        drop(pass);
        if (&mut quiet).now_or_never().is_some() {
            assert_eq!(turn, QUIET_SHARE - 1, "the first pass was a turn, too");
            return;
        }
        pass = (&mut urgent).now_or_never().expect("urgent");
    }
    panic!("the quiet send never had its turn");
}

#[test]
fn quiet_tiers_move_even_where_urgent_ones_hold_everything() {
    let (gate, here) = (gate(16, 16), origin("here"));
    let mut held = all(&gate, &here, Tier::P0);
    assert_eq!(held.len(), 16);
    let mut quiet = ask(&gate, &here, Tier::P3, Ring::Near);
    for _ in 0..QUIET_SHARE {
        let mut urgent = ask(&gate, &here, Tier::P0, Ring::Inside);
        held.remove(0);
        if (&mut quiet).now_or_never().is_some() {
            return;
        }
        held.push((&mut urgent).now_or_never().expect("urgent"));
    }
    panic!("the quiet send never had its turn");
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

#[test]
fn a_slow_service_leaves_room_for_every_other() {
    let gate = gate(64, 64);
    let names: Vec<_> = ["one", "two", "three", "four"].map(origin).into_iter().collect();
    let mut held = Vec::new();
    for name in &names {
        let got = all(&gate, name, Tier::P2);
        assert!(!got.is_empty(), "nothing is left for {name}");
        held.extend(got);
    }
    let urgent = all(&gate, &origin("five"), Tier::P0);
    assert!(!urgent.is_empty() && held.len() + urgent.len() == 64, "an urgent one takes what there is");
}

#[test]
fn a_pass_goes_to_another_service_when_its_own_needs_it_no_more() {
    let (gate, here, there) = (gate(2, 2), origin("here"), origin("there"));
    let mut held = all(&gate, &here, Tier::P0);
    assert_eq!(held.len(), 2);
    let mut waits = ask(&gate, &there, Tier::P3, Ring::Near);
    assert!((&mut waits).now_or_never().is_none());
    held.pop();
    assert!((&mut waits).now_or_never().is_some());
}

#[test]
fn a_quota_is_spent_evenly_and_what_is_not_used_is_not_hoarded() {
    let now = Clock::system().monotonic();
    let mut lane = Lane::new(1_000, Some(600));
    let mut spend = |now: Instant| {
        let mut spent = 0;
        while lane.quota(now).is_ok() {
            lane.wait(0, oneshot::channel().0);
            lane.go(0);
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
