//! Whether a push service may be sent to, from its answers so far. Pure: time and chance are handed in.
//!
//! Anyone can subscribe, so one subscription's answers must not decide for all: a device can be throttled by itself, or
//! its endpoint gone. Only what a service says to one device after the other, with nothing accepted in between, is taken
//! to be about us; only failures that are no device's doing (no connection, no answer, 5xx) count as the service's own,
//! and of one device only the first until it is answered: whoever is left of a broadcast may be just those who fail.
//! A service that refuses our key works: what that means is not decided here (`pipeline::dispatch`).
//!
//! An open breaker never stays so: when its time is over a few pushes go as probes, and one good answer closes it. A few,
//! since who is asked again may just be one of those whose device is in trouble.

use crate::model::id::Slot;
use roaring::RoaringBitmap;
use std::time::{Duration, Instant};

/// Devices asked to come later, one after the other and nothing accepted between, until the whole push service is taken
/// to be meant. Where three in ten are throttled by themselves, so many come together once in 10⁸ pushes. Who was asked
/// before says nothing new: what is left to send of a broadcast may be just such devices.
pub const THROTTLED_IN_A_ROW: u32 = 16;
/// Longest time a push service is left alone before it is asked again, seconds.
pub const PAUSE_S_MAX: u64 = 300;
/// For whom there was trouble is forgotten when there was none for so long, seconds: no wait is longer.
pub const KNOWN_S_MAX: u64 = 3_600;
/// Failures are counted over this time, seconds.
pub const WINDOW_S: u64 = 10;
/// Fewer answers than this in the window say nothing.
pub const WINDOW_COUNT_MIN: u32 = 50;
/// The share of failures in the window that opens, percent. Well above what single devices can make.
pub const FAILED_PERCENT_MIN: u32 = 60;
/// How long a failing service is left alone at first, seconds; doubled each time, shortened at random by up to a half.
pub const OPEN_S_FIRST: u64 = 2;
/// And at most, seconds.
pub const OPEN_S_MAX: u64 = 30;
/// A service that stays closed this long begins at [`OPEN_S_FIRST`] again, seconds.
pub const STEADY_S: u64 = 60;
/// Pushes that probe at once. When all of them fail it opens again.
pub const PROBES_MAX: u32 = 3;
/// Probes of which nothing is heard for this long are followed by others, seconds.
pub const PROBE_S_MAX: u64 = 30;
/// How long others wait before they ask again while all probes are under way, milliseconds.
pub const PROBE_WAIT_MS: u64 = 1_000;

/// Where it stands, for metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    Closed,
    HalfOpen,
    Open,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum State {
    /// Pushes go.
    #[default]
    Closed,
    /// None go until then.
    Open { until: Instant },
    /// So many probes went, and so many of them failed; if nothing is heard of them by then, others go.
    Probing { until: Instant, out: u32, failed: u32 },
}

/// Why it opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Cause {
    #[default]
    Failing,
    Throttled,
}

/// The breaker of one push service.
#[derive(Debug, Default, Clone)]
pub struct Breaker {
    state: State,
    cause: Cause,
    window: Window,
    /// Openings for failures without a steady time between.
    openings: u32,
    closed_at: Option<Instant>,
    throttled: Throttled,
    /// For whom it failed, and has not answered since.
    failing: Known,
}

/// Who was asked to come later.
#[derive(Debug, Default, Clone)]
struct Throttled {
    in_a_row: u32,
    known: Known,
}

/// People whose trouble says nothing new. Forgotten when there was none for [`KNOWN_S_MAX`].
#[derive(Debug, Default, Clone)]
struct Known {
    who: RoaringBitmap,
    last: Option<Instant>,
}

