//! One push, whole: rendered, encrypted, signed, sent, and its answer reduced to an outcome.

use super::apns::ApnsKeyError;
use super::apps::{Apns, Fcm};
use super::armed::Armory;
use super::breakers::Breakers;
use super::endpoint::{EndpointPolicy, KnownOrigins};
use super::fcm::FcmAccountError;
use super::letter::{Letter, LetterContext};
use super::provider::TokenShelf;
use super::reading::{Reading, Step};
use super::transport::{Answer, Transport, TransportError};
use super::vapid::Vapid;
use super::webpush::{self, Armed, BuildError, Salts, Terms};
use crate::clock::Clock;
use crate::config;
use crate::model::id::Slot;
use crate::model::outcome::{Doubt, Outcome};
use crate::model::subscriber::{Channel, Recipient, WebPushChannel};
use bytes::Bytes;
use http::{Request, StatusCode};
use jiff::Timestamp;
use std::sync::Arc;
use std::time::{Duration, Instant};

const MB_BYTES: usize = 1_000_000;

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

/// What came of a push that was to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pushed {
    /// The push service was asked, or need not be.
    Answered(Outcome),
    /// Nobody was asked: the push service is left alone until then, or had no room.
    LeftAlone { until: Instant },
    /// Nobody was asked: it may not start, or the letter has too little left to live.
    NotStarted,
}

/// What was made ahead for one push to one person, by [`Sender::ahead`]; nothing for services that need nothing. A
/// secret stays in one place until it is used and zeroed, whoever moves this.
#[derive(Default)]
pub struct Ahead(Option<Result<Box<Armed>, BuildError>>);

/// Asked when the bytes are about to go.
pub(super) type MayStart<'a> = &'a (dyn Fn() -> bool + Send + Sync);

/// Whom a request is for, and the name of the connections that it goes on.
#[derive(Debug, Clone, Copy)]
pub(super) struct To<'a> {
    pub(super) pool: &'a str,
    pub(super) slot: Slot,
}

/// Sends pushes. One for the whole process; share it behind an `Arc`.
#[derive(Debug)]
pub struct Sender {
    policy: EndpointPolicy,
    origins: KnownOrigins,
    vapid: Vapid,
    armory: Armory,
    salts: Salts,
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
        let origins = KnownOrigins::default();
        let armory = Armory::new(settings.armed_depth, settings.armed_mb_max * MB_BYTES);
        let breakers = Breakers::new(clock);
        let salts = Salts::default();
        Ok(Self { policy, origins, vapid, armory, salts, apns, fcm, transport, clock, breakers })
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

    /// What is done ahead for Web Push.
    pub fn armory(&self) -> &Armory {
        &self.armory
    }

    /// Renders what [`Sender::send`] sends. Once for each (message, language, discreet).
    pub fn letter(&self, context: &LetterContext<'_>) -> Letter {
        Letter::new(context, self.apns.as_ref().is_some_and(Apns::is_critical))
    }

    /// What a push to someone needs and does not depend on its text. A few people's in a row take less time than each
    /// when it is sent: the cryptographic library's tables stay near the processor.
    pub fn ahead(&self, recipient: &Recipient) -> Ahead {
        match &recipient.channel {
            Channel::WebPush(channel) => Ahead(Some(self.armed(recipient.slot, channel))),
            Channel::Apns(_) | Channel::Fcm(_) => Ahead(None),
        }
    }

    fn armed(&self, slot: Slot, channel: &WebPushChannel) -> Result<Box<Armed>, BuildError> {
        let armed = self.armory.take(slot, channel);
        armed.map_or_else(|| webpush::arm(&channel.p256dh, &channel.auth), Ok).map(Box::new)
    }

    /// Everything of one push. `now` is alert time. The first try uses up what was made ahead; each further one makes its
    /// own. Every failure of the way there is a retry; one with `after` zero
    /// leaves the wait to the caller's schedule.
    ///
    /// `may_start` is asked for the last time when the connection is ready and the bytes are about to go, after all
    /// waiting: when it says no, nothing is sent (fence, expiry and lease are the caller's).
    pub async fn send(
        &self,
        recipient: &Recipient,
        ahead: &mut Ahead,
        letter: &Letter,
        now: Timestamp,
        may_start: &(dyn Fn() -> bool + Send + Sync),
    ) -> Pushed {
        let Some(ttl_s) = letter.ttl_s(now) else { return Pushed::NotStarted };
        let sent = match &recipient.channel {
            Channel::WebPush(channel) => self.send_webpush((recipient, ahead), channel, letter, ttl_s, may_start).await,
            Channel::Apns(channel) => self.send_apns(recipient, channel, letter, ttl_s, may_start).await,
            Channel::Fcm(channel) => self.send_fcm(recipient, channel, letter, ttl_s, may_start).await,
        };
        sent.map_or_else(|unasked| unasked, Pushed::Answered)
    }

