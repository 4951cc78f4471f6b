//! Public keys: out of certificates, SubjectPublicKeyInfo and the elements of XML-DSig, and what they verify.

use super::algorithm::{Algorithm, Family, Hash};
use super::der::{self, Reader};
use super::dsa::DsaKey;
use aws_lc_rs::digest;
use aws_lc_rs::rsa::PublicKeyComponents;
use aws_lc_rs::signature::{self as lc, EcdsaVerificationAlgorithm, RsaParameters, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// A modulus below this is weak, bits (NIST SP 800-131A).
const RSA_BITS_MIN: usize = 2048;

const RSA_OID: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x01];
const EC_OID: &[u8] = &[0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01];
const DSA_OID: &[u8] = &[0x2A, 0x86, 0x48, 0xCE, 0x38, 0x04, 0x01];

/// Why some bytes are not a public key that we can use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    #[error("this is neither a certificate nor a public key, in PEM or DER")]
    Unreadable,
    #[error("the key is of a kind that is not supported: RSA, or ECDSA on P-256, P-384 or P-521, is")]
    Unsupported,
}

/// A public key that signs alerts. Two of them are equal when the keys are, however they were written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey {
    numbers: Numbers,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Numbers {
    Rsa { modulus: Vec<u8>, exponent: Vec<u8> },
    Ec { curve: Curve, point: Vec<u8> },
    Dsa(DsaKey),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Curve {
    P256,
    P384,
    P521,
}

impl Curve {
    const ALL: [Self; 3] = [Self::P256, Self::P384, Self::P521];

    /// Its object identifier in DER, and as XML-DSig 1.1 §4.5.2.3 writes it.
    const fn oid(self) -> (&'static [u8], &'static str) {
        match self {
            Self::P256 => (&[0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07], "urn:oid:1.2.840.10045.3.1.7"),
            Self::P384 => (&[0x2B, 0x81, 0x04, 0x00, 0x22], "urn:oid:1.3.132.0.34"),
            Self::P521 => (&[0x2B, 0x81, 0x04, 0x00, 0x23], "urn:oid:1.3.132.0.35"),
        }
    }

    /// Length of a coordinate, bytes.
    const fn bytes(self) -> usize {
        match self {
            Self::P256 => 32,
            Self::P384 => 48,
            Self::P521 => 66,
        }
    }

    const fn with(self, hash: Hash) -> Option<&'static EcdsaVerificationAlgorithm> {
        match (self, hash) {
            (Self::P256, Hash::Sha1) => Some(&lc::ECDSA_P256_SHA1_ASN1),
            (Self::P256, Hash::Sha256) => Some(&lc::ECDSA_P256_SHA256_ASN1),
            (Self::P256, Hash::Sha384) => Some(&lc::ECDSA_P256_SHA384_ASN1),
            (Self::P256, Hash::Sha512) => Some(&lc::ECDSA_P256_SHA512_ASN1),
            (Self::P384, Hash::Sha1) => None,
            (Self::P384, Hash::Sha256) => Some(&lc::ECDSA_P384_SHA256_ASN1),
            (Self::P384, Hash::Sha384) => Some(&lc::ECDSA_P384_SHA384_ASN1),
            (Self::P384, Hash::Sha512) => Some(&lc::ECDSA_P384_SHA512_ASN1),
            (Self::P521, Hash::Sha1) => Some(&lc::ECDSA_P521_SHA1_ASN1),
            (Self::P521, Hash::Sha256) => Some(&lc::ECDSA_P521_SHA256_ASN1),
            (Self::P521, Hash::Sha384) => Some(&lc::ECDSA_P521_SHA384_ASN1),
            (Self::P521, Hash::Sha512) => Some(&lc::ECDSA_P521_SHA512_ASN1),
        }
    }
}

/// What a key says of a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    Yes,
    No,
    /// The key is of another kind than the algorithm, or we do not do the two together.
    Unfit,
}

