//! How a push is answered on demand: one recipient's behaviour, and faults scripted for a share of all.

use super::service::Service;
use super::{apns, fcm};
use serde::{Serialize, Serializer};
use std::collections::HashMap;
use std::time::{Duration, Instant};

/// Most faults scripted at a time.
pub(super) const FAULTS_MAX: usize = 32;
/// How long a stalled push waits when no number is asked for, milliseconds.
pub(super) const STALL_MS: u64 = 10_000;

/// How a push ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    /// Accepted.
    Well,
    /// This status; the reason is the behaviour's, or the first that the service has for the status.
    Status(u16),
    Reset,
    Drop,
    /// Accepted, and the connection takes no further requests.
    GoAway,
}

impl Ending {
    pub(super) const fn is_accepted(self) -> bool {
        matches!(self, Self::Well | Self::GoAway | Self::Status(200..=299))
    }
}

/// How a recipient behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Behaviour {
    pub(super) ending: Ending,
    /// The service's own word: Apple's `reason`, Firebase's `errorCode`.
    pub(super) reason: Option<&'static str>,
    pub(super) retry_after_s: Option<u64>,
    pub(super) delay: Duration,
    /// How many more pushes go like this before all is well; `None` for ever.
    pub(super) times: Option<u32>,
}

impl Behaviour {
    pub(super) const WELL: Self =
        Self { ending: Ending::Well, reason: None, retry_after_s: None, delay: Duration::ZERO, times: None };

    pub(super) const fn status(status: u16, reason: Option<&'static str>) -> Self {
        Self { ending: Ending::Status(status), reason, ..Self::WELL }
    }

