//! The same warning through two feeds: when two alerts are copies of one another (docs/adr/0013). Pure.
//!
//! Facts that a machine can compare must be equal to the second and to the metre; that the event is the same must be
//! said by both. Whatever is doubtful is two events: both ring.

use super::message::{self, Message, messages};
use super::vtec;
use crate::cap::alert::{Alert, Area, Circle, Info, NamedValue, Point, Polygon};
use crate::cap::code::{MsgType, Scope, Status};
use crate::cap::exclude::is_exclude_polygon;
use crate::geo::gazetteer::Geocodes;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

/// Coordinates are compared in units of this part of a degree: about 11 m, since feeds round.
const STEPS_PER_DEGREE: f64 = 10_000.0;
/// Radii are compared in units of this part of a kilometre.
const STEPS_PER_KM: f64 = 100.0;

/// What two copies have in common to the letter: kind, categories, urgency, severity, certainty, advice, whether it is
/// over, begin, end and ground of each message. `None` for what no copy is looked for.
///
/// Without `onset` and `effective` an event begins when its message was sent, so that what is sent again an hour later
/// is another one.
pub fn facts(alert: &Alert) -> Option<String> {
    let type_matters = match alert.msg_type {
        MsgType::Alert | MsgType::Update => alert.msg_type,
        MsgType::Cancel | MsgType::Ack | MsgType::Error => return None,
    };
    let kind = match alert.status {
        Status::Actual => "actual",
        Status::Exercise | Status::Test => "drill",
        Status::System | Status::Draft => return None,
    };
    if alert.scope != Scope::Public {
        return None;
    }
    let each: BTreeSet<String> = messages(alert).iter().filter_map(|message| message_facts(alert, message)).collect();
    if each.is_empty() {
        return None;
    }
    Some(each.into_iter().fold(format!("{kind} {type_matters}"), |all, one| all + "\n" + &one))
}

/// `None` for a message that lies nowhere.
fn message_facts(alert: &Alert, message: &Message) -> Option<String> {
    let infos: Vec<&Info> = message.variants.iter().map(|index| &alert.infos[*index]).collect();
    let first = infos[0];
    let ground = ground(message.areas(alert), Geocodes::of(alert))?;
    let begin = infos.iter().filter_map(|info| info.onset.or(info.effective)).map(|time| time.instant()).min();
    let begin = begin.unwrap_or_else(|| alert.key.sent.instant());
    let end = infos.iter().map(|info| message::expires(alert, info)).max()?;
    let categories: BTreeSet<&str> = first.categories.iter().map(|category| category.as_str()).collect();
    let categories: Vec<&str> = categories.into_iter().collect();
    let advice: BTreeSet<&str> =
        infos.iter().flat_map(|info| &info.response_types).map(|response| response.as_str()).collect();
    let advice: Vec<&str> = advice.into_iter().collect();
    let (urgency, severity, certainty) = (first.urgency, first.severity, first.certainty);
    let (categories, advice) = (categories.join("+"), advice.join("+"));
    let goes_on = if message.over { "over" } else { "on" };
    Some(format!("{categories} {urgency} {severity} {certainty} {goes_on} [{advice}] {begin} {end} {ground}"))
}

/// The ground as text: the same for rings that begin elsewhere or go the other way round. Geocodes count where they are
/// ground, heights where they are told.
pub(super) fn ground(areas: &[Area], geocodes: Geocodes) -> Option<String> {
    let parts: BTreeSet<String> = areas.iter().flat_map(|area| area_parts(area, geocodes)).collect();
    (!parts.is_empty()).then(|| parts.into_iter().collect::<Vec<_>>().join(";"))
}

fn area_parts(area: &Area, geocodes: Geocodes) -> Vec<String> {
    let drawn = area.polygons.iter().map(ring).chain(area.circles.iter().map(disc));
    let draws = !area.polygons.is_empty() || !area.circles.is_empty();
    let is_ground = |code: &&NamedValue| !draws || geocodes == Geocodes::Add || is_exclude_polygon(&code.value_name);
    let codes = area.geocodes.iter().filter(is_ground);
    let named = codes.map(|code| format!("{}={}", code.value_name, normal(&code.value)));
    let heights = match (area.altitude_ft, area.ceiling_ft) {
        (None, None) => String::new(),
        (altitude, ceiling) => format!(" at {altitude:?} to {ceiling:?} ft"),
    };
    drawn.chain(named).map(|part| part + &heights).collect()
}

fn steps(value: f64, per_unit: f64) -> i64 {
    #[expect(clippy::cast_possible_truncation, reason = "degrees and kilometres fit by far; NaN becomes 0")]
    let steps = (value * per_unit).round() as i64;
    steps
}

