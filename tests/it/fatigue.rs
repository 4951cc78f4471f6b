//! Who is let sleep, who is rung again, and who has been rung enough, as citizens hear it. Every test runs on SQLite and
//! on PostgreSQL; the clocks of the servers stand where the night is.

use crate::support::browser::Browser;
use crate::support::place::{FINE, Place};
use crate::support::receiver::Receiver;
use crate::support::shared::shared_or_return;
use crate::support::wait::until;
use crate::support::{Database, Server, http};
use reqwest::Method;
use serde_json::{Value, json};
use std::path::Path;
use tokio::sync::Mutex;

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
    at_night_only_what_is_grave_comes,
    a_held_message_comes_in_the_morning_also_when_clocks_were_put_forward,
    a_held_message_comes_in_the_morning_also_when_clocks_were_put_back,
    a_held_message_that_is_cancelled_is_heard_by_nobody,
    what_ends_something_comes_quietly_at_night,
    whoever_was_rung_enough_on_a_day_hears_no_more_but_misses_nothing,
    a_retraction_is_heard_as_what_each_was_told_and_tells_why,
);

/// In Paris it is one o'clock.
const NIGHT: &str = "2026-06-01T23:00:00Z";
const AT: (f64, f64) = (50.65, 3.1);

struct Town {
    server: Server,
    receiver: Receiver,
    key: String,
    /// Who sees exact counts.
    operator: Mutex<Browser>,
    /// The alert time at which it began, without its zone.
    start: &'static str,
}

struct Person {
    channel: Value,
    id: String,
    secret: String,
}

/// One alert of one info.
#[derive(Clone)]
struct Doc {
    name: &'static str,
    msg_type: &'static str,
    of: Option<&'static str>,
    severity: &'static str,
    response: &'static str,
    note: &'static str,
    /// Without infos.
    bare: bool,
}

fn doc(name: &'static str, severity: &'static str) -> Doc {
    Doc { name, msg_type: "Alert", of: None, severity, response: "Shelter", note: "", bare: false }
}

fn cancel(name: &'static str, of: &'static str) -> Doc {
    Doc { msg_type: "Cancel", of: Some(of), bare: true, ..doc(name, "Minor") }
}

fn rest(from: &str, to: &str, time_zone: &str) -> Value {
    json!({ "quiet_hours": { "from": from, "to": to, "time_zone": time_zone } })
}

impl Town {
    async fn start(database: Database, shared: &Path, start: &'static str, settings: &[(&str, &str)]) -> Self {
        let all: Vec<_> = [("clock.start", start)].into_iter().chain(settings.iter().copied()).collect();
        let mut server = Server::start(database, &all).await;
        let (key, operator) = (server.key(&["--ring"]).await, Mutex::new(server.setup_admin().await));
        let start = start.trim_end_matches('Z');
        Self { server, receiver: Receiver::start(shared).await, key, operator, start }
    }

    async fn person(&self, more: Value) -> Person {
        let channel = self.receiver.subscription(201, None).await;
        let subscription = self.server.subscribe(&channel, &[Place::around(AT.0, AT.1, FINE, 0)], more).await;
        Person { channel, id: subscription.id, secret: subscription.secret }
    }

    /// Posts it and waits until so many people are still waiting and nobody is being sent to; its ledger.
    async fn ring(&self, doc: &Doc, waiting: u64) -> Value {
        let answer = self.server.post_new(&self.key, self.xml(doc)).await;
        let id = answer["id"].as_str().expect("an id").to_owned();
        self.ledger(&id, waiting).await
    }

    async fn ledger(&self, id: &str, waiting: u64) -> Value {
        until("a broadcast to rest", || async {
            let broadcast = self.server.broadcast(&mut *self.operator.lock().await, id).await;
            let planned = broadcast["state"] != "approved";
            (planned && broadcast["waiting"] == waiting).then_some(broadcast)
        })
        .await
    }

