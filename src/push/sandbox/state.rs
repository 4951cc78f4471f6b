//! What the sandbox remembers, all of it bounded: subscriptions, how they behave, what came.

use super::check::Token;
use crate::clock::{self, Clock};
use aws_lc_rs::agreement::{ECDH_P256, PrivateKey};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

/// Most subscriptions at a time.
pub const SUBSCRIPTIONS_MAX: usize = 1_000_000;
/// Most messages kept; older ones are forgotten.
pub const MESSAGES_KEPT_MAX: usize = 50_000;
/// Most bytes of text kept in messages.
const MESSAGES_BYTES_MAX: usize = 128 * 1_024 * 1_024;
/// A push that cannot be signed for, or with another key than before, is refused with this; any other fault with 400.
pub(super) const NOT_SIGNED: u16 = 403;
/// Most tokens whose check is remembered.
const TOKENS_MAX: usize = 256;

/// A browser's subscription, from the browser's side.
pub(super) struct Subscription {
    pub(super) private: PrivateKey,
    pub(super) public: Vec<u8>,
    pub(super) auth: [u8; 16],
}

/// What a push is answered with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reply {
    Status(u16),
    /// The stream is reset, or the connection closed.
    Reset,
}

/// How a subscription behaves.
#[derive(Debug, Clone, Copy)]
pub(super) struct Behaviour {
    pub(super) reply: Reply,
    pub(super) retry_after_s: Option<u64>,
    pub(super) delay: Duration,
    /// How many more pushes go like this before all is well; `None` for ever.
    pub(super) times: Option<u32>,
}

impl Behaviour {
    pub(super) const WELL: Self =
        Self { reply: Reply::Status(201), retry_after_s: None, delay: Duration::ZERO, times: None };

    /// How this push goes, and one time less for the next.
    fn take(&mut self) -> Self {
        match &mut self.times {
            Some(0) => Self::WELL,
            Some(left) => {
                *left -= 1;
                *self
            }
            None => *self,
        }
    }
}

/// A push as it came.
#[derive(Debug, Serialize)]
pub(super) struct Message {
    pub(super) number: u64,
    pub(super) subscription: String,
    /// Real time, milliseconds since 1970.
    pub(super) received_ms: i64,
    pub(super) protocol: String,
    pub(super) headers: BTreeMap<String, String>,
    pub(super) claims: Option<Value>,
    pub(super) bytes: usize,
    pub(super) plaintext: Option<String>,
    pub(super) problems: Vec<String>,
    /// The status it was answered with, or `reset`.
    pub(super) status: Value,
}

struct Entry {
    subscription: Arc<Subscription>,
    behaviour: Behaviour,
    /// The sender's key, bound by the first push (RFC 8292 §4.2 binds it when subscribing).
    sender: Option<String>,
    accepted: u64,
}

#[derive(Default)]
struct Inner {
    entries: HashMap<String, Entry>,
    messages: VecDeque<Message>,
    messages_bytes: usize,
    number: u64,
    received: u64,
    accepted: u64,
    problems: u64,
    tokens: HashMap<String, Arc<Token>>,
}

/// The whole sandbox.
pub(super) struct State {
    pub(super) origin: String,
    pub(super) clock: Clock,
    inner: Mutex<Inner>,
}

impl State {
    pub(super) fn new(origin: String, clock: Clock) -> Self {
        Self { origin, clock, inner: Mutex::default() }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().expect("no one panics while holding it")
    }

