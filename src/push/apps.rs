//! Pushes to apps: APNs and FCM, with the tokens that those know us by.

use super::apns::{self, ApnsKey, ApnsKeyError, Seen};
use super::fcm::{self, FcmAccount, FcmAccountError};
use super::letter::Letter;
use super::provider::{TokenShelf, Tokens};
use super::reading::Step;
use super::sender::{MayStart, Sender};
use super::transport::Transport;
use crate::clock::Clock;
use crate::config;
use crate::model::outcome::Outcome;
use crate::model::subscriber::{APNS_ORIGIN, ApnsChannel, FCM_ORIGIN, FcmChannel, Recipient};
use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::MissedTickBehavior;
use url::Url;

/// How often it is looked whether a token is still fresh, so that none has to be made when an alert comes.
const TOKENS_LOOKED_AT_EVERY: Duration = Duration::from_secs(60);
/// The pool of connections to Apple's other environment.
const APNS_OTHER_POOL: &str = "apns, other environment";

/// Apple's push service as the operator has set it up.
#[derive(Debug)]
pub(super) struct Apns {
    base_url: Url,
    other_base_url: Option<Url>,
    topics: Vec<String>,
    critical: bool,
    tokens: Tokens<ApnsKey>,
    /// Apps for which a push was taken since we started. Never longer than `topics`.
    proven: Mutex<HashSet<String>>,
}

impl Apns {
    pub(super) fn new(settings: &config::Apns, clock: Clock) -> Result<Option<Self>, ApnsKeyError> {
        Ok(ApnsKey::load(settings)?.map(|key| Self {
            base_url: settings.base_url.clone(),
            other_base_url: settings.sandbox_base_url.clone(),
            topics: settings.topics.clone(),
            critical: settings.critical,
            tokens: Tokens::new(key, clock),
            proven: Mutex::default(),
        }))
    }

    pub(super) fn share(&self, shelf: &Arc<dyn TokenShelf>) {
        self.tokens.share(Arc::clone(shelf));
    }

    /// Whether Apple has granted critical alerts.
    pub(super) fn is_critical(&self) -> bool {
        self.critical
    }

    fn proven(&self) -> MutexGuard<'_, HashSet<String>> {
        self.proven.lock().expect("no one panics while holding it")
    }
}

/// Google's push service as the operator has set it up.
#[derive(Debug)]
pub(super) struct Fcm {
    base_url: Url,
    tokens: Tokens<FcmAccount>,
    /// Whether a push was taken since we started.
    proven: AtomicBool,
}

impl Fcm {
    pub(super) fn new(
        settings: &config::Push,
        transport: Arc<Transport>,
        clock: Clock,
    ) -> Result<Option<Self>, FcmAccountError> {
        let account = FcmAccount::load(&settings.fcm, settings.allow_private_endpoints, transport)?;
        Ok(account.map(|account| Self {
            base_url: settings.fcm.base_url.clone(),
            tokens: Tokens::new(account, clock),
            proven: AtomicBool::new(false),
        }))
    }

    pub(super) fn share(&self, shelf: &Arc<dyn TokenShelf>) {
        self.tokens.share(Arc::clone(shelf));
    }
}