impl PublicKey {
    /// The key of a certificate or a bare public key, in PEM or DER.
    ///
    /// # Errors
    /// The bytes are neither, or hold a key of a kind that we do not do.
    pub fn from_file(bytes: &[u8]) -> Result<Self, KeyError> {
        let Some(text) = std::str::from_utf8(bytes).ok().filter(|text| text.contains("-----BEGIN ")) else {
            return Self::from_certificate(bytes).or_else(|_| Self::from_spki(bytes));
        };
        for (label, read) in
            [("CERTIFICATE", Self::from_certificate as fn(&[u8]) -> _), ("PUBLIC KEY", Self::from_spki)]
        {
            if let Some(body) = pem(text, label) {
                return read(&decode(body).ok_or(KeyError::Unreadable)?);
            }
        }
        Err(KeyError::Unreadable)
    }

    /// The key of an X.509 certificate in DER. Nothing else in it is looked at.
    ///
    /// # Errors
    /// The bytes are no certificate, or hold a key of a kind that we do not do.
    pub fn from_certificate(certificate: &[u8]) -> Result<Self, KeyError> {
        Self::from_spki(der::certificate_key(certificate).ok_or(KeyError::Unreadable)?)
    }

    /// The key of a SubjectPublicKeyInfo in DER (RFC 5280 §4.1.2.7).
    ///
    /// # Errors
    /// The bytes are none, or hold a key of a kind that we do not do.
    pub fn from_spki(spki: &[u8]) -> Result<Self, KeyError> {
        let mut outer = Reader::new(spki);
        let parts = outer.sequence().and_then(|mut whole| {
            let mut algorithm = whole.sequence()?;
            Some((algorithm.expect(der::OBJECT_IDENTIFIER)?, algorithm, whole.bits()?))
        });
        let (oid, parameters, bits) = parts.filter(|_| outer.is_empty()).ok_or(KeyError::Unreadable)?;
        let key = match oid {
            RSA_OID => Reader::new(bits).sequence().and_then(|mut pair| Self::rsa(pair.unsigned()?, pair.unsigned()?)),
            EC_OID => {
                let named = parameters.clone().expect(der::OBJECT_IDENTIFIER);
                let curve = Curve::ALL.into_iter().find(|curve| Some(curve.oid().0) == named);
                return Self::ec(curve.ok_or(KeyError::Unsupported)?, bits).ok_or(KeyError::Unsupported);
            }
            DSA_OID => parameters.clone().sequence().and_then(|mut group| {
                let y = Reader::new(bits).unsigned()?;
                Self::dsa([group.unsigned()?, group.unsigned()?, group.unsigned()?, y])
            }),
            _ => return Err(KeyError::Unsupported),
        };
        key.ok_or(KeyError::Unreadable)
    }

    /// An RSA key by its modulus and exponent, big-endian.
    pub(super) fn rsa(modulus: &[u8], exponent: &[u8]) -> Option<Self> {
        let [modulus, exponent] = [modulus, exponent].map(|number| der::without_zeros(number).to_vec());
        (!modulus.is_empty() && !exponent.is_empty()).then_some(Self { numbers: Numbers::Rsa { modulus, exponent } })
    }

    /// A key on a curve that XML-DSig 1.1 names so, by its uncompressed point.
    pub(super) fn named_curve(name: &str, point: &[u8]) -> Option<Self> {
        Self::ec(Curve::ALL.into_iter().find(|curve| curve.oid().1 == name)?, point)
    }

    fn ec(curve: Curve, point: &[u8]) -> Option<Self> {
        let uncompressed = point.first() == Some(&4) && point.len() == 1 + 2 * curve.bytes();
        uncompressed.then(|| Self { numbers: Numbers::Ec { curve, point: point.to_vec() } })
    }

    /// A DSA key by its p, q, g and y, big-endian.
    pub(super) fn dsa(numbers: [&[u8]; 4]) -> Option<Self> {
        let [p, q, g, y] = numbers.map(|number| der::without_zeros(number).to_vec());
        let key = DsaKey { p, q, g, y };
        key.is_usable().then_some(Self { numbers: Numbers::Dsa(key) })
    }

