//! What goes to apps, tier by tier, against tables written out apart from the code.

use super::*;
use crate::cap::code::{MsgType, ResponseType, Urgency};
use crate::model::again::Says;
use crate::model::tier::Tier;
use crate::push::letter::tests::{info, letter, letter_of, receipts};
use crate::push::letter::{LETTER_BYTES_MAX, Letter};
use bytes::Bytes;
use http::{HeaderValue, Request};
use proptest::prelude::*;
use serde_json::{Value, json};

const TOKEN: &str = "00abcdef00abcdef00abcdef00abcdef00abcdef00abcdef00abcdef00abcdef";
const FCM_TOKEN: &str = "dQw4w9WgXcQ:APA91bF";

/// One way in which a letter comes.
#[derive(Debug, Clone, Copy)]
enum Way {
    Tier(Tier),
    Quiet(Tier),
    /// An Update that does not ring.
    Silently(Tier),
    AllClear,
}

fn of(way: Way, critical: bool) -> Letter {
    let mut info = info("fr", Some("Tempête"), "Rafales.", Some("Restez chez vous."));
    if let Way::AllClear = way {
        (info.response_types, info.urgency) = (vec![ResponseType::AllClear], Urgency::Past);
    }
    letter_of(&info, critical, |context| match way {
        Way::Tier(tier) => context.tier = tier,
        Way::Quiet(tier) => (context.tier, context.quiet) = (tier, true),
        Way::Silently(tier) => (context.tier, context.quiet, context.says) = (tier, true, Says::Update),
        Way::AllClear => (context.tier, context.says) = (Tier::P3, Says::AllClear),
    })
}

fn apns_request(letter: &Letter) -> Request<Bytes> {
    let terms = apns::Terms {
        topic: &HeaderValue::from_static("org.example.alerts"),
        expires_s: apns::expires_s(letter.manner(), "2026-11-22T11:00:00Z".parse().expect("a time"), 3_600),
        priority: apns::priority(letter.manner()),
        collapse_id: letter.collapse_id().expect("a chain key"),
        authorization: HeaderValue::from_static("bearer x"),
    };
    apns::request("https://api.push.apple.com", TOKEN, letter.apns_payload(7), &terms).expect("a request")
}

fn fcm_message(letter: &Letter) -> Value {
    serde_json::from_slice(&letter.fcm_message(7, FCM_TOKEN, 3_599)).expect("JSON")
}

fn fcm_data(message: &Value) -> Value {
    serde_json::from_str(message["data"]["beffroi"].as_str().expect("text")).expect("JSON")
}

fn ours() -> Value {
    let receipt = receipts().seal(7);
    json!({
        "alert": "alert-1", "chain": "chain-key", "tier": "P0", "msg_type": "Alert", "state": "active",
        "planned": 1_795_341_600_250_i64, "expires": "2026-11-22T12:00:00Z", "receipt": receipt,
        "navigate": format!("https://alerts.example.org/town/alerts/alert-1?r={receipt}"), "lang": "fr",
    })
}

#[test]
fn a_push_through_apns_is_the_agreed_request() {
    let request = apns_request(&of(Way::Tier(Tier::P0), true));
    assert_eq!(request.method(), "POST");
    assert_eq!(request.uri(), &*format!("https://api.push.apple.com/3/device/{TOKEN}"));
    let headers: Vec<(&str, &str)> =
        request.headers().iter().map(|(name, value)| (name.as_str(), value.to_str().expect("ASCII"))).collect();
    let want = [
        ("authorization", "bearer x"),
        ("apns-topic", "org.example.alerts"),
        ("apns-push-type", "alert"),
        ("apns-priority", "10"),
        ("apns-expiration", "1795348800"),
        ("apns-collapse-id", "chain-key"),
    ];
    assert_eq!(headers, want);
    let payload: Value = serde_json::from_slice(request.body()).expect("JSON");
    let want = json!({
        "aps": {
            "alert": {"title": "Tempête", "body": "Lille and Roubaix\nRestez chez vous.\nRafales."},
            "sound": {"critical": 1, "name": "default", "volume": 1.0},
            "mutable-content": 1, "thread-id": "chain-key", "interruption-level": "critical", "relevance-score": 1.0,
        },
        "beffroi": ours(),
    });
    assert_eq!(payload, want);
}

