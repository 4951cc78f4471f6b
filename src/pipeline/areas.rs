//! What is to be said of an alert's geocodes, by who knows the named areas: a code that nobody knows reaches nobody, and
//! that is never silent.

use super::grounds::Grounds;
use crate::cap::alert::{Alert, Area};
use crate::cap::code::MsgType;
use crate::cap::limits::QUOTE_CHARS_MAX;
use crate::cap::rules::Rule;
use crate::geo::code::AreaCode;
use crate::geo::gazetteer::{Geocode, Ground};
use crate::geo::shape::{Ignored, IgnoredHole};
use crate::model::lifecycle::{self, Remark};
use std::collections::{BTreeMap, BTreeSet};

/// The most codes that are told one by one.
const CODES_TOLD_MAX: usize = 20;

/// The most missing areas that are named of one code.
const MISSING_NAMED_MAX: usize = 5;

/// The most codes that a page shows.
const CODES_SHOWN_MAX: usize = 100;

/// The codes of an alert that nobody here knows, each once, as a page shows them: so many at most.
pub fn unknown_shown(grounds: &Grounds) -> Vec<String> {
    let unknown: BTreeSet<&AreaCode> =
        grounds.each().flat_map(|(_, ground)| &ground.unknown).map(|geocode| &geocode.code).collect();
    unknown.into_iter().take(CODES_SHOWN_MAX).map(short).collect()
}

/// What an answer says of the geocodes. A Cancel goes to those told, whatever it names, unless it ends a part only.
pub fn remarks(alert: &Alert, part: bool, grounds: &Grounds) -> Vec<Remark> {
    match alert.msg_type {
        MsgType::Alert | MsgType::Update => {}
        MsgType::Cancel if part => {}
        MsgType::Cancel | MsgType::Ack | MsgType::Error => return Vec::new(),
    }
    let mut remarks = Vec::new();
    let (mut told, mut holes_told) = (BTreeSet::new(), BTreeSet::new());
    let mut shown = 0;
    let mut more: BTreeMap<Doubt, usize> = BTreeMap::new();
    let count = |areas: &[Area]| areas.iter().map(|area| area.geocodes.len()).sum::<usize>();
    for (nth, ground) in grounds.each() {
        let areas = &alert.infos[nth].areas;
        // Geocodes of the document before those of this info.
        let before: usize = alert.infos[..nth].iter().map(|info| count(&info.areas)).sum();
        for (doubt, geocode, message) in doubts(ground) {
            if !told.insert((doubt, &geocode.code)) {
                continue;
            }
            if shown >= CODES_TOLD_MAX {
                *more.entry(doubt).or_default() += 1;
                continue;
            }
            shown += 1;
            let path = [nth, geocode.area, geocode.geocode];
            let place = before + count(&areas[..geocode.area]) + geocode.geocode;
            remarks.push(Remark::of_geocode(doubt.rule(), path, place, message));
        }
        for ([area, geocode], ignored, why) in ignored(&ground.ignored_holes) {
            let value = areas[area].geocodes[geocode].value.as_str();
            if holes_told.len() < CODES_TOLD_MAX && holes_told.insert((value, why)) {
                let place = before + count(&areas[..area]) + geocode;
                let (path, message) = ([nth, area, geocode], holes_message(ignored, why));
                remarks.push(Remark::of_geocode(&lifecycle::HOLE_IGNORED, path, place, message));
            }
        }
    }
    remarks.extend(more.into_iter().map(|(doubt, more)| Remark::new(doubt.rule(), "info", doubt.of_more(more))));
    remarks
}

/// What is to be said of a code, the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Doubt {
    Unknown,
    Partly,
    Parts,
    Widened,
}

impl Doubt {
    const fn rule(self) -> &'static Rule {
        match self {
            Self::Unknown => &lifecycle::GEOCODE_UNKNOWN,
            Self::Partly => &lifecycle::GEOCODE_PARTLY,
            Self::Parts => &lifecycle::GEOCODE_PARTS,
            Self::Widened => &lifecycle::GEOCODE_WIDENED,
        }
    }

    /// Of those that are not told one by one.
    fn of_more(self, more: usize) -> String {
        let what = match self {
            Self::Unknown => "are not known here: nobody is reached by them",
            Self::Partly => "are known here only in part: nobody is reached in what is missing",
            Self::Parts => "are made of the parts that are known here; whether these are all is not known",
            Self::Widened => "are not known here: they reach all of something larger",
        };
        format!("{more} more geocodes {what}.")
    }
}

