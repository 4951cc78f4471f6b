//! Pushes to apps: APNs and FCM, with the tokens that those know us by.

use super::apns::{self, ApnsKey, ApnsKeyError, Seen};
use super::fcm::{self, FcmAccount, FcmAccountError};
use super::letter::Letter;
use super::provider::{Held, Mint, NoToken, TokenShelf, Tokens};
use super::reading::{Reading, Step};
use super::sender::{MayStart, Pushed, Sender, To};
use super::transport::{Answer, Transport};
use crate::clock::Clock;
use crate::config;
use crate::model::outcome::{Doubt, Outcome};
use crate::model::subscriber::{APNS_ORIGIN, ApnsChannel, FCM_ORIGIN, FcmChannel, Recipient};
use bytes::Bytes;
use http::{HeaderValue, Request, StatusCode, Uri};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::MissedTickBehavior;
use url::Url;

/// How often it is looked whether a token is still fresh, so that none has to be made when an alert comes.
const TOKENS_LOOKED_AT_EVERY: Duration = Duration::from_secs(60);
/// How often a push goes on another connection when the one before is being shut down.
const MOVES_MAX: u32 = 4;
/// The pool of connections to Apple's other environment.
const APNS_OTHER_POOL: &str = "apns, other environment";

/// Apple's push service as the operator has set it up.
#[derive(Debug)]
pub(super) struct Apns {
    /// Without a slash at its end, as the other one.
    base_url: String,
    other_base_url: Option<String>,
    /// The apps, and their names as headers.
    topics: Vec<(String, HeaderValue)>,
    critical: bool,
    tokens: Tokens<ApnsKey>,
}

impl Apns {
    pub(super) fn new(settings: &config::Apns, clock: Clock) -> Result<Option<Self>, ApnsKeyError> {
        Ok(ApnsKey::load(settings)?.map(|key| Self {
            base_url: base(&settings.base_url),
            other_base_url: settings.sandbox_base_url.as_ref().map(base),
            topics: settings.topics.iter().filter_map(|name| topic(name)).collect(),
            critical: settings.critical,
            tokens: Tokens::new(key, clock),
        }))
    }

    pub(super) fn share(&self, shelf: &Arc<dyn TokenShelf>) {
        self.tokens.share(Arc::clone(shelf));
    }

    /// Whether Apple has granted critical alerts.
    pub(super) fn is_critical(&self) -> bool {
        self.critical
    }
}

/// An address to put a path behind.
fn base(url: &Url) -> String {
    url.as_str().trim_end_matches('/').to_owned()
}

/// `None` for a name that no app can have: nothing is sent to it.
fn topic(name: &str) -> Option<(String, HeaderValue)> {
    Some((name.to_owned(), HeaderValue::from_str(name).ok()?))
}

/// Google's push service as the operator has set it up.
#[derive(Debug)]
pub(super) struct Fcm {
    /// Where messages go. `None`: the project's name can never be put into an address.
    address: Option<Uri>,
    tokens: Tokens<FcmAccount>,
}

impl Fcm {
    pub(super) fn new(
        settings: &config::Push,
        transport: Arc<Transport>,
        clock: Clock,
    ) -> Result<Option<Self>, FcmAccountError> {
        let account = FcmAccount::load(&settings.fcm, settings.allow_private_endpoints, transport)?;
        Ok(account.map(|account| Self {
            address: fcm::address(&settings.fcm.base_url, account.project()),
            tokens: Tokens::new(account, clock),
        }))
    }

    pub(super) fn share(&self, shelf: &Arc<dyn TokenShelf>) {
        self.tokens.share(Arc::clone(shelf));
    }
}

/// What is said of a channel that is subscribed and not, or no longer, set up.
fn not_set_up(name: &str) -> Outcome {
    Outcome::Misconfigured { reason: format!("{name} is not set up"), doubt: Doubt::Ours }
}

impl Sender {
    /// Has the tokens that services for apps know us by made before an alert comes, and renewed while none does, until
    /// `closing`. What goes wrong is logged and tried again.
    pub async fn keep_tokens(self: Arc<Self>, mut closing: watch::Receiver<bool>) {
        let mut look = tokio::time::interval(TOKENS_LOOKED_AT_EVERY);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while !*closing.borrow() {
            tokio::select! {
                _ = look.tick() => self.look_at_tokens().await,
                // A sender that is gone means the same.
                changed = closing.changed() => if changed.is_err() { return },
            }
        }
    }

    async fn look_at_tokens(&self) {
        if let Some(apns) = &self.apns {
            drop(apns.tokens.get().await);
        }
        if let Some(fcm) = &self.fcm {
            drop(fcm.tokens.get().await);
        }
    }

