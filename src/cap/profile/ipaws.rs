//! IPAWS 1.0 (USA), and what EAS, WEA and NOAA Weather Radio need of an alert that they carry.

use super::places::{At, Places, is_drawn, named, speaks};
use super::rules;
use crate::cap::alert::{Alert, Area, Info, NamedValue};
use crate::cap::code::{Category, MsgType};
use crate::cap::report::quote;
use crate::cap::time::DateTime;
use std::collections::BTreeSet;

const CODE: &str = "IPAWSv1.0";
/// `valueName` of event codes and places that EAS knows: Specific Area Message Encoding.
const SAME: &str = "SAME";
/// Letters of a SAME event code.
const EVENT_LETTERS: usize = 3;
/// Digits of a SAME place.
const PLACE_DIGITS: usize = 6;
/// Places in the header of an EAS message.
const PLACES_MAX: usize = 31;
/// Longest validity an EAS header can say: 99 hours and 30 minutes.
const EAS_VALID_MAX_S: i64 = (99 * 60 + 30) * 60;
/// What EAS reads aloud in two minutes.
const EAS_TEXT_CHARS_MAX: usize = 1800;
const CMAMTEXT_CHARS_MAX: usize = 90;
const CMAMLONGTEXT_CHARS_MAX: usize = 360;
/// Points of one polygon that WEA takes.
const WEA_POINTS_MAX: usize = 100;
const AUDIO_DESC: &str = "EAS Broadcast Content";
const AUDIO_TYPES: &[&str] = &["audio/x-ipaws-audio-mp3", "audio/x-ipaws-streaming-audio-mp3"];
const ORIGINATORS: &[&str] = &["CIV", "WXR", "EAS", "PEP"];
const CHANNELS: &[&str] = &["EAS", "CMAS", "NWEM", "PUBLIC", "CAPEXCH"];
/// In small letters: originators spell them in several ways.
const WEA_HANDLINGS: &[&str] = &[
    "imminent threat",
    "public safety",
    "child abduction",
    "amber",
    "national",
    "presidential",
    "earthquake",
    "wea test",
];
/// 47 CFR §11.31(e), and `NWS` for what has no code there.
const EVENTS: &[&str] = &[
    "ADR", "AVA", "AVW", "BLU", "BZW", "CAE", "CDW", "CEM", "CFA", "CFW", "DMO", "DSW", "EAN", "EAT", "EQW", "EVI",
    "EWW", "FFA", "FFS", "FFW", "FLA", "FLS", "FLW", "FRW", "HLS", "HMW", "HUA", "HUW", "HWA", "HWW", "LAE", "LEW",
    "MEP", "NAT", "NIC", "NMN", "NPT", "NST", "NUW", "NWS", "RHW", "RMT", "RWT", "SMW", "SPS", "SPW", "SQW", "SSA",
    "SSW", "SVA", "SVR", "SVS", "TOA", "TOE", "TOR", "TRA", "TRW", "TSA", "TSW", "VOW", "WSA", "WSW",
];

pub(super) fn is_claimed_by(alert: &Alert) -> bool {
    alert.codes.iter().any(|code| code == CODE)
}

pub(super) fn check(places: &mut Places<'_, '_>) {
    let alert = places.alert;
    if !is_claimed_by(alert) {
        places.find(&rules::IPAWS_CODE, places.root, format!("There is no `code` {CODE}."));
    }
    check_offset(places, places.root, "sent", Some(alert.key.sent));
    let infos = places.infos();
    if alert.msg_type == MsgType::Cancel {
        places.lacks(infos.is_empty(), &rules::IPAWS_CANCEL_INFO, places.root, "info");
    }
    places.alike(&rules::IPAWS_CATEGORIES, &infos, "categories", |info| {
        info.categories.iter().copied().collect::<BTreeSet<Category>>()
    });
    places.alike(&rules::IPAWS_EVENT_CODES, &infos, "event codes", |info| {
        info.event_codes.iter().map(|code| (&*code.value_name, &*code.value)).collect::<BTreeSet<_>>()
    });
    for info in &infos {
        check_info(places, info);
    }
}

/// The ways to the public that an info takes.
struct Ways {
    eas: bool,
    weather_radio: bool,
    wea: bool,
}

impl Ways {
    fn of(info: &Info) -> Self {
        let blocked = |way: &str| {
            info.parameters.iter().any(|parameter| parameter.value_name == "BLOCKCHANNEL" && parameter.value == way)
        };
        Self { eas: !blocked("EAS"), weather_radio: !blocked("NWEM"), wea: !blocked("CMAS") }
    }
}

