//! What people decide in the console, through its own forms: release, refuse, stop.

use crate::support::alerts::{BOX, CENTRE, Cap};
use crate::support::browser::{Browser, Form};
use crate::support::crowd::Crowd;
use crate::support::place::{FINE, Place};
use crate::support::receiver::Receiver;
use crate::support::server::assert_adds_up;
use crate::support::shared::shared_or_return;
use crate::support::{Database, Server};
use beffroi::clock::Clock;
use jiff::SignedDuration;
use serde_json::Value;
use std::path::Path;

/// What must be typed to release something urgent.
const WORD: &str = "RING";
/// Enough that a person can stop a broadcast before it is over.
const PEOPLE: usize = 2_000;
/// Pushes after which they do.
const PUSHED_BEFORE: usize = 200;
/// Devices of a push service so slow that a broadcast lasts for seconds.
const SLOW: (usize, &str) = (1_000, "delay_ms=300");
/// What may have been about to start when a broadcast of one batch is stopped.
const WINDOW: usize = 250;
/// How long after the answer to a stop the last push may arrive.
const FENCE: SignedDuration = SignedDuration::from_secs(1);

#[tokio::test(flavor = "multi_thread")]
async fn people_release_and_refuse_in_the_console_on_sqlite() {
    release_and_refuse(Database::Sqlite, &shared_or_return!()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn people_release_and_refuse_in_the_console_on_postgresql() {
    release_and_refuse(Database::Postgres, &shared_or_return!()).await;
}

/// The form of an act, found as a person finds it: from the console's first page, by links.
async fn form_for(operator: &mut Browser, id: &str, act: &str) -> Form {
    let alert = format!("/console/alerts/{id}");
    let mut page = operator.get("/console").await.expect(200);
    for path in [alert.clone(), format!("{alert}/{act}")] {
        assert!(page.links().contains(&path), "no link to {path} on {}: {:?}", page.url, page.links());
        page = operator.get(&path).await.expect(200);
    }
    page.form(act)
}

async fn release_and_refuse(database: Database, shared: &Path) {
    let mut server = Server::start(database, &[]).await;
    let receiver = Receiver::start(shared).await;
    let (key, mut operator) = (server.key(&[]).await, server.setup_admin().await);
    let channel = receiver.subscription(201, None).await;
    server.subscribe(&channel, &[Place::around(CENTRE.0, CENTRE.1, FINE, 0)], Value::Null).await;

    let refused = Cap { headline: "A storm nobody confirms".to_owned(), ..Cap::new("refused") };
    let released = Cap { headline: "A storm that is real".to_owned(), ..Cap::new("released") };
    let (mut ids, mut forms) = (Vec::new(), Vec::new());
    for (cap, act, field, value) in
        [(&refused, "refuse", "reason", "No one saw it"), (&released, "release", "confirm", WORD)]
    {
        let answer = server.post_new(&key, cap.xml()).await;
        assert_eq!((&answer["state"], &answer["reason"]), (&"held".into(), &"key-holds".into()), "{answer}");
        let id = answer["id"].as_str().expect("an id").to_owned();
        forms.push(form_for(&mut operator, &id, act).await.fill(field, value));
        ids.push(id);
    }
    assert!(receiver.messages().await.is_empty(), "a held alert rang");

    // A slip of the finger rings nothing.
    let slip = operator.submit(&forms[1].clone().fill("confirm", "")).await;
    assert_eq!(slip.answer.status, 422, "{}", slip.answer.text());

    // Whoever is not signed in, or comes from another site, decides nothing.
    let mut stranger = Browser::new(&server.url(""));
    let answer = stranger.submit(&forms[1]).await;
    assert!(!answer.answer.text().contains(&released.headline), "a stranger sees it: {}", answer.answer.text());
    let foreign = operator.submit_from("https://elsewhere.example", &forms[1]).await;
    assert_eq!(foreign.answer.status, 403, "{}", foreign.answer.text());
    for id in &ids {
        assert_eq!(server.broadcast(&mut operator, id).await["state"], "held");
    }

    for form in &forms {
        operator.submit(form).await.expect(200);
    }
    let broadcast = server.settled(&mut operator, &ids[1]).await;
    assert_adds_up(&broadcast, 1);
    assert_eq!(broadcast["state"], "done", "{broadcast}");
    assert_eq!(server.broadcast(&mut operator, &ids[0]).await["state"], "refused");
    let heard = receiver.messages().await;
    assert_eq!(heard.len(), 1, "{heard:?}");
    assert_eq!(heard[0].payload["beffroi"]["alert"], ids[1].as_str());

    // Deciding again, as a second click would, changes nothing.
    operator.submit(&forms[1]).await;
    operator.submit(&forms[0]).await;
    let state = |broadcast: Value| broadcast["state"].clone();
    assert_eq!(state(server.settled(&mut operator, &ids[1]).await), "done");
    assert_eq!(state(server.settled(&mut operator, &ids[0]).await), "refused");
    assert_eq!(receiver.messages().await.len(), 1);
    let public = server.http.get(server.url(&format!("/api/v1/alerts/{}", ids[0]))).send().await.expect("an answer");
    assert_eq!(public.status(), 404, "a refused alert is public");
}

/// Three messages of one event wait; they are released in the order they came, and each rings.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_released_first_leaves_what_came_later_to_be_released() {
    let shared = shared_or_return!();
    let mut server = Server::start(Database::Sqlite, &[]).await;
    let receiver = Receiver::start(&shared).await;
    let (key, mut operator) = (server.key(&[]).await, server.setup_admin().await);
    let channel = receiver.subscription(201, None).await;
    server.subscribe(&channel, &[Place::around(CENTRE.0, CENTRE.1, FINE, 0)], Value::Null).await;
    let alert = Cap::new("flood");
    let update = Cap { sent: "2026-06-01T11:59:20-00:00".to_owned(), ..Cap::about(&alert, "Update") };
    let cancel = Cap::about(&alert, "Cancel");
    let mut ids = Vec::new();
    for cap in [&alert, &update, &cancel] {
        let answer = server.post_new(&key, cap.xml()).await;
        assert_eq!(answer["state"], "held", "{answer}");
        ids.push(answer["id"].as_str().expect("an id").to_owned());
    }
    for id in &ids {
        let mut form = form_for(&mut operator, id, "release").await;
        // A word to be typed, or for a Cancel a box to be ticked.
        form.fields = vec![("confirm".to_owned(), WORD.to_owned())];
        operator.submit(&form).await.expect(200);
        let broadcast = server.settled(&mut operator, id).await;
        assert_eq!((&broadcast["state"], &broadcast["tier"]), (&"done".into(), &"P1".into()), "{broadcast}");
        assert_adds_up(&broadcast, 1);
    }
    let types: Vec<_> =
        receiver.messages().await.iter().map(|heard| heard.payload["beffroi"]["msg_type"].clone()).collect();
    assert_eq!(types, ["Alert", "Update", "Cancel"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_stops_a_broadcast_half_way() {
    let mut crowd = Crowd::start(Database::Sqlite, PEOPLE).await;
    let cap = Cap { headline: "A storm that turned away".to_owned(), ..Cap::new("stopped") };
    let id = crowd.post(&cap).await;
    let form = form_for(&mut crowd.operator, &id, "stop").await;
    crowd.pushed(PUSHED_BEFORE).await;
    crowd.operator.submit(&form).await.expect(200);
    let answered = Clock::system().real();
    let last = answered.saturating_add(FENCE).expect("a time");
    let (broadcast, pushes) = crowd.stopped(&id, last).await;
    assert_adds_up(&broadcast, PEOPLE as u64);
    assert_eq!(broadcast["state"], "halted", "{broadcast}");
    assert!(broadcast["stopped"].as_u64() > Some(0), "it was over before the stop: {broadcast}");
    for pushed in pushes.values().flatten() {
        assert!(pushed.received <= last, "arrived at {}, stopped at {answered}", pushed.received);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_still_waited_for_a_stopped_broadcast_hears_its_copy() {
    for database in [Database::Sqlite, Database::Postgres] {
        let mut crowd = Crowd::start_with(database, &[SLOW]).await;
        let cap = Cap::new("stopped");
        let id = crowd.post(&cap).await;
        let copy = Cap { sender: "hub@else.example".to_owned(), identifier: "hub-1".to_owned(), ..cap };
        let copy = crowd.post(&copy).await;
        let form = form_for(&mut crowd.operator, &id, "stop").await;
        crowd.pushed(1).await;
        crowd.operator.submit(&form).await.expect(200);
        let broadcast = crowd.settled(&copy).await;
        let heard = crowd.pushes(&copy).await;
        assert_adds_up(&broadcast, SLOW.0 as u64);
        assert_eq!((&broadcast["state"], &broadcast["accepted"]), (&"done".into(), &SLOW.0.into()), "{broadcast}");
        assert!(crowd.people.iter().all(|person| heard.get(person).is_some_and(|pushes| pushes.len() == 1)));
        assert!(crowd.settled(&id).await["stopped"].as_u64() > Some(0), "it was over before the stop");
    }
}

/// It waits, for nobody knows where it applies; the text that it replaces stops at once, and those told hear it when it
/// is released.
#[tokio::test(flavor = "multi_thread")]
async fn an_update_by_unknown_codes_stops_what_it_updates_and_waits() {
    let mut crowd = Crowd::start_with(Database::Sqlite, &[SLOW]).await;
    let cap = Cap::new("outdated");
    let id = crowd.post(&cap).await;
    crowd.pushed(1).await;
    let geocode = "<geocode><valueName>Town</valueName><value>nowhere</value></geocode>";
    let update = Cap { sent: "2026-06-01T11:59:20-00:00".to_owned(), ..Cap::about(&cap, "Update") };
    let xml = update.xml().replace(&format!("<polygon>{BOX}</polygon>"), geocode);
    let answer = crowd.server.post_new(&crowd.key, xml).await;
    let last = Clock::system().real().saturating_add(FENCE).expect("a time");
    assert_eq!((&answer["state"], &answer["reason"]), (&"held".into(), &"unknown-area".into()), "{answer}");
    let (broadcast, told) = crowd.stopped(&id, last).await;
    assert_eq!(broadcast["state"], "halted", "{broadcast}");
    assert!(broadcast["stopped"].as_u64() > Some(0), "it was over before the Update: {broadcast}");
    let update = answer["id"].as_str().expect("an id").to_owned();
    let form = form_for(&mut crowd.operator, &update, "release").await;
    crowd.operator.submit(&form.fill("confirm", WORD)).await.expect(200);
    let broadcast = crowd.settled(&update).await;
    assert_eq!(broadcast["state"], "done", "{broadcast}");
    let heard = crowd.pushes(&update).await;
    assert!(told.keys().all(|person| heard.contains_key(person)), "someone was told what is outdated, and not this");
    // Whose push had possibly begun is told as well, and nobody else.
    assert!(heard.len() <= told.len() + WINDOW, "{} heard it, {} the first", heard.len(), told.len());
    assert_adds_up(&broadcast, heard.len() as u64);
}
