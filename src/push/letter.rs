//! What one push says: the declarative JSON that a browser or our service worker shows. Rendered once for each
//! (message, language, discreet); only the receipt differs from person to person.

use super::receipt::{RECEIPT_CHARS, Receipts};
use super::text::{is_right_to_left, words};
use super::webpush::{TTL_S_MAX, urgency};
use crate::cap::alert::Info;
use crate::cap::code::{MsgType, Status};
use crate::model::broadcast::AlertState;
use crate::model::id::{AlertId, Slot};
use crate::model::message::is_over;
use crate::model::tier::Tier;
use jiff::Timestamp;
use serde::Serialize;
use url::Url;

/// Less than this to live, seconds, and a push is not worth sending: the text would be over when it is read.
pub const TTL_S_MIN: u32 = 10;

/// Longest plaintext, bytes. RFC 8291 allows 3,993; Firefox on Android is reached through a bridge that takes bodies of
/// 2,744 bytes only, and a person must not go without a warning because its text is long. The page has the rest.
pub const LETTER_BYTES_MAX: usize = 2_640;

/// The number that marks a declarative push: the RFC of Web Push.
const DECLARATIVE_MARK: u16 = 8_030;

/// Everything a letter is made of.
#[derive(Debug, Clone)]
pub struct LetterContext<'a> {
    /// The alert whose page opens.
    pub alert_id: &'a AlertId,
    /// The receipts of its broadcast.
    pub receipts: &'a Receipts,
    /// Chain key: Topic, tag.
    pub chain_key: &'a str,
    /// The variant to show, from `model::message::Message::variant`. For a Cancel without text: the original's.
    pub info: &'a Info,
    pub status: Status,
    pub msg_type: MsgType,
    pub tier: Tier,
    /// Without sound or vibration, whatever the tier.
    pub quiet: bool,
    pub state: AlertState,
    /// After this it is not sent and not kept.
    pub expires: Timestamp,
    /// Whether what is shown must not tell what it is about.
    pub discreet: bool,
    /// The address citizens see.
    pub public_url: &'a Url,
}

/// A rendered push without its receipt.
#[derive(Debug, Clone)]
pub struct Letter {
    /// The JSON around the two places of the receipt.
    parts: [String; 3],
    receipts: Receipts,
    topic: String,
    urgency: web_push::Urgency,
    tier: Tier,
    expires: Timestamp,
}

/// The declarative notification (WebKit, "Declarative Web Push"). `navigate` is last: the receipt ends it.
#[derive(Serialize)]
struct Notification<'a> {
    title: &'a str,
    body: &'a str,
    lang: &'a str,
    dir: &'a str,
    silent: bool,
    tag: &'a str,
    app_badge: &'a str,
    navigate: &'a str,
}

/// What our service worker and pages need besides. `receipt` is last.
#[derive(Serialize)]
struct Ours<'a> {
    alert: &'a str,
    chain: &'a str,
    tier: &'a str,
    msg_type: &'a str,
    state: &'a str,
    expires: String,
    receipt: &'a str,
}

impl Letter {
    /// Renders it.
    pub fn new(context: &LetterContext<'_>) -> Self {
        let all_clear = is_over(context.info);
        let silent = context.tier == Tier::P3 || context.quiet || all_clear;
        let navigate = page(context.public_url, context.alert_id);
        let words = words(context, |title| {
            let around: usize =
                render(context, title, "", &navigate, &context.info.language, silent).iter().map(String::len).sum();
            LETTER_BYTES_MAX.saturating_sub(around + 2 * RECEIPT_CHARS)
        });
        Self {
            parts: render(context, &words.title, &words.body, &navigate, &words.lang, silent),
            receipts: context.receipts.clone(),
            topic: context.chain_key.to_owned(),
            // An all-clear goes quietly and at once.
            urgency: if all_clear { web_push::Urgency::High } else { urgency(context.tier) },
            tier: context.tier,
            expires: context.expires,
        }
    }

    /// The plaintext for one person.
    pub fn plaintext(&self, slot: Slot) -> String {
        self.parts.join(&self.receipts.seal(slot))
    }

    /// Seconds a push service should keep it, from alert time `now`; `None` when it is not worth sending any more.
    pub fn ttl_s(&self, now: Timestamp) -> Option<u32> {
        let left = self.expires.duration_since(now).as_secs();
        let left = u32::try_from(left.clamp(0, i64::from(TTL_S_MAX))).expect("clamped");
        (left >= TTL_S_MIN).then_some(left)
    }