    /// # Errors
    /// There is no answer; what is to be said instead.
    async fn send_webpush(
        &self,
        (recipient, ahead): (&Recipient, &mut Ahead),
        channel: &WebPushChannel,
        letter: &Letter,
        ttl_s: u32,
        may_start: MayStart<'_>,
    ) -> Result<Outcome, Pushed> {
        let Ok((origin, endpoint)) = self.origins.uri(&self.policy, &channel.endpoint) else {
            return Ok(Outcome::Rejected { code: "endpoint" });
        };
        let origin = &*origin;
        self.not_paused(origin)?;
        let authorization = match self.vapid.authorization(origin, self.clock.real()) {
            Ok(header) => header,
            Err(error) => return Ok(Outcome::Misconfigured { reason: error.to_string(), doubt: Doubt::Ours }),
        };
        let Some(topic) = letter.topic_header().cloned() else { return Ok(unbuildable(BuildError::Topic)) };
        let terms = Terms { ttl_s, urgency: letter.urgency(), topic, authorization };
        let write = |body: &mut Vec<u8>| letter.write_plaintext(recipient.slot, body);
        let armed = ahead.0.take().unwrap_or_else(|| self.armed(recipient.slot, channel));
        let bytes = letter.plaintext_bytes();
        let request =
            armed.and_then(|armed| webpush::request(endpoint, (armed, self.salts.next()), bytes, write, terms));
        let mut request = match request {
            Ok(request) => request,
            Err(error) => return Ok(unbuildable(error)),
        };
        let to = To { pool: origin, slot: recipient.slot };
        let answer = self.exchange(to, &mut request, may_start).await?;
        let outcome = webpush::outcome(answer.status, &answer.headers, self.clock.real());
        if matches!(outcome, Outcome::Misconfigured { .. }) {
            // The next push carries a new token, in case this one is what they refuse.
            self.vapid.forget(origin);
        }
        let reading = Reading { outcome, about: webpush::about(answer.status), step: Step::None };
        Ok(self.settle(origin, recipient.slot, answer.status, reading))
    }

    /// Sends one request.
    ///
    /// # Errors
    /// There is no answer; what is to be said instead.
    pub(super) async fn exchange(
        &self,
        To { pool, slot }: To<'_>,
        request: &mut Request<Bytes>,
        may_start: MayStart<'_>,
    ) -> Result<Answer, Pushed> {
        self.breakers.admit(pool).map_err(|until| Pushed::LeftAlone { until })?;
        match self.transport.send(pool, request, may_start).await {
            Ok(Some(answer)) => Ok(answer),
            Ok(None) => {
                self.breakers.unsent(pool);
                Err(Pushed::NotStarted)
            }
            Err(error) => {
                if error.is_services() {
                    self.breakers.failed(pool, slot);
                } else {
                    self.breakers.unsent(pool);
                }
                tracing::debug!(origin = pool, error = %error, "a push to {pool} has no answer");
                Err(match error {
                    // It had its time, and others went before it.
                    TransportError::Busy => Pushed::LeftAlone { until: self.clock.monotonic() },
                    _ => Pushed::Answered(Outcome::Retry { after: Duration::ZERO }),
                })
            }
        }
    }

    /// An answer that says nothing about the push service itself: the push goes again at once.
    pub(super) fn unjudged(&self, pool: &str) {
        self.breakers.unsent(pool);
    }

    /// # Errors
    /// The push service is left alone; what is to be said.
    pub(super) fn not_paused(&self, origin: &str) -> Result<(), Pushed> {
        self.paused_until(origin).map_or(Ok(()), |until| Err(Pushed::LeftAlone { until }))
    }

    /// Nothing can be sent to a push service until then, for want of a token.
    pub(super) fn leave(&self, origin: &str, until: Instant) -> Pushed {
        self.breakers.leave(origin, until);
        Pushed::LeftAlone { until }
    }

    /// Until when a push service is left alone: it asked for quiet, or fails. `None` when it may be sent to.
    pub fn paused_until(&self, origin: &str) -> Option<Instant> {
        self.breakers.paused_until(origin)
    }

    /// How many pushes may go to a push service to find out whether it works again; `None` when it is not in doubt.
    pub fn probes(&self, origin: &str) -> Option<u32> {
        self.breakers.probes(origin)
    }

    /// The push services that may not be sent to now. What is claimed for sending skips them.
    pub fn stalled(&self) -> Vec<String> {
        self.breakers.stalled()
    }

    /// Remembers how a push service takes what it is sent.
    pub(super) fn settle(&self, origin: &str, slot: Slot, status: StatusCode, reading: Reading) -> Outcome {
        self.breakers.settle(origin, slot, status, &reading);
        reading.outcome
    }
}

fn unbuildable(error: BuildError) -> Outcome {
    match error {
        BuildError::Long => Outcome::Rejected { code: "too-large" },
        BuildError::PublicKey => Outcome::Rejected { code: "public-key" },
        BuildError::Topic => Outcome::Rejected { code: "topic" },
        BuildError::Crypto => Outcome::Retry { after: Duration::ZERO },
    }
}
