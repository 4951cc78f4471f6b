//! By what a push service knows that it is us.

use jiff::Timestamp;

/// A token for a push service, good for about an hour. Secret: whoever has it can send in our name.
#[derive(Clone, PartialEq, Eq)]
pub struct ProviderToken {
    pub value: String,
    /// Real time.
    pub minted: Timestamp,
    /// Real time.
    pub expires: Timestamp,
}

/// Never shows the token.
impl std::fmt::Debug for ProviderToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ProviderToken(… of {} until {})", self.minted, self.expires)
    }
}
