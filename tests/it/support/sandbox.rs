//! `beffroi sandbox` as push service for many people at once: it decrypts what it is sent, says when it came, and
//! fails on demand.

use super::http;
use super::process::Program;
use super::server::beffroi;
use jiff::Timestamp;
use reqwest::{Client, Method};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Messages asked for at once.
const PAGE: usize = 10_000;
/// Stands for an answer that was no answer: the stream was reset.
pub const RESET: u16 = 0;

pub struct Sandbox {
    _program: Program,
    folder: Arc<tempfile::TempDir>,
    base: String,
    ca_file: PathBuf,
    http: Client,
}

/// One push as the sandbox saw it.
#[derive(Debug, Clone)]
pub struct Pushed {
    /// The endpoint of a browser, the token of an app.
    pub endpoint: String,
    /// `webpush`, `apns` or `fcm`.
    pub channel: String,
    /// What it replaces on the device.
    pub topic: String,
    /// When it came, real time.
    pub received: Timestamp,
    /// What it was answered with; [`RESET`] for a reset.
    pub status: u16,
    /// The alert it is of, from the decrypted payload.
    pub alert: String,
    pub msg_type: String,
    /// Whether it makes no sound.
    pub silent: bool,
    /// What its device tells by.
    pub receipt: String,
}

/// Who accepted an alert, on all channels.
#[derive(Debug, Clone)]
pub struct Told {
    /// Each once.
    pub people: usize,
    /// How many times more it was accepted.
    pub repeats: usize,
    /// How many of them did not accept the other alert.
    pub untold: usize,
    pub last: Option<Timestamp>,
    /// How many things it is on the devices of one channel, at most: 1 if every repeat replaces what it repeats.
    pub chains: usize,
}

/// What names a device at the sandbox.
pub fn id(endpoint: &str) -> &str {
    endpoint.rsplit('/').next().unwrap_or(endpoint)
}

impl Sandbox {
    pub async fn start() -> Self {
        Self::start_in(Arc::new(tempfile::tempdir().expect("a folder"))).await
    }

    /// Another push service, which the same certificate authority vouches for.
    pub async fn another(&self) -> Self {
        Self::start_in(self.folder.clone()).await
    }

    async fn start_in(folder: Arc<tempfile::TempDir>) -> Self {
        let mut command = beffroi(&["sandbox", "--listen", "127.0.0.1:0"]);
        command.env("BEFFROI__DATA__DIR", folder.path());
        let mut program = Program::start("beffroi sandbox", &mut command);
        let mut base = None;
        let read = |line: &str| {
            if let Some(address) = line.split_whitespace().find(|word| word.starts_with("https://")) {
                base = Some(address.trim_end_matches('/').to_owned());
            }
            line.split_whitespace().find(|word| word.ends_with(".pem")).map(PathBuf::from)
        };
        let ca_file = program.line("where its certificate is", read).await;
        let base = base.expect("it says where it listens before it says where its certificate is");
        let ca = std::fs::read(&ca_file).expect("the sandbox's certificate");
        Self { _program: program, folder, base, ca_file, http: http::client(Some(&ca)) }
    }

    /// What `push.ca_file` must be for a server to push here.
    pub fn ca_file(&self) -> String {
        self.ca_file.to_string_lossy().into_owned()
    }

    /// What a server's settings must be for it to send to apps through here; the credentials are written to a folder.
    pub async fn apps(&self, folder: &Path) -> Vec<(&'static str, String)> {
        let credentials = self.ask(Method::GET, "/credentials").await;
        let text = |pointer: &str| {
            let value = credentials.pointer(pointer).and_then(Value::as_str);
            value.unwrap_or_else(|| panic!("no {pointer} in {credentials}")).to_owned()
        };
        let (key, account) = (folder.join("apns.p8"), folder.join("fcm.json"));
        std::fs::write(&key, text("/apns/key")).expect("written");
        std::fs::write(&account, credentials["fcm"]["account"].to_string()).expect("written");
        vec![
            ("push.ca_file", self.ca_file()),
            ("push.apns.base_url", text("/apns/base_url")),
            ("push.apns.key_file", key.to_string_lossy().into_owned()),
            ("push.apns.key_id", text("/apns/key_id")),
            ("push.apns.team_id", text("/apns/team_id")),
            ("push.apns.topics", text("/apns/topic")),
            ("push.fcm.base_url", text("/fcm/base_url")),
            ("push.fcm.service_account_file", account.to_string_lossy().into_owned()),
        ]
    }

    /// A fault of a share of all recipients, as a query of `/faults`.
    pub async fn fault(&self, query: &str) {
        self.ask(Method::PUT, &format!("/faults?{query}")).await;
    }

    /// Ends all faults.
    pub async fn mend(&self) {
        self.ask(Method::DELETE, "/faults").await;
    }

    /// What came, by channel and tier, and what was wrong with it.
    pub async fn counts(&self) -> Value {
        self.ask(Method::GET, "/counts?each=false").await
    }

