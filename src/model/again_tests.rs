use super::*;
use crate::cap::alert::NamedValue;
use crate::cap::code::Severity;
use crate::model::message::messages;
use crate::model::sample::{self, alert, area, info};

/// In French and English, with something to do.
fn storm() -> Alert {
    let mut alert = alert();
    alert.infos.push(info("en", area(50.6, 3.0, 5.0)));
    alert.infos[0].instruction = Some("Restez chez vous.".to_owned());
    alert.infos[1].instruction = Some("Stay at home.".to_owned());
    for info in &mut alert.infos {
        info.response_types = vec![ResponseType::Shelter];
    }
    alert
}

fn gist(alert: &Alert) -> Gist {
    let messages = messages(alert);
    assert_eq!(messages.len(), 1, "one message");
    Gist::of(alert, &messages[0], messages[0].tier)
}

/// Whether an Update that changes the storm so rings again.
fn rings(change: impl Fn(&mut Info)) -> bool {
    let mut update = storm();
    update.infos.iter_mut().for_each(change);
    gist(&update).rings_after(&gist(&storm()))
}

#[test]
fn only_tier_area_and_instruction_ring_again() {
    type Change = fn(&mut Info);
    let table: [(&str, bool, Change); 17] = [
        ("nothing", false, |_| {}),
        ("the headline", false, |info| info.headline = Some("Another".to_owned())),
        ("the description", false, |info| info.description = Some("Gusts of 150 km/h".to_owned())),
        ("the event's name", false, |info| info.event = "gale".to_owned()),
        ("the end", false, |info| info.expires = Some(sample::key("x", "13:00:00").sent)),
        ("a lower tier", false, |info| info.severity = Severity::Moderate),
        ("a severity within the tier", false, |info| info.severity = Severity::Extreme),
        ("what the area is called", false, |info| info.areas[0].area_desc = "the town".to_owned()),
        ("white space and capitals of the instruction", false, |info| {
            info.instruction = info.instruction.as_ref().map(|text| format!(" {}\n", text.to_uppercase()));
        }),
        ("a higher tier", true, |info| (info.severity, info.urgency) = (Severity::Extreme, Urgency::Immediate)),
        ("a larger area", true, |info| info.areas[0].circles[0].radius_km = 6.0),
        ("a smaller area", true, |info| info.areas[0].circles[0].radius_km = 4.0),
        ("one more area", true, |info| info.areas.push(area(51.0, 3.0, 1.0))),
        ("the instruction in all languages", true, |info| info.instruction = Some("Leave.".to_owned())),
        ("the instruction in one language", true, |info| {
            if info.language == "en" {
                info.instruction = Some("Leave.".to_owned());
            }
        }),
        ("no instruction any more", true, |info| info.instruction = None),
        ("the response type", true, |info| info.response_types = vec![ResponseType::Evacuate]),
    ];
    for (what, want, change) in table {
        assert_eq!(rings(change), want, "{what}");
    }
}

#[test]
fn a_language_more_or_less_rings_again() {
    let mut french = storm();
    french.infos.truncate(1);
    assert!(gist(&french).rings_after(&gist(&storm())));
    assert!(gist(&storm()).rings_after(&gist(&french)));
}

#[test]
fn what_was_over_and_goes_on_rings_again() {
    let mut over = storm();
    for info in &mut over.infos {
        info.parameters = vec![NamedValue {
            value_name: "layer:EC-MSC-SMC:1.0:Alert_Location_Status".to_owned(),
            value: "ended".to_owned(),
        }];
    }
    assert!(gist(&storm()).rings_after(&gist(&over)));
    assert!(!gist(&over).rings_after(&gist(&storm())));
}

#[test]
fn a_message_is_compared_at_the_tier_it_was_heard_at() {
    let alert = storm();
    let message = &messages(&alert)[0];
    assert_eq!(message.tier, Tier::P1);
    let [mild, usual] = [Tier::P2, Tier::P1].map(|tier| Gist::of(&alert, message, tier));
    assert!(usual.rings_after(&mild));
    assert!(!mild.rings_after(&usual));
}

#[test]
fn a_cancel_says_that_it_is_over_only_where_its_sender_does() {
    type Change = fn(&mut Info);
    let vtec = |action: &str| NamedValue {
        value_name: "VTEC".to_owned(),
        value: format!("/O.{action}.KOUN.TO.W.0012.260301T1000Z-260301T1100Z/"),
    };
    let table: [(&str, Says, Change); 6] = [
        // As the German civil protection and GOV.UK cancel: the infos are those of the warning.
        ("the warning's own words", Says::Withdrawn, |_| {}),
        ("an all-clear", Says::AllClear, |info| info.response_types = vec![ResponseType::AllClear]),
        ("what is past", Says::AllClear, |info| (info.urgency, info.response_types) = (Urgency::Past, Vec::new())),
        ("past, to be watched", Says::AllClear, |info| {
            (info.urgency, info.response_types) = (Urgency::Past, vec![ResponseType::Monitor]);
        }),
        ("past, but people are to stay inside", Says::Withdrawn, |info| info.urgency = Urgency::Past),
        ("all-clear in one language only", Says::Withdrawn, |info| {
            if info.language == "en" {
                info.response_types = vec![ResponseType::AllClear];
            }
        }),
    ];
    for (what, want, change) in table {
        let mut cancel = storm();
        cancel.infos.iter_mut().for_each(change);
        assert_eq!(Says::of(MsgType::Cancel, cancel.infos.iter()), want, "{what}");
    }
    for (action, want) in [("CAN", Says::AllClear), ("EXP", Says::AllClear), ("CON", Says::Withdrawn)] {
        let mut cancel = storm();
        for info in &mut cancel.infos {
            info.parameters = vec![vtec(action)];
        }
        assert_eq!(Says::of(MsgType::Cancel, cancel.infos.iter()), want, "{action}");
    }
    assert_eq!(Says::of(MsgType::Cancel, std::iter::empty()), Says::Withdrawn, "nothing is said");
}

#[test]
fn an_alert_is_news_whatever_it_says_and_an_update_may_end() {
    let mut alert = storm();
    assert_eq!(Says::of(MsgType::Update, alert.infos.iter()), Says::Update);
    for info in &mut alert.infos {
        (info.urgency, info.response_types) = (Urgency::Past, vec![ResponseType::AllClear]);
    }
    assert_eq!(Says::of(MsgType::Update, alert.infos.iter()), Says::AllClear);
    assert_eq!(Says::of(MsgType::Alert, alert.infos.iter()), Says::News);
}
