//! Who goes first and whom nobody's trouble may hold up: tiers, slow push services, paused ones, people who leave.

use crate::support::Database;
use crate::support::alerts::{CENTRE, Cap};
use crate::support::crowd::Crowd;
use crate::support::http;
use crate::support::place::{FINE, Place};
use crate::support::sandbox::Pushed;
use crate::support::server::assert_adds_up;
use crate::support::wait::until;
use reqwest::Method;
use serde_json::Value;
use std::collections::BTreeSet;

/// Devices that one service answers for only after a while, a few at a time.
const PEOPLE: usize = 400;
const SLOW: &str = "delay_ms=100";
const FEW_AT_A_TIME: (&str, &str) = ("push.in_flight_per_origin_max", "16");
/// Services that answer nothing in time, and together hold three quarters of what a node may have under way.
const SILENT: &str = "fault=stall&share=1&delay_ms=60000";
const SILENT_SERVICES: usize = 5;
const GATE: usize = 64;
const SMALL_GATE: [(&str, &str); 3] = [
    ("push.in_flight_max", "64"),
    ("push.in_flight_per_origin_max", "16"),
    // Nothing is given up as long as the test goes on.
    ("push.request_timeout_ms", "60000"),
];
/// Alerts at once, more than a node sends batches of one tier to one service.
const ALERTS: usize = 16;
const TOWN: usize = 40;

fn minor(identifier: &str) -> Cap {
    Cap { severity: "Minor", ..Cap::new(identifier) }
}

