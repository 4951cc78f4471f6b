//! Many people in one text, read into one [`Listener`] after the other with as little made anew as possible.
//!
//! Fields and people are set apart by control characters, which no stored text holds: JSON escapes them, and origins
//! and kinds of channel have none. What people chose repeats, so each text of families or languages is read once.

use super::super::error::StoreError;
use super::super::row::known;
use super::text;
use crate::model::family::Families;
use crate::model::place::{Altitude, Around, Cell, Place, Radius, Step};
use crate::model::subscriber::{ChannelKind, Listener, first_language};
use std::collections::HashMap;

/// Ends a field.
pub(super) const FIELD: char = '\u{1f}';
/// Ends a person.
pub(super) const RECORD: char = '\u{1e}';
/// Different texts of families, and of languages, that are kept.
const KEPT_MAX: usize = 4_096;
/// Numbers of a cell: step, row, column, radius, and perhaps the step of its altitude.
const NUMBERS_MAX: usize = 5;

/// A reader of pages. It remembers what was read before.
pub(super) struct Page {
    families: HashMap<String, Families>,
    languages: HashMap<String, String>,
    /// The text that the families at hand were read from.
    families_now: String,
    listener: Listener,
}

impl Default for Page {
    fn default() -> Self {
        let listener = Listener {
            slot: 0,
            places: Vec::new(),
            families: Families::default(),
            drills: false,
            origin: String::new(),
            channel: ChannelKind::WebPush,
            language: String::new(),
            quiet_hours: None,
        };
        Self { families: HashMap::new(), languages: HashMap::new(), families_now: String::new(), listener }
    }
}

impl Page {
    /// Hands over everyone of a page.
    pub fn read(&mut self, page: &str, take: &mut impl FnMut(&Listener)) -> Result<(), StoreError> {
        for person in page.split(RECORD).filter(|person| !person.is_empty()) {
            let mut fields = person.split(FIELD);
            let mut next = |what| known(fields.next(), what);
            let slot = next("subscriber.slot")?;
            let drills = next("subscriber.drills")?;
            let channel = next("subscriber.channel")?;
            let origin = next("subscriber.origin")?;
            let languages = next("subscriber.languages")?;
            let families = next("subscriber.families")?;
            let places = next("subscriber.places")?;
            let hours = next("subscriber.quiet_hours")?;
            self.listener.slot = known(slot.parse().ok(), "subscriber.slot")?;
            self.listener.drills = drills != "0";
            self.listener.channel = known(ChannelKind::from_name(channel), "subscriber.channel")?;
            if self.listener.origin != origin {
                origin.clone_into(&mut self.listener.origin);
            }
            self.read_languages(languages)?;
            self.read_families(families)?;
            read_places(places, &mut self.listener.places)?;
            self.listener.quiet_hours = match hours {
                "" => None,
                hours => Some(known(hours.parse().ok(), "subscriber.quiet_hours")?),
            };
            take(&self.listener);
        }
        Ok(())
    }

    fn read_languages(&mut self, written: &str) -> Result<(), StoreError> {
        if !self.languages.contains_key(written) {
            make_room(&mut self.languages);
            let first = first_language(&text::languages_from_text(written)?);
            self.languages.insert(written.to_owned(), first);
        }
        self.listener.language.clone_from(&self.languages[written]);
        Ok(())
    }

    fn read_families(&mut self, written: &str) -> Result<(), StoreError> {
        if self.families_now == written {
            return Ok(());
        }
        if !self.families.contains_key(written) {
            make_room(&mut self.families);
            self.families.insert(written.to_owned(), text::families_from_text(written)?);
        }
        self.listener.families.clone_from(&self.families[written]);
        written.clone_into(&mut self.families_now);
        Ok(())
    }
}

fn make_room<T>(kept: &mut HashMap<String, T>) {
    if kept.len() >= KEPT_MAX {
        kept.clear();
    }
}

/// The stored places. Lists of cells, which nearly everyone has, are read by hand; others by their types.
fn read_places(written: &str, places: &mut Vec<Place>) -> Result<(), StoreError> {
    places.clear();
    if read_cells(written.as_bytes(), places).is_none() {
        *places = text::places_from_text(written)?;
    }
    Ok(())
}

/// `[[180,9114,551,5],[720,-3,0,0,18]]` as it is written, without spaces; `None` for anything else.
fn read_cells(written: &[u8], places: &mut Vec<Place>) -> Option<()> {
    let mut rest = written.strip_prefix(b"[")?;
    loop {
        rest = rest.strip_prefix(b"[")?;
        let mut numbers = [0; NUMBERS_MAX];
        let mut count = 0;
        loop {
            *numbers.get_mut(count)? = read_number(&mut rest)?;
            count += 1;
            let (end, after) = rest.split_first()?;
            rest = after;
            match end {
                b',' => {}
                b']' => break,
                _ => return None,
            }
        }
        places.push(read_cell(&numbers[..count])?);
        match rest {
            b"]" => return Some(()),
            [b',', after @ ..] => rest = after,
            _ => return None,
        }
    }
}

