//! What Google's answers mean ("ErrorCode" of FCM HTTP v1, and Google's canonical statuses), code by code.

use crate::model::outcome::Fate;
use crate::push::reading::{About, Reading, Step, retry_after};
use http::{HeaderMap, StatusCode};
use jiff::Timestamp;
use serde::Deserialize;
use std::time::Duration;

/// How long to wait where Google says that the quota is used up, and no time.
const QUOTA_S: u64 = 60;
/// How long to wait where it has trouble, and says no time.
const TROUBLE_S: u64 = 10;
/// How the type of FCM's own details ends.
const FCM_ERROR: &str = "google.firebase.fcm.v1.FcmError";
/// How the device's token is called among the fields of a request.
const TOKEN_FIELD: &str = "message.token";
/// How Google's words about a token that is none speak of it.
const TOKEN_WORDS: &str = "registration token";
/// How Google's words about the quota of one device speak of it.
const DEVICE_WORDS: &str = "device";

#[derive(Debug, Default, Deserialize)]
struct Body {
    #[serde(default)]
    error: Refusal,
}

#[derive(Debug, Default, Deserialize)]
struct Refusal {
    #[serde(default)]
    status: String,
    #[serde(default)]
    message: String,
    #[serde(default)]
    details: Vec<Detail>,
}

#[derive(Debug, Deserialize)]
struct Detail {
    #[serde(rename = "@type", default)]
    kind: String,
    #[serde(rename = "errorCode", default)]
    error_code: String,
    #[serde(rename = "fieldViolations", default)]
    field_violations: Vec<Violation>,
}

#[derive(Debug, Deserialize)]
struct Violation {
    #[serde(default)]
    field: String,
}

impl Refusal {
    /// FCM's own code; empty where it gave none.
    fn code(&self) -> &str {
        let own = self.details.iter().find(|detail| detail.kind.ends_with(FCM_ERROR));
        own.map(|detail| detail.error_code.as_str()).unwrap_or_default()
    }

    /// Whether it is the device's token that is wrong, and not the rest of what we sent.
    fn is_about_token(&self) -> bool {
        let mut fields = self.details.iter().flat_map(|detail| &detail.field_violations);
        let named = fields.any(|violation| violation.field == TOKEN_FIELD);
        let told = !self.code().is_empty() && self.message.to_ascii_lowercase().contains(TOKEN_WORDS);
        named || told
    }
}

/// Reads an answer. An endpoint is given up only where Google says that this very token is no more. `now` is real time.
pub fn read(status: StatusCode, headers: &HeaderMap, body: &[u8], now: Timestamp) -> Reading {
    if status.is_success() {
        return Reading::ACCEPTED;
    }
    // A body that is none says nothing, and the status decides.
    let Body { error: refusal } = serde_json::from_slice(body).unwrap_or_default();
    let later =
        |seconds: u64, about| Reading::later(retry_after(headers, now).unwrap_or(Duration::from_secs(seconds)), about);
    let refused = |reason: &str| format!("FCM refuses us: {reason}");
    match refusal.code() {
        "UNREGISTERED" => Reading::gone(),
        // A token of another project, or the wrong project, for all.
        code @ "SENDER_ID_MISMATCH" => Reading::perhaps(refused(code), Fate::Gone),
        "INVALID_ARGUMENT" if refusal.is_about_token() => Reading::gone(),
        "INVALID_ARGUMENT" => Reading::rejected("bad-request"),
        "QUOTA_EXCEEDED" => later(QUOTA_S, quota_of(&refusal)),
        "UNAVAILABLE" | "INTERNAL" => later(TROUBLE_S, About::Service),
        // What the project knows Apple or Web Push by, which only such devices need.
        code @ "THIRD_PARTY_AUTH_ERROR" => Reading::perhaps(refused(code), Fate::Kept),
        // UNSPECIFIED_ERROR, none, or one that nobody knows yet.
        _ => match refusal.status.as_str() {
            status @ "UNAUTHENTICATED" => Reading::misconfigured(refused(status)).but_first(Step::NewToken),
            status @ "PERMISSION_DENIED" => Reading::misconfigured(refused(status)),
            "INVALID_ARGUMENT" if refusal.is_about_token() => Reading::gone(),
            "RESOURCE_EXHAUSTED" => later(QUOTA_S, quota_of(&refusal)),
            _ => by_status(status, later),
        },
    }
}

/// One device's quota, or the project's.
fn quota_of(refusal: &Refusal) -> About {
    let device = refusal.message.to_ascii_lowercase().contains(DEVICE_WORDS);
    if device { About::Endpoint } else { About::Service }
}

