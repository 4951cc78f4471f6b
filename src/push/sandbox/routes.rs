//! The sandbox's requests and answers.

use super::check::{self, PUSH_BYTES_MAX};
use super::state::{Behaviour, Message, NOT_SIGNED, Reply, State};
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, LOCATION, RETRY_AFTER};
use http::{HeaderMap, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

/// Longest answer on demand, milliseconds.
const DELAY_MS_MAX: u64 = 120_000;
/// Messages in one answer when no number is asked for.
const MESSAGES_PAGE: usize = 1_000;
/// Most messages in one answer.
const MESSAGES_PAGE_MAX: usize = 10_000;
/// Most subscriptions that one request makes.
const COUNT_MAX: usize = 100_000;

type Answer = Response<Full<Bytes>>;

/// A reset that was asked for: hyper turns an error into RST_STREAM or a closed connection.
#[derive(Debug, thiserror::Error)]
#[error("reset on demand")]
pub(super) struct Reset;

/// Answers one request.
pub(super) async fn answer(state: Arc<State>, request: Request<Incoming>) -> Result<Answer, Reset> {
    let path = request.uri().path().to_owned();
    let query = query(request.uri().query());
    let mut segments = path.trim_start_matches('/').split('/');
    let route = (request.method(), segments.next().unwrap_or_default(), segments.next(), segments.next());
    match route {
        (&Method::POST, "push", Some(id), None) => push(&state, id.to_owned(), request).await,
        (&Method::POST, "subscriptions", None, None) => Ok(subscribe(&state, &query)),
        (&Method::PUT, "subscriptions", Some(id), None) => Ok(behave(&state, id, &query)),
        (&Method::GET, "messages", None, None) => Ok(messages(&state, &query)),
        (&Method::DELETE, "messages", None, None) => {
            state.forget();
            Ok(empty(StatusCode::NO_CONTENT))
        }
        (&Method::GET, "counts", None, None) => {
            let each = query.get("each").is_none_or(|each| each != "false");
            Ok(json_answer(StatusCode::OK, &state.counts(each)))
        }
        (_, _, _, _) => Ok(problem(StatusCode::NOT_FOUND, "there is no such thing in the sandbox")),
    }
}

async fn push(state: &State, id: String, request: Request<Incoming>) -> Result<Answer, Reset> {
    let Some(subscription) = state.subscription(&id) else {
        state.count_unknown();
        return Ok(problem(StatusCode::NOT_FOUND, "no such subscription"));
    };
    let protocol = format!("{:?}", request.version());
    let (parts, body) = request.into_parts();
    let headers = parts.headers;
    let Ok(body) = Limited::new(body, PUSH_BYTES_MAX * 2).collect().await else {
        return Ok(problem(StatusCode::PAYLOAD_TOO_LARGE, "the body is too long or broke off"));
    };
    let body = body.to_bytes();
    let now = state.clock.real();
    let token = state.token(headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()));
    let mut problems = token.problems(&state.origin, now);
    let refusal = if problems.is_empty() { StatusCode::BAD_REQUEST.as_u16() } else { NOT_SIGNED };
    problems.extend(check::headers(&headers));
    let plaintext = match check::decrypt(&subscription.private, &subscription.public, &subscription.auth, &body) {
        Ok(plain) => Some(String::from_utf8_lossy(&plain).into_owned()),
        Err(problem) => {
            problems.push(problem);
            None
        }
    };
    let refusal = if body.len() > PUSH_BYTES_MAX { StatusCode::PAYLOAD_TOO_LARGE.as_u16() } else { refusal };
    let message = Message {
        number: 0,
        subscription: id,
        received_ms: now.as_millisecond(),
        protocol,
        headers: shown(&headers),
        claims: token.claims.clone(),
        bytes: body.len(),
        plaintext,
        problems,
        status: Value::Null,
    };
    let (behaviour, number) = state.record(message, token.key.as_deref(), refusal);
    reply(state, behaviour, number, &headers).await
}