fn check_info(places: &mut Places<'_, '_>, info: &At<'_, Info>) {
    let ways = Ways::of(info);
    check_events(places, info, &ways);
    check_times(places, info, &ways);
    places.lacks(info.description.is_none(), &rules::IPAWS_DESCRIPTION, info.node, "description");
    places.lacks(info.instruction.is_none(), &rules::IPAWS_INSTRUCTION, info.node, "instruction");
    let texts = [&info.description, &info.instruction].into_iter().flatten();
    let characters: usize = texts.map(|text| text.chars().count()).sum();
    if ways.eas && characters > EAS_TEXT_CHARS_MAX {
        let message = format!("`description` and `instruction` have {characters} characters together.");
        places.find(&rules::IPAWS_TEXT_LONG, places.child(info.node, "description"), message);
    }
    check_parameters(places, info, &ways);
    check_audio(places, info);
    check_areas(places, info, &ways);
}

fn check_offset(places: &mut Places<'_, '_>, parent: usize, name: &str, time: Option<DateTime>) {
    if time.is_some_and(|time| time.offset().seconds() == 0) {
        let message = format!("`{name}` is in UTC, which no place of the USA keeps.");
        places.find(&rules::IPAWS_ZERO_OFFSET, places.child(parent, name), message);
    }
}

fn check_events(places: &mut Places<'_, '_>, info: &At<'_, Info>, ways: &Ways) {
    let codes = places.event_codes(info);
    let mut same = named(&codes, SAME);
    let Some(code) = same.next() else {
        if ways.eas || ways.weather_radio || ways.wea {
            let message = "There is no `eventCode` SAME: neither EAS nor WEA can carry the alert.";
            places.find(&rules::IPAWS_SAME_MISSING, info.node, message);
        }
        return;
    };
    let letters = code.value.bytes().all(|byte| byte.is_ascii_uppercase());
    if code.value.len() != EVENT_LETTERS || !letters {
        let message = format!("`{}` is not three capital letters.", quote(&code.value));
        places.find(&rules::IPAWS_SAME_FORM, code.node, message);
    } else if !EVENTS.contains(&&*code.value) {
        places.find(&rules::IPAWS_SAME_UNKNOWN, code.node, format!("`{}` is not a known event code.", code.value));
    }
    if let Some(second) = same.next() {
        places.find(&rules::IPAWS_SAME_REPEATED, second.node, "There is more than one `eventCode` SAME.");
    }
}

fn check_times(places: &mut Places<'_, '_>, info: &At<'_, Info>, ways: &Ways) {
    if info.effective.is_some() {
        let at = places.child(info.node, "effective");
        places.find(&rules::IPAWS_EFFECTIVE, at, "`effective` is ignored.");
    }
    if info.onset.is_some() {
        let at = places.child(info.node, "onset");
        places.find(&rules::IPAWS_ONSET, at, "`onset` is ignored.");
    }
    places.lacks(info.expires.is_none(), &rules::IPAWS_EXPIRES, info.node, "expires");
    check_offset(places, info.node, "expires", info.expires);
    let Some(expires) = info.expires.filter(|_| ways.eas || ways.weather_radio) else { return };
    let valid_s = expires.instant().as_second().saturating_sub(places.alert.key.sent.instant().as_second());
    if valid_s > EAS_VALID_MAX_S {
        let message = format!("It holds for {} hours; EAS can say 99 and a half.", valid_s / 3600);
        places.find(&rules::IPAWS_EXPIRES_LATE, places.child(info.node, "expires"), message);
    }
}

fn check_parameters(places: &mut Places<'_, '_>, info: &At<'_, Info>, ways: &Ways) {
    let parameters = places.parameters(info);
    if (ways.eas || ways.weather_radio) && named(&parameters, "EAS-ORG").next().is_none() {
        let message = "There is no parameter EAS-ORG: EAS cannot say who speaks.";
        places.find(&rules::IPAWS_EAS_ORG_MISSING, info.node, message);
    }
    for parameter in &parameters {
        let value = &*parameter.value;
        let characters = value.chars().count();
        let rule = match &*parameter.value_name {
            "EAS-ORG" if !ORIGINATORS.contains(&value) => &rules::IPAWS_EAS_ORG,
            "BLOCKCHANNEL" if !CHANNELS.contains(&value) => &rules::IPAWS_BLOCKCHANNEL,
            "WEAHandling" if !WEA_HANDLINGS.contains(&&*value.to_ascii_lowercase()) => &rules::IPAWS_WEA_HANDLING,
            "CMAMtext" if characters > CMAMTEXT_CHARS_MAX => &rules::IPAWS_CMAMTEXT,
            "CMAMlongtext" if characters > CMAMLONGTEXT_CHARS_MAX => &rules::IPAWS_CMAMLONGTEXT,
            _ => continue,
        };
        let message = match &*parameter.value_name {
            "CMAMtext" | "CMAMlongtext" => format!("{} has {characters} characters.", parameter.value_name),
            name => format!("`{}` is not a value of {name}.", quote(value)),
        };
        places.find(rule, parameter.node, message);
    }
    check_wea_language(places, info, &parameters);
}

