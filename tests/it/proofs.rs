//! Proofs of sending, at the size of a city when `make prove` runs them: cut off at every point of a batch's way, with
//! every fault that a push service can have, in a flood of alerts. The ledger adds up after each, and nobody is lost.

mod flood;
mod race;
mod table;

use crate::support::alerts::Cap;
use crate::support::crowd::Crowd;
use crate::support::random::Random;
use crate::support::server::assert_adds_up;
use crate::support::wait::until;
use crate::support::{Database, Server};
use beffroi::clock::Clock;
use beffroi::pipeline::dispatch::halt::Point;
use jiff::SignedDuration;
use std::collections::BTreeSet;

/// Everyone of a city, and how many of them push services refuse once.
const PEOPLE: usize = 100_000;
/// A sandbox remembers so many pushes: of an alert to so many, its Cancel and what is repeated nothing is forgotten.
const PEOPLE_OF_A_CANCEL: usize = 20_000;
const PEOPLE_FEWER: usize = 1_500;
/// Each of them must be tried again.
const REFUSED_ONCE: usize = 10;
const BUSY: &str = "status=503&times=1";
/// What a crash may repeat: half a per cent of a hundred thousand, and the same of fewer, since the windows are.
const REPEATED_MAX: usize = 500;
/// How often each point is passed before the process ends there.
const PASSES: [u32; 4] = [1, 2, 5, 9];
/// More of those that are passed for every person.
const LATE: [(Point, u32); 5] = [
    (Point::Sending, 1_000),
    (Point::Sending, 60_000),
    (Point::Answered, 1_000),
    (Point::Answered, 90_000),
    (Point::Written, 100),
];
/// Kills at random, and how many of them cut off the same broadcast.
const KILLS: usize = 200;
const KILLS_OF_ONE: usize = 10;
/// Devices and a server so slow that a small broadcast takes seconds.
const SLOW: &str = "delay_ms=50";
const FEW_AT_A_TIME: (&str, &str) = ("push.in_flight_per_origin_max", "32");
/// So that a node that was killed is missed soon.
const SHORT_LEASE: (&str, &str) = ("dispatch.lease_ms", "2000");
/// How long after the answer to a Cancel the last push of the original may arrive.
const FENCE: SignedDuration = SignedDuration::from_secs(1);

fn whole() -> bool {
    std::env::var_os("BEFFROI_PROVE").is_some()
}

async fn crowd(database: Database, people: usize) -> Crowd {
    let busy = people / REFUSED_ONCE;
    Crowd::start_as(database, &[SHORT_LEASE], &[(people - busy, ""), (busy, BUSY)]).await
}

