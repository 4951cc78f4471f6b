//! MeteoAlarm: the warnings of Europe's weather services.

use super::places::{At, Places, is_drawn, named, speaks};
use super::rules;
use crate::cap::alert::{Alert, Area, Info, NamedValue};
use crate::cap::code::{MsgType, Severity};
use crate::cap::report::quote;
use crate::cap::rules::Rule;

const LEVEL: &str = "awareness_level";
const TYPE: &str = "awareness_type";
const EMMA_ID: &str = "EMMA_ID";
/// Geocodes that MeteoAlarm translates into its own.
const ALIASES: &[&str] = &["NUTS1", "NUTS2", "NUTS3", "FIPS", "WARNCELLID"];
/// Countries, as EMMA_ID begins, whose warnings are in English only.
const ENGLISH_SPEAKING: &[&str] = &["IE", "MT", "UK"];
/// Digits after the two letters of the country.
const EMMA_DIGITS: std::ops::RangeInclusive<usize> = 3..=5;

/// Colour and severity of the levels 1 to 4.
const LEVELS: [(&str, Severity); 4] = [
    ("green", Severity::Minor),
    ("yellow", Severity::Moderate),
    ("orange", Severity::Severe),
    ("red", Severity::Extreme),
];
/// Names of the types from 1, in small letters without hyphens. There is no 11.
const TYPES: [&str; 15] = [
    "wind",
    "snowice",
    "thunderstorm",
    "fog",
    "hightemperature",
    "lowtemperature",
    "coastalevent",
    "forestfire",
    "avalanches",
    "rain",
    "",
    "flooding",
    "rainflood",
    "marinehazard",
    "drought",
];

pub(super) fn is_claimed_by(alert: &Alert) -> bool {
    alert.infos.iter().any(|info| {
        info.parameters.iter().any(|parameter| matches!(&*parameter.value_name, LEVEL | TYPE))
            || info.areas.iter().flat_map(|area| &area.geocodes).any(is_emma_id)
    })
}

fn is_emma_id(geocode: &NamedValue) -> bool {
    geocode.value_name.eq_ignore_ascii_case(EMMA_ID)
}

fn is_known_geocode(geocode: &NamedValue) -> bool {
    is_emma_id(geocode) || ALIASES.iter().any(|alias| geocode.value_name.eq_ignore_ascii_case(alias))
}

pub(super) fn check(places: &mut Places<'_, '_>) {
    let infos = places.infos();
    let english = |info: &At<'_, Info>| speaks(&info.language, "en");
    if let Some(first) = infos.first() {
        if !infos.iter().any(english) {
            places.find(&rules::METEOALARM_ENGLISH, first.node, "There is no `info` in English.");
        }
        let at_home = |geocode: &NamedValue| ENGLISH_SPEAKING.iter().any(|country| geocode.value.starts_with(country));
        let mut geocodes = infos.iter().flat_map(|info| &info.areas).flat_map(|area| &area.geocodes);
        if infos.iter().all(english) && !geocodes.any(|geocode| is_emma_id(geocode) && at_home(geocode)) {
            places.find(&rules::METEOALARM_NATIONAL, first.node, "Every `info` is in English.");
        }
    }
    for info in &infos {
        let parameters = places.parameters(info);
        if let Some(level) = the_one(places, info, &parameters, LEVEL, &rules::METEOALARM_LEVEL) {
            check_level(places, info, level);
        }
        if let Some(kind) = the_one(places, info, &parameters, TYPE, &rules::METEOALARM_TYPE) {
            check_type(places, kind);
        }
        places.lacks(info.expires.is_none(), &rules::METEOALARM_EXPIRES, info.node, "expires");
        for area in places.areas(info) {
            check_area(places, &area);
        }
    }
}

/// The parameter of a name, which must be there once.
fn the_one<'p, 't>(
    places: &mut Places<'_, '_>,
    info: &At<'_, Info>,
    parameters: &'p [At<'t, NamedValue>],
    name: &'p str,
    missing: &'static Rule,
) -> Option<&'p At<'t, NamedValue>> {
    let mut found = named(parameters, name);
    let first = found.next();
    if first.is_none() {
        places.find(missing, info.node, format!("There is no parameter {name}."));
    }
    if let Some(second) = found.next() {
        places.find(&rules::METEOALARM_REPEATED, second.node, format!("There is more than one {name}."));
    }
    first
}

