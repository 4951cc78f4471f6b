//! The index of a node follows the database: by number, whoever writes, and never silently stale.

mod given;
mod proof;

use crate::support::alerts::{CENTRE, Cap};
use crate::support::database::databases;
use crate::support::place::{FINE, Place};
use crate::support::postgres::FreshDatabase;
use crate::support::sandbox::Sandbox;
use crate::support::wait::until;
use crate::support::{self, Server};
use beffroi::audience::Audience;
use beffroi::clock::Clock;
use beffroi::pipeline::bell::Wake;
use beffroi::pipeline::fence::Fence;
use beffroi::pipeline::follow::Follower;
use beffroi::pipeline::listen::Listener;
use beffroi::pipeline::sweep::Sweeper;
use beffroi::store::Db;
use given::{everyone, execute, import_torn_area, leave, subscribe};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// Longer than any test runs: what happens did not wait for a poll.
const NEVER: Duration = Duration::from_secs(3_600);
/// How long a word from one node to another takes at most, on a machine that does much else.
const WOKEN: Duration = Duration::from_secs(5);
const PEOPLE: usize = 3;

/// A follower of this database and what it keeps.
fn follower(db: &Db) -> (Follower, Audience) {
    let audience = Audience::new();
    (Follower::new(db.clone(), Clock::system(), audience.clone()), audience)
}

#[tokio::test]
async fn what_another_process_wrote_is_in_the_next_match() {
    for (name, db, guard) in databases().await {
        let (follower, audience) = follower(&db);
        follower.load().await.expect("loads");
        let other = Db::open(&guard.url(), 2).await.expect("another process");
        let (anna, _) = subscribe(&other, "https://push.example/anna").await;
        subscribe(&other, "https://push.example/bert").await;
        follower.catch_up().await.expect("follows");
        assert_eq!(everyone(&audience), [1, 2], "{name}");
        leave(&other, &anna).await;
        follower.catch_up().await.expect("follows");
        assert_eq!(everyone(&audience), [2], "{name}");
    }
}

#[tokio::test]
async fn lost_changes_are_found_and_everyone_is_read_again() {
    for (name, db, _guard) in databases().await {
        let (follower, audience) = follower(&db);
        follower.load().await.expect("loads");
        subscribe(&db, "https://push.example/anna").await;
        follower.catch_up().await.expect("follows");
        subscribe(&db, "https://push.example/bert").await;
        execute(&db, "DELETE FROM change WHERE slot = 2").await;
        follower.catch_up().await.expect("follows");
        assert_eq!(everyone(&audience), [1, 2], "{name}: a gap");
        // An older copy of the database is put in place of this one.
        execute(&db, "DELETE FROM subscriber WHERE slot = 2").await;
        execute(&db, "UPDATE counter SET value = 1 WHERE name = 'change'").await;
        follower.catch_up().await.expect("follows");
        assert_eq!((everyone(&audience), audience.snapshot().seq()), (vec![1], 1), "{name}: back in time");
    }
}

#[tokio::test]
async fn a_node_that_cannot_read_changes_says_so_and_matches_nobody() {
    for (name, db, _guard) in databases().await {
        let (follower, _) = follower(&db);
        follower.load().await.expect("loads");
        follower.catch_up().await.expect("follows");
        assert_eq!(follower.behind_for(), None, "{name}");
        execute(&db, "ALTER TABLE change RENAME TO elsewhere").await;
        subscribe_unseen(&db).await;
        follower.catch_up().await.expect_err("what cannot be read is an error, which ends the planning of a match");
        assert!(follower.behind_for().is_some(), "{name}");
        execute(&db, "ALTER TABLE elsewhere RENAME TO change").await;
        follower.catch_up().await.expect("follows again");
        assert_eq!(follower.behind_for(), None, "{name}");
    }
}

