//! What Apple's answers mean ("Handling notification responses from APNs"), reason by reason.

use crate::model::outcome::Fate;
use crate::push::reading::{About, Reading, Step, retry_after};
use a2::ErrorReason;
use http::{HeaderMap, StatusCode};
use jiff::Timestamp;
use serde::Deserialize;
use serde::de::IntoDeserializer;
use serde::de::value::{Error as NoReason, StrDeserializer};
use std::time::Duration;

/// How long Apple is left alone when it finds that we make tokens too often, seconds.
const TOKENS_PAUSE_S: u64 = 60;

/// What must be known to judge an answer.
#[derive(Debug, Clone, Copy)]
pub struct Seen {
    /// Whether the other environment can still be asked.
    pub other_environment: bool,
    /// Real time at which the device last told us its token.
    pub told: Timestamp,
    /// Real time now.
    pub now: Timestamp,
}

/// The body of a refusal.
#[derive(Debug, Default, Deserialize)]
struct Refusal {
    #[serde(default)]
    reason: String,
    /// When Apple found that the token is no more, milliseconds since 1970.
    timestamp: Option<i64>,
}

/// Reads an answer. An endpoint is given up only where Apple says that this very token is no more.
pub fn read(status: StatusCode, headers: &HeaderMap, body: &[u8], seen: &Seen) -> Reading {
    if status.is_success() {
        return Reading::ACCEPTED;
    }
    // A body that is none says nothing, and the status decides.
    let refusal: Refusal = serde_json::from_slice(body).unwrap_or_default();
    let known: StrDeserializer<'_, NoReason> = refusal.reason.as_str().into_deserializer();
    let later = |about| Reading::later(retry_after(headers, seen.now).unwrap_or_default(), about);
    match ErrorReason::deserialize(known) {
        Ok(reason) => by_reason(&reason, &refusal, seen, &later),
        Err(_) => by_name(&refusal, seen).unwrap_or_else(|| by_status(status, &refusal, &later)),
    }
}

/// The reasons that `a2` knows.
fn by_reason(reason: &ErrorReason, refusal: &Refusal, seen: &Seen, later: &dyn Fn(About) -> Reading) -> Reading {
    match reason {
        ErrorReason::Unregistered => no_more(refusal, seen),
        ErrorReason::BadDeviceToken => {
            // One that Apple never gave, or all of them where the environment is the wrong one.
            let judged = Reading::perhaps(refused(refusal), Fate::Gone);
            if seen.other_environment { judged.but_first(Step::OtherEnvironment) } else { judged }
        }
        // One citizen's token of another app, or an app of ours that the key may not speak for.
        ErrorReason::DeviceTokenNotForTopic | ErrorReason::TopicDisallowed | ErrorReason::BadTopic => {
            Reading::perhaps(refused(refusal), Fate::Rejected)
        }
        ErrorReason::ExpiredProviderToken => Reading::misconfigured(refused(refusal)).but_first(Step::NewToken),
        ErrorReason::InvalidProviderToken
        | ErrorReason::MissingProviderToken
        | ErrorReason::BadCertificate
        | ErrorReason::BadCertificateEnvironment
        | ErrorReason::Forbidden => Reading::misconfigured(refused(refusal)),
        // The token stays as it is: a new one would make it worse.
        ErrorReason::TooManyProviderTokenUpdates => Reading::later(Duration::from_secs(TOKENS_PAUSE_S), About::Service),
        ErrorReason::TooManyRequests => later(About::Endpoint),
        ErrorReason::IdleTimeout | ErrorReason::InternalServerError | ErrorReason::ServiceUnavailable => {
            later(About::Service)
        }
        ErrorReason::Shutdown => later(About::Service).but_first(Step::NewConnection),
        ErrorReason::PayloadTooLarge => Reading::rejected("too-large"),
        // Our bugs, all of them: the device is as it was.
        ErrorReason::BadCollapseId
        | ErrorReason::BadExpirationDate
        | ErrorReason::BadMessageId
        | ErrorReason::BadPriority
        | ErrorReason::DuplicateHeaders
        | ErrorReason::MissingDeviceToken
        | ErrorReason::MissingTopic
        | ErrorReason::PayloadEmpty
        | ErrorReason::BadPath
        | ErrorReason::MethodNotAllowed => Reading::rejected("bad-request"),
    }
}

