//! What becomes of alerts that are repeated, updated, cancelled, held or meant for nobody, as integrators and citizens
//! see it. Every test runs on SQLite and on PostgreSQL.

use crate::support::alerts::{CENTRE, Cap};
use crate::support::browser::Browser;
use crate::support::place::{FINE, Place};
use crate::support::receiver::{Received, Receiver};
use crate::support::server::assert_adds_up;
use crate::support::shared::shared_or_return;
use crate::support::{Database, Server};
use serde_json::{Value, json};
use std::path::Path;

/// Runs a test on both databases.
macro_rules! on_both {
    ($($name:ident),+ $(,)?) => {
        mod sqlite { $(
            #[tokio::test(flavor = "multi_thread")]
            async fn $name() { super::$name(super::Database::Sqlite, &super::shared_or_return!()).await; }
        )+ }
        mod postgresql { $(
            #[tokio::test(flavor = "multi_thread")]
            async fn $name() { super::$name(super::Database::Postgres, &super::shared_or_return!()).await; }
        )+ }
    };
}

on_both!(
    the_same_bytes_again_change_nothing,
    alerts_that_are_not_for_people_reach_nobody_and_say_why,
    drills_reach_only_those_who_asked_for_them,
    a_key_speaks_only_for_its_senders,
    another_senders_update_waits_for_a_person,
    an_update_reaches_those_told_before_and_those_inside_now,
    a_cancel_reaches_those_told_before_and_nobody_else,
    an_alert_that_comes_after_its_cancel_stays_silent,
    a_gone_endpoint_is_retired_and_never_tried_again,
    a_radius_reaches_as_far_as_it_says,
    those_who_left_hear_nothing_more,
    a_test_never_touches_what_is_real,
    nobody_stands_in_the_way_of_a_senders_own_message,
    a_bare_cancel_with_careless_times_reaches_those_told,
    an_update_that_is_over_ends_what_it_updates,
    a_bare_cancel_of_what_never_came_reaches_those_told_by_its_update,
);

/// A server, a receiver, a key that rings, and an operator who sees exact counts.
struct Town {
    server: Server,
    receiver: Receiver,
    key: String,
    operator: Browser,
}

/// Someone with a device.
struct Person {
    endpoint: String,
    id: String,
    secret: String,
}

impl Town {
    async fn start(database: Database, shared: &Path) -> Self {
        let mut server = Server::start(database, &[]).await;
        let (key, operator) = (server.key(&["--ring"]).await, server.setup_admin().await);
        Self { server, receiver: Receiver::start(shared).await, key, operator }
    }

    /// Someone in the middle of the area.
    async fn person(&self) -> Person {
        self.person_with(201, centre(0), Value::Null).await
    }

    async fn person_with(&self, push_status: u16, place: Place, more: Value) -> Person {
        let channel = self.receiver.subscription(push_status, None).await;
        let subscription = self.server.subscribe(&channel, &[place], more).await;
        let endpoint = channel["endpoint"].as_str().expect("an endpoint").to_owned();
        Person { endpoint, id: subscription.id, secret: subscription.secret }
    }

    /// Posts an alert and waits until nothing of it is left to do: the answer and the broadcast.
    async fn ring(&mut self, cap: &Cap) -> (Value, Value) {
        let answer = self.server.post_new(&self.key, cap.xml()).await;
        let id = answer["id"].as_str().expect("an id").to_owned();
        let broadcast = self.server.settled(&mut self.operator, &id).await;
        (answer, broadcast)
    }

    /// What someone got, in order: `msg_type` of each push. Every push must be right by the rules of Web Push.
    async fn heard(&self, person: &Person) -> Vec<Received> {
        let all = self.receiver.messages().await;
        let mine: Vec<_> = all.into_iter().filter(|message| message.endpoint == person.endpoint).collect();
        for message in &mine {
            assert!(message.problems.is_empty(), "{:?}", message.problems);
        }
        mine
    }