    /// Chain key.
    pub fn topic(&self) -> &str {
        &self.topic
    }

    pub fn tier(&self) -> Tier {
        self.tier
    }

    /// How urgent it is to the device.
    pub fn urgency(&self) -> web_push::Urgency {
        self.urgency
    }
}

/// The alert's page, up to where the receipt goes.
fn page(public_url: &Url, alert: &AlertId) -> String {
    let mut page = public_url.clone();
    if let Ok(mut path) = page.path_segments_mut() {
        path.pop_if_empty().extend(["alerts", alert.as_str()]);
    }
    page.set_fragment(None);
    page.set_query(Some("r="));
    page.into()
}

/// The JSON, cut open at the two places where the receipt goes.
fn render(
    context: &LetterContext<'_>,
    title: &str,
    body: &str,
    navigate: &str,
    lang: &str,
    silent: bool,
) -> [String; 3] {
    let dir = if is_right_to_left(lang) { "rtl" } else { "ltr" };
    let tag = context.chain_key;
    let notification = open_ended(&Notification { title, body, lang, dir, silent, tag, app_badge: "1", navigate });
    let ours = open_ended(&Ours {
        alert: context.alert_id.as_str(),
        chain: context.chain_key,
        tier: context.tier.as_str(),
        msg_type: context.msg_type.as_str(),
        state: context.state.as_str(),
        expires: context.expires.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        receipt: "",
    });
    [
        format!(r#"{{"web_push":{DECLARATIVE_MARK},"notification":{notification}"#),
        format!(r#""}},"beffroi":{ours}"#),
        r#""}}"#.to_owned(),
    ]
}

/// An object whose last member is a string, without that string's closing quote and the brace.
fn open_ended(object: &impl Serialize) -> String {
    let mut json = serde_json::to_string(object).expect("plain strings are always JSON");
    assert!(json.ends_with(r#""}"#), "the last member is a string");
    json.truncate(json.len() - 2);
    json
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cap::alert::Area;
    use crate::cap::code::{Category, Certainty, ResponseType, Severity, Urgency};
    use serde_json::Value;

    fn info(language: &str, headline: Option<&str>, description: &str, instruction: Option<&str>) -> Info {
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

    fn letter(info: &Info, change: impl FnOnce(&mut LetterContext<'_>)) -> Letter {
        let (alert_id, receipts) = (AlertId("alert-1".to_owned()), receipts());
        let public_url = Url::parse("https://alerts.example.org/town/").expect("a URL");
        let mut context = LetterContext {
            alert_id: &alert_id,
            receipts: &receipts,
            chain_key: "chain-key",
            info,
            status: Status::Actual,
            msg_type: MsgType::Alert,
            tier: Tier::P0,
            quiet: false,
            state: AlertState::Active,
            expires: at("2026-11-22T12:00:00Z"),
            discreet: false,
            public_url: &public_url,
        };
        change(&mut context);
        Letter::new(&context)
    }

    fn receipts() -> Receipts {
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
                "expires": "2026-11-22T12:00:00Z", "receipt": receipt,
            },
        });
        assert_eq!(json(&letter(&info, |_| {})), want);
    }

    #[test]
    fn updates_cancels_and_exercises_say_so_in_the_title_in_the_texts_language() {
        let title = |language: &str, msg_type, status| {
            let info = info(language, None, "…", None);
            let letter = letter(&info, |context| (context.msg_type, context.status) = (msg_type, status));
            json(&letter)["notification"]["title"].as_str().expect("a title").to_owned()
        };
        assert_eq!(title("en", MsgType::Update, Status::Actual), "UPDATE: Storm");
        assert_eq!(title("fr-FR", MsgType::Cancel, Status::Actual), "ANNULÉ : Storm");
        assert_eq!(title("es", MsgType::Cancel, Status::Actual), "CANCELLED: Storm");
        assert_eq!(title("en", MsgType::Update, Status::Exercise), "EXERCISE: UPDATE: Storm");
        assert_eq!(title("en", MsgType::Alert, Status::Actual), "Storm");
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
        let clear = letter(&info, |context| context.tier = Tier::P2);
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
}