/// The points, each with the pass at which the process ends: fifty when the proof is whole.
fn points() -> Vec<String> {
    let mut points: Vec<(Point, u32)> = Vec::new();
    for pass in PASSES.into_iter().take(if whole() { PASSES.len() } else { 1 }) {
        // A broadcast ends once.
        points.extend(Point::ALL.into_iter().filter(|point| pass == 1 || *point != Point::Ending).map(|p| (p, pass)));
    }
    if whole() {
        points.extend(LATE);
        assert_eq!(points.len(), 50);
    }
    points.into_iter().map(|(point, pass)| format!("{}:{pass}", point.as_str())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn cut_off_at_any_point_nobody_is_lost_on_sqlite() {
    cut_off_at_points(Database::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn cut_off_at_any_point_nobody_is_lost_on_postgresql() {
    cut_off_at_points(Database::Postgres).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn cut_off_at_any_point_a_cancel_reaches_all_who_heard_on_sqlite() {
    cancel_after_points(Database::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn cut_off_at_any_point_a_cancel_reaches_all_who_heard_on_postgresql() {
    cancel_after_points(Database::Postgres).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn cut_off_at_random_again_and_again_nobody_is_lost_on_sqlite() {
    cut_off_at_random(Database::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn cut_off_at_random_again_and_again_nobody_is_lost_on_postgresql() {
    cut_off_at_random(Database::Postgres).await;
}

async fn cut_off_at_points(database: Database) {
    let people = if whole() { PEOPLE } else { PEOPLE_FEWER };
    let mut crowd = crowd(database, people).await;
    for point in points() {
        let cap = Cap::new(&format!("cut-{point}"));
        cut_off(&mut crowd, &point, &cap).await;
        let before = crowd.sandbox.count().await;
        crowd.server.restart().await;
        let id = crowd.post_again(&cap).await;
        let repeats = all_heard(&mut crowd, &id, 1).await;
        println!("{point}: {before} pushed before, {repeats} repeated");
    }
}

/// Posts an alert to a server that ends itself at a point, perhaps before it answers, and waits for that.
async fn cut_off(crowd: &mut Crowd, point: &str, cap: &Cap) {
    crowd.server.kill9();
    crowd.refuse_once().await;
    crowd.server.restart_once_with(&[("dispatch.halt_at", point)]).await;
    drop(crowd.server.try_post(&crowd.key, cap.xml()).await);
    ended(&mut crowd.server, point).await;
}

async fn ended(server: &mut Server, point: &str) {
    let server = std::sync::Mutex::new(server);
    until(&format!("the end at {point}"), || async { server.lock().expect("alone").has_ended().then_some(()) }).await;
}

/// Everyone has it, at most so many times [`REPEATED_MAX`] more than once, all under one Topic. How many were repeated.
async fn all_heard(crowd: &mut Crowd, id: &str, kills: usize) -> usize {
    let people = crowd.people.len();
    let broadcast = crowd.settled(id).await;
    assert_adds_up(&broadcast, people as u64);
    assert_eq!(broadcast["accepted"], people, "{broadcast}");
    let accepted = crowd.sandbox.accepted().await;
    let mut repeats = 0;
    for endpoint in &crowd.people {
        let times = accepted.get(endpoint).copied().unwrap_or_default();
        assert!(times > 0, "someone never heard of {id}");
        repeats += times - 1;
    }
    assert!(repeats <= kills * REPEATED_MAX, "{repeats} repeated after {kills} kills");
    let topics: BTreeSet<_> = crowd.sandbox.messages().await.into_iter().map(|pushed| pushed.topic).collect();
    assert_eq!(topics.len(), 1, "a repeat replaces what it repeats");
    repeats
}

async fn cancel_after_points(database: Database) {
    let people = if whole() { PEOPLE_OF_A_CANCEL } else { PEOPLE_FEWER };
    let mut crowd = crowd(database, people).await;
    let points =
        points().into_iter().filter(|point| !LATE.iter().any(|(_, pass)| point.ends_with(&format!(":{pass}"))));
    for point in points {
        let original = Cap::new(&format!("cancelled-{point}"));
        cut_off(&mut crowd, &point, &original).await;
        crowd.server.restart().await;
        let id = crowd.post_again(&original).await;
        let cancel = crowd.post(&Cap::about(&original, "Cancel")).await;
        let last = Clock::system().real().saturating_add(FENCE).expect("a time");
        let told = crowd.settled(&cancel).await;
        assert_eq!((&told["accepted"], &told["waiting"]), (&told["targeted"], &0.into()), "{told}");
        let broadcast = crowd.settled(&id).await;
        assert_adds_up(&broadcast, people as u64);
        let of_original = crowd.after(&id, last).await;
        let of_cancel = crowd.pushes(&cancel).await;
        let untold = of_original.keys().filter(|endpoint| !of_cancel.contains_key(*endpoint)).count();
        assert_eq!(untold, 0, "{point}: of {} who were alarmed", of_original.len());
        assert!(of_original.values().flatten().all(|pushed| pushed.received <= last), "{point}: after the Cancel");
        println!("{point}: {} heard it, {} its Cancel", of_original.len(), of_cancel.len());
    }
}

async fn cut_off_at_random(database: Database) {
    let mut random = Random::new("kills at random");
    let (people, kills) = if whole() { (PEOPLE, KILLS) } else { (PEOPLE_FEWER, 2 * KILLS_OF_ONE) };
    let mut crowd = if whole() {
        crowd(database, people).await
    } else {
        // So slow that there is something to cut off.
        Crowd::start_as(database, &[SHORT_LEASE, FEW_AT_A_TIME], &[(people, SLOW)]).await
    };
    let mut under_way = 0;
    for round in 0..kills / KILLS_OF_ONE {
        crowd.refuse_once().await;
        let id = crowd.post(&Cap::new(&format!("random-{round}"))).await;
        for _ in 0..KILLS_OF_ONE {
            let more = 1 + (people as f64 / KILLS_OF_ONE as f64 * random.fraction()) as usize;
            let count = crowd.sandbox.count().await + more;
            // Near the end nothing more may come: then the kill comes when it is over.
            let server = &crowd.server;
            let operator = tokio::sync::Mutex::new(&mut crowd.operator);
            until("more pushes, or the end", || async {
                let over = server.broadcast(*operator.lock().await, &id).await["waiting"] == 0;
                (over || crowd.sandbox.count().await >= count).then_some(())
            })
            .await;
            crowd.server.kill9();
            under_way += usize::from(crowd.sandbox.count().await < people);
            crowd.server.restart().await;
        }
        let repeats = all_heard(&mut crowd, &id, KILLS_OF_ONE).await;
        println!("round {round}: {repeats} repeated after {KILLS_OF_ONE} kills");
    }
    assert!(under_way * 2 >= kills, "only {under_way} of {kills} kills hit a broadcast under way: this proves little");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_nodes_one_takes_over_what_the_other_left() {
    let mut random = Random::new("two nodes");
    let (people, rounds) = if whole() { (PEOPLE, 20) } else { (PEOPLE_FEWER, 3) };
    let mut crowd = crowd(Database::Postgres, people).await;
    for round in 0..rounds {
        crowd.refuse_once().await;
        let mut other = crowd.server.beside().await;
        let id = crowd.post(&Cap::new(&format!("two-nodes-{round}"))).await;
        crowd.pushed(1 + (people as f64 * 0.8 * random.fraction()) as usize).await;
        // Turn and turn about; who is left goes on alone, whoever was asked first.
        if round % 2 == 0 {
            other.kill9();
        } else {
            crowd.server.kill9();
            // What it left is taken over by the other one before it is back.
            until("somebody to go on", || async {
                let count = crowd.sandbox.accepted().await.values().filter(|times| **times > 0).count();
                (count == people).then_some(())
            })
            .await;
            crowd.server.restart().await;
        }
        let repeats = all_heard(&mut crowd, &id, 1).await;
        println!("round {round}: {repeats} repeated");
    }
}
