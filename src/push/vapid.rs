//! VAPID (RFC 8292): who is sending, signed with the installation's P-256 key. One token for each push service's
//! origin, kept and renewed long before it runs out.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::HeaderValue;
use jiff::{SignedDuration, Timestamp};
use std::collections::HashMap;
use std::sync::Mutex;
use web_push::{PartialVapidSignatureBuilder, SubscriptionInfo, VapidSignatureBuilder, WebPushError};

/// How long a token is valid. RFC 8292 §2 allows 24 h.
pub const TOKEN_VALIDITY_H: i64 = 12;
/// How old a token may grow before a new one takes its place.
pub const TOKEN_AGE_H_MAX: i64 = 6;
/// Most origins whose tokens are kept. More than there are push services; a bound where endpoints are free to choose.
pub const TOKENS_KEPT_MAX: usize = 256;

/// Why there is no token.
#[derive(Debug, thiserror::Error)]
pub enum VapidError {
    #[error("a P-256 key could not be made")]
    Generate(#[source] rcgen::Error),
    #[error("the VAPID key is not a P-256 private key in PEM")]
    Key(#[source] WebPushError),
    #[error("the VAPID token could not be signed")]
    Sign(#[source] WebPushError),
    #[error("the VAPID token does not fit in a header")]
    Header(#[from] http::header::InvalidHeaderValue),
}

/// Signs for one installation.
pub struct Vapid {
    builder: PartialVapidSignatureBuilder,
    contact: String,
    public_key: String,
    tokens: Mutex<HashMap<String, Token>>,
}

struct Token {
    header: HeaderValue,
    made: Timestamp,
}

/// Never shows the key.
impl std::fmt::Debug for Vapid {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Vapid({})", self.public_key)
    }
}

impl Vapid {
    /// A new private key as PKCS#8 PEM text, to be kept in a file that only we can read. Made once: subscriptions are
    /// bound to it (RFC 8292 §4).
    ///
    /// # Errors
    /// The cryptographic library could not make one.
    pub fn generate_pem() -> Result<String, VapidError> {
        let pair = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).map_err(VapidError::Generate)?;
        Ok(pair.serialize_pem())
    }

    /// Takes the key from its PEM text; `contact` is the `sub` claim, `mailto:` or `https:`.
    ///
    /// # Errors
    /// The text holds no P-256 private key.
    pub fn from_pem(pem: &str, contact: &str) -> Result<Self, VapidError> {
        let builder = VapidSignatureBuilder::from_pem_no_sub(pem.as_bytes()).map_err(VapidError::Key)?;
        let public_key = URL_SAFE_NO_PAD.encode(builder.get_public_key());
        Ok(Self { builder, contact: contact.to_owned(), public_key, tokens: Mutex::default() })
    }

    /// The public key as pages hand it to `PushManager.subscribe`: base64url of the uncompressed point.
    pub fn public_key(&self) -> &str {
        &self.public_key
    }

    /// The `Authorization` header for a push service: scheme, host and any unusual port in `origin`. `now` is real time.
    ///
    /// # Errors
    /// The token could not be signed.
    pub fn authorization(&self, origin: &str, now: Timestamp) -> Result<HeaderValue, VapidError> {
        let mut tokens = self.tokens.lock().expect("no one panics while holding it");
        if let Some(token) = tokens.get(origin)
            && token.is_fresh(now)
        {
            return Ok(token.header.clone());
        }
        let header = self.sign(origin, now)?;
        if tokens.len() >= TOKENS_KEPT_MAX {
            tokens.clear();
        }
        tokens.insert(origin.to_owned(), Token { header: header.clone(), made: now });
        Ok(header)
    }

    /// Forgets the token of an origin that refused it, so that the next push carries a new one.
    pub fn forget(&self, origin: &str) {
        self.tokens.lock().expect("no one panics while holding it").remove(origin);
    }

    fn sign(&self, origin: &str, now: Timestamp) -> Result<HeaderValue, VapidError> {
        // The endpoint only gives a default audience, and one without its port: ours replaces it.
        let audience = SubscriptionInfo::new(origin, "", "");
        let mut builder = self.builder.clone().add_sub_info(&audience);
        builder.add_claim("aud", origin);
        builder.add_claim("sub", self.contact.as_str());
        builder.add_claim("exp", now.as_second() + TOKEN_VALIDITY_H * 3_600);
        let signature = builder.build().map_err(VapidError::Sign)?;
        let text = format!("vapid t={}, k={}", signature.auth_t, self.public_key);
        let mut header = HeaderValue::try_from(text)?;
        header.set_sensitive(true);
        Ok(header)
    }
}

impl Token {
    /// A clock that was set back makes tokens of the future; those are not fresh either.
    fn is_fresh(&self, now: Timestamp) -> bool {
        let age = now.duration_since(self.made);
        age >= SignedDuration::ZERO && age < SignedDuration::from_hours(TOKEN_AGE_H_MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
    use serde_json::Value;

    const ORIGIN: &str = "https://push.example.net:8443";

    fn vapid() -> Vapid {
        let pem = Vapid::generate_pem().expect("a key");
        Vapid::from_pem(&pem, "mailto:a@example.org").expect("a PEM key")
    }

    fn at(text: &str) -> Timestamp {
        text.parse().expect("a timestamp")
    }

    fn header(vapid: &Vapid, now: &str) -> String {
        let header = vapid.authorization(ORIGIN, at(now)).expect("a token");
        assert!(header.is_sensitive());
        header.to_str().expect("ASCII").to_owned()
    }

    #[test]
    fn a_token_is_signed_by_the_public_key_and_names_audience_contact_and_end() {
        let vapid = vapid();
        let header = header(&vapid, "2026-11-22T00:00:00Z");
        let token = header.strip_prefix("vapid t=").expect("the scheme");
        let (token, key) = token.split_once(", k=").expect("a key");
        assert_eq!(key, vapid.public_key());
        let (signed, signature) = token.rsplit_once('.').expect("three parts");
        let key = URL_SAFE_NO_PAD.decode(key).expect("base64url");
        assert_eq!(key.len(), 65);
        let signature = URL_SAFE_NO_PAD.decode(signature).expect("base64url");
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, key).verify(signed.as_bytes(), &signature).expect("valid");
        let (_, claims) = signed.split_once('.').expect("two parts");
        let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).expect("base64url")).expect("JSON");
        assert_eq!(claims["aud"], ORIGIN);
        assert_eq!(claims["sub"], "mailto:a@example.org");
        assert_eq!(claims["exp"], at("2026-11-22T12:00:00Z").as_second());
    }

    #[test]
    fn one_token_serves_an_origin_until_it_is_six_hours_old() {
        let vapid = vapid();
        let first = header(&vapid, "2026-11-22T00:00:00Z");
        assert_eq!(header(&vapid, "2026-11-22T05:59:59Z"), first);
        let second = header(&vapid, "2026-11-22T06:00:00Z");
        assert_ne!(second, first);
        assert_ne!(header(&vapid, "2026-11-21T00:00:00Z"), second, "a clock set back");
    }

    #[test]
    fn a_forgotten_token_is_signed_anew() {
        let vapid = vapid();
        let first = header(&vapid, "2026-11-22T00:00:00Z");
        vapid.forget(ORIGIN);
        assert_ne!(header(&vapid, "2026-11-22T00:00:00Z"), first);
    }

    #[test]
    fn what_is_no_p256_key_is_refused() {
        let other = rcgen::KeyPair::generate_for(&rcgen::PKCS_ED25519).expect("a key").serialize_pem();
        for pem in ["", "not PEM", &other] {
            assert!(matches!(Vapid::from_pem(pem, "mailto:a@example.org"), Err(VapidError::Key(_))));
        }
    }
}
