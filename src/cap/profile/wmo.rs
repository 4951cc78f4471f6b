//! What the World Meteorological Organization and the Alert Hub advise those whom the WMO's register lists.

use super::places::{At, Places, is_drawn};
use super::rules;
use crate::cap::alert::{Alert, Area, Info};
use crate::cap::code::{Certainty, Severity, Urgency};
use crate::cap::report::quote;

/// The arc of object identifiers that the register gives out.
const ARC: &str = "2.49.0.";
/// Below it: authorities, and the messages of one.
const AUTHORITIES: &str = "2.49.0.0.";
const MESSAGES: &str = "2.49.0.1.";
/// Longest number of a country in ISO 3166-1, digits.
const COUNTRY_DIGITS_MAX: usize = 3;
const HEADLINE_CHARS_MAX: usize = 160;
const POLYGON_POINTS_MAX: usize = 100;
/// How the OASIS Event Terms List names itself and its terms.
const EVENT_TERMS: &str = "OET";

/// The identifier without the words that say that it is an object identifier.
fn oid(alert: &Alert) -> &str {
    alert.key.identifier.strip_prefix("urn:oid:").unwrap_or(&alert.key.identifier)
}

pub(super) fn is_claimed_by(alert: &Alert) -> bool {
    oid(alert).starts_with(ARC)
}

pub(super) fn check(places: &mut Places<'_, '_>) {
    check_identifier(places);
    for info in places.infos() {
        check_info(places, &info);
    }
}

fn check_identifier(places: &mut Places<'_, '_>) {
    let oid = oid(places.alert);
    let country = oid.strip_prefix(MESSAGES).and_then(|rest| rest.split('.').next());
    let numbered = |country: &str| {
        (1..=COUNTRY_DIGITS_MAX).contains(&country.len()) && country.bytes().all(|byte| byte.is_ascii_digit())
    };
    let (rule, what) = match country {
        Some(country) if numbered(country) => return,
        _ if oid.starts_with(AUTHORITIES) => (&rules::WMO_AUTHORITY, "names an authority, not an alert"),
        _ if oid.starts_with(ARC) => (&rules::WMO_COUNTRY, "names no country"),
        _ => (&rules::WMO_IDENTIFIER, "is not of the WMO's register"),
    };
    places.find(rule, places.child(places.root, "identifier"), format!("`{}` {what}.", quote(oid)));
}

fn check_info(places: &mut Places<'_, '_>, info: &At<'_, Info>) {
    let unsaid = places.child(info.node, "language") == info.node;
    places.lacks(unsaid, &rules::WMO_LANGUAGE, info.node, "language");
    let unknown = [
        ("urgency", info.urgency == Urgency::Unknown),
        ("severity", info.severity == Severity::Unknown),
        ("certainty", info.certainty == Certainty::Unknown),
    ];
    for (name, _) in unknown.into_iter().filter(|(_, unknown)| *unknown) {
        places.find(&rules::WMO_UNKNOWN, places.child(info.node, name), format!("`{name}` is Unknown."));
    }
    check_event_terms(places, info);
    places.lacks(info.expires.is_none(), &rules::WMO_EXPIRES, info.node, "expires");
    places.lacks(info.sender_name.is_none(), &rules::WMO_SENDER_NAME, info.node, "senderName");
    let characters = info.headline.as_deref().map_or(0, |headline| headline.chars().count());
    if characters > HEADLINE_CHARS_MAX {
        let message = format!("The headline has {characters} characters.");
        places.find(&rules::WMO_HEADLINE, places.child(info.node, "headline"), message);
    }
    places.lacks(info.description.is_none(), &rules::WMO_DESCRIPTION, info.node, "description");
    let whole = |web: &str| web.starts_with("https://") || web.starts_with("http://");
    if let Some(web) = info.web.as_deref().filter(|web| !whole(web)) {
        let message = format!("`{}` is not a whole address.", quote(web));
        places.find(&rules::WMO_WEB, places.child(info.node, "web"), message);
    }
    check_areas(places, info);
}

/// `OET:v1.2` with `OET-121`. Whether the list has the term is not checked.
fn check_event_terms(places: &mut Places<'_, '_>, info: &At<'_, Info>) {
    for code in places.event_codes(info).iter().filter(|code| code.value_name.starts_with(EVENT_TERMS)) {
        let version = code.value_name.strip_prefix("OET:v").and_then(|version| version.split_once('.'));
        let number = code.value.strip_prefix("OET-");
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let right = version.is_some_and(|(major, minor)| digits(major) && digits(minor))
            && number.is_some_and(|number| number.len() == 3 && digits(number));
        if !right {
            let message = format!("`{}` `{}` is not a term.", quote(&code.value_name), quote(&code.value));
            places.find(&rules::WMO_EVENT_TERM, code.node, message);
        }
    }
}

fn check_areas(places: &mut Places<'_, '_>, info: &At<'_, Info>) {
    let areas = places.areas(info);
    let coded: Vec<&At<'_, Area>> = areas.iter().filter(|area| !is_drawn(area)).collect();
    // Once for each info: some name hundreds of regions.
    if let Some(first) = coded.first() {
        let message = format!("{} of {} areas have neither a polygon nor a circle.", coded.len(), areas.len());
        places.find(&rules::WMO_GEOMETRY, first.node, message);
    }
    for polygon in areas.iter().flat_map(|area| places.polygons(area)).collect::<Vec<_>>() {
        let points = polygon.ring().len();
        if points > POLYGON_POINTS_MAX {
            places.find(&rules::WMO_VERTICES, polygon.node, format!("The polygon has {points} points."));
        }
    }
}