fn read_cell(numbers: &[i32]) -> Option<Place> {
    let (&[step, row, column, km], altitude) = numbers.split_first_chunk()?;
    let altitude = match altitude {
        [] => None,
        [step] => Some(Altitude::from_step(i64::from(*step))?),
        _ => return None,
    };
    let cell = Cell::new(Step::from_per_degree(step.into())?, row, column)?;
    Some(Place::Around(Around { cell, radius: Radius::from_km(km.into())?, altitude }))
}

/// A whole number of up to seven digits.
fn read_number(rest: &mut &[u8]) -> Option<i32> {
    let (negative, digits) = match rest.strip_prefix(b"-") {
        Some(digits) => (true, digits),
        None => (false, *rest),
    };
    let mut number = 0;
    let mut length = 0;
    while let Some(digit) = digits.get(length).filter(|byte| byte.is_ascii_digit()) {
        number = number * 10 + i32::from(digit - b'0');
        length += 1;
        if length > 7 {
            return None;
        }
    }
    *rest = &digits[length..];
    (length > 0).then_some(if negative { -number } else { number })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geo::code::AreaCode;
    use crate::model::place::Drawn;

    fn read(written: &str) -> Vec<Place> {
        let mut places = vec![Place::Named(AreaCode::new("left", "over"))];
        read_places(written, &mut places).unwrap_or_else(|error| panic!("{written}: {error}"));
        places
    }

    #[test]
    fn places_read_by_hand_are_those_that_were_written() {
        let cell = |row, column| Cell::new(Step::Fine, row, column).expect("a cell");
        let around = |cell, km, altitude: Option<i64>| {
            let altitude = altitude.and_then(Altitude::from_step);
            Place::Around(Around { cell, radius: Radius::from_km(km).expect("a radius"), altitude })
        };
        let cells = vec![
            around(cell(-64_800, -129_600), 50, None),
            around(cell(64_799, 129_599), 0, Some(-5)),
            around(cell(0, -1), 1, Some(89)),
        ];
        let written = text::places_to_text(&cells);
        let mut by_hand = Vec::new();
        assert_eq!(read_cells(written.as_bytes(), &mut by_hand), Some(()), "{written}");
        assert_eq!(by_hand, cells);

        let drawn = Drawn::new(Step::Medium, vec![(0, 0), (0, 9), (9, 9)]).expect("a polygon");
        let all = [vec![Place::Drawn(drawn)], cells, vec![Place::Named(AreaCode::new("INSEE", "59350"))]].concat();
        assert_eq!(read(&text::places_to_text(&all)), all);
        assert_eq!(read("[[180, 9114, 551, 5]]"), read("[[180,9114,551,5]]"), "spaces");
        assert_eq!(read("[]"), []);
    }

    #[test]
    fn what_is_no_place_is_told() {
        for written in [
            "",
            "[",
            "[[]]",
            "[[180,1,1]]",
            "[[180,1,1,3]]",
            "[[7,1,1,0]]",
            "[[180,1,1,0,90]]",
            "[[180,1,1,0]",
            "[[180,99999999,1,0]]",
        ] {
            assert!(read_places(written, &mut Vec::new()).is_err(), "{written}");
        }
    }

    #[test]
    fn nobody_gets_what_the_one_before_chose() {
        let one = |slot, families, languages, places, hours| {
            [slot, "0", "webpush", "https://a.example", languages, families, places, hours].join("\u{1f}")
        };
        let night = "22:00:00/07:00:00 Europe/Paris";
        let page = [
            one("7", r#"{"weather":"Minor"}"#, r#"["fr","en"]"#, "[[180,1,1,0]]", night),
            one("8", "{}", "[]", "[[180,2,1,0],[20,2,1,50]]", ""),
            one("9", r#"{"weather":"Minor"}"#, r#"["PT-br"]"#, "[[180,1,1,0]]", ""),
        ];
        let mut got = Vec::new();
        Page::default().read(&page.join("\u{1e}"), &mut |one: &Listener| got.push(one.clone())).expect("reads");
        let seen: Vec<_> =
            got.iter().map(|one| (one.slot, one.families.iter().count(), &*one.language, one.places.len())).collect();
        assert_eq!(seen, [(7, 1, "fr", 1), (8, 0, "", 2), (9, 1, "pt", 1)]);
        let hours: Vec<_> = got.iter().map(|one| one.quiet_hours.as_ref().map(ToString::to_string)).collect();
        assert_eq!(hours, [Some(night.to_owned()), None, None]);
        assert!(Page::default().read("7\u{1f}0", &mut |_: &Listener| ()).is_err(), "cut off");
    }
}
