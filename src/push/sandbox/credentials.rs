//! Credentials that the sandbox makes for those who send to it, so that nobody needs anything by hand: a key as Apple
//! gives them, and a service account as Google does, whose `token_uri` is the sandbox itself. They are kept in the
//! folder of its certificate authority, so that they still hold after a restart.

use super::authority::{Authority, AuthorityError, write};
use super::recipients::APNS_TOPIC;
use aws_lc_rs::digest::{SHA256, digest};
use data_encoding::HEXLOWER;
use rcgen::{KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_RSA_SHA256, RsaKeySize};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock};

/// The key for Apple's tokens, as PKCS #8 in PEM.
pub const APNS_KEY_FILE: &str = "sandbox-apns.p8";
/// The service account for Firebase.
pub const FCM_ACCOUNT_FILE: &str = "sandbox-service-account.json";
const FCM_KEY_FILE: &str = "sandbox-fcm.key";
const KEY_MODE: u32 = 0o600;
/// Letters and digits of Apple's ids of keys and teams.
const APPLE_ID_CHARS: usize = 10;
pub(super) const TEAM_ID: &str = "SANDBOX001";
pub(super) const PROJECT: &str = "beffroi-sandbox";
pub(super) const ACCOUNT: &str = "sender@beffroi-sandbox.iam.gserviceaccount.com";

/// Why there are no credentials.
#[derive(Debug, thiserror::Error)]
pub enum CredentialsError {
    #[error(transparent)]
    File(#[from] AuthorityError),
    #[error("{path} cannot be read")]
    Read { path: PathBuf, source: std::io::Error },
    #[error("a key cannot be made, or {path} holds none")]
    Key { path: PathBuf, source: rcgen::Error },
}

/// A key pair: the secret goes to the sender, the public half stays here.
#[derive(Debug)]
pub(super) struct Pair {
    pub(super) pem: String,
    pub(super) public: Vec<u8>,
    /// What the service calls it.
    pub(super) id: String,
}

/// All credentials, each made or read when it is first asked for.
#[derive(Debug)]
pub(super) struct Credentials {
    folder: PathBuf,
    origin: String,
    apns: OnceLock<Pair>,
    fcm: OnceLock<Pair>,
    /// Held while a key is made, so that nobody makes it twice.
    making: Mutex<()>,
}

impl Credentials {
    pub(super) fn new(folder: &Path, origin: &str) -> Self {
        let (folder, origin) = (folder.to_owned(), origin.to_owned());
        Self { folder, origin, apns: OnceLock::new(), fcm: OnceLock::new(), making: Mutex::default() }
    }

    /// Where access tokens are asked for.
    pub(super) fn token_uri(&self) -> String {
        format!("{}/token", self.origin)
    }

    pub(super) fn apns(&self) -> Result<&Pair, CredentialsError> {
        let file = self.folder.join(APNS_KEY_FILE);
        self.kept(&self.apns, &file, || KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256), apple_id)
    }

    pub(super) fn fcm(&self) -> Result<&Pair, CredentialsError> {
        let file = self.folder.join(FCM_KEY_FILE);
        self.kept(
            &self.fcm,
            &file,
            || KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048),
            |public| HEXLOWER.encode(&digest(&SHA256, public).as_ref()[..20]),
        )
    }

    /// The service account as Google's console gives it.
    pub(super) fn account(&self) -> Result<Value, CredentialsError> {
        let pair = self.fcm()?;
        Ok(json!({
            "type": "service_account",
            "project_id": PROJECT,
            "private_key_id": pair.id,
            "private_key": pair.pem,
            "client_email": ACCOUNT,
            "client_id": "100000000000000000001",
            "auth_uri": format!("{}/auth", self.origin),
            "token_uri": self.token_uri(),
            "universe_domain": "googleapis.com",
        }))
    }

    /// Everything a sender needs.
    pub(super) fn json(&self) -> Result<Value, CredentialsError> {
        let apns = self.apns()?;
        Ok(json!({
            "apns": {"key": apns.pem, "key_id": apns.id, "team_id": TEAM_ID, "topic": APNS_TOPIC, "base_url": self.origin},
            "fcm": {"account": self.account()?, "base_url": self.origin},
        }))
    }

    /// The key of a file, or a new one that is written there.
    fn kept<'a>(
        &self,
        cell: &'a OnceLock<Pair>,
        file: &Path,
        make: impl FnOnce() -> Result<KeyPair, rcgen::Error>,
        name: impl FnOnce(&[u8]) -> String,
    ) -> Result<&'a Pair, CredentialsError> {
        if let Some(pair) = cell.get() {
            return Ok(pair);
        }
        let _making = self.making.lock().expect("no one panics while holding it");
        let bad = |source| CredentialsError::Key { path: file.to_owned(), source };
        let key = if file.exists() {
            let read = std::fs::read_to_string(file);
            let pem = read.map_err(|source| CredentialsError::Read { path: file.to_owned(), source })?;
            KeyPair::from_pem(&pem).map_err(bad)?
        } else {
            let key = make().map_err(bad)?;
            write(file, &key.serialize_pem(), KEY_MODE)?;
            key
        };
        let public = key.public_key_raw().to_vec();
        let pair = Pair { pem: key.serialize_pem(), id: name(&public), public };
        Ok(cell.get_or_init(|| pair))
    }
}

/// Where the credentials are, and what belongs to them.
#[derive(Debug)]
pub struct CredentialFiles {
    /// The key for Apple's tokens, as PKCS #8 in PEM.
    pub apns_key: PathBuf,
    pub apns_key_id: String,
    pub apns_team_id: &'static str,
    pub apns_topic: &'static str,
    /// The service account for Firebase, as JSON.
    pub fcm_account: PathBuf,
}

/// Writes the credentials of a sandbox at this origin where a configuration can name them: beside its certificate
/// authority.
///
/// # Errors
/// The keys cannot be made, read or written.
pub fn write_credentials(authority: &Authority, origin: &str) -> Result<CredentialFiles, CredentialsError> {
    let credentials = Credentials::new(authority.folder(), origin);
    let fcm_account = authority.folder().join(FCM_ACCOUNT_FILE);
    write(&fcm_account, &credentials.account()?.to_string(), KEY_MODE)?;
    Ok(CredentialFiles {
        apns_key: authority.folder().join(APNS_KEY_FILE),
        apns_key_id: credentials.apns()?.id.clone(),
        apns_team_id: TEAM_ID,
        apns_topic: APNS_TOPIC,
        fcm_account,
    })
}

/// Ten capital letters and digits that belong to the key.
fn apple_id(public: &[u8]) -> String {
    const LETTERS: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
    let hash = digest(&SHA256, public);
    hash.as_ref()[..APPLE_ID_CHARS].iter().map(|byte| char::from(LETTERS[usize::from(byte % 32)])).collect()
}
