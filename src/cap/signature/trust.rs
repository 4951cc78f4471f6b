//! Whose keys are known: a signature proves who spoke only by a key that was pinned beforehand.

use super::key::PublicKey;
use std::collections::BTreeMap;

/// Keys pinned for senders. Empty by default: then nothing is `valid`, at best it is intact.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Trust {
    senders: BTreeMap<String, Vec<PublicKey>>,
    anyone: Vec<PublicKey>,
}

impl Trust {
    /// Lets a key speak for one sender, as CAP's `sender` spells it.
    pub fn pin(&mut self, sender: &str, key: PublicKey) {
        self.senders.entry(sender.to_owned()).or_default().push(key);
    }

    /// Lets a key speak for every sender.
    pub fn pin_for_anyone(&mut self, key: PublicKey) {
        self.anyone.push(key);
    }

    /// The keys that may speak for a sender.
    pub fn keys_of(&self, sender: &str) -> impl Iterator<Item = &PublicKey> {
        self.senders.get(sender).into_iter().flatten().chain(&self.anyone)
    }
}
