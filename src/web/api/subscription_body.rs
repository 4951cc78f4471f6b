//! A subscription's body, read into the model: everything wrong with it is told at once.

use super::channel_body::read_channel;
use super::fields::{Faults, Object};
use super::place_body::{read_places, show_place};
use crate::cap::code::Severity;
use crate::geo::code::AreaCode;
use crate::model::family::{Families, Family};
use crate::model::subscriber::{Channel, LANGUAGES_MAX, Preferences, QuietHours, Subscriber};
use crate::push::endpoint::EndpointPolicy;
use crate::web::error::WebError;
use jiff::civil::Time;
use jiff::tz::TimeZone;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Characters of a language tag (RFC 5646 §4.4.1 asks for room for 35).
const LANGUAGE_LENGTH_MAX: usize = 35;
/// Characters of a consent's edition.
const CONSENT_LENGTH_MAX: usize = 32;
/// Characters of a time zone's name.
const TIME_ZONE_LENGTH_MAX: usize = 64;

const MEMBERS: &[&str] =
    &["channel", "places", "families", "languages", "quiet_hours", "drills", "discreet", "consent"];

/// What a citizen sent.
pub struct Body {
    pub channel: Channel,
    /// The push service, as [`crate::model::subscriber::Listener::origin`] has it.
    pub origin: String,
    pub preferences: Preferences,
}

/// Reads a body. `knows` says whether a named area can be followed.
///
/// # Errors
/// [`WebError::InvalidFields`] with everything that is wrong.
pub fn read(value: &Value, policy: &EndpointPolicy, knows: &impl Fn(&AreaCode) -> bool) -> Result<Body, WebError> {
    let mut faults = Faults::default();
    let body = read_body(value, policy, knows, &mut faults);
    faults.finish(body)
}

fn read_body(
    value: &Value,
    policy: &EndpointPolicy,
    knows: &impl Fn(&AreaCode) -> bool,
    faults: &mut Faults,
) -> Option<Body> {
    let object = Object::read(value, "", MEMBERS, faults)?;
    let channel = object.required("channel", faults).and_then(|value| read_channel(value, policy, faults));
    let places = read_places(&object, knows, faults);
    let families = read_families(&object, faults);
    let languages = read_languages(&object, faults);
    let quiet_hours = read_quiet_hours(&object, faults);
    let drills = object.flag("drills", faults);
    let discreet = object.flag("discreet", faults);
    let consent = read_consent(&object, faults);
    let (channel, origin) = channel?;
    let preferences = Preferences {
        places,
        families: families?,
        languages,
        quiet_hours: quiet_hours?,
        drills,
        discreet,
        consent: consent?,
    };
    Some(Body { channel, origin, preferences })
}

fn read_families(object: &Object<'_>, faults: &mut Faults) -> Option<Families> {
    let Some(value) = object.get("families") else { return Some(Families::default()) };
    let names = Family::ALL.map(Family::as_str);
    let families = Object::read(value, "/families", &names, faults)?;
    let mut wanted = BTreeMap::new();
    for family in Family::ALL {
        let Some(text) = families.text(family.as_str(), faults) else { continue };
        match Severity::from_code(text).filter(|severity| *severity != Severity::Unknown) {
            Some(severity) => {
                wanted.insert(family, severity);
            }
            None => faults.add(
                &families.at(family.as_str()),
                "unknown-severity",
                "The lowest severity must be Extreme, Severe, Moderate or Minor.",
            ),
        }
    }
    Families::new(wanted)
}

fn read_languages(object: &Object<'_>, faults: &mut Faults) -> Vec<String> {
    let mut languages = Vec::new();
    for (index, value) in object.list("languages", LANGUAGES_MAX, faults).iter().enumerate() {
        match value.as_str().filter(|text| is_language_tag(text)) {
            Some(text) => languages.push(text.to_owned()),
            None => {
                faults.add(&format!("/languages/{index}"), "bad-language", "Must be a language tag such as “fr”.");
            }
        }
    }
    languages
}

/// The shape of RFC 5646 tags, not their registry.
fn is_language_tag(text: &str) -> bool {
    text.len() <= LANGUAGE_LENGTH_MAX
        && text.split('-').enumerate().all(|(index, part)| {
            let letters = |byte: u8| if index == 0 { byte.is_ascii_alphabetic() } else { byte.is_ascii_alphanumeric() };
            let shortest = if index == 0 { 2 } else { 1 };
            (shortest..=8).contains(&part.len()) && part.bytes().all(letters)
        })
}

