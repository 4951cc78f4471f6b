//! The proof that index and database agree finds what is planted, mends it, and cries wolf for no change.

use super::follower;
use super::given::{HOME, cell, everyone, execute, import_torn_area, leave, listener, subscribe};
use crate::support::database::databases;
use crate::support::postgres::FreshDatabase;
use beffroi::audience::{Audience, Change};
use beffroi::clock::{Clock, random_id};
use beffroi::geo::gazetteer::Gazetteer;
use beffroi::model::proof::{Proof, Tally, Verdict};
use beffroi::pipeline::follow::Follower;
use beffroi::pipeline::prove::Prover;
use beffroi::store::proof::DISAGREEMENTS_KEPT;
use beffroi::store::{self, Db};
use std::sync::Arc;
use tokio::sync::watch;

/// Proofs made while others subscribe and leave.
const PROOFS: usize = 12;

/// A node of this name on this database.
fn node(db: &Db, name: &str) -> (Arc<Follower>, Audience, Prover) {
    let (follower, audience) = follower(db);
    let follower = Arc::new(follower);
    let (_, closing) = watch::channel(false);
    let node = name.to_owned();
    let prover = Prover { db: db.clone(), clock: Clock::system(), follower: follower.clone(), node, closing };
    (follower, audience, prover)
}

async fn kept(db: &Db) -> Vec<(String, bool)> {
    let proofs = store::proof::list(db).await.expect("reads");
    proofs.into_iter().map(|proof| (proof.node.clone(), proof.agrees())).collect()
}

#[tokio::test]
async fn what_is_planted_in_the_index_is_found_and_mended() {
    for (name, db, _guard) in databases().await {
        let (follower, audience, prover) = node(&db, "one");
        for number in 1..=3 {
            subscribe(&db, &format!("https://push.example/{number}")).await;
        }
        follower.load().await.expect("loads");
        let honest = prover.prove().await.expect("proves");
        assert_eq!((honest.agrees(), honest.index.people, honest.change), (true, 3, 3), "{name}");

        let elsewhere = listener(2, cell(HOME.0 + 1.0, HOME.1));
        let moved = Change::Upsert(elsewhere);
        let twice = Change::Upsert(listener(9, cell(HOME.0, HOME.1)));
        for planted in [moved, twice, Change::Remove(3)] {
            audience.apply(vec![planted.clone()], 3);
            assert_ne!(everyone(&audience), [1, 2, 3], "{name}: {planted:?} changes who is reached");
            let mended = prover.prove().await.expect("proves");
            assert!(mended.agrees(), "{name}: {planted:?}");
            assert_eq!(mended.index, honest.index, "{name}: {planted:?}");
            assert_eq!(everyone(&audience), [1, 2, 3], "{name}: {planted:?}");
            assert_eq!(follower.proof().map(|proof| proof.agrees()), Some(true), "{name}");
        }
        let found = kept(&db).await;
        assert_eq!(found.iter().filter(|(_, agrees)| !agrees).count(), 3, "{name}: the findings are kept: {found:?}");
        assert_eq!(found.iter().filter(|(_, agrees)| *agrees).count(), 1, "{name}: and the last proof: {found:?}");
    }
}

#[tokio::test]
async fn an_index_with_the_named_areas_of_another_import_is_found_and_mended() {
    for (name, db, _guard) in databases().await {
        let (follower, audience, prover) = node(&db, "one");
        subscribe(&db, "https://push.example/1").await;
        follower.load().await.expect("loads");
        execute(&db, "UPDATE counter SET value = value + 1 WHERE name = 'area'").await;
        let honest = prover.prove().await.expect("proves");
        let imports = |proof: &Proof| (proof.index_import, proof.database_import);
        assert!(honest.agrees() && imports(&honest) == (1, 1), "{name}: an import is followed first: {honest:?}");

        audience.rename(Arc::new(Gazetteer::default().of_import(7)));
        let mended = prover.prove().await.expect("proves");
        assert!(mended.agrees() && imports(&mended) == (1, 1), "{name}: {mended:?}");
        assert_eq!(audience.snapshot().gazetteer().import(), 1, "{name}");
        let found = store::proof::list(&db).await.expect("reads");
        let disagreed: Vec<_> = found.iter().filter(|proof| !proof.agrees()).collect();
        assert_eq!(disagreed.len(), 1, "{name}: the finding is kept: {found:?}");
        assert_eq!(
            (imports(disagreed[0]), disagreed[0].index),
            ((7, 1), honest.index),
            "{name}: the people are the same"
        );
    }
}

#[tokio::test]
async fn named_areas_that_cannot_be_read_are_told_apart_from_people_who_differ() {
    for (name, db, _guard) in databases().await {
        let (follower, audience, prover) = node(&db, "one");
        subscribe(&db, "https://push.example/1").await;
        follower.load().await.expect("loads");
        import_torn_area(&db).await;
        for _ in 0..2 {
            let proof = prover.prove().await.expect("proves");
            let seen = (proof.verdict(), proof.index_import, proof.database_import, proof.index.people);
            assert_eq!(seen, (Verdict::AreasBehind, 0, 1, 1), "{name}: {proof:?}");
            assert!(follower.areas_failed(), "{name}");
        }
        assert_eq!(everyone(&audience), [1], "{name}");
        execute(&db, "DELETE FROM named_area").await;
        execute(&db, "UPDATE counter SET value = value + 1 WHERE name = 'area'").await;
        let mended = prover.prove().await.expect("proves");
        assert_eq!((mended.verdict(), mended.index_import), (Verdict::Agrees, 2), "{name}");
        assert!(!follower.areas_failed(), "{name}");
        audience.apply(vec![Change::Remove(1)], 1);
        import_torn_area(&db).await;
        let found = prover.prove().await.expect("proves");
        assert_eq!(
            (found.verdict(), everyone(&audience)),
            (Verdict::AreasBehind, vec![1]),
            "{name}: people are mended"
        );
        let worst = store::proof::list(&db).await.expect("reads");
        assert!(worst.iter().any(|proof| proof.verdict() == Verdict::Disagrees), "{name}: and that is kept: {worst:?}");
    }
}

