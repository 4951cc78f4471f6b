//! Firebase Cloud Messaging, HTTP v1: what it checks and what it answers (Google's references of
//! `projects.messages.send`, `ErrorCode` and "Throttling and quotas").

use super::behaviour::{Behaviour, Ending};
use super::credentials::PROJECT;
use super::fcm_schema::{self, Violation};
use super::reply::{Cut, Effect, Reply};
use super::service::Service;
use super::state::{Seen, State};
use super::tally::Marks;
use crate::clock;
use data_encoding::HEXLOWER;
use http::header::{AUTHORIZATION, CONTENT_TYPE, RETRY_AFTER};
use http::request::Parts;
use http::{Method, StatusCode};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Map, Value, json};
use std::borrow::Cow;
use std::time::{Duration, Instant};

/// Messages a minute that a project may send unless set otherwise.
pub(super) const QUOTA_PER_MINUTE: u64 = 600_000;
const MINUTE: Duration = Duration::from_secs(60);
/// Most bytes of keys and values; for topics less.
const PAYLOAD_BYTES_MAX: usize = 4_096;
const TOPIC_BYTES_MAX: usize = 2_048;
/// Names in `data` that Firebase uses itself.
const RESERVED: [&str; 2] = ["from", "message_type"];
const RESERVED_PREFIXES: [&str; 2] = ["google", "gcm"];
const FCM_ERROR: &str = "type.googleapis.com/google.firebase.fcm.v1.FcmError";
const BAD_REQUEST: &str = "type.googleapis.com/google.rpc.BadRequest";
const ERROR_INFO: &str = "type.googleapis.com/google.rpc.ErrorInfo";

/// Refusals without a code of Firebase's, and one that stands for a token which is none.
pub(super) const UNAUTHENTICATED: &str = "UNAUTHENTICATED";
pub(super) const PERMISSION_DENIED: &str = "PERMISSION_DENIED";
pub(super) const INVALID_TOKEN: &str = "INVALID_TOKEN";
const NO_TOKEN: &str = "The registration token is not a valid FCM registration token";

/// One way to refuse.
pub(super) struct Reason {
    /// What tests and people call it: Firebase's `errorCode` where there is one.
    pub(super) word: &'static str,
    /// The HTTP status, also in the body.
    pub(super) code: u16,
    /// Google's canonical status.
    status: &'static str,
    /// Firebase's `errorCode`.
    error_code: Option<&'static str>,
    message: &'static str,
}

const fn reason(
    code: u16,
    word: &'static str,
    status: &'static str,
    error_code: Option<&'static str>,
    message: &'static str,
) -> Reason {
    Reason { word, code, status, error_code, message }
}

const INVALID: &str = "INVALID_ARGUMENT";
const CREDENTIALS: &str = "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie \
    or other valid authentication credential.";

/// All of them; the first of a status is what the status alone means here.
pub(super) const REASONS: [Reason; 10] = [
    reason(400, INVALID, INVALID, Some(INVALID), "Request contains an invalid argument."),
    reason(400, INVALID_TOKEN, INVALID, Some(INVALID), NO_TOKEN),
    reason(
        401,
        "THIRD_PARTY_AUTH_ERROR",
        UNAUTHENTICATED,
        Some("THIRD_PARTY_AUTH_ERROR"),
        "Auth error from APNS or Web Push Service",
    ),
    reason(401, UNAUTHENTICATED, UNAUTHENTICATED, None, CREDENTIALS),
    reason(403, "SENDER_ID_MISMATCH", PERMISSION_DENIED, Some("SENDER_ID_MISMATCH"), "SenderId mismatch"),
    reason(
        403,
        PERMISSION_DENIED,
        PERMISSION_DENIED,
        None,
        "Permission 'cloudmessaging.messages.create' denied on resource (or it may not exist).",
    ),
    reason(404, "UNREGISTERED", "NOT_FOUND", Some("UNREGISTERED"), "Requested entity was not found."),
    reason(
        429,
        "QUOTA_EXCEEDED",
        "RESOURCE_EXHAUSTED",
        Some("QUOTA_EXCEEDED"),
        "Quota exceeded for quota metric 'Message send requests' and limit 'Message send requests per minute'.",
    ),
    reason(500, "INTERNAL", "INTERNAL", Some("INTERNAL"), "Internal error encountered."),
    reason(503, "UNAVAILABLE", "UNAVAILABLE", Some("UNAVAILABLE"), "The service is currently unavailable."),
];

/// Messages of a project in the running minute.
#[derive(Debug)]
pub(super) struct Quota {
    pub(super) per_minute: u64,
    used: u64,
    begun: Option<Instant>,
}