    fn xml(&self, doc: &Doc) -> String {
        let Doc { name, msg_type, of, severity, response, note, bare } = doc;
        let day = self.start.split_once('T').expect("a date").0;
        let next = format!("{}{:02}", &day[..8], day[8..].parse::<u32>().expect("a day") + 1);
        let sent = format!("{}-00:00", self.start);
        let sender = "alerts@lille.example";
        let references = of.map_or(String::new(), |of| format!("<references>{sender},{of},{sent}</references>"));
        let note = if note.is_empty() { String::new() } else { format!("<note>{note}</note>") };
        let urgency = if *response == "AllClear" { "Past" } else { "Immediate" };
        let info = format!(
            "<info><language>en</language><category>Met</category><event>Storm {name}</event>\
             <responseType>{response}</responseType><urgency>{urgency}</urgency><severity>{severity}</severity>\
             <certainty>Likely</certainty><expires>{next}T23:00:00-00:00</expires><headline>Storm {name}</headline>\
             <description>Gusts.</description><instruction>Do what {name} says.</instruction><area><areaDesc>Lille</areaDesc>\
             <polygon>50.5,2.9 50.5,3.3 50.8,3.3 50.8,2.9 50.5,2.9</polygon></area></info>"
        );
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?><alert xmlns=\"urn:oasis:names:tc:emergency:cap:1.2\">\
             <identifier>{name}</identifier><sender>{sender}</sender><sent>{sent}</sent><status>Actual</status>\
             <msgType>{msg_type}</msgType><scope>Public</scope>{note}{references}{}</alert>",
            if *bare { "" } else { &info }
        )
    }

    /// What someone heard, in order: title, and whether without a sound.
    async fn heard(&self, person: &Person) -> Vec<(String, bool)> {
        let all = self.receiver.messages().await;
        let mine = all.into_iter().filter(|message| person.channel["endpoint"] == message.endpoint.as_str());
        mine.map(|message| {
            assert!(message.problems.is_empty(), "{:?}", message.problems);
            let shown = &message.payload["notification"];
            (shown["title"].as_str().expect("a title").to_owned(), shown["silent"] == true)
        })
        .collect()
    }
}

fn aloud(title: &str) -> (String, bool) {
    (title.to_owned(), false)
}

fn quietly(title: &str) -> (String, bool) {
    (title.to_owned(), true)
}

async fn at_night_only_what_is_grave_comes(database: Database, shared: &Path) {
    let town = Town::start(database, shared, NIGHT, &[]).await;
    let sleeper = town.person(rest("22:00", "07:00", "Europe/Paris")).await;
    let awake = town.person(Value::Null).await;
    let elsewhere = town.person(rest("22:00", "06:00", "Asia/Tokyo")).await;
    for (name, severity) in [("mild", "Minor"), ("moderate", "Moderate")] {
        let ledger = town.ring(&doc(name, severity), 1).await;
        let counts = ["accepted", "held", "targeted"].map(|name| ledger[name].as_u64());
        assert_eq!(counts, [Some(2), Some(1), Some(3)], "{ledger}");
    }
    for (name, severity) in [("severe", "Severe"), ("extreme", "Extreme")] {
        assert_eq!(town.ring(&doc(name, severity), 0).await["accepted"], 3);
    }
    assert_eq!(town.heard(&sleeper).await, [aloud("Storm severe"), aloud("Storm extreme")]);
    let all = ["mild", "moderate", "severe", "extreme"].map(|name| (format!("Storm {name}"), name == "mild"));
    for person in [&awake, &elsewhere] {
        assert_eq!(town.heard(person).await, all, "P3 is always quiet");
    }
}

/// The morning is some seconds away when the server starts.
async fn heard_in_the_morning(database: Database, shared: &Path, start: &'static str, hours: Value) {
    let town = Town::start(database, shared, start, &[]).await;
    let sleeper = town.person(hours).await;
    town.ring(&doc("moderate", "Moderate"), 0).await;
    assert_eq!(town.heard(&sleeper).await, [aloud("Storm moderate")]);
}

async fn a_held_message_comes_in_the_morning_also_when_clocks_were_put_forward(database: Database, shared: &Path) {
    // Seven o'clock in summer time: 05:00 UTC.
    heard_in_the_morning(database, shared, "2026-03-29T04:59:40Z", rest("22:00", "07:00", "Europe/Paris")).await;
}

async fn a_held_message_comes_in_the_morning_also_when_clocks_were_put_back(database: Database, shared: &Path) {
    // Half past six in standard time, three and a half hours behind UTC.
    heard_in_the_morning(database, shared, "2026-11-01T09:59:40Z", rest("23:00", "06:30", "America/St_Johns")).await;
}

