//! One alert to browsers and to apps of both kinds, through the whole line, at push services of our own.

use crate::support::Database;
use crate::support::Server;
use crate::support::alerts::{CENTRE, Cap};
use crate::support::browser::Browser;
use crate::support::place::{FINE, Place};
use crate::support::sandbox::Sandbox;
use crate::support::server::assert_adds_up;
use crate::support::wait::until;
use serde_json::{Value, json};
use std::time::Duration;
use tempfile::TempDir;

/// How long a service that has refused us may take to be asked again.
const RESUMED: Duration = Duration::from_secs(180);

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
        let sandbox = Sandbox::start().await;
        let credentials = tempfile::tempdir().expect("a folder");
        let mut settings = sandbox.apps(credentials.path()).await;
        settings.push(("dispatch.retry_longest_ms", "1000".to_owned()));
        let settings: Vec<(&str, &str)> = settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let mut server = Server::start(database, &settings).await;
        let (key, operator) = (server.key(&["--ring"]).await, server.setup_admin().await);
        Self { server, sandbox, operator, key, people: 0, _credentials: credentials }
    }

    /// Subscribes devices of a channel that all behave like this.
    async fn subscribe(&mut self, count: usize, channel: &str, behaviour: &str) {
        let places = [Place::around(CENTRE.0, CENTRE.1, FINE, 0)];
        for device in self.sandbox.subscriptions(count, &format!("channel={channel}&{behaviour}")).await {
            let own = if channel == "webpush" { Value::Null } else { json!({"channel": device["channel"]}) };
            self.server.subscribe(&device, &places, own).await;
        }
        self.people += count;
    }

    async fn post(&self, identifier: &'static str) -> String {
        let answer = self.server.post_new(&self.key, Cap::new(identifier).xml()).await;
        answer["id"].as_str().expect("an id").to_owned()
    }

    async fn settled(&mut self, id: &str) -> Value {
        self.server.settled_within(&mut self.operator, id, RESUMED).await
    }
}

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
    for channel in ["webpush", "apns", "fcm"] {
        town.subscribe(10, channel, "").await;
    }
    for channel in ["apns", "fcm"] {
        town.sandbox.fault(&format!("channel={channel}&fault=unauthorized")).await;
    }
    let id = town.post("refused").await;
    let sandbox = &town.sandbox;
    let lane =
        |counts: &Value, channel: &str, what: &str| counts["channels"][channel][what].as_u64().unwrap_or_default();
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
    let broadcast = town.settled(&id).await;
    assert_adds_up(&broadcast, 30);
    assert_eq!(broadcast["accepted"], 30, "{broadcast}");
}