impl Default for Quota {
    fn default() -> Self {
        Self { per_minute: QUOTA_PER_MINUTE, used: 0, begun: None }
    }
}

impl Quota {
    /// Takes one, or says how long the minute goes on. Refused messages count too.
    fn take(&mut self, now: Instant) -> Result<(), Duration> {
        let begun = *self.begun.get_or_insert(now);
        let into = now.duration_since(begun);
        if into >= MINUTE {
            (self.used, self.begun) = (0, Some(now));
        }
        self.used += 1;
        if self.used > self.per_minute { Err(MINUTE.saturating_sub(into)) } else { Ok(()) }
    }
}

/// A request that is refused before anything scripted is asked.
struct Refusal {
    behaviour: Behaviour,
    message: Option<String>,
    violations: Vec<Violation>,
}

impl Refusal {
    fn new(word: &'static str) -> Self {
        let code = REASONS.iter().find(|reason| reason.word == word).map_or(500, |reason| reason.code);
        Self { behaviour: Behaviour::status(code, Some(word)), message: None, violations: Vec::new() }
    }

    fn invalid(message: impl Into<String>, violations: Vec<Violation>) -> Self {
        Self { message: Some(message.into()), violations, ..Self::new(INVALID) }
    }

    /// What who looks is told.
    fn problem(&self) -> String {
        let words = self.message.as_deref().or(self.behaviour.reason).unwrap_or_default();
        match self.violations.first() {
            Some(first) => format!("FCM: {words} {}", first.description),
            None => format!("FCM: {words}"),
        }
    }
}

/// What was found out about a message before the recipient's behaviour and the faults are asked.
#[derive(Default)]
struct Checked {
    id: String,
    index: Option<u32>,
    marks: Marks,
    validate_only: bool,
}

/// Answers `POST /v1/projects/{project}/messages:send`.
pub(super) async fn send(state: &State, parts: &Parts, project: &str, body: &[u8]) -> Result<Reply, Cut> {
    let mut checked = Checked::default();
    let brief = serde_json::from_slice::<Brief<'_>>(body).ok().and_then(Brief::marked);
    let kept = brief.as_ref().is_none_or(|(_, marks)| state.reads(Service::Fcm, &marks.chain));
    let checking = head(state, parts, project).and_then(|()| match brief {
        Some((message, marks)) if !kept => {
            checked.marks = marks;
            token(state, &message.token, &mut checked)
        }
        Some(_) | None => check(state, body, &mut checked),
    });
    let refusal = checking.err();
    if checked.validate_only && refusal.is_none() {
        return Ok(Reply::json(
            StatusCode::OK,
            &json!({"name": format!("projects/{PROJECT}/messages/fake_message_id")}),
        ));
    }
    let problems = match &refusal {
        // Too much in a minute is no fault of the message.
        Some(refusal) if refusal.behaviour.ending != Ending::Status(429) => vec![refusal.problem()],
        Some(_) | None => Vec::new(),
    };
    let seen = Seen {
        channel: Service::Fcm,
        id: &checked.id,
        index: checked.index,
        parts,
        claims: None,
        bytes: body.len(),
        text: kept.then(|| String::from_utf8_lossy(body).into_owned()),
        problems,
        marks: checked.marks,
        kept,
        refusal: refusal.as_ref().map(|refusal| refusal.behaviour),
    };
    let (behaviour, number) = state.record(seen);
    answer(state, behaviour, refusal, number).await
}

async fn answer(state: &State, behaviour: Behaviour, refusal: Option<Refusal>, number: u64) -> Result<Reply, Cut> {
    if !behaviour.delay.is_zero() {
        tokio::time::sleep(behaviour.delay).await;
    }
    let mut reply = match behaviour.ending {
        Ending::Reset => return Err(Cut::Reset),
        Ending::Drop => return Err(Cut::Drop),
        Ending::Well | Ending::GoAway | Ending::Status(200..=299) => {
            let now_us = state.clock.real().as_microsecond();
            let tail = HEXLOWER.encode(&clock::random_bytes::<4>());
            Reply::json(
                StatusCode::OK,
                &json!({"name": format!("projects/{PROJECT}/messages/0:{now_us}%{number:08x}{tail}")}),
            )
        }
        Ending::Status(status) => error(status, behaviour.reason, refusal),
    };
    reply.effect = Effect { known: true, goaway: behaviour.ending == Ending::GoAway };
    Ok(match behaviour.retry_after_s {
        Some(seconds) => reply.header(RETRY_AFTER, seconds),
        None => reply,
    })
}

