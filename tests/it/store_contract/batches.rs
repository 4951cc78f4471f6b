//! Batches: leased to one at a time, checkpointed, closed, and never lost.

use super::given::{self, at, batch_of, broadcast, chain, claim_but, commit, plan, set};
use crate::support::database::databases;
use beffroi::clock::random_id;
use beffroi::model::batch::{Batch, Lease, Part, Progress, Rest, Ring};
use beffroi::model::broadcast::{Broadcast, State};
use beffroi::model::id::{AlertId, BatchId, BroadcastId};
use beffroi::model::outcome::Ledger;
use beffroi::model::tier::Tier;
use beffroi::store::batch::Standing;
use beffroi::store::{Db, batch as batches, broadcast as broadcasts};
use roaring::RoaringBitmap;
use std::collections::BTreeSet;

/// Claims for one minute.
pub async fn claim(db: &Db, now: i64, owner: &str) -> Option<Lease> {
    given::claim(db, Tier::P1, at(now), owner, at(now + 60_000)).await
}

pub async fn sending(db: &Db, people: impl IntoIterator<Item = u32>) -> (Broadcast, Batch) {
    let broadcast = broadcast(db, State::Sending).await;
    let batch = batch_of(&broadcast, people);
    plan(db, std::slice::from_ref(&batch)).await;
    (broadcast, batch)
}

pub fn started(people: impl IntoIterator<Item = u32>) -> Progress {
    Progress { started: set(people), ..Progress::default() }
}

pub fn accepted(people: impl IntoIterator<Item = u32>) -> Progress {
    Progress { accepted: set(people), ..Progress::default() }
}

/// Everyone of a batch who waits, tried once more.
fn all_again(lease: &Lease, not_before: i64) -> [Part; 1] {
    let Batch { id, todo, attempts, .. } = lease.batch.clone();
    [Part { batch: id, who: todo, not_before: at(not_before), attempts: attempts + 1 }]
}

pub async fn ledger(db: &Db, broadcast: &BroadcastId) -> Ledger {
    let ledger = batches::ledger(db, broadcast).await.expect("reads");
    assert!(ledger.adds_up(), "{ledger:?}");
    ledger
}

#[tokio::test]
async fn a_batch_comes_back_as_it_went_in() {
    for (name, db, _guard) in databases().await {
        let broadcast = broadcast(&db, State::Sending).await;
        let batch = Batch {
            tier: Tier::P3,
            about: Some(AlertId("an-earlier-one".to_owned())),
            ring: Ring::Near,
            quiet: true,
            hours: Some("22:00:00/07:30:00 Europe/Paris".parse().expect("quiet hours")),
            not_before: at(5),
            ..batch_of(&broadcast, [0, 1, 70_000, u32::MAX])
        };
        plan(&db, std::slice::from_ref(&batch)).await;
        assert_eq!(batches::get(&db, &batch.id).await.expect("reads"), Some(batch), "{name}");
        assert_eq!(batches::get(&db, &BatchId("unknown".to_owned())).await.expect("reads"), None, "{name}");
    }
}

#[tokio::test]
async fn people_inside_come_before_people_near_and_then_who_was_due_first() {
    for (name, db, _guard) in databases().await {
        let broadcast = broadcast(&db, State::Sending).await;
        let one =
            |ring, not_before, tier| Batch { ring, not_before: at(not_before), tier, ..batch_of(&broadcast, [1]) };
        let in_order = [
            one(Ring::Inside, 10, Tier::P1),
            one(Ring::Inside, 20, Tier::P1),
            one(Ring::Near, 5, Tier::P1),
            one(Ring::Near, 15, Tier::P1),
        ];
        let others = [one(Ring::Inside, 31, Tier::P1), one(Ring::Inside, 0, Tier::P0)];
        plan(&db, &others).await;
        plan(&db, &in_order.iter().rev().cloned().collect::<Vec<_>>()).await;
        for want in &in_order {
            let lease = claim(&db, 30, "node").await.expect("a batch waits");
            assert_eq!(&lease.batch, want, "{name}");
        }
        assert_eq!(claim(&db, 30, "node").await, None, "{name}: not yet due, and another tier's");
        assert!(claim(&db, 31, "node").await.is_some(), "{name}");
    }
}

