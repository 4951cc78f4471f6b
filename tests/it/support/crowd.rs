//! Thousands of people in one town, whose devices are behind a sandbox.

use super::alerts::{CENTRE, Cap};
use super::browser::Browser;
use super::place::{FINE, Place};
use super::sandbox::{Pushed, Sandbox};
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
}

impl Crowd {
    /// A server and this many people, whose devices take every push.
    pub async fn start(database: Database, people: usize) -> Self {
        Self::start_with(database, &[(people, "")]).await
    }

    /// A server and groups of people whose devices behave alike: how many, and the sandbox's query for it.
    pub async fn start_with(database: Database, groups: &[(usize, &str)]) -> Self {
        let sandbox = Sandbox::start().await;
        let ca_file = sandbox.ca_file();
        let mut server = Server::start(database, &[("push.ca_file", &ca_file)]).await;
        let (key, operator) = (server.key(&["--ring"]).await, server.setup_admin().await);
        let mut channels = Vec::new();
        for (people, behaviour) in groups {
            channels.extend(sandbox.subscriptions(*people, behaviour).await);
        }
        let places = [Place::around(CENTRE.0, CENTRE.1, FINE, 0)];
        // Batch by batch, so that we know who shares one.
        for batch in channels.chunks(BATCH) {
            let subscribing = batch.iter().map(|channel| server.subscribe(channel, &places, Value::Null));
            futures_util::stream::iter(subscribing).buffer_unordered(SUBSCRIBING_MAX).collect::<Vec<_>>().await;
        }
        let endpoint = |channel: &Value| channel["endpoint"].as_str().expect("an endpoint").to_owned();
        let people = channels.iter().map(endpoint).collect();
        Self { server, sandbox, key, operator, people }
    }

    pub async fn post(&self, cap: &Cap) -> String {
        let answer = self.server.post_new(&self.key, cap.xml()).await;
        answer["id"].as_str().expect("an id").to_owned()
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
