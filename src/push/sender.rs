//! One push, whole: encrypted, signed, sent, and its answer reduced to an outcome.

use super::endpoint::EndpointPolicy;
use super::letter::{Letter, LetterContext};
use super::pace::{Pace, Refusal};
use super::transport::{Answer, Transport, TransportError};
use super::vapid::Vapid;
use super::webpush::{self, BuildError, Terms};
use crate::clock::Clock;
use crate::config;
use crate::model::outcome::Outcome;
use crate::model::subscriber::{Channel, Recipient};
use jiff::Timestamp;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, Instant};

/// Shortest Retry-After that pauses a push service, seconds.
const PAUSE_S_MIN: u64 = 1;
/// Most push services whose pace is remembered.
const PACES_MAX: usize = 256;

/// Why no sender can be made of the settings.
#[derive(Debug, thiserror::Error)]
pub enum SenderError {
    #[error("the connections to push services cannot be set up")]
    Transport(#[from] TransportError),
}

/// Sends pushes. One for the whole process; share it behind an `Arc`.
#[derive(Debug)]
pub struct Sender {
    policy: EndpointPolicy,
    vapid: Vapid,
    transport: Transport,
    clock: Clock,
    paces: Mutex<HashMap<String, Pace>>,
}

impl Sender {
    /// A sender with its own connections.
    ///
    /// # Errors
    /// `push.ca_file` or the system's certificates cannot be used.
    pub fn new(settings: &config::Push, vapid: Vapid, clock: Clock) -> Result<Self, SenderError> {
        let transport = Transport::new(settings)?;
        let policy = EndpointPolicy::new(settings);
        Ok(Self { policy, vapid, transport, clock, paces: Mutex::default() })
    }

    /// Renders what [`Sender::send`] sends. Once for each (message, language, discreet).
    pub fn letter(&self, context: &LetterContext<'_>) -> Letter {
        Letter::new(context)
    }

    /// Everything of one push. `now` is alert time. Every failure of the way there is a retry; one with `after` zero
    /// leaves the wait to the caller's schedule.
    ///
    /// `may_start` is asked for the last time when the connection is ready and the bytes are about to go, after all
    /// waiting: when it says no, nothing is sent and the answer is `None` (fence, expiry and lease are the caller's).
    /// `None` is also the answer for a letter with too little left to live ([`Letter::ttl_s`]).
    pub async fn send(
        &self,
        recipient: &Recipient,
        letter: &Letter,
        now: Timestamp,
        may_start: &(dyn Fn() -> bool + Send + Sync),
    ) -> Option<Outcome> {
        let ttl_s = letter.ttl_s(now)?;
        let Channel::WebPush(channel) = &recipient.channel else {
            let reason = format!("{} is not set up", recipient.channel.kind().as_str());
            return Some(Outcome::Misconfigured { reason });
        };
        let Ok(endpoint) = self.policy.check(&channel.endpoint) else {
            return Some(Outcome::Rejected { code: "endpoint" });
        };
        if let Some(until) = self.paused_until(&endpoint.origin) {
            let after = until.saturating_duration_since(self.clock.monotonic());
            return Some(Outcome::Retry { after });
        }
        let authorization = match self.vapid.authorization(&endpoint.origin, self.clock.real()) {
            Ok(header) => header,
            Err(error) => return Some(Outcome::Misconfigured { reason: error.to_string() }),
        };
        let terms = Terms { ttl_s, urgency: letter.urgency(), topic: letter.topic(), authorization };
        let request =
            match webpush::request(&endpoint.url, channel, letter.plaintext(recipient.slot).as_bytes(), &terms) {
                Ok(request) => request,
                Err(error) => return Some(unbuildable(error)),
            };
        match self.transport.send(&endpoint.origin, request, may_start).await {
            Ok(answer) => answer.map(|answer| self.read(&endpoint.origin, &answer)),
            Err(error) => {
                tracing::debug!(origin = endpoint.origin, error = %error, "a push to {} has no answer", endpoint.origin);
                Some(Outcome::Retry { after: Duration::ZERO })
            }
        }
    }

    /// Until when a push service asked for quiet; `None` when it may be sent to.
    pub fn paused_until(&self, origin: &str) -> Option<Instant> {
        self.lock().get(origin)?.paused_until(self.clock.monotonic())
    }

    /// The push services that may not be sent to now. What is claimed for sending skips them.
    pub fn stalled(&self) -> Vec<String> {
        let now = self.clock.monotonic();
        let paces = self.lock();
        let paused = paces.iter().filter(|(_, pace)| pace.paused_until(now).is_some());
        paused.map(|(origin, _)| origin.clone()).collect()
    }

    fn read(&self, origin: &str, answer: &Answer) -> Outcome {
        let outcome = webpush::outcome(answer.status, &answer.headers, self.clock.real());
        let now = self.clock.monotonic();
        let mut paces = self.lock();
        if paces.len() >= PACES_MAX && !paces.contains_key(origin) {
            paces.clear();
        }
        let pace = paces.entry(origin.to_owned()).or_default();
        match outcome {
            Outcome::Accepted => pace.accepted(),
            Outcome::Retry { after } if after >= Duration::from_secs(PAUSE_S_MIN) => pace.throttled(after, now),
            Outcome::Misconfigured { reason } => {
                let refusal = pace.refused(now);
                if refusal != Refusal::Subscription {
                    // The next push carries a new token, in case this one is what they refuse.
                    self.vapid.forget(origin);
                }
                return match refusal {
                    Refusal::Subscription => Outcome::Rejected { code: "key-mismatch" },
                    Refusal::Open => Outcome::Retry { after: Duration::ZERO },
                    Refusal::Ours => Outcome::Misconfigured { reason },
                };
            }
            Outcome::Retry { .. } | Outcome::Gone | Outcome::Rejected { .. } => {}
        }
        outcome
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Pace>> {
        self.paces.lock().expect("no one panics while holding it")
    }
}

fn unbuildable(error: BuildError) -> Outcome {
    match error {
        BuildError::Long => Outcome::Rejected { code: "too-large" },
        BuildError::PublicKey => Outcome::Rejected { code: "public-key" },
        BuildError::Topic => Outcome::Rejected { code: "topic" },
        BuildError::Endpoint => Outcome::Rejected { code: "endpoint" },
        BuildError::Crypto => Outcome::Retry { after: Duration::ZERO },
    }
}
