//! One alert to browsers and to apps of both kinds, through the whole line, at push services of our own.

use crate::support::Database;
use crate::support::Server;
use crate::support::alerts::{CENTRE, Cap};
use crate::support::browser::Browser;
use crate::support::place::{FINE, Place};
use crate::support::sandbox::Sandbox;
use crate::support::server::assert_adds_up;
use crate::support::wait::until;
use beffroi::store::Db;
use serde_json::{Value, json};
use tempfile::TempDir;

/// People with browsers and apps, all in one place.
struct Town {
    server: Server,
    sandbox: Sandbox,
    operator: Browser,
    key: String,
    people: usize,
    _credentials: TempDir,
}

impl Town {
    async fn new(database: Database) -> Self {
        Self::with(database, &[("dispatch.retry_longest_ms", "1000")]).await
    }

    async fn with(database: Database, more: &[(&'static str, &str)]) -> Self {
        let sandbox = Sandbox::start().await;
        let credentials = tempfile::tempdir().expect("a folder");
        let mut settings = sandbox.apps(credentials.path()).await;
        settings.extend(more.iter().map(|(name, value)| (*name, (*value).to_owned())));
        let settings: Vec<(&str, &str)> = settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let mut server = Server::start(database, &settings).await;
        let (key, operator) = (server.key(&["--ring"]).await, server.setup_admin().await);
        Self { server, sandbox, operator, key, people: 0, _credentials: credentials }
    }

    /// Subscribes devices of a channel that all behave like this; what the sandbox calls them.
    async fn subscribe(&mut self, count: usize, channel: &str, behaviour: &str) -> Vec<String> {
        let places = [Place::around(CENTRE.0, CENTRE.1, FINE, 0)];
        let mut ids = Vec::new();
        for device in self.sandbox.subscriptions(count, &format!("channel={channel}&{behaviour}")).await {
            let own = if channel == "webpush" { Value::Null } else { json!({"channel": device["channel"]}) };
            self.server.subscribe(&device, &places, own).await;
            let address = [&device["channel"]["token"], &device["endpoint"]].into_iter().find_map(Value::as_str);
            ids.push(address.and_then(|address| address.rsplit('/').next()).expect("an id").to_owned());
        }
        self.people += count;
        ids
    }

    async fn post(&self, identifier: &'static str) -> String {
        self.post_cap(&Cap::new(identifier)).await
    }

    async fn post_cap(&self, cap: &Cap) -> String {
        let answer = self.server.post_new(&self.key, cap.xml()).await;
        answer["id"].as_str().expect("an id").to_owned()
    }

    async fn settled(&mut self, id: &str) -> Value {
        self.server.settled(&mut self.operator, id).await
    }

    /// Until each of these channels was asked so often.
    async fn asked(&self, channels: &[&str], times: u64) {
        until("pushes at each service", || async {
            let counts = self.sandbox.counts().await;
            channels.iter().all(|channel| lane(&counts, channel, "received") >= times).then_some(())
        })
        .await;
    }

    /// Everyone is told in the end, and nobody was given up.
    async fn all_told(&mut self, id: &str) {
        let broadcast = self.settled(id).await;
        assert_adds_up(&broadcast, self.people as u64);
        assert_eq!(broadcast["accepted"], self.people, "{broadcast}");
    }
}

fn lane(counts: &Value, channel: &str, what: &str) -> u64 {
    counts["channels"][channel][what].as_u64().unwrap_or_default()
}

const CHANNELS: [&str; 3] = ["webpush", "apns", "fcm"];

#[tokio::test(flavor = "multi_thread")]
async fn browsers_and_apps_are_told_and_only_those_that_are_gone_are_retired_on_sqlite() {
    told(Database::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn browsers_and_apps_are_told_and_only_those_that_are_gone_are_retired_on_postgresql() {
    told(Database::Postgres).await;
}

async fn told(database: Database) {
    let mut town = Town::new(database).await;
    for channel in ["webpush", "apns", "fcm"] {
        town.subscribe(10, channel, "").await;
    }
    for (channel, behaviour) in [
        ("webpush", "status=410"),
        ("apns", "reason=Unregistered"),
        ("apns", "reason=ExpiredToken"),
        ("fcm", "reason=UNREGISTERED"),
        ("fcm", "reason=INVALID_TOKEN"),
    ] {
        town.subscribe(1, channel, behaviour).await;
    }
    for (channel, behaviour) in [("apns", "reason=PayloadTooLarge"), ("fcm", "reason=INVALID_ARGUMENT")] {
        town.subscribe(1, channel, behaviour).await;
    }
    for (channel, behaviour) in [
        ("apns", "status=503&times=1"),
        ("apns", "reason=TooManyRequests&times=2"),
        ("apns", "status=reset&times=1"),
        ("fcm", "status=503&retry_after=1&times=1"),
        ("fcm", "status=reset&times=1"),
    ] {
        town.subscribe(2, channel, behaviour).await;
    }
    let everyone = town.people as u64;
    let id = town.post("three-channels").await;
    let broadcast = town.settled(&id).await;
    assert_adds_up(&broadcast, everyone);
    for (part, count) in [("accepted", 40), ("gone", 5), ("rejected", 2)] {
        assert_eq!(broadcast[part], count, "{part}: {broadcast}");
    }
    let counts = town.sandbox.counts().await;
    assert_eq!(counts["found"], json!({}), "{counts}");
    assert_eq!((&counts["duplicates"], &counts["wrong_order"]), (&json!(0), &json!(0)), "{counts}");
    let again = town.post("after-three-channels").await;
    assert_adds_up(&town.settled(&again).await, everyone - 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn refused_credentials_lose_nobody_and_hold_up_no_other_service_on_sqlite() {
    refused(Database::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn refused_credentials_lose_nobody_and_hold_up_no_other_service_on_postgresql() {
    refused(Database::Postgres).await;
}

async fn refused(database: Database) {
    let mut town = Town::new(database).await;
    for channel in CHANNELS {
        town.subscribe(10, channel, "").await;
    }
    for channel in ["apns", "fcm"] {
        town.sandbox.fault(&format!("channel={channel}&fault=unauthorized")).await;
    }
    let id = town.post("refused").await;
    let sandbox = &town.sandbox;
    until("every browser told, and both services for apps asked", || async {
        let counts = sandbox.counts().await;
        let asked = ["apns", "fcm"].iter().all(|channel| lane(&counts, channel, "received") > 0);
        (lane(&counts, "webpush", "accepted") == 10 && asked).then_some(())
    })
    .await;
    let broadcast = town.server.broadcast(&mut town.operator, &id).await;
    for part in ["gone", "rejected"] {
        assert_eq!(broadcast[part], 0, "{part}: {broadcast}");
    }
    town.sandbox.mend().await;
    town.all_told(&id).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_key_is_told_soon_however_few_there_are_and_when_it_is_mended_everyone_is() {
    for restarted in [false, true] {
        let mut town = Town::new(Database::Sqlite).await;
        for channel in CHANNELS {
            town.subscribe(4, channel, "").await;
            town.sandbox.fault(&format!("channel={channel}&fault=unauthorized")).await;
        }
        let id = town.post("key-refused").await;
        until("an error for each service", || async {
            (town.server.errors().matches("and is paused").count() >= CHANNELS.len()).then_some(())
        })
        .await;
        town.sandbox.mend().await;
        if restarted {
            town.server.kill9();
            town.server.restart().await;
        }
        town.all_told(&id).await;
    }
}

/// Refused again and again while others are accepted: it must be something that they have in common.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_refused_with_many_others_is_given_up_by_no_service() {
    let mut town = Town::new(Database::Sqlite).await;
    for (channel, behaviour) in [
        ("webpush", "status=403"),
        ("apns", "reason=BadDeviceToken"),
        ("fcm", "reason=SENDER_ID_MISMATCH"),
        ("fcm", "reason=THIRD_PARTY_AUTH_ERROR"),
    ] {
        town.subscribe(20, channel, "").await;
        town.subscribe(8, channel, &format!("{behaviour}&times=4")).await;
    }
    let id = town.post("many-refused").await;
    town.all_told(&id).await;
    assert!(town.server.errors().contains("must be wrong"), "somebody is told: {}", town.server.errors());
    let again = town.post("after-many-refused").await;
    town.all_told(&again).await;
}

/// Its endpoint is another sender's, or another app's: that is its own trouble.
#[tokio::test(flavor = "multi_thread")]
async fn a_single_endpoint_that_is_refused_for_ever_is_given_up() {
    let mut town = Town::new(Database::Sqlite).await;
    for channel in CHANNELS {
        town.subscribe(20, channel, "").await;
    }
    let singles =
        [("webpush", "status=403"), ("apns", "reason=DeviceTokenNotForTopic"), ("apns", "reason=BadDeviceToken")];
    for (channel, behaviour) in singles.into_iter().chain([("fcm", "reason=SENDER_ID_MISMATCH")]) {
        town.subscribe(1, channel, behaviour).await;
    }
    let first = town.post("single-refused").await;
    town.asked(&["webpush", "fcm"], 21).await;
    // Others are accepted after them: it is not us.
    let second = town.post("single-refused-again").await;
    for id in [first, second] {
        let broadcast = town.settled(&id).await;
        assert_adds_up(&broadcast, town.people as u64);
        assert_eq!(broadcast["accepted"], 60, "{broadcast}");
        assert!(broadcast["rejected"].as_u64() >= Some(1), "who is another sender's keeps their endpoint: {broadcast}");
    }
    let third = town.post("single-refused-for-good").await;
    assert_adds_up(&town.settled(&third).await, 62);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_push_that_meets_apples_connection_closing_goes_on_another_one_at_once() {
    let mut town = Town::with(Database::Sqlite, &[("push.connections_per_origin_max", "1")]).await;
    town.subscribe(10, "apns", "").await;
    let before = town.post("before-the-shutdown").await;
    town.all_told(&before).await;
    let connections = town.sandbox.counts().await["connections"].as_u64().expect("a count");
    town.subscribe(1, "apns", "reason=Shutdown&times=1").await;
    let id = town.post("shutdown").await;
    town.all_told(&id).await;
    let counts = town.sandbox.counts().await;
    assert!(counts["connections"].as_u64() > Some(connections), "it went on the same connection: {counts}");
    let outcomes = town.server.http.get(town.server.url("/metrics")).send().await.expect("an answer");
    let outcomes = outcomes.text().await.expect("text");
    assert!(!outcomes.contains("outcome=\"retry\""), "it waited: {outcomes}");
}

/// What the breaker turned away was sent to nobody, and counts against nobody.
#[tokio::test(flavor = "multi_thread")]
async fn after_an_outage_everyone_is_told_at_once_and_nobody_counts_as_tried_who_was_not() {
    let mut town = Town::with(Database::Sqlite, &[("dispatch.retry_longest_ms", "300000")]).await;
    town.subscribe(100, "webpush", "").await;
    town.sandbox.fault("channel=webpush&fault=unavailable").await;
    let id = town.post("outage").await;
    // Everyone once, then a few probes three times over.
    town.asked(&["webpush"], 109).await;
    let db = Db::open(&town.server.database_url(), 1).await.expect("the server's database");
    let Db::Sqlite { read, .. } = &db else { panic!("another database") };
    let tried: i64 =
        sqlx::query_scalar("SELECT SUM(attempts * waiting) FROM batch").fetch_one(read).await.expect("a sum");
    let pushes = lane(&town.sandbox.counts().await, "webpush", "received");
    assert!(tried > 0 && u64::try_from(tried).is_ok_and(|tried| tried <= pushes), "{tried} tried, {pushes} pushes");
    town.sandbox.mend().await;
    town.all_told(&id).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_makes_no_sound_takes_the_place_of_no_ring_that_waits_for_a_phone() {
    let mut town = Town::new(Database::Sqlite).await;
    let mut devices = Vec::new();
    for channel in ["webpush", "apns", "fcm"] {
        devices.push(town.subscribe(1, channel, "").await.remove(0));
    }
    let flood = Cap { severity: "Extreme", ..Cap::new("flood") };
    let (update, over) = (Cap::about(&flood, "Update"), Cap::about(&flood, "Cancel"));
    let ring = town.post_cap(&flood).await;
    town.settled(&ring).await;
    let quiet = town.post_cap(&update).await;
    town.settled(&quiet).await;
    let waiting = async |town: &Town, nth: usize| town.sandbox.waiting(&devices[nth]).await;
    assert_eq!(waiting(&town, 0).await, [ring.clone(), quiet.clone()], "a browser's push service keeps both");
    assert_eq!(waiting(&town, 1).await, std::slice::from_ref(&ring), "Apple keeps one: the ring");
    assert_eq!(waiting(&town, 2).await, [ring.clone(), quiet.clone()], "Google keeps both");
    let fair = town.post_cap(&Cap { severity: "Minor", ..Cap::new("fair") }).await;
    town.settled(&fair).await;
    assert_eq!(waiting(&town, 0).await, [ring.clone(), quiet.clone(), fair.clone()]);
    assert_eq!(waiting(&town, 2).await, [ring.clone(), quiet.clone(), fair.clone()], "P0 waits beside P3");
    let cancel = town.post_cap(&over).await;
    town.settled(&cancel).await;
    assert_eq!(waiting(&town, 0).await, [quiet, fair, cancel], "what is over need not be heard");
}