/// `Some(None)`: none wanted.
fn read_quiet_hours(object: &Object<'_>, faults: &mut Faults) -> Option<Option<QuietHours>> {
    let Some(value) = object.get("quiet_hours") else { return Some(None) };
    let hours = Object::read(value, "/quiet_hours", &["from", "to", "time_zone"], faults)?;
    let from = read_time(&hours, "from", faults);
    let to = read_time(&hours, "to", faults);
    let time_zone = hours.required_text("time_zone", faults).filter(|name| {
        let known = name.len() <= TIME_ZONE_LENGTH_MAX && TimeZone::get(name).is_ok();
        if !known {
            faults.add("/quiet_hours/time_zone", "unknown-time-zone", "Must be an IANA name such as “Europe/Paris”.");
        }
        known
    });
    let (from, to, time_zone) = (from?, to?, time_zone?.to_owned());
    if from == to {
        faults.add("/quiet_hours", "empty-quiet-hours", "Quiet hours that end when they begin are none.");
        return None;
    }
    Some(Some(QuietHours { from, to, time_zone }))
}

fn read_time(hours: &Object<'_>, name: &str, faults: &mut Faults) -> Option<Time> {
    let text = hours.required_text(name, faults)?;
    let time = parse_time(text);
    if time.is_none() {
        faults.add(&hours.at(name), "bad-time", "Must be a time of day such as “22:00”.");
    }
    time
}

/// `HH:MM`, exactly.
fn parse_time(text: &str) -> Option<Time> {
    let (hour, minute) = text.split_once(':')?;
    let two_digits = |part: &str| -> Option<i8> {
        (part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit())).then(|| part.parse().ok())?
    };
    Time::new(two_digits(hour)?, two_digits(minute)?, 0, 0).ok()
}

fn read_consent(object: &Object<'_>, faults: &mut Faults) -> Option<String> {
    let text = object.required_text("consent", faults)?;
    let fits = !text.is_empty()
        && text.len() <= CONSENT_LENGTH_MAX
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_'));
    if !fits {
        faults.add("/consent", "bad-consent", "Must be the edition of the privacy text, such as “2026-11”.");
    }
    fits.then(|| text.to_owned())
}