    /// A new subscription as `PushSubscription.toJSON` gives it, with its `id`; `None` when there are too many.
    pub(super) fn subscribe(&self, behaviour: Behaviour) -> Option<Value> {
        let private = PrivateKey::generate(&ECDH_P256).ok()?;
        let public = private.compute_public_key().ok()?.as_ref().to_vec();
        let auth = clock::random_bytes::<16>();
        let id = clock::random_id();
        let json = json!({
            "id": id,
            "endpoint": format!("{}/push/{id}", self.origin),
            "expirationTime": null,
            "keys": {"p256dh": URL_SAFE_NO_PAD.encode(&public), "auth": URL_SAFE_NO_PAD.encode(auth)},
        });
        let mut inner = self.lock();
        if inner.entries.len() >= SUBSCRIPTIONS_MAX {
            return None;
        }
        let subscription = Arc::new(Subscription { private, public, auth });
        inner.entries.insert(id, Entry { subscription, behaviour, sender: None, accepted: 0 });
        Some(json)
    }

    pub(super) fn subscription(&self, id: &str) -> Option<Arc<Subscription>> {
        self.lock().entries.get(id).map(|entry| Arc::clone(&entry.subscription))
    }

    /// `false` when there is no such subscription.
    pub(super) fn behave(&self, id: &str, behaviour: Behaviour) -> bool {
        self.lock().entries.get_mut(id).map(|entry| entry.behaviour = behaviour).is_some()
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

    /// A push to something that is not here.
    pub(super) fn count_unknown(&self) {
        self.lock().received += 1;
    }

    /// Remembers a push and says how to answer it. `sender` is the key of its token; `refusal` is the status for a
    /// push that has problems.
    pub(super) fn record(&self, mut message: Message, sender: Option<&str>, mut refusal: u16) -> (Behaviour, u64) {
        let mut guard = self.lock();
        let inner = &mut *guard;
        inner.received += 1;
        inner.number += 1;
        message.number = inner.number;
        let mut behaviour = Behaviour { reply: Reply::Status(404), ..Behaviour::WELL };
        if let Some(entry) = inner.entries.get_mut(&message.subscription) {
            let bound = entry.sender.get_or_insert_with(|| sender.unwrap_or_default().to_owned());
            if sender.is_some_and(|sender| sender != bound) {
                message.problems.push("VAPID: another key than the first push's".to_owned());
                refusal = NOT_SIGNED;
            }
            behaviour = if message.problems.is_empty() {
                entry.behaviour.take()
            } else {
                Behaviour { reply: Reply::Status(refusal), ..Behaviour::WELL }
            };
            if matches!(behaviour.reply, Reply::Status(200..=299)) {
                entry.accepted += 1;
                inner.accepted += 1;
            }
        }
        inner.problems += u64::from(!message.problems.is_empty());
        message.status = match behaviour.reply {
            Reply::Status(status) => status.into(),
            Reply::Reset => "reset".into(),
        };
        inner.keep(message);
        (behaviour, inner.number)
    }

    /// Messages with higher numbers than `after`, oldest first, as a JSON array.
    pub(super) fn messages(&self, after: u64, limit: usize) -> Value {
        let inner = self.lock();
        let from = inner.messages.partition_point(|message| message.number <= after);
        json!(inner.messages.iter().skip(from).take(limit).collect::<Vec<_>>())
    }

    /// How much came; `each` adds what was accepted for each subscription, which may be many.
    pub(super) fn counts(&self, each: bool) -> Value {
        let inner = self.lock();
        let by_subscription: Option<BTreeMap<&str, u64>> =
            each.then(|| inner.entries.iter().map(|(id, entry)| (id.as_str(), entry.accepted)).collect());
        json!({
            "received": inner.received,
            "accepted": inner.accepted,
            "problems": inner.problems,
            "by_subscription": by_subscription,
        })
    }

    /// Forgets messages and sets the counts to zero. Numbers go on.
    pub(super) fn forget(&self) {
        let mut inner = self.lock();
        inner.messages.clear();
        (inner.messages_bytes, inner.received, inner.accepted, inner.problems) = (0, 0, 0, 0);
        for entry in inner.entries.values_mut() {
            entry.accepted = 0;
        }
    }
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
    fn weight(&self) -> usize {
        let headers: usize = self.headers.iter().map(|(name, value)| name.len() + value.len()).sum();
        self.plaintext.as_ref().map_or(0, String::len) + headers
    }
}