/// The number of a value such as `3; orange; Severe`, and what follows it.
fn numbered(value: &str) -> Option<(usize, Vec<&str>)> {
    let mut parts = value.split(';').map(str::trim);
    let number = parts.next().filter(|number| number.len() <= 2)?.parse().ok()?;
    Some((number, parts.collect()))
}

fn check_level(places: &mut Places<'_, '_>, info: &At<'_, Info>, level: &At<'_, NamedValue>) {
    let read = numbered(&level.value).and_then(|(number, words)| {
        let [colour, severity] = words[..] else { return None };
        let of_colour = LEVELS.iter().position(|(known, _)| known.eq_ignore_ascii_case(colour))?;
        let of_severity = LEVELS.iter().position(|(_, known)| known.as_str().eq_ignore_ascii_case(severity))?;
        let of_number = number.checked_sub(1).filter(|&nth| nth < LEVELS.len())?;
        Some((of_number, of_colour == of_number && of_severity == of_number))
    });
    let Some((nth, agrees)) = read else {
        let message = format!("`{}` is not a level.", quote(&level.value));
        places.find(&rules::METEOALARM_LEVEL_FORM, level.node, message);
        return;
    };
    let (colour, severity) = LEVELS[nth];
    if !agrees {
        let message = format!("`{}` mixes levels: {} is {colour} and {severity}.", quote(&level.value), nth + 1);
        places.find(&rules::METEOALARM_LEVEL_PARTS, level.node, message);
    } else if info.severity != severity {
        let message = format!("`severity` is {}, but {LEVEL} says {severity}.", info.severity);
        places.find(&rules::METEOALARM_SEVERITY, places.child(info.node, "severity"), message);
    }
    if nth == 0 && matches!(places.alert.msg_type, MsgType::Alert | MsgType::Update) {
        places.find(&rules::METEOALARM_GREEN, level.node, "Green is no warning.");
    }
}

fn check_type(places: &mut Places<'_, '_>, kind: &At<'_, NamedValue>) {
    let Some((number, words)) = numbered(&kind.value).filter(|(_, words)| words.iter().any(|word| !word.is_empty()))
    else {
        let message = format!("`{}` is not a number and a name.", quote(&kind.value));
        places.find(&rules::METEOALARM_TYPE_FORM, kind.node, message);
        return;
    };
    let known = number.checked_sub(1).and_then(|nth| TYPES.get(nth)).filter(|name| !name.is_empty());
    let Some(name) = known else {
        places.find(&rules::METEOALARM_TYPE_UNKNOWN, kind.node, format!("There is no type {number}."));
        return;
    };
    // Services name the types in their own way; only the name of another type is wrong.
    let plain = |word: &str| word.chars().filter(|c| c.is_alphanumeric()).collect::<String>().to_lowercase();
    let said = words.first().map(|word| plain(word)).unwrap_or_default();
    if said != *name && TYPES.contains(&&*said) && !said.is_empty() {
        let message = format!("`{}` names another type than {number}.", quote(&kind.value));
        places.find(&rules::METEOALARM_TYPE_PARTS, kind.node, message);
    }
}

fn check_area(places: &mut Places<'_, '_>, area: &At<'_, Area>) {
    let geocodes = places.geocodes(area);
    if !geocodes.iter().any(|geocode| is_known_geocode(geocode)) {
        if is_drawn(area) {
            places.find(&rules::METEOALARM_EMMA, area.node, "There is no `geocode` of a MeteoAlarm region.");
        } else {
            places.find(&rules::METEOALARM_AREA, area.node, "Neither a region nor a polygon says where this is.");
        }
    }
    for geocode in geocodes.iter().filter(|geocode| is_emma_id(geocode)) {
        let value = geocode.value.as_bytes();
        let (letters, digits) = value.split_at(value.len().min(2));
        let right = letters.iter().all(u8::is_ascii_uppercase)
            && EMMA_DIGITS.contains(&digits.len())
            && digits.iter().all(u8::is_ascii_digit);
        if !right {
            let message = format!("`{}` does not look like a region.", quote(&geocode.value));
            places.find(&rules::METEOALARM_EMMA_FORM, geocode.node, message);
        }
    }
}
