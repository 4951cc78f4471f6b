//! What is a copy, and what is another event.

use super::*;
use crate::cap::alert::NamedValue;
use crate::cap::code::{Category, ResponseType, Severity};
use crate::model::sample::{alert, area, info, key};

fn code(name: &str, value: &str) -> NamedValue {
    NamedValue { value_name: name.to_owned(), value: value.to_owned() }
}

/// The same storm as the sample's, as another sender tells it.
fn copy() -> Alert {
    let mut copy = alert();
    copy.key = key("hub-77", "10:03:00");
    copy.key.sender = "hub@elsewhere.example".to_owned();
    copy.infos[0].headline = Some("Storm warning".to_owned());
    copy.infos[0].event = "Storm ".to_owned();
    copy.infos[0].description = Some("Gusts of 140 km/h.".to_owned());
    copy.infos[0].onset = Some(key("x", "11:00:00").sent);
    copy
}

/// The sample with a begin of its own, as copies need one.
fn original() -> Alert {
    let mut original = alert();
    original.infos[0].description = Some("Gusts of 140 km/h.".to_owned());
    original.infos[0].onset = Some(key("x", "11:00:00").sent);
    original
}

fn are_copies(a: &Alert, b: &Alert) -> bool {
    facts(a).is_some() && facts(a) == facts(b) && same_event(a, b)
}

fn square(order: &[usize]) -> Polygon {
    let corners = [(50.0, 3.0), (50.0, 4.0), (51.0, 4.0), (51.0, 3.0)];
    let ring = order.iter().map(|index| Point { lat: corners[*index].0, lon: corners[*index].1 });
    Polygon::new(ring.collect()).expect("a ring")
}

#[test]
fn the_same_warning_of_another_sender_is_a_copy() {
    assert!(are_copies(&original(), &copy()));
    type Change = fn(&mut Alert);
    let rows: [(&str, Change); 5] = [
        ("other case and white space", |b| b.infos[0].description = Some(" gusts of\n140 km/h. ".to_owned())),
        ("another description of the area", |b| b.areas().area_desc = "elsewhere called so".to_owned()),
        ("a geocode beside the drawing", |b| b.areas().geocodes.push(code("WARNCELLID", "8"))),
        ("rounded by a metre", |b| b.areas().circles[0].center.lat += 0.00001),
        ("another event text, the same code", |b| {
            b.infos[0].event = "Tempête".to_owned();
            b.infos[0].event_codes.push(code("OET:v1.2", "OET-168"));
        }),
    ];
    for (what, change) in rows {
        let (mut a, mut b) = (original(), copy());
        if what.contains("the same code") {
            a.infos[0].event_codes.push(code("OET:v1.2", "OET-168"));
        }
        change(&mut b);
        assert!(are_copies(&a, &b), "{what}");
    }
}

impl Alert {
    fn areas(&mut self) -> &mut Area {
        &mut self.infos[0].areas[0]
    }
}

#[test]
fn whatever_differs_in_fact_is_another_event() {
    type Change = fn(&mut Alert);
    let rows: [(&str, Change); 16] = [
        ("a named area beside the drawing", |b| b.areas().geocodes.push(code("INSEE", "59350"))),
        ("heights", |b| b.areas().altitude_ft = Some(3_000.0)),
        ("severity", |b| b.infos[0].severity = Severity::Extreme),
        ("category", |b| b.infos[0].categories = vec![Category::Fire]),
        ("begin", |b| b.infos[0].onset = Some(key("x", "11:01:00").sent)),
        ("no begin: it is when it was sent", |b| b.infos[0].onset = None),
        ("end", |b| b.infos[0].expires = Some(key("x", "12:01:00").sent)),
        ("place", |b| b.areas().circles[0].radius_km = 6.0),
        ("a hole", |b| b.areas().geocodes.push(code("EXCLUDE_POLYGON", "1,1 2,2 3,1 1,1"))),
        ("one more message", |b| b.infos.push(info("fr", area(51.0, 3.0, 5.0)))),
        ("drill", |b| b.status = Status::Test),
        ("type", |b| b.msg_type = MsgType::Update),
        ("event", |b| b.infos[0].event = "hail".to_owned()),
        ("incident", |b| b.incidents.push("storm-B".to_owned())),
        ("advice", |b| b.infos[0].response_types = vec![ResponseType::Evacuate]),
        ("it is over", |b| b.infos[0].parameters.push(code("layer:EC-MSC-SMC:1.0:Alert_Location_Status", "ended"))),
    ];
    for (what, change) in rows {
        let (mut a, mut b) = (original(), copy());
        a.incidents.push("storm-A".to_owned());
        a.infos[0].response_types = vec![ResponseType::Shelter];
        b.infos[0].response_types = vec![ResponseType::Shelter];
        change(&mut b);
        assert!(!are_copies(&a, &b), "{what}");
    }
}

