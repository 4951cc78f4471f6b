//! Secrets that come with requests: integrators' keys and citizens' secrets, known only by their SHA-256.

use crate::clock;
use aws_lc_rs::digest::{SHA256, digest};
use http::HeaderMap;
use http::header::AUTHORIZATION;
use subtle::ConstantTimeEq;

/// What a live key begins with, so that scanners of leaked secrets know it.
pub const KEY_LIVE_PREFIX: &str = "bfr_live_";
/// What a test key begins with.
pub const KEY_TEST_PREFIX: &str = "bfr_test_";
/// Random characters of a key: 62^43 is more than 2^256.
const KEY_RANDOM_CHARS: usize = 43;
/// Letters and digits: a double click selects a whole key.
const KEY_ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// Longest bearer token read, bytes.
const BEARER_BYTES_MAX: usize = 256;

/// What is stored of a secret. The secrets are random and long: no salt, no stretching.
pub fn hash(secret: &str) -> [u8; 32] {
    hash_bytes(secret.as_bytes())
}

/// SHA-256.
pub fn hash_bytes(bytes: &[u8]) -> [u8; 32] {
    digest(&SHA256, bytes).as_ref().try_into().expect("SHA-256 has 32 bytes")
}

/// Whether a secret is the one whose hash is stored, in a time that tells nothing.
pub fn is_secret(secret: &str, stored: &[u8]) -> bool {
    hash(secret).ct_eq(stored).into()
}

/// The token of `Authorization: Bearer …` (RFC 6750 §2.1).
pub fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("Bearer") && !token.is_empty() && token.len() <= BEARER_BYTES_MAX).then_some(token)
}

/// A new integrator's key: letters, digits and `_` only.
pub fn new_key(test: bool) -> String {
    let mut key = String::from(if test { KEY_TEST_PREFIX } else { KEY_LIVE_PREFIX });
    let length = key.len() + KEY_RANDOM_CHARS;
    while key.len() < length {
        for byte in clock::random_bytes::<64>() {
            // 248 is the largest multiple of 62 in a byte: above it some characters would be likelier.
            if byte < 248 && key.len() < length {
                key.push(char::from(KEY_ALPHABET[usize::from(byte % 62)]));
            }
        }
    }
    key
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[test]
    fn keys_are_letters_digits_and_underscores_and_never_the_same() {
        let key = new_key(true);
        assert_eq!(key.len(), KEY_TEST_PREFIX.len() + KEY_RANDOM_CHARS);
        assert!(key.starts_with("bfr_test_"));
        assert!(key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_'), "{key}");
        assert_ne!(key, new_key(true));
    }

    #[test]
    fn only_bearer_tokens_are_read() {
        let token = |text: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(AUTHORIZATION, HeaderValue::from_static(text));
            bearer(&headers).map(str::to_owned)
        };
        assert_eq!(token("Bearer abc").as_deref(), Some("abc"));
        assert_eq!(token("bearer  abc").as_deref(), Some("abc"));
        assert_eq!(token("Basic abc"), None);
        assert_eq!(token("Bearer "), None);
        assert_eq!(token("Bearer"), None);
    }

    #[test]
    fn a_secret_is_known_by_its_hash_alone() {
        let stored = hash("secret");
        assert!(is_secret("secret", &stored));
        assert!(!is_secret("Secret", &stored));
        assert!(!is_secret("secret", &[]));
    }
}