    #[track_caller]
    fn check_types(heard: &[Received], wanted: &[&str]) {
        let types: Vec<_> = heard.iter().map(|message| message.payload["beffroi"]["msg_type"].clone()).collect();
        assert_eq!(types, wanted);
    }

    async fn assert_heard(&self, person: &Person, wanted: &[&str]) {
        Self::check_types(&self.heard(person).await, wanted);
    }
}

fn centre(radius_km: u8) -> Place {
    Place::around(CENTRE.0, CENTRE.1, FINE, radius_km)
}

#[track_caller]
fn assert_state(answer: &Value, state: &str, reason: Option<&str>) {
    assert_eq!((answer["state"].as_str(), answer["reason"].as_str()), (Some(state), reason), "{answer}");
}

async fn the_same_bytes_again_change_nothing(database: Database, shared: &Path) {
    let mut town = Town::start(database, shared).await;
    let person = town.person().await;
    let cap = Cap::new("once");
    let (first, broadcast) = town.ring(&cap).await;
    assert_adds_up(&broadcast, 1);
    let again = town.server.post(&town.key, cap.xml()).await.expect(200);
    assert_eq!(again, first);

    let other = Cap { headline: "Something else".to_owned(), ..cap };
    let conflict = town.server.post(&town.key, other.xml()).await.expect(409);
    assert_eq!((&conflict["code"], &conflict["alert"]), (&"conflict".into(), &first["id"]), "{conflict}");
    town.server.settled(&mut town.operator, first["id"].as_str().expect("an id")).await;
    town.assert_heard(&person, &["Alert"]).await;
}

async fn alerts_that_are_not_for_people_reach_nobody_and_say_why(database: Database, shared: &Path) {
    let mut town = Town::start(database, shared).await;
    let person = town.person().await;
    let over = "2026-06-01T11:59:30-00:00".to_owned();
    for (cap, reason) in [
        (Cap { expires: over, ..Cap::new("expired") }, "expired"),
        (Cap { scope: "Restricted", ..Cap::new("restricted") }, "not-public"),
        (Cap { status: "System", ..Cap::new("system") }, "not-actual"),
        (Cap { status: "Draft", ..Cap::new("draft") }, "not-actual"),
        (Cap { polygon: None, ..Cap::new("nowhere") }, "no-area"),
        (Cap::about(&Cap::new("never-seen"), "Cancel"), "nothing-to-cancel"),
    ] {
        let (answer, broadcast) = town.ring(&cap).await;
        assert_state(&answer, "filed", Some(reason));
        assert!(answer["detail"].as_str().is_some_and(|words| words.len() > 20), "no words: {answer}");
        assert_adds_up(&broadcast, 0);
    }
    // A real alert after them: had any of them rung, it would have come first.
    town.ring(&Cap::new("real")).await;
    let heard = town.heard(&person).await;
    assert_eq!(heard.len(), 1, "{heard:?}");
    let listed = town.server.http.get(town.server.url("/api/v1/alerts")).send().await.expect("an answer");
    let listed = listed.text().await.expect("a text");
    for hidden in ["restricted", "draft"] {
        assert!(!listed.contains(&format!("({hidden})")), "{hidden} is published");
    }
    assert!(listed.contains("(real)"), "{listed}");
}

async fn drills_reach_only_those_who_asked_for_them(database: Database, shared: &Path) {
    let mut town = Town::start(database, shared).await;
    let person = town.person().await;
    let volunteer = town.person_with(201, centre(0), json!({ "drills": true })).await;
    let (_, broadcast) = town.ring(&Cap { status: "Test", ..Cap::new("drill") }).await;
    assert_adds_up(&broadcast, 1);
    town.assert_heard(&person, &[]).await;
    let heard = town.heard(&volunteer).await;
    Town::check_types(&heard, &["Alert"]);
    assert_eq!(heard[0].payload["beffroi"]["tier"], "P3", "a drill is never loud");
}

