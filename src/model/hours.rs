//! Quiet hours on a clock that is put forward and back.

use super::subscriber::QuietHours;
use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::{AmbiguousOffset, TimeZone};
use std::fmt;
use std::str::FromStr;

impl QuietHours {
    /// When the quiet hours end that this moment lies in; `None` outside of them. They begin with the moment of `from`
    /// and end with that of `to`.
    ///
    /// On the night when clocks are put back, a time that comes twice begins them the first time and ends them the
    /// second. When clocks are put forward, a time that is left out is the moment of the jump. A zone that is no longer
    /// known has none: who is rung at night is better off than who is not told.
    pub fn end(&self, at: Timestamp) -> Option<Timestamp> {
        let zone = TimeZone::get(&self.time_zone).ok()?;
        let today = at.to_zoned(zone.clone()).date();
        // One that began yesterday may go on.
        let nights = [today.yesterday().ok(), Some(today)].into_iter().flatten();
        nights
            .filter_map(|day| self.of_day(day, &zone))
            .filter(|(from, to)| (*from..*to).contains(&at))
            .map(|(_, to)| to)
            .max()
    }

    /// Those that begin on a day, from and to.
    fn of_day(&self, day: Date, zone: &TimeZone) -> Option<(Timestamp, Timestamp)> {
        if self.from == self.to {
            return None;
        }
        let last = if self.from < self.to { day } else { day.tomorrow().ok()? };
        Some((moment(day.to_datetime(self.from), zone, false)?, moment(last.to_datetime(self.to), zone, true)?))
    }
}

/// When clocks show this: the second time, or the first, where they do twice; where they never do, when they jump over it.
fn moment(shown: DateTime, zone: &TimeZone, second: bool) -> Option<Timestamp> {
    let offset = match zone.to_ambiguous_timestamp(shown).offset() {
        AmbiguousOffset::Unambiguous { offset } => offset,
        AmbiguousOffset::Fold { before, after } => {
            if second {
                after
            } else {
                before
            }
        }
        AmbiguousOffset::Gap { after, .. } => {
            let before_the_jump = after.to_timestamp(shown).ok()?;
            return zone.following(before_the_jump).next().map(|jump| jump.timestamp());
        }
    };
    offset.to_timestamp(shown).ok()
}

/// `22:00:00/07:00:00 Europe/Paris`: as it is stored and compared.
impl fmt::Display for QuietHours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{} {}", self.from, self.to, self.time_zone)
    }
}

/// A text that is not one that [`QuietHours`] writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("quiet hours are written 22:00:00/07:00:00 Europe/Paris")]
pub struct NotQuietHours;

impl FromStr for QuietHours {
    type Err = NotQuietHours;

