//! A running `beffroi serve` on a database of its own, as an operator would run it.

use super::browser::Browser;
use super::http::{self, Answer};
use super::place::Place;
use super::postgres::FreshDatabase;
use super::process::{Program, Ran, run, run_fed};
use reqwest::{Client, Method};
use serde_json::{Value, json};
use std::process::Command;
use std::time::Duration;
use tempfile::TempDir;

/// The alert time at which servers of these tests start, unless a test sets `clock.start` itself.
pub const START: &str = "2026-06-01T12:00:00Z";
/// What the first administrator of a test is called, and their password.
pub const ADMINISTRATOR: (&str, &str) = ("ada", "correct horse battery staple");

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Database {
    Sqlite,
    Postgres,
}

pub struct Server {
    program: Program,
    // Kept for its drop: it outlives the program, which has connections to it.
    database: Option<FreshDatabase>,
    data: TempDir,
    settings: Vec<(String, String)>,
    base: String,
    setup_link: Option<String>,
    pub http: Client,
}

/// What `POST /api/v1/subscriptions` gives.
#[derive(Debug, Clone)]
pub struct Subscription {
    pub id: String,
    pub secret: String,
}

/// `beffroi` with the environment cleared of settings.
pub fn beffroi(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_beffroi"));
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("BEFFROI__")) {
        command.env_remove(name);
    }
    command.args(args);
    command
}

