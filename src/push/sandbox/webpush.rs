//! A Web Push service (RFC 8030) and the browser behind it.

use super::behaviour::{Behaviour, Ending};
use super::check::{self, PUSH_BYTES_MAX};
use super::reply::{Cut, Reply};
use super::service::Service;
use super::state::{Seen, State};
use super::tally::Marks;
use bytes::Bytes;
use http::StatusCode;
use http::header::{AUTHORIZATION, LOCATION, RETRY_AFTER};
use http::request::Parts;
use serde_json::Value;

/// A push that cannot be signed for, or with another key than before, is refused with this; any other fault with 400.
const NOT_SIGNED: u16 = 403;

/// Answers `POST /push/{id}`.
pub(super) async fn push(state: &State, parts: &Parts, id: &str, body: &Bytes) -> Result<Reply, Cut> {
    let found = state.find(id);
    let Some((index, subscription)) = found.and_then(|found| Some((found.index, found.subscription?))) else {
        state.record(unknown(parts, id, body.len()));
        return Ok(Reply::problem(StatusCode::NOT_FOUND, "no such subscription"));
    };
    let text = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok());
    let token = state.token(text(AUTHORIZATION.as_str()));
    let mut problems = token.problems(&state.origin, state.clock.real());
    if token.key.as_deref().is_some_and(|key| !state.is_bound_to(index, key)) {
        problems.push("VAPID: another key than the first push's".to_owned());
    }
    let signed = problems.is_empty();
    problems.extend(check::headers(&parts.headers));
    let topic = text("topic").unwrap_or_default();
    let mut marks = Marks { chain: topic.to_owned(), ..Marks::default() };
    let reads = state.reads(Service::WebPush, topic);
    let plaintext = if reads || body.len() > PUSH_BYTES_MAX {
        match check::decrypt(&subscription.private, &subscription.public, &subscription.auth, body) {
            Ok(plain) => {
                read(&plain, &mut marks);
                Some(String::from_utf8_lossy(&plain).into_owned())
            }
            Err(problem) => {
                problems.push(problem);
                None
            }
        }
    } else {
        None
    };
    let refused = match (problems.is_empty(), body.len() > PUSH_BYTES_MAX, signed) {
        (true, _, _) => None,
        (false, true, _) => Some(StatusCode::PAYLOAD_TOO_LARGE.as_u16()),
        (false, false, true) => Some(StatusCode::BAD_REQUEST.as_u16()),
        (false, false, false) => Some(NOT_SIGNED),
    };
    let seen = Seen {
        channel: Service::WebPush,
        id,
        index: Some(index),
        parts,
        claims: token.claims.as_ref(),
        bytes: body.len(),
        text: plaintext,
        problems,
        marks,
        kept: reads,
        refusal: refused.map(|status| Behaviour::status(status, None)),
    };
    let (behaviour, number) = state.record(seen);
    answer(state, parts, behaviour, number).await
}

/// A push to something that is not here.
fn unknown<'a>(parts: &'a Parts, id: &'a str, bytes: usize) -> Seen<'a> {
    Seen {
        channel: Service::WebPush,
        id,
        index: None,
        parts,
        claims: None,
        bytes,
        text: None,
        problems: Vec::new(),
        marks: Marks::default(),
        kept: false,
        refusal: Some(Behaviour::status(StatusCode::NOT_FOUND.as_u16(), None)),
    }
}

/// What the browser's worker would find in it.
fn read(plain: &[u8], marks: &mut Marks) {
    let shown: Value = serde_json::from_slice(plain).unwrap_or_default();
    let own = |name: &str| shown["beffroi"][name].as_str().unwrap_or_default().to_owned();
    (marks.alert, marks.tier) = (own("alert"), own("tier"));
    if marks.chain.is_empty() {
        marks.chain = own("chain");
    }
}

async fn answer(state: &State, parts: &Parts, behaviour: Behaviour, number: u64) -> Result<Reply, Cut> {
    if !behaviour.delay.is_zero() {
        tokio::time::sleep(behaviour.delay).await;
    }
    let status = match behaviour.ending {
        Ending::Reset => return Err(Cut::Reset),
        Ending::Drop => return Err(Cut::Drop),
        Ending::Well | Ending::GoAway => StatusCode::CREATED,
        Ending::Status(status) => StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
    };
    let mut reply = Reply::empty(status);
    reply.effect.goaway = behaviour.ending == Ending::GoAway;
    if let Some(seconds) = behaviour.retry_after_s {
        reply = reply.header(RETRY_AFTER, seconds);
    }
    if status == StatusCode::CREATED {
        reply = reply.header(LOCATION, format!("{}/messages?after={}", state.origin, number.saturating_sub(1)));
        if let Some(ttl) = parts.headers.get("ttl") {
            reply = reply.header(http::HeaderName::from_static("ttl"), ttl.clone());
        }
    }
    Ok(reply)
}
