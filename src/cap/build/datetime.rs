//! CAP's dateTime (CAP 1.2 §3.3.2): `2026-01-02T03:04:05+01:00`, UTC as `-00:00`.

use crate::cap::time::DateTime;
use jiff::tz::Offset;
use jiff::{SignedDuration, Timestamp};

/// Widest offset from UTC, minutes (XML Schema dateTime).
const OFFSET_MINUTES_MAX: i32 = 14 * 60;

/// The last whole second that we can hold: 9999-12-30T22:00:00 UTC.
const LATEST: Timestamp = Timestamp::constant(253_402_207_200, 0);

/// How a readable time was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// As the standard wants it.
    Standard,
    /// UTC as `+00:00` instead of `-00:00`.
    PlusZero,
    /// Another, but it can mean only one instant.
    Loose,
    /// As the standard wants it, but later than any instant we can hold; the last of them stands for it.
    Far,
}

/// Why a time cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unreadable {
    /// A local time somewhere.
    NoOffset,
    Nonsense,
}

/// Reads a time. Fractions of a second are cut off: CAP has whole seconds.
pub(super) fn parse(text: &str) -> Result<(DateTime, Form), Unreadable> {
    use Unreadable::Nonsense;
    let mut form = Form::Standard;
    let (date, rest) = text.split_at_checked(10).ok_or(Nonsense)?;
    let rest = if let Some(rest) = rest.strip_prefix('T') {
        rest
    } else {
        form = Form::Loose;
        rest.strip_prefix(['t', ' ']).ok_or(Nonsense)?
    };
    let (time, mut zone) = rest.split_at_checked(8).ok_or(Nonsense)?;
    if let Some(fraction) = zone.strip_prefix('.') {
        form = Form::Loose;
        zone = fraction.trim_start_matches(|character: char| character.is_ascii_digit());
        if zone.len() == fraction.len() {
            return Err(Nonsense);
        }
    }
    let [year, month, day] = fields(date, b'-', [4, 2, 2]).ok_or(Nonsense)?;
    let [hour, minute, second] = fields(time, b':', [2, 2, 2]).ok_or(Nonsense)?;
    let narrow = |number: i32| i8::try_from(number).map_err(|_| Nonsense);
    let year = i16::try_from(year).map_err(|_| Nonsense)?;
    let (month, day) = (narrow(month)?, narrow(day)?);
    let minutes = offset_minutes(zone, &mut form)?;
    let offset = Offset::from_seconds(minutes * 60).map_err(|_| Nonsense)?;
    // XML Schema has no year 0, and writes the end of a day as the hour 24.
    let midnight = (hour, minute, second) == (24, 0, 0);
    let hour = if midnight { 0 } else { hour };
    let local = jiff::civil::DateTime::new(year, month, day, narrow(hour)?, narrow(minute)?, narrow(second)?, 0)
        .ok()
        .filter(|_| year > 0)
        .ok_or(Nonsense)?;
    let instant = offset
        .to_timestamp(local)
        .and_then(|instant| if midnight { instant.checked_add(SignedDuration::from_hours(24)) } else { Ok(instant) });
    let Ok(instant) = instant else {
        // Only the last days of the year 9999 are out of reach.
        return Ok((DateTime::new(LATEST, offset), Form::Far));
    };
    Ok((DateTime::new(instant, offset), form))
}

/// Three numbers of fixed widths, digits only.
fn fields(text: &str, separator: u8, widths: [usize; 3]) -> Option<[i32; 3]> {
    let mut rest = text.as_bytes();
    let mut numbers = [0; 3];
    for (nth, width) in widths.into_iter().enumerate() {
        if nth > 0 {
            rest = rest.strip_prefix(&[separator])?;
        }
        let (digits, after) = rest.split_at_checked(width)?;
        numbers[nth] = digits
            .iter()
            .try_fold(0, |number, digit| digit.is_ascii_digit().then(|| number * 10 + i32::from(digit - b'0')))?;
        rest = after;
    }
    rest.is_empty().then_some(numbers)
}

