//! Integrators' keys: who may post, for which senders, and what their alerts do by themselves.

use super::id::{ApiKeyId, OperatorId};
use crate::cap::Axes;
use jiff::Timestamp;

/// What a key's alerts do without a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyAction {
    Ring,
    /// Wait for a person: the default.
    Hold,
    File,
}

impl KeyAction {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ring => "ring",
            Self::Hold => "hold",
            Self::File => "file",
        }
    }

    pub fn from_text(text: &str) -> Option<Self> {
        [Self::Ring, Self::Hold, Self::File].into_iter().find(|action| action.as_str() == text)
    }
}

/// A stored key; its text is known only by hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credential {
    pub id: ApiKeyId,
    pub name: String,
    /// CAP senders it may speak for; empty: any.
    pub senders: Vec<String>,
    pub action: KeyAction,
    /// A test key posts only Test and Exercise.
    pub test: bool,
    /// How it writes the pairs of polygons and circles.
    pub axes: Axes,
    /// The operator whose key this is, if they also work in the console.
    pub owner: Option<OperatorId>,
    pub created: Timestamp,
    pub revoked: Option<Timestamp>,
}

impl Credential {
    /// Whether it may speak for a CAP sender.
    pub fn may_speak_for(&self, sender: &str) -> bool {
        self.senders.is_empty() || self.senders.iter().any(|known| known == sender)
    }
}
