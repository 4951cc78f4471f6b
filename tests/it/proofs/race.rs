//! Cancels at any moment: nothing of the old text starts later than a second after the answer, on any node.

use super::{FENCE, SLOW, city, whole};
use crate::support::alerts::Cap;
use crate::support::crowd::Crowd;
use crate::support::random::Random;
use crate::support::server::assert_adds_up;
use crate::support::wait::until;
use crate::support::{Database, Server};
use beffroi::clock::Clock;
use jiff::Timestamp;

const PEOPLE: usize = 200;
const AT_A_TIME: (&str, &str) = ("push.in_flight_per_origin_max", "16");
/// Alerts at a time, each cancelled at a moment of its own.
const AT_ONCE: usize = 20;
const AT_ONCE_FEWER: usize = 10;
const ROUNDS: usize = 50;
const ROUNDS_FEWER: usize = 2;

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_a_cancelled_alert_starts_a_second_later_on_sqlite() {
    race(Database::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_an_alert_cancelled_at_either_of_two_nodes_starts_a_second_later_on_postgresql() {
    race(Database::Postgres).await;
}

/// One of the alerts.
struct Runner {
    cap: Cap,
    id: String,
    /// Its Cancel, and when that was answered.
    cancelled: Option<(String, Timestamp)>,
}

async fn race(database: Database) {
    let mut random = Random::new("cancel race");
    let mut crowd = city(database, PEOPLE, &[AT_A_TIME]).await;
    // So slow that there is something left when a Cancel comes.
    crowd.sandbox.fault(SLOW).await;
    let other = match database {
        Database::Sqlite => None,
        Database::Postgres => Some(crowd.server.beside().await),
    };
    let (rounds, at_once) = if whole() { (ROUNDS, AT_ONCE) } else { (ROUNDS_FEWER, AT_ONCE_FEWER) };
    let (mut stopped, mut heard) = (0, 0);
    for round in 0..rounds {
        crowd.sandbox.clear().await;
        let caps: Vec<_> = (0..at_once).map(|number| Cap::new(&format!("race-{round}-{number}"))).collect();
        let ids = futures_util::future::join_all(caps.iter().map(|cap| crowd.post(cap))).await;
        let start = |(cap, id)| Runner { cap, id, cancelled: None };
        let mut runners: Vec<_> = caps.into_iter().zip(ids).map(start).collect();
        cancel_all(&crowd, other.as_ref(), &mut runners, &mut random).await;
        crowd.passed(Clock::system().real().saturating_add(FENCE).expect("a time")).await;
        for runner in runners {
            let (of_original, people) = finish(&mut crowd, &runner).await;
            stopped += of_original;
            heard += people;
        }
    }
    println!("{} Cancels: {heard} heard the originals, {stopped} were spared", rounds * at_once);
    assert!(stopped > 0 && heard > 0, "everything was over before its Cancel, or had not begun: this proves nothing");
}

/// Cancels each, in the order of chance, when so many pushes have come of all; in turn at either node.
async fn cancel_all(crowd: &Crowd, other: Option<&Server>, runners: &mut [Runner], random: &mut Random) {
    let mut moments: Vec<_> = (0..runners.len()).map(|number| (random.fraction(), number)).collect();
    moments.sort_by(|(one, _), (other, _)| one.total_cmp(other));
    for (share, number) in moments {
        crowd.pushed((share * (PEOPLE * runners.len()) as f64 / 4.0) as usize).await;
        let node = other.filter(|_| number % 2 == 1).unwrap_or(&crowd.server);
        let cancel = node.post_new(&crowd.key, Cap::about(&runners[number].cap, "Cancel").xml()).await;
        let id = cancel["id"].as_str().expect("an id").to_owned();
        runners[number].cancelled = Some((id, Clock::system().real()));
    }
}

/// How many were spared the original, and how many heard it.
async fn finish(crowd: &mut Crowd, Runner { id, cancelled, .. }: &Runner) -> (u64, usize) {
    let (cancel, answered) = cancelled.as_ref().expect("each is cancelled");
    let last = answered.saturating_add(FENCE).expect("a time");
    let of_cancel = crowd.settled(cancel).await;
    assert_eq!(of_cancel["accepted"], of_cancel["targeted"], "{of_cancel}");
    let told = crowd.sandbox.told(id, cancel).await;
    assert_eq!(told.untold, 0, "of {} who were alarmed did not hear the end of {id}", told.people);
    assert!(told.last <= Some(last), "pushes came until {:?}, the Cancel was answered at {answered}", told.last);
    // What had begun is written down a little later.
    let server = &crowd.server;
    let operator = tokio::sync::Mutex::new(&mut crowd.operator);
    let broadcast = until("the ledger to know everyone who heard", || async {
        let broadcast = server.broadcast(*operator.lock().await, id).await;
        (broadcast["accepted"] == told.people && broadcast["waiting"] == 0).then_some(broadcast)
    })
    .await;
    // Some are cancelled before they are planned.
    assert_adds_up(&broadcast, if broadcast["planned"].is_null() { 0 } else { PEOPLE as u64 });
    (broadcast["stopped"].as_u64().expect("a count"), told.people)
}