    /// # Errors
    /// There is no answer; what is to be said instead.
    pub(super) async fn send_apns(
        &self,
        recipient: &Recipient,
        channel: &ApnsChannel,
        letter: &Letter,
        ttl_s: u32,
        may_start: MayStart<'_>,
    ) -> Result<Outcome, Pushed> {
        let Some(apns) = &self.apns else { return Ok(not_set_up("APNs")) };
        let Some((_, topic)) = apns.topics.iter().find(|(name, _)| *name == channel.topic) else {
            return Ok(Outcome::Rejected { code: "topic" });
        };
        let Some(collapse_id) = letter.collapse_id() else { return Ok(Outcome::Rejected { code: "channel" }) };
        self.not_paused(APNS_ORIGIN)?;
        let mut token = apns.tokens.get().await.map_err(|why| self.without_token(APNS_ORIGIN, why))?;
        let payload = letter.apns_payload(recipient.slot);
        let (mut pool, mut base_url, mut other_base_url) = (APNS_ORIGIN, &apns.base_url, apns.other_base_url.as_ref());
        // At most in both environments.
        loop {
            let request = |authorization| {
                let terms = apns::Terms {
                    topic,
                    expires_s: apns::expires_s(letter.manner(), self.clock.real(), ttl_s),
                    priority: apns::priority(letter.manner()),
                    collapse_id,
                    authorization,
                };
                apns::request(base_url, &channel.token, payload.clone(), &terms)
            };
            let read = |answer: &Answer| {
                let (other_environment, told) = (other_base_url.is_some(), self.real(recipient));
                let seen = Seen { other_environment, told, now: self.clock.real() };
                apns::read(answer.status, &answer.headers, &answer.body, &seen)
            };
            let to = To { pool, slot: recipient.slot };
            let asked = self.ask(to, &apns.tokens, &mut token, &request, &read, may_start).await;
            let (status, reading) = asked.map_err(|unasked| self.alone_if_elsewhere(pool, unasked))?;
            let step = reading.step;
            // An answer about this device alone is an answer, too.
            let outcome = self.settle(pool, recipient.slot, status, reading);
            match other_base_url.take().filter(|_| step == Step::OtherEnvironment) {
                Some(other) => (pool, base_url) = (APNS_OTHER_POOL, other),
                None => return Ok(outcome),
            }
        }
    }

    /// # Errors
    /// There is no answer; what is to be said instead.
    pub(super) async fn send_fcm(
        &self,
        recipient: &Recipient,
        channel: &FcmChannel,
        letter: &Letter,
        ttl_s: u32,
        may_start: MayStart<'_>,
    ) -> Result<Outcome, Pushed> {
        let Some(fcm) = &self.fcm else { return Ok(not_set_up("FCM")) };
        self.not_paused(FCM_ORIGIN)?;
        let mut token = fcm.tokens.get().await.map_err(|why| self.without_token(FCM_ORIGIN, why))?;
        let message = letter.fcm_message(recipient.slot, &channel.token, ttl_s);
        let Some(address) = &fcm.address else { return Ok(Outcome::Rejected { code: "channel" }) };
        let request = |authorization| Some(fcm::request(address.clone(), message.clone(), authorization));
        let read = |answer: &Answer| fcm::read(answer.status, &answer.headers, &answer.body, self.clock.real());
        let to = To { pool: FCM_ORIGIN, slot: recipient.slot };
        let (status, reading) = self.ask(to, &fcm.tokens, &mut token, &request, &read, may_start).await?;
        Ok(self.settle(FCM_ORIGIN, recipient.slot, status, reading))
    }

    /// Sends a request made with a token, and once more with a newer one where the service finds that one too old, or on
    /// another connection where it shuts this one down.
    ///
    /// # Errors
    /// There is no answer; what is to be said instead.
    async fn ask<M: Mint>(
        &self,
        to: To<'_>,
        tokens: &Tokens<M>,
        token: &mut Arc<Held>,
        request: &(dyn Fn(HeaderValue) -> Option<Request<Bytes>> + Send + Sync),
        read: &(dyn Fn(&Answer) -> Reading + Send + Sync),
        may_start: MayStart<'_>,
    ) -> Result<(StatusCode, Reading), Pushed> {
        let (pool, mut renewed, mut moved) = (to.pool, false, 0);
        loop {
            let Some(mut made) = request(token.header.clone()) else {
                return Err(Pushed::Answered(Outcome::Rejected { code: "channel" }));
            };
            let answer = self.exchange(to, &mut made, may_start).await?;
            let reading = read(&answer);
            if reading.step == Step::NewToken && !renewed {
                renewed = true;
                // Apart: seldom needed, and large. Every push's future would have room for it.
                let newer = Box::pin(tokens.instead_of(token)).await.map_err(|why| {
                    self.unjudged(pool);
                    self.without_token(pool, why)
                })?;
                if let Some(newer) = newer {
                    *token = newer;
                    self.unjudged(pool);
                    continue;
                }
            }
            if reading.step == Step::NewConnection {
                answer.leave();
                moved += 1;
                if moved <= MOVES_MAX {
                    self.unjudged(pool);
                    continue;
                }
            }
            return Ok((answer.status, reading));
        }
    }

    /// Whom only the other environment knows waits for it alone: nobody else does.
    fn alone_if_elsewhere(&self, pool: &str, unasked: Pushed) -> Pushed {
        match unasked {
            Pushed::LeftAlone { until } if pool == APNS_OTHER_POOL => {
                let after = until.saturating_duration_since(self.clock.monotonic());
                Pushed::Answered(Outcome::Retry { after })
            }
            unasked => unasked,
        }
    }

    /// What there is to say to someone for whom there is no token.
    fn without_token(&self, origin: &str, why: NoToken) -> Pushed {
        match why {
            NoToken::Refused(reason) => Pushed::Answered(Outcome::Misconfigured { reason, doubt: Doubt::Ours }),
            NoToken::Away { until } => self.leave(origin, until),
        }
    }

    /// Real time at which a channel was told: it is kept in alert time, and push services speak of their own.
    fn real(&self, recipient: &Recipient) -> jiff::Timestamp {
        let ahead = self.clock.now().duration_since(self.clock.real());
        recipient.told.saturating_sub(ahead).unwrap_or(recipient.told)
    }
}

#[cfg(test)]
#[path = "apps_tests.rs"]
mod tests;
