//! Verification of DSA (FIPS 186-4 §4.7), which no library of ours does any more. Old alerts carry it; it is never
//! trusted, only told from a forgery.

use num_bigint::BigUint;

/// Longest modulus, bytes: FIPS 186-4 has 3,072 bits.
const MODULUS_BYTES_MAX: usize = 384;
/// Longest subgroup order, bytes.
const ORDER_BYTES_MAX: usize = 32;

/// The numbers of a public key, big-endian, without leading zeros.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct DsaKey {
    pub(super) p: Vec<u8>,
    pub(super) q: Vec<u8>,
    pub(super) g: Vec<u8>,
    pub(super) y: Vec<u8>,
}

impl DsaKey {
    /// Whether the numbers are of a size that we compute with.
    pub(super) fn is_usable(&self) -> bool {
        let odd = |number: &[u8]| number.last().is_some_and(|last| last % 2 == 1);
        (64..=MODULUS_BYTES_MAX).contains(&self.p.len())
            && (16..=ORDER_BYTES_MAX).contains(&self.q.len())
            && self.g.len() <= self.p.len()
            && self.y.len() <= self.p.len()
            && odd(&self.p)
            && odd(&self.q)
    }

    /// Whether a signature, its two halves one after the other, is of this hash.
    pub(super) fn verifies(&self, hash: &[u8], signature: &[u8]) -> bool {
        if !self.is_usable() || signature.len() > 2 * ORDER_BYTES_MAX || !signature.len().is_multiple_of(2) {
            return false;
        }
        let (r, s) = signature.split_at(signature.len() / 2);
        let number = BigUint::from_bytes_be;
        let (p, q, g, y) = (number(&self.p), number(&self.q), number(&self.g), number(&self.y));
        let (r, s) = (number(r), number(s));
        let zero = BigUint::ZERO;
        if r == zero || s == zero || r >= q || s >= q || y >= p || g >= p {
            return false;
        }
        let z = number(&hash[..hash.len().min(self.q.len())]);
        // The order is a prime, so this is the inverse (Fermat). With another it is some number, and nothing verifies.
        let w = s.modpow(&(&q - 2_u32), &q);
        let first = g.modpow(&(z * &w % &q), &p);
        let second = y.modpow(&(&r * &w % &q), &p);
        first * second % &p % &q == r
    }
}
