//! The team's signing key, and the tokens it makes (Apple, "Establishing a token-based connection to APNs").

use crate::config;
use crate::model::provider_token::ProviderToken;
use crate::push::jwt;
use crate::push::provider::{LIFE_S, Mint, MintError};
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use jiff::{SignedDuration, Timestamp};
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::pki_types::pem::PemObject;
use serde::Serialize;
use std::path::PathBuf;
use std::time::Duration;

/// Apple refuses those who make tokens more often than this, seconds.
const AGE_S_MIN: u64 = 20 * 60;

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum ApnsKeyError {
    #[error("push.apns.key_file: {path} cannot be read, or holds no key in PEM")]
    Read {
        path: PathBuf,
        #[source]
        source: rustls::pki_types::pem::Error,
    },
    #[error("push.apns.key_file: {path} holds no P-256 key: it must be the .p8 file that Apple hands out")]
    Key {
        path: PathBuf,
        #[source]
        source: aws_lc_rs::error::KeyRejected,
    },
}

/// Signs for one team.
pub struct ApnsKey {
    pair: EcdsaKeyPair,
    random: SystemRandom,
    key_id: String,
    team_id: String,
}

/// Never shows the key.
impl std::fmt::Debug for ApnsKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ApnsKey({} of {})", self.key_id, self.team_id)
    }
}

#[derive(Serialize)]
struct Header<'a> {
    alg: &'static str,
    kid: &'a str,
}

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    iat: i64,
}

impl ApnsKey {
    /// Reads the key of the settings; `None` where APNs is not set up.
    ///
    /// # Errors
    /// The file cannot be read, or holds no such key.
    pub fn load(settings: &config::Apns) -> Result<Option<Self>, ApnsKeyError> {
        let Some(path) = &settings.key_file else { return Ok(None) };
        let der = PrivatePkcs8KeyDer::from_pem_file(path)
            .map_err(|source| ApnsKeyError::Read { path: path.clone(), source })?;
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der.secret_pkcs8_der())
            .map_err(|source| ApnsKeyError::Key { path: path.clone(), source })?;
        let (key_id, team_id) = (settings.key_id.clone(), settings.team_id.clone());
        Ok(Some(Self { pair, random: SystemRandom::new(), key_id, team_id }))
    }
}

impl Mint for ApnsKey {
    const AGE_MIN: Duration = Duration::from_secs(AGE_S_MIN);

    fn name(&self) -> String {
        let public = digest(&SHA256, self.pair.public_key().as_ref());
        let public: String = public.as_ref()[..8].iter().map(|byte| format!("{byte:02x}")).collect();
        format!("apns {} {} {public}", self.team_id, self.key_id)
    }

    async fn mint(&self, now: Timestamp) -> Result<ProviderToken, MintError> {
        let header = Header { alg: "ES256", kid: &self.key_id };
        let claims = Claims { iss: &self.team_id, iat: now.as_second() };
        let sign = |input: &[u8]| self.pair.sign(&self.random, input).map(|signature| signature.as_ref().to_vec());
        let value = jwt::token(&header, &claims, sign).map_err(|_| MintError::Sign)?;
        let expires = now.saturating_add(SignedDuration::from_secs(LIFE_S)).unwrap_or(Timestamp::MAX);
        Ok(ProviderToken { value, minted: now, expires })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use serde_json::{Value, json};

    fn load(pem: &str, key_id: &str) -> Result<Option<ApnsKey>, ApnsKeyError> {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("key.p8");
        std::fs::write(&path, pem).expect("written");
        let mut apns = Config::load(None).expect("the defaults").push.apns;
        (apns.key_id, apns.team_id) = (key_id.to_owned(), "TEAM123456".to_owned());
        apns.key_file = Some(path);
        ApnsKey::load(&apns)
    }

    fn pem() -> String {
        rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).expect("a key").serialize_pem()
    }

    /// `a2`'s own would have padding and the alphabet of plain base64, which RFC 7515 §2 does not.
    #[tokio::test]
    async fn a_token_is_three_parts_of_base64url_signed_by_the_key() {
        let key = load(&pem(), "ABC123DEFG").expect("a key").expect("it is set up");
        let now: Timestamp = "2026-11-22T12:00:00Z".parse().expect("a time");
        let token = key.mint(now).await.expect("a token");
        assert_eq!(token.expires.duration_since(token.minted), SignedDuration::from_hours(1));
        let (signed, signature) = token.value.rsplit_once('.').expect("three parts");
        let part = |text: &str| URL_SAFE_NO_PAD.decode(text).expect("base64url");
        let public = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, key.pair.public_key());
        public.verify(signed.as_bytes(), &part(signature)).expect("valid");
        let (header, claims) = signed.split_once('.').expect("two parts");
        let json_of = |text: &str| -> Value { serde_json::from_slice(&part(text)).expect("JSON") };
        assert_eq!(json_of(header), json!({"alg": "ES256", "kid": "ABC123DEFG"}));
        assert_eq!(json_of(claims), json!({"iss": "TEAM123456", "iat": now.as_second()}));
    }

    #[test]
    fn what_is_no_key_of_apples_is_refused() {
        assert!(matches!(load("no key", "ABC123DEFG"), Err(ApnsKeyError::Read { .. })));
        let other = rcgen::KeyPair::generate_for(&rcgen::PKCS_ED25519).expect("a key").serialize_pem();
        assert!(matches!(load(&other, "ABC123DEFG"), Err(ApnsKeyError::Key { .. })));
        let mut apns = Config::load(None).expect("the defaults").push.apns;
        assert!(ApnsKey::load(&apns).expect("nothing to read").is_none());
        apns.key_file = Some("/nowhere/key.p8".into());
        assert!(matches!(ApnsKey::load(&apns), Err(ApnsKeyError::Read { .. })));
    }

    #[test]
    fn tokens_of_another_key_have_another_name() {
        let (one, other) = (pem(), pem());
        let name = |pem: &str, id: &str| load(pem, id).expect("a key").expect("it is set up").name();
        assert_eq!(name(&one, "ABC123DEFG"), name(&one, "ABC123DEFG"));
        assert_ne!(name(&one, "ABC123DEFG"), name(&other, "ABC123DEFG"), "the file was replaced");
        assert_ne!(name(&one, "ABC123DEFG"), name(&one, "ABC123DEFH"));
    }
}
