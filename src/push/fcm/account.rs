//! The service account that sends for a project, and the access tokens that Google gives for it (Google, "Using OAuth
//! 2.0 for Server to Server Applications"; RFC 7523).

use crate::config;
use crate::model::provider_token::ProviderToken;
use crate::push::jwt;
use crate::push::provider::{LIFE_S, Mint, MintError};
use crate::push::transport::Transport;
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{KeyPair, RSA_PKCS1_SHA256, RsaKeyPair};
use bytes::Bytes;
use fcm_v1::auth::ServiceAccountKey;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Request, StatusCode};
use jiff::{SignedDuration, Timestamp};
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::pki_types::pem::PemObject;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use url::{Url, form_urlencoded};

/// The pool of connections to Google's token endpoint.
const ORIGIN: &str = "fcm tokens";
const SCOPE: &str = "https://www.googleapis.com/auth/firebase.messaging";
const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
/// A token that is refused although it is younger than this is not renewed, seconds: another one would be refused, too.
const AGE_S_MIN: u64 = 60;
/// Longest word of an error that is repeated, characters.
const WORD_CHARS_MAX: usize = 40;

/// Why there is no service account.
#[derive(Debug, thiserror::Error)]
pub enum FcmAccountError {
    #[error("push.fcm.service_account_file: {path} cannot be read")]
    Read {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("push.fcm.service_account_file: {path} is not the JSON of a service account")]
    Json {
        path: PathBuf,
        #[source]
        source: serde_json::Error,
    },
    #[error("push.fcm.service_account_file: {path} has no {field} that can be used")]
    Field { path: PathBuf, field: &'static str },
}

/// Sends for one project.
pub struct FcmAccount {
    pair: RsaKeyPair,
    key_id: String,
    email: String,
    project: String,
    token_uri: String,
    transport: Arc<Transport>,
}

/// Never shows the key.
impl std::fmt::Debug for FcmAccount {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "FcmAccount({} for {})", self.email, self.project)
    }
}

#[derive(Serialize)]
struct Header<'a> {
    alg: &'static str,
    typ: &'static str,
    kid: &'a str,
}

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    scope: &'static str,
    aud: &'a str,
    iat: i64,
    exp: i64,
}

#[derive(Deserialize)]
struct Granted {
    access_token: String,
    expires_in: i64,
}

#[derive(Default, Deserialize)]
struct Denied {
    #[serde(default)]
    error: String,
}

impl FcmAccount {
    /// Reads the account of the settings; `None` where FCM is not set up. `allow_private`: the token endpoint may be
    /// http, for sandboxes.
    ///
    /// # Errors
    /// The file cannot be read, or lacks something.
    pub fn load(
        settings: &config::Fcm,
        allow_private: bool,
        transport: Arc<Transport>,
    ) -> Result<Option<Self>, FcmAccountError> {
        let Some(path) = &settings.service_account_file else { return Ok(None) };
        let text = std::fs::read(path).map_err(|source| FcmAccountError::Read { path: path.clone(), source })?;
        let account: ServiceAccountKey =
            serde_json::from_slice(&text).map_err(|source| FcmAccountError::Json { path: path.clone(), source })?;
        Self::new(account, path, allow_private, transport).map(Some)
    }

    fn new(
        account: ServiceAccountKey,
        path: &Path,
        allow_private: bool,
        transport: Arc<Transport>,
    ) -> Result<Self, FcmAccountError> {
        let lacks = |field| FcmAccountError::Field { path: path.to_owned(), field };
        let plain = |text: &String| {
            !text.is_empty()
                && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b':' | b'.' | b'_'))
        };
        let project = account.project_id.filter(plain).ok_or_else(|| lacks("project_id"))?;
        let key_id = account.private_key_id.filter(plain).ok_or_else(|| lacks("private_key_id"))?;
        let der = PrivatePkcs8KeyDer::from_pem_slice(account.private_key.as_bytes());
        let pair = der.ok().and_then(|der| RsaKeyPair::from_pkcs8(der.secret_pkcs8_der()).ok());
        let token_uri = Url::parse(&account.token_uri).ok();
        let fits = |uri: &Url| uri.has_host() && (uri.scheme() == "https" || allow_private && uri.scheme() == "http");
        Ok(Self {
            pair: pair.ok_or_else(|| lacks("private_key"))?,
            key_id,
            email: Some(account.client_email)
                .filter(|email| email.contains('@'))
                .ok_or_else(|| lacks("client_email"))?,
            project,
            token_uri: token_uri.filter(fits).ok_or_else(|| lacks("token_uri"))?.into(),
            transport,
        })
    }

    /// The project that it sends for.
    pub fn project(&self) -> &str {
        &self.project
    }

    /// Where access tokens are asked for.
    pub fn token_uri(&self) -> &str {
        &self.token_uri
    }

    fn request(&self, now: Timestamp) -> Result<Request<Bytes>, MintError> {
        let header = Header { alg: "RS256", typ: "JWT", kid: &self.key_id };
        let iat = now.as_second();
        let claims = Claims { iss: &self.email, scope: SCOPE, aud: &self.token_uri, iat, exp: iat + LIFE_S };
        let sign = |input: &[u8]| {
            let mut signature = vec![0; self.pair.public_modulus_len()];
            let signed = self.pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), input, &mut signature);
            signed.map(|()| signature).map_err(|_| MintError::Sign)
        };
        let assertion = jwt::token(&header, &claims, sign)?;
        let form = form_urlencoded::Serializer::new(String::new())
            .append_pair("grant_type", GRANT_TYPE)
            .append_pair("assertion", &assertion)
            .finish();
        Request::post(&self.token_uri)
            .header(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"))
            .body(Bytes::from(form))
            .map_err(|_| MintError::Header)
    }
}

impl Mint for FcmAccount {
    const AGE_MIN: Duration = Duration::from_secs(AGE_S_MIN);

    fn name(&self) -> String {
        let public = digest(&SHA256, &[self.pair.public_key().as_ref(), self.token_uri.as_bytes()].concat());
        let public: String = public.as_ref()[..8].iter().map(|byte| format!("{byte:02x}")).collect();
        format!("fcm {} {} {public}", self.email, self.key_id)
    }

    async fn mint(&self, now: Timestamp) -> Result<ProviderToken, MintError> {
        let mut request = self.request(now)?;
        let answer = self.transport.send(ORIGIN, &mut request, &|| true).await?;
        let answer = answer.ok_or(MintError::Unavailable(StatusCode::REQUEST_TIMEOUT))?;
        granted(answer.status, &answer.body, now)
    }
}

/// What the token endpoint said (RFC 6749 §5).
fn granted(status: StatusCode, body: &[u8], now: Timestamp) -> Result<ProviderToken, MintError> {
    if status.is_success() {
        let granted: Granted =
            serde_json::from_slice(body).map_err(|_| MintError::Refused { status, reason: "no token".to_owned() })?;
        let life = SignedDuration::from_secs(granted.expires_in.clamp(0, LIFE_S));
        let expires = now.saturating_add(life).unwrap_or(Timestamp::MAX);
        return Ok(ProviderToken { value: granted.access_token, minted: now, expires });
    }
    if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS {
        return Err(MintError::Unavailable(status));
    }
    let Denied { error } = serde_json::from_slice(body).unwrap_or_default();
    let plain = error.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    let reason = if plain { error.chars().take(WORD_CHARS_MAX).collect() } else { String::new() };
    Err(MintError::Refused { status, reason })
}

#[cfg(test)]
#[path = "account_tests.rs"]
mod tests;