/// Way, priority, level, sound, relevance. The second of two levels and sounds: where Apple has granted critical alerts.
#[test]
fn apns_is_told_of_each_tier_what_the_table_says() {
    let critical = json!({"critical": 1, "name": "default", "volume": 1.0});
    for (way, priority, levels, sounds, relevance) in [
        (Way::Tier(Tier::P0), "10", ["time-sensitive", "critical"], [json!("default"), critical], 1.0),
        (Way::Tier(Tier::P1), "10", ["time-sensitive"; 2], [json!("default"), json!("default")], 0.8),
        (Way::Tier(Tier::P2), "10", ["active"; 2], [json!("default"), json!("default")], 0.5),
        (Way::Tier(Tier::P3), "5", ["passive"; 2], [Value::Null, Value::Null], 0.1),
        (Way::Quiet(Tier::P0), "10", ["active"; 2], [Value::Null, Value::Null], 1.0),
        (Way::Quiet(Tier::P3), "5", ["passive"; 2], [Value::Null, Value::Null], 0.1),
        (Way::AllClear, "10", ["active"; 2], [Value::Null, Value::Null], 0.1),
    ] {
        for (granted, (level, sound)) in [false, true].into_iter().zip(levels.into_iter().zip(sounds)) {
            let request = apns_request(&of(way, granted));
            let payload: Value = serde_json::from_slice(request.body()).expect("JSON");
            let aps = &payload["aps"];
            assert_eq!(request.headers()["apns-priority"], priority, "{way:?}");
            assert_eq!((&aps["interruption-level"], &aps["sound"]), (&json!(level), &sound), "{way:?} {granted}");
            assert_eq!(aps["relevance-score"], relevance, "{way:?}");
        }
    }
}

/// It keeps one push for each app: the last.
#[test]
fn apple_keeps_nothing_that_would_take_the_place_of_a_ring() {
    for (way, expiration) in [
        (Way::Tier(Tier::P0), "1795348800"),
        (Way::Tier(Tier::P3), "1795348800"),
        (Way::Quiet(Tier::P2), "1795348800"),
        (Way::AllClear, "1795348800"),
        (Way::Silently(Tier::P0), "0"),
        (Way::Silently(Tier::P3), "0"),
    ] {
        let request = apns_request(&of(way, false));
        assert_eq!(request.headers()["apns-expiration"], expiration, "{way:?}");
        assert_eq!(request.headers()["apns-collapse-id"], "chain-key", "{way:?}: it replaces what is shown");
    }
}

#[test]
fn a_push_through_fcm_is_the_agreed_request() {
    let letter = of(Way::Tier(Tier::P0), false);
    let base = Url::parse("https://fcm.googleapis.com/").expect("a URL");
    let message = letter.fcm_message(7, FCM_TOKEN, 3_599);
    let address = fcm::address(&base, "town-alerts").expect("an address");
    let request = fcm::request(address, message, HeaderValue::from_static("bearer y"));
    assert_eq!(request.method(), "POST");
    assert_eq!(request.uri(), "https://fcm.googleapis.com/v1/projects/town-alerts/messages:send");
    assert_eq!(request.headers()["authorization"], "bearer y");
    assert_eq!(request.headers()["content-type"], "application/json");
    let mut body: Value = serde_json::from_slice(request.body()).expect("JSON");
    let data = body["message"]["data"]["beffroi"].take();
    let mut shown = ours();
    for (name, value) in [("channel", json!("life_safety")), ("silent", json!(false)), ("discreet", json!(false))] {
        shown[name] = value;
    }
    assert_eq!(serde_json::from_str::<Value>(data.as_str().expect("text")).expect("JSON"), shown);
    let want = json!({"message": {
        "token": FCM_TOKEN,
        "data": {"beffroi": null, "title": "Tempête", "body": "Lille and Roubaix\nRestez chez vous.\nRafales."},
        "android": {"priority": "HIGH", "ttl": "3599s", "direct_boot_ok": true},
    }});
    assert_eq!(body, want);
}

/// Way, priority, channel, whether it is silent. Nothing that Google would show by itself, which takes the place of
/// whatever waits, and no collapse key, of which a phone has four.
#[test]
fn fcm_is_told_of_each_tier_what_the_table_says() {
    for (way, priority, channel, silent) in [
        (Way::Tier(Tier::P0), "HIGH", "life_safety", false),
        (Way::Tier(Tier::P1), "HIGH", "severe", false),
        (Way::Tier(Tier::P2), "NORMAL", "warnings", false),
        (Way::Tier(Tier::P3), "NORMAL", "information", true),
        (Way::Quiet(Tier::P0), "HIGH", "quiet", true),
        (Way::Silently(Tier::P2), "NORMAL", "quiet", true),
        (Way::AllClear, "HIGH", "all_clear", true),
    ] {
        let message = fcm_message(&of(way, true))["message"].take();
        let android = &message["android"];
        assert_eq!((&android["priority"], &android["direct_boot_ok"]), (&priority.into(), &true.into()), "{way:?}");
        for collapses in [&message["notification"], &android["notification"], &android["collapse_key"]] {
            assert_eq!(collapses, &Value::Null, "{way:?}");
        }
        let ours = fcm_data(&message);
        assert_eq!((&ours["channel"], &ours["silent"]), (&channel.into(), &silent.into()), "{way:?}");
        assert_eq!(ours["chain"], "chain-key", "{way:?}: the app replaces what it shows");
    }
}

