//! What one push says: the declarative JSON that a browser or our service worker shows. Rendered once for each
//! (message, language, discreet); only the receipt differs from person to person.

use super::receipt::Receipts;
use super::webpush::TTL_S_MAX;
use crate::cap::alert::Info;
use crate::cap::code::{MsgType, Status};
use crate::model::broadcast::AlertState;
use crate::model::id::{AlertId, BroadcastId, Slot};
use crate::model::tier::Tier;
use jiff::Timestamp;
use url::Url;

/// Less than this to live, seconds, and a push is not worth sending: the text would be over when it is read.
pub const TTL_S_MIN: u32 = 10;

/// Everything a letter is made of.
#[derive(Debug, Clone)]
pub struct LetterContext<'a> {
    /// The alert whose page opens.
    pub alert_id: &'a AlertId,
    /// Whose receipts it carries.
    pub broadcast: &'a BroadcastId,
    /// Chain key: Topic, tag.
    pub chain_key: &'a str,
    /// The variant to show, from `model::message::Message::variant`. For a Cancel without text: the original's.
    pub info: &'a Info,
    pub status: Status,
    pub msg_type: MsgType,
    pub tier: Tier,
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
    parts: [String; 3],
    receipts: Receipts,
    topic: String,
    tier: Tier,
    expires: Timestamp,
}

impl Letter {
    /// Renders it.
    pub fn new(context: &LetterContext<'_>, receipts: Receipts) -> Self {
        Self {
            parts: Default::default(),
            receipts,
            topic: context.chain_key.to_owned(),
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
        super::webpush::urgency(self.tier)
    }
}
