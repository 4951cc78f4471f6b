//! One alert's way to its people.

use super::id::{AlertId, BroadcastId, ChainId, OperatorId};
use super::tier::Tier;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

macro_rules! texts {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum $name { $($(#[$vdoc])* #[serde(rename = $text)] $variant),+ }

        impl $name {
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word in the database, the API and Fluent message names.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }

            pub fn from_text(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|value| value.as_str() == text)
            }
        }
    };
}

texts! {
    /// Where a broadcast stands.
    State {
        /// Waits for a person.
        Held = "held",
        /// To be targeted and planned.
        Approved = "approved",
        /// Batches exist and are being sent.
        Sending = "sending",
        /// Every recipient has an outcome.
        Done = "done",
        /// Stopped by a person, a Cancel or an Update.
        Halted = "halted",
        /// Its validity ended before it was done.
        Expired = "expired",
        /// Reaches nobody: see [`Reason`].
        Filed = "filed",
        /// A person refused it.
        Refused = "refused",
    }
}

texts! {
    /// Why a broadcast is held or filed.
    Reason {
        /// The key's alerts wait for a person.
        KeyHolds = "key-holds",
        /// The key's alerts are only filed.
        KeyFiles = "key-files",
        /// The key may not speak for this sender.
        ForeignSender = "foreign-sender",
        /// It updates or cancels another sender's alert.
        ForeignChain = "foreign-chain",
        /// A key is pinned for its sender, and it is not signed by it.
        Signature = "signature",
        /// Nothing that says where it applies.
        NoArea = "no-area",
        /// It says where it applies by geocodes alone, and none of them is known here.
        UnknownArea = "unknown-area",
        /// `status` is System or Draft.
        NotActual = "not-actual",
        /// `scope` is Restricted or Private.
        NotPublic = "not-public",
        /// It had expired when it came.
        Expired = "expired",
        /// It has no info: nothing to say to anyone.
        NoInfo = "no-info",
        /// An Ack or an Error, which answer other systems.
        NotForPeople = "not-for-people",
        /// A newer message of its chain came first, or its chain was cancelled.
        Superseded = "superseded",
        /// A Cancel of something that never rang here.
        NothingToCancel = "nothing-to-cancel",
    }
}

texts! {
    /// What the public sees of an alert.
    AlertState {
        Active = "active",
        /// A newer message replaced it.
        Updated = "updated",
        Cancelled = "cancelled",
        /// Its validity ended.
        Ended = "ended",
    }
}

/// A broadcast as it is stored.
#[derive(Debug, Clone, PartialEq)]
pub struct Broadcast {
    pub id: BroadcastId,
    pub alert: AlertId,
    pub chain: ChainId,
    pub state: State,
    pub reason: Option<Reason>,
    /// The most urgent of its messages.
    pub tier: Tier,
    pub expires: Timestamp,
    /// The operator behind the key that posted it: never the one who may release it.
    pub author: Option<OperatorId>,
    pub received: Timestamp,
    /// When a person released it, or it came by a key that needs none. Without it nothing is ever public.
    pub approved: Option<Timestamp>,
    pub planned: Option<Timestamp>,
    pub finished: Option<Timestamp>,
    /// How many people were inside and near when it was planned.
    pub inside: u64,
    pub near: u64,
    /// The alert that its own is a copy of: whom that one reaches it does not ring again.
    pub merged_with: Option<AlertId>,
}