/// Google's body of a refusal.
fn error(status: u16, word: Option<&'static str>, refusal: Option<Refusal>) -> Reply {
    let named = REASONS.iter().find(|reason| Some(reason.word) == word);
    let code = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let Some(reason) = named.or_else(|| REASONS.iter().find(|reason| reason.code == status)) else {
        return Reply::empty(code);
    };
    let (message, mut violations) = refusal.map_or((None, Vec::new()), |it| (it.message, it.violations));
    if reason.word == INVALID_TOKEN {
        violations.push(Violation {
            field: "message.token".to_owned(),
            description: "Invalid registration token".to_owned(),
        });
    }
    let mut details: Vec<Value> =
        reason.error_code.map(|code| json!({"@type": FCM_ERROR, "errorCode": code})).into_iter().collect();
    if reason.word == UNAUTHENTICATED {
        details.push(json!({"@type": ERROR_INFO, "reason": "ACCESS_TOKEN_EXPIRED", "domain": "googleapis.com"}));
    }
    if !violations.is_empty() {
        let fields = |one: &Violation| json!({"field": one.field, "description": one.description});
        let list: Vec<Value> = violations.iter().map(fields).collect();
        details.push(json!({"@type": BAD_REQUEST, "fieldViolations": list}));
    }
    let message = message.unwrap_or_else(|| reason.message.to_owned());
    let body = json!({"error": {"code": status, "message": message, "status": reason.status, "details": details}});
    Reply::json(code, &body)
}

/// What is asked of every request, whatever it says.
fn head(state: &State, parts: &Parts, project: &str) -> Result<(), Refusal> {
    if parts.method != Method::POST {
        return Err(Refusal::invalid(format!("{} is not supported, want POST", parts.method), Vec::new()));
    }
    let authorization = parts.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let bearer =
        authorization.and_then(|text| text.split_once(' ')).filter(|(it, _)| it.eq_ignore_ascii_case("bearer"));
    let now_s = state.clock.real().as_second();
    let holds = |token: &str| state.access.lock().expect("no one panics while holding it").holds(token, now_s);
    if !bearer.is_some_and(|(_, token)| holds(token)) {
        return Err(Refusal::new(UNAUTHENTICATED));
    }
    if project != PROJECT {
        return Err(Refusal::new(PERMISSION_DENIED));
    }
    let taken = state.quota.lock().expect("no one panics while holding it").take(state.clock.monotonic());
    if let Err(left) = taken {
        let mut refusal = Refusal::new("QUOTA_EXCEEDED");
        refusal.behaviour.retry_after_s = Some(left.as_secs() + 1);
        return Err(refusal);
    }
    let json = parts.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    if !json.is_some_and(|kind| kind.starts_with("application/json")) {
        return Err(Refusal::invalid(format!("Content-Type is {json:?}, want application/json"), Vec::new()));
    }
    Ok(())
}

/// The whole message, by Firebase's schema.
fn check(state: &State, body: &[u8], checked: &mut Checked) -> Result<(), Refusal> {
    let mut request: Value = serde_json::from_slice(body)
        .map_err(|error| Refusal::invalid(format!("Invalid JSON payload received. {error}"), Vec::new()))?;
    let violations = fcm_schema::check(&mut request);
    if !violations.is_empty() {
        let words = violations.iter().map(|one| one.description.as_str()).collect::<Vec<_>>().join("\n");
        return Err(Refusal { message: Some(words), violations, behaviour: Refusal::new(INVALID).behaviour });
    }
    checked.validate_only = request["validate_only"] == true;
    message(state, &request["message"], checked)
}

fn message(state: &State, message: &Value, checked: &mut Checked) -> Result<(), Refusal> {
    let wrong = |field: &str, description: String| {
        Refusal::invalid(description.clone(), vec![Violation { field: field.to_owned(), description }])
    };
    let targets: Vec<&str> =
        ["token", "topic", "condition"].into_iter().filter(|name| !message[*name].is_null()).collect();
    let [target] = targets.as_slice() else {
        let words = match targets.first() {
            None => "Recipient of the message is not set.".to_owned(),
            Some(first) => format!("oneof field 'target' is already set. Cannot set '{}' beside '{first}'", targets[1]),
        };
        return Err(wrong("message", words));
    };
    let empty = Map::new();
    let object = |value: &'_ Value| value.as_object().unwrap_or(&empty).clone();
    let mut bytes = 0;
    for data in [object(&message["data"]), object(&message["android"]["data"])] {
        for (key, value) in &data {
            if RESERVED.contains(&key.as_str()) || RESERVED_PREFIXES.iter().any(|prefix| key.starts_with(prefix)) {
                return Err(wrong("message.data", format!("Invalid data payload key: {key}")));
            }
            bytes += key.len() + value.as_str().map_or(0, str::len);
        }
    }
    for notification in [&message["notification"], &message["android"]["notification"]] {
        let texts = notification.as_object().into_iter().flatten();
        bytes += texts.map(|(key, value)| key.len() + value.as_str().map_or(0, str::len)).sum::<usize>();
    }
    let most = if *target == "token" { PAYLOAD_BYTES_MAX } else { TOPIC_BYTES_MAX };
    if bytes > most {
        return Err(wrong("message", format!("Android message is too big: {bytes} bytes, want at most {most}")));
    }
    checked.marks = marks(message);
    if *target != "token" {
        return Ok(());
    }
    token(state, message["token"].as_str().unwrap_or_default(), checked)
}

