//! What tests and people ask the sandbox itself.

use super::behaviour::{Behaviour, Ending, Fault, FaultKind, STALL_MS, reason};
use super::recipients::{SUBSCRIPTIONS_MAX, Wanted};
use super::reply::Reply;
use super::service::Service;
use super::state::State;
use http::request::Parts;
use http::{Method, StatusCode};
use std::collections::HashMap;
use std::str::FromStr;
use std::time::Duration;

/// Longest answer on demand, milliseconds.
const DELAY_MS_MAX: u64 = 120_000;
/// Messages in one answer when no number is asked for.
const MESSAGES_PAGE: usize = 1_000;
/// Most messages in one answer.
const MESSAGES_PAGE_MAX: usize = 10_000;
/// Most subscriptions that one answer lists.
const COUNT_MAX: u32 = 100_000;

type Query = HashMap<String, String>;

/// Answers a request that is none of a push service's.
pub(super) fn answer(state: &State, parts: &Parts) -> Reply {
    let query = url::form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes()).into_owned().collect();
    let mut segments = parts.uri.path().trim_start_matches('/').split('/');
    let route = (&parts.method, segments.next().unwrap_or_default(), segments.next(), segments.next());
    let answered = match route {
        (&Method::POST, "subscriptions", None, None) => subscribe(state, &query),
        (&Method::PUT, "subscriptions", Some(id), None) => behave(state, id, &query),
        (&Method::GET, "messages", None, None) => messages(state, &query),
        (&Method::GET, "waiting", Some(id), None) => Ok(Reply::json(StatusCode::OK, &state.waiting(id))),
        (&Method::DELETE, "messages", None, None) => {
            state.forget();
            Ok(Reply::empty(StatusCode::NO_CONTENT))
        }
        (&Method::GET, "counts", None, None) => {
            Ok(Reply::json(StatusCode::OK, &state.counts(query.get("each").is_none_or(|each| each != "false"))))
        }
        (&Method::GET, "told", None, None) => {
            let alert = |name: &str| query.get(name).map_or("", String::as_str);
            Ok(Reply::json(StatusCode::OK, &state.told(alert("alert"), alert("then"))))
        }
        (&Method::PUT, "faults", None, None) => script(state, &query),
        (&Method::GET, "faults", None, None) => Ok(Reply::json(StatusCode::OK, &state.faults())),
        (&Method::DELETE, "faults", None, None) => {
            state.clear_faults();
            Ok(Reply::empty(StatusCode::NO_CONTENT))
        }
        (&Method::PUT, "settings", None, None) => settings(state, &query),
        (&Method::GET, "credentials", None, None) => match state.credentials.json() {
            Ok(json) => Ok(Reply::json(StatusCode::OK, &json)),
            Err(error) => Ok(Reply::problem(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string())),
        },
        (&Method::DELETE, "tokens", None, None) => {
            state.access.lock().expect("no one panics while holding it").revoke();
            Ok(Reply::empty(StatusCode::NO_CONTENT))
        }
        (_, _, _, _) => Ok(Reply::problem(StatusCode::NOT_FOUND, "there is no such thing in the sandbox")),
    };
    answered.unwrap_or_else(|text| Reply::problem(StatusCode::BAD_REQUEST, &text))
}

fn subscribe(state: &State, query: &Query) -> Result<Reply, String> {
    let channel = channel(query)?.unwrap_or(Service::WebPush);
    let compact = query.get("compact").is_some_and(|compact| compact == "true");
    let most = if compact { u32::try_from(SUBSCRIPTIONS_MAX).unwrap_or(u32::MAX) } else { COUNT_MAX };
    let count = number(query, "count", 1, most)?;
    let wanted = Wanted {
        channel,
        count,
        keys: number(query, "keys", count, COUNT_MAX)?,
        behaviour: behaviour(Some(channel), query)?,
        compact,
    };
    Ok(match state.subscribe(&wanted) {
        Some(made) => Reply::json(StatusCode::CREATED, &made),
        None => Reply::problem(StatusCode::INSUFFICIENT_STORAGE, "there are too many subscriptions"),
    })
}

fn behave(state: &State, id: &str, query: &Query) -> Result<Reply, String> {
    let channel = state.find(id).map(|found| found.channel);
    Ok(if state.behave(id, behaviour(channel, query)?) {
        Reply::empty(StatusCode::NO_CONTENT)
    } else {
        Reply::problem(StatusCode::NOT_FOUND, "no such subscription")
    })
}

