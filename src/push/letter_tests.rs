use super::*;
use crate::cap::alert::Area;
use crate::cap::code::{Category, Certainty, ResponseType, Severity, Urgency};
use serde_json::Value;

pub(in crate::push) fn info(
    language: &str,
    headline: Option<&str>,
    description: &str,
    instruction: Option<&str>,
) -> Info {
    Info {
        categories: vec![Category::Met],
        response_types: vec![ResponseType::Shelter],
        urgency: Urgency::Immediate,
        severity: Severity::Extreme,
        certainty: Certainty::Observed,
        headline: headline.map(str::to_owned),
        description: Some(description.to_owned()),
        instruction: instruction.map(str::to_owned),
        areas: vec![Area {
            area_desc: "Lille and\n Roubaix".to_owned(),
            polygons: Vec::new(),
            circles: Vec::new(),
            geocodes: Vec::new(),
            altitude_ft: None,
            ceiling_ft: None,
        }],
        ..Info::saying(language, "Storm")
    }
}

fn at(text: &str) -> Timestamp {
    text.parse().expect("a timestamp")
}

pub(in crate::push) fn letter(info: &Info, change: impl FnOnce(&mut LetterContext<'_>)) -> Letter {
    letter_of(info, false, change)
}

/// `critical`: Apple has granted critical alerts.
pub(in crate::push) fn letter_of(info: &Info, critical: bool, change: impl FnOnce(&mut LetterContext<'_>)) -> Letter {
    let (alert_id, receipts) = (AlertId("alert-1".to_owned()), receipts());
    let public_url = Url::parse("https://alerts.example.org/town/").expect("a URL");
    let mut context = LetterContext {
        alert_id: &alert_id,
        receipts: &receipts,
        chain_key: "chain-key",
        info,
        status: Status::Actual,
        msg_type: MsgType::Alert,
        says: Says::News,
        tier: Tier::P0,
        quiet: false,
        state: AlertState::Active,
        planned: at("2026-11-22T10:00:00.25Z"),
        expires: at("2026-11-22T12:00:00Z"),
        discreet: false,
        public_url: &public_url,
    };
    change(&mut context);
    Letter::new(&context, critical)
}

pub(in crate::push) fn receipts() -> Receipts {
    Receipts::new(&[1; 16])
}

fn json(letter: &Letter) -> Value {
    serde_json::from_str(&letter.plaintext(7)).expect("JSON")
}

#[test]
fn a_letter_is_the_agreed_json_with_the_receipt_twice() {
    let info = info("en-GB", Some("Storm \"Ana\""), "Gusts of\n 130 km/h.", Some("Stay  indoors."));
    let receipt = receipts().seal(7);
    let want = serde_json::json!({
        "web_push": 8030,
        "notification": {
            "title": "Storm \"Ana\"",
            "body": "Lille and Roubaix\nStay indoors.\nGusts of 130 km/h.",
            "navigate": format!("https://alerts.example.org/town/alerts/alert-1?r={receipt}"),
            "lang": "en-GB", "dir": "ltr", "silent": false, "tag": "chain-key", "app_badge": "1",
        },
        "beffroi": {
            "alert": "alert-1", "chain": "chain-key", "tier": "P0", "msg_type": "Alert", "state": "active",
            "planned": 1_795_341_600_250_i64, "expires": "2026-11-22T12:00:00Z", "receipt": receipt,
        },
    });
    assert_eq!(json(&letter(&info, |_| {})), want);
}

#[test]
fn updates_cancels_and_exercises_say_so_in_the_title_in_the_texts_language() {
    let title = |language: &str, says, status| {
        let info = info(language, None, "…", None);
        let letter = letter(&info, |context| (context.says, context.status) = (says, status));
        json(&letter)["notification"]["title"].as_str().expect("a title").to_owned()
    };
    assert_eq!(title("en", Says::Update, Status::Actual), "UPDATE: Storm");
    assert_eq!(title("fr-FR", Says::Withdrawn, Status::Actual), "ANNULÉ : Storm");
    assert_eq!(title("es", Says::Withdrawn, Status::Actual), "CANCELLED: Storm");
    assert_eq!(title("en", Says::Update, Status::Exercise), "EXERCISE: UPDATE: Storm");
    assert_eq!(title("fr", Says::AllClear, Status::Actual), "FIN D’ALERTE : Storm");
    assert_eq!(title("en", Says::AllClear, Status::Test), "TEST: OVER: Storm");
    assert_eq!(title("en", Says::News, Status::Actual), "Storm");
}

#[test]
fn a_discreet_letter_shows_nothing_of_the_alert() {
    let info = info("fr", Some("Tempête"), "Rafales", Some("Restez chez vous"));
    let json = json(&letter(&info, |context| context.discreet = true));
    let shown = json["notification"].to_string();
    for word in ["Tempête", "Rafales", "Restez", "Lille"] {
        assert!(!shown.contains(word), "{shown}");
    }
    assert_eq!(json["notification"]["title"], "Un message pour vous");
    assert_eq!(json["notification"]["lang"], "fr");
}

#[test]
fn response_codes_speak_where_the_sender_gave_no_instruction() {
    let body = |language| {
        let info = info(language, None, "Gusts.", None);
        json(&letter(&info, |_| {}))["notification"]["body"].as_str().expect("a body").to_owned()
    };
    assert_eq!(body("fr"), "Lille and Roubaix\nMettez-vous à l’abri.\nGusts.");
    assert_eq!(body("es"), "Lille and Roubaix\nGusts.");
}

#[test]
fn the_quiet_tier_and_the_all_clear_are_silent_and_the_all_clear_is_urgent() {
    let mut info = info("en", None, "Over.", None);
    let quiet = letter(&info, |context| context.tier = Tier::P3);
    assert_eq!(json(&quiet)["notification"]["silent"], true);
    assert_eq!(quiet.urgency(), web_push::Urgency::Low);
    (info.response_types, info.urgency) = (vec![ResponseType::AllClear], Urgency::Past);
    let clear = letter(&info, |context| (context.tier, context.says) = (Tier::P2, Says::AllClear));
    assert_eq!(json(&clear)["notification"]["silent"], true);
    assert_eq!(clear.urgency(), web_push::Urgency::High);
}

#[test]
fn what_is_quiet_makes_no_sound_and_is_as_urgent_as_ever() {
    let quiet = letter(&info("en", None, "…", None), |context| context.quiet = true);
    assert_eq!(json(&quiet)["notification"]["silent"], true);
    assert_eq!(json(&quiet)["beffroi"]["tier"], "P0");
    assert_eq!(quiet.urgency(), web_push::Urgency::High);
}

#[test]
fn what_goes_on_without_a_ring_never_takes_the_place_of_one_that_waits() {
    let topic = |says, quiet, tier| {
        let letter = letter(&info("en", None, "…", None), |context| {
            (context.says, context.quiet, context.tier) = (says, quiet, tier);
        });
        assert_eq!(json(&letter)["notification"]["tag"], "chain-key", "the device replaces what it shows");
        letter.topic().to_owned()
    };
    assert_eq!(topic(Says::Update, true, Tier::P0), "yek-niahc");
    assert_eq!(topic(Says::Update, false, Tier::P3), "yek-niahc", "P3 never rings");
    assert_eq!(topic(Says::Update, false, Tier::P0), "chain-key");
    for ends in [Says::AllClear, Says::Withdrawn] {
        assert_eq!(topic(ends, true, Tier::P0), "chain-key", "what waits is over");
    }
    assert_eq!(topic(Says::News, true, Tier::P2), "chain-key", "nothing of its chain waits");
}

#[test]
fn only_an_end_says_that_it_ends() {
    let ends =
        |says| json(&letter(&info("en", None, "…", None), |context| context.says = says))["beffroi"]["ends"].take();
    assert_eq!([Says::News, Says::Update].map(ends), [Value::Null, Value::Null]);
    assert_eq!([Says::AllClear, Says::Withdrawn].map(ends), [Value::Bool(true), Value::Bool(true)]);
}

#[test]
fn an_end_says_what_it_means_where_the_sender_has_no_words_for_it() {
    let body = |language: &str, says, instruction: Option<&str>| {
        let info = Info { areas: Vec::new(), ..info(language, None, "Note.", instruction) };
        let letter = letter(&info, |context| context.says = says);
        json(&letter)["notification"]["body"].as_str().expect("a body").to_owned()
    };
    assert_eq!(body("en", Says::Withdrawn, None), "Whoever sent this warning has withdrawn it.\nNote.");
    assert_eq!(body("fr", Says::Withdrawn, None), "L’émetteur de cette alerte l’a retirée.\nNote.");
    assert_eq!(body("es", Says::Withdrawn, None), "Note.");
    assert_eq!(body("en", Says::AllClear, Some("You may go out.")), "You may go out.\nNote.");
    let past = Info { response_types: Vec::new(), ..info("en", None, "Note.", None) };
    let past = letter(&past, |context| context.says = Says::AllClear);
    assert_eq!(json(&past)["notification"]["body"], "Lille and Roubaix\nThe danger is over.\nNote.");
}

#[test]
fn the_longest_texts_of_any_script_stay_within_the_bound_and_keep_what_to_do() {
    for piece in ["word ", "слово ", "كلمة ", "暴雨", "\"\\", "🌊 ", "e\u{301}"] {
        let long = piece.repeat(3_000);
        let info = info("ar", Some(&long), &long, Some(&format!("Do this. {long}")));
        let letter = letter(&info, |_| {});
        let plaintext = letter.plaintext(u32::MAX);
        assert!(plaintext.len() <= LETTER_BYTES_MAX, "{piece}: {}", plaintext.len());
        assert!(plaintext.len() > LETTER_BYTES_MAX / 2, "{piece}: {} wastes room", plaintext.len());
        let json = json(&letter);
        assert!(json["notification"]["body"].as_str().expect("a body").contains("Do this."), "{piece}");
        assert_eq!(json["notification"]["dir"], "rtl");
    }
}

#[test]
fn time_to_live_is_what_is_left_and_nothing_goes_in_the_last_seconds() {
    let info = info("en", None, "…", None);
    let ttl = |now: &str| letter(&info, |_| {}).ttl_s(at(now));
    assert_eq!(ttl("2026-11-22T11:00:00.5Z"), Some(3_599));
    assert_eq!(ttl("2026-11-22T11:59:50Z"), Some(10));
    assert_eq!(ttl("2026-11-22T11:59:50.001Z"), None);
    assert_eq!(ttl("2026-11-22T13:00:00Z"), None);
    assert_eq!(ttl("2026-01-01T00:00:00Z"), Some(TTL_S_MAX));
}