/// Reasons that came after `a2`.
fn by_name(refusal: &Refusal, seen: &Seen) -> Option<Reading> {
    match refusal.reason.as_str() {
        "ExpiredToken" => Some(no_more(refusal, seen)),
        "BadEnvironmentKeyInToken" | "BadEnvironmentKeyIdInToken" | "UnrelatedKeyIdInToken" => {
            Some(Reading::misconfigured(refused(refusal)))
        }
        "InvalidPushType" => Some(Reading::rejected("bad-request")),
        _ => None,
    }
}

/// No reason, or one that nobody knows yet: the endpoint stays.
fn by_status(status: StatusCode, refusal: &Refusal, later: &dyn Fn(About) -> Reading) -> Reading {
    match status.as_u16() {
        401 | 403 => Reading::misconfigured(refused(refusal)),
        408 | 425 | 500..=599 => later(About::Service),
        429 => later(About::Endpoint),
        410 => Reading::rejected("unregistered"),
        413 => Reading::rejected("too-large"),
        300..=399 => Reading::rejected("redirect"),
        400 | 404 | 405 => Reading::rejected("bad-request"),
        _ => Reading::rejected("refused"),
    }
}

/// The token is no more, unless the device has told it to us again since Apple found that.
fn no_more(refusal: &Refusal, seen: &Seen) -> Reading {
    let found = refusal.timestamp.and_then(|ms| Timestamp::from_millisecond(ms).ok());
    let told_since = found.is_some_and(|found| seen.told > found);
    if told_since { Reading::rejected("unregistered") } else { Reading::gone() }
}

