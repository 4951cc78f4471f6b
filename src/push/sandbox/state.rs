//! What the sandbox remembers, all of it bounded: recipients, how they behave, what came.

use super::authority::Authority;
use super::away;
use super::behaviour::{Behaviour, Ending, Fault, Faults};
use super::check::Token;
use super::credentials::Credentials;
use super::fcm::Quota;
use super::oauth::AccessTokens;
use super::provider::Provider;
use super::recipients::{Found, Recipients, Wanted};
use super::service::Service;
use super::tally::{Marks, Tally};
use crate::clock::Clock;
use http::HeaderMap;
use http::header::AUTHORIZATION;
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

/// Most messages kept; older ones are forgotten.
pub const MESSAGES_KEPT_MAX: usize = 50_000;
/// Most bytes of text kept in messages.
const MESSAGES_BYTES_MAX: usize = 128 * 1_024 * 1_024;
/// Most tokens whose check is remembered.
const TOKENS_MAX: usize = 256;
/// Most different problems that are counted each for itself.
const PROBLEMS_MAX: usize = 200;

/// A push as it came.
#[derive(Debug, Serialize)]
pub(super) struct Message {
    number: u64,
    pub(super) channel: Service,
    /// The recipient's id: what ends the endpoint, or the token.
    subscription: String,
    /// Real time, milliseconds since 1970.
    received_ms: i64,
    protocol: String,
    pub(super) headers: BTreeMap<String, String>,
    #[serde(flatten)]
    marks: Marks,
    claims: Option<Value>,
    bytes: usize,
    pub(super) plaintext: Option<String>,
    problems: Vec<String>,
    /// The status it was answered with, `reset` or `drop`.
    status: Value,
    /// The service's own word for a refusal.
    reason: Option<&'static str>,
}

/// A push that was checked and is to be remembered and answered.
pub(super) struct Seen<'a> {
    pub(super) channel: Service,
    pub(super) id: &'a str,
    /// The recipient's index, where there is such a recipient.
    pub(super) index: Option<u32>,
    pub(super) parts: &'a http::request::Parts,
    pub(super) claims: Option<&'a Value>,
    pub(super) bytes: usize,
    /// What it says; `None` where that was not or could not be read.
    pub(super) text: Option<String>,
    pub(super) problems: Vec<String>,
    pub(super) marks: Marks,
    /// Whether it is kept to be looked at.
    pub(super) kept: bool,
    /// How it is answered whatever was scripted.
    pub(super) refusal: Option<Behaviour>,
}

#[derive(Default)]
struct Inner {
    recipients: Recipients,
    faults: Faults,
    messages: VecDeque<Message>,
    messages_bytes: usize,
    number: u64,
    tally: Tally,
    problems: BTreeMap<String, u64>,
    unknown: u64,
    connections: u64,
    early_streams: u64,
    tokens: HashMap<String, Arc<Token>>,
}

/// The whole sandbox.
pub(super) struct State {
    pub(super) origin: String,
    pub(super) clock: Clock,
    pub(super) credentials: Credentials,
    /// Apple's side of provider tokens.
    pub(super) provider: Mutex<Provider>,
    /// Google's side of access tokens.
    pub(super) access: Mutex<AccessTokens>,
    pub(super) quota: Mutex<Quota>,
    /// Of so many pushes, one is decrypted and kept.
    read_every: AtomicU64,
    sampled: AtomicU64,
    inner: Mutex<Inner>,
}

