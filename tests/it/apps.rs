//! The real sender against push services for apps that answer as a test tells them: tokens, other environments, and
//! whose fault a refusal is.

use super::support::database::databases;
use super::support::wait::until;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use beffroi::cap::alert::Info;
use beffroi::cap::code::{MsgType, Status};
use beffroi::clock::Clock;
use beffroi::config::{Config, Push};
use beffroi::model::again::Says;
use beffroi::model::broadcast::AlertState;
use beffroi::model::id::AlertId;
use beffroi::model::outcome::{Doubt, Fate, Outcome};
use beffroi::model::provider_token::ProviderToken;
use beffroi::model::subscriber::{ApnsChannel, Channel, FcmChannel, Recipient};
use beffroi::model::tier::Tier;
use beffroi::pipeline::tokens::Tokens;
use beffroi::push::breaker::WINDOW_COUNT_MIN;
use beffroi::push::letter::{Letter, LetterContext};
use beffroi::push::provider::TokenShelf;
use beffroi::push::receipt::Receipts;
use beffroi::push::vapid::Vapid;
use beffroi::push::{Ahead, Pushed, Sender};
use beffroi::store::{Vault, provider_token};
use http::{HeaderMap, StatusCode, Uri};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::watch;

const TOPIC: &str = "org.example.alerts";

/// One request as it came.
#[derive(Debug, Clone)]
struct Asked {
    path: String,
    authorization: String,
    body: String,
}

#[derive(Default)]
struct Script {
    asked: Vec<Asked>,
    /// What the next pushes are answered with; then all is well.
    answers: VecDeque<(u16, Value)>,
    /// What the next requests for an access token are answered with; then each gets another one.
    grants: VecDeque<(u16, Value)>,
}

type Shared = Arc<Mutex<Script>>;

/// APNs under `/apns` and `/other`, FCM under `/fcm`, and Google's token endpoint.
struct Services {
    base: String,
    script: Shared,
    folder: TempDir,
}

async fn answer(State(script): State<Shared>, uri: Uri, headers: HeaderMap, body: Bytes) -> (StatusCode, String) {
    let mut script = script.lock().expect("a lock");
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
    let body = String::from_utf8_lossy(&body).into_owned();
    script.asked.push(Asked { path: uri.path().to_owned(), authorization: text("authorization"), body });
    let scripted = if uri.path() == "/token" {
        let number = script.asked.iter().filter(|asked| asked.path == "/token").count();
        let granted = json!({"access_token": format!("ya29.{number}"), "expires_in": 3_599, "token_type": "Bearer"});
        script.grants.pop_front().unwrap_or((200, granted))
    } else {
        script.answers.pop_front().unwrap_or((200, json!({})))
    };
    (StatusCode::from_u16(scripted.0).expect("a status"), scripted.1.to_string())
}

impl Services {
    async fn start() -> Self {
        let script = Shared::default();
        let router = Router::new().fallback(answer).with_state(script.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a listener");
        let base = format!("http://{}", listener.local_addr().expect("its address"));
        tokio::spawn(async move { axum::serve(listener, router).await.expect("served") });
        let folder = tempfile::tempdir().expect("a folder");
        let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).expect("a key").serialize_pem();
        std::fs::write(folder.path().join("key.p8"), key).expect("written");
        let (sha, bits) = (&rcgen::PKCS_RSA_SHA256, rcgen::RsaKeySize::_2048);
        let key = rcgen::KeyPair::generate_rsa_for(sha, bits).expect("a key").serialize_pem();
        let account = json!({
            "type": "service_account", "project_id": "town-alerts", "private_key_id": "k1", "private_key": key,
            "client_email": "sender@town-alerts.example", "token_uri": format!("{base}/token"),
        });
        std::fs::write(folder.path().join("account.json"), account.to_string()).expect("written");
        Self { base, script, folder }
    }

    fn settings(&self) -> Push {
        let mut push = Config::load(None).expect("the defaults").push;
        let url = |path: &str| format!("{}{path}", self.base).parse().expect("a URL");
        push.allow_private_endpoints = true;
        push.apns.base_url = url("/apns");
        push.apns.key_file = Some(self.folder.path().join("key.p8"));
        (push.apns.key_id, push.apns.team_id) = ("ABC123DEFG".to_owned(), "TEAM123456".to_owned());
        push.apns.topics = vec![TOPIC.to_owned()];
        push.fcm.base_url = url("/fcm");
        push.fcm.service_account_file = Some(self.folder.path().join("account.json"));
        push
    }

    fn sender(&self) -> Sender {
        sender(&self.settings())
    }