fn ring(polygon: &Polygon) -> String {
    let point = |point: &Point| (steps(point.lat, STEPS_PER_DEGREE), steps(point.lon, STEPS_PER_DEGREE));
    let mut points: Vec<(i64, i64)> = polygon.ring().iter().map(point).collect();
    points.pop();
    points.dedup();
    let least = points.iter().enumerate().min_by_key(|(_, point)| **point).map_or(0, |(index, _)| index);
    points.rotate_left(least);
    let mut other_way = points.clone();
    other_way.reverse();
    other_way.rotate_right(1);
    let chosen = if other_way < points { other_way } else { points };
    chosen.into_iter().fold("p".to_owned(), |mut text, (lat, lon)| {
        write!(text, " {lat},{lon}").expect("writing to memory cannot fail");
        text
    })
}

fn disc(circle: &Circle) -> String {
    let (lat, lon) = (steps(circle.center.lat, STEPS_PER_DEGREE), steps(circle.center.lon, STEPS_PER_DEGREE));
    format!("c {lat},{lon} {}", steps(circle.radius_km, STEPS_PER_KM))
}

/// Whether two alerts with the same [`facts`] speak of the same event, so that nobody whom the first reaches misses
/// anything of the copy.
///
/// Of two senders: both call it the same in some language, or name it by the same codes, and the first has all that the
/// copy describes and advises, in each language of the copy: else who reads another language, or the other one's advice,
/// would never get it. Of one sender every word must be the same, since one who sends two messages means two events until
/// shown otherwise. Codes, incidents or NWS events that differ make two events in any case.
pub fn same_event(first: &Alert, copy: &Alert) -> bool {
    if codes_differ(first, copy) || apart(&incidents(first), &incidents(copy)) || apart(&events(first), &events(copy)) {
        return false;
    }
    if first.key.sender == copy.key.sender {
        return words(first) == words(copy);
    }
    let called_the_same = shares(&names(first), &names(copy)) || shares(&codes(first), &codes(copy));
    called_the_same && said(copy).is_subset(&said(first))
}

fn shares<T: Ord>(a: &BTreeSet<T>, b: &BTreeSet<T>) -> bool {
    !a.is_disjoint(b)
}

/// Whether both say something, and nothing in common.
fn apart<T: Ord>(a: &BTreeSet<T>, b: &BTreeSet<T>) -> bool {
    !a.is_empty() && !b.is_empty() && a.is_disjoint(b)
}

fn incidents(alert: &Alert) -> BTreeSet<&str> {
    alert.incidents.iter().map(String::as_str).collect()
}

fn events(alert: &Alert) -> BTreeSet<String> {
    vtec::codes(alert).codes.into_iter().map(|code| code.event).collect()
}

fn codes(alert: &Alert) -> BTreeSet<(&str, &str)> {
    let codes = alert.infos.iter().flat_map(|info| &info.event_codes);
    codes.map(|code| (code.value_name.as_str(), code.value.as_str())).collect()
}

/// Whether a scheme of event codes that both use says different things.
fn codes_differ(a: &Alert, b: &Alert) -> bool {
    fn by_scheme<'a>(codes: &BTreeSet<(&'a str, &'a str)>) -> BTreeMap<&'a str, BTreeSet<&'a str>> {
        let mut schemes = BTreeMap::<&str, BTreeSet<&str>>::new();
        for (scheme, value) in codes {
            schemes.entry(scheme).or_default().insert(value);
        }
        schemes
    }
    let (a, b) = (by_scheme(&codes(a)), by_scheme(&codes(b)));
    a.iter().any(|(scheme, values)| b.get(scheme).is_some_and(|others| others != values))
}

fn names(alert: &Alert) -> BTreeSet<(String, String)> {
    alert.infos.iter().map(|info| (primary(info), normal(&info.event))).collect()
}

/// All that is said of each message: its facts, a language, the description and the instruction.
fn said(alert: &Alert) -> BTreeSet<[String; 4]> {
    let each = messages(alert);
    let of_message = each.iter().flat_map(|message| {
        let facts = message_facts(alert, message).unwrap_or_default();
        message.variants.iter().map(move |index| {
            let info = &alert.infos[*index];
            [facts.clone(), primary(info), text(&info.description), text(&info.instruction)]
        })
    });
    of_message.collect()
}

fn words(alert: &Alert) -> BTreeSet<[String; 6]> {
    let all = |info: &Info| {
        let places: Vec<String> = info.areas.iter().map(|area| normal(&area.area_desc)).collect();
        let [headline, description, instruction] = [&info.headline, &info.description, &info.instruction].map(text);
        let language = info.language.to_ascii_lowercase();
        [language, normal(&info.event), headline, description, instruction, places.join("\n")]
    };
    alert.infos.iter().map(all).collect()
}

fn text(text: &Option<String>) -> String {
    text.as_deref().map(normal).unwrap_or_default()
}

fn primary(info: &Info) -> String {
    info.language.split('-').next().unwrap_or_default().to_ascii_lowercase()
}

/// A text without what feeds change on the way: case and white space.
pub(super) fn normal(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

#[cfg(test)]
#[path = "copies_tests.rs"]
mod tests;
