//! Receipt tokens: what a device shows to say that *this* push was displayed or opened.
//!
//! A token is one AES-128 block over the slot and twelve zero bytes, under a random key that only this broadcast has:
//! a keyed permutation, whose zeros are its MAC. Nobody can make one or turn it into another person's without the key,
//! two tokens of one person have nothing in common, and no token has to be stored: the zeros tell a real one from an
//! invented one (2⁻⁹⁶). Once the key is erased nobody can tell whose token it was, we neither.

use crate::model::id::Slot;
use crate::model::receipt::RECEIPT_KEY_BYTES;
use aws_lc_rs::cipher::{AES_128, DecryptingKey, DecryptionContext, EncryptingKey, UnboundCipherKey};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use std::sync::Arc;

/// Characters of a token.
pub const RECEIPT_CHARS: usize = 22;

const BLOCK_BYTES: usize = 16;
const SLOT_BYTES: usize = size_of::<Slot>();

/// Makes and opens the receipts of one broadcast. Cheap to clone.
#[derive(Clone)]
pub struct Receipts(Arc<Keys>);

struct Keys {
    seal: EncryptingKey,
    open: DecryptingKey,
}

/// Never shows the key.
impl std::fmt::Debug for Receipts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Receipts(…)")
    }
}

impl Receipts {
    /// The receipts of the broadcast that has this key.
    pub fn new(key: &[u8; RECEIPT_KEY_BYTES]) -> Self {
        // A single block under a key of its own is a keyed permutation: ECB's weakness, equal blocks of one text,
        // has nothing to act on.
        let unbound = || UnboundCipherKey::new(&AES_128, key).expect("a key of AES-128's length");
        let seal = EncryptingKey::ecb(unbound()).expect("AES-128 has ECB");
        let open = DecryptingKey::ecb(unbound()).expect("AES-128 has ECB");
        Self(Arc::new(Keys { seal, open }))
    }

    /// The token of one person: [`RECEIPT_CHARS`] letters, digits, `-` and `_`.
    pub fn seal(&self, slot: Slot) -> String {
        self.seal_ascii(slot).map(char::from).iter().collect()
    }

    /// The same as bytes of ASCII.
    pub fn seal_ascii(&self, slot: Slot) -> [u8; RECEIPT_CHARS] {
        let mut block = [0; BLOCK_BYTES];
        block[..SLOT_BYTES].copy_from_slice(&slot.to_be_bytes());
        self.0.seal.encrypt(&mut block).expect("AES takes a whole block");
        let mut token = [0; RECEIPT_CHARS];
        URL_SAFE_NO_PAD.encode_slice(block, &mut token).expect("a block has so many characters in base64");
        token
    }

    /// Whose token this is; `None` for anything this broadcast did not hand out.
    pub fn open(&self, token: &str) -> Option<Slot> {
        if token.len() != RECEIPT_CHARS {
            return None;
        }
        let mut block: [u8; BLOCK_BYTES] = URL_SAFE_NO_PAD.decode(token).ok()?.try_into().ok()?;
        self.0.open.decrypt(&mut block, DecryptionContext::None).ok()?;
        let (slot, zeros) = block.split_at(SLOT_BYTES);
        let real = zeros.iter().fold(0, |any, byte| any | byte) == 0;
        real.then(|| Slot::from_be_bytes(slot.try_into().expect("split at its length")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn receipts(key: u8) -> Receipts {
        Receipts::new(&[key; RECEIPT_KEY_BYTES])
    }

    #[test]
    fn a_token_opens_to_its_slot_and_only_under_its_broadcast() {
        for slot in [0, 1, 255, 70_000, Slot::MAX] {
            let token = receipts(1).seal(slot);
            assert_eq!(token.len(), RECEIPT_CHARS);
            assert_eq!(receipts(1).open(&token), Some(slot));
            assert_eq!(receipts(2).open(&token), None);
        }
    }

    #[test]
    fn tokens_of_neighbours_have_nothing_in_common() {
        let (one, two) = (receipts(1).seal(1), receipts(1).seal(2));
        let same = one.bytes().zip(two.bytes()).filter(|(a, b)| a == b).count();
        assert!(same < RECEIPT_CHARS / 2, "{one} {two}");
    }

    #[test]
    fn invented_tokens_are_refused() {
        let token = receipts(1).seal(5);
        let mut changed = token.clone().into_bytes();
        changed[0] = if changed[0] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(changed).expect("ASCII");
        for bad in ["", "AAAAAAAAAAAAAAAAAAAAAA", "AAAAAAAAAAAAAAAAAAAAA", "!!!!!!!!!!!!!!!!!!!!!!", &changed] {
            assert_eq!(receipts(1).open(bad), None, "{bad}");
        }
    }
}