#[tokio::test]
async fn batches_of_skipped_push_services_stay_where_they_are() {
    for (name, db, _guard) in databases().await {
        let broadcast = broadcast(&db, State::Sending).await;
        let of = |origin: &str, not_before| Batch {
            origin: origin.to_owned(),
            not_before: at(not_before),
            ..batch_of(&broadcast, [1])
        };
        plan(&db, &[of("https://slow.example", 1), of("fcm", 2), of("https://\"odd\".example", 3)]).await;
        let claim = async |skipped: &[&str]| {
            let lease = claim_but(&db, Tier::P1, skipped, at(9), "node", at(60_000)).await;
            lease.map(|lease| lease.batch.origin)
        };
        let two = ["https://slow.example", "https://\"odd\".example"];
        assert_eq!(claim(&two).await.as_deref(), Some("fcm"), "{name}");
        assert_eq!(claim(&two).await, None, "{name}");
        assert_eq!(claim(&two[1..]).await.as_deref(), Some("https://slow.example"), "{name}");
    }
}

#[tokio::test]
async fn who_else_sends_to_a_push_service_is_known_while_their_leases_last() {
    for (name, db, _guard) in databases().await {
        for people in 1..=3 {
            sending(&db, [people]).await;
        }
        for owner in ["a", "b", "b"] {
            claim(&db, 0, owner).await.expect("free");
        }
        let others =
            async |origin, owner, now| batches::others_sending_to(&db, origin, owner, at(now)).await.expect("reads");
        let here = "https://push.example:8443";
        assert_eq!((others(here, "a", 1).await, others(here, "c", 1).await), (1, 2), "{name}");
        assert_eq!(others(here, "c", 60_000).await, 0, "{name}: their leases have run out");
        assert_eq!(others("fcm", "a", 1).await, 0, "{name}");
    }
}

#[tokio::test]
async fn a_leased_batch_is_free_again_when_its_lease_runs_out() {
    for (name, db, _guard) in databases().await {
        sending(&db, [1, 2]).await;
        let first = claim(&db, 0, "a").await.expect("free");
        assert_eq!(claim(&db, 59_999, "b").await, None, "{name}");
        let second = claim(&db, 60_000, "b").await.expect("run out");
        assert_eq!(second.batch.id, first.batch.id, "{name}");
        assert!(second.token > first.token, "{name}");
        let standing = commit!(db, |tx| batches::checkpoint(tx, &second, &started([1]), at(200_000)));
        assert_eq!(standing, Standing::Open, "{name}");
        assert_eq!(claim(&db, 199_999, "c").await, None, "{name}: a checkpoint prolongs");
        assert!(claim(&db, 200_000, "c").await.is_some(), "{name}");
    }
}

#[tokio::test]
async fn nothing_is_claimed_of_a_broadcast_that_is_not_sending_or_of_a_text_that_is_over() {
    for (name, db, _guard) in databases().await {
        for state in State::ALL {
            let broadcast = broadcast(&db, *state).await;
            plan(&db, &[batch_of(&broadcast, [1])]).await;
        }
        let lease = claim(&db, 10, "node").await.expect("the sending one");
        let of = broadcasts::get(&db, &lease.batch.broadcast).await.expect("reads").expect("stored");
        assert_eq!(of.state, State::Sending, "{name}");
        assert_eq!(claim(&db, 10, "node").await, None, "{name}");
        sending(&db, [2]).await;
        assert_eq!(claim(&db, 3_600_000, "node").await, None, "{name}: expired");
        assert!(claim(&db, 3_599_999, "node").await.is_some(), "{name}");
    }
}