async fn a_key_speaks_only_for_its_senders(database: Database, shared: &Path) {
    let mut town = Town::start(database, shared).await;
    let person = town.person().await;
    town.key = town.server.key(&["--ring", "--sender", "someone@else.example"]).await;
    let (answer, _) = town.ring(&Cap::new("impostor")).await;
    assert_state(&answer, "held", Some("foreign-sender"));
    town.key = town.server.key(&["--ring", "--sender", "alerts@lille.example"]).await;
    let (answer, _) = town.ring(&Cap::new("genuine")).await;
    assert!(answer["reason"].is_null(), "{answer}");
    let heard = town.heard(&person).await;
    assert_eq!(heard.len(), 1, "{heard:?}");
    assert_eq!(heard[0].payload["beffroi"]["alert"], answer["id"]);
}

async fn another_senders_update_waits_for_a_person(database: Database, shared: &Path) {
    let mut town = Town::start(database, shared).await;
    let person = town.person().await;
    let ours = Cap::new("ours");
    town.ring(&ours).await;
    for msg_type in ["Update", "Cancel"] {
        let theirs = Cap { sender: "someone@else.example".to_owned(), ..Cap::about(&ours, msg_type) };
        let (answer, _) = town.ring(&theirs).await;
        assert_state(&answer, "held", Some("foreign-chain"));
    }
    town.assert_heard(&person, &["Alert"]).await;
}

async fn an_update_reaches_those_told_before_and_those_inside_now(database: Database, shared: &Path) {
    let mut town = Town::start(database, shared).await;
    let (told, elsewhere) = (town.person().await, Place::around(50.65, 4.1, FINE, 0));
    let newly_inside = town.person_with(201, elsewhere, Value::Null).await;
    let first = Cap::new("storm");
    town.ring(&first).await;
    let moved = Cap { polygon: Some("50.5,3.9 50.5,4.3 50.8,4.3 50.8,3.9 50.5,3.9"), ..Cap::about(&first, "Update") };
    let (_, broadcast) = town.ring(&moved).await;
    assert_adds_up(&broadcast, 2);
    let heard = town.heard(&told).await;
    Town::check_types(&heard, &["Alert", "Update"]);
    assert_eq!(heard[0].topic, heard[1].topic, "an update replaces what waits at the push service");
    assert!(heard[0].topic.is_some());
    town.assert_heard(&newly_inside, &["Update"]).await;
}

async fn a_cancel_reaches_those_told_before_and_nobody_else(database: Database, shared: &Path) {
    let mut town = Town::start(database, shared).await;
    let told = town.person().await;
    let first = Cap::new("false-alarm");
    let (answer, _) = town.ring(&first).await;
    let late = town.person().await;
    let (_, broadcast) = town.ring(&Cap::about(&first, "Cancel")).await;
    assert_adds_up(&broadcast, 1);
    let heard = town.heard(&told).await;
    Town::check_types(&heard, &["Alert", "Cancel"]);
    assert_eq!(heard[0].topic, heard[1].topic);
    assert_eq!(heard[1].payload["beffroi"]["state"], "cancelled", "{}", heard[1].payload);
    town.assert_heard(&late, &[]).await;
    let page = format!("/api/v1/alerts/{}", answer["id"].as_str().expect("an id"));
    let shown = town.operator.get(&page).await.expect(200).answer.json();
    assert_eq!(shown["state"], "cancelled", "{shown}");
}

async fn an_alert_that_comes_after_its_cancel_stays_silent(database: Database, shared: &Path) {
    let mut town = Town::start(database, shared).await;
    let person = town.person().await;
    let late = Cap::new("late");
    town.ring(&Cap::about(&late, "Cancel")).await;
    let (answer, broadcast) = town.ring(&late).await;
    assert_state(&answer, "filed", Some("superseded"));
    assert_adds_up(&broadcast, 0);
    town.assert_heard(&person, &[]).await;
}

