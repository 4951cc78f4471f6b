//! Thousands of people in one town, whose devices are behind a sandbox.

use super::alerts::{CENTRE, Cap};
use super::browser::Browser;
use super::place::{FINE, Place};
use super::sandbox::{Pushed, Sandbox};
use super::server::Subscription;
use super::wait::until;
use super::{Database, Server};
use beffroi::clock::Clock;
use futures_util::StreamExt;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use std::collections::BTreeMap;

/// The most recipients of one batch (docs/ARCHITECTURE.md), hence of one run of people who subscribed in a row.
pub const BATCH: usize = 1_000;
/// How long we go on looking for pushes that may not come.
const MARGIN: SignedDuration = SignedDuration::from_secs(2);
/// How long a ledger may take to learn of pushes that had begun when a broadcast was stopped.
const LEDGER: SignedDuration = SignedDuration::from_secs(10);
/// Subscriptions made at the same time.
const SUBSCRIBING_MAX: usize = 16;

/// A server with everyone subscribed at one sandbox, in one place.
pub struct Crowd {
    pub server: Server,
    pub sandbox: Sandbox,
    pub key: String,
    pub operator: Browser,
    /// Endpoints in the order of subscribing, up to the order within a batch's worth.
    pub people: Vec<String>,
    /// What the server gave them, in the same order.
    pub subscriptions: Vec<Subscription>,
    /// Those whose behaviour changes with use, and how they behaved at first.
    behaviours: Vec<(String, String)>,
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
        let sandbox = Sandbox::start().await;
        let ca_file = sandbox.ca_file();
        let settings: Vec<_> = settings.iter().copied().chain([("push.ca_file", ca_file.as_str())]).collect();
        let mut server = Server::start(database, &settings).await;
        let (key, operator) = (server.key(&["--ring"]).await, server.setup_admin().await);
        let mut crowd = Self {
            server,
            sandbox,
            key,
            operator,
            people: Vec::new(),
            subscriptions: Vec::new(),
            behaviours: Vec::new(),
        };
        for (people, behaviour) in groups {
            let channels = crowd.sandbox.subscriptions(*people, behaviour).await;
            crowd.join(&channels).await;
            if behaviour.contains("times=") {
                let changing = crowd.people[crowd.people.len() - people..].iter();
                crowd.behaviours.extend(changing.map(|endpoint| (endpoint.clone(), (*behaviour).to_owned())));
            }
        }
        crowd
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

    /// Forgets what came, and lets the devices that are refused at first be refused anew.
    pub async fn refuse_once(&self) {
        self.sandbox.clear().await;
        for (endpoint, behaviour) in &self.behaviours {
            self.sandbox.behave(endpoint, behaviour).await;
        }
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
        let margin = last.saturating_add(MARGIN).expect("a time");
        until("the last moment to pass", || async { (Clock::system().real() > margin).then_some(()) }).await;
        self.pushes(id).await
    }

    /// Until this many pushes have come since the last clearing.
    pub async fn pushed(&self, count: usize) {
        until("pushes at the sandbox", || async { (self.sandbox.count().await >= count).then_some(()) }).await;
    }
}
