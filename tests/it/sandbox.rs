//! The real sender against the real sandbox, over TLS: what each answer of a push service makes of a push, and what
//! arrives. The sandbox decrypts and checks with code of its own.

use super::support::http::{Answer, client, json as ask};
use super::support::process::Program;
use super::support::wait::until;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use beffroi::cap::alert::Info;
use beffroi::cap::code::{Category, Certainty, MsgType, Severity, Status, Urgency};
use beffroi::clock::Clock;
use beffroi::config::{Config, Push};
use beffroi::model::again::Says;
use beffroi::model::broadcast::AlertState;
use beffroi::model::id::AlertId;
use beffroi::model::outcome::{Doubt, Fate, Outcome};
use beffroi::model::subscriber::{Channel, Recipient, WebPushChannel};
use beffroi::model::tier::Tier;
use beffroi::push::armed::Arming;
use beffroi::push::breaker::{THROTTLED_IN_A_ROW, WINDOW_COUNT_MIN};
use beffroi::push::letter::{Letter, LetterContext};
use beffroi::push::receipt::Receipts;
use beffroi::push::sandbox::{Authority, SandboxOptions, origin, serve};
use beffroi::push::transport::{ANSWER_BYTES_MAX, Transport, TransportError};
use beffroi::push::vapid::Vapid;
use beffroi::push::{Ahead, Pushed, Sender};
use bytes::Bytes;
use futures_util::future::join_all;
use jiff::Timestamp;
use reqwest::{Client, Method};
use serde_json::Value;
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::time::Duration;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// A sandbox in this process.
struct Sandbox {
    address: SocketAddr,
    origin: String,
    folder: TempDir,
    http: Client,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Sandbox {
    async fn start(http1_only: bool) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        Self::start_at("127.0.0.1:0".parse().expect("an address"), folder, http1_only).await
    }

    async fn start_at(address: SocketAddr, folder: TempDir, http1_only: bool) -> Self {
        let listener = TcpListener::bind(address).await.expect("a listener");
        let address = listener.local_addr().expect("its address");
        let authority = Authority::open(folder.path()).expect("an authority");
        let http = client(Some(authority.certificate_pem().as_bytes()));
        let (stop, stopped) = oneshot::channel::<()>();
        let options = SandboxOptions { authority, clock: Clock::system(), http1_only, decrypt_every: 1 };
        let task = tokio::spawn(async move {
            let shutdown = async { drop(stopped.await) };
            serve(listener, options, shutdown).await.expect("served");
        });
        Self { address, origin: origin(address), folder, http, stop, task }
    }

    async fn end(self) -> (SocketAddr, TempDir) {
        self.stop.send(()).expect("it is running");
        self.task.await.expect("it ended well");
        (self.address, self.folder)
    }

    async fn ask(&self, method: Method, path: &str) -> Answer {
        ask(&self.http, method, &format!("{}{path}", self.origin), None, None).await
    }

    async fn subscribe(&self, query: &str) -> Vec<Recipient> {
        let made = self.ask(Method::POST, &format!("/subscriptions?{query}")).await.expect(201);
        made.as_array().expect("a list").iter().zip(0..).map(|(one, slot)| recipient(slot, one)).collect()
    }

    async fn one(&self, query: &str) -> Recipient {
        self.subscribe(query).await.remove(0)
    }

    async fn messages(&self) -> Vec<Value> {
        self.ask(Method::GET, "/messages").await.expect(200).as_array().expect("a list").clone()
    }

    async fn counts(&self) -> Value {
        self.ask(Method::GET, "/counts").await.expect(200)
    }

    fn settings(&self) -> Push {
        settings(self.folder.path())
    }

    fn sender(&self) -> Sender {
        sender(&self.settings())
    }
}

fn settings(folder: &Path) -> Push {
    let mut settings = Config::load(None).expect("the defaults").push;
    settings.allow_private_endpoints = true;
    settings.ca_file = Some(folder.join("sandbox-ca.pem"));
    settings
}

fn sender(settings: &Push) -> Sender {
    let pem = Vapid::generate_pem().expect("a key");
    let vapid = Vapid::from_pem(&pem, "mailto:test@example.org").expect("a PEM key");
    Sender::new(settings, vapid, Clock::system()).expect("a sender")
}