#[test]
fn whoever_reads_the_first_misses_nothing_of_the_copy() {
    let in_german = |alert: &mut Alert| {
        let mut other = alert.infos[0].clone();
        (other.language, other.event) = ("de".to_owned(), "Sturm".to_owned());
        alert.infos.insert(0, other);
    };
    let (mut a, mut b) = (original(), copy());
    in_german(&mut b);
    assert!(!are_copies(&a, &b), "who reads German would never get it");
    in_german(&mut a);
    assert!(are_copies(&a, &b));
    assert!(are_copies(&a, &copy()), "the first has more languages");
    b.infos[1].instruction = Some("Leave the town.".to_owned());
    assert!(!are_copies(&a, &b), "another instruction in one language");
    b.infos.truncate(1);
    b.infos[0].description = None;
    assert!(are_copies(&a, &copy()) && !are_copies(&a, &b), "it says less, which may be on purpose");
}

#[test]
fn words_count_where_they_are_said() {
    let twice = |mut alert: Alert, there: &str| {
        let mut other = alert.infos[0].clone();
        other.areas = vec![area(52.0, 3.0, 5.0)];
        other.description = Some(there.to_owned());
        alert.infos.push(other);
        alert
    };
    let swapped = |mut alert: Alert| {
        let description = alert.infos[0].description.take();
        alert.infos[0].description = std::mem::replace(&mut alert.infos[1].description, description);
        alert
    };
    assert!(are_copies(&twice(original(), "Hail."), &twice(copy(), "hail.")));
    assert!(!are_copies(&twice(original(), "Hail."), &swapped(twice(copy(), "Hail."))), "here hail, there gusts");
}

#[test]
fn codes_that_differ_outweigh_the_same_words() {
    let (mut a, mut b) = (original(), copy());
    a.infos[0].event_codes = vec![code("LICENSE", "free"), code("II", "51")];
    b.infos[0].event_codes = vec![code("LICENSE", "free"), code("II", "52")];
    assert!(!are_copies(&a, &b));
    b.infos[0].event_codes[1].value = "51".to_owned();
    assert!(are_copies(&a, &b));
}

#[test]
fn one_sender_repeats_itself_only_word_for_word() {
    let first = original();
    let mut again = original();
    again.key = key("storm-2", "10:05:00");
    assert!(are_copies(&first, &again));
    again.areas().area_desc = "behind the town hall".to_owned();
    assert!(!are_copies(&first, &again), "two places in one polygon");
    again.areas().area_desc = first.infos[0].areas[0].area_desc.clone();
    again.infos[0].description = Some("A second fire, in Station Road.".to_owned());
    assert!(!are_copies(&first, &again), "two fires in one town");
}

#[test]
fn a_ring_may_begin_anywhere_and_go_either_way() {
    let text = ring(&square(&[0, 1, 2, 3, 0]));
    for order in [[1, 2, 3, 0, 1], [3, 2, 1, 0, 3], [2, 1, 0, 3, 2]] {
        assert_eq!(ring(&square(&order)), text, "{order:?}");
    }
    assert_ne!(ring(&square(&[0, 2, 1, 3, 0])), text, "corners in another order are another ring");
}

#[test]
fn what_lies_nowhere_or_is_not_public_has_no_copies() {
    let mut nowhere = original();
    nowhere.areas().circles.clear();
    assert_eq!(facts(&nowhere), None);
    assert_eq!(facts(&Alert { scope: Scope::Restricted, ..original() }), None);
    assert_eq!(facts(&Alert { msg_type: MsgType::Cancel, ..original() }), None);
    assert_eq!(facts(&Alert { status: Status::Draft, ..original() }), None);
    nowhere.areas().geocodes.push(code("EMMA_ID", "FR001"));
    assert!(facts(&nowhere).is_some(), "a name is a place, too");
}
