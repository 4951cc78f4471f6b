//! Apple's push service: what it checks, in which order, and what it answers (Apple's "Sending notification requests to
//! APNs" and "Handling notification responses from APNs"). What the real one refuses is refused with its reason; what
//! it takes in silence and drops or misreads is taken too, and told as a problem.

use super::apns_payload;
use super::behaviour::{Behaviour, Ending};
use super::provider::{ProviderToken, Refusal};
use super::recipients::{APNS_TOPIC, Found};
use super::reply::{Cut, Effect, Reply};
use super::service::Service;
use super::state::{Seen, State};
use super::tally::Marks;
use crate::clock;
use bytes::Bytes;
use data_encoding::HEXUPPER;
use http::header::{AUTHORIZATION, RETRY_AFTER};
use http::request::Parts;
use http::{HeaderName, Method, StatusCode, Version};
use serde_json::json;
use std::sync::Arc;

/// Apple's reasons with their statuses; the first of a status is what the status alone means here.
pub(super) const REASONS: [(u16, &str); 32] = [
    (400, "BadDeviceToken"),
    (400, "BadCollapseId"),
    (400, "BadExpirationDate"),
    (400, "BadMessageId"),
    (400, "BadPriority"),
    (400, "BadTopic"),
    (400, "DeviceTokenNotForTopic"),
    (400, "DuplicateHeaders"),
    (400, "IdleTimeout"),
    (400, "InvalidPushType"),
    (400, "MissingDeviceToken"),
    (400, "MissingTopic"),
    (400, "PayloadEmpty"),
    (400, "TopicDisallowed"),
    (403, "InvalidProviderToken"),
    (403, "BadCertificate"),
    (403, "BadCertificateEnvironment"),
    (403, "BadEnvironmentKeyInToken"),
    (403, "ExpiredProviderToken"),
    (403, "Forbidden"),
    (403, "MissingProviderToken"),
    (403, "UnrelatedKeyIdInToken"),
    (404, "BadPath"),
    (405, "MethodNotAllowed"),
    (410, "Unregistered"),
    (410, "ExpiredToken"),
    (413, "PayloadTooLarge"),
    (429, "TooManyRequests"),
    (429, "TooManyProviderTokenUpdates"),
    (500, "InternalServerError"),
    (503, "ServiceUnavailable"),
    (503, "Shutdown"),
];
const COLLAPSE_ID_BYTES_MAX: usize = 64;
const PUSH_TYPES: [&str; 11] = [
    "alert",
    "background",
    "complication",
    "controls",
    "fileprovider",
    "liveactivity",
    "location",
    "mdm",
    "pushtotalk",
    "voip",
    "widgets",
];
const HEADERS: [&str; 8] = [
    "authorization",
    "apns-collapse-id",
    "apns-expiration",
    "apns-id",
    "apns-priority",
    "apns-push-type",
    "apns-topic",
    "content-length",
];
const APNS_ID: HeaderName = HeaderName::from_static("apns-id");

/// `/3/…`.
pub(super) fn is_path(path: &str) -> bool {
    path.starts_with("/3/")
}

/// What was found out about a push before its recipient's behaviour and the faults are asked.
#[derive(Default)]
struct Checked {
    token: Option<Arc<ProviderToken>>,
    problems: Vec<String>,
    marks: Marks,
    found: Option<Found>,
}

/// Answers `POST /3/device/{token}`.
pub(super) async fn push(state: &State, parts: &Parts, body: &Bytes) -> Result<Reply, Cut> {
    let id = parts.uri.path().strip_prefix("/3/device/").unwrap_or_default().to_ascii_lowercase();
    let mut checked = Checked::default();
    let refusal = check(state, parts, body, &id, &mut checked).err().map(|(status, reason, problem)| {
        checked.problems.push(problem);
        Behaviour::status(status, Some(reason))
    });
    let known = checked.token.is_some();
    let kept = state.reads(Service::Apns, &checked.marks.chain);
    let seen = Seen {
        channel: Service::Apns,
        id: &id,
        index: checked.found.map(|found| found.index),
        parts,
        claims: checked.token.as_ref().and_then(|token| token.claims.as_ref()),
        bytes: body.len(),
        text: kept.then(|| String::from_utf8_lossy(body).into_owned()),
        problems: checked.problems,
        marks: checked.marks,
        kept,
        refusal,
    };
    let (behaviour, _) = state.record(seen);
    answer(state, parts, behaviour, known).await
}

