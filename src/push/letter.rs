//! What one push says: the declarative JSON that a browser or our service worker shows, and the same for apps through
//! APNs and FCM. Rendered once for each (message, language, discreet); from person to person only the receipt differs,
//! and for FCM the device's token and the time to live.

use super::receipt::Receipts;
use super::template::{Own, Place, Template};
use super::text::{Words, is_right_to_left, words};
use super::webpush::{TTL_S_MAX, topic, urgency};
use super::{apns, fcm};
use crate::cap::alert::Info;
use crate::cap::code::{MsgType, Status};
use crate::model::again::Says;
use crate::model::broadcast::AlertState;
use crate::model::id::{AlertId, Slot};
use crate::model::tier::Tier;
use bytes::Bytes;
use http::HeaderValue;
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
    /// What it says of what was said before: what the title begins with.
    pub says: Says,
    pub tier: Tier,
    /// Without sound or vibration, whatever the tier.
    pub quiet: bool,
    pub state: AlertState,
    /// When its broadcast was planned: of two messages of a chain the later one counts, whichever comes first.
    pub planned: Timestamp,
    /// After this it is not sent and not kept.
    pub expires: Timestamp,
    /// Whether what is shown must not tell what it is about.
    pub discreet: bool,
    /// The address citizens see.
    pub public_url: &'a Url,
}

/// How a letter comes to someone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Manner {
    pub(super) tier: Tier,
    /// It says that the danger is over: that comes at once, and quietly.
    pub(super) all_clear: bool,
    /// It replaces what is shown without ringing again.
    pub(super) quiet: bool,
    /// It goes on, changed.
    pub(super) goes_on: bool,
}

impl Manner {
    fn of(context: &LetterContext<'_>) -> Self {
        let (all_clear, goes_on) = (context.says == Says::AllClear, context.says == Says::Update);
        Self { tier: context.tier, all_clear, quiet: context.quiet, goes_on }
    }

    /// Whether it makes no sound.
    pub(super) fn silent(self) -> bool {
        self.all_clear || self.quiet || self.tier == Tier::P3
    }

    /// Whether it must not take the place of a push that still waits for its device: that one may be the ring which
    /// people have not heard, and this one does not ring. An end may: what waits is over.
    pub(super) fn gives_way(self) -> bool {
        self.goes_on && self.silent()
    }

    /// Whether it is worth waking a device for.
    pub(super) fn urgent(self) -> bool {
        self.all_clear || matches!(self.tier, Tier::P0 | Tier::P1)
    }
}

/// A rendered push without what is each recipient's own.
#[derive(Debug, Clone)]
pub struct Letter {
    webpush: Template,
    apns: Template,
    fcm: Template,
    receipts: Receipts,
    chain_key: String,
    topic: String,
    topic_header: Option<HeaderValue>,
    collapse_id: Option<HeaderValue>,
    manner: Manner,
    expires: Timestamp,
}

/// The declarative notification (WebKit, "Declarative Web Push").
#[derive(Serialize)]
struct Notification<'a> {
    title: &'a str,
    body: &'a str,
    navigate: &'a str,
    lang: &'a str,
    dir: &'a str,
    silent: bool,
    tag: &'a str,
    app_badge: &'a str,
}

/// What our service worker, our pages and apps need besides.
#[derive(Serialize)]
pub(super) struct Ours<'a> {
    alert: &'a str,
    chain: &'a str,
    tier: &'a str,
    msg_type: &'a str,
    state: &'a str,
    /// Milliseconds since 1970.
    planned: i64,
    /// It ends what was said: it need not stay on the screen.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    ends: bool,
    expires: String,
    receipt: &'a str,
    /// For apps: the page to open, and the language of the text.
    #[serde(flatten)]
    app: Option<ForApps<'a>>,
    /// For apps that show it themselves.
    #[serde(flatten)]
    shown: Option<Shown<'a>>,
}

/// How an app shows it where the system shows nothing by itself.
#[derive(Serialize)]
struct Shown<'a> {
    channel: &'a str,
    silent: bool,
    /// The lock screen may hide it as the owner likes.
    discreet: bool,
}

#[derive(Serialize)]
struct ForApps<'a> {
    navigate: &'a str,
    lang: &'a str,
}

/// A push to Web Push, whole.
#[derive(Serialize)]
struct Declarative<'a> {
    web_push: u16,
    notification: Notification<'a>,
    beffroi: Ours<'a>,
}

/// What rendering needs besides the words.
pub(super) struct Page<'a> {
    pub(super) context: &'a LetterContext<'a>,
    pub(super) manner: Manner,
    /// The alert's page, with the place of the receipt.
    navigate: String,
}

impl Page<'_> {
    /// What an app needs besides what the system shows.
    pub(super) fn for_apps<'a>(&'a self, words: &'a Words) -> Ours<'a> {
        Ours { app: Some(ForApps { navigate: &self.navigate, lang: &words.lang }), ..self.ours() }
    }

    /// What an app needs that shows it itself, under one of its own notification channels.
    pub(super) fn for_showing<'a>(&'a self, words: &'a Words, channel: &'a str) -> Ours<'a> {
        let (silent, discreet) = (self.manner.silent(), self.context.discreet);
        let shown = Shown { channel, silent, discreet };
        Ours { shown: Some(shown), ..self.for_apps(words) }
    }

    fn ours(&self) -> Ours<'_> {
        let context = self.context;
        Ours {
            alert: context.alert_id.as_str(),
            chain: context.chain_key,
            tier: context.tier.as_str(),
            msg_type: context.msg_type.as_str(),
            state: context.state.as_str(),
            planned: context.planned.as_millisecond(),
            ends: context.says.ends(),
            expires: context.expires.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            receipt: Place::Receipt.mark(),
            app: None,
            shown: None,
        }
    }

    fn webpush(&self, words: &Words) -> String {
        let notification = Notification {
            title: &words.title,
            body: &words.body,
            navigate: &self.navigate,
            lang: &words.lang,
            dir: if is_right_to_left(&words.lang) { "rtl" } else { "ltr" },
            silent: self.manner.silent(),
            tag: self.context.chain_key,
            app_badge: "1",
        };
        json(&Declarative { web_push: DECLARATIVE_MARK, notification, beffroi: self.ours() })
    }

    /// As much text as there is room for.
    fn fit(&self, bytes_max: usize, render: impl Fn(&Words) -> String) -> Template {
        let words =
            words(self.context, |without_body| bytes_max.saturating_sub(Template::new(&render(without_body)).bytes()));
        Template::new(&render(&words))
    }
}