/// `fcm_v1` reads what we write, field by field.
#[test]
fn the_message_is_one_of_the_crate_that_models_it() {
    let message = fcm_message(&of(Way::Tier(Tier::P1), false))["message"].take();
    let read: fcm_v1::message::Message = serde_json::from_value(message.clone()).expect("a message");
    assert_eq!(serde_json::to_value(read).expect("JSON"), message);
}

#[test]
fn a_discreet_push_shows_nothing_of_the_alert_anywhere() {
    let info = info("fr", Some("Tempête"), "Rafales", Some("Restez chez vous"));
    let letter = letter(&info, |context| (context.discreet, context.msg_type) = (true, MsgType::Update));
    let fcm = fcm_message(&letter);
    assert_eq!(fcm_data(&fcm["message"])["discreet"], true);
    let apns = String::from_utf8(letter.apns_payload(7).into()).expect("UTF-8");
    for text in [apns, fcm.to_string()] {
        assert!(text.contains("Un message pour vous"), "{text}");
        for word in ["Tempête", "Rafales", "Restez", "Lille"] {
            assert!(!text.contains(word), "{text}");
        }
    }
}

#[test]
fn a_longer_message_has_more_of_the_text_where_the_service_takes_more() {
    let long = "Gusts of 130 km/h. ".repeat(500);
    let letter = letter(&info("en", None, &"暴雨".repeat(3_000), Some(&long)), |_| {});
    let (webpush, apns, fcm) = (letter.plaintext(7), letter.apns_payload(7), letter.fcm_message(7, "", 1));
    assert!(webpush.len() > LETTER_BYTES_MAX - 200, "{}", webpush.len());
    assert!(apns.len() > webpush.len() && fcm.len() > webpush.len(), "{} {}", apns.len(), fcm.len());
}

#[test]
fn a_chain_key_that_apple_would_refuse_makes_no_header() {
    assert!(apns::collapse_id(&"k".repeat(64)).is_some());
    assert!(apns::collapse_id(&"k".repeat(65)).is_none());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_valid_json_within_the_bound_of_every_service(
        title in "\\PC{0,400}|[\u{0}-\u{ffff}]{0,200}|(\"|\\\\|é|🌊){0,900}",
        body in "\\PC{0,3000}|[\u{fff0}-\u{ffff}RTL]{0,400}|(\\\\u0001|\"){0,3000}",
        language in "[a-z]{2,3}|\\PC{0,60}",
        tier in 0..4_i64,
        critical: bool,
    ) {
        let info = info(&language, Some(&title), &body, Some(&body));
        let tier = Tier::from_index(tier).expect("a tier");
        let letter = letter_of(&info, critical, |context| context.tier = tier);
        let receipt = receipts().seal(u32::MAX);

        let webpush = letter.plaintext(u32::MAX);
        prop_assert!(webpush.len() <= LETTER_BYTES_MAX);
        let webpush: Value = serde_json::from_str(&webpush).expect("JSON");
        prop_assert_eq!(&webpush["beffroi"]["receipt"], &receipt);

        let apns = letter.apns_payload(u32::MAX);
        prop_assert!(apns.len() <= apns::PAYLOAD_BYTES_MAX);
        let apns: Value = serde_json::from_slice(&apns).expect("JSON");
        prop_assert_eq!(&apns["beffroi"]["receipt"], &receipt);

        prop_assert!(letter.fcm_message(u32::MAX, "", 2_419_200).len() <= fcm::MESSAGE_BYTES_MAX);
        let fcm: Value = serde_json::from_slice(&letter.fcm_message(u32::MAX, FCM_TOKEN, 10)).expect("JSON");
        prop_assert_eq!(&fcm["message"]["token"], FCM_TOKEN);
        prop_assert_eq!(&fcm["message"]["android"]["ttl"], "10s");
        let ours: Value = serde_json::from_str(fcm["message"]["data"]["beffroi"].as_str().expect("text")).expect("JSON");
        prop_assert_eq!(&ours["receipt"], &receipt);
    }
}
