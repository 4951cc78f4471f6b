//! A number that two lists of people and places agree on, whatever their order: what the index holds against what the
//! database holds.
//!
//! The sum, modulo 2^64, of one mixed number for each distinct place of a person (with what the person wants) and of
//! three for each person (push service, language, channel), four with quiet hours. **Fixed for ever**: nodes of different versions compare it.

use super::array::{self, Class};
use super::{curve, filter};
use crate::model::id::Slot;
use crate::model::place::{Drawn, Place};
use crate::model::subscriber::{ChannelKind, Listener, QuietHours};
use std::ops::AddAssign;

/// Sums over people and their distinct places. Two that are equal stand for the same people, places and choices.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Checksum {
    pub people: u64,
    /// A place that one person has twice counts once.
    pub places: u64,
    pub sum: u64,
}

/// What a number stands for, so that no two kinds of facts are taken for one another.
const ORIGIN: u64 = 1 << 60;
const LANGUAGE: u64 = 2 << 60;
const CHANNEL: u64 = 3 << 60;
const DRAWN: u64 = 4 << 60;
const NAMED: u64 = 5 << 60;
const HOURS: u64 = 6 << 60;
/// Added between two rounds of mixing: the golden ratio's bits.
const BETWEEN: u64 = 0x9e37_79b9_7f4a_7c15;

impl Checksum {
    /// Of one person.
    pub fn of(listener: &Listener) -> Self {
        let wanted = filter::wanted(listener);
        let mut places: Vec<&Place> = listener.places.iter().collect();
        places.sort_unstable();
        places.dedup();
        let mut checksum = Self::default();
        for place in places {
            checksum += match place {
                Place::Around(around) => {
                    let class = Class { step: around.cell.step(), radius: around.radius, altitude: around.altitude };
                    let entry = array::entry(curve::key(around.cell), wanted, listener.slot);
                    Self::place(around_term(class_number(class), (entry >> Slot::BITS) as u64, listener.slot))
                }
                Place::Drawn(drawn) => Self::place(drawn_term(drawn, wanted, listener.slot)),
                Place::Named(code) => {
                    Self::place(named_term(named_number(&code.scheme, &code.code), wanted, listener.slot))
                }
            };
        }
        let origin = group_term(origin_number(&listener.origin), listener.slot);
        let language = group_term(language_number(&listener.language), listener.slot);
        let channel = group_term(channel_number(listener.channel), listener.slot);
        let hours = listener.quiet_hours.as_ref().map_or(0, |hours| group_term(hours_number(hours), listener.slot));
        let sum = origin.wrapping_add(language).wrapping_add(channel).wrapping_add(hours);
        checksum += Self { people: 1, places: 0, sum };
        checksum
    }

    fn place(sum: u64) -> Self {
        Self { people: 0, places: 1, sum }
    }
}

impl AddAssign for Checksum {
    fn add_assign(&mut self, other: Self) {
        self.people += other.people;
        self.places += other.places;
        self.sum = self.sum.wrapping_add(other.sum);
    }
}

/// A class of places: cells per degree, kilometres, and the altitude's step from 1 on (0: not told).
pub(super) fn class_number(class: Class) -> u64 {
    let altitude = class.altitude.map_or(0, |altitude| i32::from(altitude.step()) + 6).unsigned_abs();
    u64::from(class.step.per_degree()) | u64::from(class.radius.km()) << 10 | u64::from(altitude) << 16
}

/// A place around a cell: its key with the wanted bits, as the array has it.
pub(super) fn around_term(class: u64, key: u64, slot: Slot) -> u64 {
    mixed(key, class << Slot::BITS | u64::from(slot))
}

pub(super) fn drawn_term(drawn: &Drawn, wanted: u32, slot: Slot) -> u64 {
    let first = mixed(DRAWN | u64::from(drawn.step().per_degree()), drawn.corners().len() as u64);
    let corners = drawn
        .corners()
        .iter()
        .map(|&(row, column)| u64::from(row.cast_unsigned()) << u32::BITS | u64::from(column.cast_unsigned()));
    let number = corners.fold(first, mixed);
    mixed(number, u64::from(wanted) << Slot::BITS | u64::from(slot))
}

pub(super) fn named_term(named: u64, wanted: u32, slot: Slot) -> u64 {
    mixed(named, u64::from(wanted) << Slot::BITS | u64::from(slot))
}

/// A person in a group: those with one push service, language, channel or quiet hours.
pub(super) fn group_term(group: u64, slot: Slot) -> u64 {
    mixed(group, u64::from(slot))
}

