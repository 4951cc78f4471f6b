//! CAP-AU-STD 3.0 (Australia). The list of events is checked by its form only.

use super::places::{At, Places, is_drawn};
use super::rules;
use crate::cap::alert::{Alert, Area, Info, NamedValue};
use crate::cap::code::{Category, MsgType, Status};
use crate::cap::report::quote;
use std::collections::{BTreeMap, BTreeSet};

const CODE: &str = "urn:oasis:names:tc:emergency:cap:1.2:profile:CAP-AU:1.0";
/// The list's own name stands at the end of its URN; before it had one, alerts gave the page it was to be had from.
const EVENT_LIST: &str = ":AUeventLIST:";
const EVENT_LIST_PAGE: &str = "https://govshare.gov.au/xmlui/handle/10772/6495";
/// Letters of an event code.
const EVENT_LETTERS: std::ops::RangeInclusive<usize> = 4..=12;
/// What the `valueName` of a recognised geocode holds, in small letters and without spaces.
const SCHEMES: &[&str] = &[
    "g-naf",
    "iso3166-2",
    "gazetteer",
    "postcode",
    "www.psma.com.au",
    "www.iso.org/iso/country_codes",
    "www.ga.gov.au/place-name",
];

pub(super) fn is_claimed_by(alert: &Alert) -> bool {
    alert.codes.iter().any(|code| code == CODE)
}

pub(super) fn check(places: &mut Places<'_, '_>) {
    let alert = places.alert;
    if !is_claimed_by(alert) {
        places.find(&rules::CAP_AU_CODE, places.root, format!("There is no `code` {CODE}."));
    }
    if !is_address(&alert.key.sender) {
        let message = format!("`{}` is not an e-mail address.", quote(&alert.key.sender));
        places.find(&rules::CAP_AU_SENDER, places.child(places.root, "sender"), message);
    }
    if alert.status == Status::Test {
        let at = places.child(places.root, "status");
        places.find(&rules::CAP_AU_TEST, at, "Receivers write a Test to their logs and show it to nobody.");
    }
    let infos = places.infos();
    if alert.msg_type == MsgType::Cancel {
        places.lacks(infos.is_empty(), &rules::CAP_AU_CANCEL_INFO, places.root, "info");
    }
    places.alike(&rules::CAP_AU_CATEGORIES, &infos, "categories", |info| {
        info.categories.iter().copied().collect::<BTreeSet<Category>>()
    });
    places.alike(&rules::CAP_AU_EVENT_CODES, &infos, "event codes", |info| {
        info.event_codes.iter().map(|code| (&*code.value_name, &*code.value)).collect::<BTreeSet<_>>()
    });
    let mut events = BTreeMap::new();
    for info in &infos {
        if *events.entry(&*info.language).or_insert(&*info.event) != info.event {
            let message = format!("`{}` is not the event of an earlier `info` in this language.", quote(&info.event));
            places.find(&rules::CAP_AU_EVENTS, places.child(info.node, "event"), message);
        }
        check_info(places, info);
    }
}

/// Something before `@` and a domain after it.
fn is_address(sender: &str) -> bool {
    sender
        .split_once('@')
        .is_some_and(|(name, domain)| !name.is_empty() && domain.contains('.') && !domain.contains('@'))
}

fn check_info(places: &mut Places<'_, '_>, info: &At<'_, Info>) {
    check_events(places, info);
    if places.alert.msg_type == MsgType::Cancel && info.effective.is_some() {
        let at = places.child(info.node, "effective");
        places.find(&rules::CAP_AU_EFFECTIVE, at, "A Cancel has `effective`.");
    }
    places.lacks(info.expires.is_none(), &rules::CAP_AU_EXPIRES, info.node, "expires");
    places.lacks(info.sender_name.is_none(), &rules::CAP_AU_SENDER_NAME, info.node, "senderName");
    places.lacks(info.response_types.is_empty(), &rules::CAP_AU_RESPONSE, info.node, "responseType");
    places.lacks(info.instruction.is_none(), &rules::CAP_AU_INSTRUCTION, info.node, "instruction");
    let areas = places.areas(info);
    places.lacks(areas.is_empty(), &rules::CAP_AU_AREA, info.node, "area");
    if let Some(first) = areas.first()
        && !areas.iter().any(|area| is_drawn(area))
    {
        places.find(&rules::CAP_AU_GEOMETRY, first.node, "No area of this `info` has a polygon or a circle.");
    }
    for area in &areas {
        check_geocodes(places, area);
    }
}

fn is_listed(code: &NamedValue) -> bool {
    code.value_name.contains(EVENT_LIST) || code.value_name == EVENT_LIST_PAGE
}

fn check_events(places: &mut Places<'_, '_>, info: &At<'_, Info>) {
    let codes = places.event_codes(info);
    let mut listed = codes.iter().filter(|code| is_listed(code));
    let Some(first) = listed.next() else {
        places.find(&rules::CAP_AU_EVENT_MISSING, info.node, "There is no `eventCode` of the list AUeventLIST.");
        return;
    };
    let letters = first.value.bytes().all(|byte| byte.is_ascii_alphabetic());
    if !letters || !EVENT_LETTERS.contains(&first.value.len()) {
        let message = format!("`{}` does not look like a code of the list.", quote(&first.value));
        places.find(&rules::CAP_AU_EVENT_FORM, first.node, message);
    }
    if let Some(other) = listed.find(|code| code.value != first.value) {
        let message = format!("`{}` is a second event.", quote(&other.value));
        places.find(&rules::CAP_AU_EVENT_REPEATED, other.node, message);
    }
}

/// An area may do without geocodes; if it has some, one should be of a scheme that everybody knows.
fn check_geocodes(places: &mut Places<'_, '_>, area: &At<'_, Area>) {
    let geocodes = places.geocodes(area);
    let known = |geocode: &At<'_, NamedValue>| {
        let name = geocode.value_name.to_ascii_lowercase().replace(' ', "");
        SCHEMES.iter().any(|scheme| name.contains(scheme))
    };
    if let Some(first) = geocodes.first()
        && !geocodes.iter().any(known)
    {
        let message = format!("`{}` is not a scheme that receivers know.", quote(&first.value_name));
        places.find(&rules::CAP_AU_GEOCODE, first.node, message);
    }
}