#[tokio::test]
async fn what_is_changed_in_the_database_without_its_log_is_found_and_read() {
    for (name, db, _guard) in databases().await {
        let (follower, audience, prover) = node(&db, "one");
        subscribe(&db, "https://push.example/1").await;
        subscribe(&db, "https://push.example/2").await;
        follower.load().await.expect("loads");
        execute(&db, "DELETE FROM subscriber WHERE slot = 1").await;
        follower.catch_up().await.expect("follows");
        assert_eq!(everyone(&audience), [1, 2], "{name}: nothing tells it");
        assert!(prover.prove().await.expect("proves").agrees(), "{name}");
        assert_eq!(everyone(&audience), [2], "{name}");
        assert_eq!(kept(&db).await.len(), 2, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_during_a_proof_are_no_disagreement() {
    for (name, db, _guard) in databases().await {
        let (follower, _audience, prover) = node(&db, "one");
        follower.load().await.expect("loads");
        let (stop, stopping) = watch::channel(false);
        let crowd = tokio::spawn({
            let (db, follower) = (db.clone(), follower.clone());
            async move {
                let mut number = 0;
                while !*stopping.borrow() {
                    number += 1;
                    let (id, _) = subscribe(&db, &format!("https://push.example/{number}")).await;
                    if number % 3 == 0 {
                        leave(&db, &id).await;
                    }
                    follower.catch_up().await.expect("follows");
                }
                number
            }
        });
        let mut changes = Vec::new();
        for _ in 0..PROOFS {
            let proof = prover.prove().await.expect("proves");
            assert!(proof.agrees(), "{name}: {proof:?}");
            changes.push(proof.change);
        }
        stop.send_replace(true);
        assert!(crowd.await.expect("ends") > 0, "{name}");
        assert!(changes.is_sorted() && changes[0] < changes[PROOFS - 1], "{name}: nothing changed: {changes:?}");
        assert_eq!(kept(&db).await, [("one".to_owned(), true)], "{name}: no alarm");
    }
}

#[tokio::test]
async fn two_nodes_prove_the_same() {
    let database = FreshDatabase::create().await;
    let (here, there) = (database.url(), database.url());
    let here = Db::open(&here, 4).await.expect("opens");
    let there = Db::open(&there, 4).await.expect("opens");
    let (_, _, one) = node(&here, "one");
    let (_, _, two) = node(&there, "two");
    for number in 0..5 {
        subscribe(&here, &format!("https://push.example/{number}")).await;
    }
    let (one, two) = (one.prove().await.expect("proves"), two.prove().await.expect("proves"));
    assert!(one.agrees() && two.agrees());
    assert_eq!((one.change, one.index), (two.change, two.index));
    assert_eq!(kept(&there).await, [("one".to_owned(), true), ("two".to_owned(), true)]);
}

#[tokio::test]
async fn of_many_disagreements_the_latest_are_kept() {
    for (name, db, _guard) in databases().await {
        let first = Clock::system().now();
        let keep = async |node: &str, number: i64, agrees: bool| {
            let index = Tally { people: 1, places: 2, sum: u64::MAX };
            let database = if agrees { index } else { Tally::default() };
            let at = first.saturating_add(jiff::SignedDuration::from_secs(number)).expect("a time");
            let at = jiff::Timestamp::from_millisecond(at.as_millisecond()).expect("a time");
            let (index_import, database_import) = (3, 4 - i64::from(agrees));
            let node = node.to_owned();
            let proof = Proof { node, at, change: number, index, database, index_import, database_import, took_ms: 7 };
            let mut tx = db.begin().await.expect("begins");
            store::proof::insert(&mut tx, &proof).await.expect("inserts");
            tx.commit().await.expect("commits");
            proof
        };
        keep("gone", -40 * 86_400, true).await;
        keep("two", 0, true).await;
        for number in 0..30 {
            keep("one", number, false).await;
        }
        keep("one", 30, true).await;
        let last = keep("one", 31, true).await;
        let proofs = store::proof::list(&db).await.expect("reads");
        assert_eq!(proofs[0], last, "{name}");
        let disagreed: Vec<i64> = proofs.iter().filter(|proof| !proof.agrees()).map(|proof| proof.change).collect();
        let want: Vec<i64> = (0..30).rev().take(DISAGREEMENTS_KEPT as usize).collect();
        assert_eq!(disagreed, want, "{name}");
        assert_eq!(proofs.len(), DISAGREEMENTS_KEPT as usize + 2, "{name}: one agreeing of each node that lives");
    }
}

#[tokio::test]
async fn a_proof_is_asked_for_by_name() {
    for (name, db, _guard) in databases().await {
        assert_eq!(store::proof::asked(&db).await.expect("reads"), None, "{name}");
        let asked = random_id();
        let mut tx = db.begin().await.expect("begins");
        store::proof::ask(&mut tx, &asked).await.expect("asks");
        tx.commit().await.expect("commits");
        assert_eq!(store::proof::asked(&db).await.expect("reads"), Some(asked), "{name}");
    }
}
