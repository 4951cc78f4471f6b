//! The breakers of all push services: what came of each push goes in, whether the next one may go comes out.

use super::breaker::{Breaker, Standing};
use super::reading::{About, Reading};
use crate::clock::{self, Clock};
use crate::model::id::Slot;
use crate::model::outcome::Outcome;
use http::StatusCode;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, Instant};

/// Most push services whose breaker is kept; beyond that closed ones are forgotten.
const BREAKERS_MAX: usize = 256;
/// What "later" without a time is taken for, seconds.
const LATER_S: u64 = 10;

/// One for the whole process.
#[derive(Debug)]
pub(super) struct Breakers {
    clock: Clock,
    known: Mutex<HashMap<String, Breaker>>,
}

impl Breakers {
    pub(super) fn new(clock: Clock) -> Self {
        Self { clock, known: Mutex::default() }
    }

    /// Asks to send one push. Who may must tell [`Breakers::settle`], [`Breakers::failed`] or [`Breakers::unsent`].
    ///
    /// # Errors
    /// Until when not to ask again.
    pub(super) fn admit(&self, origin: &str) -> Result<(), Instant> {
        let now = self.clock.monotonic();
        self.with(origin, |breaker| breaker.admit(now))
    }

    /// Until when nothing may go there; `None` when a push may.
    pub(super) fn paused_until(&self, origin: &str) -> Option<Instant> {
        self.lock().get(origin)?.paused_until(self.clock.monotonic())
    }

    /// The push services that may not be sent to now.
    pub(super) fn stalled(&self) -> Vec<String> {
        let now = self.clock.monotonic();
        let known = self.lock();
        let paused = known.iter().filter(|(_, breaker)| breaker.paused_until(now).is_some());
        paused.map(|(origin, _)| origin.clone()).collect()
    }

    /// How many pushes may go there to find out whether it works again; `None` when it is not in doubt.
    pub(super) fn probes(&self, origin: &str) -> Option<u32> {
        self.lock().get(origin)?.probes(self.clock.monotonic())
    }

    /// It answered to a push for this person, and this is what its channel reads in it.
    pub(super) fn settle(&self, origin: &str, slot: Slot, status: StatusCode, reading: &Reading) {
        let now = self.clock.monotonic();
        self.with(origin, |breaker| match (&reading.outcome, reading.about) {
            (Outcome::Accepted, _) => breaker.accepted(slot, now),
            (Outcome::Retry { after }, About::Service) if status.is_server_error() => {
                breaker.failed(slot, *after, now, jitter());
            }
            (Outcome::Retry { after }, About::Service) if is_throttled(status) => {
                let after = if after.is_zero() { Duration::from_secs(LATER_S) } else { *after };
                breaker.throttled(slot, after, now);
            }
            (Outcome::Retry { .. } | Outcome::Gone | Outcome::Rejected { .. } | Outcome::Misconfigured { .. }, _) => {
                breaker.answered(slot, now)
            }
        });
    }

    /// Nothing can be sent there until then.
    pub(super) fn leave(&self, origin: &str, until: Instant) {
        let now = self.clock.monotonic();
        self.with(origin, |breaker| breaker.leave(until.saturating_duration_since(now), now));
    }

    /// It could not be reached for this person, or gave no answer.
    pub(super) fn failed(&self, origin: &str, slot: Slot) {
        let now = self.clock.monotonic();
        self.with(origin, |breaker| breaker.failed(slot, Duration::ZERO, now, jitter()));
    }

    /// The push says nothing of the service: it did not go for a reason of ours, or was cut off with another one.
    pub(super) fn unsent(&self, origin: &str) {
        let now = self.clock.monotonic();
        self.with(origin, |breaker| breaker.unsent(now));
    }

    fn with<T>(&self, origin: &str, tell: impl FnOnce(&mut Breaker) -> T) -> T {
        let mut known = self.lock();
        if !known.contains_key(origin) {
            if known.len() >= BREAKERS_MAX {
                known.retain(|_, breaker| breaker.standing() != Standing::Closed);
            }
            known.insert(origin.to_owned(), Breaker::default());
        }
        let breaker = known.get_mut(origin).expect("it was put there");
        let before = breaker.standing();
        let told = tell(breaker);
        let after = breaker.standing();
        drop(known);
        if before != after {
            show(origin, after);
        }
        told
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Breaker>> {
        self.known.lock().expect("no one panics while holding it")
    }
}

/// "Too many requests": RFC 6585 §4, and how Microsoft's service says it.
fn is_throttled(status: StatusCode) -> bool {
    matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::NOT_ACCEPTABLE)
}

fn jitter() -> f64 {
    f64::from(u32::from_le_bytes(clock::random_bytes())) / f64::from(u32::MAX)
}

fn show(origin: &str, standing: Standing) {
    let value = match standing {
        Standing::Closed => 0.0,
        Standing::HalfOpen => 1.0,
        Standing::Open => 2.0,
    };
    metrics::gauge!("beffroi_push_breaker", "origin" => origin.to_owned()).set(value);
    match standing {
        Standing::Closed => tracing::info!(origin, "{origin} takes pushes again"),
        Standing::Open => tracing::warn!(origin, "{origin} is left alone for a while"),
        Standing::HalfOpen => {}
    }
}
