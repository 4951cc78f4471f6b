//! CAP-CP (Canada), versions 0.4 and 1.0. The lists of events and places are checked by their form only.

use super::places::{At, Places, is_drawn, speaks};
use super::{rules, sorem};
use crate::cap::alert::{Alert, Area, Info, NamedValue};
use crate::cap::code::MsgType;
use crate::cap::report::quote;
use std::collections::{BTreeMap, BTreeSet};

/// How the profile's `code` begins; the version follows.
const CODE: &str = "profile:CAP-CP:";
const VERSIONS: &[&str] = &["0.4", "1.0"];
/// How the `valueName` of the profile's event codes begins; the version of the list follows.
const EVENT: &str = "profile:CAP-CP:Event:";
const LOCATION: &str = "profile:CAP-CP:Location:";
const EVENT_CHARS_MAX: usize = 12;
/// Province, division, municipality: digits of a Standard Geographical Classification code.
const LOCATION_DIGITS: &[usize] = &[2, 4, 7];
const MINOR_CHANGES: &[&str] = &["text", "correction", "resource", "layer", "other", "none"];

pub(super) fn is_claimed_by(alert: &Alert) -> bool {
    alert.codes.iter().any(|code| code.starts_with(CODE))
}

pub(super) fn check(places: &mut Places<'_, '_>) {
    let alert = places.alert;
    let versions = alert.codes.iter().filter_map(|code| code.strip_prefix(CODE)).collect::<Vec<_>>();
    if versions.is_empty() {
        places.find(&rules::CAP_CP_CODE, places.root, "There is no `code` profile:CAP-CP:….");
    } else if !versions.iter().any(|version| VERSIONS.contains(version)) {
        let message = format!("`{}` is not a version that we know.", quote(versions[0]));
        places.find(&rules::CAP_CP_VERSION, places.child(places.root, "code"), message);
    }
    let infos = places.infos();
    if alert.msg_type == MsgType::Cancel {
        places.lacks(infos.is_empty(), &rules::CAP_CP_CANCEL_INFO, places.root, "info");
    }
    places.alike(&rules::CAP_CP_EVENT_CODES, &infos, "event codes", |info| {
        let codes = info.event_codes.iter().filter(|code| code.value_name.starts_with(EVENT));
        codes.map(|code| (&*code.value_name, &*code.value)).collect::<BTreeSet<_>>()
    });
    check_languages(places, &infos);
    for info in &infos {
        check_info(places, info);
    }
    sorem::check(places, &infos);
}

/// Each info says its language, and both official languages are there.
fn check_languages(places: &mut Places<'_, '_>, infos: &[At<'_, Info>]) {
    for info in infos {
        let unsaid = places.child(info.node, "language") == info.node;
        places.lacks(unsaid, &rules::CAP_CP_LANGUAGE, info.node, "language");
    }
    let spoken = |language: &str| infos.iter().any(|info| speaks(&info.language, language));
    for (language, name) in [("en", "English"), ("fr", "French")] {
        if !infos.is_empty() && !spoken(language) {
            places.find(&rules::CAP_CP_BILINGUAL, places.root, format!("There is no `info` in {name}."));
        }
    }
}

fn check_info(places: &mut Places<'_, '_>, info: &At<'_, Info>) {
    check_events(places, info);
    places.lacks(info.expires.is_none(), &rules::CAP_CP_EXPIRES, info.node, "expires");
    places.lacks(info.sender_name.is_none(), &rules::CAP_CP_SENDER_NAME, info.node, "senderName");
    places.lacks(info.response_types.is_empty(), &rules::CAP_CP_RESPONSE, info.node, "responseType");
    places.lacks(info.instruction.is_none(), &rules::CAP_CP_INSTRUCTION, info.node, "instruction");
    for parameter in places.parameters(info) {
        check_parameter(places, &parameter);
    }
    let areas = places.areas(info);
    places.lacks(areas.is_empty(), &rules::CAP_CP_AREA, info.node, "area");
    if let Some(first) = areas.first()
        && !areas.iter().any(|area| is_drawn(area))
    {
        places.find(&rules::CAP_CP_GEOMETRY, first.node, "No area of this `info` has a polygon or a circle.");
    }
    for area in &areas {
        check_locations(places, area);
    }
}

/// One event of the profile's list; it may be named once for each version of the list.
fn check_events(places: &mut Places<'_, '_>, info: &At<'_, Info>) {
    let codes = places.event_codes(info);
    let mut first = BTreeMap::new();
    for code in codes.iter().filter(|code| code.value_name.starts_with(EVENT)) {
        let value = &*code.value;
        if *first.entry(&*code.value_name).or_insert(value) != value {
            let message = format!("`{}` is a second event.", quote(value));
            places.find(&rules::CAP_CP_EVENT_REPEATED, code.node, message);
        }
        let plain = value.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if !plain || value.is_empty() || value.len() > EVENT_CHARS_MAX {
            let message = format!("`{}` does not look like a code of the list.", quote(value));
            places.find(&rules::CAP_CP_EVENT_FORM, code.node, message);
        }
    }
    if first.is_empty() {
        places.find(&rules::CAP_CP_EVENT_MISSING, info.node, format!("There is no `eventCode` {EVENT}…."));
    }
}

fn check_parameter(places: &mut Places<'_, '_>, parameter: &At<'_, NamedValue>) {
    let Some(name) = parameter.value_name.strip_prefix(CODE) else { return };
    let value = parameter.value.to_ascii_lowercase();
    if name.ends_with(":MinorChange") {
        if !MINOR_CHANGES.contains(&&*value) {
            let message = format!("`{}` is not a kind of minor change.", quote(&parameter.value));
            places.find(&rules::CAP_CP_MINOR, parameter.node, message);
        }
        if places.alert.msg_type != MsgType::Update {
            let message = format!("A message of type {} changes nothing.", places.alert.msg_type);
            places.find(&rules::CAP_CP_MINOR_UPDATE, parameter.node, message);
        }
    } else if name.ends_with(":AutoTranslated") && !matches!(&*value, "yes" | "no") {
        let message = format!("`{}` is neither yes nor no.", quote(&parameter.value));
        places.find(&rules::CAP_CP_TRANSLATED, parameter.node, message);
    }
}

fn check_locations(places: &mut Places<'_, '_>, area: &At<'_, Area>) {
    let geocodes = places.geocodes(area);
    let mut locations = geocodes.iter().filter(|geocode| geocode.value_name.starts_with(LOCATION)).peekable();
    if locations.peek().is_none() {
        places.find(&rules::CAP_CP_LOCATION, area.node, format!("There is no `geocode` {LOCATION}…."));
    }
    for location in locations {
        let digits = location.value.bytes().all(|byte| byte.is_ascii_digit());
        if !digits || !LOCATION_DIGITS.contains(&location.value.len()) {
            let message = format!("`{}` is not 2, 4 or 7 digits.", quote(&location.value));
            places.find(&rules::CAP_CP_LOCATION_FORM, location.node, message);
        }
    }
}
