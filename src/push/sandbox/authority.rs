//! The sandbox's own certificate authority. Kept on disk, so that whoever trusts it still does after a restart.

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The authority's certificate, for `push.ca_file`.
const CERTIFICATE_FILE: &str = "sandbox-ca.pem";
const KEY_FILE: &str = "sandbox-ca.key";
/// Readable by its owner alone.
const KEY_MODE: u32 = 0o600;
const CERTIFICATE_MODE: u32 = 0o644;

/// Why there is no certificate.
#[derive(Debug, thiserror::Error)]
pub enum AuthorityError {
    #[error("{path}: {source}")]
    File { path: PathBuf, source: std::io::Error },
    #[error("the sandbox's certificate cannot be made")]
    Certificate(#[from] rcgen::Error),
    #[error("the sandbox's TLS cannot be set up")]
    Tls(#[from] rustls::Error),
    #[error("the sandbox's listener has no address")]
    Listen(#[source] std::io::Error),
}

/// Signs the sandbox's certificates.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate_pem: String,
    file: PathBuf,
}

impl Authority {
    /// Takes the authority of a folder, or makes one there.
    ///
    /// # Errors
    /// The folder's files cannot be read or written, or hold no key.
    pub fn open(folder: &Path) -> Result<Self, AuthorityError> {
        let (file, key_file) = (folder.join(CERTIFICATE_FILE), folder.join(KEY_FILE));
        if file.exists() && key_file.exists() {
            let read = |path: &Path| std::fs::read_to_string(path).map_err(|source| failed(path, source));
            let issuer = Issuer::new(params(), KeyPair::from_pem(&read(&key_file)?)?);
            return Ok(Self { issuer, certificate_pem: read(&file)?, file });
        }
        std::fs::create_dir_all(folder).map_err(|source| failed(folder, source))?;
        let key = KeyPair::generate()?;
        let certificate_pem = params().self_signed(&key)?.pem();
        write(&key_file, &key.serialize_pem(), KEY_MODE)?;
        write(&file, &certificate_pem, CERTIFICATE_MODE)?;
        Ok(Self { issuer: Issuer::new(params(), key), certificate_pem, file })
    }

    /// Where the sandbox keeps what it has on disk.
    pub(super) fn folder(&self) -> &Path {
        self.file.parent().unwrap_or(Path::new("."))
    }

    /// Where its certificate is, for `push.ca_file`.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// Its certificate as PEM text.
    pub fn certificate_pem(&self) -> &str {
        &self.certificate_pem
    }

    /// TLS with a fresh certificate for this machine's own names.
    pub(super) fn server_config(&self, http1_only: bool) -> Result<ServerConfig, AuthorityError> {
        let key = KeyPair::generate()?;
        let mut params = CertificateParams::new(["localhost", "127.0.0.1", "::1"].map(str::to_owned))?;
        params.distinguished_name = name("Beffroi sandbox");
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        let certificate = params.signed_by(&key, &self.issuer)?;
        let private = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], private)?;
        let h2: &[&[u8]] = if http1_only { &[] } else { &[b"h2"] };
        config.alpn_protocols = h2.iter().chain(&[&b"http/1.1"[..]]).map(|name| name.to_vec()).collect();
        Ok(config)
    }
}

/// The same each time, so that a kept key makes the same issuer.
fn params() -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = name("Beffroi sandbox authority");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

fn name(text: &str) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, text);
    name
}

pub(super) fn write(path: &Path, text: &str, mode: u32) -> Result<(), AuthorityError> {
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(mode)
        .open(path)
        .map_err(|source| failed(path, source))?;
    file.write_all(text.as_bytes()).map_err(|source| failed(path, source))
}

fn failed(path: &Path, source: std::io::Error) -> AuthorityError {
    AuthorityError::File { path: path.to_owned(), source }
}