fn recipient(slot: u32, subscription: &Value) -> Recipient {
    let bytes =
        |name: &str| URL_SAFE_NO_PAD.decode(subscription["keys"][name].as_str().expect("text")).expect("base64url");
    let channel = WebPushChannel {
        endpoint: subscription["endpoint"].as_str().expect("an endpoint").to_owned(),
        p256dh: bytes("p256dh").try_into().expect("65 bytes"),
        auth: bytes("auth").try_into().expect("16 bytes"),
    };
    Recipient { slot, channel: Channel::WebPush(channel), told: now(), languages: Vec::new(), discreet: false }
}

fn now() -> Timestamp {
    "2026-11-22T12:00:00Z".parse().expect("a timestamp")
}

fn info() -> Info {
    Info {
        language: "fr".to_owned(),
        categories: vec![Category::Met],
        event: "Tempête".to_owned(),
        response_types: Vec::new(),
        urgency: Urgency::Immediate,
        severity: Severity::Extreme,
        certainty: Certainty::Observed,
        audience: None,
        event_codes: Vec::new(),
        effective: None,
        onset: None,
        expires: None,
        sender_name: None,
        headline: Some("Tempête sur Lille".to_owned()),
        description: Some("Rafales à 130 km/h.".to_owned()),
        instruction: Some("Restez à l’abri.".to_owned()),
        web: None,
        contact: None,
        parameters: Vec::new(),
        resources: Vec::new(),
        areas: Vec::new(),
    }
}

fn receipts() -> Receipts {
    Receipts::new(&[9; 16])
}

fn letter(sender: &Sender, tier: Tier) -> Letter {
    sender.letter(&LetterContext {
        alert_id: &AlertId("alert".to_owned()),
        receipts: &receipts(),
        chain_key: "abcdefghijklmnopqrstuvwxyz-_0123",
        info: &info(),
        status: Status::Actual,
        msg_type: MsgType::Alert,
        says: Says::News,
        tier,
        quiet: false,
        state: AlertState::Active,
        planned: now(),
        expires: "2026-11-22T13:00:00Z".parse().expect("a timestamp"),
        discreet: false,
        public_url: &"https://alerts.example.org".parse().expect("a URL"),
    })
}

async fn push(sender: &Sender, recipient: &Recipient) -> Pushed {
    sender.send(recipient, &mut Ahead::default(), &letter(sender, Tier::P0), now(), &|| true).await
}

