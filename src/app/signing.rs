//! The key with which this installation signs alerts: made once, kept in its folder sealed by the vault. Receivers pin
//! its certificate, so it stays the same.

use super::files;
use crate::cap::signature::SigningKey;
use crate::clock::Clock;
use crate::config::Config;
use crate::store::vault::Vault;
use anyhow::Context;
use jiff::tz::TimeZone;
use rcgen::{CertificateParams, DistinguishedName, DnType, IsCa, KeyUsagePurpose};
use serde::{Deserialize, Serialize};

const FILE: &str = "signing.key";
/// Whose secret it is, for the vault.
const OWNER: &str = "signing.key";
/// How long the certificate says that it is valid, years. Receivers pin the key, so most never ask.
const CERTIFICATE_YEARS: i32 = 10;

/// What the file holds, once it is opened: DER.
#[derive(Serialize, Deserialize)]
struct Kept {
    pkcs8: Vec<u8>,
    certificate: Vec<u8>,
}

/// The installation's signing key, made when there is none.
///
/// # Errors
/// When the files cannot be read or made, or were sealed under another vault key.
pub fn signing_key(config: &Config) -> anyhow::Result<SigningKey> {
    let dir = &config.data.dir;
    files::make_folder(dir)?;
    let vault = Vault::load_or_create(&dir.join("vault.key")).context("data.dir: vault.key")?;
    let sealed = files::load_or_create(&dir.join(FILE), || {
        let kept = serde_json::to_vec(&make(&config.server.name)?)?;
        Ok(vault.seal(OWNER, &kept))
    })?;
    let opened = vault.unseal(OWNER, &sealed).context("data.dir: signing.key")?;
    let kept: Kept = serde_json::from_slice(&opened).context("data.dir: signing.key")?;
    SigningKey::new(&kept.pkcs8, &kept.certificate).context("data.dir: signing.key")
}

fn make(name: &str) -> anyhow::Result<Kept> {
    let pair = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256)?;
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    let today = Clock::system().real().to_zoned(TimeZone::UTC).date();
    let month = u8::try_from(today.month())?;
    let begin = |year| rcgen::date_time_ymd(year, month, 1);
    params.not_before = begin(i32::from(today.year()));
    params.not_after = begin(i32::from(today.year()) + CERTIFICATE_YEARS);
    let certificate = params.self_signed(&pair)?;
    Ok(Kept { pkcs8: pair.serialize_der(), certificate: certificate.der().to_vec() })
}