async fn answer(state: &State, parts: &Parts, behaviour: Behaviour, known: bool) -> Result<Reply, Cut> {
    if !behaviour.delay.is_zero() {
        tokio::time::sleep(behaviour.delay).await;
    }
    let mut reply = match behaviour.ending {
        Ending::Reset => return Err(Cut::Reset),
        Ending::Drop => return Err(Cut::Drop),
        Ending::Well | Ending::GoAway | Ending::Status(200..=299) => Reply::empty(StatusCode::OK),
        Ending::Status(status) => refusal(status, behaviour.reason, state.clock.real().as_millisecond()),
    };
    reply.effect = Effect { known, goaway: behaviour.ending == Ending::GoAway };
    if let Some(seconds) = behaviour.retry_after_s {
        reply = reply.header(RETRY_AFTER, seconds);
    }
    Ok(match parts.headers.get(APNS_ID) {
        Some(given) => reply.header(APNS_ID, given.clone()),
        None => reply.header(APNS_ID, uuid()),
    })
}

/// Apple's body of a refusal; `now_ms` is when a token that is no more was found to be so.
fn refusal(status: u16, reason: Option<&'static str>, now_ms: i64) -> Reply {
    let first = || REASONS.iter().find(|(code, _)| *code == status).map(|(_, reason)| *reason);
    let body = match (status, reason.or_else(first)) {
        (410, reason) => json!({"reason": reason, "timestamp": now_ms}),
        (_, reason) => json!({ "reason": reason }),
    };
    Reply::json(StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR), &body)
}

fn refuse<T>(status: u16, reason: &'static str, problem: impl Into<String>) -> Result<T, Refusal> {
    Err((status, reason, problem.into()))
}

fn check(state: &State, parts: &Parts, body: &[u8], id: &str, checked: &mut Checked) -> Result<(), Refusal> {
    if parts.version != Version::HTTP_2 {
        checked.problems.push("APNs is spoken to over HTTP/2 only".to_owned());
    }
    if parts.method != Method::POST {
        return refuse(405, "MethodNotAllowed", format!(":method is {}, want POST", parts.method));
    }
    let Some(token) = parts.uri.path().strip_prefix("/3/device/") else {
        return refuse(404, "BadPath", format!(":path is {}, want /3/device/…", parts.uri.path()));
    };
    if parts.uri.query().is_some() || token.contains('/') {
        return refuse(404, "BadPath", ":path goes on behind the device token");
    }
    let key = state.credentials.apns().map_err(|error| (500, "InternalServerError", error.to_string()))?;
    let authorization = parts.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let (real_s, now) = (state.clock.real().as_second(), state.clock.monotonic());
    let provider =
        state.provider.lock().expect("no one panics while holding it").check(authorization, key, real_s, now);
    checked.token = Some(provider?);
    let push_type = headers(parts, checked)?;
    if token.is_empty() {
        return refuse(400, "MissingDeviceToken", ":path has no device token");
    }
    let Some(found) = state.find(id).filter(|found| found.channel == Service::Apns) else {
        return refuse(400, "BadDeviceToken", "there is no such device token");
    };
    checked.found = Some(found);
    let payload = apns_payload::check(body, push_type, &mut checked.problems)?;
    let own = &payload["beffroi"];
    let text = |name: &str| own[name].as_str().unwrap_or_default().to_owned();
    if checked.marks.chain.is_empty() {
        checked.marks.chain = text("chain");
    }
    (checked.marks.alert, checked.marks.tier) = (text("alert"), text("tier"));
    Ok(())
}

