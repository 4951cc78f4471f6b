//! Broadcasts and their states.

use super::given::{alert, at, batch_of, broadcast, broadcast_of, chain, commit, plan, store};
use crate::support::database::databases;
use beffroi::model::batch::Rest;
use beffroi::model::broadcast::{Broadcast, Reason, State};
use beffroi::model::id::{BroadcastId, OperatorId};
use beffroi::model::operator::{Operator, Role};
use beffroi::model::tier::Tier;
use beffroi::store::alert::NewAlert;
use beffroi::store::{Db, batch, broadcast as broadcasts, operator};
use std::collections::BTreeSet;
use std::slice::from_ref;

#[tokio::test]
async fn a_broadcast_comes_back_as_it_went_in() {
    for (name, db, _guard) in databases().await {
        let author = Operator {
            id: OperatorId("o".to_owned()),
            login: "anna".to_owned(),
            name: "Anna".to_owned(),
            role: Role::Operator,
            created: at(0),
        };
        assert!(commit!(db, |tx| operator::insert(tx, &author, "hash")), "{name}");
        let alert = alert(&chain(&db, "key").await);
        let stored = Broadcast {
            reason: Some(Reason::KeyHolds),
            tier: Tier::P0,
            author: Some(author.id),
            planned: Some(at(2)),
            finished: Some(at(3)),
            inside: 5_000_000_000,
            near: 7,
            ..broadcast_of(&alert, State::Held)
        };
        store(&db, &alert, &stored).await;
        assert_eq!(broadcasts::get(&db, &stored.id).await.expect("reads").as_ref(), Some(&stored), "{name}");
        assert_eq!(broadcasts::by_alert(&db, &alert.id).await.expect("reads").as_ref(), Some(&stored), "{name}");
        assert_eq!(commit!(db, |tx| broadcasts::in_chain(tx, &alert.chain)), [stored], "{name}");
        let unknown = BroadcastId("unknown".to_owned());
        assert_eq!(broadcasts::get(&db, &unknown).await.expect("reads"), None, "{name}");
    }
}

#[tokio::test]
async fn an_alert_has_one_broadcast() {
    for (name, db, _guard) in databases().await {
        let alert = alert(&chain(&db, "key").await);
        store(&db, &alert, &broadcast_of(&alert, State::Held)).await;
        let mut tx = db.begin().await.expect("begins");
        let second = broadcasts::insert(&mut tx, &broadcast_of(&alert, State::Held)).await;
        assert!(second.is_err(), "{name}");
    }
}

/// What a person or the service may do to a broadcast.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Act {
    Approve,
    Refuse,
    Halt,
    Expire,
    PlannedForMany,
    PlannedForNobody,
    Finish,
}

/// The whole table: what each act makes of each state; anything else stays.
const TABLE: &[(Act, State, State)] = &[
    (Act::Approve, State::Held, State::Approved),
    (Act::Refuse, State::Held, State::Refused),
    (Act::Halt, State::Held, State::Halted),
    (Act::Halt, State::Approved, State::Halted),
    (Act::Halt, State::Sending, State::Halted),
    (Act::Expire, State::Held, State::Expired),
    (Act::Expire, State::Approved, State::Expired),
    (Act::Expire, State::Sending, State::Expired),
    (Act::PlannedForMany, State::Approved, State::Sending),
    (Act::PlannedForNobody, State::Approved, State::Done),
    (Act::Finish, State::Sending, State::Done),
];

async fn act(db: &Db, act: Act, id: &BroadcastId) -> bool {
    match act {
        Act::Approve => commit!(db, |tx| broadcasts::approve(tx, id, at(9))),
        Act::Refuse => commit!(db, |tx| broadcasts::refuse(tx, id, at(9))),
        Act::Halt => commit!(db, |tx| broadcasts::halt(tx, id, at(9))),
        Act::Expire => commit!(db, |tx| broadcasts::expire(tx, id, at(9))),
        Act::PlannedForMany => commit!(db, |tx| broadcasts::planned(tx, id, at(9), 3, 4, 7)),
        Act::PlannedForNobody => commit!(db, |tx| broadcasts::planned(tx, id, at(9), 0, 0, 0)),
        Act::Finish => commit!(db, |tx| broadcasts::finish(tx, from_ref(id), at(9))) == 1,
    }
}

