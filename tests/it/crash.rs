//! Broadcasts to thousands, cut off: by `kill -9`, by a Cancel, by a person. Nobody is forgotten, nobody is rung for
//! what was stopped, and what is repeated after a crash is little and replaces itself on the device.

use crate::support::Database;
use crate::support::alerts::Cap;
use crate::support::crowd::{BATCH, Crowd};
use crate::support::random::Random;
use crate::support::sandbox::Pushed;
use crate::support::server::assert_adds_up;
use beffroi::clock::Clock;
use jiff::SignedDuration;
use std::collections::{BTreeMap, BTreeSet};

/// Everyone of a town.
const PEOPLE: usize = 5_000;
/// Fewer, where the other database has shown it in full.
const PEOPLE_FEWER: usize = 2_000;
const KILLS: usize = 20;
const KILLS_FEWER: usize = 4;
/// Broadcasts that are cancelled half-way.
const CANCELS: usize = 3;
/// Crashes in the middle of a broadcast that is cancelled after the restart.
const CRASHES: usize = 4;
/// How many times as often `make prove` tries.
const PROVE_TIMES: usize = 5;
/// A push service so slow that pushes queue up here for longer than [`FENCE`]; they must not leave after a Cancel.
const SLOW: &str = "delay_ms=2000";
/// Answers so late that a crash and a Cancel find something to stop, however fast the machine.
const UNHURRIED: &str = "delay_ms=400";
/// What a crash may repeat of one batch, and of all together (docs/adr/0020-the-engine-of-sending.md): two batches share
/// the 500, less the 16 of a small one.
const REPEATED_OF_BATCH_MAX: usize = 242;
const REPEATED_MAX: usize = 500;
/// How long after the answer to a Cancel the last push of the original may arrive.
const FENCE: SignedDuration = SignedDuration::from_secs(1);

