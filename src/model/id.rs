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
    /// A key pinned for a sender of alerts.
    SignerId,
}

/// Longest id, bytes. Ours are shorter.
const ID_BYTES_MAX: usize = 64;

/// Whether a text could be an id of ours: letters, digits, `-` and `_`.
pub fn is_id(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    (1..=ID_BYTES_MAX).contains(&text.len()) && text.bytes().all(fits)
}

/// A subscriber's dense number, never used again: the bit that stands for a person in every bitmap.
pub type Slot = u32;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_database_could_stumble_over_is_no_id() {
        assert!(is_id("AZaz09-_AZaz09-_AZaz09"));
        for text in ["", "a\0b", "a b", "a/b", "a.b", "é", &"x".repeat(65)] {
            assert!(!is_id(text), "{text:?}");
        }
    }
}