    fn answers(&self, answers: &[(u16, Value)]) {
        self.script.lock().expect("a lock").answers.extend(answers.iter().cloned());
    }

    fn grants(&self, grants: &[(u16, Value)]) {
        self.script.lock().expect("a lock").grants.extend(grants.iter().cloned());
    }

    /// What came since this was last asked.
    fn asked(&self) -> Vec<Asked> {
        std::mem::take(&mut self.script.lock().expect("a lock").asked)
    }
}

fn sender(settings: &Push) -> Sender {
    let pem = Vapid::generate_pem().expect("a key");
    let vapid = Vapid::from_pem(&pem, "mailto:test@example.org").expect("a PEM key");
    Sender::new(settings, vapid, Clock::system()).expect("a sender")
}

fn to(channel: Channel) -> Recipient {
    let told = "2026-11-01T00:00:00Z".parse().expect("a time");
    Recipient { slot: 7, channel, told, languages: Vec::new(), discreet: false }
}

fn apple() -> Recipient {
    to(Channel::Apns(ApnsChannel { token: "00abcdef".repeat(8), topic: TOPIC.to_owned() }))
}

fn android() -> Recipient {
    to(Channel::Fcm(FcmChannel { token: "dQw4w9WgXcQ:APA91bF".to_owned() }))
}

fn now() -> Timestamp {
    Clock::system().real()
}

fn letter(sender: &Sender) -> Letter {
    sender.letter(&LetterContext {
        alert_id: &AlertId("alert".to_owned()),
        receipts: &Receipts::new(&[9; 16]),
        chain_key: "chain",
        info: &Info::saying("en", "Storm"),
        status: Status::Actual,
        msg_type: MsgType::Alert,
        says: Says::News,
        tier: Tier::P0,
        quiet: false,
        state: AlertState::Active,
        planned: now(),
        expires: now() + SignedDuration::from_hours(1),
        discreet: false,
        public_url: &"https://alerts.example.org".parse().expect("a URL"),
    })
}

async fn push(sender: &Sender, recipient: &Recipient) -> Pushed {
    sender.send(recipient, &mut Ahead::default(), &letter(sender), now(), &|| true).await
}

async fn send(sender: &Sender, recipient: &Recipient) -> Outcome {
    match push(sender, recipient).await {
        Pushed::Answered(outcome) => outcome,
        unasked => panic!("{unasked:?}"),
    }
}

/// The doubt in which a refusal leaves us.
fn doubt(outcome: Outcome) -> Doubt {
    match outcome {
        Outcome::Misconfigured { doubt, .. } => doubt,
        other => panic!("{other:?}"),
    }
}

fn reason(reason: &str) -> Value {
    json!({ "reason": reason })
}

fn fcm_error(code: u16, status: &str, own: &str) -> Value {
    let own = json!({"@type": "type.googleapis.com/google.firebase.fcm.v1.FcmError", "errorCode": own});
    json!({"error": {"code": code, "status": status, "message": "…", "details": [own]}})
}

#[tokio::test]
async fn nodes_that_share_a_database_send_with_one_token() {
    for (name, db, _guard) in databases().await {
        let services = Services::start().await;
        let shelf: Arc<dyn TokenShelf> = Arc::new(Tokens::new(db.clone(), Arc::new(Vault::from_key([9; 32]))));
        let nodes = [services.sender().sharing_tokens(&shelf), services.sender().sharing_tokens(&shelf)];
        for node in &nodes {
            for _ in 0..3 {
                assert_eq!(send(node, &apple()).await, Outcome::Accepted, "{name}");
                assert_eq!(send(node, &android()).await, Outcome::Accepted, "{name}");
            }
        }
        let asked = services.asked();
        let of = |path: &str| asked.iter().filter(|asked| asked.path.starts_with(path)).collect::<Vec<_>>();
        assert_eq!((of("/apns/3/device/").len(), of("/fcm/v1/").len(), of("/token").len()), (6, 6, 1), "{name}");
        for path in ["/apns/", "/fcm/"] {
            let sent = of(path);
            assert!(sent[0].authorization.starts_with("bearer "), "{name}: {sent:?}");
            assert!(sent.iter().all(|asked| asked.authorization == sent[0].authorization), "{name}: {sent:?}");
        }
        assert_eq!(of("/fcm/")[0].path, "/fcm/v1/projects/town-alerts/messages:send", "{name}");
        let message: Value = serde_json::from_str(&of("/fcm/")[0].body).expect("JSON");
        assert_eq!(message["message"]["token"], "dQw4w9WgXcQ:APA91bF", "{name}");
    }
}

