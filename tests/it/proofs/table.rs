//! Each fault of a push service, at three in ten of its devices: nobody is lost, nobody who lives is retired, and
//! another service has had everything before.

use super::whole;
use crate::support::Database;
use crate::support::alerts::Cap;
use crate::support::crowd::Crowd;
use crate::support::server::assert_adds_up;
use crate::support::wait::until;

const PEOPLE: usize = 10_000;
const PEOPLE_FEWER: usize = 100;
/// How its devices fail, and whether they are gone then.
const FAULTS: &[(&str, bool)] = &[
    ("status=410", true),
    ("status=404", true),
    ("status=429&retry_after=1&times=2", false),
    ("status=503&times=3", false),
    ("status=500&times=1", false),
    ("status=reset&times=2", false),
    // Longer than a request may take.
    ("delay_ms=1500&times=1", false),
];
const TIMEOUT: (&str, &str) = ("push.request_timeout_ms", "1000");

#[tokio::test(flavor = "multi_thread")]
async fn no_fault_of_a_service_loses_anyone_or_holds_up_another_on_sqlite() {
    table(Database::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_fault_of_a_service_loses_anyone_or_holds_up_another_on_postgresql() {
    table(Database::Postgres).await;
}

async fn table(database: Database) {
    let people = if whole() { PEOPLE } else { PEOPLE_FEWER };
    for (number, (fault, gone)) in FAULTS.iter().enumerate() {
        let failing = people * 3 / 10;
        let groups = [(people - failing, ""), (failing, *fault)];
        let mut crowd = Crowd::start_as(database, &[TIMEOUT], &groups).await;
        let other = crowd.sandbox.another().await;
        let channels = other.subscriptions(people, "").await;
        crowd.join(&channels).await;
        let id = crowd.post(&Cap::new(&format!("fault-{number}"))).await;
        until("everything at the other service", || async { (other.count().await == people).then_some(()) }).await;
        let broadcast = crowd.settled(&id).await;
        assert_adds_up(&broadcast, 2 * people as u64);
        let lost = if *gone { failing } else { 0 };
        let wanted = (&(2 * people - lost).into(), &lost.into());
        assert_eq!((&broadcast["accepted"], &broadcast["gone"]), wanted, "{fault}: {broadcast}");
        let heard = crowd.sandbox.accepted().await;
        let here = &crowd.people[..people];
        let silent = here.iter().filter(|endpoint| heard.get(*endpoint).is_none_or(|times| *times == 0)).count();
        assert_eq!(silent, lost, "{fault}: nobody is counted who did not hear");
        // Whoever lives hears the next one.
        let next = crowd.post(&Cap::new(&format!("after-fault-{number}"))).await;
        assert_adds_up(&crowd.settled(&next).await, (2 * people - lost) as u64);
    }
}