#[tokio::test]
async fn an_act_changes_exactly_the_states_it_may_and_nothing_else() {
    let acts =
        [Act::Approve, Act::Refuse, Act::Halt, Act::Expire, Act::PlannedForMany, Act::PlannedForNobody, Act::Finish];
    for (name, db, _guard) in databases().await {
        for tried in acts {
            for from in State::ALL {
                let before = broadcast(&db, *from).await;
                let want = TABLE.iter().find(|(act, start, _)| *act == tried && start == from).map(|(_, _, end)| *end);
                let changed = act(&db, tried, &before.id).await;
                let after = broadcasts::get(&db, &before.id).await.expect("reads").expect("stored");
                assert_eq!(changed, want.is_some(), "{name} {tried:?} {from:?}");
                match want {
                    None => assert_eq!(after, before, "{name} {tried:?} {from:?}"),
                    Some(end) => check_times(&before, &after, end),
                }
            }
        }
    }
}

fn check_times(before: &Broadcast, after: &Broadcast, end: State) {
    assert_eq!(after.state, end);
    let ended = matches!(end, State::Done | State::Halted | State::Expired | State::Refused);
    assert_eq!(after.finished, ended.then(|| at(9)), "{end:?}");
    let approved = if end == State::Approved { Some(at(9)) } else { before.approved };
    assert_eq!(after.approved, approved, "{end:?}");
    if before.state == State::Approved && matches!(end, State::Sending | State::Done) {
        let counts = if end == State::Sending { (3, 4) } else { (0, 0) };
        assert_eq!((after.planned, (after.inside, after.near)), (Some(at(9)), counts));
    }
}

#[tokio::test]
async fn a_broadcast_is_done_only_when_no_batch_is_open() {
    for (name, db, _guard) in databases().await {
        let sending = broadcast(&db, State::Sending).await;
        plan(&db, &[batch_of(&sending, [1, 2])]).await;
        assert_eq!(commit!(db, |tx| broadcasts::finish(tx, from_ref(&sending.id), at(5))), 0, "{name}");
        assert_eq!(broadcasts::finishable(&db).await.expect("lists"), [], "{name}");
        assert_eq!(commit!(db, |tx| batch::close_open(tx, &sending.id, Rest::Stopped)), 1, "{name}");
        assert_eq!(broadcasts::finishable(&db).await.expect("lists"), from_ref(&sending.id), "{name}");
        let over = broadcast(&db, State::Sending).await;
        // One of them is held by another transaction, where there can be another: it is left, and the other one ends.
        let both = [sending.id.clone(), over.id.clone()];
        let mut other = if name == "postgres" { Some(db.begin().await.expect("begins")) } else { None };
        if let Some(tx) = &mut other {
            broadcasts::halt(tx, &over.id, at(5)).await.expect("halts");
        }
        let ended = commit!(db, |tx| broadcasts::finish(tx, &both, at(5)));
        assert_eq!(ended, if other.is_some() { 1 } else { 2 }, "{name}");
        if let Some(tx) = other {
            tx.commit().await.expect("commits");
        }
        assert_eq!(broadcasts::finishable(&db).await.expect("lists"), [], "{name}");
    }
}

#[tokio::test]
async fn the_most_urgent_approved_broadcast_is_due_first() {
    for (name, db, _guard) in databases().await {
        let chain = chain(&db, "key").await;
        let mut want = Vec::new();
        for (tier, received) in [(Tier::P2, 1), (Tier::P0, 9), (Tier::P0, 3), (Tier::P3, 0), (Tier::P1, 5)] {
            let alert = NewAlert { received: at(received), ..alert(&chain) };
            let approved = Broadcast { tier, ..broadcast_of(&alert, State::Approved) };
            store(&db, &alert, &approved).await;
            want.push((tier, received, approved.id));
        }
        broadcast(&db, State::Held).await;
        broadcast(&db, State::Sending).await;
        want.sort();
        let mut skipped = BTreeSet::new();
        while let Some(due) = broadcasts::due(&db, &skipped).await.expect("reads") {
            assert_eq!(due.id, want[skipped.len()].2, "{name}");
            skipped.insert(due.id);
        }
        assert_eq!(skipped.len(), want.len(), "{name}");
    }
}

