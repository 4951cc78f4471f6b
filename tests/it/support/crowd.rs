//! Thousands of people in one town, whose devices are behind a sandbox.

use super::alerts::{CENTRE, Cap};
use super::browser::Browser;
use super::place::{FINE, Place};
use super::sandbox::{Pushed, Sandbox};
use super::server::{START, Subscription};
use super::wait::until;
use super::{Database, Server};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use beffroi::clock::{self, Clock};
use beffroi::model::id::SubscriberId;
use beffroi::model::place::{self, Around, Cell, Radius, Step};
use beffroi::model::subscriber::{ApnsChannel, Channel, FcmChannel, Preferences, WebPushChannel};
use beffroi::store::subscriber::{self, NewSubscriber};
use beffroi::store::{Db, Vault};
use futures_util::StreamExt;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use std::collections::BTreeMap;
use tempfile::TempDir;

/// The most recipients of one batch (docs/ARCHITECTURE.md), hence of one run of people who subscribed in a row.
pub const BATCH: usize = 1_000;
/// How long we go on looking for pushes that may not come.
const MARGIN: SignedDuration = SignedDuration::from_secs(2);
/// How long a ledger may take to learn of pushes that had begun when a broadcast was stopped.
const LEDGER: SignedDuration = SignedDuration::from_secs(10);
/// Subscriptions made at the same time.
const SUBSCRIBING_MAX: usize = 16;
/// People of one transaction, where they are written into the database.
const TOGETHER: usize = 10_000;
/// Key pairs that the browsers of a city share: real ones are costly to make.
const KEY_PAIRS: usize = 16;

/// A server with everyone subscribed at one sandbox, in one place.
pub struct Crowd {
    pub server: Server,
    pub sandbox: Sandbox,
    pub key: String,
    pub operator: Browser,
    /// Endpoints and tokens in the order of subscribing, up to the order within a batch's worth.
    pub people: Vec<String>,
    /// What the server gave them, in the same order; nothing where they were written into its database.
    pub subscriptions: Vec<Subscription>,
    // Credentials of apps.
    _folder: TempDir,
}

impl Crowd {
    /// A server and this many people, whose devices take every push.
    pub async fn start(database: Database, people: usize) -> Self {
        Self::start_with(database, &[(people, "")]).await
    }

    /// A server and groups of people whose devices behave alike: how many, and the sandbox's query for it.
    pub async fn start_with(database: Database, groups: &[(usize, &str)]) -> Self {
        Self::start_as(database, &[], groups).await
    }

    /// The same, with settings of the server on top.
    pub async fn start_as(database: Database, settings: &[(&str, &str)], groups: &[(usize, &str)]) -> Self {
        let mut crowd = Self::empty(database, settings, false).await;
        for (people, behaviour) in groups {
            let channels = crowd.sandbox.subscriptions(*people, behaviour).await;
            crowd.join(&channels).await;
        }
        crowd
    }

    /// Everyone of a city, at once: people with browsers and with apps of both kinds, as the groups' queries say
    /// (`channel=apns&…`), written into the database as a rehearsal does.
    pub async fn city(database: Database, settings: &[(&str, &str)], groups: &[(usize, &str)]) -> Self {
        let mut crowd = Self::empty(database, settings, true).await;
        for (people, behaviour) in groups {
            let channels = crowd.sandbox.subscriptions(*people, &format!("keys={KEY_PAIRS}&{behaviour}")).await;
            crowd.fill(&channels).await;
        }
        crowd
    }

    async fn empty(database: Database, settings: &[(&str, &str)], apps: bool) -> Self {
        let sandbox = Sandbox::start().await;
        let folder = tempfile::tempdir().expect("a folder");
        let of_services =
            if apps { sandbox.apps(folder.path()).await } else { vec![("push.ca_file", sandbox.ca_file())] };
        let of_services = of_services.iter().map(|(name, value)| (*name, value.as_str()));
        let settings: Vec<_> = settings.iter().copied().chain(of_services).collect();
        let mut server = Server::start(database, &settings).await;
        let (key, operator) = (server.key(&["--ring"]).await, server.setup_admin().await);
        let (people, subscriptions) = Default::default();
        Self { server, sandbox, key, operator, people, subscriptions, _folder: folder }
    }

    /// Writes devices into the server's database.
    pub async fn fill(&mut self, channels: &[Value]) {
        let db = Db::open(&self.server.database_url(), 1).await.expect("the server's database");
        let vault = Vault::load_or_create(&self.server.data().join("vault.key")).expect("the server's key");
        let people: Vec<NewSubscriber> = channels.iter().map(person).collect();
        for some in people.chunks(TOGETHER) {
            let mut tx = db.begin().await.expect("a transaction");
            subscriber::create_many(&mut tx, &vault, some).await.expect("written");
            tx.commit().await.expect("committed");
        }
        db.close().await;
        self.people.extend(people.iter().map(|one| match &one.channel {
            Channel::WebPush(WebPushChannel { endpoint, .. }) => endpoint.clone(),
            Channel::Apns(ApnsChannel { token, .. }) | Channel::Fcm(FcmChannel { token }) => token.clone(),
        }));
    }

