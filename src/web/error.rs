//! The only place that turns errors into HTTP statuses: RFC 9457 problem details with a stable `code`.
//!
//! No text of an inner error reaches the client: it is logged once, here, under a reference that the client is told.

use crate::cap::finding::Finding;
use crate::clock;
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};
use serde::Serialize;
use std::error::Error;
use std::time::Duration;

/// One field of a JSON body that cannot be taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldProblem {
    /// JSON Pointer (RFC 6901) to the field.
    pub pointer: String,
    /// Stable name of the rule.
    pub code: &'static str,
    pub detail: String,
}

/// Why a request is not answered as asked.
#[derive(Debug, thiserror::Error)]
pub enum WebError {
    #[error("there is nothing here")]
    NotFound,
    #[error("a credential is needed")]
    Unauthorized,
    #[error("not allowed: {0}")]
    Forbidden(&'static str),
    /// A key asks for what keys of its kind may not do.
    #[error("a test key may only post Test and Exercise")]
    TestKey,
    #[error("the method is not one of this address")]
    MethodNotAllowed,
    /// Other bytes under a (sender, identifier, sent) that is stored already.
    #[error("another alert has this sender, identifier and sent time")]
    Conflict { first: String },
    /// The state does not allow what was asked any more.
    #[error("not possible in state {state}")]
    WrongState { state: &'static str },
    #[error("the author of an alert cannot release it")]
    OwnAlert,
    /// Released now, it would reach nobody.
    #[error("it would reach nobody: {reason}")]
    ReachesNobody { reason: &'static str },
    #[error("the request comes from another site")]
    CrossSite,
    #[error("the body is larger than {bytes_max} bytes")]
    TooLarge { bytes_max: usize },
    #[error("the content type is none of {accepted}")]
    MediaType { accepted: &'static str },
    #[error("the document is not valid")]
    InvalidAlert { findings: Vec<Finding> },
    #[error("the request cannot be read: {detail}")]
    Malformed { detail: String },
    #[error("fields of the body cannot be taken")]
    InvalidFields { fields: Vec<FieldProblem> },
    #[error("this endpoint has a subscription already")]
    EndpointTaken,
    #[error("too many requests")]
    TooMany { wait: Duration },
    #[error("not ready")]
    NotReady,
    #[error("internal error")]
    Internal(#[source] Box<dyn Error + Send + Sync>),
}

impl WebError {
    /// An error of ours: the client learns a reference, the log learns the error.
    pub fn internal(error: impl Error + Send + Sync + 'static) -> Self {
        Self::Internal(Box::new(error))
    }

    pub const fn status(&self) -> StatusCode {
        match self {
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Unauthorized => StatusCode::UNAUTHORIZED,
            Self::Forbidden(_) | Self::TestKey | Self::OwnAlert | Self::CrossSite => StatusCode::FORBIDDEN,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::Conflict { .. } | Self::WrongState { .. } | Self::ReachesNobody { .. } | Self::EndpointTaken => {
                StatusCode::CONFLICT
            }
            Self::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::MediaType { .. } => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::InvalidAlert { .. } | Self::InvalidFields { .. } => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Malformed { .. } => StatusCode::BAD_REQUEST,
            Self::TooMany { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::NotReady => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The stable name, for programs and for Fluent message names.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "not-found",
            Self::Unauthorized => "unauthorized",
            Self::Forbidden(_) => "forbidden",
            Self::TestKey => "test-key",
            Self::MethodNotAllowed => "method-not-allowed",
            Self::Conflict { .. } => "conflict",
            Self::WrongState { .. } => "wrong-state",
            Self::OwnAlert => "own-alert",
            Self::ReachesNobody { .. } => "reaches-nobody",
            Self::CrossSite => "cross-site",
            Self::TooLarge { .. } => "too-large",
            Self::MediaType { .. } => "unsupported-media-type",
            Self::InvalidAlert { .. } => "invalid-alert",
            Self::Malformed { .. } => "malformed",
            // A single fault names itself: `exact-position` is a code that clients look for.
            Self::InvalidFields { fields } => match fields.as_slice() {
                [field] => field.code,
                [first, rest @ ..] if rest.iter().all(|field| field.code == first.code) => first.code,
                [] | [_, ..] => "invalid-fields",
            },
            Self::EndpointTaken => "endpoint-taken",
            Self::TooMany { .. } => "too-many-requests",
            Self::NotReady => "not-ready",
            Self::Internal(_) => "internal",
        }
    }

    fn detail(&self) -> String {
        match self {
            Self::NotFound => "There is nothing at this address.".to_owned(),
            Self::Unauthorized => "Send a valid credential: Authorization: Bearer …".to_owned(),
            Self::Forbidden(why) => (*why).to_owned(),
            Self::TestKey => "A test key may only post alerts with status Test or Exercise.".to_owned(),
            Self::MethodNotAllowed => "This address does not know that method.".to_owned(),
            Self::Conflict { first } => format!(
                "Other bytes with the same sender, identifier and sent were stored before, as alert {first}. \
                 Give a changed alert a new identifier or sent time."
            ),
            Self::WrongState { state } => format!("The broadcast is {state} by now."),
            Self::OwnAlert => "The person behind the key that posted an alert cannot release it.".to_owned(),
            Self::ReachesNobody { reason } => format!("Released now it would reach nobody: {reason}."),
            Self::CrossSite => "The request comes from another site.".to_owned(),
            Self::TooLarge { bytes_max } => format!("The body may have at most {bytes_max} bytes."),
            Self::MediaType { accepted } => format!("Send one of: {accepted}."),
            Self::InvalidAlert { .. } => "The document is not an acceptable CAP alert; see findings.".to_owned(),
            Self::Malformed { detail } => detail.clone(),
            Self::InvalidFields { fields } => {
                fields.iter().map(|field| field.detail.as_str()).collect::<Vec<_>>().join(" ")
            }
            Self::EndpointTaken => "This push endpoint has a subscription with another auth secret.".to_owned(),
            Self::TooMany { wait } => format!("Try again in {} s.", seconds_up(*wait)),
            Self::NotReady => "The service is starting, stopping or cannot reach its database.".to_owned(),
            Self::Internal(_) => String::new(),
        }
    }
}

/// RFC 9457 §3.
#[derive(Debug, Serialize)]
struct Problem<'a> {
    #[serde(rename = "type")]
    type_uri: &'static str,
    title: &'a str,
    status: u16,
    detail: &'a str,
    code: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    findings: Option<&'a [Finding]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    errors: Option<&'a [FieldProblem]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    alert: Option<&'a str>,
    /// What to quote when asking the operator: the log has the error under it.
    #[serde(skip_serializing_if = "Option::is_none")]
    reference: Option<&'a str>,
}

/// Rides on the response of an error, so that pages can show it as a page.
#[derive(Debug, Clone)]
pub struct Shown {
    pub status: StatusCode,
    pub code: &'static str,
    /// What to quote when asking the operator, where there is something in the log.
    pub reference: Option<String>,
}

impl IntoResponse for WebError {
    fn into_response(self) -> Response {
        let status = self.status();
        let code = self.code();
        let reference = match &self {
            Self::Internal(error) => Some(log_internal(error.as_ref())),
            _ => None,
        };
        let detail = match &reference {
            Some(reference) => format!("Something went wrong here; the log has it as {reference}."),
            None => self.detail(),
        };
        let problem = Problem {
            type_uri: "about:blank",
            title: status.canonical_reason().unwrap_or("Error"),
            status: status.as_u16(),
            detail: &detail,
            code,
            findings: if let Self::InvalidAlert { findings } = &self { Some(findings) } else { None },
            errors: if let Self::InvalidFields { fields } = &self { Some(fields) } else { None },
            alert: if let Self::Conflict { first } = &self { Some(first) } else { None },
            reference: reference.as_deref(),
        };
        let body = serde_json::to_vec(&problem).expect("strings and numbers always make JSON");
        let mut response = (status, body).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Self::TooMany { wait } = &self {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds_up(*wait)));
        }
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response.extensions_mut().insert(Shown { status, code, reference });
        response
    }
}

/// Writes the error and all its sources, and returns the reference it is under.
fn log_internal(error: &(dyn Error + 'static)) -> String {
    let reference = clock::random_id();
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        source = inner.source();
    }
    tracing::error!(reference, error = text, "request failed, reference {reference}");
    reference
}

/// Whole seconds, rounded up: a client that waits them is let in.
fn seconds_up(wait: Duration) -> u64 {
    wait.as_secs() + u64::from(wait.subsec_nanos() > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_internal_error_tells_the_client_nothing_of_itself() {
        let error = WebError::internal(std::io::Error::other("password of the database"));
        let response = error.into_response();
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        let body = axum::body::to_bytes(response.into_body(), 10_000).await.expect("a body");
        let text = String::from_utf8(body.to_vec()).expect("text");
        assert!(!text.contains("password"), "{text}");
        assert!(text.contains("\"reference\""), "{text}");
    }

    #[test]
    fn a_wait_is_never_rounded_to_a_time_that_is_too_early() {
        let response = WebError::TooMany { wait: Duration::from_millis(1_200) }.into_response();
        assert_eq!(response.headers()[RETRY_AFTER], "2");
    }

    #[test]
    fn faults_of_one_kind_name_the_problem() {
        let fault = |code| FieldProblem { pointer: "/places/0".to_owned(), code, detail: String::new() };
        let code = |codes: &[&'static str]| {
            WebError::InvalidFields { fields: codes.iter().map(|code| fault(code)).collect() }.code()
        };
        assert_eq!(code(&["exact-position"]), "exact-position");
        assert_eq!(code(&["exact-position", "exact-position"]), "exact-position");
        assert_eq!(code(&["exact-position", "unknown-step"]), "invalid-fields");
    }
}