#[tokio::test]
async fn who_comes_while_many_wait_to_be_planned_is_next_if_it_is_more_urgent() {
    for (name, db, _guard) in databases().await {
        let chain = chain(&db, "key").await;
        let approve = async |tier, received| {
            let alert = NewAlert { received: at(received), ..alert(&chain) };
            let approved = Broadcast { tier, ..broadcast_of(&alert, State::Approved) };
            store(&db, &alert, &approved).await;
            approved.id
        };
        for received in 0..300 {
            approve(Tier::P3, received).await;
        }
        let none = BTreeSet::new();
        let first = broadcasts::due(&db, &none).await.expect("reads").expect("waits");
        assert!(commit!(db, |tx| broadcasts::planned(tx, &first.id, at(400), 0, 0, 1)), "{name}");
        let urgent = approve(Tier::P0, 500).await;
        assert_eq!(broadcasts::due(&db, &none).await.expect("reads").map(|due| due.id), Some(urgent), "{name}");
    }
}

#[tokio::test]
async fn lists_hold_the_states_asked_for_newest_first() {
    for (name, db, _guard) in databases().await {
        let chain = chain(&db, "key").await;
        let mut stored = Vec::new();
        for (received, state) in (0..).zip(State::ALL.iter().chain(State::ALL)) {
            let alert = NewAlert { received: at(received), ..alert(&chain) };
            let broadcast = broadcast_of(&alert, *state);
            store(&db, &alert, &broadcast).await;
            stored.push(broadcast);
        }
        stored.reverse();
        let wanted = [State::Held, State::Done, State::Refused];
        let want: Vec<_> = stored.iter().filter(|broadcast| wanted.contains(&broadcast.state)).cloned().collect();
        assert_eq!(broadcasts::list(&db, &wanted, 50).await.expect("lists"), want, "{name}");
        assert_eq!(broadcasts::list(&db, &wanted, 2).await.expect("lists"), want[..2], "{name}");
        assert_eq!(broadcasts::list(&db, &[], 50).await.expect("lists"), [], "{name}");
        stored.reverse();
        assert_eq!(commit!(db, |tx| broadcasts::in_chain(tx, &chain)), stored, "{name}: oldest first");
    }
}

#[tokio::test]
async fn the_fence_holds_what_was_stopped_lately_or_still_has_open_batches() {
    const HOUR_MS: i64 = 3_600_000;
    for (name, db, _guard) in databases().await {
        let going = broadcast(&db, State::Sending).await;
        plan(&db, &[batch_of(&going, [1])]).await;
        let stopped = broadcast(&db, State::Sending).await;
        let expired = broadcast(&db, State::Sending).await;
        let unsettled = broadcast(&db, State::Sending).await;
        plan(&db, &[batch_of(&unsettled, [2])]).await;
        assert!(commit!(db, |tx| broadcasts::halt(tx, &stopped.id, at(1_000))), "{name}");
        assert!(commit!(db, |tx| broadcasts::expire(tx, &expired.id, at(1_000))), "{name}");
        assert!(commit!(db, |tx| broadcasts::halt(tx, &unsettled.id, at(1_000))), "{name}");
        let fences = async |now| {
            let mut ids = broadcasts::fences(&db, at(now)).await.expect("lists");
            ids.sort();
            ids
        };
        let mut all = [stopped.id.clone(), expired.id.clone(), unsettled.id.clone()];
        all.sort();
        assert_eq!(fences(1_000).await, all, "{name}");
        assert_eq!(fences(HOUR_MS + 999).await, all, "{name}");
        assert_eq!(fences(HOUR_MS + 1_000).await, std::slice::from_ref(&unsettled.id), "{name}");
        commit!(db, |tx| batch::close_open(tx, &unsettled.id, Rest::Stopped));
        assert_eq!(fences(HOUR_MS + 1_000).await, [], "{name}");
    }
}

#[tokio::test]
async fn what_is_not_over_when_its_validity_ends_is_past_expiry() {
    for (name, db, _guard) in databases().await {
        let mut want = Vec::new();
        for state in State::ALL {
            let stored = broadcast(&db, *state).await;
            if matches!(state, State::Held | State::Approved | State::Sending) {
                want.push(stored.id);
            }
        }
        want.sort();
        assert_eq!(broadcasts::past_expiry(&db, at(3_599_999)).await.expect("lists"), [], "{name}");
        let mut past = broadcasts::past_expiry(&db, at(3_600_000)).await.expect("lists");
        past.sort();
        assert_eq!(past, want, "{name}");
    }
}