/// What is to be said of an info's geocodes, the worst first.
fn doubts(ground: &Ground) -> Vec<(Doubt, &Geocode, String)> {
    let mut doubts = Vec::new();
    for geocode in &ground.unknown {
        let message = format!("{} is not known here: nobody is reached by it.", short(&geocode.code));
        doubts.push((Doubt::Unknown, geocode, message));
    }
    for (geocode, missing) in &ground.partly {
        let named: Vec<String> = missing.iter().take(MISSING_NAMED_MAX).map(short).collect();
        let more = if missing.len() > named.len() { " and others" } else { "" };
        let (code, named) = (short(&geocode.code), named.join(", "));
        let message = format!(
            "{code} stands for several areas, of which nobody here knows {named}{more}: nobody is reached there."
        );
        doubts.push((Doubt::Partly, geocode, message));
    }
    for (geocode, parts) in &ground.gathered {
        let code = short(&geocode.code);
        let made = if *parts == 1 {
            format!("{code} is made of the one part of it that is known here")
        } else {
            format!("{code} is made of the {parts} parts of it that are known here")
        };
        doubts.push((Doubt::Parts, geocode, format!("{made}; whether that is all of it is not known.")));
    }
    for (geocode, wider) in &ground.widened {
        let message = format!("{} is not known here: it reaches all of {wider}.", short(&geocode.code));
        doubts.push((Doubt::Widened, geocode, message));
    }
    doubts
}

/// The holes of an area that are ignored for one reason: where the first stands, by area and geocode, and how many.
fn ignored(holes: &[IgnoredHole]) -> Vec<([usize; 2], usize, Ignored)> {
    let mut groups: BTreeMap<(usize, Ignored), (usize, usize)> = BTreeMap::new();
    for hole in holes {
        let (first, count) = groups.entry((hole.area, hole.why)).or_insert((hole.geocode, 0));
        (*first, *count) = ((*first).min(hole.geocode), *count + 1);
    }
    groups.into_iter().map(|((area, why), (first, count))| ([area, first], count, why)).collect()
}

fn holes_message(count: usize, why: Ignored) -> String {
    let holes = if count == 1 { "1 hole".to_owned() } else { format!("{count} holes") };
    let why = match why {
        Ignored::Many => "the area has too many holes, or too many points in them",
        Ignored::Work => "cutting would be too much work",
        Ignored::Circle => "a circle is too large, or too near a pole, to be cut",
    };
    format!("{holes} of this area cannot be left out everywhere: {why}. People there are warned, too.")
}

