//! The only reader of wall time and of randomness; everything else is handed what it needs.
//!
//! There are two times. *Real time* is the machine's: tokens, TLS and logs use it. *Alert time* is what alerts, leases
//! and everything stored live by; it is real time, unless `clock.start` moved it for a test or a sandbox.

use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use std::time::{Duration, Instant};

/// The two times. Cheap to copy; handed down from `app`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Clock {
    offset: SignedDuration,
}

impl Clock {
    /// Alert time is real time.
    pub const fn system() -> Self {
        Self { offset: SignedDuration::ZERO }
    }

    /// Alert time runs this far from real time: `clock.start` with the offset that the data remembers.
    pub const fn with_offset(offset: SignedDuration) -> Self {
        Self { offset }
    }

    /// Real time.
    #[expect(clippy::disallowed_methods, reason = "this is the one place")]
    pub fn real(&self) -> Timestamp {
        Timestamp::now()
    }

    /// Alert time.
    pub fn now(&self) -> Timestamp {
        self.real().saturating_add(self.offset).unwrap_or(Timestamp::MAX)
    }

    /// For measuring and for deadlines: never goes back.
    #[expect(clippy::disallowed_methods, reason = "this is the one place")]
    pub fn monotonic(&self) -> Instant {
        Instant::now()
    }
}

/// What this process has used of processors, all threads together, since it began.
pub fn cpu_time() -> Duration {
    let used = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    let (seconds, nanoseconds) = (u64::try_from(used.tv_sec), u32::try_from(used.tv_nsec));
    Duration::new(seconds.unwrap_or_default(), nanoseconds.unwrap_or_default())
}

/// Random bytes from the operating system.
pub fn random_bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    SystemRandom::new().fill(&mut bytes).expect("the operating system gives random bytes, or nothing here is safe");
    bytes
}

/// A new identifier or secret of almost 128 random bits: 22 letters, digits, `-` and `_`, the first a letter or a digit,
/// since a command line takes what begins with `-` for an option.
pub fn random_id() -> String {
    loop {
        let id = URL_SAFE_NO_PAD.encode(random_bytes::<16>());
        if id.starts_with(|first: char| first.is_ascii_alphanumeric()) {
            return id;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_identifier_looks_like_an_option() {
        assert!((0..1_000).all(|_| random_id().len() == 22 && !random_id().starts_with(['-', '_'])));
    }
}
