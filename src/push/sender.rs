//! One push, whole: rendered, encrypted, signed, sent, and its answer reduced to an outcome.

use super::apns::ApnsKeyError;
use super::apps::{Apns, Fcm};
use super::breaker::Refusal;
use super::breakers::Breakers;
use super::endpoint::EndpointPolicy;
use super::fcm::FcmAccountError;
use super::letter::{Letter, LetterContext};
use super::provider::TokenShelf;
use super::reading::{About, Reading, Step};
use super::transport::{Answer, Transport, TransportError};
use super::vapid::Vapid;
use super::webpush::{self, BuildError, Terms};
use crate::clock::Clock;
use crate::config;
use crate::model::outcome::Outcome;
use crate::model::subscriber::{Channel, Recipient, WebPushChannel};
use bytes::Bytes;
use http::{Request, StatusCode};
use jiff::Timestamp;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// What became of a push that its service refuses, as a service that accepts our key does for a subscription made for
/// another one.
const KEY_MISMATCH: &str = "key-mismatch";

/// Why no sender can be made of the settings.
#[derive(Debug, thiserror::Error)]
pub enum SenderError {
    #[error("the connections to push services cannot be set up")]
    Transport(#[from] TransportError),
    #[error("APNs cannot be set up")]
    Apns(#[from] ApnsKeyError),
    #[error("FCM cannot be set up")]
    Fcm(#[from] FcmAccountError),
}

/// Asked when the bytes are about to go.
pub(super) type MayStart<'a> = &'a (dyn Fn() -> bool + Send + Sync);

/// Sends pushes. One for the whole process; share it behind an `Arc`.
#[derive(Debug)]
pub struct Sender {
    policy: EndpointPolicy,
    vapid: Vapid,
    pub(super) apns: Option<Apns>,
    pub(super) fcm: Option<Fcm>,
    transport: Arc<Transport>,
    pub(super) clock: Clock,
    breakers: Breakers,
}

impl Sender {
    /// A sender with its own connections, and provider tokens of its own.
    ///
    /// # Errors
    /// `push.ca_file` or the system's certificates cannot be used; the key of APNs or the service account of FCM cannot
    /// be read.
    pub fn new(settings: &config::Push, vapid: Vapid, clock: Clock) -> Result<Self, SenderError> {
        let transport = Arc::new(Transport::new(settings)?);
        let policy = EndpointPolicy::new(settings);
        let apns = Apns::new(&settings.apns, clock)?;
        let fcm = Fcm::new(settings, Arc::clone(&transport), clock)?;
        Ok(Self { policy, vapid, apns, fcm, transport, clock, breakers: Breakers::new(clock) })
    }

    /// Shares provider tokens with the other nodes.
    #[must_use]
    pub fn sharing_tokens(self, shelf: &Arc<dyn TokenShelf>) -> Self {
        if let Some(apns) = &self.apns {
            apns.share(shelf);
        }
        if let Some(fcm) = &self.fcm {
            fcm.share(shelf);
        }
        self
    }

    /// Renders what [`Sender::send`] sends. Once for each (message, language, discreet).
    pub fn letter(&self, context: &LetterContext<'_>) -> Letter {
        Letter::new(context, self.apns.as_ref().is_some_and(Apns::is_critical))
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
        match &recipient.channel {
            Channel::WebPush(channel) => self.send_webpush(recipient, channel, letter, ttl_s, may_start).await,
            Channel::Apns(channel) => self.send_apns(recipient, channel, letter, ttl_s, may_start).await,
            Channel::Fcm(channel) => self.send_fcm(recipient, channel, letter, ttl_s, may_start).await,
        }
    }

    async fn send_webpush(
        &self,
        recipient: &Recipient,
        channel: &WebPushChannel,
        letter: &Letter,
        ttl_s: u32,
        may_start: MayStart<'_>,
    ) -> Option<Outcome> {
        let Ok(endpoint) = self.policy.check(&channel.endpoint) else {
            return Some(Outcome::Rejected { code: "endpoint" });
        };
        if let Some(paused) = self.paused(&endpoint.origin) {
            return Some(paused);
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
        let answer = match self.exchange(&endpoint.origin, request, may_start).await {
            Ok(answer) => answer,
            Err(unanswered) => return unanswered,
        };
        let outcome = webpush::outcome(answer.status, &answer.headers, self.clock.real());
        let refused = matches!(outcome, Outcome::Misconfigured { .. });
        let about = if matches!(outcome, Outcome::Retry { .. }) { About::Service } else { About::Endpoint };
        let settled = self.settle(&endpoint.origin, Some(answer.status), Reading { outcome, about, step: Step::None });
        if refused && settled != (Outcome::Rejected { code: KEY_MISMATCH }) {
            // The next push carries a new token, in case this one is what they refuse.
            self.vapid.forget(&endpoint.origin);
        }
        Some(settled)
    }

    /// Sends one request on the connections named `pool`.
    ///
    /// # Errors
    /// There is no answer; what that means for the recipient.
    pub(super) async fn exchange(
        &self,
        pool: &str,
        request: Request<Bytes>,
        may_start: MayStart<'_>,
    ) -> Result<Answer, Option<Outcome>> {
        if let Err(after) = self.breakers.admit(pool) {
            return Err(Some(Outcome::Retry { after }));
        }
        match self.transport.send(pool, request, may_start).await {
            Ok(Some(answer)) => Ok(answer),
            Ok(None) => {
                self.breakers.unsent(pool);
                Err(None)
            }
            Err(error) => {
                if error.is_services() {
                    self.breakers.failed(pool);
                } else {
                    self.breakers.unsent(pool);
                }
                tracing::debug!(origin = pool, error = %error, "a push to {pool} has no answer");
                Err(Some(Outcome::Retry { after: Duration::ZERO }))
            }
        }
    }

    /// An answer that says nothing about the push service itself: the push goes again at once.
    pub(super) fn unjudged(&self, pool: &str) {
        self.breakers.unsent(pool);
    }

    /// What to say while a push service is left alone.
    pub(super) fn paused(&self, origin: &str) -> Option<Outcome> {
        let until = self.paused_until(origin)?;
        Some(Outcome::Retry { after: until.saturating_duration_since(self.clock.monotonic()) })
    }

    /// Until when a push service is left alone: it asked for quiet, fails, or refuses us. `None` when it may be sent to.
    pub fn paused_until(&self, origin: &str) -> Option<Instant> {
        self.breakers.paused_until(origin)
    }

    /// The push services that may not be sent to now. What is claimed for sending skips them.
    pub fn stalled(&self) -> Vec<String> {
        self.breakers.stalled()
    }

    /// Remembers how a push service takes what it is sent, and says what stands for the recipient. There is no `status`
    /// where nothing was sent, for want of a token.
    pub(super) fn settle(&self, origin: &str, status: Option<StatusCode>, reading: Reading) -> Outcome {
        match (self.breakers.settle(origin, status, &reading), reading.about) {
            (Some(Refusal::Subscription), _) => Outcome::Rejected { code: KEY_MISMATCH },
            (Some(Refusal::Open), About::Endpoint) => Outcome::Retry { after: Duration::ZERO },
            (Some(Refusal::Open | Refusal::Ours) | None, _) => reading.outcome,
        }
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