/// WEA speaks English and Spanish, each in an info of its own.
fn check_wea_language(places: &mut Places<'_, '_>, info: &At<'_, Info>, parameters: &[At<'_, NamedValue>]) {
    let mut texts = named(parameters, "CMAMtext").chain(named(parameters, "CMAMlongtext"));
    if speaks(&info.language, "en") {
        // Only Spanish writes these; a plain text that is Spanish all the same is not told.
        if let Some(text) = texts.find(|text| text.value.contains(['¡', '¿'])) {
            let message = format!("The {} of an English `info` looks Spanish.", text.value_name);
            places.find(&rules::IPAWS_WEA_SPANISH, text.node, message);
        }
    } else if !speaks(&info.language, "es")
        && let Some(text) = texts.next()
    {
        let message = format!("WEA has no way to say {} in `{}`.", text.value_name, quote(&info.language));
        places.find(&rules::IPAWS_WEA_LANGUAGE, text.node, message);
    }
}

/// The sound that EAS devices play.
fn check_audio(places: &mut Places<'_, '_>, info: &At<'_, Info>) {
    for resource in places.resources(info) {
        let mime_type = resource.mime_type.as_deref().unwrap_or_default();
        let for_eas = resource.resource_desc == AUDIO_DESC;
        if for_eas && !AUDIO_TYPES.contains(&mime_type) {
            let message = format!("EAS devices do not know the mimeType `{}`.", quote(mime_type));
            places.find(&rules::IPAWS_AUDIO_TYPE, places.child(resource.node, "mimeType"), message);
        } else if !for_eas && AUDIO_TYPES.contains(&mime_type) {
            let message = format!("`{}` does not tell EAS devices to play it.", quote(&resource.resource_desc));
            places.find(&rules::IPAWS_AUDIO_DESC, places.child(resource.node, "resourceDesc"), message);
        }
        if for_eas && resource.uri.is_none() && resource.deref_uri.is_none() {
            places.find(&rules::IPAWS_AUDIO_NOWHERE, resource.node, "Nothing says where the sound is.");
        }
    }
}

fn check_areas(places: &mut Places<'_, '_>, info: &At<'_, Info>, ways: &Ways) {
    let areas = places.areas(info);
    places.lacks(areas.is_empty(), &rules::IPAWS_AREA, info.node, "area");
    let mut count = 0;
    for area in &areas {
        count += check_geocodes(places, area);
        if ways.wea && is_drawn(area) {
            check_vertices(places, area);
        }
    }
    if ways.eas && count > PLACES_MAX {
        let message = format!("There are {count} places of the scheme SAME.");
        places.find(&rules::IPAWS_GEOCODES_MANY, info.node, message);
    }
}

/// Gives how many SAME places an area names.
fn check_geocodes(places: &mut Places<'_, '_>, area: &At<'_, Area>) -> usize {
    let geocodes = places.geocodes(area);
    let mut count = 0;
    for geocode in named(&geocodes, SAME) {
        count += 1;
        let digits = geocode.value.bytes().all(|byte| byte.is_ascii_digit());
        if geocode.value.len() != PLACE_DIGITS || !digits {
            let message = format!("`{}` is not six digits.", quote(&geocode.value));
            places.find(&rules::IPAWS_GEOCODE_FORM, geocode.node, message);
        }
    }
    if count == 0 {
        places.find(&rules::IPAWS_GEOCODE, area.node, "There is no `geocode` SAME.");
    }
    count
}

fn check_vertices(places: &mut Places<'_, '_>, area: &At<'_, Area>) {
    for polygon in places.polygons(area) {
        let points = polygon.ring().len();
        if points > WEA_POINTS_MAX {
            places.find(&rules::IPAWS_VERTICES, polygon.node, format!("The polygon has {points} points."));
        }
    }
}
