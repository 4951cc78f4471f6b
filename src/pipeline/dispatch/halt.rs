//! Where a proof of ours ends the process, as a power cut would: `dispatch.halt_at`, for tests alone.

use std::sync::atomic::{AtomicU32, Ordering};

/// The moments on a batch's way at which it can be cut off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Point {
    /// Batches are claimed, and it is not committed.
    Claiming,
    /// Reports are written, and not committed.
    Writing,
    /// The writer has committed, and nobody knows yet.
    Written,
    /// A sender has its lease.
    Claimed,
    /// The recipients of a batch were read.
    Read,
    /// The next window is about to be written to `started`.
    Starting,
    /// It is written, and nothing of it was sent.
    Started,
    /// The bytes of a push are about to go.
    Sending,
    /// A push service has answered, and nobody knows yet.
    Answered,
    /// A batch is about to be put back.
    PuttingBack,
    /// A batch is about to be finished.
    Finishing,
    /// A batch has ended, and its broadcast is about to.
    Ending,
}

impl Point {
    pub const ALL: [Self; 12] = [
        Self::Claiming,
        Self::Writing,
        Self::Written,
        Self::Claimed,
        Self::Read,
        Self::Starting,
        Self::Started,
        Self::Sending,
        Self::Answered,
        Self::PuttingBack,
        Self::Finishing,
        Self::Ending,
    ];

    /// Its name in `dispatch.halt_at`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Claiming => "claiming",
            Self::Writing => "writing",
            Self::Written => "written",
            Self::Claimed => "claimed",
            Self::Read => "read",
            Self::Starting => "starting",
            Self::Started => "started",
            Self::Sending => "sending",
            Self::Answered => "answered",
            Self::PuttingBack => "putting-back",
            Self::Finishing => "finishing",
            Self::Ending => "ending",
        }
    }
}

/// Ends the process when a point is passed for so many times; by default never.
#[derive(Debug, Default)]
pub struct Halt {
    at: Option<(Point, AtomicU32)>,
}

impl Halt {
    /// Reads `POINT:COUNT`; `None` when it names no point, or no time from the first on.
    pub fn parse(text: &str) -> Option<Self> {
        let (name, count) = text.split_once(':')?;
        let point = Point::ALL.into_iter().find(|point| point.as_str() == name)?;
        let count = count.parse().ok().filter(|count| *count > 0)?;
        Some(Self { at: Some((point, AtomicU32::new(count))) })
    }

    /// A point is passed.
    pub fn at(&self, point: Point) {
        if let Some((wanted, left)) = &self.at
            && *wanted == point
            && left.fetch_sub(1, Ordering::Relaxed) == 1
        {
            // No more than a power cut would do: nothing is flushed, closed or told.
            std::process::abort();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_are_found_by_their_names_and_nothing_else_is() {
        for point in Point::ALL {
            let halt = Halt::parse(&format!("{}:7", point.as_str())).expect("a point");
            assert!(halt.at.is_some_and(|(found, left)| found == point && left.into_inner() == 7));
        }
        for text in ["", "sending", "sending:", "sending:0", "sending:-1", "lunch:1"] {
            assert!(Halt::parse(text).is_none(), "{text:?}");
        }
        // Not what was asked for: the test goes on.
        Halt::parse("sending:1").expect("a point").at(Point::Read);
        Halt::default().at(Point::Sending);
    }
}