fn extreme(identifier: &str) -> Cap {
    Cap { severity: "Extreme", ..Cap::new(identifier) }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_urgent_alert_overtakes_a_quiet_one_at_the_next_send() {
    let mut crowd = Crowd::start_as(Database::Sqlite, &[FEW_AT_A_TIME], &[(PEOPLE, SLOW)]).await;
    let quiet = crowd.post(&minor("quiet")).await;
    crowd.pushed(20).await;
    let urgent = crowd.post(&extreme("urgent")).await;
    for id in [&urgent, &quiet] {
        let broadcast = crowd.settled(id).await;
        assert_adds_up(&broadcast, PEOPLE as u64);
        assert_eq!(broadcast["accepted"], PEOPLE, "{broadcast}");
    }
    let order: Vec<bool> = crowd.sandbox.messages().await.iter().map(|pushed| pushed.alert == urgent).collect();
    let first = order.iter().position(|is_urgent| *is_urgent).expect("urgent pushes");
    let last = order.iter().rposition(|is_urgent| *is_urgent).expect("urgent pushes");
    let between = order[first..last].iter().filter(|is_urgent| !**is_urgent).count();
    let before = order[..first].iter().filter(|is_urgent| !**is_urgent).count();
    println!("{before} quiet pushes before the first urgent one, {between} before the last");
    assert!(before < PEOPLE, "the quiet alert was over before: this proves nothing");
    // One in sixteen, and what was under way; in turns of a batch or a window it would be hundreds.
    assert!(between <= PEOPLE / 8, "{between} quiet pushes came between the urgent ones");
    assert!(between > 0, "the quiet alert stood still");
}

/// Services that answer nothing, each with more people than it may be asked for at once: the one that is well has
/// everything, of every tier.
#[tokio::test(flavor = "multi_thread")]
async fn services_that_answer_nothing_hold_up_no_other() {
    let mut crowd = Crowd::start_as(Database::Sqlite, &SMALL_GATE, &[(TOWN, "")]).await;
    let mut silent = Vec::new();
    for _ in 1..SILENT_SERVICES {
        let another = crowd.sandbox.another().await;
        crowd.join(&another.subscriptions(TOWN, "").await).await;
        silent.push(another);
    }
    // A service that has answered once takes many requests at a time.
    let first = crowd.post(&Cap::new("first")).await;
    assert_adds_up(&crowd.settled(&first).await, (SILENT_SERVICES * TOWN) as u64);
    for one in silent.iter().chain([&crowd.sandbox]) {
        one.clear().await;
        one.fault(SILENT).await;
    }
    let severities = ["Minor", "Moderate", "Severe", "Extreme"];
    let mut held = Vec::new();
    for severity in severities {
        held.push(crowd.post(&Cap { severity, ..Cap::new(&format!("held-{severity}")) }).await);
    }
    // Now each of them has been asked for as much as it may be.
    let asked = async || {
        let mut asked = crowd.sandbox.count().await;
        for one in &silent {
            asked += one.count().await;
        }
        asked
    };
    until("the silent services to be asked", || async { (asked().await >= GATE / 2).then_some(()) }).await;

    let well = crowd.sandbox.another().await;
    let channels = well.subscriptions(TOWN, "").await;
    crowd.join(&channels).await;
    let mut alerts = Vec::new();
    for number in 0..ALERTS {
        let severity = severities[number % severities.len()];
        alerts.push(crowd.post(&Cap { severity, ..Cap::new(&format!("alert-{number}")) }).await);
    }
    // Everyone at the other service hears everything while nobody at these has heard anything.
    until("all pushes at the service that is well", || async { (well.count().await == ALERTS * TOWN).then_some(()) })
        .await;
    for (ids, services) in [(&held, SILENT_SERVICES), (&alerts, SILENT_SERVICES + 1)] {
        for id in ids {
            let broadcast = crowd.server.broadcast(&mut crowd.operator, id).await;
            assert_adds_up(&broadcast, (services * TOWN) as u64);
            let silent = Some((SILENT_SERVICES * TOWN) as u64);
            assert!(broadcast["waiting"].as_u64() >= silent, "a silent service answered: {broadcast}");
        }
    }
    let heard: BTreeSet<_> =
        well.messages().await.into_iter().map(|Pushed { endpoint, alert, .. }| (endpoint, alert)).collect();
    assert_eq!(heard.len(), ALERTS * TOWN, "nobody heard twice of one and not at all of another");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_that_refuses_our_key_pauses_and_goes_on_when_it_is_mended_on_sqlite() {
    pause_and_resume(Database::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_that_refuses_our_key_pauses_and_goes_on_when_it_is_mended_on_postgresql() {
    pause_and_resume(Database::Postgres).await;
}

async fn pause_and_resume(database: Database) {
    let mut crowd = Crowd::start_with(database, &[(TOWN, "status=403")]).await;
    let refusing = crowd.people.clone();
    let well = crowd.sandbox.another().await;
    let channels = well.subscriptions(TOWN, "").await;
    crowd.join(&channels).await;
    let id = crowd.post(&Cap::new("paused")).await;
    let origin = refusing[0].split("/push/").next().expect("an origin").to_owned();
    let server = &crowd.server;
    let operator = tokio::sync::Mutex::new(&mut crowd.operator);
    let console = async || operator.lock().await.get("/console").await.expect(200).answer.text();
    let says_so = |page: &str| page.contains("role=\"alert\"") && page.contains(&origin);
    until("the console to say that the channel is paused", || async { says_so(&console().await).then_some(()) }).await;
    let metrics = server.http.get(server.url("/metrics")).send().await.expect("an answer").text().await.expect("text");
    assert!(metrics.lines().any(|line| line == "beffroi_push_paused 1"), "{metrics}");
    let broadcast = server.broadcast(*operator.lock().await, &id).await;
    assert_adds_up(&broadcast, 2 * TOWN as u64);
    assert_eq!((&broadcast["accepted"], &broadcast["waiting"]), (&TOWN.into(), &TOWN.into()), "{broadcast}");

    for endpoint in &refusing {
        crowd.sandbox.behave(endpoint, "").await;
    }
    let broadcast = server.settled(*operator.lock().await, &id).await;
    assert_adds_up(&broadcast, 2 * TOWN as u64);
    assert_eq!(broadcast["accepted"], 2 * TOWN, "nobody was lost, nobody was retired: {broadcast}");
    until("the console to say nothing of it", || async { (!says_so(&console().await)).then_some(()) }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_unsubscribes_while_an_alert_is_sent_is_not_rung_any_more() {
    let mut crowd =
        Crowd::start_as(Database::Sqlite, &[("push.in_flight_per_origin_max", "2")], &[(TOWN, "delay_ms=200")]).await;
    let id = crowd.post(&Cap::new("leaving")).await;
    crowd.pushed(1).await;
    let leaving = TOWN / 2..TOWN;
    for subscription in &crowd.subscriptions[leaving.clone()] {
        let url = crowd.server.url(&format!("/api/v1/subscriptions/{}", subscription.id));
        let secret = Some(subscription.secret.as_str());
        let answer = http::json(&crowd.server.http, Method::DELETE, &url, secret, None::<&Value>).await;
        assert_eq!(answer.status, 204);
    }
    let pushed_then = crowd.sandbox.count().await;
    assert!(pushed_then < TOWN / 2, "the alert was over before they left: this proves nothing");
    // Somebody new is in nobody's way, and not taken for somebody who left.
    let newcomer = crowd.sandbox.subscriptions(1, "").await;
    crowd.server.subscribe(&newcomer[0], &[Place::around(CENTRE.0, CENTRE.1, FINE, 0)], Value::Null).await;
    let broadcast = crowd.settled(&id).await;
    assert_adds_up(&broadcast, TOWN as u64);
    let heard = crowd.pushes(&id).await;
    let left: Vec<_> = crowd.people[leaving].iter().filter(|endpoint| heard.contains_key(*endpoint)).collect();
    println!("{} of {} heard before they left", left.len(), TOWN / 2);
    assert_eq!(
        (broadcast["accepted"].as_u64(), broadcast["withdrawn"].as_u64()),
        (Some(heard.len() as u64), Some((TOWN - heard.len()) as u64)),
        "{broadcast}"
    );
    // Those whose push was under way.
    assert!(left.len() <= 4, "{} who had left were rung", left.len());
}