async fn a_gone_endpoint_is_retired_and_never_tried_again(database: Database, shared: &Path) {
    let mut town = Town::start(database, shared).await;
    let (person, gone) = (town.person().await, town.person_with(410, centre(0), Value::Null).await);
    let refused = town.person_with(413, centre(0), Value::Null).await;
    let (_, broadcast) = town.ring(&Cap::new("first")).await;
    assert_adds_up(&broadcast, 3);
    for (part, count) in [("accepted", 1), ("gone", 1), ("rejected", 1)] {
        assert_eq!(broadcast[part], count, "{part}: {broadcast}");
    }
    let (_, broadcast) = town.ring(&Cap::new("second")).await;
    // 413 is our fault, not theirs: only 404 and 410 retire.
    assert_adds_up(&broadcast, 2);
    town.assert_heard(&gone, &["Alert"]).await;
    town.assert_heard(&refused, &["Alert", "Alert"]).await;
    town.assert_heard(&person, &["Alert", "Alert"]).await;
}

async fn a_radius_reaches_as_far_as_it_says(database: Database, shared: &Path) {
    let mut town = Town::start(database, shared).await;
    // The box ends at 50.8 north; this is 3.3 km beyond.
    let beyond = |radius_km| Place::around(50.83, 3.1, FINE, radius_km);
    let wide = town.person_with(201, beyond(5), Value::Null).await;
    let narrow = town.person_with(201, beyond(2), Value::Null).await;
    let (_, broadcast) = town.ring(&Cap::new("border")).await;
    assert_adds_up(&broadcast, 1);
    town.assert_heard(&wide, &["Alert"]).await;
    town.assert_heard(&narrow, &[]).await;
}

async fn those_who_left_hear_nothing_more(database: Database, shared: &Path) {
    let mut town = Town::start(database, shared).await;
    let (stays, leaves) = (town.person().await, town.person().await);
    let first = Cap::new("before");
    town.ring(&first).await;
    let url = town.server.url(&format!("/api/v1/subscriptions/{}", leaves.id));
    let without_secret = town.server.http.delete(&url).send().await.expect("an answer");
    assert_eq!(without_secret.status(), 404, "nobody learns that it is there");
    let left = town.server.http.delete(&url).bearer_auth(&leaves.secret).send().await.expect("an answer");
    assert_eq!(left.status(), 204);
    let (_, broadcast) = town.ring(&Cap::about(&first, "Cancel")).await;
    assert_adds_up(&broadcast, 2);
    assert_eq!(broadcast["withdrawn"], 1, "whoever left is counted, not forgotten: {broadcast}");
    town.assert_heard(&stays, &["Alert", "Cancel"]).await;
    town.assert_heard(&leaves, &["Alert"]).await;
}

async fn a_test_never_touches_what_is_real(database: Database, shared: &Path) {
    let mut town = Town::start(database, shared).await;
    let person = town.person().await;
    let real = Cap::new("real");
    let (answer, _) = town.ring(&real).await;
    let live = std::mem::replace(&mut town.key, town.server.key(&["--ring", "--test"]).await);
    for msg_type in ["Update", "Cancel"] {
        let test = Cap { status: "Test", identifier: format!("test-{msg_type}"), ..Cap::about(&real, msg_type) };
        let (answer, broadcast) = town.ring(&test).await;
        assert_ne!(answer["chain"], Value::Null);
        assert_adds_up(&broadcast, 0);
    }
    let shown = format!("/api/v1/alerts/{}", answer["id"].as_str().expect("an id"));
    let shown = town.operator.get(&shown).await.expect(200).answer.json();
    assert_eq!(shown["state"], "active", "{shown}");
    town.key = live;
    let (cancel, broadcast) = town.ring(&Cap::about(&real, "Cancel")).await;
    assert_eq!(cancel["chain"], answer["chain"]);
    assert_adds_up(&broadcast, 1);
    town.assert_heard(&person, &["Alert", "Cancel"]).await;
}