#[tokio::test]
async fn many_nodes_claiming_at_once_never_get_the_same_batch() {
    const BATCHES: u32 = 60;
    for (name, db, _guard) in databases().await {
        let broadcast = broadcast(&db, State::Sending).await;
        let all: Vec<Batch> = (0..BATCHES).map(|number| batch_of(&broadcast, [number])).collect();
        plan(&db, &all).await;
        let nodes = (0..8).map(|node| {
            let db = db.clone();
            tokio::spawn(async move {
                let mut got = Vec::new();
                while let Some(lease) = claim(&db, 0, &format!("node-{node}")).await {
                    got.push(lease.batch.id);
                }
                got
            })
        });
        let mut got = Vec::new();
        for node in nodes.collect::<Vec<_>>() {
            got.extend(node.await.expect("runs"));
        }
        let distinct: BTreeSet<_> = got.iter().collect();
        assert_eq!((got.len(), distinct.len()), (BATCHES as usize, BATCHES as usize), "{name}");
    }
}

#[tokio::test]
async fn a_stale_lease_changes_nothing() {
    for (name, db, _guard) in databases().await {
        let (of, batch) = sending(&db, [1, 2, 3]).await;
        let old = claim(&db, 0, "a").await.expect("free");
        let new = claim(&db, 60_000, "b").await.expect("run out");
        assert_eq!(
            commit!(db, |tx| batches::checkpoint(tx, &new, &accepted([1]), at(120_000))),
            Standing::Open,
            "{name}"
        );
        let before = batches::get(&db, &batch.id).await.expect("reads");
        let late = Progress { started: set([2]), accepted: set([2, 3]), ..Progress::default() };
        assert_eq!(commit!(db, |tx| batches::checkpoint(tx, &old, &late, at(500_000))), Standing::Stale, "{name}");
        assert_eq!(
            commit!(db, |tx| batches::put_back(tx, &old, &late, &all_again(&old, 0))),
            Standing::Stale,
            "{name}"
        );
        assert_eq!(commit!(db, |tx| batches::finish(tx, &old, &late)), Standing::Stale, "{name}");
        assert_eq!(batches::get(&db, &batch.id).await.expect("reads"), before, "{name}");
        assert_eq!(claim(&db, 119_999, "c").await, None, "{name}: the new lease still holds");
        let want = Ledger { targeted: 3, accepted: 1, waiting: 2, ..Ledger::default() };
        assert_eq!(ledger(&db, &of.id).await, want, "{name}");
    }
}

#[tokio::test]
async fn who_takes_over_sees_what_was_kept_and_adds_to_it() {
    for (name, db, _guard) in databases().await {
        let (of, batch) = sending(&db, 1..=6).await;
        let first = claim(&db, 0, "a").await.expect("free");
        let learned = Progress {
            started: set([1, 2, 3, 4]),
            accepted: set([1]),
            gone: set([2]),
            rejected: set([3]),
            withdrawn: set([6]),
            ..Progress::default()
        };
        commit!(db, |tx| batches::checkpoint(tx, &first, &learned, at(60_000)));
        let second = claim(&db, 60_000, "b").await.expect("run out");
        assert_eq!(second.batch.progress, learned, "{name}");
        assert_eq!(second.batch.remaining(), set([4, 5]), "{name}: begun, but of unknown outcome");
        commit!(db, |tx| batches::checkpoint(tx, &second, &accepted([4]), at(120_000)));
        let after = batches::get(&db, &batch.id).await.expect("reads").expect("stored");
        assert_eq!(after.progress.accepted, set([1, 4]), "{name}");
        let want =
            Ledger { targeted: 6, accepted: 2, gone: 1, rejected: 1, withdrawn: 1, waiting: 1, ..Ledger::default() };
        assert_eq!(ledger(&db, &of.id).await, want, "{name}");
        assert_eq!(commit!(db, |tx| batches::finish(tx, &second, &accepted([5]))), Standing::Open, "{name}");
        let want = Ledger { accepted: 3, waiting: 0, ..want };
        assert_eq!(ledger(&db, &of.id).await, want, "{name}");
        assert_eq!(claim(&db, 500_000, "c").await, None, "{name}: done");
        assert_eq!(commit!(db, |tx| batches::finish(tx, &second, &accepted([2]))), Standing::Stale, "{name}");
    }
}