#[tokio::test]
async fn named_areas_that_cannot_be_read_keep_nobody_from_being_followed() {
    for (name, db, _guard) in databases().await {
        let (follower, audience) = follower(&db);
        follower.load().await.expect("loads");
        let known = audience.snapshot().gazetteer().clone();
        import_torn_area(&db).await;
        subscribe(&db, "https://push.example/anna").await;
        for _ in 0..2 {
            follower.catch_up().await.expect("follows");
            assert!(follower.areas_failed(), "{name}: it is told, again and again");
        }
        assert_eq!(everyone(&audience), [1], "{name}");
        assert!(Arc::ptr_eq(&known, audience.snapshot().gazetteer()), "{name}: what was known stays");
        assert_eq!(follower.behind_for(), None, "{name}");
        execute(&db, "DELETE FROM named_area").await;
        execute(&db, "UPDATE counter SET value = value + 1 WHERE name = 'area'").await;
        follower.catch_up().await.expect("follows");
        assert!(!follower.areas_failed(), "{name}: mended by the next import");
        let (again, _) = crate::following::follower(&db);
        again.load().await.expect("loads");
    }
}

/// A change whose number nobody can look up.
async fn subscribe_unseen(db: &Db) {
    execute(db, "UPDATE counter SET value = value + 1 WHERE name = 'change'").await;
}

#[tokio::test]
async fn another_node_is_woken_by_a_change_and_does_not_wait_for_its_poll() {
    let database = FreshDatabase::create().await;
    let here = Db::open(&database.url(), 4).await.expect("opens");
    let there = Db::open(&database.url(), 4).await.expect("opens");
    let (follower, audience) = follower(&there);
    follower.load().await.expect("loads");
    let (close, closing) = watch::channel(false);
    let (wake, clock) = (Arc::new(Wake::default()), Clock::system());
    let fence = Arc::new(Fence::new(clock, closing.clone()));
    let listener = Listener { db: there.clone(), fence: fence.clone(), wake: wake.clone(), closing: closing.clone() };
    let follower = Arc::new(follower);
    let sweeper = Sweeper { db: there.clone(), clock, fence, follower, wake, poll: NEVER, closing };
    let steps = [tokio::spawn(listener.run()), tokio::spawn(sweeper.run())];
    // The first may come before it listens, and is found then.
    subscribe(&here, "https://push.example/first").await;
    until("the other node to listen", || async { (audience.snapshot().len() == 1).then_some(()) }).await;
    let mut took = Vec::new();
    for number in 2..=21 {
        subscribe(&here, &format!("https://push.example/{number}")).await;
        let told = clock.monotonic();
        while audience.snapshot().len() < number {
            assert!(told.elapsed() < WOKEN, "nobody woke it");
            tokio::task::yield_now().await;
        }
        took.push(told.elapsed());
    }
    took.sort();
    println!("known at the other node after {:?} (median), {:?} at most", took[10], took[19]);
    close.send_replace(true);
    for step in steps {
        step.await.expect("ends");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_crash_the_index_is_what_the_database_says_on_sqlite() {
    crash(support::Database::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_crash_the_index_is_what_the_database_says_on_postgresql() {
    crash(support::Database::Postgres).await;
}

async fn crash(database: support::Database) {
    let sandbox = Sandbox::start().await;
    let mut server = Server::start(database, &[("push.ca_file", &sandbox.ca_file())]).await;
    let (key, mut operator) = (server.key(&["--ring"]).await, server.setup_admin().await);
    let here = [Place::around(CENTRE.0, CENTRE.1, FINE, 0)];
    let mut people = Vec::new();
    for channel in sandbox.subscriptions(PEOPLE, "").await {
        people.push(server.subscribe(&channel, &here, serde_json::Value::Null).await);
    }
    let leaving = &people[1];
    let address = server.url(&format!("/api/v1/subscriptions/{}", leaving.id));
    let gone = server.http.delete(address).bearer_auth(&leaving.secret).send().await.expect("an answer");
    assert_eq!(gone.status(), 204);
    server.kill9();
    server.restart().await;
    let answer = server.post_new(&key, Cap::new("after").xml()).await;
    let broadcast = server.settled(&mut operator, answer["id"].as_str().expect("an id")).await;
    assert_eq!(broadcast["targeted"], PEOPLE - 1, "{broadcast}");
}
