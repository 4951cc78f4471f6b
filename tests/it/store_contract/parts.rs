//! Batches that are put back in parts.

use super::batches::{accepted, claim, ledger, sending, started};
use super::given::{at, commit, set, waits};
use crate::support::database::databases;
use beffroi::clock::random_id;
use beffroi::model::batch::{Batch, Part, Progress, Rest};
use beffroi::model::id::BatchId;
use beffroi::model::outcome::Ledger;
use beffroi::store::batch::Standing;
use beffroi::store::{batch as batches, broadcast as broadcasts};

#[tokio::test]
async fn who_must_wait_longer_goes_on_in_a_batch_of_their_own() {
    for (name, db, _guard) in databases().await {
        let (of, batch) = sending(&db, 1..=9).await;
        let lease = claim(&db, 0, "a").await.expect("free");
        let part = |id: &str, who: &[u32], not_before, attempts| Part {
            batch: BatchId(format!("{id}{}", batch.id)),
            who: set(who.iter().copied()),
            not_before: at(not_before),
            attempts,
        };
        // 2 is settled and 50 is nobody here: neither moves. 9 is in no part and stays.
        let stay = Part { batch: batch.id.clone(), ..part("", &[3, 4], 10_000, 1) };
        let parts = [stay, part("hour", &[2, 5, 6, 50], 20_000, 1), part("untried", &[7, 8], 1_000, 0)];
        let progress = Progress { gone: set([2]), ..accepted([1]) };
        let progress = Progress { started: set(1..=6), ..progress };
        let standing = commit!(db, |tx| batches::put_back(tx, &lease, &progress, &parts));
        assert_eq!(standing, Standing::Open, "{name}");
        let want = Ledger { targeted: 9, accepted: 1, gone: 1, waiting: 7, ..Ledger::default() };
        assert_eq!(ledger(&db, &of.id).await, want, "{name}");

        let get = async |id: &BatchId| batches::get(&db, id).await.expect("reads").expect("stored");
        let (stayed, hour, untried) = (get(&batch.id).await, get(&parts[1].batch).await, get(&parts[2].batch).await);
        assert_eq!((stayed.todo, stayed.not_before, stayed.attempts), (set([1, 2, 3, 4, 9]), at(10_000), 1), "{name}");
        assert_eq!(stayed.progress.started, set(1..=4), "{name}");
        assert_eq!((hour.todo, hour.not_before, hour.attempts), (set([5, 6]), at(20_000), 1), "{name}");
        assert_eq!(hour.progress, started([5, 6]), "{name}: what may have begun is not forgotten");
        let wanted = Batch { id: parts[2].batch.clone(), todo: set([7, 8]), not_before: at(1_000), ..batch.clone() };
        assert_eq!(untried, wanted, "{name}: all else is as it was");
        assert_eq!(batches::reached(&db, &of.chain).await.expect("reads"), set(1..=6), "{name}");
        let spoken_for = batches::spoken_for(&db, &of.id).await.expect("reads");
        assert_eq!(spoken_for, set([1, 3, 4, 5, 6, 7, 8, 9]), "{name}");

        let again = commit!(db, |tx| batches::put_back(tx, &lease, &progress, &parts));
        assert_eq!(again, Standing::Stale, "{name}: it happens once");
        for (now, people) in [(1_000, set([7, 8])), (10_000, set([3, 4, 9])), (20_000, set([5, 6]))] {
            let lease = claim(&db, now, "b").await.expect("due");
            assert_eq!(lease.batch.remaining(), people, "{name}");
            let all = Progress { accepted: people, ..Progress::default() };
            commit!(db, |tx| batches::finish(tx, &lease, &all));
        }
        assert_eq!(ledger(&db, &of.id).await, Ledger { accepted: 8, waiting: 0, ..want }, "{name}");
    }
}

#[tokio::test]
async fn nobody_moves_out_of_a_batch_that_was_stopped() {
    for (name, db, _guard) in databases().await {
        let (of, batch) = sending(&db, [1, 2, 3]).await;
        let lease = claim(&db, 0, "a").await.expect("free");
        commit!(db, |tx| batches::close_open(tx, &of.id, Rest::Stopped));
        let parts = [Part { batch: BatchId(random_id()), who: set([1, 2]), not_before: at(9), attempts: 1 }];
        let standing = commit!(db, |tx| batches::put_back(tx, &lease, &Progress::default(), &parts));
        assert_eq!(standing, Standing::Closed, "{name}");
        assert_eq!(batches::get(&db, &parts[0].batch).await.expect("reads"), None, "{name}");
        assert_eq!(batches::get(&db, &batch.id).await.expect("reads").expect("stored").todo, batch.todo, "{name}");
        assert_eq!(ledger(&db, &of.id).await, Ledger { targeted: 3, stopped: 3, ..Ledger::default() }, "{name}");
    }
}

#[tokio::test]
async fn whoever_stops_a_broadcast_while_people_move_stops_them_all() {
    for (name, db, _guard) in databases().await {
        let (of, batch) = sending(&db, 1..=4).await;
        let lease = claim(&db, 0, "a").await.expect("free");
        let mut moving = db.begin().await.expect("begins");
        let who = set([3, 4]);
        let parts = [Part { batch: BatchId(random_id()), who, not_before: at(9), attempts: 1 }];
        let standing = batches::put_back(&mut moving, &lease, &Progress::default(), &parts).await.expect("keeps");
        assert_eq!(standing, Standing::Open, "{name}");
        let stop = {
            let (db, id) = (db.clone(), of.id.clone());
            async move {
                let mut tx = db.begin().await.expect("begins");
                assert!(broadcasts::halt(&mut tx, &id, at(5)).await.expect("halts"));
                batches::close_open(&mut tx, &id, Rest::Stopped).await.expect("closes");
                tx.commit().await.expect("commits");
            }
        };
        let stopping = waits(name, stop).await;
        moving.commit().await.expect("commits");
        stopping.await.expect("stops");
        assert_eq!(ledger(&db, &of.id).await, Ledger { targeted: 4, stopped: 4, ..Ledger::default() }, "{name}");
        for id in [batch.id, parts[0].batch.clone()] {
            assert_eq!(batches::get(&db, &id).await.expect("reads").expect("stored").todo.len(), 2, "{name}");
        }
    }
}