#[tokio::test]
async fn one_person_has_one_outcome_and_accepted_counts_most() {
    for (name, db, _guard) in databases().await {
        let (of, batch) = sending(&db, [1, 2, 3, 4]).await;
        let lease = claim(&db, 0, "a").await.expect("free");
        let reports = [
            Progress { withdrawn: set([1, 2, 3, 4]), ..Progress::default() },
            Progress { rejected: set([1, 2, 3]), ..Progress::default() },
            Progress { accepted: set([1]), ..Progress::default() },
            Progress { gone: set([1, 2]), ..Progress::default() },
            Progress { accepted: set([99]), started: set([98]), ..Progress::default() },
        ];
        for report in &reports {
            commit!(db, |tx| batches::checkpoint(tx, &lease, report, at(60_000)));
        }
        let progress = batches::get(&db, &batch.id).await.expect("reads").expect("stored").progress;
        let want = Progress {
            started: RoaringBitmap::new(),
            accepted: set([1]),
            gone: set([2]),
            rejected: set([3]),
            withdrawn: set([4]),
            ..Progress::default()
        };
        assert_eq!(progress, want, "{name}: and strangers to the batch are left out");
        let want = Ledger { targeted: 4, accepted: 1, gone: 1, rejected: 1, withdrawn: 1, ..Ledger::default() };
        assert_eq!(ledger(&db, &of.id).await, want, "{name}");
        let spoken_for = batches::spoken_for(&db, &of.id).await.expect("reads");
        assert_eq!(spoken_for, set([1]), "{name}: whose push was refused must hear a copy");
    }
}

#[tokio::test]
async fn what_had_begun_when_a_batch_was_closed_still_counts_and_nothing_new_may_start() {
    for (rest, name_of_rest) in [(Rest::Stopped, "stopped"), (Rest::Expired, "expired")] {
        for (name, db, _guard) in databases().await {
            let (of, batch) = sending(&db, 1..=6).await;
            let lease = claim(&db, 0, "a").await.expect("free");
            commit!(db, |tx| batches::checkpoint(tx, &lease, &started([1, 2, 3]), at(60_000)));
            assert_eq!(commit!(db, |tx| batches::close_open(tx, &of.id, rest)), 1, "{name}");
            let counted = |ledger: &Ledger| if rest == Rest::Stopped { ledger.stopped } else { ledger.expired };
            let closed = ledger(&db, &of.id).await;
            assert_eq!((counted(&closed), closed.waiting), (6, 0), "{name} {name_of_rest}");
            assert_eq!(claim(&db, 100_000, "b").await, None, "{name}: never again");

            let late = Progress { started: set([4, 5]), accepted: set([1]), gone: set([2, 4]), ..Progress::default() };
            let standing = commit!(db, |tx| batches::checkpoint(tx, &lease, &late, at(120_000)));
            assert_eq!(standing, Standing::Closed, "{name}");
            let settled = ledger(&db, &of.id).await;
            assert_eq!((settled.accepted, settled.gone, counted(&settled)), (1, 1, 4), "{name} {name_of_rest}");
            let after = batches::get(&db, &batch.id).await.expect("reads").expect("stored");
            assert_eq!(after.progress.started, set([1, 2, 3]), "{name}");

            assert_eq!(commit!(db, |tx| batches::finish(tx, &lease, &accepted([3]))), Standing::Closed, "{name}");
            let settled = ledger(&db, &of.id).await;
            assert_eq!((settled.accepted, counted(&settled), settled.waiting), (2, 3, 0), "{name}");
            let again = commit!(db, |tx| batches::checkpoint(tx, &lease, &accepted([1, 2, 3]), at(120_000)));
            assert_eq!(again, Standing::Stale, "{name}: the lease was ended");
            assert_eq!(commit!(db, |tx| batches::close_open(tx, &of.id, rest)), 0, "{name}");
        }
    }
}

