//! Who holds what while others send or stop: nobody waits in a circle, and nobody for what is not theirs.

use super::batches::{accepted, claim, sending, started};
use super::given::{at, batch_of, broadcast, commit, plan, set, waits};
use crate::support::database::databases;
use beffroi::clock::{Clock, random_id};
use beffroi::model::batch::{Batch, Lease, Part, Progress, Rest};
use beffroi::model::broadcast::{Broadcast, State};
use beffroi::model::id::BatchId;
use beffroi::pipeline::dispatch::halt::Halt;
use beffroi::pipeline::dispatch::writer::{Report, Then, Writer};
use beffroi::store::batch::{Change, Standing};
use beffroi::store::{Db, batch as batches, broadcast as broadcasts, stop};
use std::sync::Arc;
use std::time::Duration;

/// Far more than anything takes that waits for nobody.
const AGES: Duration = Duration::from_secs(20);

/// Two broadcasts being sent, by their ids, and the lease of a batch of each; the batches' ids are in the other order.
async fn two(db: &Db) -> [(Broadcast, Lease); 2] {
    let mut both = [broadcast(db, State::Sending).await, broadcast(db, State::Sending).await];
    both.sort_by(|one, other| one.id.cmp(&other.id));
    let mut leases = Vec::new();
    for (broadcast, first) in both.iter().zip(["z", "a"]) {
        let id = BatchId(format!("{first}{}", random_id()));
        plan(db, &[Batch { id, ..batch_of(broadcast, 1..=4) }]).await;
        leases.push(claim(db, 0, "node").await.expect("free"));
    }
    let [one, other] = both;
    let [first, second] = <[Lease; 2]>::try_from(leases).expect("two");
    [(one, first), (other, second)]
}

fn moved(lease: &Lease) -> [Part; 1] {
    [Part { batch: BatchId(random_id()), who: set([3, 4]), not_before: lease.batch.not_before, attempts: 1 }]
}

#[tokio::test]
async fn a_checkpoint_does_not_hold_its_broadcast() {
    for (name, db, _guard) in databases().await {
        if name == "sqlite" {
            // There nothing else is written meanwhile.
            continue;
        }
        let (of, _) = sending(&db, 1..=4).await;
        let lease = claim(&db, 0, "node").await.expect("free");
        let mut checking = db.begin().await.expect("begins");
        batches::hold(&mut checking, [Change { lease: &lease, moves: false }]).await.expect("holds");
        batches::checkpoint(&mut checking, &lease, &started([1, 2]), at(60_000)).await.expect("keeps");
        let mut stopping = db.begin().await.expect("begins");
        let halted = tokio::time::timeout(AGES, broadcasts::halt(&mut stopping, &of.id, at(5))).await;
        assert!(halted.expect("it waits for no checkpoint").expect("halts"));
        checking.commit().await.expect("commits");
        stopping.commit().await.expect("commits");
    }
}

#[tokio::test]
async fn two_broadcasts_are_stopped_while_people_of_both_move() {
    for (name, db, _guard) in databases().await {
        let [(one, first), (other, second)] = two(&db).await;
        let mut moving = db.begin().await.expect("begins");
        batches::put_back(&mut moving, &first, &Progress::default(), &moved(&first)).await.expect("keeps");
        let stopping = waits(name, stop_both(db.clone(), other.clone(), one.clone())).await;
        let (learned, parts) = (Progress::default(), moved(&second));
        let back = batches::put_back(&mut moving, &second, &learned, &parts);
        let back = tokio::time::timeout(AGES, back).await.expect("nobody waits in a circle");
        assert_eq!(back.expect("keeps"), Standing::Open, "{name}");
        moving.commit().await.expect("commits");
        assert_eq!(stopping.await.expect("stops"), 2, "{name}");
        for of in [one, other] {
            assert_eq!(batches::ledger(&db, &of.id).await.expect("reads").stopped, 4, "{name}");
        }
    }
}

#[tokio::test]
async fn two_broadcasts_are_stopped_while_both_are_reported_in_the_order_of_their_batches() {
    for (name, db, _guard) in databases().await {
        let [(one, last), (other, first)] = two(&db).await;
        let mut reporting = db.begin().await.expect("begins");
        let hold = async |tx: &mut _, lease| {
            let held = batches::hold(tx, [Change { lease, moves: false }]);
            tokio::time::timeout(AGES, held).await.expect("nobody waits in a circle").expect("holds");
        };
        hold(&mut reporting, &first).await;
        let stopping = waits(name, stop_both(db.clone(), one.clone(), other.clone())).await;
        hold(&mut reporting, &last).await;
        reporting.commit().await.expect("commits");
        assert_eq!(stopping.await.expect("stops"), 2, "{name}");
    }
}

async fn stop_both(db: Db, one: Broadcast, other: Broadcast) -> usize {
    commit!(db, |tx| stop::stop(tx, [&one.id, &other.id], &[], at(5))).len()
}

#[tokio::test]
async fn a_report_whose_batch_or_broadcast_another_holds_keeps_no_other_waiting() {
    for (name, db, _guard) in databases().await {
        if name == "sqlite" {
            continue;
        }
        let [(one, first), (_, second)] = two(&db).await;
        let (writer, writing) = Writer::new(db.clone(), Clock::system(), Arc::new(Halt::default()));
        let writing = tokio::spawn(writing);
        let say = |lease: &Lease, progress, then| {
            let (writer, lease) = (writer.clone(), Arc::new(lease.clone()));
            let report = Report { lease, progress, gone: set([]), read_at: at(0), then };
            async move { writer.report(report).await.expect("writes") }
        };
        let mut holder = db.begin().await.expect("begins");
        batches::hold(&mut holder, [Change { lease: &first, moves: false }]).await.expect("holds");
        let late = waits(name, say(&first, accepted([1]), Then::Hold(at(60_000)))).await;
        for person in 1..=3 {
            assert_eq!(say(&second, accepted([person]), Then::Hold(at(60_000))).await, Standing::Open);
        }
        holder.commit().await.expect("commits");
        assert_eq!(late.await.expect("runs"), Standing::Open, "it was late, not lost");

        let mut stopping = db.begin().await.expect("begins");
        broadcasts::halt(&mut stopping, &one.id, at(5)).await.expect("halts");
        let late = waits(name, say(&first, accepted([2]), Then::PutBack(moved(&first).to_vec()))).await;
        assert_eq!(say(&second, accepted([4]), Then::Finish).await, Standing::Open);
        batches::close_open(&mut stopping, &one.id, Rest::Stopped).await.expect("closes");
        stopping.commit().await.expect("commits");
        assert_eq!(late.await.expect("runs"), Standing::Closed);
        drop(writer);
        writing.await.expect("ends");
    }
}