    /// How this push goes, and one time less for the next.
    pub(super) fn take(&mut self) -> Self {
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

/// What can be scripted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum FaultKind {
    Gone,
    Throttled,
    Unavailable,
    Stall,
    Reset,
    Drop,
    Goaway,
    Unauthorized,
    BadToken,
}

impl FaultKind {
    pub(super) const ALL: [(&'static str, Self); 9] = [
        ("gone", Self::Gone),
        ("throttled", Self::Throttled),
        ("unavailable", Self::Unavailable),
        ("stall", Self::Stall),
        ("reset", Self::Reset),
        ("drop", Self::Drop),
        ("goaway", Self::Goaway),
        ("unauthorized", Self::Unauthorized),
        ("bad-token", Self::BadToken),
    ];

    /// What a service says then.
    const fn ending(self, channel: Service) -> (Ending, Option<&'static str>) {
        use Service::{Apns, Fcm, WebPush};
        let (status, reason) = match (self, channel) {
            (Self::Stall, _) => return (Ending::Well, None),
            (Self::Reset, _) => return (Ending::Reset, None),
            (Self::Drop, _) => return (Ending::Drop, None),
            (Self::Goaway, _) => return (Ending::GoAway, None),
            (Self::Gone, WebPush | Apns) => (410, None),
            (Self::Gone, Fcm) | (Self::BadToken, WebPush) => (404, None),
            (Self::Throttled, _) => (429, None),
            (Self::Unavailable, _) => (503, None),
            (Self::Unauthorized, WebPush) => (403, None),
            (Self::Unauthorized, Apns) => (403, Some("InvalidProviderToken")),
            (Self::Unauthorized, Fcm) => (401, Some(fcm::UNAUTHENTICATED)),
            (Self::BadToken, Apns) => (400, Some("BadDeviceToken")),
            (Self::BadToken, Fcm) => (400, Some(fcm::INVALID_TOKEN)),
        };
        (Ending::Status(status), reason)
    }
}

/// A fault of a share of all recipients, chosen by the seed: the same ones each time.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Fault {
    pub(super) fault: FaultKind,
    /// All channels when not given.
    pub(super) channel: Option<Service>,
    /// 0 to 1.
    pub(super) share: f64,
    pub(super) seed: u64,
    pub(super) reason: Option<&'static str>,
    pub(super) retry_after: Option<u64>,
    pub(super) delay_ms: u64,
    /// How many pushes to each recipient go wrong; `None`: all.
    pub(super) times: Option<u32>,
    /// How long it lasts from when it was scripted.
    pub(super) duration_ms: Option<u64>,
    #[serde(skip)]
    pub(super) begun: Instant,
    /// How many pushes to each recipient it met; told is how many recipients that are.
    #[serde(rename = "recipients", serialize_with = "count")]
    pub(super) taken: HashMap<u32, u32>,
    /// How many pushes it met.
    pub(super) met: u64,
}

fn count<S: Serializer>(taken: &HashMap<u32, u32>, serializer: S) -> Result<S::Ok, S::Error> {
    taken.len().serialize(serializer)
}

impl Fault {
    /// How a push to this recipient goes, if this fault meets it.
    fn meet(&mut self, channel: Service, index: u32, now: Instant) -> Option<Behaviour> {
        let over = self.duration_ms.is_some_and(|long| now.duration_since(self.begun) >= Duration::from_millis(long));
        if over || self.channel.is_some_and(|only| only != channel) || dice(self.seed, index) >= self.share {
            return None;
        }
        let taken = self.taken.entry(index).or_default();
        if self.times.is_some_and(|times| *taken >= times) {
            return None;
        }
        *taken += 1;
        self.met += 1;
        let (ending, reason) = self.fault.ending(channel);
        Some(Behaviour {
            ending,
            reason: self.reason.or(reason),
            retry_after_s: self.retry_after,
            delay: Duration::from_millis(self.delay_ms),
            times: None,
        })
    }
}

/// A number from 0 to 1 that belongs to the seed and the recipient: splitmix64.
fn dice(seed: u64, index: u32) -> f64 {
    let mut mixed = (seed ^ u64::from(index).wrapping_mul(0xD6E8_FEB8_6659_FD93)).wrapping_add(0x9E37_79B9_7F4A_7C15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^= mixed >> 31;
    f64::from(u32::try_from(mixed >> 32).unwrap_or(u32::MAX)) / (f64::from(u32::MAX) + 1.0)
}

/// All scripted faults; the first that meets a push has it.
#[derive(Debug, Default)]
pub(super) struct Faults(Vec<Fault>);

impl Faults {
    /// Takes the place of one of the same kind and channel; one with no share only removes it. `false` when there are
    /// too many.
    pub(super) fn script(&mut self, fault: Fault) -> bool {
        self.0.retain(|one| (one.fault, one.channel) != (fault.fault, fault.channel));
        if fault.share <= 0.0 {
            return true;
        }
        if self.0.len() >= FAULTS_MAX {
            return false;
        }
        self.0.push(fault);
        true
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    pub(super) fn all(&self) -> &[Fault] {
        &self.0
    }

    pub(super) fn meet(&mut self, channel: Service, index: u32, now: Instant) -> Option<Behaviour> {
        self.0.iter_mut().find_map(|fault| fault.meet(channel, index, now))
    }
}

/// The service's own words that a behaviour may have, each with its status.
pub(super) fn reason(channel: Option<Service>, word: &str) -> Option<(u16, &'static str)> {
    let apns = || apns::REASONS.iter().find(|(_, reason)| *reason == word).copied();
    let fcm = || fcm::REASONS.iter().find(|known| known.word == word).map(|known| (known.code, known.word));
    match channel {
        Some(Service::WebPush) => None,
        Some(Service::Apns) => apns(),
        Some(Service::Fcm) => fcm(),
        None => apns().or_else(fcm),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;

    fn fault(share: f64, seed: u64, times: Option<u32>) -> Fault {
        Fault {
            fault: FaultKind::Gone,
            channel: Some(Service::Apns),
            share,
            seed,
            reason: None,
            retry_after: None,
            delay_ms: 0,
            times,
            duration_ms: Some(1_000),
            begun: Clock::system().monotonic(),
            taken: HashMap::new(),
            met: 0,
        }
    }

    #[test]
    fn about_the_share_is_met_and_the_same_ones_each_time() {
        let chosen = |seed| {
            let mut faults = Faults::default();
            assert!(faults.script(fault(0.3, seed, None)));
            let now = Clock::system().monotonic();
            (0..10_000).filter(|index| faults.meet(Service::Apns, *index, now).is_some()).collect::<Vec<_>>()
        };
        let first = chosen(7);
        assert!((2_800..3_200).contains(&first.len()), "{}", first.len());
        assert_eq!(first, chosen(7));
        assert_ne!(first, chosen(8));
    }

    #[test]
    fn a_fault_ends_with_its_times_its_duration_and_its_channel() {
        let now = Clock::system().monotonic();
        let mut faults = Faults::default();
        assert!(faults.script(fault(1.0, 1, Some(2))));
        let gone = Behaviour::status(410, None);
        assert_eq!(faults.meet(Service::Apns, 5, now), Some(gone));
        assert_eq!(faults.meet(Service::Fcm, 5, now), None);
        assert_eq!(faults.meet(Service::Apns, 5, now), Some(gone));
        assert_eq!(faults.meet(Service::Apns, 5, now), None, "twice is enough");
        assert_eq!(faults.meet(Service::Apns, 6, now + Duration::from_millis(2_000)), None, "it is over");
        let told = serde_json::to_value(&faults.all()[0]).expect("it is plain data");
        assert_eq!((&told["met"], &told["recipients"]), (&2.into(), &1.into()));
        assert!(faults.script(fault(0.0, 1, None)));
        assert!(faults.all().is_empty());
    }
}