async fn send(sender: &Sender, recipient: &Recipient) -> Outcome {
    match push(sender, recipient).await {
        Pushed::Answered(outcome) => outcome,
        unasked => panic!("{unasked:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_push_arrives_encrypted_signed_and_with_its_headers() {
    let sandbox = Sandbox::start(false).await;
    let sender = sandbox.sender();
    let recipient = sandbox.one("").await;
    for (tier, urgency) in [(Tier::P0, "high"), (Tier::P1, "high"), (Tier::P2, "normal"), (Tier::P3, "low")] {
        let mut ahead = sender.ahead(&recipient);
        let outcome = sender.send(&recipient, &mut ahead, &letter(&sender, tier), now(), &|| true).await;
        assert_eq!(outcome, Pushed::Answered(Outcome::Accepted));
        let messages = sandbox.messages().await;
        let message = messages.last().expect("a message");
        assert_eq!(message["problems"], Value::Array(Vec::new()));
        assert_eq!(message["protocol"], "HTTP/2.0");
        assert_eq!(message["headers"]["urgency"], urgency);
        assert_eq!(message["headers"]["ttl"], "3600");
        assert_eq!(message["headers"]["topic"], "abcdefghijklmnopqrstuvwxyz-_0123");
        assert_eq!(message["claims"]["aud"], sandbox.origin.as_str());
        assert_eq!(message["claims"]["sub"], "mailto:test@example.org");
        assert_eq!(message["status"], 201);
        let shown: Value = serde_json::from_str(message["plaintext"].as_str().expect("text")).expect("JSON");
        assert_eq!(shown["notification"]["title"], "Tempête sur Lille");
        assert_eq!(shown["notification"]["body"], "Restez à l’abri.\nRafales à 130 km/h.");
        assert_eq!(receipts().open(shown["beffroi"]["receipt"].as_str().expect("a receipt")), Some(recipient.slot));
    }
    assert_eq!(sandbox.counts().await["accepted"], 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_of_a_push_service_becomes_its_outcome() {
    let sandbox = Sandbox::start(false).await;
    let sender = sandbox.sender();
    let retry = |seconds| Outcome::Retry { after: Duration::from_secs(seconds) };
    for (query, want) in [
        ("status=201", Outcome::Accepted),
        ("status=202", Outcome::Accepted),
        ("status=404", Outcome::Gone),
        ("status=410", Outcome::Gone),
        ("status=400", Outcome::Rejected { code: "bad-request" }),
        ("status=413", Outcome::Rejected { code: "too-large" }),
        ("status=302", Outcome::Rejected { code: "redirect" }),
        ("status=429&retry_after=7", retry(7)),
        ("status=503&retry_after=99999", retry(3_600)),
        ("status=503", retry(0)),
        ("status=507", retry(0)),
        ("status=406", retry(0)),
        ("status=reset", retry(0)),
        ("delay_ms=50", Outcome::Accepted),
    ] {
        let recipient = sandbox.one(query).await;
        assert_eq!(send(&sender, &recipient).await, want, "{query}");
    }
    for query in ["status=401", "status=403"] {
        let refused = send(&sender, &sandbox.one(query).await).await;
        let perhaps = Doubt::Perhaps(Fate::Rejected);
        assert!(matches!(refused, Outcome::Misconfigured { doubt, .. } if doubt == perhaps), "{query}: {refused:?}");
    }
    assert_eq!(sandbox.counts().await["problems"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fault_ends_after_its_times_or_when_told_to() {
    let sandbox = Sandbox::start(false).await;
    let sender = sandbox.sender();
    let twice = sandbox.one("status=503&times=2").await;
    for want in ["retry", "retry", "accepted", "accepted"] {
        assert_eq!(send(&sender, &twice).await.as_str(), want);
    }
    let Channel::WebPush(channel) = &twice.channel else { panic!("another channel") };
    let id = channel.endpoint.rsplit('/').next().expect("an id");
    sandbox.ask(Method::PUT, &format!("/subscriptions/{id}?status=410")).await.expect(204);
    assert_eq!(send(&sender, &twice).await, Outcome::Gone);
    assert_eq!(sandbox.counts().await["by_subscription"][id], 2);
    sandbox.ask(Method::DELETE, "/messages").await.expect(204);
    assert_eq!(sandbox.counts().await["received"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_push_service_without_http2_is_spoken_to_in_http11() {
    let sandbox = Sandbox::start(true).await;
    let sender = sandbox.sender();
    let recipients = sandbox.subscribe("count=40").await;
    let outcomes = join_all(recipients.iter().map(|one| send(&sender, one))).await;
    assert!(outcomes.iter().all(|outcome| *outcome == Outcome::Accepted), "{outcomes:?}");
    assert_eq!(send(&sender, &sandbox.one("status=410").await).await, Outcome::Gone);
    assert_eq!(send(&sender, &sandbox.one("status=reset").await).await, Outcome::Retry { after: Duration::ZERO });
    assert_eq!(send(&sender, &recipients[0]).await, Outcome::Accepted, "after a reset");
    for message in sandbox.messages().await {
        assert_eq!(message["protocol"], "HTTP/1.1");
        assert_eq!(message["problems"], Value::Array(Vec::new()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn many_at_once_all_arrive_once() {
    let sandbox = Sandbox::start(false).await;
    let sender = sandbox.sender();
    let recipients = sandbox.subscribe("count=600").await;
    let outcomes = join_all(recipients.iter().map(|one| send(&sender, one))).await;
    assert!(outcomes.iter().all(|outcome| *outcome == Outcome::Accepted), "{outcomes:?}");
    let counts = sandbox.counts().await;
    assert_eq!((&counts["received"], &counts["problems"]), (&600.into(), &0.into()));
    let by_subscription = counts["by_subscription"].as_object().expect("counts");
    assert!(by_subscription.values().all(|count| *count == 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_push_service_that_does_not_answer_in_time_is_tried_again_later() {
    let sandbox = Sandbox::start(false).await;
    let mut settings = sandbox.settings();
    settings.request_timeout = Duration::from_millis(200);
    let sender = sender(&settings);
    let slow = sandbox.one("delay_ms=60000").await;
    assert_eq!(send(&sender, &slow).await, Outcome::Retry { after: Duration::ZERO });
    assert_eq!(send(&sender, &sandbox.one("").await).await, Outcome::Accepted, "others are not held up");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_ended_is_replaced() {
    let sandbox = Sandbox::start(false).await;
    let sender = sandbox.sender();
    assert_eq!(send(&sender, &sandbox.one("").await).await, Outcome::Accepted);
    let (address, folder) = sandbox.end().await;
    // The port may be still closing for a moment.
    until("the port to be free", || async { TcpListener::bind(address).await.ok() }).await;
    let sandbox = Sandbox::start_at(address, folder, false).await;
    let recipient = sandbox.one("").await;
    let outcome = until("a push to arrive", || async {
        Some(send(&sender, &recipient).await).filter(|outcome| *outcome == Outcome::Accepted)
    });
    assert_eq!(outcome.await, Outcome::Accepted);
}

#[tokio::test(flavor = "multi_thread")]
async fn throttled_devices_pause_no_one_but_a_throttling_service_is_left_alone() {
    let sandbox = Sandbox::start(false).await;
    let sender = sandbox.sender();
    let well = sandbox.one("").await;
    let throttled = sandbox.subscribe(&format!("status=429&retry_after=30&count={}", 2 * THROTTLED_IN_A_ROW)).await;
    let (few, others) = throttled.split_at(THROTTLED_IN_A_ROW as usize);
    for one in few {
        assert_eq!(send(&sender, one).await, Outcome::Retry { after: Duration::from_secs(30) });
        assert_eq!(send(&sender, &well).await, Outcome::Accepted);
    }
    for one in few {
        assert_eq!(
            send(&sender, one).await,
            Outcome::Retry { after: Duration::from_secs(30) },
            "they are all that is left"
        );
    }
    assert_eq!(sender.paused_until(&sandbox.origin), None);
    assert_eq!(sender.stalled(), Vec::<String>::new());
    for one in others {
        send(&sender, one).await;
    }
    let until = sender.paused_until(&sandbox.origin).expect("left alone");
    assert_eq!(sender.stalled(), [sandbox.origin.as_str()]);
    let received = sandbox.counts().await["received"].clone();
    assert_eq!(push(&sender, &well).await, Pushed::LeftAlone { until });
    assert_eq!(sandbox.counts().await["received"], received, "nothing is sent during the pause");
}

#[tokio::test(flavor = "multi_thread")]
async fn topics_that_nobody_listens_to_and_refusals_open_no_breaker() {
    let sandbox = Sandbox::start(false).await;
    let sender = sandbox.sender();
    for status in ["507", "403"] {
        for one in sandbox.subscribe(&format!("status={status}&retry_after=30&count={}", 2 * WINDOW_COUNT_MIN)).await {
            send(&sender, &one).await;
        }
        assert_eq!(sender.paused_until(&sandbox.origin), None, "{status}");
    }
    for one in sandbox.subscribe(&format!("status=503&count={}", 8 * WINDOW_COUNT_MIN)).await {
        push(&sender, &one).await;
    }
    assert!(sender.paused_until(&sandbox.origin).is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_armed_is_taken_for_one_push_and_what_is_missing_is_made() {
    let sandbox = Sandbox::start(false).await;
    let sender = sandbox.sender();
    let recipient = sandbox.one("").await;
    let Channel::WebPush(channel) = &recipient.channel else { panic!("a browser") };
    assert_eq!(sender.armory().arm(recipient.slot, channel, 1), Arming::Armed);
    let (armed, made) = (sender.ahead(&recipient), sender.ahead(&recipient));
    assert!(sender.armory().is_empty());
    let letter = letter(&sender, Tier::P0);
    for mut ahead in [armed, made, Ahead::default()] {
        let outcome = sender.send(&recipient, &mut ahead, &letter, now(), &|| true).await;
        assert_eq!(outcome, Pushed::Answered(Outcome::Accepted));
    }
    let messages = sandbox.messages().await;
    assert_eq!(messages.len(), 3);
    for message in messages {
        assert_eq!(message["problems"], Value::Array(Vec::new()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_goes_when_the_last_question_is_answered_no_or_the_text_is_over() {
    let sandbox = Sandbox::start(false).await;
    let sender = sandbox.sender();
    let recipient = sandbox.one("").await;
    let letter = letter(&sender, Tier::P0);
    assert_eq!(sender.send(&recipient, &mut Ahead::default(), &letter, now(), &|| false).await, Pushed::NotStarted);
    let late = "2026-11-22T12:59:51Z".parse().expect("a timestamp");
    assert_eq!(sender.send(&recipient, &mut Ahead::default(), &letter, late, &|| true).await, Pushed::NotStarted);
    assert_eq!(sandbox.counts().await["received"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_authority_that_is_not_trusted_gets_nothing() {
    let (sandbox, other) = (Sandbox::start(false).await, Sandbox::start(false).await);
    let sender = other.sender();
    assert_eq!(send(&sender, &sandbox.one("").await).await, Outcome::Retry { after: Duration::ZERO });
    assert_eq!(sandbox.counts().await["received"], 0);
}

/// The list of hosts would stop it before; here a listed name leads inside, as a rebinding name server makes it.
#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_leads_into_the_network_is_not_connected_to() {
    let sandbox = Sandbox::start(false).await;
    let mut settings = sandbox.settings();
    settings.allow_private_endpoints = false;
    let transport = Transport::new(&settings).expect("a transport");
    for host in ["localhost", "127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0"] {
        let uri = format!("https://{host}:{}/push/a", sandbox.address.port());
        let mut request = http::Request::post(&uri).body(Bytes::new()).expect("a request");
        let error = transport.send(&uri, &mut request, &|| true).await.expect_err("refused");
        assert!(matches!(error, TransportError::PrivateAddress), "{host}: {error:?}");
    }
    let mut request = http::Request::post("http://localhost/a").body(Bytes::new()).expect("a request");
    let error = transport.send("http://localhost", &mut request, &|| true).await.expect_err("refused");
    assert!(matches!(error, TransportError::Address), "plain HTTP: {error:?}");
    assert_eq!(sandbox.counts().await["received"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_carries_its_body_up_to_a_bound() {
    for http1_only in [false, true] {
        let sandbox = Sandbox::start(http1_only).await;
        let transport = Transport::new(&sandbox.settings()).expect("a transport");
        for (count, whole) in [(1, true), (1_000, false), (2, true)] {
            let uri = format!("{}/subscriptions?count={count}", sandbox.origin);
            let mut request = http::Request::post(&uri).body(Bytes::new()).expect("a request");
            let answer =
                transport.send(&sandbox.origin, &mut request, &|| true).await.expect("an answer").expect("sent");
            assert_eq!(answer.status, 201);
            let read: Option<Vec<Value>> = serde_json::from_slice(&answer.body).ok();
            assert_eq!(read.map(|made| made.len()), whole.then_some(count));
            assert_eq!(answer.body.len() == ANSWER_BYTES_MAX, !whole);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_push_with_faults_is_refused_and_every_fault_is_told() {
    let sandbox = Sandbox::start(false).await;
    let recipient = sandbox.one("").await;
    let Channel::WebPush(channel) = &recipient.channel else { panic!("another channel") };
    let answer = Answer::of(sandbox.http.post(&channel.endpoint).body("nonsense").send().await.expect("sent")).await;
    assert_eq!(answer.status, 403);
    let message = sandbox.messages().await.remove(0);
    let problems: Vec<&str> =
        message["problems"].as_array().expect("a list").iter().filter_map(Value::as_str).collect();
    for wanted in ["Authorization", "TTL", "Content-Encoding", "shorter"] {
        assert!(problems.iter().any(|problem| problem.contains(wanted)), "{wanted}: {problems:?}");
    }
    assert_eq!(sandbox.counts().await["problems"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_sender_with_another_key_is_refused() {
    let sandbox = Sandbox::start(false).await;
    let recipient = sandbox.one("").await;
    assert_eq!(send(&sandbox.sender(), &recipient).await, Outcome::Accepted);
    let second = sandbox.sender();
    assert_eq!(send(&second, &sandbox.one("").await).await, Outcome::Accepted);
    assert!(matches!(send(&second, &recipient).await, Outcome::Misconfigured { doubt: Doubt::Perhaps(_), .. }));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_verb_prints_its_address_and_keeps_its_authority() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut authorities = BTreeSet::new();
    for _ in 0..2 {
        let mut command = Command::new(env!("CARGO_BIN_EXE_beffroi"));
        command.args(["sandbox", "--listen", "127.0.0.1:0"]).env("BEFFROI__DATA__DIR", folder.path());
        let mut program = Program::start("beffroi sandbox", &mut command);
        let url = program.line("its address", |line| line.strip_prefix("Sandbox is listening on ").map(str::to_owned));
        let url = url.await;
        let file = program.line("its CA file", |line| line.strip_prefix("CA file: ").map(str::to_owned)).await;
        let pem = std::fs::read(file).expect("the CA file");
        let http = client(Some(&pem));
        let made = ask(&http, Method::POST, &format!("{url}/subscriptions?count=2"), None, None).await.expect(201);
        let outcome = send(&sender(&settings(folder.path())), &recipient(0, &made[0])).await;
        assert_eq!(outcome, Outcome::Accepted);
        authorities.insert(pem);
    }
    assert_eq!(authorities.len(), 1);
}