/// A stored subscription as its owner sees it again. The channel's secrets stay where they are.
pub fn show(subscriber: &Subscriber) -> Value {
    let preferences = &subscriber.preferences;
    let places: Vec<Value> = preferences.places.iter().map(show_place).collect();
    let families: BTreeMap<&str, &str> =
        preferences.families.iter().map(|(family, lowest)| (family.as_str(), lowest.as_str())).collect();
    let quiet_hours = preferences.quiet_hours.as_ref().map(|hours| {
        json!({
            "from": hours.from.strftime("%H:%M").to_string(),
            "to": hours.to.strftime("%H:%M").to_string(),
            "time_zone": hours.time_zone,
        })
    });
    json!({
        "id": subscriber.id,
        "channel": {"kind": subscriber.channel.as_str()},
        "places": places,
        "families": families,
        "languages": preferences.languages,
        "quiet_hours": quiet_hours,
        "drills": preferences.drills,
        "discreet": preferences.discreet,
        "consent": preferences.consent,
        "created": subscriber.created,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::model::place::{Altitude, Around, Cell, Place, Radius, Step};
    use crate::model::subscriber::ChannelKind;
    use crate::web::error::FieldProblem;

    /// A real user agent key: the one of RFC 8291 §5.
    const P256DH: &str = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4";

    fn sample() -> Value {
        json!({
            "channel": {
                "kind": "webpush",
                "endpoint": "https://updates.push.services.mozilla.com/wpush/v2/abc",
                "keys": {"p256dh": P256DH, "auth": "BTBZMqHH6r4Tts7J_aSIgg"},
            },
            "places": [{"lat": 50.636_111_11, "lon": 3.063_888_89, "step": 180, "radius_km": 5}],
            "consent": "2026-11",
        })
    }

    fn parse(value: &Value) -> Result<Body, WebError> {
        let config = Config::load(None).expect("the defaults");
        read(value, &EndpointPolicy::new(&config.push), &|area| *area == AreaCode::new("INSEE", "59350"))
    }

    /// Pointer and code of every fault after a change to the sample.
    fn faults(change: impl FnOnce(&mut Value)) -> Vec<(String, &'static str)> {
        let mut value = sample();
        change(&mut value);
        match parse(&value) {
            Ok(_) => Vec::new(),
            Err(WebError::InvalidFields { fields }) => {
                fields.into_iter().map(|FieldProblem { pointer, code, .. }| (pointer, code)).collect()
            }
            Err(other) => panic!("unexpected {other}"),
        }
    }

    fn fault(pointer: &str, code: &'static str) -> Vec<(String, &'static str)> {
        vec![(pointer.to_owned(), code)]
    }

    #[test]
    fn the_least_one_can_send_wants_all_families_and_no_drills() {
        let body = parse(&sample()).unwrap_or_else(|error| panic!("{error:?}"));
        let preferences = body.preferences;
        assert_eq!(preferences.families, Families::default());
        assert!(!preferences.drills && !preferences.discreet && preferences.quiet_hours.is_none());
        let cell = Cell::new(Step::Medium, 9_114, 551).expect("a cell");
        let radius = Radius::from_km(5).expect("a radius");
        assert_eq!(preferences.places, [Place::Around(Around { cell, radius, altitude: None })]);
    }

    #[test]
    fn an_exact_position_is_refused_by_that_name() {
        let got = faults(|value| value["places"][0]["lat"] = json!(50.636_2));
        assert_eq!(got, fault("/places/0", "exact-position"));
    }

    #[test]
    fn steps_and_radii_outside_the_lists_are_refused() {
        assert_eq!(faults(|value| value["places"][0]["step"] = json!(7_200)), fault("/places/0/step", "unknown-step"));
        let got = faults(|value| value["places"][0]["radius_km"] = json!(3));
        assert_eq!(got, fault("/places/0/radius_km", "unknown-radius"));
        assert_eq!(faults(|value| value["places"][0]["lat"] = json!(91.0)), fault("/places/0", "out-of-range"));
    }

    #[test]
    fn an_altitude_is_kept_as_its_hundred_metres() {
        let high = |metres: Value| {
            let mut value = sample();
            value["places"][0]["altitude_m"] = metres;
            parse(&value).map(|body| body.preferences.places)
        };
        let places = high(json!(1_834.5)).unwrap_or_else(|error| panic!("{error:?}"));
        let [Place::Around(place)] = places.as_slice() else { panic!("{places:?}") };
        assert_eq!(place.altitude, Altitude::from_step(18));
        assert_eq!(show_place(&places[0])["altitude_m"], 1_850);
        let got = faults(|value| value["places"][0]["altitude_m"] = json!(9_000));
        assert_eq!(got, fault("/places/0/altitude_m", "out-of-range"));
        let got = faults(|value| value["places"][0]["altitude_m"] = json!("high"));
        assert_eq!(got, fault("/places/0/altitude_m", "wrong-type"));
    }

    #[test]
    fn an_area_must_be_one_that_is_known() {
        let area = |area: Value| faults(|value| value["places"][0] = json!({"area": area}));
        assert_eq!(area(json!({"scheme": "INSEE", "code": "59350"})), []);
        assert_eq!(area(json!({"scheme": "INSEE", "code": "00000"})), fault("/places/0/area", "unknown-area"));
        assert_eq!(area(json!({"scheme": "INSEE"})), fault("/places/0/area/code", "missing-field"));
        let got = faults(|value| value["places"][0]["area"] = json!({"scheme": "INSEE", "code": "59350"}));
        assert_eq!(got.len(), 4, "either a cell or an area: {got:?}");
    }

    #[test]
    fn a_polygon_stands_on_corners_of_cells_and_hides_someone() {
        let drawn =
            |polygon: Value, step: i64| faults(|value| value["places"][0] = json!({"polygon": polygon, "step": step}));
        assert_eq!(drawn(json!([[50.6, 3.0], [50.7, 3.0], [50.7, 3.1], [50.6, 3.0]]), 180), []);
        let at = "/places/0/polygon";
        let off = drawn(json!([[50.601, 3.0], [50.7, 3.0], [50.7, 3.1], [50.601, 3.0]]), 180);
        assert_eq!(off.len(), 2, "the first corner stands there twice");
        assert_eq!(off[0], fault("/places/0/polygon/0", "exact-position")[0]);
        assert_eq!(
            drawn(json!([[50.6, 3.0], [50.7, 3.0], [50.7, 3.1], [50.6, 3.0]]), 7),
            fault("/places/0/step", "unknown-step")
        );
        // 0.1° by 0.1° is 2 × 2 cells of 1/20°.
        assert_eq!(drawn(json!([[50.6, 3.0], [50.7, 3.0], [50.7, 3.1], [50.6, 3.0]]), 20), fault(at, "exact-position"));
        assert_eq!(drawn(json!([[50.6, 3.0], [50.7, 3.0], [50.7, 3.1]]), 180), fault(at, "not-closed"));
        assert_eq!(drawn(json!([[50.6, 3.0], [50.7, 3.0], [50.6, 3.0]]), 180), fault(at, "bad-polygon"));
        assert_eq!(drawn(json!([]), 180), fault(at, "bad-polygon"));
        assert_eq!(drawn(json!("all"), 180), fault(at, "wrong-type"));
        assert_eq!(
            drawn(json!([[50.6, 3.0], [50.7, 3.1], [50.7, 3.0], [50.6, 3.1], [50.6, 3.0]]), 180),
            fault(at, "crossing-edges")
        );
        assert_eq!(drawn(json!([[91.0, 3.0], [50.7, 3.0], [50.7, 3.1], [91.0, 3.0]]), 180).len(), 2);
        assert_eq!(
            drawn(json!([[50.6], [50.7, 3.0], [50.7, 3.1], [50.6, 3.0]]), 180),
            fault("/places/0/polygon/0", "wrong-type")
        );
        assert_eq!(drawn(json!([[85, 0], [85, 120], [85, -120], [85, 0]]), 180), fault(at, "around-the-world"));
        let many: Vec<[f64; 2]> = (0..66).map(|corner| [f64::from(corner), 0.0]).collect();
        assert_eq!(drawn(json!(many), 180), fault(at, "too-many"));
    }

    #[test]
    fn unknown_members_are_refused_wherever_they_stand() {
        assert_eq!(faults(|value| value["name"] = json!("Ada")), fault("/name", "unknown-field"));
        let got = faults(|value| value["places"][0]["la~bel/"] = json!("home"));
        assert_eq!(got, fault("/places/0/la~0bel~1", "unknown-field"));
    }

    #[test]
    fn quiet_hours_need_a_real_time_zone_and_real_times() {
        let hours = |from: &str, to: &str, zone: &str| {
            let hours = json!({"from": from, "to": to, "time_zone": zone});
            faults(|value| value["quiet_hours"] = hours)
        };
        assert_eq!(hours("22:00", "07:00", "Europe/Paris"), Vec::new());
        assert_eq!(hours("22:00", "07:00", "Europe/Atlantis"), fault("/quiet_hours/time_zone", "unknown-time-zone"));
        assert_eq!(hours("24:00", "07:00", "Europe/Paris"), fault("/quiet_hours/from", "bad-time"));
        assert_eq!(hours("7:00", "07:00", "Europe/Paris"), fault("/quiet_hours/from", "bad-time"));
        assert_eq!(hours("07:00", "07:00", "Europe/Paris"), fault("/quiet_hours", "empty-quiet-hours"));
    }

    #[test]
    fn families_and_languages_are_checked_one_by_one() {
        let got = faults(|value| value["families"] = json!({"weather": "Severe", "gossip": "Minor"}));
        assert_eq!(got, fault("/families/gossip", "unknown-field"));
        let got = faults(|value| value["families"] = json!({"weather": "Unknown"}));
        assert_eq!(got, fault("/families/weather", "unknown-severity"));
        let got = faults(|value| value["languages"] = json!(["fr", "not a tag"]));
        assert_eq!(got, fault("/languages/1", "bad-language"));
    }

    #[test]
    fn everything_wrong_is_told_at_once() {
        let got = faults(|value| {
            value["places"] = json!([]);
            value["drills"] = json!("yes");
            value.as_object_mut().expect("an object").remove("consent");
        });
        let codes: Vec<&str> = got.iter().map(|(_, code)| *code).collect();
        assert_eq!(codes, ["missing-field", "wrong-type", "missing-field"]);
    }

    #[test]
    fn what_is_shown_again_can_be_sent_again() {
        let mut value = sample();
        value["quiet_hours"] = json!({"from": "22:00", "to": "07:00", "time_zone": "Europe/Paris"});
        value["places"] = json!([
            {"lat": 50.636_111_11, "lon": 3.063_888_89, "step": 180, "radius_km": 5},
            {"lat": 45.832_638_89, "lon": 6.864_583_33, "step": 720, "radius_km": 0, "altitude_m": 4_805},
            {"polygon": [[50.6, 3.0], [50.7, 3.0], [50.7, 3.1], [50.6, 3.0]]},
            {"polygon": [[-18, 179.5], [-18, -179], [-16.5, -179], [-16.5, 179.5], [-18, 179.5]], "step": 20},
            {"area": {"scheme": "INSEE", "code": "59350"}},
        ]);
        let preferences = parse(&value).unwrap_or_else(|error| panic!("{error:?}")).preferences;
        let created = "2026-11-22T12:00:00Z".parse().expect("a time");
        let id = "id".to_owned().into();
        let subscriber =
            Subscriber { id, slot: 7, channel: ChannelKind::Apns, preferences: preferences.clone(), created };
        let mut shown = show(&subscriber);
        assert_eq!(shown["channel"], json!({"kind": "apns"}), "never its secrets");
        for member in ["id", "created"] {
            shown.as_object_mut().expect("an object").remove(member);
        }
        shown["channel"] = sample()["channel"].clone();
        let again = parse(&shown).unwrap_or_else(|error| panic!("{error:?}")).preferences;
        assert_eq!(again, preferences);
        assert_eq!(again.places.len(), 5);
    }
}