fn refused(refusal: &Refusal) -> String {
    let named = !refusal.reason.is_empty() && refusal.reason.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let reason = if named { refusal.reason.as_str() } else { "no reason given" };
    format!("APNs refuses our key or app: {reason}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::outcome::{Doubt, Outcome};
    use http::header::RETRY_AFTER;

    fn at(text: &str) -> Timestamp {
        text.parse().expect("a time")
    }

    fn seen() -> Seen {
        let now = at("2026-11-22T12:00:00Z");
        Seen { other_environment: false, told: at("2026-11-01T00:00:00Z"), now }
    }

    fn reading(status: u16, body: &str, seen: &Seen) -> Reading {
        read(StatusCode::from_u16(status).expect("a status"), &HeaderMap::new(), body.as_bytes(), seen)
    }

    /// What becomes of it in one word, whose affair it is, and what comes first.
    fn row(status: u16, body: &str) -> (String, About, Step) {
        let Reading { outcome, about, step } = reading(status, body, &seen());
        let word = match outcome {
            Outcome::Misconfigured { doubt: Doubt::Perhaps(Fate::Gone), .. } => "perhaps gone".to_owned(),
            Outcome::Misconfigured { doubt: Doubt::Perhaps(Fate::Rejected), .. } => "perhaps rejected".to_owned(),
            Outcome::Rejected { code } => code.to_owned(),
            Outcome::Retry { after } => format!("retry {}", after.as_secs()),
            other => other.as_str().to_owned(),
        };
        (word, about, step)
    }

    /// Apple's table of reasons, written out apart from the code.
    const TABLE: &str = "
        400 BadCollapseId               bad-request    endpoint
        400 BadDeviceToken              perhaps-gone   endpoint
        400 BadExpirationDate           bad-request    endpoint
        400 BadMessageId                bad-request    endpoint
        400 BadPriority                 bad-request    endpoint
        400 BadTopic                    perhaps-rejected endpoint
        400 DeviceTokenNotForTopic      perhaps-rejected endpoint
        400 DuplicateHeaders            bad-request    endpoint
        400 IdleTimeout                 retry 0        service
        400 InvalidPushType             bad-request    endpoint
        400 MissingDeviceToken          bad-request    endpoint
        400 MissingTopic                bad-request    endpoint
        400 PayloadEmpty                bad-request    endpoint
        400 TopicDisallowed             perhaps-rejected endpoint
        403 BadCertificate              misconfigured  service
        403 BadCertificateEnvironment   misconfigured  service
        403 BadEnvironmentKeyInToken    misconfigured  service
        403 BadEnvironmentKeyIdInToken  misconfigured  service
        403 ExpiredProviderToken        misconfigured  service   new-token
        403 Forbidden                   misconfigured  service
        403 InvalidProviderToken        misconfigured  service
        403 MissingProviderToken        misconfigured  service
        403 UnrelatedKeyIdInToken       misconfigured  service
        404 BadPath                     bad-request    endpoint
        405 MethodNotAllowed            bad-request    endpoint
        410 ExpiredToken                gone           endpoint
        410 Unregistered                gone           endpoint
        413 PayloadTooLarge             too-large      endpoint
        429 TooManyProviderTokenUpdates retry 60       service
        429 TooManyRequests             retry 0        endpoint
        500 InternalServerError         retry 0        service
        503 ServiceUnavailable          retry 0        service
        503 Shutdown                    retry 0        service   new-connection
        400 SomethingNew                bad-request    endpoint
        403 SomethingNew                misconfigured  service
        410 SomethingNew                unregistered   endpoint
        429 SomethingNew                retry 0        endpoint
        502 SomethingNew                retry 0        service
        302 SomethingNew                redirect       endpoint
        418 SomethingNew                refused        endpoint
    ";

    #[test]
    fn every_reason_has_the_action_of_the_table() {
        let mut rows = 0;
        for line in TABLE.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let line = line.replace("retry ", "retry-");
            let cells: Vec<&str> = line.split_whitespace().collect();
            let step = match cells.get(4) {
                Some(&"new-token") => Step::NewToken,
                Some(&"new-connection") => Step::NewConnection,
                _ => Step::None,
            };
            let about = if cells[3] == "service" { About::Service } else { About::Endpoint };
            let want = (cells[2].replace('-', " "), about, step);
            let body = format!(r#"{{"reason":"{}"}}"#, cells[1]);
            let (word, about, step) = row(cells[0].parse().expect("a number"), &body);
            assert_eq!((word.replace('-', " "), about, step), want, "{line}");
            rows += 1;
        }
        assert_eq!(rows, 40);
    }

    #[test]
    fn a_body_that_is_none_leaves_it_to_the_status() {
        for body in ["", "<html>", "[]", r#"{"reason":1}"#, r#"{"reason":null}"#] {
            assert_eq!(row(410, body).0, "unregistered", "{body}");
            assert_eq!(row(503, body).0, "retry 0", "{body}");
            assert_eq!(row(200, body).0, "accepted", "{body}");
        }
    }

    #[test]
    fn a_token_is_given_up_unless_it_was_told_again_since() {
        let found = at("2026-11-10T00:00:00Z");
        let body = format!(r#"{{"reason":"Unregistered","timestamp":{}}}"#, found.as_millisecond());
        let told = |text: &str| reading(410, &body, &Seen { told: at(text), ..seen() }).outcome;
        assert_eq!(told("2026-11-09T23:59:59Z"), Outcome::Gone);
        assert_eq!(told("2026-11-10T00:00:00Z"), Outcome::Gone);
        assert_eq!(told("2026-11-10T00:00:01Z"), Outcome::Rejected { code: "unregistered" });
    }

    #[test]
    fn an_unknown_token_is_looked_for_elsewhere_where_there_is_an_elsewhere() {
        let body = r#"{"reason":"BadDeviceToken"}"#;
        let other = reading(400, body, &Seen { other_environment: true, ..seen() });
        assert_eq!(other, reading(400, body, &seen()).but_first(Step::OtherEnvironment));
    }

    #[test]
    fn a_wish_for_later_is_heard() {
        let headers = HeaderMap::from_iter([(RETRY_AFTER, "7".parse().expect("a value"))]);
        let reading = read(StatusCode::SERVICE_UNAVAILABLE, &headers, br#"{"reason":"ServiceUnavailable"}"#, &seen());
        assert_eq!(reading, Reading::later(Duration::from_secs(7), About::Service));
    }

    #[test]
    fn what_is_logged_of_a_refusal_is_a_plain_word() {
        let Outcome::Misconfigured { reason, .. } = reading(403, r#"{"reason":"x\ny \u001b[1m"}"#, &seen()).outcome
        else {
            panic!("another outcome")
        };
        assert!(reason.ends_with("no reason given"), "{reason}");
    }
}