/// What chance decides is tried more often by `make prove`.
fn times(count: usize) -> usize {
    if std::env::var_os("BEFFROI_PROVE").is_some() { count * PROVE_TIMES } else { count }
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_kills_lose_nobody_and_repeat_little_on_sqlite() {
    kill_and_restart(Database::Sqlite, PEOPLE, times(KILLS)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn kills_lose_nobody_and_repeat_little_on_postgresql() {
    kill_and_restart(Database::Postgres, PEOPLE_FEWER, times(KILLS_FEWER)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_asked_to_stop_repeats_nothing_on_sqlite() {
    stop_and_start(Database::Sqlite, PEOPLE_FEWER).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_asked_to_stop_repeats_nothing_on_postgresql() {
    stop_and_start(Database::Postgres, PEOPLE_FEWER).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancel_after_a_crash_reaches_all_who_may_have_heard_on_sqlite() {
    crash_then_cancel(Database::Sqlite, PEOPLE_FEWER).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancel_after_a_crash_reaches_all_who_may_have_heard_on_postgresql() {
    crash_then_cancel(Database::Postgres, PEOPLE_FEWER).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancel_overtakes_its_broadcast_within_a_second_on_sqlite() {
    cancel_half_way(Database::Sqlite, &[(PEOPLE, UNHURRIED)], 0.5, times(CANCELS)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancel_overtakes_its_broadcast_at_a_slow_push_service() {
    cancel_half_way(Database::Sqlite, &[(PEOPLE_FEWER, SLOW)], 0.1, 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancel_overtakes_its_broadcast_within_a_second_on_postgresql() {
    cancel_half_way(Database::Postgres, &[(PEOPLE_FEWER, UNHURRIED)], 0.5, 1).await;
}

async fn kill_and_restart(database: Database, people: usize, kills: usize) {
    let mut random = Random::new("kills");
    let mut crowd = Crowd::start(database, people).await;
    let began = Clock::system().monotonic();
    let whole = crowd.post(&Cap::new("undisturbed")).await;
    assert_adds_up(&crowd.settled(&whole).await, people as u64);
    let duration = began.elapsed();
    println!("an undisturbed broadcast to {people} takes {duration:?}");

    let mut cut_off = 0;
    let mut latest = String::new();
    for kill in 0..kills {
        crowd.sandbox.clear().await;
        let id = crowd.post(&Cap::new(&format!("kill-{kill}"))).await;
        let share = random.fraction();
        if kill % 2 == 0 {
            // Not a wait for anything: the moment itself is what is tried, before the first push and after the last too.
            tokio::time::sleep(duration.mul_f64(share)).await;
        } else {
            crowd.pushed(1 + (people as f64 * 0.9 * share) as usize).await;
        }
        crowd.server.kill9();
        let before = crowd.sandbox.count().await;
        cut_off += usize::from(0 < before && before < people);
        crowd.server.restart().await;
        let broadcast = crowd.settled(&id).await;
        assert_adds_up(&broadcast, people as u64);
        assert_eq!(broadcast["accepted"], people, "{broadcast}");
        // The test clock goes on after a restart, it does not begin again.
        let received = broadcast["received"].as_str().expect("a time").to_owned();
        assert!(received > latest, "{received} after {latest}");
        latest = received;
        let repeats = check_everyone_once_or_twice(&crowd, &id).await;
        println!("kill {kill}: {before} pushed before, {repeats} repeated");
    }
    assert!(cut_off * 2 >= kills, "only {cut_off} of {kills} kills hit a broadcast under way: this proves little");
}

/// Everyone has it; little is repeated, of each batch and of all, under the same Topic. How many were repeated.
async fn check_everyone_once_or_twice(crowd: &Crowd, id: &str) -> usize {
    let pushes = crowd.pushes(id).await;
    let mut repeats_of_all = 0;
    for batch in crowd.people.chunks(BATCH) {
        let mut repeats = 0;
        for endpoint in batch {
            let got = pushes.get(endpoint).unwrap_or_else(|| panic!("someone never heard of {id}"));
            assert!(got.len() <= 2, "someone heard {} times of {id}", got.len());
            assert!(got.iter().all(|pushed| pushed.topic == got[0].topic), "a repeat under another Topic: {got:?}");
            repeats += got.len() - 1;
        }
        assert!(repeats <= REPEATED_OF_BATCH_MAX, "one batch repeated {repeats}");
        repeats_of_all += repeats;
    }
    assert!(repeats_of_all <= REPEATED_MAX, "{repeats_of_all} were repeated");
    repeats_of_all
}

async fn stop_and_start(database: Database, people: usize) {
    let mut crowd = Crowd::start_with(database, &[(people, UNHURRIED)]).await;
    let id = crowd.post(&Cap::new("planned-stop")).await;
    crowd.pushed(people / 4).await;
    assert_eq!(crowd.server.stop(), Some(0), "a server that is asked to stop ends well");
    let before = crowd.sandbox.count().await;
    assert!(before < people, "it was over before the stop: this proves nothing");
    crowd.server.restart().await;
    let broadcast = crowd.settled(&id).await;
    assert_adds_up(&broadcast, people as u64);
    assert_eq!(broadcast["accepted"], people, "{broadcast}");
    let pushes = crowd.pushes(&id).await;
    assert_eq!(pushes.len(), people);
    assert!(pushes.values().all(|pushes| pushes.len() == 1), "what was begun was not written down");
}

async fn crash_then_cancel(database: Database, people: usize) {
    let mut random = Random::new("crashes and cancels");
    let mut crowd = Crowd::start_with(database, &[(people, UNHURRIED)]).await;
    for round in 0..times(CRASHES) {
        crowd.sandbox.clear().await;
        let original = Cap::new(&format!("crash-{round}"));
        let id = crowd.post(&original).await;
        crowd.pushed(1 + (people as f64 * 0.5 * random.fraction()) as usize).await;
        crowd.server.kill9();
        crowd.server.restart().await;
        let cancel = crowd.post(&Cap::about(&original, "Cancel")).await;
        let last = Clock::system().real().saturating_add(FENCE).expect("a time");
        let told = crowd.settled(&cancel).await;
        assert_eq!(told["accepted"], told["targeted"], "{told}");
        let of_original = crowd.after(&id, last).await;
        let of_cancel = crowd.pushes(&cancel).await;
        let untold = of_original.keys().filter(|endpoint| !of_cancel.contains_key(*endpoint)).count();
        assert_eq!(untold, 0, "of {} who were alarmed", of_original.len());
        assert!(of_original.len() < people, "it was over before the Cancel: this proves little");
        assert!(of_original.values().flatten().all(|pushed| pushed.received <= last), "it went on after the Cancel");
    }
}

/// Cancels when up to this share of everyone has heard.
async fn cancel_half_way(database: Database, groups: &[(usize, &str)], share: f64, cancels: usize) {
    let mut random = Random::new("cancels");
    let mut crowd = Crowd::start_with(database, groups).await;
    let people = crowd.people.len();
    for round in 0..cancels {
        crowd.sandbox.clear().await;
        let original = Cap::new(&format!("false-{round}"));
        let id = crowd.post(&original).await;
        // Early enough that the Cancel finds something to stop.
        crowd.pushed(1 + (people as f64 * share * random.fraction()) as usize).await;
        let cancel = crowd.post(&Cap::about(&original, "Cancel")).await;
        let answered = Clock::system().real();

        let last = answered.saturating_add(FENCE).expect("a time");
        let (stopped, of_original) = crowd.stopped(&id, last).await;
        let told = crowd.settled(&cancel).await;
        assert_eq!((&stopped["state"], &told["state"]), (&"halted".into(), &"done".into()), "{stopped} {told}");
        assert_adds_up(&stopped, people as u64);
        assert!(stopped["stopped"].as_u64() > Some(0), "it was over before the Cancel: {stopped}");
        let of_cancel = crowd.pushes(&cancel).await;
        for pushed in of_original.values().flatten() {
            assert!(pushed.received <= last, "the original arrived at {}, the Cancel at {answered}", pushed.received);
        }
        let endpoints = |pushes: &BTreeMap<String, Vec<Pushed>>| pushes.keys().cloned().collect::<BTreeSet<_>>();
        let (heard_original, heard_cancel) = (endpoints(&of_original), endpoints(&of_cancel));
        assert!(heard_original.is_subset(&heard_cancel), "someone was alarmed and not told that it is over");
        // Whose push had possibly begun is told as well; nobody else.
        let extra = heard_cancel.len() - heard_original.len();
        assert!(extra <= REPEATED_MAX, "{extra} were told of the end of what they never heard");
        let once = |pushes: &Vec<Pushed>| pushes.len() == 1 && pushes[0].msg_type == "Cancel";
        assert!(of_cancel.values().all(once), "a Cancel came twice, or as something else");
        println!("round {round}: {} heard the original, {extra} more its Cancel", heard_original.len());
    }
}