#[tokio::test]
async fn a_token_that_apple_finds_too_old_is_replaced_once_and_the_push_goes_again() {
    for (name, db, _guard) in databases().await {
        let services = Services::start().await;
        let vault = Arc::new(Vault::from_key([9; 32]));
        let shelf: Arc<dyn TokenShelf> = Arc::new(Tokens::new(db.clone(), vault.clone()));
        // A node made one half an hour ago.
        let node = services.sender().sharing_tokens(&shelf);
        assert_eq!(send(&node, &apple()).await, Outcome::Accepted, "{name}");
        let token_name: String = match &db {
            beffroi::store::Db::Sqlite { read, .. } => {
                sqlx::query_scalar("SELECT name FROM provider_token").fetch_one(read).await.expect("a row")
            }
            beffroi::store::Db::Postgres { write, .. } => {
                sqlx::query_scalar("SELECT name FROM provider_token").fetch_one(write).await.expect("a row")
            }
        };
        let young = provider_token::get(&db, &vault, &token_name).await.expect("reads").expect("a token");
        let minted = young.minted - SignedDuration::from_mins(30);
        let expires = minted + SignedDuration::from_hours(1);
        let old = ProviderToken { value: "old".to_owned(), minted, expires };
        let mut tx = db.begin().await.expect("begins");
        provider_token::replace(&mut tx, &vault, &token_name, Some(young.minted), &old).await.expect("replaced");
        tx.commit().await.expect("commits");
        services.asked();

        let node = services.sender().sharing_tokens(&shelf);
        services.answers(&[(403, reason("ExpiredProviderToken"))]);
        assert_eq!(send(&node, &apple()).await, Outcome::Accepted, "{name}");
        let asked = services.asked();
        assert_eq!(asked.len(), 2, "{name}");
        assert_eq!(asked[0].authorization, "bearer old", "{name}");
        assert_ne!(asked[1].authorization, "bearer old", "{name}");
        // That one is young: Apple would not have another, so this is about us.
        services.answers(&[(403, reason("ExpiredProviderToken"))]);
        assert_eq!(doubt(send(&node, &apple()).await), Doubt::Ours, "{name}");
        assert_eq!(services.asked().len(), 1, "{name}");
    }
}

#[tokio::test]
async fn a_device_that_apple_does_not_know_is_looked_for_in_the_other_environment() {
    let services = Services::start().await;
    let mut settings = services.settings();
    let unknown = || (400, reason("BadDeviceToken"));
    let alone = sender(&settings);
    services.answers(&[unknown()]);
    assert_eq!(doubt(send(&alone, &apple()).await), Doubt::Perhaps(Fate::Gone), "or it is the wrong environment");

    settings.apns.sandbox_base_url = Some(format!("{}/other", services.base).parse().expect("a URL"));
    let both = sender(&settings);
    services.asked();
    services.answers(&[unknown()]);
    assert_eq!(send(&both, &apple()).await, Outcome::Accepted);
    let paths: Vec<String> = services.asked().into_iter().map(|asked| asked.path).collect();
    let token = "00abcdef".repeat(8);
    assert_eq!(paths, [format!("/apns/3/device/{token}"), format!("/other/3/device/{token}")]);
    services.answers(&[unknown(), unknown()]);
    assert_eq!(doubt(send(&both, &apple()).await), Doubt::Perhaps(Fate::Gone));
    assert_eq!(services.asked().len(), 2);
}

#[tokio::test]
async fn the_other_environment_has_a_breaker_of_its_own() {
    let services = Services::start().await;
    let mut settings = services.settings();
    settings.apns.sandbox_base_url = Some(format!("{}/other", services.base).parse().expect("a URL"));
    let both = sender(&settings);
    let unknown = || (400, reason("BadDeviceToken"));
    let fails = [unknown(), (500, reason("InternalServerError"))];
    for slot in 1..=WINDOW_COUNT_MIN {
        services.answers(&fails);
        let one = Recipient { slot, ..apple() };
        assert_eq!(send(&both, &one).await, Outcome::Retry { after: Duration::ZERO });
    }
    services.answers(&[unknown()]);
    let held = send(&both, &apple()).await;
    assert!(matches!(held, Outcome::Retry { after } if !after.is_zero()), "others do not wait for it: {held:?}");
    assert_eq!(services.asked().last().map(|asked| asked.path.starts_with("/apns/")), Some(true));
    assert_eq!(both.stalled(), ["apns, other environment"], "and whom the first one knows is sent to");
    assert_eq!(send(&both, &apple()).await, Outcome::Accepted);
    until("the other environment to be asked again", || async {
        services.answers(&[unknown()]);
        (send(&both, &apple()).await == Outcome::Accepted).then_some(())
    })
    .await;
    assert_eq!(both.stalled(), Vec::<String>::new(), "it answers again");
}

