//! Signing an alert on its way out: enveloped, last in the alert, exclusive C14N, ECDSA on P-256 with SHA-256.

use super::algorithm::{ECDSA_SHA256, ENVELOPED, EXCLUSIVE_NAMESPACE, SHA256, SIGNATURE_NAMESPACE, canonicalisation};
use super::canonical::{Method, Part, canonical};
use super::key::{KeyError, PublicKey};
use super::source::Source;
use super::{Trust, Verdict};
use crate::cap::Options;
use crate::cap::encoding::decode;
use crate::cap::finding::Finding;
use crate::cap::limits::{CANONICAL_BYTES_MAX, Limits};
use crate::cap::read::read;
use crate::cap::report::Report;
use aws_lc_rs::digest::{self, digest};
use aws_lc_rs::error::{KeyRejected, Unspecified};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::borrow::Cow;

/// Digits on a line of PEM.
const PEM_LINE_CHARS: usize = 64;

/// Why a key cannot sign.
#[derive(Debug, thiserror::Error)]
pub enum SigningKeyError {
    #[error("the private key is no P-256 key in PKCS#8")]
    Private(#[source] KeyRejected),
    #[error("the certificate cannot be used")]
    Certificate(#[source] KeyError),
    #[error("the certificate is of another key")]
    Apart,
}

/// Why a document was not signed.
#[derive(Debug, thiserror::Error)]
pub enum SignError {
    #[error("the document does not conform to CAP, so it is not signed")]
    Document { findings: Vec<Finding> },
    #[error("the document is signed already: another signature would break the first for strict readers")]
    Signed,
    #[error("the canonical form of the document is too long")]
    Long,
    #[error("the cryptographic library did not sign")]
    Library(#[source] Unspecified),
}

/// A private key and its certificate.
pub struct SigningKey {
    pair: EcdsaKeyPair,
    public: PublicKey,
    certificate: Vec<u8>,
}

/// Never shows the key.
impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SigningKey({})", self.public.fingerprint())
    }
}

impl SigningKey {
    /// A P-256 key in PKCS#8 and its X.509 certificate, both in DER.
    ///
    /// # Errors
    /// One of them is something else, or they do not belong together.
    pub fn new(pkcs8: &[u8], certificate: &[u8]) -> Result<Self, SigningKeyError> {
        let pair =
            EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8).map_err(SigningKeyError::Private)?;
        let public = PublicKey::from_certificate(certificate).map_err(SigningKeyError::Certificate)?;
        if !public.is_point(pair.public_key().as_ref()) {
            return Err(SigningKeyError::Apart);
        }
        Ok(Self { pair, public, certificate: certificate.to_vec() })
    }

    /// What receivers pin.
    pub fn public(&self) -> &PublicKey {
        &self.public
    }

    /// The certificate in PEM (RFC 7468): what receivers are given.
    pub fn certificate_pem(&self) -> String {
        let text = STANDARD.encode(&self.certificate);
        let mut pem = "-----BEGIN CERTIFICATE-----\n".to_owned();
        for (number, digit) in text.chars().enumerate() {
            if number > 0 && number.is_multiple_of(PEM_LINE_CHARS) {
                pem.push('\n');
            }
            pem.push(digit);
        }
        pem.push_str("\n-----END CERTIFICATE-----\n");
        pem
    }
}

/// Signs a conforming alert that is not signed yet. The document stays as it is but for the signature, and for its
/// encoding: what comes out is UTF-8.
///
/// # Errors
/// See [`SignError`].
pub fn sign(document: &[u8], key: &SigningKey) -> Result<Vec<u8>, SignError> {
    let reading = read(document, &Options { trust: Trust::default(), ..Options::default() });
    if reading.signature != Verdict::None {
        return Err(SignError::Signed);
    }
    if !reading.ok() {
        return Err(SignError::Document { findings: reading.findings });
    }
    let text = in_utf_8(document);
    let unread = || SignError::Document { findings: Vec::new() };
    let source = Source::scan(&text, Limits::default().attributes_max).ok_or_else(unread)?;
    let (alert, end) = source.root().ok_or_else(unread)?;
    let method = canonicalisation(EXCLUSIVE_NAMESPACE).unwrap_or(Method::DEFAULT);
    let octets = |source: &Source<'_>, apex, surroundings| {
        let part =
            Part { apex, root: alert, surroundings, without: &[], without_blanks: false, with_comments: !surroundings };
        canonical(source, part, &method, CANONICAL_BYTES_MAX).map_err(|_| SignError::Long)
    };
    let document_hash = STANDARD.encode(digest(&digest::SHA256, &octets(&source, alert, true)?));
    let (before, after) = text.split_at(end);
    let with = |value: &str| format!("{before}{}{after}", signature(&document_hash, value, &key.certificate));
    // The part that is signed does not hold the value.
    let unsigned = with("");
    let source = Source::scan(&unsigned, Limits::default().attributes_max).ok_or_else(unread)?;
    let signed_info = source.at_offset(end).and_then(|signature| source.children(signature).next());
    let hash = digest(&digest::SHA256, &octets(&source, signed_info.ok_or_else(unread)?, false)?);
    let value = key.pair.sign_digest(&hash).map_err(SignError::Library)?;
    Ok(with(&STANDARD.encode(value)).into_bytes())
}

/// The document in UTF-8, with a declaration that does not say otherwise.
fn in_utf_8(document: &[u8]) -> Cow<'_, str> {
    let text = decode(document, &mut Report::new(&Limits::default()));
    if text.as_bytes() == document {
        return text;
    }
    let body = match text.strip_prefix("<?xml").and_then(|rest| rest.split_once("?>")) {
        Some((_, body)) => body.trim_start(),
        None => &text,
    };
    Cow::Owned(format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{body}"))
}

fn signature(document_hash: &str, value: &str, certificate: &[u8]) -> String {
    let certificate = STANDARD.encode(certificate);
    format!(
        "<Signature xmlns=\"{SIGNATURE_NAMESPACE}\"><SignedInfo><CanonicalizationMethod \
         Algorithm=\"{EXCLUSIVE_NAMESPACE}\"></CanonicalizationMethod><SignatureMethod Algorithm=\"{ECDSA_SHA256}\">\
         </SignatureMethod><Reference URI=\"\"><Transforms><Transform Algorithm=\"{ENVELOPED}\"></Transform><Transform \
         Algorithm=\"{EXCLUSIVE_NAMESPACE}\"></Transform></Transforms><DigestMethod Algorithm=\"{SHA256}\">\
         </DigestMethod><DigestValue>{document_hash}</DigestValue></Reference></SignedInfo><SignatureValue>{value}\
         </SignatureValue><KeyInfo><X509Data><X509Certificate>{certificate}</X509Certificate></X509Data></KeyInfo>\
         </Signature>"
    )
}
