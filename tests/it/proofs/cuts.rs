//! `kill -9` at every named point of a batch's way, and at random: nobody is lost, little is repeated, and a Cancel
//! reaches everyone who may have heard.

use super::{FEW_AT_A_TIME, PEOPLE, PEOPLE_FEWER, SHORT_LEASE, SLOW, all_heard, begin, cancel, city, whole};
use crate::support::alerts::Cap;
use crate::support::crowd::Crowd;
use crate::support::random::Random;
use crate::support::wait::until;
use crate::support::{Database, Server};
use beffroi::pipeline::dispatch::halt::Point;

/// How often each point is passed before the process ends there.
const PASSES: [u32; 4] = [1, 2, 5, 9];
/// More of those that are passed for every person, on the way of two broadcasts.
const LATE: [&[(Point, u32)]; 2] = [
    &[(Point::Written, 100), (Point::Sending, 1_000), (Point::Answered, 1_000), (Point::Sending, 60_000)],
    &[(Point::Answered, 90_000)],
];
const POINTS: usize = 50;
/// How many points cut off the same broadcast, one after the other.
const POINTS_OF_ONE: usize = 6;
/// Kills at random, and how many of them cut off the same broadcast.
const KILLS: usize = 200;
const KILLS_OF_ONE: usize = 20;
const KILLS_OF_ONE_SHORT: usize = 8;

/// The points, each with the pass at which the process ends, broadcast by broadcast: fifty when the proof is whole.
fn points() -> Vec<Vec<String>> {
    let mut broadcasts: Vec<Vec<(Point, u32)>> = Vec::new();
    for pass in PASSES.into_iter().take(if whole() { PASSES.len() } else { 1 }) {
        // A broadcast ends once.
        let points = Point::ALL.into_iter().filter(|point| pass == 1 || *point != Point::Ending);
        let points: Vec<_> = points.map(|point| (point, pass)).collect();
        broadcasts.extend(points.chunks(POINTS_OF_ONE).map(<[_]>::to_vec));
    }
    if whole() {
        broadcasts.extend(LATE.map(<[_]>::to_vec));
        assert_eq!(broadcasts.iter().map(Vec::len).sum::<usize>(), POINTS);
    }
    let named = |points: Vec<(Point, u32)>| points.iter().map(|(at, pass)| format!("{}:{pass}", at.as_str())).collect();
    broadcasts.into_iter().map(named).collect()
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

fn people() -> usize {
    if whole() { PEOPLE } else { PEOPLE_FEWER }
}

async fn cut_off_at_points(database: Database) {
    let mut crowd = city(database, people(), &[SHORT_LEASE]).await;
    for points in points() {
        begin(&crowd).await;
        let cap = Cap::new(&format!("cut-{}", points[0]));
        for (number, point) in points.iter().enumerate() {
            cut_off(&mut crowd, point, (number == 0).then_some(&cap)).await;
            println!("{point}: {} pushed before", crowd.sandbox.count().await);
        }
        crowd.server.restart().await;
        let id = crowd.post_again(&cap).await;
        let repeats = all_heard(&mut crowd, &id, points.len()).await;
        println!("{repeats} repeated after {} kills", points.len());
    }
}

/// Waits until a server ends itself at a point, with an alert that is posted to it, perhaps without an answer, or with
/// what an earlier end has left.
async fn cut_off(crowd: &mut Crowd, point: &str, cap: Option<&Cap>) {
    crowd.server.kill9();
    crowd.server.restart_once_with(&[("dispatch.halt_at", point)]).await;
    if let Some(cap) = cap {
        drop(crowd.server.try_post(&crowd.key, cap.xml()).await);
    }
    ended(&mut crowd.server, point).await;
}

async fn ended(server: &mut Server, point: &str) {
    let server = std::sync::Mutex::new(server);
    until(&format!("the end at {point}"), || async { server.lock().expect("alone").has_ended().then_some(()) }).await;
}

async fn cancel_after_points(database: Database) {
    let mut crowd = city(database, people(), &[SHORT_LEASE]).await;
    for point in points().concat() {
        begin(&crowd).await;
        let original = Cap::new(&format!("cancelled-{point}"));
        cut_off(&mut crowd, &point, Some(&original)).await;
        crowd.server.restart().await;
        let id = crowd.post_again(&original).await;
        let told = cancel(&mut crowd, None, &original, &id, 1).await;
        println!("{point}: {} heard it and its Cancel, {} twice", told.people, told.repeats);
    }
}

async fn cut_off_at_random(database: Database) {
    let mut random = Random::new("kills at random");
    let (rounds, kills_of_one) = if whole() { (KILLS / KILLS_OF_ONE, KILLS_OF_ONE) } else { (2, KILLS_OF_ONE_SHORT) };
    // Where there are few, so slow that there is something to cut off.
    let settings = if whole() { &[SHORT_LEASE][..] } else { &[SHORT_LEASE, FEW_AT_A_TIME] };
    let mut crowd = city(database, people(), settings).await;
    let mut under_way = 0;
    for round in 0..rounds {
        begin(&crowd).await;
        if !whole() {
            crowd.sandbox.fault(SLOW).await;
        }
        let cap = Cap::new(&format!("random-{round}"));
        let id = crowd.post(&cap).await;
        // Every other time a Cancel comes right after the last kill, with about half told.
        let is_cancelled = round % 2 == 1;
        let share = if is_cancelled { 0.5 } else { 1.0 };
        for _ in 0..kills_of_one {
            under_way += usize::from(kill_under_way(&mut crowd, &id, &mut random, share / kills_of_one as f64).await);
            crowd.server.restart().await;
        }
        if is_cancelled {
            let told = cancel(&mut crowd, None, &cap, &id, kills_of_one).await;
            println!("round {round}: {} heard it and its Cancel, {} twice", told.people, told.repeats);
        } else {
            let repeats = all_heard(&mut crowd, &id, kills_of_one).await;
            println!("round {round}: {repeats} repeated after {kills_of_one} kills");
        }
    }
    let kills = rounds * kills_of_one;
    println!("{under_way} of {kills} kills hit a broadcast under way");
    assert!(under_way * 2 >= kills, "only {under_way} of {kills} kills hit a broadcast under way: this proves little");
}

/// Kills when up to twice this share of everyone more has been pushed to, or when it is over. Whether it was not.
async fn kill_under_way(crowd: &mut Crowd, id: &str, random: &mut Random, share: f64) -> bool {
    let people = crowd.people.len();
    let more = 1 + (people as f64 * 2.0 * share * random.fraction()) as usize;
    let count = crowd.sandbox.count().await + more;
    {
        let server = &crowd.server;
        let operator = tokio::sync::Mutex::new(&mut crowd.operator);
        until("more pushes, or the end", || async {
            let broadcast = server.broadcast(*operator.lock().await, id).await;
            // Before it is planned nobody waits either.
            let over = !broadcast["planned"].is_null() && broadcast["waiting"] == 0;
            (over || crowd.sandbox.count().await >= count).then_some(())
        })
        .await;
    }
    crowd.server.kill9();
    crowd.sandbox.told(id, "").await.people < people
}
