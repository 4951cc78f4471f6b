//! CAP's dateTime: an instant that remembers the offset it was written with (CAP 1.2 §3.3.2).

use jiff::Timestamp;
use jiff::tz::Offset;

/// An instant, and the offset from UTC it was written in, kept for showing local time.
#[derive(Debug, Clone, Copy)]
pub struct DateTime {
    instant: Timestamp,
    offset: Offset,
}

impl DateTime {
    /// An instant seen at an offset.
    pub const fn new(instant: Timestamp, offset: Offset) -> Self {
        Self { instant, offset }
    }

    /// The instant itself.
    pub const fn instant(self) -> Timestamp {
        self.instant
    }

    /// The offset the sender wrote.
    pub const fn offset(self) -> Offset {
        self.offset
    }
}

/// Two spellings of one instant are the same time: offsets do not count.
impl PartialEq for DateTime {
    fn eq(&self, other: &Self) -> bool {
        self.instant == other.instant
    }
}

impl Eq for DateTime {}

/// As CAP 1.2 wants it written: seconds, numeric offset, UTC as `-00:00`.
impl std::fmt::Display for DateTime {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let local = self.offset.to_datetime(self.instant);
        let minutes = self.offset.seconds() / 60;
        let sign = if minutes > 0 { '+' } else { '-' };
        let (hours, minutes) = (minutes.abs() / 60, minutes.abs() % 60);
        write!(f, "{}{sign}{hours:02}:{minutes:02}", local.strftime("%Y-%m-%dT%H:%M:%S"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str, offset_minutes: i32) -> DateTime {
        let instant = text.parse().expect("a timestamp");
        DateTime::new(instant, Offset::from_seconds(offset_minutes * 60).expect("an offset"))
    }

    #[test]
    fn utc_is_written_minus_zero_and_offsets_keep_their_sign() {
        assert_eq!(at("2026-01-02T03:04:05Z", 0).to_string(), "2026-01-02T03:04:05-00:00");
        assert_eq!(at("2026-01-02T03:04:05Z", 330).to_string(), "2026-01-02T08:34:05+05:30");
        assert_eq!(at("2026-01-02T03:04:05Z", -210).to_string(), "2026-01-01T23:34:05-03:30");
    }

    #[test]
    fn the_same_instant_in_two_offsets_is_equal() {
        assert_eq!(at("2026-01-02T03:04:05Z", 0), at("2026-01-02T03:04:05Z", 60));
    }
}