/// Checks the headers; gives the push type.
fn headers<'a>(parts: &'a Parts, checked: &mut Checked) -> Result<&'a str, Refusal> {
    for name in parts.headers.keys().filter(|name| name.as_str().starts_with("apns-")) {
        if parts.headers.get_all(name).iter().count() > 1 {
            return refuse(400, "DuplicateHeaders", format!("{name} is there more than once"));
        }
        if !HEADERS.contains(&name.as_str()) {
            checked.problems.push(format!("{name} is no header of APNs"));
        }
    }
    let text = |name: &str| parts.headers.get(name).map(|value| value.to_str().unwrap_or_default());
    if let Some(id) = text("apns-id").filter(|id| !is_uuid(id)) {
        return refuse(400, "BadMessageId", format!("apns-id is {id:?}, want a UUID"));
    }
    if let Some(at) = text("apns-expiration").filter(|at| at.is_empty() || !at.bytes().all(|it| it.is_ascii_digit())) {
        return refuse(400, "BadExpirationDate", format!("apns-expiration is {at:?}, want seconds since 1970"));
    }
    let priority = text("apns-priority").unwrap_or("10");
    if !["10", "5", "1"].contains(&priority) {
        return refuse(400, "BadPriority", format!("apns-priority is {priority:?}, want 10, 5 or 1"));
    }
    if let Some(id) = text("apns-collapse-id") {
        if id.is_empty() || id.len() > COLLAPSE_ID_BYTES_MAX {
            let words = format!("apns-collapse-id has {} bytes, want 1 to {COLLAPSE_ID_BYTES_MAX}", id.len());
            return refuse(400, "BadCollapseId", words);
        }
        id.clone_into(&mut checked.marks.chain);
    }
    match text("apns-topic") {
        None | Some("") => return refuse(400, "MissingTopic", "apns-topic is missing"),
        Some(APNS_TOPIC) => {}
        Some(topic) if !topic.bytes().all(|it| it.is_ascii_alphanumeric() || b".-".contains(&it)) => {
            return refuse(400, "BadTopic", format!("apns-topic is {topic:?}, no bundle id"));
        }
        Some(topic) if topic.starts_with(APNS_TOPIC) => {
            return refuse(400, "DeviceTokenNotForTopic", format!("apns-topic is {topic:?}, want {APNS_TOPIC:?}"));
        }
        Some(topic) => {
            return refuse(400, "TopicDisallowed", format!("apns-topic is {topic:?}, want {APNS_TOPIC:?}"));
        }
    }
    let push_type = text("apns-push-type").unwrap_or_default();
    if push_type.is_empty() {
        checked.problems.push("apns-push-type is missing".to_owned());
    } else if !PUSH_TYPES.contains(&push_type) {
        return refuse(400, "InvalidPushType", format!("apns-push-type is {push_type:?}"));
    }
    if push_type == "background" && priority != "5" {
        return refuse(400, "BadPriority", "a background push has priority 5");
    }
    Ok(push_type)
}

/// Lower-case or capital, in groups of 8, 4, 4, 4 and 12 digits.
fn is_uuid(text: &str) -> bool {
    let groups: Vec<&str> = text.split('-').collect();
    let lengths: Vec<usize> = groups.iter().map(|group| group.len()).collect();
    lengths == [8, 4, 4, 4, 12] && groups.concat().bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// A random id in Apple's writing.
fn uuid() -> String {
    let hex = HEXUPPER.encode(&clock::random_bytes::<16>());
    format!("{}-{}-4{}-8{}-{}", &hex[..8], &hex[8..12], &hex[13..16], &hex[17..20], &hex[20..])
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    #[test]
    fn a_uuid_is_five_groups_of_hexadecimal_digits() {
        assert!(is_uuid(&uuid()));
        assert!(is_uuid("eabeae54-14a8-11e5-b60b-1697f925ec7b"));
        for bad in ["", "eabeae5414a811e5b60b1697f925ec7b", "eabeae54-14a8-11e5-b60b-1697f925ec7g", "-----"] {
            assert!(!is_uuid(bad), "{bad}");
        }
    }

    #[test]
    fn a_token_that_is_no_more_says_since_when() {
        let body: Value = serde_json::from_slice(&refusal(410, None, 5).body).expect("JSON");
        assert_eq!(body, json!({"reason": "Unregistered", "timestamp": 5}));
        let body: Value = serde_json::from_slice(&refusal(429, None, 5).body).expect("JSON");
        assert_eq!(body, json!({"reason": "TooManyRequests"}));
    }
}
