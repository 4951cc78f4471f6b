//! Push services that refuse our credentials or settings. Such a channel pauses: nothing is sent to it, nobody in it
//! is counted as tried, and now and then a few pushes find out whether it was mended.

use crate::clock::Clock;
use crate::model::pause::Pause;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, Instant};

/// Refusals of our credentials, one after the other and nothing accepted between, until the push service is taken to
/// mean us. A single one may be about a single subscription, and must not hold up everyone else. A few of so many find
/// out whether it was mended.
pub const REFUSED_IN_A_ROW: u32 = 8;
/// The longest time between two looks whether it was mended; the first comes after `dispatch.retry_first_ms`.
const LOOK_EVERY_MAX: Duration = Duration::from_secs(30);
/// Push services of which this is remembered; when there are more, those that are well are forgotten.
const CHANNELS_MAX: usize = 256;

/// How a delivery may go to a push service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    Open,
    /// It is paused: only a few, to find out whether it was mended.
    Look,
    Closed,
}

/// A change that people want to know of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    Paused,
    Resumed,
}

/// What this node knows of each push service.
#[derive(Debug)]
pub struct Pauses {
    clock: Clock,
    look_first: Duration,
    channels: Mutex<HashMap<String, Channel>>,
}

#[derive(Debug, Default)]
struct Channel {
    refused_in_a_row: u32,
    pause: Option<Paused>,
}

#[derive(Debug)]
struct Paused {
    pause: Pause,
    look_at: Instant,
    wait: Duration,
    /// Somebody is looking.
    looking: bool,
}

impl Pauses {
    pub fn new(clock: Clock, look_first: Duration) -> Self {
        Self { clock, look_first: look_first.min(LOOK_EVERY_MAX), channels: Mutex::default() }
    }

    /// How a delivery that begins now may go. Whoever gets [`Way::Look`] must say [`Pauses::looked`] in the end.
    pub fn begin(&self, origin: &str) -> Way {
        let now = self.clock.monotonic();
        match self.lock().get_mut(origin).and_then(|channel| channel.pause.as_mut()) {
            None => Way::Open,
            Some(pause) if pause.looking || now < pause.look_at => Way::Closed,
            Some(pause) => {
                pause.looking = true;
                Way::Look
            }
        }
    }

    /// The look is over, with or without an answer; if it is still paused the next one comes later.
    pub fn looked(&self, origin: &str) {
        let now = self.clock.monotonic();
        if let Some(pause) = self.lock().get_mut(origin).and_then(|channel| channel.pause.as_mut()) {
            pause.looking = false;
            pause.wait = (pause.wait * 2).min(LOOK_EVERY_MAX);
            pause.look_at = now + pause.wait;
        }
    }

    /// A push was accepted.
    pub fn accepted(&self, origin: &str) -> Option<Change> {
        let mut channels = self.lock();
        let channel = channels.get_mut(origin)?;
        channel.refused_in_a_row = 0;
        channel.pause.take().map(|_| Change::Resumed)
    }

    /// Our credentials were refused.
    pub fn refused(&self, origin: &str, reason: &str) -> Option<Change> {
        let mut channels = self.lock();
        if channels.len() >= CHANNELS_MAX && !channels.contains_key(origin) {
            channels.retain(|_, channel| channel.pause.is_some());
        }
        let channel = channels.entry(origin.to_owned()).or_default();
        channel.refused_in_a_row = channel.refused_in_a_row.saturating_add(1);
        if channel.pause.is_some() || channel.refused_in_a_row < REFUSED_IN_A_ROW {
            return None;
        }
        let pause = Pause { origin: origin.to_owned(), since: self.clock.now(), reason: reason.to_owned() };
        channel.pause = Some(Paused {
            pause,
            look_at: self.clock.monotonic() + self.look_first,
            wait: self.look_first,
            looking: false,
        });
        Some(Change::Paused)
    }

    /// Whether nothing may be sent to a push service but by who looks whether it was mended.
    pub fn is_paused(&self, origin: &str) -> bool {
        self.lock().get(origin).is_some_and(|channel| channel.pause.is_some())
    }

    /// The push services of which nothing is claimed now.
    pub fn closed(&self) -> Vec<String> {
        let now = self.clock.monotonic();
        let closed =
            |channel: &Channel| channel.pause.as_ref().is_some_and(|pause| pause.looking || now < pause.look_at);
        self.lock().iter().filter(|(_, channel)| closed(channel)).map(|(origin, _)| origin.clone()).collect()
    }

    /// Everything that is paused.
    pub fn all(&self) -> Vec<Pause> {
        self.lock().values().filter_map(|channel| Some(channel.pause.as_ref()?.pause.clone())).collect()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Channel>> {
        self.channels.lock().expect("nothing panics while it holds the channels")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: &str = "https://push.example";

    fn refuse(pauses: &Pauses, times: u32) -> Vec<Change> {
        (0..times).filter_map(|_| pauses.refused(HERE, "key")).collect()
    }

    #[test]
    fn a_single_subscription_that_refuses_our_key_pauses_nothing() {
        let pauses = Pauses::new(Clock::system(), Duration::ZERO);
        for _ in 0..3 {
            assert_eq!(refuse(&pauses, REFUSED_IN_A_ROW - 1), []);
            assert_eq!(pauses.accepted(HERE), None);
        }
        assert_eq!(pauses.begin(HERE), Way::Open);
    }

    #[test]
    fn a_channel_that_refuses_us_pauses_once_and_goes_on_when_it_accepts() {
        let pauses = Pauses::new(Clock::system(), LOOK_EVERY_MAX);
        assert_eq!(refuse(&pauses, 3 * REFUSED_IN_A_ROW), [Change::Paused], "said once");
        let all = pauses.all();
        assert!(matches!(&all[..], [Pause { origin, reason, .. }] if origin == HERE && reason == "key"), "{all:?}");
        assert_eq!((pauses.begin(HERE), pauses.closed()), (Way::Closed, vec![HERE.to_owned()]));
        assert_eq!(pauses.begin("https://other.example"), Way::Open);
        assert_eq!(pauses.accepted(HERE), Some(Change::Resumed));
        assert_eq!((pauses.begin(HERE), pauses.closed(), pauses.accepted(HERE)), (Way::Open, vec![], None));
        assert_eq!(refuse(&pauses, REFUSED_IN_A_ROW), [Change::Paused]);
    }

    #[test]
    fn one_at_a_time_looks_whether_it_was_mended_and_ever_more_seldom() {
        let pauses = Pauses::new(Clock::system(), Duration::ZERO);
        refuse(&pauses, REFUSED_IN_A_ROW);
        assert!(pauses.closed().is_empty(), "somebody may look");
        assert_eq!((pauses.begin(HERE), pauses.begin(HERE)), (Way::Look, Way::Closed));
        assert_eq!(pauses.closed(), [HERE]);
        pauses.looked(HERE);
        assert_eq!(pauses.begin(HERE), Way::Look);
        assert!(pauses.is_paused(HERE));
        let seldom = Pauses::new(Clock::system(), LOOK_EVERY_MAX);
        refuse(&seldom, REFUSED_IN_A_ROW);
        seldom.looked(HERE);
        assert_eq!(seldom.begin(HERE), Way::Closed);
    }
}