impl Breaker {
    /// Asks to send one push. Who may must report what became of it. `Err`: until when not to ask again.
    ///
    /// # Errors
    /// The service is to be left alone.
    pub fn admit(&mut self, now: Instant) -> Result<(), Instant> {
        match self.paused_until(now) {
            Some(until) => Err(until),
            None => {
                let fresh = State::Probing { until: now + Duration::from_secs(PROBE_S_MAX), out: 1, failed: 0 };
                match &mut self.state {
                    State::Closed => {}
                    State::Probing { until, out, .. } if *until > now => *out += 1,
                    State::Probing { .. } | State::Open { .. } => self.state = fresh,
                }
                Ok(())
            }
        }
    }

    /// Until when nothing may go; `None` when a push may.
    pub fn paused_until(&self, now: Instant) -> Option<Instant> {
        match self.state {
            State::Closed => None,
            State::Open { until } => (until > now).then_some(until),
            State::Probing { until, out, .. } => {
                let wait = Duration::from_millis(PROBE_WAIT_MS);
                (until > now && out >= PROBES_MAX).then(|| until.min(now + wait))
            }
        }
    }

    /// How many pushes may go to find out whether it works again; `None` when it is not in doubt.
    pub fn probes(&self, now: Instant) -> Option<u32> {
        match self.state {
            State::Closed => None,
            State::Probing { until, out, .. } if until > now => Some(PROBES_MAX.saturating_sub(out)),
            State::Open { until } if until > now => Some(0),
            State::Probing { .. } | State::Open { .. } => Some(PROBES_MAX),
        }
    }

    /// Where it stands.
    pub const fn standing(&self) -> Standing {
        match self.state {
            State::Closed => Standing::Closed,
            State::Probing { .. } => Standing::HalfOpen,
            State::Open { .. } => Standing::Open,
        }
    }

    /// It took a push for this device.
    pub fn accepted(&mut self, slot: Slot, now: Instant) {
        self.throttled.in_a_row = 0;
        self.answered(slot, now);
    }

    /// It answered about the endpoint or the message: it works.
    pub fn answered(&mut self, slot: Slot, now: Instant) {
        self.failing.who.remove(slot);
        self.window.count(false, now);
        if matches!(self.state, State::Probing { .. }) {
            self.close(now);
        }
    }

    /// It wants to be asked later about this device.
    pub fn throttled(&mut self, slot: Slot, after: Duration, now: Instant) {
        self.failing.who.remove(slot);
        if !self.throttled.count(slot, now) {
            return self.answered(slot, now);
        }
        self.window.count(false, now);
        let opens = match self.state {
            State::Closed => self.throttled.in_a_row >= THROTTLED_IN_A_ROW,
            State::Probing { .. } if self.cause == Cause::Failing => {
                // It answers again.
                self.close(now);
                false
            }
            State::Probing { .. } => self.all_probes_failed(),
            State::Open { .. } => false,
        };
        if opens {
            self.open(Cause::Throttled, after, now);
        }
    }

    /// It could not be reached for this device, gave no answer, or failed inside. `asked` is how long it wants to be left
    /// alone, zero when it says nothing of it; `jitter` is in 0..1.
    pub fn failed(&mut self, slot: Slot, asked: Duration, now: Instant, jitter: f64) {
        if !asked.is_zero() {
            self.throttled.count(slot, now);
        }
        if self.failing.add(slot, now) {
            self.window.count(true, now);
        }
        let failed_again = matches!(self.state, State::Probing { .. });
        let opens = match self.state {
            State::Closed => self.window.is_bad() || self.throttled.in_a_row >= THROTTLED_IN_A_ROW,
            State::Probing { .. } => self.all_probes_failed(),
            State::Open { .. } => false,
        };
        if !opens {
            return;
        }
        let steady = |since: Instant| now.saturating_duration_since(since) >= Duration::from_secs(STEADY_S);
        if !failed_again && self.closed_at.is_none_or(steady) {
            self.openings = 0;
        }
        let times = 1_u32.checked_shl(self.openings).unwrap_or(u32::MAX);
        let doubled = Duration::from_secs(OPEN_S_FIRST).saturating_mul(times).min(Duration::from_secs(OPEN_S_MAX));
        let pause = doubled.mul_f64(1.0 - jitter.clamp(0.0, 1.0) / 2.0);
        self.openings = self.openings.saturating_add(1);
        self.open(Cause::Failing, pause.max(asked), now);
    }