impl Server {
    /// Starts one that may push to loopback, has a test clock and retries quickly; `settings` (as `push.ca_file`)
    /// come on top.
    pub async fn start(database: Database, settings: &[(&str, &str)]) -> Self {
        let data = tempfile::tempdir().expect("a folder");
        let fresh = match database {
            Database::Sqlite => None,
            Database::Postgres => Some(FreshDatabase::create().await),
        };
        let mut all: Vec<(String, String)> = [
            ("server.listen", "127.0.0.1:0"),
            ("push.allow_private_endpoints", "true"),
            ("push.hosts", "localhost,127.0.0.1"),
            ("subscriptions.changes_per_minute", "1000000"),
            ("alerts.posts_per_minute", "1000000"),
            ("dispatch.retry_first_ms", "100"),
            ("clock.start", START),
            ("log.filter", "info"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .to_vec();
        all.push(("data.dir".to_owned(), data.path().to_string_lossy().into_owned()));
        if let Some(fresh) = &fresh {
            all.push(("database.url".to_owned(), fresh.url()));
        }
        all.extend(settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        let program = Program::start("beffroi serve", &mut command(&all, &["serve"]));
        let http = http::client(None);
        let mut server =
            Self { program, database: fresh, data, settings: all, base: String::new(), setup_link: None, http };
        server.listen().await;
        server
    }

    /// Waits until it says where it listens.
    async fn listen(&mut self) {
        let setup_link = &mut self.setup_link;
        let read = |line: &str| {
            if let Some(link) = line.strip_prefix("Setup link: ") {
                *setup_link = Some(link.to_owned());
            }
            line.strip_prefix("Beffroi is listening on ").map(|base| base.trim_end_matches('/').to_owned())
        };
        self.base = self.program.line("where it listens", read).await;
    }

    /// Ends it at once (SIGKILL), as a power cut would.
    pub fn kill9(&mut self) {
        self.program.kill9();
    }

    /// Whether it has ended by itself.
    pub fn has_ended(&mut self) -> bool {
        self.program.has_ended()
    }

    /// Starts it again on the same data and the same port, after a kill.
    pub async fn restart(&mut self) {
        self.restart_once_with(&[]).await;
    }

    /// Starts it again with other settings on top.
    pub async fn restart_with(&mut self, more: &[(&str, &str)]) {
        self.settings.extend(more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        self.restart().await;
    }

    /// The same, with settings that this start alone has.
    pub async fn restart_once_with(&mut self, more: &[(&str, &str)]) {
        let address = self.base.trim_start_matches("http://").to_owned();
        self.settings.push(("server.listen".to_owned(), address));
        let more = more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let settings: Vec<_> = self.settings.iter().cloned().chain(more).collect();
        self.program = Program::start("beffroi serve", &mut command(&settings, &["serve"]));
        self.listen().await;
    }

    /// Another node on the same database, with the same keys and settings.
    pub async fn beside(&self) -> Self {
        let data = tempfile::tempdir().expect("a folder");
        for key in ["vault.key", "vapid.pem"] {
            std::fs::copy(self.data.path().join(key), data.path().join(key)).expect("the key is copied");
        }
        let mut settings = self.settings.clone();
        settings.push(("data.dir".to_owned(), data.path().to_string_lossy().into_owned()));
        settings.push(("server.listen".to_owned(), "127.0.0.1:0".to_owned()));
        let program = Program::start("beffroi serve", &mut command(&settings, &["serve"]));
        let (base, http) = (String::new(), self.http.clone());
        let mut server = Self { program, database: None, data, settings, base, setup_link: None, http };
        server.listen().await;
        server
    }

    /// Asks it to end and waits for it; its exit code.
    pub fn stop(&mut self) -> Option<i32> {
        self.program.terminate().code()
    }

    /// The database that it works on.
    pub fn database_url(&self) -> String {
        match &self.database {
            Some(database) => database.url(),
            None => format!("sqlite://{}", self.data.path().join("beffroi.db").display()),
        }
    }

    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    pub fn data(&self) -> &std::path::Path {
        self.data.path()
    }

    /// Runs another verb with this server's settings.
    pub async fn run(&self, args: &[&str]) -> Ran {
        run(command(&self.settings, args)).await
    }

    /// Runs another verb with this server's settings and others on top.
    pub async fn run_with(&self, args: &[&str], more: &[(&str, &str)]) -> Ran {
        let more = more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let settings: Vec<_> = self.settings.iter().cloned().chain(more).collect();
        run(command(&settings, args)).await
    }

    /// Runs another verb with this server's settings, feeding a short text in.
    pub async fn run_fed(&self, args: &[&str], input: &str) -> Ran {
        run_fed(command(&self.settings, args), input.to_owned()).await
    }

    /// What it wrote to standard error so far.
    pub fn errors(&self) -> String {
        self.program.errors()
    }

    /// Makes an API key with `beffroi key create`, which prints nothing but the key on standard output.
    pub async fn key(&self, args: &[&str]) -> String {
        let mut all = vec!["key", "create"];
        if !args.contains(&"--name") {
            all.extend(["--name", "test"]);
        }
        all.extend(args);
        let ran = self.run(&all).await;
        assert_eq!(ran.code, 0, "{}", ran.errors);
        let key = ran.output.trim().to_owned();
        assert!(key.starts_with("bfr_"), "not a key: {key:?}");
        key
    }

    /// The link that makes the first administrator.
    pub async fn setup_link(&mut self) -> String {
        if self.setup_link.is_none() {
            let read = |line: &str| line.strip_prefix("Setup link: ").map(str::to_owned);
            self.setup_link = Some(self.program.line("a setup link", read).await);
        }
        self.setup_link.clone().expect("just set")
    }

    /// Makes the first administrator through the setup link and signs them in.
    pub async fn setup_admin(&mut self) -> Browser {
        let link = self.setup_link().await;
        let mut browser = Browser::new(&self.base);
        let (login, password) = ADMINISTRATOR;
        let setup = browser.get(&link).await.expect(200);
        let form = setup.form("setup").fill("login", login).fill("password", password);
        browser.submit(&form).await.expect(200);
        if browser.get("/console").await.answer.text().contains("type=\"password\"") {
            browser.sign_in(login, password).await;
        }
        browser
    }

    /// Posts a CAP document.
    pub async fn post(&self, key: &str, cap: impl Into<Vec<u8>>) -> Answer {
        Answer::of(self.try_post(key, cap).await.expect("an answer to the post")).await
    }

    /// Posts a CAP document to a server that may end before it answers.
    pub async fn try_post(&self, key: &str, cap: impl Into<Vec<u8>>) -> reqwest::Result<reqwest::Response> {
        let request = self.http.post(self.url("/api/v1/alerts")).bearer_auth(key);
        request.header("content-type", "application/cap+xml").body(cap.into()).send().await
    }

    /// Posts a CAP document that is taken; the JSON of the answer.
    pub async fn post_new(&self, key: &str, cap: impl Into<Vec<u8>>) -> Value {
        self.post(key, cap).await.expect(202)
    }

    /// Subscribes a browser's subscription (`endpoint`, `keys`) to places; `more` overrides or adds members.
    pub async fn subscribe(&self, channel: &Value, places: &[Place], more: Value) -> Subscription {
        let answer = self.try_subscribe(channel, places, more).await.expect(201);
        let text = |name: &str| answer[name].as_str().unwrap_or_else(|| panic!("{name} in {answer}")).to_owned();
        Subscription { id: text("id"), secret: text("secret") }
    }

    pub async fn try_subscribe(&self, channel: &Value, places: &[Place], more: Value) -> Answer {
        let places: Vec<Value> = places.iter().map(|place| place.json()).collect();
        let mut body = json!({
            "channel": { "kind": "webpush", "endpoint": channel["endpoint"], "keys": channel["keys"] },
            "places": places,
            "consent": "2026-11",
        });
        if let (Some(body), Value::Object(more)) = (body.as_object_mut(), more) {
            body.extend(more);
        }
        http::json(&self.http, Method::POST, &self.url("/api/v1/subscriptions"), None, Some(&body)).await
    }

    /// The broadcast of an alert as this key or operator may see it.
    pub async fn broadcast(&self, operator: &mut Browser, alert: &str) -> Value {
        operator.get(&format!("/api/v1/alerts/{alert}/broadcast")).await.expect(200).answer.json()
    }

    /// The broadcast of an alert, once nothing of it is left to do.
    pub async fn settled(&self, operator: &mut Browser, alert: &str) -> Value {
        self.settled_within(operator, alert, super::wait::deadline()).await
    }

    /// The same, for what takes its time.
    pub async fn settled_within(&self, operator: &mut Browser, alert: &str, longest: Duration) -> Value {
        let is_settled = |broadcast: &Value| {
            let state = broadcast["state"].as_str().unwrap_or_else(|| panic!("no state in {broadcast}"));
            let waiting = broadcast["waiting"].as_u64().unwrap_or_else(|| panic!("no waiting in {broadcast}"));
            !matches!(state, "approved" | "sending") && waiting == 0
        };
        self.broadcast_within(operator, alert, longest, is_settled).await
    }

    /// The broadcast of an alert, once it is as wanted.
    pub async fn broadcast_when(&self, operator: &mut Browser, alert: &str, is_so: impl Fn(&Value) -> bool) -> Value {
        self.broadcast_within(operator, alert, super::wait::deadline(), is_so).await
    }

    async fn broadcast_within(
        &self,
        operator: &mut Browser,
        alert: &str,
        longest: Duration,
        is_so: impl Fn(&Value) -> bool,
    ) -> Value {
        let deadline = tokio::time::Instant::now() + longest;
        loop {
            let broadcast = self.broadcast(operator, alert).await;
            if is_so(&broadcast) {
                return broadcast;
            }
            assert!(tokio::time::Instant::now() < deadline, "never so: {broadcast}\n{}", self.program.errors());
            tokio::time::sleep(super::wait::ASK_EVERY).await;
        }
    }

    /// What it has logged.
    pub fn log(&self) -> String {
        self.program.errors()
    }

    /// What `/metrics` shows.
    pub async fn metrics(&self) -> String {
        Answer::of(self.http.get(self.url("/metrics")).send().await.expect("an answer")).await.text()
    }
}

fn command(settings: &[(String, String)], args: &[&str]) -> Command {
    let mut command = beffroi(args);
    for (name, value) in settings {
        command.env(format!("BEFFROI__{}", name.to_uppercase().replace('.', "__")), value);
    }
    command
}

/// Checks that every recipient is accounted for, and that there are this many.
#[track_caller]
pub fn assert_adds_up(broadcast: &Value, targeted: u64) {
    let count = |name: &str| broadcast[name].as_u64().unwrap_or_else(|| panic!("no {name} in {broadcast}"));
    let parts = ["accepted", "gone", "rejected", "expired", "stopped", "withdrawn", "waiting"].map(count);
    assert_eq!(parts.iter().sum::<u64>(), count("targeted"), "the ledger does not add up: {broadcast}");
    assert_eq!(count("targeted"), targeted, "{broadcast}");
    assert!(count("held") <= count("waiting"), "{broadcast}");
    // Channels and tiers are the same people, cut in two other ways.
    for cut in ["channels", "tiers"] {
        let pieces = broadcast[cut].as_object().unwrap_or_else(|| panic!("no {cut} in {broadcast}"));
        for name in parts_and_all() {
            let sum: u64 = pieces.values().map(|piece| piece[name].as_u64().expect("a count")).sum();
            assert_eq!(sum, count(name), "{name} of {cut}: {broadcast}");
        }
    }
    let timed = broadcast["latency_ms"]["accepted"]["count"].as_u64();
    assert_eq!(timed, Some(count("accepted")), "everyone accepted has a time: {broadcast}");
}

fn parts_and_all() -> impl Iterator<Item = &'static str> {
    ["targeted", "accepted", "gone", "rejected", "expired", "stopped", "withdrawn", "waiting"].into_iter()
}