#[tokio::test]
async fn a_batch_put_back_waits_for_its_time_and_counts_the_attempt() {
    for (name, db, _guard) in databases().await {
        let (of, _) = sending(&db, [1, 2]).await;
        let lease = claim(&db, 0, "a").await.expect("free");
        assert_eq!(
            commit!(db, |tx| batches::put_back(tx, &lease, &accepted([1]), &all_again(&lease, 5_000))),
            Standing::Open,
            "{name}"
        );
        let late = commit!(db, |tx| batches::checkpoint(tx, &lease, &accepted([2]), at(60_000)));
        assert_eq!(late, Standing::Stale, "{name}: it was given back");
        assert_eq!(claim(&db, 4_999, "b").await, None, "{name}");
        let again = claim(&db, 5_000, "b").await.expect("due");
        assert_eq!((again.batch.attempts, again.batch.remaining()), (1, set([2])), "{name}");
        commit!(db, |tx| batches::put_back(tx, &again, &accepted([2]), &all_again(&again, 6_000)));
        assert_eq!(claim(&db, 100_000, "c").await, None, "{name}: nobody is left");
        assert_eq!(broadcasts::finishable(&db).await.expect("lists"), [of.id], "{name}");
    }
}

#[tokio::test]
async fn a_batch_finished_with_someone_left_can_be_claimed_at_once() {
    for (name, db, _guard) in databases().await {
        let (of, _) = sending(&db, [1, 2]).await;
        let lease = claim(&db, 0, "a").await.expect("free");
        commit!(db, |tx| batches::finish(tx, &lease, &accepted([1])));
        assert_eq!(broadcasts::finishable(&db).await.expect("lists"), [], "{name}");
        assert_eq!(ledger(&db, &of.id).await.waiting, 1, "{name}");
        let again = claim(&db, 0, "b").await.expect("free again");
        assert_eq!((again.batch.attempts, again.batch.remaining()), (0, set([2])), "{name}");
    }
}

#[tokio::test]
async fn a_node_that_starts_again_frees_its_own_batches_only() {
    for (name, db, _guard) in databases().await {
        sending(&db, [1]).await;
        sending(&db, [2]).await;
        sending(&db, [3]).await;
        let mine = [claim(&db, 0, "mine").await.expect("free"), claim(&db, 0, "mine").await.expect("free")];
        claim(&db, 0, "other").await.expect("free");
        assert_eq!(commit!(db, |tx| batches::release_all(tx, "mine")), 2, "{name}");
        let ghost = commit!(db, |tx| batches::checkpoint(tx, &mine[0], &started([1, 2, 3]), at(60_000)));
        assert_eq!(ghost, Standing::Stale, "{name}");
        let freed = [claim(&db, 0, "mine").await.expect("free"), claim(&db, 0, "mine").await.expect("free")];
        let ids = |leases: &[Lease]| leases.iter().map(|lease| lease.batch.id.clone()).collect::<BTreeSet<_>>();
        assert_eq!(ids(&freed), ids(&mine), "{name}");
        assert_eq!(claim(&db, 0, "mine").await, None, "{name}: the other's is held");
    }
}