/// Nothing is said, or nothing that anyone knows: the endpoint stays.
fn by_status(status: StatusCode, later: impl Fn(u64, About) -> Reading) -> Reading {
    match status.as_u16() {
        401 => Reading::misconfigured("FCM refuses us: 401").but_first(Step::NewToken),
        403 => Reading::misconfigured("FCM refuses us: 403"),
        429 => later(QUOTA_S, About::Service),
        408 | 425 | 500..=599 => later(TROUBLE_S, About::Service),
        404 => Reading::rejected("not-found"),
        413 => Reading::rejected("too-large"),
        300..=399 => Reading::rejected("redirect"),
        400 => Reading::rejected("bad-request"),
        _ => Reading::rejected("refused"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::outcome::{Doubt, Outcome};
    use http::header::RETRY_AFTER;
    use serde_json::{Value, json};

    fn reading(status: u16, body: &Value) -> Reading {
        let now = "2026-11-22T12:00:00Z".parse().expect("a time");
        let status = StatusCode::from_u16(status).expect("a status");
        read(status, &HeaderMap::new(), body.to_string().as_bytes(), now)
    }

    fn row(status: u16, body: &Value) -> (String, About, Step) {
        let Reading { outcome, about, step } = reading(status, body);
        let word = match outcome {
            Outcome::Misconfigured { doubt: Doubt::Perhaps(Fate::Gone), .. } => "perhaps-gone".to_owned(),
            Outcome::Misconfigured { doubt: Doubt::Perhaps(Fate::Kept), .. } => "perhaps-kept".to_owned(),
            Outcome::Rejected { code } => code.to_owned(),
            Outcome::Retry { after } => format!("retry-{}", after.as_secs()),
            other => other.as_str().to_owned(),
        };
        (word, about, step)
    }

    /// A refusal as Google writes it.
    fn refusal(status: u16, canonical: &str, code: &str, message: &str) -> Value {
        let own = json!({"@type": "type.googleapis.com/google.firebase.fcm.v1.FcmError", "errorCode": code});
        let details = if code == "-" { json!([]) } else { json!([own]) };
        json!({"error": {"code": status, "status": canonical, "message": message, "details": details}})
    }

    /// Google's tables of codes, written out apart from the code.
    const TABLE: &str = "
        400 INVALID_ARGUMENT   INVALID_ARGUMENT        bad-request    endpoint
        404 NOT_FOUND          UNREGISTERED            gone           endpoint
        403 PERMISSION_DENIED  SENDER_ID_MISMATCH      perhaps-gone   endpoint
        429 RESOURCE_EXHAUSTED QUOTA_EXCEEDED          retry-60       service
        503 UNAVAILABLE        UNAVAILABLE             retry-10       service
        500 INTERNAL           INTERNAL                retry-10       service
        401 UNAUTHENTICATED    THIRD_PARTY_AUTH_ERROR  perhaps-kept   endpoint
        500 UNKNOWN            UNSPECIFIED_ERROR       retry-10       service
        401 UNAUTHENTICATED    -                       misconfigured  service  new-token
        403 PERMISSION_DENIED  -                       misconfigured  service
        404 NOT_FOUND          -                       not-found      endpoint
        400 INVALID_ARGUMENT   -                       bad-request    endpoint
        429 RESOURCE_EXHAUSTED -                       retry-60       service
        400 SOMETHING_NEW      SOMETHING_NEW           bad-request    endpoint
        403 SOMETHING_NEW      SOMETHING_NEW           misconfigured  service
        404 SOMETHING_NEW      SOMETHING_NEW           not-found      endpoint
        410 SOMETHING_NEW      SOMETHING_NEW           refused        endpoint
        413 SOMETHING_NEW      SOMETHING_NEW           too-large      endpoint
        504 SOMETHING_NEW      SOMETHING_NEW           retry-10       service
        302 SOMETHING_NEW      SOMETHING_NEW           redirect       endpoint
    ";

    #[test]
    fn every_code_has_the_action_of_the_table() {
        let mut rows = 0;
        for line in TABLE.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let cells: Vec<&str> = line.split_whitespace().collect();
            let step = if cells.get(5) == Some(&"new-token") { Step::NewToken } else { Step::None };
            let about = if cells[4] == "service" { About::Service } else { About::Endpoint };
            let status = cells[0].parse().expect("a number");
            let got = row(status, &refusal(status, cells[1], cells[2], "words"));
            assert_eq!(got, (cells[3].to_owned(), about, step), "{line}");
            rows += 1;
        }
        assert_eq!(rows, 20);
    }

    /// Google's two examples of one code and status: a value of ours that is wrong, and a token that is none.
    #[test]
    fn an_invalid_argument_is_the_tokens_only_where_google_says_so() {
        let violated = |field: &str| {
            json!({"error": {"code": 400, "status": "INVALID_ARGUMENT", "message": "Invalid value", "details": [
                {"@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": [{"field": field}]}]}})
        };
        assert_eq!(row(400, &violated("message.data[0].value")).0, "bad-request");
        assert_eq!(row(400, &violated("message.token")).0, "gone");
        let words = "The registration token is not a valid FCM registration token";
        assert_eq!(row(400, &refusal(400, "INVALID_ARGUMENT", "INVALID_ARGUMENT", words)).0, "gone");
        let ours = "Invalid value at 'message.android.ttl'";
        assert_eq!(row(400, &refusal(400, "INVALID_ARGUMENT", "INVALID_ARGUMENT", ours)).0, "bad-request");
    }

    #[test]
    fn the_quota_of_one_device_is_not_the_projects() {
        let words = "Exceeded message rate for the device";
        let got = row(429, &refusal(429, "RESOURCE_EXHAUSTED", "QUOTA_EXCEEDED", words));
        assert_eq!(got, ("retry-60".to_owned(), About::Endpoint, Step::None));
    }

    #[test]
    fn a_wish_for_later_is_heard_and_a_body_that_is_none_leaves_it_to_the_status() {
        let now = "2026-11-22T12:00:00Z".parse().expect("a time");
        let headers = HeaderMap::from_iter([(RETRY_AFTER, "7".parse().expect("a value"))]);
        for body in ["", "<html>", "[]", r#"{"error":1}"#, r#"{"error":{"details":[{}]}}"#] {
            let got = read(StatusCode::SERVICE_UNAVAILABLE, &headers, body.as_bytes(), now);
            assert_eq!(got, Reading::later(Duration::from_secs(7), About::Service), "{body}");
            let got = read(StatusCode::NOT_FOUND, &headers, body.as_bytes(), now);
            assert_eq!(got, Reading::rejected("not-found"), "{body}: the project's name may be wrong");
        }
    }
}
