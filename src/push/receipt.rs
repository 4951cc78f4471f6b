//! Receipt tokens: what a device shows to say that *this* push was displayed or opened.
//!
//! A token is one AES-128 block over the slot and twelve zero bytes, under a key of the broadcast's own. Nobody can
//! make one or turn it into another person's without the key, two tokens of one person have nothing in common, and
//! nothing has to be stored: the zeros tell a real token from an invented one (2⁻⁹⁶).

use crate::model::id::{BroadcastId, Slot};
use aws_lc_rs::cipher::{AES_128, DecryptingKey, DecryptionContext, EncryptingKey, UnboundCipherKey};
use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// Bytes of the key that all receipt keys come from; kept in the data folder.
pub const RECEIPT_KEY_BYTES: usize = 32;
/// Characters of a token.
pub const RECEIPT_CHARS: usize = 22;

const BLOCK_BYTES: usize = 16;
const AES_KEY_BYTES: usize = 16;
const SLOT_BYTES: usize = size_of::<Slot>();

/// The installation's key. Each broadcast's receipts have one derived from it.
#[derive(Clone)]
pub struct ReceiptKey(hmac::Key);

/// Never shows the key.
impl std::fmt::Debug for ReceiptKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ReceiptKey(…)")
    }
}

impl ReceiptKey {
    /// The key from the bytes that the data folder holds.
    pub fn new(bytes: &[u8; RECEIPT_KEY_BYTES]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, bytes))
    }

    /// The receipts of one broadcast.
    pub fn of(&self, broadcast: &BroadcastId) -> Receipts {
        let tag = hmac::sign(&self.0, broadcast.as_str().as_bytes());
        let mut key = [0; AES_KEY_BYTES];
        key.copy_from_slice(&tag.as_ref()[..AES_KEY_BYTES]);
        Receipts { key }
    }
}

/// Makes and opens the receipts of one broadcast.
#[derive(Clone)]
pub struct Receipts {
    key: [u8; AES_KEY_BYTES],
}

/// Never shows the key.
impl std::fmt::Debug for Receipts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Receipts(…)")
    }
}

impl Receipts {
    /// The token of one person: [`RECEIPT_CHARS`] letters, digits, `-` and `_`.
    pub fn seal(&self, slot: Slot) -> String {
        let mut block = [0; BLOCK_BYTES];
        block[..SLOT_BYTES].copy_from_slice(&slot.to_be_bytes());
        // A single block under a key of its own is a keyed permutation: ECB's weakness, equal blocks of one text,
        // has nothing to act on.
        EncryptingKey::ecb(self.unbound())
            .and_then(|key| key.encrypt(&mut block))
            .expect("AES takes a whole block under a key of its length");
        URL_SAFE_NO_PAD.encode(block)
    }

    /// Whose token this is; `None` for anything this broadcast did not hand out.
    pub fn open(&self, token: &str) -> Option<Slot> {
        if token.len() != RECEIPT_CHARS {
            return None;
        }
        let mut block: [u8; BLOCK_BYTES] = URL_SAFE_NO_PAD.decode(token).ok()?.try_into().ok()?;
        DecryptingKey::ecb(self.unbound()).ok()?.decrypt(&mut block, DecryptionContext::None).ok()?;
        let (slot, zeros) = block.split_at(SLOT_BYTES);
        let real = zeros.iter().fold(0, |any, byte| any | byte) == 0;
        real.then(|| Slot::from_be_bytes(slot.try_into().expect("split at its length")))
    }

    fn unbound(&self) -> UnboundCipherKey {
        UnboundCipherKey::new(&AES_128, &self.key).expect("a key of AES-128's length")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn receipts(broadcast: &str) -> Receipts {
        ReceiptKey::new(&[7; RECEIPT_KEY_BYTES]).of(&BroadcastId(broadcast.to_owned()))
    }

    #[test]
    fn a_token_opens_to_its_slot_and_only_under_its_broadcast() {
        for slot in [0, 1, 255, 70_000, Slot::MAX] {
            let token = receipts("a").seal(slot);
            assert_eq!(token.len(), RECEIPT_CHARS);
            assert_eq!(receipts("a").open(&token), Some(slot));
            assert_eq!(receipts("b").open(&token), None);
        }
    }

    #[test]
    fn tokens_of_neighbours_have_nothing_in_common() {
        let (one, two) = (receipts("a").seal(1), receipts("a").seal(2));
        let same = one.bytes().zip(two.bytes()).filter(|(a, b)| a == b).count();
        assert!(same < RECEIPT_CHARS / 2, "{one} {two}");
    }

    #[test]
    fn invented_tokens_are_refused() {
        let token = receipts("a").seal(5);
        let mut changed = token.clone().into_bytes();
        changed[0] = if changed[0] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(changed).expect("ASCII");
        for bad in ["", "AAAAAAAAAAAAAAAAAAAAAA", "AAAAAAAAAAAAAAAAAAAAA", "!!!!!!!!!!!!!!!!!!!!!!", &changed] {
            assert_eq!(receipts("a").open(bad), None, "{bad}");
        }
    }
}
