//! A citizen, as little of one as it takes to warn them.

use super::family::Families;
use super::id::{Slot, SubscriberId};
use super::place::Place;
use jiff::Timestamp;
use jiff::civil::Time;

/// The most places one subscription may follow.
pub const PLACES_MAX: usize = 16;
/// The most languages one subscription may list.
pub const LANGUAGES_MAX: usize = 8;

/// What names Apple's push service, whatever address the settings give it: batches, bulkheads and quotas are by origin.
pub const APNS_ORIGIN: &str = "apns";
/// What names Firebase Cloud Messaging, whatever address the settings give it.
pub const FCM_ORIGIN: &str = "fcm";

/// Where pushes go. Secret: sealed at rest, never logged.
#[derive(Clone, PartialEq, Eq)]
pub enum Channel {
    WebPush(WebPushChannel),
    Apns(ApnsChannel),
    Fcm(FcmChannel),
}

/// A browser's subscription (W3C Push API, RFC 8030 and RFC 8291).
#[derive(Clone, PartialEq, Eq)]
pub struct WebPushChannel {
    /// The push resource's address: a capability, hence secret.
    pub endpoint: String,
    /// The user agent's P-256 public key, uncompressed (RFC 8291 §2.1).
    pub p256dh: [u8; 65],
    /// The authentication secret (RFC 8291 §2.2).
    pub auth: [u8; 16],
}

/// An app on a device of Apple's.
#[derive(Clone, PartialEq, Eq)]
pub struct ApnsChannel {
    /// The device token: lower-case hexadecimal digits. Whoever knows it may subscribe with it.
    pub token: String,
    /// The app's bundle identifier.
    pub topic: String,
}

/// An app registered with Firebase Cloud Messaging.
#[derive(Clone, PartialEq, Eq)]
pub struct FcmChannel {
    /// The registration token: visible ASCII that JSON needs not escape. Whoever knows it may subscribe with it.
    pub token: String,
}

/// Which kind of push service a channel goes through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ChannelKind {
    WebPush,
    Apns,
    Fcm,
}

impl ChannelKind {
    pub const ALL: [Self; 3] = [Self::WebPush, Self::Apns, Self::Fcm];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::WebPush => "webpush",
            Self::Apns => "apns",
            Self::Fcm => "fcm",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

impl Channel {
    pub const fn kind(&self) -> ChannelKind {
        match self {
            Self::WebPush(_) => ChannelKind::WebPush,
            Self::Apns(_) => ChannelKind::Apns,
            Self::Fcm(_) => ChannelKind::Fcm,
        }
    }
}

/// Never shows the endpoint or token.
impl std::fmt::Debug for Channel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::WebPush(_) => f.write_str("WebPush(…)"),
            Self::Apns(_) => f.write_str("Apns(…)"),
            Self::Fcm(_) => f.write_str("Fcm(…)"),
        }
    }
}

/// Hours in which quiet tiers wait for the morning.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct QuietHours {
    pub from: Time,
    pub to: Time,
    /// IANA name, known to exist.
    pub time_zone: String,
}

/// What a citizen chose.
#[derive(Debug, Clone, PartialEq)]
pub struct Preferences {
    /// 1 to [`PLACES_MAX`].
    pub places: Vec<Place>,
    pub families: Families,
    /// BCP 47 tags, best first. They choose the text and never leave anyone out.
    pub languages: Vec<String>,
    pub quiet_hours: Option<QuietHours>,
    /// Whether Exercise and Test alerts may come too.
    pub drills: bool,
    /// Whether what is shown must not tell what it is about.
    pub discreet: bool,
    /// The edition of the privacy text that was agreed to.
    pub consent: String,
}

/// A stored subscription without its secrets.
#[derive(Debug, Clone, PartialEq)]
pub struct Subscriber {
    pub id: SubscriberId,
    pub slot: Slot,
    pub channel: ChannelKind,
    pub preferences: Preferences,
    pub created: Timestamp,
}

/// What sending needs of one person.
#[derive(Debug, Clone)]
pub struct Recipient {
    pub slot: Slot,
    pub channel: Channel,
    /// When they last told us this channel (alert time).
    pub told: Timestamp,
    pub languages: Vec<String>,
    pub discreet: bool,
}

/// What matching needs of one person.
#[derive(Debug, Clone, PartialEq)]
pub struct Listener {
    pub slot: Slot,
    pub places: Vec<Place>,
    pub families: Families,
    pub drills: bool,
    /// The push service: scheme, host and port of a Web Push endpoint, or [`APNS_ORIGIN`] or [`FCM_ORIGIN`].
    pub origin: String,
    pub channel: ChannelKind,
    /// The language they read best, as its primary subtag in small letters; empty where none is told.
    pub language: String,
    pub quiet_hours: Option<QuietHours>,
}

/// The primary subtag of the first of these languages, as [`Listener::language`] has it.
pub fn first_language(languages: &[String]) -> String {
    languages.first().map(|tag| tag.split('-').next().unwrap_or(tag).to_ascii_lowercase()).unwrap_or_default()
}
