//! Cancels at any moment: nothing of the old text starts later than a second after the answer.

use super::{FENCE, whole};
use crate::support::Database;
use crate::support::alerts::Cap;
use crate::support::crowd::Crowd;
use crate::support::random::Random;
use crate::support::server::assert_adds_up;
use beffroi::clock::Clock;
use jiff::Timestamp;

const PEOPLE: usize = 200;
/// Alerts at a time, each cancelled at a moment of its own.
const AT_ONCE: usize = 10;
const ROUNDS: usize = 100;
const ROUNDS_FEWER: usize = 2;

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_a_cancelled_alert_starts_a_second_later_on_sqlite() {
    race(Database::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_a_cancelled_alert_starts_a_second_later_on_postgresql() {
    race(Database::Postgres).await;
}

async fn race(database: Database) {
    let mut random = Random::new("cancel race");
    let mut crowd = Crowd::start(database, PEOPLE).await;
    let mut stopped = 0;
    for round in 0..if whole() { ROUNDS } else { ROUNDS_FEWER } {
        crowd.sandbox.clear().await;
        let alerts: Vec<_> = (0..AT_ONCE).map(|number| Cap::new(&format!("race-{round}-{number}"))).collect();
        let ids = futures_util::future::join_all(alerts.iter().map(|alert| crowd.post(alert))).await;
        // In the order in which chance cancels them, each when so many pushes have come of all.
        let mut moments: Vec<_> = (0..AT_ONCE).map(|number| (random.fraction(), number)).collect();
        moments.sort_by(|(one, _), (other, _)| one.total_cmp(other));
        let mut cancelled: Vec<(usize, String, Timestamp)> = Vec::new();
        for (share, number) in moments {
            crowd.pushed((share * (PEOPLE * AT_ONCE) as f64 / 4.0) as usize).await;
            let cancel = crowd.post(&Cap::about(&alerts[number], "Cancel")).await;
            cancelled.push((number, cancel, Clock::system().real()));
        }
        let last = Clock::system().real().saturating_add(FENCE).expect("a time");
        for (number, cancel, answered) in cancelled {
            let last_of_it = answered.saturating_add(FENCE).expect("a time");
            let (broadcast, of_original) = crowd.stopped(&ids[number], last).await;
            // Some are cancelled before they are planned.
            assert_adds_up(&broadcast, if broadcast["planned"].is_null() { 0 } else { PEOPLE as u64 });
            stopped += broadcast["stopped"].as_u64().expect("a count");
            let late = of_original.values().flatten().filter(|pushed| pushed.received > last_of_it).count();
            assert_eq!(late, 0, "pushes of alert {number} came a second after its Cancel was answered at {answered}");
            let told = crowd.settled(&cancel).await;
            let of_cancel = crowd.pushes(&cancel).await;
            assert_eq!(told["accepted"], told["targeted"], "{told}");
            let untold = of_original.keys().filter(|endpoint| !of_cancel.contains_key(*endpoint)).count();
            assert_eq!(untold, 0, "of {} who were alarmed", of_original.len());
        }
    }
    assert!(stopped > 0, "everything was over before its Cancel: this proves nothing");
}
