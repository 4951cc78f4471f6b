//! Who was told what, and who was rung how often.

use super::given::{at, batch_of, broadcast, claim, commit, plan, set, waits};
use crate::support::database::databases;
use beffroi::model::batch::{Batch, Lease, Progress, Told};
use beffroi::model::broadcast::{Broadcast, State};
use beffroi::model::id::AlertId;
use beffroi::model::tier::Tier;
use beffroi::store::{Db, batch as batches, broadcast as broadcasts, ring};

/// Lets one batch of this broadcast begin with these people, of whom some are accepted.
async fn begin(db: &Db, batch: Batch, people: impl IntoIterator<Item = u32>, accepted: &[u32]) {
    plan(db, std::slice::from_ref(&batch)).await;
    let claimed = claim(db, batch.tier, at(0), "node", at(60_000)).await;
    let lease: Lease = claimed.expect("a batch waits");
    assert_eq!(lease.batch.id, batch.id);
    let progress = Progress { started: set(people), accepted: set(accepted.iter().copied()), ..Progress::default() };
    commit!(db, |tx| batches::checkpoint(tx, &lease, &progress, at(60_000)));
}

#[tokio::test]
async fn what_people_were_told_is_read_newest_first_and_each_message_apart() {
    for (name, db, _guard) in databases().await {
        let first = broadcast(&db, State::Sending).await;
        let second = broadcast(&db, State::Approved).await;
        commit!(db, |tx| broadcasts::planned(tx, &second.id, at(9_000_000_000_000), 0, 0, 1));
        let of = |broadcast: &Broadcast| Batch { message: 0, ..batch_of(broadcast, 0..9) };
        begin(&db, of(&first), [1, 2], &[1]).await;
        begin(&db, Batch { message: 1, ..of(&first) }, [3], &[]).await;
        begin(&db, of(&first), [4], &[4]).await;
        begin(&db, Batch { quiet: true, tier: Tier::P2, about: Some(first.alert.clone()), ..of(&second) }, [1], &[])
            .await;
        // Nobody has been begun with.
        plan(&db, &[of(&second)]).await;
        let told = |message, tier, quiet, people: &[u32], accepted: &[u32]| Told {
            alert: first.alert.clone(),
            message,
            tier,
            quiet,
            slots: set(people.iter().copied()),
            accepted: set(accepted.iter().copied()),
        };
        let chains = [&second.chain, &first.chain];
        let mut all = batches::told(&db, &chains).await.expect("reads");
        assert_eq!(
            all.remove(0),
            told(0, Tier::P2, true, &[1], &[]),
            "{name}: the newest, in the words of what it is about"
        );
        all.sort_by_key(|told| told.message);
        let begun = [told(0, Tier::P1, false, &[1, 2, 4], &[1, 4]), told(1, Tier::P1, false, &[3], &[])];
        assert_eq!(all, begun, "{name}: who was accepted, and who had begun");
        let alone = batches::told(&db, &[&first.chain]).await.expect("reads");
        assert_eq!(alone.len(), 2, "{name}");
        assert!(alone.iter().all(|told| told.alert != AlertId("another".to_owned())));
    }
}

#[tokio::test]
async fn rings_are_counted_for_each_day_and_family_and_forgotten_with_the_day() {
    for (name, db, _guard) in databases().await {
        let one = broadcast(&db, State::Sending).await;
        let spend = async |day: i64, family: &str, people: &[u32]| {
            commit!(db, |tx| ring::spend(tx, day, family, &one.id, &set(people.iter().copied()), 2))
        };
        assert_eq!(spend(7, "weather", &[1, 2]).await, set([]), "{name}");
        assert_eq!(spend(7, "weather", &[2, 3]).await, set([]), "{name}");
        assert_eq!(spend(7, "weather", &[1, 2, 3]).await, set([2]), "{name}");
        assert_eq!(spend(7, "roads", &[1, 2, 3]).await, set([]), "{name}: a budget of its own");
        assert_eq!(spend(8, "weather", &[1, 2, 3]).await, set([]), "{name}: another day");
        assert_eq!(spend(7, "weather", &[1, 2, 3, 4]).await, set([1, 2, 3]), "{name}");
        commit!(db, |tx| ring::forget(tx, 8));
        assert_eq!(spend(7, "weather", &[1, 2, 3]).await, set([]), "{name}: forgotten");
        assert_eq!(spend(8, "weather", &[1]).await, set([]), "{name}");
        assert_eq!(spend(8, "weather", &[1]).await, set([1]), "{name}: kept");
    }
}

#[tokio::test]
async fn rings_of_a_broadcast_that_ended_before_it_began_are_given_back_once() {
    for (name, db, _guard) in databases().await {
        let spend = async |of: &Broadcast, people: &[u32]| {
            commit!(db, |tx| ring::spend(tx, 7, "weather", &of.id, &set(people.iter().copied()), 2))
        };
        let (stopped, next) = (broadcast(&db, State::Sending).await, broadcast(&db, State::Sending).await);
        // Its people are planned in two parts; one of them is begun with.
        assert_eq!(spend(&stopped, &[1]).await, set([]), "{name}");
        assert_eq!(spend(&stopped, &[2, 3]).await, set([]), "{name}");
        begin(&db, batch_of(&stopped, 1..4), [3], &[]).await;
        assert_eq!(spend(&next, &[1, 2, 3]).await, set([]), "{name}");
        assert_eq!(spend(&next, &[1, 2, 3]).await, set([1, 2, 3]), "{name}: it is still being sent");
        assert!(commit!(db, |tx| broadcasts::halt(tx, &stopped.id, at(5))), "{name}");
        assert_eq!(spend(&next, &[1, 2, 3]).await, set([3]), "{name}: two have theirs back");
        assert_eq!(spend(&next, &[1, 2, 3]).await, set([1, 2, 3]), "{name}: and only once");
    }
}

#[tokio::test]
async fn two_planners_never_ring_the_same_last_time() {
    for (name, db, _guard) in databases().await {
        let one = broadcast(&db, State::Sending).await.id;
        let mut tx = db.begin().await.expect("begins");
        assert_eq!(ring::spend(&mut tx, 7, "weather", &one, &set([1]), 1).await.expect("spends"), set([]), "{name}");
        let other = db.clone();
        let second =
            waits(name, async move { commit!(other, |tx| ring::spend(tx, 7, "weather", &one, &set([1]), 1)) }).await;
        tx.commit().await.expect("commits");
        assert_eq!(second.await.expect("spends"), set([1]), "{name}");
    }
}