    fn from_str(text: &str) -> Result<Self, NotQuietHours> {
        let (times, time_zone) = text.split_once(' ').ok_or(NotQuietHours)?;
        let (from, to) = times.split_once('/').ok_or(NotQuietHours)?;
        let time = |text: &str| text.parse().map_err(|_| NotQuietHours);
        Ok(Self { from: time(from)?, to: time(to)?, time_zone: time_zone.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::{SignedDuration, ToSpan};
    use proptest::prelude::*;

    fn hours(text: &str) -> QuietHours {
        text.parse().expect("quiet hours")
    }

    /// When the quiet hours of a moment end, both as UTC.
    fn end(hours: &str, at: &str) -> Option<String> {
        self::hours(hours).end(at.parse().expect("a moment")).map(|end| end.to_string())
    }

    #[test]
    fn they_hold_from_their_first_moment_to_their_last_also_across_midnight() {
        let paris = "22:00:00/07:00:00 Europe/Paris";
        let morning = Some("2026-01-11T06:00:00Z".to_owned());
        assert_eq!(end(paris, "2026-01-10T20:59:59Z"), None);
        assert_eq!(end(paris, "2026-01-10T21:00:00Z"), morning);
        assert_eq!(end(paris, "2026-01-10T23:30:00Z"), morning);
        assert_eq!(end(paris, "2026-01-11T05:59:59.999Z"), morning);
        assert_eq!(end(paris, "2026-01-11T06:00:00Z"), None);
        let noon = "12:00:00/13:30:00 America/St_Johns";
        assert_eq!(end(noon, "2026-01-10T15:29:59Z"), None);
        assert_eq!(end(noon, "2026-01-10T15:30:00Z"), Some("2026-01-10T17:00:00Z".to_owned()));
        assert_eq!(end(noon, "2026-01-10T17:00:00Z"), None);
    }

    #[test]
    fn without_length_or_in_a_zone_that_is_gone_there_are_none() {
        assert_eq!(end("22:00:00/22:00:00 Europe/Paris", "2026-01-10T21:00:00Z"), None);
        assert_eq!(end("22:00:00/07:00:00 Europe/Atlantis", "2026-01-10T23:00:00Z"), None);
    }

    #[test]
    fn the_night_is_an_hour_shorter_or_longer_when_clocks_change() {
        let paris = "22:00:00/07:00:00 Europe/Paris";
        // 29 March and 25 October 2026 at 01:00 UTC.
        assert_eq!(end(paris, "2026-03-28T22:00:00Z"), Some("2026-03-29T05:00:00Z".to_owned()));
        assert_eq!(end(paris, "2026-10-24T20:00:00Z"), Some("2026-10-25T06:00:00Z".to_owned()));
        let st_johns = "23:00:00/06:30:00 America/St_Johns";
        // 8 March and 1 November 2026 at 02:00 local time.
        assert_eq!(end(st_johns, "2026-03-08T03:00:00Z"), Some("2026-03-08T09:00:00Z".to_owned()));
        assert_eq!(end(st_johns, "2026-11-01T02:00:00Z"), Some("2026-11-01T10:00:00Z".to_owned()));
    }

    #[test]
    fn a_time_that_comes_twice_or_never_begins_early_and_ends_late() {
        let twice = "02:30:00/05:00:00 Europe/Paris";
        assert_eq!(end(twice, "2026-10-25T00:29:59Z"), None);
        assert_eq!(end(twice, "2026-10-25T00:30:00Z"), Some("2026-10-25T04:00:00Z".to_owned()));
        assert_eq!(
            end("22:00:00/02:30:00 Europe/Paris", "2026-10-25T00:45:00Z"),
            Some("2026-10-25T01:30:00Z".to_owned())
        );
        assert_eq!(
            end("22:00:00/02:30:00 Europe/Paris", "2026-03-29T00:59:59Z"),
            Some("2026-03-29T01:00:00Z".to_owned())
        );
        assert_eq!(end("02:30:00/05:00:00 Europe/Paris", "2026-03-29T00:59:59Z"), None);
        assert_eq!(
            end("02:30:00/05:00:00 Europe/Paris", "2026-03-29T01:00:00Z"),
            Some("2026-03-29T03:00:00Z".to_owned())
        );
        assert_eq!(end("02:10:00/02:50:00 Europe/Paris", "2026-03-29T01:00:00Z"), None, "left out as a whole");
    }

    proptest! {
        /// Against the clock on the wall, read minute by minute.
        #[test]
        fn they_are_what_the_clock_on_the_wall_shows(
            zone in prop::sample::select(vec!["Europe/Paris", "America/St_Johns", "Pacific/Apia", "Asia/Kathmandu", "UTC"]),
            from in 0..1_440_i64,
            to in 0..1_440_i64,
            day in 0..366_i64,
            minute in 0..1_440_i64,
        ) {
            let clock = |minutes: i64| jiff::civil::Time::midnight().wrapping_add(minutes.minutes());
            let (from, to) = (clock(from), clock(to));
            let hours = QuietHours { from, to, time_zone: zone.to_owned() };
            let first: Timestamp = "2026-01-01T00:00:00Z".parse().expect("a moment");
            let at = first + SignedDuration::from_mins(day * 1_440 + minute);
            let tz = TimeZone::get(zone).expect("a zone");
            let shown = |at: Timestamp| at.to_zoned(tz.clone()).time();
            let quiet = |at: Timestamp| if from <= to { (from..to).contains(&shown(at)) } else { shown(at) >= from || shown(at) < to };
            match hours.end(at) {
                // An hour that comes twice is taken as one: the only time that the clock may say otherwise.
                None => prop_assert!(!quiet(at)),
                Some(end) => {
                    prop_assert!(end > at && end.duration_since(at) <= SignedDuration::from_hours(25));
                    let put_back = (-2..=2).any(|hour| {
                        let near = at + SignedDuration::from_hours(hour);
                        shown(near) >= shown(near + SignedDuration::from_hours(1)) && shown(near).hour() < 23
                    });
                    prop_assert!(quiet(at) || put_back);
                    prop_assert_eq!(hours.end(end), None);
                    prop_assert!(!quiet(end));
                }
            }
        }

        #[test]
        fn their_text_reads_back(from in 0..86_400_i64, to in 0..86_400_i64) {
            let clock = |seconds: i64| jiff::civil::Time::midnight().wrapping_add(seconds.seconds());
            let hours = QuietHours { from: clock(from), to: clock(to), time_zone: "America/Argentina/Buenos_Aires".to_owned() };
            prop_assert_eq!(hours.to_string().parse(), Ok(hours));
        }
    }

    #[test]
    fn other_texts_are_none() {
        for text in ["", "22:00:00", "22:00:00/07:00:00", "22:00:00 07:00:00 UTC", "25:00:00/07:00:00 UTC"] {
            assert_eq!(text.parse::<QuietHours>(), Err(NotQuietHours), "{text}");
        }
    }
}