pub(super) fn named_number(scheme: &str, code: &str) -> u64 {
    text(text(NAMED, scheme), code)
}

pub(super) fn origin_number(origin: &str) -> u64 {
    text(ORIGIN, origin)
}

pub(super) fn language_number(language: &str) -> u64 {
    text(LANGUAGE, language)
}

pub(super) fn channel_number(channel: ChannelKind) -> u64 {
    text(CHANNEL, channel.as_str())
}

pub(super) fn hours_number(hours: &QuietHours) -> u64 {
    text(HOURS, &hours.to_string())
}

/// Eight bytes at a time, after the length.
fn text(before: u64, text: &str) -> u64 {
    text.as_bytes().chunks(8).fold(mixed(before, text.len() as u64), |number, chunk| {
        let mut bytes = [0; 8];
        bytes[..chunk.len()].copy_from_slice(chunk);
        mixed(number, u64::from_le_bytes(bytes))
    })
}

/// Two numbers in one, every bit of which hangs on all of theirs.
fn mixed(a: u64, b: u64) -> u64 {
    scattered(scattered(a).wrapping_add(BETWEEN) ^ b)
}

/// The last steps of SplitMix64: one number for each.
fn scattered(number: u64) -> u64 {
    let number = (number ^ number >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ number >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ number >> 31
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cap::code::Severity;
    use crate::geo::code::AreaCode;
    use crate::model::family::{Families, Family};
    use crate::model::place::{Altitude, Around, Cell, Radius, Step};

    fn around(km: i64, altitude: Option<i64>) -> Place {
        let cell = Cell::new(Step::Medium, 9_114, 551).expect("a cell");
        let altitude = altitude.map(|step| Altitude::from_step(step).expect("a step"));
        Place::Around(Around { cell, radius: Radius::from_km(km).expect("a radius"), altitude })
    }

    fn someone() -> Listener {
        Listener {
            slot: 7,
            places: vec![around(0, None), Place::Named(AreaCode::new("INSEE", "59350"))],
            families: Families::default(),
            drills: false,
            origin: "https://push.example".to_owned(),
            channel: ChannelKind::WebPush,
            language: "fr".to_owned(),
            quiet_hours: None,
        }
    }

    #[test]
    fn every_fact_counts() {
        let with = |change: &dyn Fn(&mut Listener)| {
            let mut listener = someone();
            change(&mut listener);
            Checksum::of(&listener).sum
        };
        let corners = vec![(0, 0), (0, 9), (9, 9)];
        let drawn = |step| Place::Drawn(Drawn::new(step, corners.clone()).expect("a triangle"));
        let mut sums = [
            with(&|_| {}),
            with(&|l| l.slot = 8),
            with(&|l| l.drills = true),
            with(&|l| l.families = Families::new([(Family::Roads, Severity::Minor)].into()).expect("a choice")),
            with(&|l| l.origin.push('m')),
            with(&|l| l.language = "en".to_owned()),
            with(&|l| l.language = String::new()),
            with(&|l| l.quiet_hours = "22:00:00/07:00:00 Europe/Paris".parse().ok()),
            with(&|l| l.quiet_hours = "22:00:00/07:00:01 Europe/Paris".parse().ok()),
            with(&|l| l.places[0] = around(1, None)),
            with(&|l| l.places[0] = around(0, Some(-5))),
            with(&|l| l.places[0] = around(0, Some(0))),
            with(&|l| l.places[0] = drawn(Step::Medium)),
            with(&|l| l.places[0] = drawn(Step::Fine)),
            with(&|l| l.places[1] = Place::Named(AreaCode::new("INSE", "E59350"))),
            with(&|l| drop(l.places.pop())),
            with(&|l| l.places.clear()),
        ];
        sums.sort_unstable();
        assert!(sums.windows(2).all(|pair| pair[0] != pair[1]), "{sums:?}");
    }

    #[test]
    fn order_and_repetition_do_not_count() {
        let mut twice = someone();
        twice.places.reverse();
        twice.places.push(around(0, None));
        assert_eq!(Checksum::of(&twice), Checksum::of(&someone()));
        assert_eq!((Checksum::of(&twice).people, Checksum::of(&twice).places), (1, 2));
    }

    #[test]
    fn it_stays_what_it_was() {
        // What nodes of other versions compute for the same person.
        assert_eq!(Checksum::of(&someone()).sum, 15_635_285_793_078_571_459);
        let quiet_hours = "22:00:00/07:00:00 Europe/Paris".parse().ok();
        let resting = Listener { quiet_hours, ..someone() };
        assert_eq!(Checksum::of(&resting).sum, 4_759_248_022_869_438_532);
    }
}
