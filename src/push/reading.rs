//! What a push service's answer means, for every channel.

use crate::model::outcome::{Doubt, Fate, Outcome};
use http::HeaderMap;
use http::header::RETRY_AFTER;
use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;
use std::time::Duration;

/// Longest wait that a push service's Retry-After can impose on one recipient, seconds.
pub const RETRY_AFTER_S_MAX: u64 = 3_600;

/// Whose affair an answer is. Anyone can subscribe, so what may be about one device must not decide for all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum About {
    /// This device or subscription, unless it is the same for everyone.
    Endpoint,
    /// The push service as a whole, or our credentials for it.
    Service,
}

/// What to do before an outcome stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Nothing: it stands.
    None,
    /// Ask once more with a new token: the one that was shown is too old.
    NewToken,
    /// Ask the service's other environment, where there is one.
    OtherEnvironment,
    /// Ask once more on another connection: this one is being shut down, and the request was not looked at.
    NewConnection,
}

/// An answer, understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    pub outcome: Outcome,
    pub about: About,
    pub step: Step,
}

impl Reading {
    /// It was taken.
    pub const ACCEPTED: Self = Self { outcome: Outcome::Accepted, about: About::Endpoint, step: Step::None };

    const fn new(outcome: Outcome, about: About) -> Self {
        Self { outcome, about, step: Step::None }
    }

    /// The device's token is no more.
    pub const fn gone() -> Self {
        Self::new(Outcome::Gone, About::Endpoint)
    }

    /// This push can never go to this device.
    pub const fn rejected(code: &'static str) -> Self {
        Self::new(Outcome::Rejected { code }, About::Endpoint)
    }

    /// Later; zero leaves the wait to the caller's schedule.
    pub const fn later(after: Duration, about: About) -> Self {
        Self::new(Outcome::Retry { after }, about)
    }

    /// Our credentials or settings are refused.
    pub fn misconfigured(reason: impl Into<String>) -> Self {
        Self::new(Outcome::Misconfigured { reason: reason.into(), doubt: Doubt::Ours }, About::Service)
    }

    /// It is refused for what may be the device's doing, or a setting of ours that is wrong for all.
    pub fn perhaps(reason: impl Into<String>, fate: Fate) -> Self {
        Self::new(Outcome::Misconfigured { reason: reason.into(), doubt: Doubt::Perhaps(fate) }, About::Endpoint)
    }

    /// The same, once this has been tried.
    pub fn but_first(self, step: Step) -> Self {
        Self { step, ..self }
    }
}

/// Retry-After as seconds or as an HTTP date (RFC 9110 §10.2.3), at most [`RETRY_AFTER_S_MAX`]. `now` is real time.
pub fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let wait = if text.bytes().all(|byte| byte.is_ascii_digit()) && !text.is_empty() {
        // More digits than fit are a long time.
        Duration::from_secs(text.parse().unwrap_or(u64::MAX))
    } else {
        let date = DateTimeParser::new().parse_timestamp(text).ok()?;
        Duration::try_from(date.duration_since(now)).unwrap_or_default()
    };
    Some(wait.min(Duration::from_secs(RETRY_AFTER_S_MAX)))
}