/// What is said of a channel that is subscribed and not, or no longer, set up.
fn not_set_up(name: &str) -> Option<Outcome> {
    Some(Outcome::Misconfigured { reason: format!("{name} is not set up") })
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

    pub(super) async fn send_apns(
        &self,
        recipient: &Recipient,
        channel: &ApnsChannel,
        letter: &Letter,
        ttl_s: u32,
        may_start: MayStart<'_>,
    ) -> Option<Outcome> {
        let Some(apns) = &self.apns else { return not_set_up("APNs") };
        if !apns.topics.contains(&channel.topic) {
            return Some(Outcome::Rejected { code: "topic" });
        }
        if let Some(paused) = self.paused(APNS_ORIGIN) {
            return Some(paused);
        }
        let mut token = match apns.tokens.get().await {
            Ok(token) => token,
            Err(reading) => return Some(self.settle(APNS_ORIGIN, None, reading)),
        };
        let payload = letter.apns_payload(recipient.slot);
        let (mut pool, mut base_url, mut renewed) = (APNS_ORIGIN, &apns.base_url, false);
        // At most: with the token that is too old, with a new one, in the other environment.
        loop {
            let terms = apns::Terms {
                expires_s: self.clock.real().as_second().saturating_add(i64::from(ttl_s)),
                priority: apns::priority(letter.manner()),
                collapse_id: letter.topic(),
                authorization: token.header.clone(),
            };
            let Some(request) = apns::request(base_url, channel, payload.clone(), &terms) else {
                return Some(Outcome::Rejected { code: "channel" });
            };
            let answer = match self.exchange(pool, request, may_start).await {
                Ok(answer) => answer,
                Err(unanswered) => return unanswered,
            };
            let seen = Seen {
                proven: apns.proven().contains(&channel.topic),
                other_environment: pool == APNS_ORIGIN && apns.other_base_url.is_some(),
                told: self.real(recipient),
                now: self.clock.real(),
            };
            let reading = apns::read(answer.status, &answer.headers, &answer.body, &seen);
            match (reading.step, &apns.other_base_url) {
                (Step::NewToken, _) if !renewed => {
                    renewed = true;
                    if let Some(newer) = apns.tokens.instead_of(&token).await {
                        token = newer;
                        self.unjudged(pool);
                        continue;
                    }
                }
                (Step::OtherEnvironment, Some(other)) => {
                    // It answered, about this device alone.
                    self.settle(pool, Some(answer.status), reading);
                    (pool, base_url) = (APNS_OTHER_POOL, other);
                    continue;
                }
                (Step::None | Step::NewToken | Step::OtherEnvironment, _) => {}
            }
            if reading.outcome == Outcome::Accepted && pool == APNS_ORIGIN {
                apns.proven().insert(channel.topic.clone());
            }
            return Some(self.settle(pool, Some(answer.status), reading));
        }
    }

    pub(super) async fn send_fcm(
        &self,
        recipient: &Recipient,
        channel: &FcmChannel,
        letter: &Letter,
        ttl_s: u32,
        may_start: MayStart<'_>,
    ) -> Option<Outcome> {
        let Some(fcm) = &self.fcm else { return not_set_up("FCM") };
        if let Some(paused) = self.paused(FCM_ORIGIN) {
            return Some(paused);
        }
        let mut token = match fcm.tokens.get().await {
            Ok(token) => token,
            Err(reading) => return Some(self.settle(FCM_ORIGIN, None, reading)),
        };
        let message = letter.fcm_message(recipient.slot, &channel.token, ttl_s);
        let project = fcm.tokens.mint().project();
        let mut renewed = false;
        loop {
            let Some(request) = fcm::request(&fcm.base_url, project, message.clone(), token.header.clone()) else {
                return Some(Outcome::Rejected { code: "channel" });
            };
            let answer = match self.exchange(FCM_ORIGIN, request, may_start).await {
                Ok(answer) => answer,
                Err(unanswered) => return unanswered,
            };
            let proven = fcm.proven.load(Ordering::Relaxed);
            let reading = fcm::read(answer.status, &answer.headers, &answer.body, proven, self.clock.real());
            if reading.step == Step::NewToken && !renewed {
                renewed = true;
                if let Some(newer) = fcm.tokens.instead_of(&token).await {
                    token = newer;
                    self.unjudged(FCM_ORIGIN);
                    continue;
                }
            }
            if reading.outcome == Outcome::Accepted {
                fcm.proven.store(true, Ordering::Relaxed);
            }
            return Some(self.settle(FCM_ORIGIN, Some(answer.status), reading));
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
