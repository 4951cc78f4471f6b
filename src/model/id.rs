//! Identifiers: text that nothing can be read from, made by `clock::Randomness`.

use serde::{Deserialize, Serialize};

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub String);

        impl $name {
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self(text)
            }
        }
    )+};
}

ids! {
    /// A stored alert; stands in public addresses.
    AlertId,
    /// An alert and all that updates or cancels it.
    ChainId,
    /// One alert's way to its people. One for each stored alert.
    BroadcastId,
    /// Up to [`super::batch::BATCH_RECIPIENTS_MAX`] recipients of one message.
    BatchId,
    /// A citizen's subscription, as its owner knows it.
    SubscriberId,
    /// An integrator's key.
    ApiKeyId,
    /// A person who works in the console.
    OperatorId,
}

/// A subscriber's dense number, never used again: the bit that stands for a person in every bitmap.
pub type Slot = u32;
