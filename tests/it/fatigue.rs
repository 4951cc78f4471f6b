//! Who is let sleep, who is rung again, and who has been rung enough, as citizens hear it. Every test runs on SQLite and
//! on PostgreSQL; the clocks of the servers stand where the night is.

use crate::support::alerts::Cap;
use crate::support::browser::Browser;
use crate::support::crowd::Crowd;
use crate::support::place::{FINE, Place};
use crate::support::receiver::Receiver;
use crate::support::server::assert_adds_up;
use crate::support::shared::shared_or_return;
use crate::support::wait::until;
use crate::support::{Database, Server, http};
use beffroi::clock::Clock;
use jiff::SignedDuration;
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
    a_night_of_storms_costs_as_many_rings_as_are_heard,
    whose_first_push_failed_hears_the_update_aloud,
    once_quiet_hours_have_begun_nothing_starts_however_slow_the_service,
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
    /// Empty: the evening after it began.
    expires: &'static str,
    /// Without infos.
    bare: bool,
}

fn doc(name: &'static str, severity: &'static str) -> Doc {
    Doc { name, msg_type: "Alert", of: None, severity, response: "Shelter", note: "", expires: "", bare: false }
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
        let Doc { name, msg_type, of, severity, response, note, expires, bare } = doc;
        let day = self.start.split_once('T').expect("a date").0;
        let next = format!("{}{:02}", &day[..8], day[8..].parse::<u32>().expect("a day") + 1);
        let sent = format!("{}-00:00", self.start);
        let sender = "alerts@lille.example";
        let references = of.map_or(String::new(), |of| format!("<references>{sender},{of},{sent}</references>"));
        let note = if note.is_empty() { String::new() } else { format!("<note>{note}</note>") };
        let expires = if expires.is_empty() { format!("{next}T23:00:00-00:00") } else { (*expires).to_owned() };
        let urgency = if *response == "AllClear" { "Past" } else { "Immediate" };
        let info = format!(
            "<info><language>en</language><category>Met</category><event>Storm {name}</event>\
             <responseType>{response}</responseType><urgency>{urgency}</urgency><severity>{severity}</severity>\
             <certainty>Likely</certainty><expires>{expires}</expires><headline>Storm {name}</headline>\
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

/// It is night when the server starts, and `dawn`, ten seconds before the morning, when it starts again.
async fn heard_in_the_morning(database: Database, shared: &Path, (night, dawn): (&'static str, &str), hours: Value) {
    let mut town = Town::start(database, shared, night, &[]).await;
    let sleeper = town.person(hours).await;
    let held = town.ring(&doc("moderate", "Moderate"), 1).await;
    assert_eq!((&held["held"], &held["accepted"]), (&json!(1), &json!(0)), "{held}");
    assert_eq!(town.heard(&sleeper).await, []);
    town.server.stop();
    let morning = Clock::system().real().saturating_add(SignedDuration::from_secs(10)).expect("a time");
    town.server.restart_with(&[("clock.start", dawn)]).await;
    let heard = until("the morning", || async { Some(town.heard(&sleeper).await).filter(|heard| !heard.is_empty()) });
    assert_eq!(heard.await, [aloud("Storm moderate")]);
    assert!(Clock::system().real() >= morning, "before the morning");
}

async fn a_held_message_comes_in_the_morning_also_when_clocks_were_put_forward(database: Database, shared: &Path) {
    // Seven o'clock in summer time: 05:00 UTC.
    let times = ("2026-03-28T23:00:00Z", "2026-03-29T04:59:50Z");
    heard_in_the_morning(database, shared, times, rest("22:00", "07:00", "Europe/Paris")).await;
}

async fn a_held_message_comes_in_the_morning_also_when_clocks_were_put_back(database: Database, shared: &Path) {
    // Half past six in standard time, three and a half hours behind UTC.
    let times = ("2026-11-01T03:30:00Z", "2026-11-01T09:59:50Z");
    heard_in_the_morning(database, shared, times, rest("23:00", "06:30", "America/St_Johns")).await;
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

async fn a_night_of_storms_costs_as_many_rings_as_are_heard(database: Database, shared: &Path) {
    let mut town = Town::start(database, shared, NIGHT, &[("fatigue.rings_per_day", "2")]).await;
    let sleeper = town.person(rest("22:00", "07:00", "Europe/Paris")).await;
    // Three that are updated, two that are cancelled, three that are over before anyone wakes.
    town.ring(&doc("a", "Moderate"), 1).await;
    for name in ["b", "c", "d"] {
        town.ring(&Doc { msg_type: "Update", of: Some("a"), ..doc(name, "Moderate") }, 1).await;
    }
    for (name, never_mind) in [("e", "no-e"), ("f", "no-f")] {
        town.ring(&doc(name, "Moderate"), 1).await;
        town.ring(&cancel(never_mind, name), 0).await;
    }
    for name in ["g", "h", "i"] {
        town.ring(&Doc { expires: "2026-06-02T03:00:00-00:00", ..doc(name, "Moderate") }, 1).await;
    }
    town.ring(&doc("j", "Moderate"), 1).await;
    town.server.stop();
    town.server.restart_with(&[("clock.start", "2026-06-02T05:00:00Z")]).await;
    let mut heard =
        until("the morning", || async { Some(town.heard(&sleeper).await).filter(|heard| heard.len() == 2) }).await;
    heard.sort();
    assert_eq!(heard, [aloud("Storm j"), aloud("UPDATE: Storm d")]);
    // Those were the two of this day.
    town.ring(&doc("k", "Moderate"), 0).await;
    assert_eq!(town.heard(&sleeper).await[2..], [quietly("Storm k")]);
}

async fn whose_first_push_failed_hears_the_update_aloud(database: Database, _shared: &Path) {
    const WELL: usize = 28;
    const REFUSED_ONCE: usize = 12;
    // Whom it refuses waits longer than this test lasts.
    let settings = [("dispatch.retry_first_ms", "600000"), ("dispatch.retry_longest_ms", "1200000")];
    let groups = [(WELL, ""), (REFUSED_ONCE, "status=503&times=1")];
    let mut crowd = Crowd::start_as(database, &settings, &groups).await;
    let storm = Cap::new("storm");
    let id = crowd.post(&storm).await;
    crowd.pushed(WELL + REFUSED_ONCE).await;
    crowd.server.broadcast_when(&mut crowd.operator, &id, |broadcast| broadcast["accepted"] == WELL).await;
    let update = crowd.post(&Cap::about(&storm, "Update")).await;
    let broadcast = crowd.settled(&update).await;
    assert_adds_up(&broadcast, (WELL + REFUSED_ONCE) as u64);
    assert_eq!(broadcast["accepted"], WELL + REFUSED_ONCE, "{broadcast}");
    assert_eq!(crowd.settled(&id).await["stopped"], REFUSED_ONCE);
    let heard = crowd.pushes(&update).await;
    let (well, refused) = crowd.people.split_at(WELL);
    let silent = |endpoint: &String| heard[endpoint].iter().all(|pushed| pushed.silent);
    assert!(well.iter().all(silent), "whoever was rung is not rung again");
    assert!(!refused.iter().any(silent), "someone heard of it for the first time, and quietly");
}

async fn once_quiet_hours_have_begun_nothing_starts_however_slow_the_service(database: Database, _shared: &Path) {
    const PEOPLE: usize = 150;
    let mut crowd = Crowd::start_as(database, &[("push.in_flight_per_origin_max", "2")], &[]).await;
    // Six or seven pushes a second.
    let channels = crowd.sandbox.subscriptions(PEOPLE, "delay_ms=300").await;
    crowd.join_with(&channels, &rest("22:00", "07:00", "Europe/Paris")).await;
    crowd.server.stop();
    crowd.server.restart_with(&[("clock.start", "2026-06-01T19:59:45Z")]).await;
    // Fifteen seconds after it started, and what had begun by then is on its way.
    let last = Clock::system().real().saturating_add(SignedDuration::from_secs(16)).expect("a time");
    let mild = Cap { severity: "Moderate", expires: "2026-06-02T18:00:00-00:00".to_owned(), ..Cap::new("mild") };
    let id = crowd.post(&mild).await;
    let pushes = crowd.after(&id, last).await;
    assert!(pushes.values().flatten().all(|pushed| pushed.received <= last), "a push started in their quiet hours");
    assert!((1..PEOPLE).contains(&pushes.len()), "{} pushes: this proves nothing", pushes.len());
    let held =
        |broadcast: &Value| broadcast["held"] == PEOPLE - pushes.len() && broadcast["waiting"] == broadcast["held"];
    let broadcast = crowd.server.broadcast_when(&mut crowd.operator, &id, held).await;
    assert_adds_up(&broadcast, PEOPLE as u64);
}