    /// Nothing can be sent to it for so long, for want of what that takes.
    pub fn leave(&mut self, pause: Duration, now: Instant) {
        if self.paused_until(now).is_none_or(|until| until < now + pause) {
            self.open(Cause::Failing, pause, now);
        }
    }

    /// A push that was admitted says nothing of the service, since it did not go, or was cut off by another one's doing:
    /// another one may be the probe.
    pub fn unsent(&mut self, now: Instant) {
        if let State::Probing { until, out, .. } = &mut self.state
            && *until > now
        {
            *out = out.saturating_sub(1);
        }
    }

    /// Counts one more probe that failed.
    fn all_probes_failed(&mut self) -> bool {
        let State::Probing { failed, .. } = &mut self.state else { return false };
        *failed += 1;
        *failed >= PROBES_MAX
    }

    fn open(&mut self, cause: Cause, pause: Duration, now: Instant) {
        self.cause = cause;
        self.state = State::Open { until: now + pause.min(Duration::from_secs(PAUSE_S_MAX)) };
        self.throttled.in_a_row = 0;
        self.window = Window::default();
    }

    fn close(&mut self, now: Instant) {
        self.state = State::Closed;
        // It failed for them because it failed for all: when it does so again, that is new.
        self.failing.who.clear();
        self.closed_at = Some(now);
        self.window = Window::default();
    }
}

impl Throttled {
    /// Counts one more; `false` when it is one of those who were asked before.
    fn count(&mut self, slot: Slot, now: Instant) -> bool {
        if self.known.silence(now).is_some_and(|silence| silence >= Duration::from_secs(WINDOW_S)) {
            self.in_a_row = 0;
        }
        let new = self.known.add(slot, now);
        self.in_a_row = self.in_a_row.saturating_add(u32::from(new));
        new
    }
}

impl Known {
    /// `false` when this one was known.
    fn add(&mut self, slot: Slot, now: Instant) -> bool {
        if self.silence(now).is_some_and(|silence| silence >= Duration::from_secs(KNOWN_S_MAX)) {
            self.who.clear();
        }
        self.last = Some(now);
        self.who.insert(slot)
    }

    /// How long there was no trouble.
    fn silence(&self, now: Instant) -> Option<Duration> {
        self.last.map(|last| now.saturating_duration_since(last))
    }
}

/// Answers and failures of the last five to ten seconds: the half that runs and the one before.
#[derive(Debug, Default, Clone, Copy)]
struct Window {
    since: Option<Instant>,
    halves: [Count; 2],
}

#[derive(Debug, Default, Clone, Copy)]
struct Count {
    all: u32,
    failed: u32,
}

impl Window {
    fn count(&mut self, failed: bool, now: Instant) {
        let half = Duration::from_millis(WINDOW_S * 500);
        let age = self.since.map(|since| now.saturating_duration_since(since));
        if age.is_none_or(|age| age >= half) {
            let before = if age.is_some_and(|age| age < 2 * half) { self.halves[1] } else { Count::default() };
            self.halves = [before, Count::default()];
            self.since = Some(now);
        }
        let running = &mut self.halves[1];
        running.all = running.all.saturating_add(1);
        running.failed = running.failed.saturating_add(u32::from(failed));
    }

    fn is_bad(&self) -> bool {
        let sum = |of: fn(&Count) -> u32| self.halves.iter().map(|half| u64::from(of(half))).sum::<u64>();
        let (all, failed) = (sum(|half| half.all), sum(|half| half.failed));
        all >= u64::from(WINDOW_COUNT_MIN) && failed * 100 >= all * u64::from(FAILED_PERCENT_MIN)
    }
}

#[cfg(test)]
#[path = "breaker_tests.rs"]
mod tests;