/// Whose device it is.
fn token(state: &State, token: &str, checked: &mut Checked) -> Result<(), Refusal> {
    token.clone_into(&mut checked.id);
    let found = state.find(token).filter(|found| found.channel == Service::Fcm);
    checked.index = Some(found.ok_or_else(|| Refusal::new(INVALID_TOKEN))?.index);
    Ok(())
}

/// As much of a message of data for one device as is looked at where it is not read whole. What else there is makes it
/// one to be read whole.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Brief<'a> {
    #[serde(borrow)]
    message: BriefMessage<'a>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BriefMessage<'a> {
    #[serde(borrow)]
    token: Cow<'a, str>,
    #[serde(borrow)]
    data: BriefData<'a>,
    #[serde(rename = "android")]
    _android: BriefAndroid,
}

/// Nothing of it says what replaces what.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BriefAndroid {
    #[serde(rename = "priority")]
    _priority: IgnoredAny,
    #[serde(rename = "ttl")]
    _ttl: IgnoredAny,
    #[serde(rename = "direct_boot_ok")]
    _direct_boot_ok: IgnoredAny,
}

#[derive(Deserialize)]
struct BriefData<'a> {
    #[serde(borrow)]
    beffroi: Cow<'a, str>,
}

/// Beffroi's own key.
#[derive(Deserialize)]
struct Own<'a> {
    #[serde(borrow)]
    chain: Cow<'a, str>,
    #[serde(borrow)]
    alert: Cow<'a, str>,
    #[serde(borrow)]
    tier: Cow<'a, str>,
}

impl<'a> Brief<'a> {
    fn marked(self) -> Option<(BriefMessage<'a>, Marks)> {
        let own: Own<'_> = serde_json::from_str(&self.message.data.beffroi).ok()?;
        let (chain, alert, tier) = (own.chain.into_owned(), own.alert.into_owned(), own.tier.into_owned());
        Some((self.message, Marks { chain, alert, tier }))
    }
}

/// What the message says of itself: Beffroi's own key, and what replaces one another on the device.
fn marks(message: &Value) -> Marks {
    let own = message["data"]["beffroi"].as_str().or(message["android"]["data"]["beffroi"].as_str());
    let own: Value = own.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    // The key's JSON is that of a push whole, or its inner part alone.
    let own = if own["beffroi"].is_object() { &own["beffroi"] } else { &own };
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let tag = &message["android"]["notification"]["tag"];
    let chain = [tag, &message["android"]["collapse_key"], &own["chain"]].into_iter().find(|one| one.is_string());
    Marks { chain: chain.map(text).unwrap_or_default(), alert: text(&own["alert"]), tier: text(&own["tier"]) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;

    #[test]
    fn a_quota_lasts_for_its_minute() {
        let begun = Clock::system().monotonic();
        let mut quota = Quota { per_minute: 2, ..Quota::default() };
        let at = |seconds| begun + Duration::from_secs(seconds);
        assert_eq!([quota.take(at(0)), quota.take(at(10))], [Ok(()), Ok(())]);
        assert_eq!(quota.take(at(20)), Err(Duration::from_secs(40)));
        assert_eq!(quota.take(at(60)), Ok(()));
        assert_eq!(quota.take(at(61)), Ok(()));
        assert_eq!(quota.take(at(62)), Err(Duration::from_secs(58)));
    }

    #[test]
    fn every_refusal_has_googles_status_and_firebases_code() {
        for reason in &REASONS {
            let reply = error(reason.code, Some(reason.word), None);
            let body: Value = serde_json::from_slice(&reply.body).expect("JSON");
            assert_eq!(reply.head.status(), reason.code);
            assert_eq!(
                (&body["error"]["code"], &body["error"]["status"]),
                (&reason.code.into(), &reason.status.into())
            );
            let code = body["error"]["details"][0]["errorCode"].as_str();
            assert_eq!(code, reason.error_code, "{}", reason.word);
        }
    }
}