fn messages(state: &State, query: &Query) -> Result<Reply, String> {
    let after = number(query, "after", 0, u64::MAX)?;
    let limit = number(query, "limit", MESSAGES_PAGE, MESSAGES_PAGE_MAX)?;
    Ok(Reply::json(StatusCode::OK, &state.messages(after, limit)))
}

fn script(state: &State, query: &Query) -> Result<Reply, String> {
    let word = query.get("fault").map_or("", String::as_str);
    let Some((_, fault)) = FaultKind::ALL.into_iter().find(|(name, _)| *name == word) else {
        let names: Vec<&str> = FaultKind::ALL.iter().map(|(name, _)| *name).collect();
        return Err(format!("fault must be one of {}", names.join(", ")));
    };
    let share: f64 = number(query, "share", 1.0, 1.0)?;
    let stall = if fault == FaultKind::Stall { STALL_MS } else { 0 };
    let channel = channel(query)?;
    let scripted = state.script(Fault {
        fault,
        channel,
        share,
        seed: number(query, "seed", 0, u64::MAX)?,
        reason: word_of(channel, query)?.map(|(_, reason)| reason),
        retry_after: optional(query, "retry_after", u64::from(u32::MAX))?,
        delay_ms: number(query, "delay_ms", stall, DELAY_MS_MAX)?,
        times: optional(query, "times", u32::MAX)?,
        duration_ms: optional(query, "duration_ms", u64::MAX)?,
        begun: state.clock.monotonic(),
        taken: HashMap::new(),
        met: 0,
    });
    Ok(if scripted {
        Reply::empty(StatusCode::NO_CONTENT)
    } else {
        Reply::problem(StatusCode::INSUFFICIENT_STORAGE, "there are too many faults")
    })
}

fn settings(state: &State, query: &Query) -> Result<Reply, String> {
    if let Some(every) = optional(query, "decrypt_every", u64::MAX)? {
        state.read_every(every);
    }
    if let Some(quota) = optional(query, "quota_per_minute", u64::MAX)? {
        state.quota.lock().expect("no one panics while holding it").per_minute = quota;
    }
    if let Some(seconds) = optional(query, "token_update_s", u64::from(u32::MAX))? {
        state.provider.lock().expect("no one panics while holding it").update_min = Duration::from_secs(seconds);
    }
    Ok(Reply::empty(StatusCode::NO_CONTENT))
}

fn behaviour(channel: Option<Service>, query: &Query) -> Result<Behaviour, String> {
    let word = word_of(channel, query)?;
    let ending = match (query.get("status").map(String::as_str), word) {
        (Some("reset"), _) => Ending::Reset,
        (Some("drop"), _) => Ending::Drop,
        (Some("goaway"), _) => Ending::GoAway,
        (Some(_), _) => Ending::Status(number(query, "status", 201, 599)?),
        (None, Some((status, _))) => Ending::Status(status),
        (None, None) => Ending::Well,
    };
    if matches!(ending, Ending::Status(..200)) {
        return Err("status must be 200 to 599, `reset`, `drop` or `goaway`".to_owned());
    }
    Ok(Behaviour {
        ending,
        reason: word.map(|(_, reason)| reason),
        retry_after_s: optional(query, "retry_after", u64::from(u32::MAX))?,
        delay: Duration::from_millis(number(query, "delay_ms", 0, DELAY_MS_MAX)?),
        times: optional(query, "times", u32::MAX)?,
    })
}

/// The service's own word that an answer is to have.
fn word_of(channel: Option<Service>, query: &Query) -> Result<Option<(u16, &'static str)>, String> {
    let Some(word) = query.get("reason") else { return Ok(None) };
    reason(channel, word).map(Some).ok_or_else(|| format!("reason: no service says {word:?}"))
}

fn channel(query: &Query) -> Result<Option<Service>, String> {
    let Some(word) = query.get("channel") else { return Ok(None) };
    let found = Service::ALL.into_iter().find(|kind| kind.as_str() == word);
    found.map(Some).ok_or_else(|| "channel must be webpush, apns or fcm".to_owned())
}

fn number<N>(query: &Query, name: &str, default: N, max: N) -> Result<N, String>
where
    N: FromStr + PartialOrd + std::fmt::Display + Copy,
{
    Ok(optional(query, name, max)?.unwrap_or(default))
}

fn optional<N>(query: &Query, name: &str, max: N) -> Result<Option<N>, String>
where
    N: FromStr + PartialOrd + std::fmt::Display + Copy,
{
    let Some(text) = query.get(name) else { return Ok(None) };
    let read = text.parse().ok().filter(|number| *number <= max);
    read.map(Some).ok_or_else(|| format!("{name} must be a number up to {max}"))
}