async fn nobody_stands_in_the_way_of_a_senders_own_message(database: Database, shared: &Path) {
    let mut town = Town::start(database, shared).await;
    let person = town.person().await;
    let genuine = Cap::new("flood-1");
    let own = std::mem::replace(&mut town.key, town.server.key(&["--ring", "--sender", "someone@else.example"]).await);
    let (forged, _) = town.ring(&Cap { headline: "Nothing to see".to_owned(), ..genuine.clone() }).await;
    assert_state(&forged, "held", Some("foreign-sender"));
    town.key = town.server.key(&["--ring", "--test"]).await;
    town.ring(&Cap { status: "Test", ..genuine.clone() }).await;
    town.key = own;
    let (answer, broadcast) = town.ring(&genuine).await;
    assert!(answer["reason"].is_null(), "{answer}");
    assert_adds_up(&broadcast, 1);
    let heard = town.heard(&person).await;
    Town::check_types(&heard, &["Alert"]);
    assert_eq!(heard[0].payload["beffroi"]["alert"], answer["id"]);
}

/// No info of its own, a clock that is behind, and a reference whose time is not quite right: it still tells them.
async fn a_bare_cancel_with_careless_times_reaches_those_told(database: Database, shared: &Path) {
    let mut town = Town::start(database, shared).await;
    let person = town.person().await;
    let alarm = Cap::new("alarm");
    town.ring(&alarm).await;
    let cancel = Cap {
        sent: "2026-06-01T11:58:57-00:00".to_owned(),
        references: Some(format!("{},{},2026-06-01T11:59:01-00:00", alarm.sender, alarm.identifier)),
        ..Cap::about(&alarm, "Cancel")
    };
    let xml = cancel.xml();
    let (before, after) = (xml.find("<info>").expect("an info"), xml.find("</alert>").expect("an end"));
    let bare = format!("{}{}", &xml[..before], &xml[after..]);
    let answer = town.server.post_new(&town.key, bare).await;
    let id = answer["id"].as_str().expect("an id").to_owned();
    let broadcast = town.server.settled(&mut town.operator, &id).await;
    assert_adds_up(&broadcast, 1);
    let heard = town.heard(&person).await;
    Town::check_types(&heard, &["Alert", "Cancel"]);
    let text = heard[1].payload["notification"].to_string();
    assert!(text.contains("Violent storm (alarm)"), "it does not say what is over: {text}");
    assert!(!text.contains("Stay inside"), "it still tells people what to do: {text}");
}

async fn an_update_that_is_over_ends_what_it_updates(database: Database, shared: &Path) {
    let mut town = Town::start(database, shared).await;
    let person = town.person().await;
    let storm = Cap::new("passing");
    let (first, _) = town.ring(&storm).await;
    let over = Cap { expires: "2026-06-01T11:59:45-00:00".to_owned(), ..Cap::about(&storm, "Update") };
    let (answer, broadcast) = town.ring(&over).await;
    assert_state(&answer, "filed", Some("expired"));
    assert_adds_up(&broadcast, 0);
    let shown = format!("/api/v1/alerts/{}", first["id"].as_str().expect("an id"));
    let shown = town.operator.get(&shown).await.expect(200).answer.json();
    assert_eq!(shown["state"], "updated", "{shown}");
    town.assert_heard(&person, &["Alert"]).await;
}

async fn a_bare_cancel_of_what_never_came_reaches_those_told_by_its_update(database: Database, shared: &Path) {
    let mut town = Town::start(database, shared).await;
    let person = town.person().await;
    let unseen = Cap::new("unseen");
    let update = Cap { headline: "The dyke may break".to_owned(), ..Cap::about(&unseen, "Update") };
    town.ring(&update).await;
    let cancel = Cap::about(&unseen, "Cancel").xml();
    let (before, rest) = cancel.split_once("<info>").expect("an info");
    let (_, after) = rest.split_once("</info>").expect("its end");
    let answer = town.server.post_new(&town.key, format!("{before}{after}")).await;
    let id = answer["id"].as_str().expect("an id").to_owned();
    assert_adds_up(&town.server.settled(&mut town.operator, &id).await, 1);
    let heard = town.heard(&person).await;
    Town::check_types(&heard, &["Update", "Cancel"]);
    assert_eq!(heard[1].payload["notification"]["title"], "CANCELLED: The dyke may break");
}
