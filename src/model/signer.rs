//! Keys pinned for senders: whose signatures are trusted.

use super::id::SignerId;
use crate::cap::signature::{PublicKey, Trust};
use jiff::Timestamp;

/// Most keys pinned on one installation: all are at hand whenever an alert comes.
pub const SIGNERS_MAX: usize = 1_000;

/// A key that speaks for one sender. While a sender has any, what comes in its name unsigned waits for a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signer {
    pub id: SignerId,
    /// As CAP's `sender` spells it.
    pub sender: String,
    /// Whose key it is, for people.
    pub name: String,
    pub key: PublicKey,
    pub created: Timestamp,
}

/// What these keys say for whom.
pub fn trust(signers: &[Signer]) -> Trust {
    let mut trust = Trust::default();
    for signer in signers {
        trust.pin(&signer.sender, signer.key.clone());
    }
    trust
}