    /// New subscriptions, all with this behaviour (a query, as `status=410`; empty: all is well).
    pub async fn subscriptions(&self, count: usize, behaviour: &str) -> Vec<Value> {
        let answer = self.ask(Method::POST, &format!("/subscriptions?count={count}&{behaviour}")).await;
        answer.as_array().expect("a list").clone()
    }

    /// Alerts whose pushes would still wait for a device that was away, oldest first.
    pub async fn waiting(&self, id: &str) -> Vec<String> {
        let messages = self.ask(Method::GET, &format!("/waiting/{id}")).await;
        let alert = |message: &Value| {
            let text = message["plaintext"].as_str().expect("it was read");
            let mut payload: Value = serde_json::from_str(text).expect("JSON");
            if let Some(data) = payload["message"]["data"]["beffroi"].as_str() {
                payload = serde_json::json!({"beffroi": serde_json::from_str::<Value>(data).expect("JSON")});
            }
            payload["beffroi"]["alert"].as_str().expect("an alert").to_owned()
        };
        messages.as_array().expect("a list").iter().map(alert).collect()
    }

    /// Lets a device behave differently from now on.
    pub async fn behave(&self, endpoint: &str, behaviour: &str) {
        self.ask(Method::PUT, &format!("/subscriptions/{}?{behaviour}", id(endpoint))).await;
    }

    /// Everything that came since the last clearing, in order.
    pub async fn messages(&self) -> Vec<Pushed> {
        let (mut all, mut after) = (Vec::new(), 0);
        loop {
            let page = self.ask(Method::GET, &format!("/messages?after={after}&limit={PAGE}")).await;
            let page = page.as_array().expect("a list");
            let Some(last) = page.last() else { return all };
            after = last["number"].as_u64().expect("a number");
            all.extend(page.iter().map(|message| self.pushed(message)));
        }
    }

    /// How many pushes have come since the last clearing.
    pub async fn count(&self) -> usize {
        small(&self.counts().await["received"])
    }

    /// Who accepted an alert since the last clearing, and who of them not `then`.
    pub async fn told(&self, alert: &str, then: &str) -> Told {
        let told = self.ask(Method::GET, &format!("/told?alert={alert}&then={then}")).await;
        let last = told["last_ms"].as_i64().map(|ms| Timestamp::from_millisecond(ms).expect("a time"));
        let chains = told["chains"].as_object().expect("chains").values().map(|it| it.as_array().map_or(0, Vec::len));
        let [people, repeats, untold] = ["recipients", "repeats", "untold"].map(|name| small(&told[name]));
        Told { people, repeats, untold, last, chains: chains.max().unwrap_or_default() }
    }

    /// How many pushes the fault that was scripted first has met.
    pub async fn met_first(&self) -> usize {
        small(&self.ask(Method::GET, "/faults").await[0]["met"])
    }

    /// How many recipients that were.
    pub async fn met_recipients(&self) -> usize {
        small(&self.ask(Method::GET, "/faults").await[0]["recipients"])
    }

    /// Forgets what came.
    pub async fn clear(&self) {
        self.ask(Method::DELETE, "/messages").await;
    }

    async fn ask(&self, method: Method, path: &str) -> Value {
        let answer = http::json(&self.http, method, &format!("{}{path}", self.base), None, None).await;
        assert!((200..300).contains(&answer.status), "{path}: {}", answer.text());
        if answer.bytes.is_empty() { Value::Null } else { answer.json() }
    }

    /// One message; a push that breaks a rule of its service ends the test.
    fn pushed(&self, message: &Value) -> Pushed {
        assert_eq!(message["problems"], serde_json::json!([]), "{message}");
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let channel = text(&message["channel"]);
        let plaintext = message["plaintext"].as_str().expect("it was read");
        let payload: Value = serde_json::from_str(plaintext).expect("the payload is JSON");
        let own = own(&channel, &payload);
        let id = text(&message["subscription"]);
        Pushed {
            endpoint: if channel == "webpush" { format!("{}/push/{id}", self.base) } else { id },
            channel,
            topic: text(&message["chain"]),
            received: Timestamp::from_millisecond(message["received_ms"].as_i64().expect("a time")).expect("a time"),
            status: message["status"].as_u64().and_then(|status| u16::try_from(status).ok()).unwrap_or(RESET),
            alert: text(&own["alert"]),
            msg_type: text(&own["msg_type"]),
            silent: payload["notification"]["silent"] == true,
            receipt: text(&own["receipt"]),
        }
    }
}

/// The part of a push that is Beffroi's own, where each service has its place for it.
fn own(channel: &str, payload: &Value) -> Value {
    if channel != "fcm" {
        return payload["beffroi"].clone();
    }
    let message = &payload["message"];
    let text = message["data"]["beffroi"].as_str().or(message["android"]["data"]["beffroi"].as_str());
    let whole: Value = serde_json::from_str(text.expect("data of our own")).expect("it is JSON");
    if whole["beffroi"].is_object() { whole["beffroi"].clone() } else { whole }
}

fn small(count: &Value) -> usize {
    usize::try_from(count.as_u64().expect("a count")).expect("a small count")
}
