//! Push services that fail, and texts that end while they are being sent.

use crate::support::Database;
use crate::support::alerts::Cap;
use crate::support::crowd::Crowd;
use crate::support::sandbox::{Pushed, RESET};
use crate::support::server::assert_adds_up;
use beffroi::clock::Clock;
use jiff::{SignedDuration, Timestamp};

/// Groups of people and how their push service behaves: how many, the behaviour, and the statuses that each of them
/// must see, in order. All end well that can.
const GROUPS: &[(usize, &str, &[u16])] = &[
    (40, "", &[201]),
    (20, "status=429&retry_after=1&times=1", &[429, 201]),
    (20, "status=503&times=2", &[503, 503, 201]),
    (10, "status=500&times=1", &[500, 201]),
    (10, "status=reset&times=1", &[RESET, 201]),
    (5, "status=404", &[404]),
    (5, "status=410", &[410]),
    (5, "status=400", &[400]),
    (5, "status=413", &[413]),
];
/// The Retry-After of the group that has one.
const RETRY_AFTER: SignedDuration = SignedDuration::from_secs(1);

/// How long the text lives after it was posted; what has less than ten seconds left is not sent any more.
const LIFE: SignedDuration = SignedDuration::from_secs(15);
/// Devices of a push service so slow that not all are reached in that time.
const SLOW: (usize, &str) = (1_500, "delay_ms=1000");

#[tokio::test(flavor = "multi_thread")]
async fn what_can_be_tried_again_is_and_arrives_once_on_sqlite() {
    faults(Database::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_be_tried_again_is_and_arrives_once_on_postgresql() {
    faults(Database::Postgres).await;
}

async fn faults(database: Database) {
    let groups: Vec<_> = GROUPS.iter().map(|(people, behaviour, _)| (*people, *behaviour)).collect();
    let mut crowd = Crowd::start_with(database, &groups).await;
    let id = crowd.post(&Cap::new("faults")).await;
    let broadcast = crowd.settled(&id).await;
    assert_adds_up(&broadcast, crowd.people.len() as u64);
    for (part, count) in [("accepted", 100), ("gone", 10), ("rejected", 10)] {
        assert_eq!(broadcast[part], count, "{part}: {broadcast}");
    }
    let pushes = crowd.pushes(&id).await;
    let mut people = crowd.people.iter();
    for (count, behaviour, wanted) in GROUPS {
        for endpoint in people.by_ref().take(*count) {
            let got = pushes.get(endpoint).map(Vec::as_slice).unwrap_or_default();
            let statuses: Vec<_> = got.iter().map(|pushed| pushed.status).collect();
            assert_eq!(statuses, *wanted, "{behaviour}");
            if behaviour.contains("retry_after") {
                assert!(between(&got[0], &got[1]) >= RETRY_AFTER, "tried again before Retry-After");
            }
        }
    }
    // Only those whose push service said 404 or 410 are gone.
    let again = crowd.post(&Cap::new("after-the-faults")).await;
    assert_adds_up(&crowd.settled(&again).await, crowd.people.len() as u64 - 10);
}

fn between(first: &Pushed, second: &Pushed) -> SignedDuration {
    second.received.duration_since(first.received)
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_sent_of_a_text_that_has_ended() {
    let mut crowd = Crowd::start_with(Database::Sqlite, &[SLOW]).await;
    // A filed alert tells what time it is there.
    let answer = crowd.server.post_new(&crowd.key, Cap { status: "Draft", ..Cap::new("what-time-is-it") }.xml()).await;
    let filed = crowd.settled(answer["id"].as_str().expect("an id")).await;
    let now: Timestamp = filed["received"].as_str().expect("a time").parse().expect("a time");
    let ends = now.saturating_add(LIFE).expect("a time").strftime("%Y-%m-%dT%H:%M:%S-00:00").to_string();
    let last = Clock::system().real().saturating_add(LIFE).expect("a time");
    let id = crowd.post(&Cap { expires: ends, ..Cap::new("short") }).await;
    let (broadcast, pushes) = crowd.stopped(&id, last).await;
    assert_adds_up(&broadcast, SLOW.0 as u64);
    assert_eq!(broadcast["state"], "expired", "{broadcast}");
    assert!(broadcast["expired"].as_u64() > Some(0), "it was over before its time: {broadcast}");
    assert!(!pushes.is_empty(), "nobody was told in time: {broadcast}");
    for pushed in pushes.values().flatten() {
        assert!(pushed.received <= last, "sent at {}, ended at {last}", pushed.received);
    }
}