async fn a_held_message_that_is_cancelled_is_heard_by_nobody(database: Database, shared: &Path) {
    let town = Town::start(database, shared, NIGHT, &[]).await;
    let sleeper = town.person(rest("22:00", "07:00", "Europe/Paris")).await;
    let answer = town.server.post_new(&town.key, town.xml(&doc("moderate", "Moderate"))).await;
    let id = answer["id"].as_str().expect("an id").to_owned();
    town.ledger(&id, 1).await;
    let ledger = town.ring(&cancel("never-mind", "moderate"), 0).await;
    assert_eq!(ledger["targeted"], 0, "{ledger}");
    assert_eq!(town.ledger(&id, 0).await["stopped"], 1);
    assert_eq!(town.heard(&sleeper).await, []);
}

async fn what_ends_something_comes_quietly_at_night(database: Database, shared: &Path) {
    let town = Town::start(database, shared, NIGHT, &[]).await;
    let person = town.person(Value::Null).await;
    for (name, severity) in [("wind", "Moderate"), ("rain", "Moderate"), ("storm", "Severe"), ("flood", "Severe")] {
        town.ring(&doc(name, severity), 0).await;
    }
    // Then they go to bed.
    let mut body = json!({
        "channel": { "kind": "webpush", "endpoint": person.channel["endpoint"], "keys": person.channel["keys"] },
        "places": [Place::around(AT.0, AT.1, FINE, 0).json()], "consent": "2026-11",
    });
    body["quiet_hours"] = rest("22:00", "07:00", "Europe/Paris")["quiet_hours"].clone();
    let url = town.server.url(&format!("/api/v1/subscriptions/{}", person.id));
    http::json(&town.server.http, Method::PUT, &url, Some(&person.secret), Some(&body)).await.expect(200);
    let over = |name, of| Doc { bare: false, response: "AllClear", ..cancel(name, of) };
    for end in [cancel("no-wind", "wind"), over("dry", "rain"), cancel("no-storm", "storm"), over("ebb", "flood")] {
        town.ring(&end, 0).await;
    }
    let heard = town.heard(&person).await.split_off(4);
    let want = [
        quietly("CANCELLED: Storm wind"),
        quietly("OVER: Storm dry"),
        aloud("CANCELLED: Storm storm"),
        quietly("OVER: Storm ebb"),
    ];
    assert_eq!(heard, want);
}

async fn whoever_was_rung_enough_on_a_day_hears_no_more_but_misses_nothing(database: Database, shared: &Path) {
    let town = Town::start(database, shared, "2026-06-01T12:00:00Z", &[("fatigue.rings_per_day", "2")]).await;
    let first = town.person(Value::Null).await;
    town.ring(&doc("a", "Moderate"), 0).await;
    let second = town.person(Value::Null).await;
    for (name, severity) in [("b", "Moderate"), ("c", "Moderate"), ("d", "Severe"), ("e", "Moderate")] {
        town.ring(&doc(name, severity), 0).await;
    }
    let [a, b, c, d, e] = ["a", "b", "c", "d", "e"].map(|name| format!("Storm {name}"));
    assert_eq!(town.heard(&first).await, [aloud(&a), aloud(&b), quietly(&c), aloud(&d), quietly(&e)]);
    assert_eq!(town.heard(&second).await, [aloud(&b), aloud(&c), aloud(&d), quietly(&e)]);
}

async fn a_retraction_is_heard_as_what_each_was_told_and_tells_why(database: Database, shared: &Path) {
    let town = Town::start(database, shared, "2026-06-01T12:00:00Z", &[]).await;
    let person = town.person(Value::Null).await;
    town.ring(&doc("missile", "Extreme"), 0).await;
    town.ring(&Doc { note: "This was a false alarm. There is no threat.", ..cancel("mistake", "missile") }, 0).await;
    town.ring(&doc("wind", "Moderate"), 0).await;
    // The infos of the warning again, as some cancel.
    town.ring(&Doc { bare: false, severity: "Moderate", ..cancel("wind-2", "wind") }, 0).await;
    let heard = town.heard(&person).await;
    let titles = ["Storm missile", "CANCELLED: Storm missile", "Storm wind", "CANCELLED: Storm wind-2"];
    assert_eq!(heard, titles.map(aloud));
    let all = town.receiver.messages().await;
    let shown = |nth: usize| (&all[nth].payload["notification"]["body"], &all[nth].payload["beffroi"]["tier"]);
    let words = "Lille\nWhoever sent this warning has withdrawn it.\nThis was a false alarm. There is no threat.";
    assert_eq!(shown(1), (&json!(words), &json!("P0")));
    assert_eq!(shown(3), (&json!("Lille\nDo what wind-2 says."), &json!("P2")), "what was said already is left out");
}