/// JSON text of what can always be written as such.
pub(super) fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("texts and numbers are always JSON")
}

impl Letter {
    /// Renders it. `critical`: Apple has granted the app critical alerts.
    pub fn new(context: &LetterContext<'_>, critical: bool) -> Self {
        let manner = Manner::of(context);
        let page = Page { context, manner, navigate: navigate(context.public_url, context.alert_id) };
        let name = if manner.gives_way() { beside(context.chain_key) } else { context.chain_key.to_owned() };
        Self {
            webpush: page.fit(LETTER_BYTES_MAX, |words| page.webpush(words)),
            apns: page.fit(apns::PAYLOAD_BYTES_MAX, |words| apns::payload(&page, words, critical)),
            fcm: page.fit(fcm::MESSAGE_BYTES_MAX, |words| fcm::message(&page, words)),
            receipts: context.receipts.clone(),
            chain_key: context.chain_key.to_owned(),
            topic_header: topic(&name).ok(),
            topic: name,
            collapse_id: apns::collapse_id(context.chain_key),
            manner,
            expires: context.expires,
        }
    }

    /// What Web Push carries to one person, before it is encrypted.
    pub fn plaintext(&self, slot: Slot) -> String {
        let mut text = Vec::with_capacity(self.plaintext_bytes());
        self.write_plaintext(slot, &mut text);
        String::from_utf8(text).expect("pieces of texts make a text")
    }

    /// Appends the same.
    pub(super) fn write_plaintext(&self, slot: Slot, text: &mut Vec<u8>) {
        self.webpush.fill(text, &Own { receipt: &self.receipts.seal_ascii(slot), token: "", ttl_s: 0 });
    }

    /// The most bytes that it has.
    pub(super) fn plaintext_bytes(&self) -> usize {
        self.webpush.bytes()
    }

    /// What APNs carries to one person.
    pub fn apns_payload(&self, slot: Slot) -> Bytes {
        self.filled(&self.apns, slot, "", 0)
    }

    /// The request to FCM for one person: the device's token, and how long to keep it, seconds.
    pub fn fcm_message(&self, slot: Slot, token: &str, ttl_s: u32) -> Bytes {
        self.filled(&self.fcm, slot, token, ttl_s)
    }

    fn filled(&self, template: &Template, slot: Slot, token: &str, ttl_s: u32) -> Bytes {
        let mut text = Vec::with_capacity(template.bytes() + token.len());
        template.fill(&mut text, &Own { receipt: &self.receipts.seal_ascii(slot), token, ttl_s });
        Bytes::from(text)
    }

    /// Seconds a push service should keep it, from alert time `now`; `None` when it is not worth sending any more.
    pub fn ttl_s(&self, now: Timestamp) -> Option<u32> {
        let left = self.expires.duration_since(now).as_secs();
        let left = u32::try_from(left.clamp(0, i64::from(TTL_S_MAX))).expect("clamped");
        (left >= TTL_S_MIN).then_some(left)
    }

    /// What stands for the chain on a device.
    pub fn chain_key(&self) -> &str {
        &self.chain_key
    }

    /// Under what it replaces what still waits (RFC 8030 §5.4): the chain key; for what must not replace a ring that
    /// nobody has heard, one of its own.
    pub fn topic(&self) -> &str {
        &self.topic
    }

    /// The same as a header; `None` when no service would take it.
    pub(super) fn topic_header(&self) -> Option<&HeaderValue> {
        self.topic_header.as_ref()
    }

    /// The same for APNs.
    pub(super) fn collapse_id(&self) -> Option<&HeaderValue> {
        self.collapse_id.as_ref()
    }

    pub fn tier(&self) -> Tier {
        self.manner.tier
    }

    /// How urgent it is to a browser's device. An all-clear goes quietly and at once.
    pub fn urgency(&self) -> web_push::Urgency {
        if self.manner.all_clear { web_push::Urgency::High } else { urgency(self.manner.tier) }
    }

    pub(super) fn manner(&self) -> Manner {
        self.manner
    }
}

/// The Topic of a chain's updates that do not ring: as long and of the same letters as the chain's, and no other's.
fn beside(chain_key: &str) -> String {
    chain_key.chars().rev().collect()
}

/// The alert's page, with the place of the receipt.
fn navigate(public_url: &Url, alert: &AlertId) -> String {
    let mut page = public_url.clone();
    if let Ok(mut path) = page.path_segments_mut() {
        path.pop_if_empty().extend(["alerts", alert.as_str()]);
    }
    page.set_fragment(None);
    page.set_query(Some("r="));
    format!("{page}{}", Place::Receipt.mark())
}

#[cfg(test)]
#[path = "letter_tests.rs"]
pub(super) mod tests;