/// A code as it is told: somebody else's text, so never a long one.
fn short(code: &AreaCode) -> String {
    let whole = code.to_string();
    if whole.chars().count() <= QUOTE_CHARS_MAX {
        return whole;
    }
    whole.chars().take(QUOTE_CHARS_MAX).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audience::Audience;
    use crate::cap::alert::{NamedValue, Point};
    use crate::geo::gazetteer::{Gazetteer, NamedArea};
    use crate::geo::region::Region;
    use crate::model::sample::{alert, area, info};
    use std::sync::Arc;

    fn coded(codes: &[&str]) -> crate::cap::alert::Area {
        let mut coded = area(0.0, 0.0, 1.0);
        coded.circles.clear();
        let geocode = |code: &&str| NamedValue { value_name: "town".to_owned(), value: (*code).to_owned() };
        coded.geocodes = codes.iter().map(geocode).collect();
        coded
    }

    fn nothing_known(alert: &Alert) -> Grounds {
        Grounds::of(alert, Arc::default())
    }

    #[test]
    fn each_unknown_code_is_told_once_where_it_stands_first() {
        let mut alert = alert();
        alert.infos[0].areas = vec![coded(&["1", "2"]), coded(&["3", "1"])];
        alert.infos.push(info("en", coded(&["3", "4"])));
        let told: Vec<(String, usize)> = remarks(&alert, false, &nothing_known(&alert))
            .into_iter()
            .map(|remark| (remark.path, remark.element.1))
            .collect();
        let path = |info: u32, area: u32, code: u32| format!("/alert/info[{info}]/area[{area}]/geocode[{code}]");
        assert_eq!(told, [(path(1, 1, 1), 0), (path(1, 1, 2), 1), (path(1, 2, 1), 2), (path(2, 1, 2), 5)]);
        assert_eq!(unknown_shown(&nothing_known(&alert)).len(), 4);
        alert.msg_type = MsgType::Cancel;
        assert!(remarks(&alert, false, &nothing_known(&alert)).is_empty());
        assert_eq!(remarks(&alert, true, &nothing_known(&alert)).len(), 4, "where a part ends is to be known");
    }

    #[test]
    fn a_code_that_is_known_in_part_or_made_of_parts_is_told() {
        let named = |value: &str| {
            let corner = |lat: f64, lon: f64| Point { lat, lon };
            let ring = vec![corner(1.0, 1.0), corner(1.0, 2.0), corner(2.0, 2.0), corner(1.0, 1.0)];
            let region = Region::new(&[vec![ring]]).map(Arc::new);
            NamedArea { code: AreaCode::new("NUTS", value), name: String::new(), population: None, region }
        };
        let alias = |target: &str| (AreaCode::new("TOWN", "A"), AreaCode::new("NUTS", target));
        let gazetteer = Gazetteer::new(vec![named("XX11"), named("XX12")], [alias("XX11"), alias("XX2")]);
        let mut alert = alert();
        let mut two = coded(&["a"]);
        two.geocodes.push(NamedValue { value_name: "NUTS2".to_owned(), value: "XX1".to_owned() });
        alert.infos[0].areas = vec![two];
        let audience = Audience::new();
        audience.rename(Arc::new(gazetteer));
        let grounds = Grounds::of(&alert, audience.snapshot());
        let told: Vec<(&str, String)> =
            remarks(&alert, false, &grounds).into_iter().map(|remark| (remark.rule.code, remark.message)).collect();
        let partly = "TOWN A stands for several areas, of which nobody here knows NUTS XX2: nobody is reached there.";
        let parts =
            "NUTS XX1 is made of the 2 parts of it that are known here; whether that is all of it is not known.";
        assert_eq!(told, [("geocode-partly-unknown", partly.to_owned()), ("geocode-from-parts", parts.to_owned())]);
    }

    #[test]
    fn many_unknown_codes_are_counted() {
        let codes: Vec<String> = (0..100).map(|code| code.to_string()).collect();
        let mut alert = alert();
        alert.infos[0].areas = vec![coded(&codes.iter().map(String::as_str).collect::<Vec<_>>())];
        let told = remarks(&alert, false, &nothing_known(&alert));
        assert_eq!(told.len(), CODES_TOLD_MAX + 1);
        assert!(told[CODES_TOLD_MAX].message.starts_with("80 more"), "{}", told[CODES_TOLD_MAX].message);
    }

    #[test]
    fn holes_that_are_ignored_are_told_by_area_once_for_all_languages() {
        let mut holed = area(50.0, 1.0, 1_001.0);
        let hole = |from: f64| NamedValue {
            value_name: "EXCLUDE_POLYGON".to_owned(),
            value: format!("{from},1 {from},2 50,1.5"),
        };
        holed.geocodes = vec![hole(49.0), hole(48.0)];
        let mut alert = alert();
        alert.infos[0].areas = vec![area(0.0, 0.0, 1.0), holed.clone()];
        alert.infos.push(info("en", area(0.0, 0.0, 1.0)));
        alert.infos[1].areas.push(holed);
        let told = remarks(&alert, false, &nothing_known(&alert));
        let told: Vec<(&str, &str)> = told.iter().map(|remark| (&*remark.path, &*remark.message)).collect();
        let message = "2 holes of this area cannot be left out everywhere: a circle is too large, or too near a pole, to be \
                       cut. People there are warned, too.";
        assert_eq!(told, [("/alert/info[1]/area[2]/geocode[1]", message)]);
    }
}