    /// Subscribes devices, batch by batch, so that we know who shares one.
    pub async fn join(&mut self, channels: &[Value]) {
        self.join_with(channels, &Value::Null).await;
    }

    /// The same, with further members of what they send.
    pub async fn join_with(&mut self, channels: &[Value], more: &Value) {
        let places = [Place::around(CENTRE.0, CENTRE.1, FINE, 0)];
        for batch in channels.chunks(BATCH) {
            let subscribing = batch.iter().map(|channel| self.server.subscribe(channel, &places, more.clone()));
            let subscribing = futures_util::stream::iter(subscribing).buffered(SUBSCRIBING_MAX);
            let subscriptions = subscribing.collect::<Vec<_>>().await;
            self.subscriptions.extend(subscriptions);
        }
        let endpoint = |channel: &Value| channel["endpoint"].as_str().expect("an endpoint").to_owned();
        self.people.extend(channels.iter().map(endpoint));
    }

    pub async fn post(&self, cap: &Cap) -> String {
        let answer = self.server.post_new(&self.key, cap.xml()).await;
        answer["id"].as_str().expect("an id").to_owned()
    }

    /// Posts what may have been taken before.
    pub async fn post_again(&self, cap: &Cap) -> String {
        let answer = self.server.post(&self.key, cap.xml()).await;
        assert!((200..300).contains(&answer.status), "{}", answer.text());
        answer.json()["id"].as_str().expect("an id").to_owned()
    }

    pub async fn settled(&mut self, id: &str) -> Value {
        self.server.settled(&mut self.operator, id).await
    }

    /// What came of an alert, by endpoint.
    pub async fn pushes(&self, id: &str) -> BTreeMap<String, Vec<Pushed>> {
        let mut by_endpoint = BTreeMap::<String, Vec<Pushed>>::new();
        for pushed in self.sandbox.messages().await.into_iter().filter(|pushed| pushed.alert == id) {
            by_endpoint.entry(pushed.endpoint.clone()).or_default().push(pushed);
        }
        by_endpoint
    }

    /// The broadcast of a stopped alert, once its ledger knows of every push that had begun, and what came of it. Waits
    /// until `last`, after which nothing may come.
    pub async fn stopped(&mut self, id: &str, last: Timestamp) -> (Value, BTreeMap<String, Vec<Pushed>>) {
        let pushes = self.after(id, last).await;
        let looked = Clock::system().real();
        loop {
            let broadcast = self.settled(id).await;
            if broadcast["accepted"] == pushes.len() {
                return (broadcast, pushes);
            }
            let waited = Clock::system().real().duration_since(looked);
            assert!(waited < LEDGER, "{} pushes came, the ledger says {broadcast}", pushes.len());
        }
    }

    /// What came of an alert, seen well after `last`, when nothing more may come.
    pub async fn after(&self, id: &str, last: Timestamp) -> BTreeMap<String, Vec<Pushed>> {
        self.passed(last).await;
        self.pushes(id).await
    }

    /// Until well after `last`.
    pub async fn passed(&self, last: Timestamp) {
        let margin = last.saturating_add(MARGIN).expect("a time");
        until("the last moment to pass", || async { (Clock::system().real() > margin).then_some(()) }).await;
    }

    /// Until this many pushes have come since the last clearing.
    pub async fn pushed(&self, count: usize) {
        until("pushes at the sandbox", || async { (self.sandbox.count().await >= count).then_some(()) }).await;
    }
}

/// Somebody in the middle of the alerts' area who has this device.
fn person(device: &Value) -> NewSubscriber {
    let text = |pointer: &str| device.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
    let bytes = |pointer: &str| URL_SAFE_NO_PAD.decode(text(pointer)).expect("Base64");
    let (channel, origin) = match text("/channel/kind").as_str() {
        "apns" => {
            let (token, topic) = (text("/channel/token"), text("/channel/topic"));
            (Channel::Apns(ApnsChannel { token, topic }), "apns".to_owned())
        }
        "fcm" => (Channel::Fcm(FcmChannel { token: text("/channel/token") }), "fcm".to_owned()),
        _ => {
            let endpoint = text("/endpoint");
            let origin = endpoint.split("/push/").next().unwrap_or_default().to_owned();
            let p256dh = bytes("/keys/p256dh").try_into().expect("a public key");
            let auth = bytes("/keys/auth").try_into().expect("a secret");
            (Channel::WebPush(WebPushChannel { endpoint, p256dh, auth }), origin)
        }
    };
    let cell = Cell::containing(Step::Fine, CENTRE.0, CENTRE.1).expect("a cell");
    let around = Around { cell, radius: Radius::from_km(0).expect("a radius"), altitude: None };
    NewSubscriber {
        id: SubscriberId(clock::random_id()),
        secret_hash: clock::random_bytes(),
        channel,
        origin,
        preferences: Preferences {
            places: vec![place::Place::Around(around)],
            families: Default::default(),
            languages: vec!["en".to_owned()],
            quiet_hours: None,
            drills: false,
            discreet: false,
            consent: "2026-11".to_owned(),
        },
        // Before anything that a push service may say of the device.
        created: START.parse().expect("a time"),
    }
}