    /// The key as SubjectPublicKeyInfo in DER: what is stored of a pin.
    pub fn spki(&self) -> Vec<u8> {
        let (oid, parameters, bits) = match &self.numbers {
            Numbers::Rsa { modulus, exponent } => {
                let pair = [der::unsigned(modulus), der::unsigned(exponent)].concat();
                (RSA_OID, der::value(der::NULL, &[]), der::value(der::SEQUENCE, &pair))
            }
            Numbers::Ec { curve, point } => (EC_OID, der::value(der::OBJECT_IDENTIFIER, curve.oid().0), point.clone()),
            Numbers::Dsa(DsaKey { p, q, g, y }) => {
                let group = [der::unsigned(p), der::unsigned(q), der::unsigned(g)].concat();
                (DSA_OID, der::value(der::SEQUENCE, &group), der::unsigned(y))
            }
        };
        let algorithm = [der::value(der::OBJECT_IDENTIFIER, oid), parameters].concat();
        der::value(der::SEQUENCE, &[der::value(der::SEQUENCE, &algorithm), der::bits(&bits)].concat())
    }

    /// SHA-256 of [`Self::spki`] in hexadecimal: what people compare.
    pub fn fingerprint(&self) -> String {
        let hash = digest::digest(&digest::SHA256, &self.spki());
        hash.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Whether it is this uncompressed point of P-256.
    pub(super) fn is_point(&self, other: &[u8]) -> bool {
        matches!(&self.numbers, Numbers::Ec { curve: Curve::P256, point } if point == other)
    }

    /// Whether a signature by it proves too little to be trusted: DSA, or a short modulus.
    pub fn is_weak(&self) -> bool {
        match &self.numbers {
            Numbers::Rsa { modulus, .. } => bits(modulus) < RSA_BITS_MIN,
            Numbers::Ec { .. } => false,
            Numbers::Dsa(_) => true,
        }
    }

    /// Whether a signature is this key's over a message.
    pub(super) fn verifies(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> Answer {
        let verified = match (&self.numbers, algorithm.family) {
            (Numbers::Rsa { modulus, exponent }, Family::Rsa) => {
                let Some(parameters) = rsa_parameters(algorithm.hash, bits(modulus)) else { return Answer::Unfit };
                PublicKeyComponents { n: modulus, e: exponent }.verify(parameters, message, signature).is_ok()
            }
            (Numbers::Ec { curve, point }, Family::Ecdsa) => {
                let Some(ecdsa) = curve.with(algorithm.hash) else { return Answer::Unfit };
                let Some(signature) = ecdsa_der(*curve, signature) else { return Answer::No };
                UnparsedPublicKey::new(ecdsa, point).verify(message, &signature).is_ok()
            }
            (Numbers::Dsa(key), Family::Dsa) => key.verifies(algorithm.hash.digest(message).as_ref(), signature),
            (Numbers::Rsa { .. } | Numbers::Ec { .. } | Numbers::Dsa(_), _) => return Answer::Unfit,
        };
        if verified { Answer::Yes } else { Answer::No }
    }
}

/// Length of a number without leading zeros, bits.
fn bits(number: &[u8]) -> usize {
    let zeros = number.first().map_or(0, |first| first.leading_zeros() as usize);
    number.len() * 8 - zeros
}

fn rsa_parameters(hash: Hash, modulus_bits: usize) -> Option<&'static RsaParameters> {
    match (hash, modulus_bits) {
        (_, 0..1024 | 8193..) => None,
        (Hash::Sha1, _) => Some(&lc::RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY),
        (Hash::Sha256, _) => Some(&lc::RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY),
        (Hash::Sha512, _) => Some(&lc::RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY),
        (Hash::Sha384, 2048..) => Some(&lc::RSA_PKCS1_2048_8192_SHA384),
        (Hash::Sha384, _) => None,
    }
}

/// XML-DSig §6.4.3 writes the two halves of a signature one after the other; the library wants them in DER.
fn ecdsa_der(curve: Curve, signature: &[u8]) -> Option<Vec<u8>> {
    let (r, s) = signature.split_at_checked(curve.bytes()).filter(|(_, s)| s.len() == curve.bytes())?;
    Some(der::value(der::SEQUENCE, &[der::unsigned(r), der::unsigned(s)].concat()))
}

/// Base64 with any white space in it.
pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    let digits: String = text.chars().filter(|character| !character.is_ascii_whitespace()).collect();
    STANDARD.decode(digits).ok()
}

/// What stands between the lines that begin and end a part of a PEM text.
fn pem<'t>(text: &'t str, label: &str) -> Option<&'t str> {
    let (_, rest) = text.split_once(&format!("-----BEGIN {label}-----"))?;
    rest.split_once(&format!("-----END {label}-----")).map(|(body, _)| body)
}