#[tokio::test]
async fn a_connection_that_apple_closes_costs_no_retry_and_closing_all_of_them_does() {
    let services = Services::start().await;
    let node = services.sender();
    services.answers(&[(503, reason("Shutdown"))]);
    assert_eq!(send(&node, &apple()).await, Outcome::Accepted);
    assert_eq!(services.asked().len(), 2);
    services.answers(&vec![(503, reason("Shutdown")); 10]);
    assert_eq!(send(&node, &apple()).await, Outcome::Retry { after: Duration::ZERO });
    assert_eq!(services.asked().len(), 5, "it is not asked for ever");
}

#[tokio::test]
async fn a_refusal_says_whom_it_may_be_about() {
    let services = Services::start().await;
    let node = services.sender();
    let fcm = |code, status, own| (code, fcm_error(code, status, own));
    for (recipient, answer, want) in [
        (apple(), (400, reason("DeviceTokenNotForTopic")), Doubt::Perhaps(Fate::Rejected)),
        (apple(), (403, reason("InvalidProviderToken")), Doubt::Ours),
        (android(), fcm(401, "UNAUTHENTICATED", "THIRD_PARTY_AUTH_ERROR"), Doubt::Perhaps(Fate::Kept)),
        (android(), fcm(403, "PERMISSION_DENIED", "SENDER_ID_MISMATCH"), Doubt::Perhaps(Fate::Gone)),
        (android(), fcm(403, "PERMISSION_DENIED", ""), Doubt::Ours),
    ] {
        assert_eq!(send(&node, &recipient).await, Outcome::Accepted, "whoever was accepted before");
        services.answers(std::slice::from_ref(&answer));
        assert_eq!(doubt(send(&node, &recipient).await), want, "{answer:?}");
    }
}

#[tokio::test]
async fn who_gets_no_access_token_sends_nothing_and_loses_nothing() {
    let services = Services::start().await;
    let node = services.sender();
    services.grants(&[(400, json!({"error": "invalid_grant"}))]);
    for _ in 0..4 {
        assert_eq!(doubt(send(&node, &android()).await), Doubt::Ours);
    }
    let paths: Vec<String> = services.asked().into_iter().map(|asked| asked.path).collect();
    assert_eq!(paths, ["/token"], "asked once, not for every push");
    assert_eq!(send(&node, &apple()).await, Outcome::Accepted, "the other service is as it was");
}

#[tokio::test]
async fn while_no_access_token_is_to_be_had_nobody_counts_as_tried() {
    let services = Services::start().await;
    let node = services.sender();
    services.grants(&[(503, json!({}))]);
    for _ in 0..3 {
        let unasked = push(&node, &android()).await;
        assert!(matches!(unasked, Pushed::LeftAlone { .. }), "{unasked:?}");
    }
    assert_eq!(node.stalled(), ["fcm"], "nothing more is claimed for it meanwhile");
    let paths: Vec<String> = services.asked().into_iter().map(|asked| asked.path).collect();
    assert_eq!(paths, ["/token"]);
}

#[tokio::test]
async fn tokens_are_there_before_the_first_alert() {
    let services = Services::start().await;
    let node = Arc::new(services.sender());
    let (close, closing) = watch::channel(false);
    let keeping = tokio::spawn(node.clone().keep_tokens(closing));
    until("a token without any push", || async {
        (!services.script.lock().expect("a lock").asked.is_empty()).then_some(())
    })
    .await;
    assert_eq!(send(&node, &android()).await, Outcome::Accepted);
    let paths: Vec<String> = services.asked().into_iter().map(|asked| asked.path).collect();
    assert_eq!(paths, ["/token", "/fcm/v1/projects/town-alerts/messages:send"]);
    close.send(true).expect("it is running");
    keeping.await.expect("it ended well");
}

#[tokio::test]
async fn what_is_not_set_up_or_no_longer_listed_is_told_apart() {
    let services = Services::start().await;
    let bare = sender(&Config::load(None).expect("the defaults").push);
    for recipient in [apple(), android()] {
        let outcome = send(&bare, &recipient).await;
        assert!(
            matches!(&outcome, Outcome::Misconfigured { reason, doubt: Doubt::Ours } if reason.contains("not set up")),
            "{outcome:?}"
        );
    }
    let node = services.sender();
    let old_app = Channel::Apns(ApnsChannel { token: "00abcdef".repeat(8), topic: "org.example.old".to_owned() });
    assert_eq!(send(&node, &to(old_app)).await, Outcome::Rejected { code: "topic" });
    assert_eq!(services.asked().len(), 0);
}