fn offset_minutes(zone: &str, form: &mut Form) -> Result<i32, Unreadable> {
    if zone.is_empty() {
        return Err(Unreadable::NoOffset);
    }
    if zone == "Z" || zone == "z" {
        *form = Form::Loose;
        return Ok(0);
    }
    let (sign, digits) = match zone.split_at_checked(1) {
        Some(("+", digits)) => (1, digits),
        Some(("-", digits)) => (-1, digits),
        Some(_) | None => return Err(Unreadable::Nonsense),
    };
    let (hours, minutes) = match digits.len() {
        5 => digits.split_once(':').ok_or(Unreadable::Nonsense)?,
        4 => {
            *form = Form::Loose;
            digits.split_at_checked(2).ok_or(Unreadable::Nonsense)?
        }
        2 => {
            *form = Form::Loose;
            (digits, "00")
        }
        _ => return Err(Unreadable::Nonsense),
    };
    let two = |part: &str| -> Result<i32, Unreadable> {
        let two_digits = part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
        part.parse().ok().filter(|_| two_digits).ok_or(Unreadable::Nonsense)
    };
    let (hours, minutes) = (two(hours)?, two(minutes)?);
    let total = hours * 60 + minutes;
    if minutes > 59 || total > OFFSET_MINUTES_MAX {
        return Err(Unreadable::Nonsense);
    }
    if total == 0 && sign > 0 && *form == Form::Standard {
        *form = Form::PlusZero;
    }
    Ok(sign * total)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (String, Form) {
        let (time, form) = parse(text).expect("a readable time");
        (time.to_string(), form)
    }

    #[test]
    fn the_standards_form_is_kept_as_it_is() {
        for text in ["2026-01-02T03:04:05+01:00", "2026-01-02T03:04:05-00:00", "2024-02-29T23:59:59-03:30"] {
            assert_eq!(read(text), (text.to_owned(), Form::Standard));
        }
    }

    #[test]
    fn other_forms_of_one_instant_are_read_and_told_apart() {
        assert_eq!(read("2026-01-02T03:04:05+00:00"), ("2026-01-02T03:04:05-00:00".to_owned(), Form::PlusZero));
        for text in
            ["2026-01-02T03:04:05Z", "2026-01-02t03:04:05z", "2026-01-02 03:04:05.999Z", "2026-01-02T03:04:05+0000"]
        {
            assert_eq!(read(text), ("2026-01-02T03:04:05-00:00".to_owned(), Form::Loose), "{text}");
        }
        assert_eq!(read("2026-01-02T03:04:05+05").0, "2026-01-02T03:04:05+05:00");
    }

    #[test]
    fn a_time_without_offset_is_not_guessed() {
        assert_eq!(parse("2026-01-02T03:04:05").err(), Some(Unreadable::NoOffset));
        assert_eq!(parse("2026-01-02 03:04:05.127").err(), Some(Unreadable::NoOffset));
    }

    #[test]
    fn nonsense_is_refused() {
        for text in [
            "",
            "soon",
            "2026-01-02",
            "2026-02-30T03:04:05+01:00",
            "2026-01-02T25:04:05+01:00",
            "2026-1-02T03:04:05+01:00x",
            "2026-01-02T03:04:05+15:00",
            "2026-01-02T03:04:05+01:60",
            "2026-01-02T03:04:05,01:00",
            "2026-01-02T03:04:05.+01:00",
            "+026-01-02T03:04:05+01:00",
            "2026-01-02T03:04:05+-1:00",
            "2026-01-02T03:04:0é+01:00",
            "12/31/2026 at noon sharp",
        ] {
            assert_eq!(parse(text).err(), Some(Unreadable::Nonsense), "{text}");
        }
    }

    #[test]
    fn the_ends_of_the_calendar_do_not_overflow() {
        for text in ["9999-12-31T23:59:59-14:00", "9999-12-31T23:59:59+00:00", "9999-12-31T24:00:00-00:00"] {
            let (time, form) = read(text);
            assert!(time.starts_with("9999-12-30T") && form == Form::Far, "{time}");
        }
        assert!(parse("0001-01-01T00:00:00+14:00").is_ok());
        assert_eq!(parse("0000-01-01T00:00:00+00:00").err(), Some(Unreadable::Nonsense));
    }

    #[test]
    fn the_hour_24_is_the_next_midnight() {
        assert_eq!(read("2026-02-28T24:00:00+01:00"), ("2026-03-01T00:00:00+01:00".to_owned(), Form::Standard));
        assert_eq!(parse("2026-02-28T24:00:01+01:00").err(), Some(Unreadable::Nonsense));
    }
}