impl State {
    pub(super) fn new(origin: String, clock: Clock, authority: &Authority) -> Self {
        let credentials = Credentials::new(authority.folder(), &origin);
        Self {
            origin,
            clock,
            credentials,
            provider: Mutex::default(),
            access: Mutex::default(),
            quota: Mutex::default(),
            read_every: AtomicU64::new(1),
            sampled: AtomicU64::new(0),
            inner: Mutex::default(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().expect("no one panics while holding it")
    }

    /// New recipients; `None` when there are too many.
    pub(super) fn subscribe(&self, wanted: &Wanted) -> Option<Value> {
        self.lock().recipients.make(&self.origin, wanted)
    }

    pub(super) fn find(&self, id: &str) -> Option<Found> {
        self.lock().recipients.find(id)
    }

    /// `false` when there is no such recipient.
    pub(super) fn behave(&self, id: &str, behaviour: Behaviour) -> bool {
        self.lock().recipients.behave(id, behaviour)
    }

    pub(super) fn is_bound_to(&self, index: u32, sender: &str) -> bool {
        self.lock().recipients.is_bound_to(index, sender)
    }

    /// `false` when there are too many faults.
    pub(super) fn script(&self, fault: Fault) -> bool {
        self.lock().faults.script(fault)
    }

    pub(super) fn clear_faults(&self) {
        self.lock().faults.clear();
    }

    pub(super) fn faults(&self) -> Value {
        json!(self.lock().faults.all())
    }

    /// Of how many pushes one is decrypted and kept from now on; at least 1.
    pub(super) fn read_every(&self, every: u64) {
        self.read_every.store(every.max(1), Ordering::Relaxed);
    }

    /// Whether this push is to be read and kept. The first of each chain always is.
    pub(super) fn reads(&self, channel: Service, chain: &str) -> bool {
        let every = self.read_every.load(Ordering::Relaxed);
        let turn = self.sampled.fetch_add(1, Ordering::Relaxed);
        every == 1 || turn.is_multiple_of(every) || !self.lock().tally.knows(channel, chain)
    }

    /// The token of an `Authorization` header; its signature is verified once, since one serves very many pushes.
    pub(super) fn token(&self, authorization: Option<&str>) -> Arc<Token> {
        let Some(text) = authorization else {
            return Arc::new(Token::read(None));
        };
        if let Some(token) = self.lock().tokens.get(text) {
            return Arc::clone(token);
        }
        let token = Arc::new(Token::read(Some(text)));
        let mut inner = self.lock();
        if inner.tokens.len() >= TOKENS_MAX {
            inner.tokens.clear();
        }
        inner.tokens.insert(text.to_owned(), Arc::clone(&token));
        token
    }

    pub(super) fn count_connection(&self) {
        self.lock().connections += 1;
    }

    pub(super) fn count_early_stream(&self) {
        self.lock().early_streams += 1;
    }

    /// Remembers a push and says how to answer it, with its number.
    pub(super) fn record(&self, seen: Seen<'_>) -> (Behaviour, u64) {
        let (real_ms, now) = (self.clock.real().as_millisecond(), self.clock.monotonic());
        let mut guard = self.lock();
        let inner = &mut *guard;
        inner.number += 1;
        inner.unknown += u64::from(seen.index.is_none());
        let behaviour = match (seen.refusal, seen.index) {
            (Some(refusal), _) => refusal,
            (None, Some(index)) => match inner.recipients.take(index) {
                Behaviour::WELL => inner.faults.meet(seen.channel, index, now).unwrap_or(Behaviour::WELL),
                own => own,
            },
            (None, None) => Behaviour::WELL,
        };
        let status = match behaviour.ending {
            Ending::Status(status) => status.into(),
            Ending::Well | Ending::GoAway if seen.channel == Service::WebPush => 201.into(),
            Ending::Well | Ending::GoAway => 200.into(),
            Ending::Reset => "reset".into(),
            Ending::Drop => "drop".into(),
        };
        inner.tally.received(seen.channel, !seen.problems.is_empty(), &status);
        if let (true, Some(index)) = (behaviour.ending.is_accepted(), seen.index) {
            inner.recipients.count_accepted(index);
            inner.tally.accepted(seen.channel, &seen.marks, index, real_ms);
        }
        for problem in &seen.problems {
            if inner.problems.len() < PROBLEMS_MAX || inner.problems.contains_key(problem) {
                *inner.problems.entry(problem.clone()).or_default() += 1;
            }
        }
        if seen.kept || !seen.problems.is_empty() {
            inner.keep(Message {
                number: inner.number,
                channel: seen.channel,
                subscription: seen.id.to_owned(),
                received_ms: real_ms,
                protocol: format!("{:?}", seen.parts.version),
                headers: shown(&seen.parts.headers),
                marks: seen.marks,
                claims: seen.claims.cloned(),
                bytes: seen.bytes,
                plaintext: seen.text,
                problems: seen.problems,
                status,
                reason: behaviour.reason,
            });
        }
        (behaviour, inner.number)
    }

    /// Messages with higher numbers than `after`, oldest first, as a JSON array.
    pub(super) fn messages(&self, after: u64, limit: usize) -> Value {
        let inner = self.lock();
        let from = inner.messages.partition_point(|message| message.number <= after);
        json!(inner.messages.iter().skip(from).take(limit).collect::<Vec<_>>())
    }

    /// What of the messages that were accepted for a recipient would still wait for it, had it been away since the last
    /// clearing, as a JSON array.
    pub(super) fn waiting(&self, id: &str) -> Value {
        let inner = self.lock();
        let accepted = |message: &&Message| message.status.as_u64().is_some_and(|status| (200..300).contains(&status));
        json!(away::waiting(inner.messages.iter().filter(|message| message.subscription == id).filter(accepted)))
    }

    /// How much came; `each` adds what was accepted for each subscription, which may be many.
    pub(super) fn counts(&self, each: bool) -> Value {
        let inner = self.lock();
        let mut counts = inner.tally.json();
        counts["unknown"] = inner.unknown.into();
        counts["connections"] = inner.connections.into();
        counts["early_streams"] = inner.early_streams.into();
        counts["found"] = json!(inner.problems);
        counts["by_subscription"] = if each { json!(inner.recipients.accepted()) } else { Value::Null };
        counts
    }

    /// Who accepted a message, and how many of them not another one.
    pub(super) fn told(&self, alert: &str, then: &str) -> Value {
        self.lock().tally.told(alert, then)
    }

    /// Forgets messages and sets the counts to zero. Numbers go on, recipients and faults stay.
    pub(super) fn forget(&self) {
        let mut inner = self.lock();
        inner.messages.clear();
        inner.problems.clear();
        inner.tally = Tally::default();
        inner.recipients.forget();
        (inner.messages_bytes, inner.unknown, inner.connections, inner.early_streams) = (0, 0, 0, 0);
    }
}

/// Headers as they came; the token stands apart, as claims.
fn shown(headers: &HeaderMap) -> BTreeMap<String, String> {
    headers
        .iter()
        .filter(|(name, _)| *name != AUTHORIZATION)
        .map(|(name, value)| (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
        .collect()
}

impl Inner {
    fn keep(&mut self, message: Message) {
        self.messages_bytes += message.weight();
        self.messages.push_back(message);
        while self.messages.len() > MESSAGES_KEPT_MAX || self.messages_bytes > MESSAGES_BYTES_MAX {
            let Some(oldest) = self.messages.pop_front() else { break };
            self.messages_bytes -= oldest.weight();
        }
    }
}

impl Message {
    /// One that was accepted.
    #[cfg(test)]
    pub(super) fn sample(number: u64, channel: Service, headers: &[(&str, &str)], plaintext: Option<String>) -> Self {
        Self {
            number,
            channel,
            subscription: String::new(),
            received_ms: 0,
            protocol: String::new(),
            headers: headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
            marks: Marks::default(),
            claims: None,
            bytes: 0,
            plaintext,
            problems: Vec::new(),
            status: 200.into(),
            reason: None,
        }
    }

    #[cfg(test)]
    pub(super) fn number(&self) -> u64 {
        self.number
    }

    fn weight(&self) -> usize {
        let headers: usize = self.headers.iter().map(|(name, value)| name.len() + value.len()).sum();
        let problems: usize = self.problems.iter().map(String::len).sum();
        self.plaintext.as_ref().map_or(0, String::len) + headers + problems
    }
}