#[tokio::test]
async fn the_next_due_time_is_that_of_the_first_batch_that_waits_for_its_time_or_whose_lease_ends() {
    for (name, db, _guard) in databases().await {
        let due = async |now| batches::next_due(&db, at(now)).await.expect("reads");
        assert_eq!(due(0).await, None, "{name}");
        let held = broadcast(&db, State::Held).await;
        plan(&db, &[batch_of(&held, [9])]).await;
        assert_eq!(due(0).await, None, "{name}: nothing of a held broadcast is due");
        let sending = broadcast(&db, State::Sending).await;
        let morning = Batch { not_before: at(90_000), ..batch_of(&sending, [1]) };
        plan(&db, &[morning, batch_of(&sending, [2])]).await;
        assert_eq!(due(10).await, Some(at(90_000)), "{name}: the other could have been claimed already");
        let lease = claim(&db, 10, "a").await.expect("free");
        assert_eq!(due(10).await, Some(at(60_010)), "{name}: the lease's end");
        commit!(db, |tx| batches::checkpoint(tx, &lease, &Progress::default(), at(120_000)));
        assert_eq!(due(10).await, Some(at(90_000)), "{name}: the morning");
        assert_eq!(due(3_600_000).await, None, "{name}: over");
    }
}

#[tokio::test]
async fn a_batch_whose_text_is_over_expires_even_while_it_is_sent() {
    for (name, db, _guard) in databases().await {
        let of = broadcast(&db, State::Sending).await;
        let batch = |expires, people: [u32; 2]| Batch { expires: at(expires), ..batch_of(&of, people) };
        let first = Batch { not_before: at(-1), ..batch(1_000, [1, 2]) };
        plan(&db, &[first, batch(1_000, [3, 4]), batch(2_000, [5, 6])]).await;
        let (other, _) = sending(&db, [7]).await;
        let lease = claim(&db, 0, "a").await.expect("free");
        commit!(db, |tx| batches::checkpoint(tx, &lease, &started([1, 2]), at(60_000)));
        assert_eq!(commit!(db, |tx| batches::expire_due(tx, at(999))), [], "{name}");
        assert_eq!(
            commit!(db, |tx| batches::expire_due(tx, at(1_000))),
            std::slice::from_ref(&of.id),
            "{name}: named once"
        );
        assert_eq!(commit!(db, |tx| batches::expire_due(tx, at(1_000))), [], "{name}");
        let want = Ledger { targeted: 6, expired: 4, waiting: 2, ..Ledger::default() };
        assert_eq!(ledger(&db, &of.id).await, want, "{name}");
        assert_eq!(commit!(db, |tx| batches::finish(tx, &lease, &accepted([1]))), Standing::Closed, "{name}");
        assert_eq!(ledger(&db, &of.id).await, Ledger { accepted: 1, expired: 3, ..want }, "{name}");
        assert_eq!(ledger(&db, &other.id).await.waiting, 1, "{name}");
    }
}

#[tokio::test]
async fn whoever_was_accepted_or_perhaps_begun_in_any_broadcast_of_the_chain_was_reached() {
    for (name, db, _guard) in databases().await {
        let (of, _) = sending(&db, 1..=4).await;
        let (_, stranger) = sending(&db, [50]).await;
        let later = Batch { not_before: at(1), ..batch_of(&of, [10, 11]) };
        plan(&db, &[later]).await;
        for _ in 0..3 {
            let lease = claim(&db, 5, "a").await.expect("free");
            let first = lease.batch.todo.min().expect("someone");
            let progress = Progress { started: set([first]), accepted: set([first + 1]), ..Progress::default() };
            commit!(db, |tx| batches::checkpoint(tx, &lease, &progress, at(60_000)));
        }
        commit!(db, |tx| batches::close_open(tx, &of.id, Rest::Stopped));
        assert_eq!(batches::reached(&db, &of.chain).await.expect("reads"), set([1, 2, 10, 11]), "{name}");
        assert_eq!(batches::reached(&db, &stranger.chain).await.expect("reads"), set([50]), "{name}");
        let quiet = chain(&db, &random_id()).await;
        assert!(batches::reached(&db, &quiet).await.expect("reads").is_empty(), "{name}");
    }
}