async fn reply(state: &State, behaviour: Behaviour, number: u64, headers: &HeaderMap) -> Result<Answer, Reset> {
    if !behaviour.delay.is_zero() {
        tokio::time::sleep(behaviour.delay).await;
    }
    let Reply::Status(status) = behaviour.reply else { return Err(Reset) };
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut answer = empty(status);
    if let Some(seconds) = behaviour.retry_after_s {
        answer.headers_mut().insert(RETRY_AFTER, seconds.into());
    }
    if status == StatusCode::CREATED {
        if let Ok(location) = format!("{}/messages?after={}", state.origin, number.saturating_sub(1)).parse() {
            answer.headers_mut().insert(LOCATION, location);
        }
        if let Some(ttl) = headers.get("ttl") {
            answer.headers_mut().insert("ttl", ttl.clone());
        }
    }
    Ok(answer)
}

/// Headers as they came; the token stands apart, as claims.
fn shown(headers: &HeaderMap) -> BTreeMap<String, String> {
    headers
        .iter()
        .filter(|(name, _)| *name != AUTHORIZATION)
        .map(|(name, value)| (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
        .collect()
}

fn subscribe(state: &State, query: &HashMap<String, String>) -> Answer {
    let behaviour = match behaviour(query) {
        Ok(behaviour) => behaviour,
        Err(text) => return problem(StatusCode::BAD_REQUEST, &text),
    };
    let count = match number(query, "count", 1, COUNT_MAX) {
        Ok(count) => count,
        Err(text) => return problem(StatusCode::BAD_REQUEST, &text),
    };
    let made: Option<Vec<Value>> = (0..count).map(|_| state.subscribe(behaviour)).collect();
    match made {
        Some(made) => json_answer(StatusCode::CREATED, &Value::Array(made)),
        None => problem(StatusCode::INSUFFICIENT_STORAGE, "there are too many subscriptions"),
    }
}

fn behave(state: &State, id: &str, query: &HashMap<String, String>) -> Answer {
    match behaviour(query) {
        Ok(behaviour) if state.behave(id, behaviour) => empty(StatusCode::NO_CONTENT),
        Ok(_) => problem(StatusCode::NOT_FOUND, "no such subscription"),
        Err(text) => problem(StatusCode::BAD_REQUEST, &text),
    }
}

fn messages(state: &State, query: &HashMap<String, String>) -> Answer {
    let read = number(query, "after", 0, u64::MAX)
        .and_then(|after| Ok((after, number(query, "limit", MESSAGES_PAGE, MESSAGES_PAGE_MAX)?)));
    match read {
        Ok((after, limit)) => json_answer(StatusCode::OK, &state.messages(after, limit)),
        Err(text) => problem(StatusCode::BAD_REQUEST, &text),
    }
}

fn behaviour(query: &HashMap<String, String>) -> Result<Behaviour, String> {
    let reply = match query.get("status").map(String::as_str) {
        Some("reset") => Reply::Reset,
        _ => Reply::Status(number(query, "status", 201, 599)?),
    };
    if matches!(reply, Reply::Status(..200)) {
        return Err("status must be 200 to 599 or `reset`".to_owned());
    }
    let optional =
        |name: &str| query.contains_key(name).then(|| number(query, name, 0, u64::from(u32::MAX))).transpose();
    Ok(Behaviour {
        reply,
        retry_after_s: optional("retry_after")?,
        delay: Duration::from_millis(number(query, "delay_ms", 0, DELAY_MS_MAX)?),
        times: optional("times")?.map(|times| u32::try_from(times).unwrap_or(u32::MAX)),
    })
}

fn query(text: Option<&str>) -> HashMap<String, String> {
    url::form_urlencoded::parse(text.unwrap_or_default().as_bytes()).into_owned().collect()
}

fn number<N>(query: &HashMap<String, String>, name: &str, default: N, max: N) -> Result<N, String>
where
    N: std::str::FromStr + PartialOrd + std::fmt::Display + Copy,
{
    let Some(text) = query.get(name) else { return Ok(default) };
    text.parse().ok().filter(|number| *number <= max).ok_or_else(|| format!("{name} must be a number up to {max}"))
}

fn empty(status: StatusCode) -> Answer {
    let mut answer = Response::new(Full::default());
    *answer.status_mut() = status;
    answer
}

fn json_answer(status: StatusCode, value: &Value) -> Answer {
    let mut answer = Response::new(Full::from(value.to_string()));
    *answer.status_mut() = status;
    answer.headers_mut().insert(CONTENT_TYPE, http::HeaderValue::from_static("application/json"));
    answer
}

fn problem(status: StatusCode, text: &str) -> Answer {
    json_answer(status, &json!({ "problem": text }))
}
