//! The algorithms of XML-DSig §6 by their names, as far as we do them.

use super::canonical::{Form, Method};
use aws_lc_rs::digest;

pub(super) const SIGNATURE_NAMESPACE: &str = "http://www.w3.org/2000/09/xmldsig#";
pub(super) const SIGNATURE_11_NAMESPACE: &str = "http://www.w3.org/2009/xmldsig11#";
pub(super) const EXCLUSIVE_NAMESPACE: &str = "http://www.w3.org/2001/10/xml-exc-c14n#";
pub(super) const ENVELOPED: &str = "http://www.w3.org/2000/09/xmldsig#enveloped-signature";
pub(super) const ECDSA_SHA256: &str = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256";
pub(super) const SHA256: &str = "http://www.w3.org/2001/04/xmlenc#sha256";

/// A hash function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hash {
    Sha1,
    Sha256,
    Sha384,
    Sha512,
}

impl Hash {
    /// By the name of a digest method.
    pub(super) fn of(name: &str) -> Option<Self> {
        match name {
            "http://www.w3.org/2000/09/xmldsig#sha1" => Some(Self::Sha1),
            SHA256 => Some(Self::Sha256),
            "http://www.w3.org/2001/04/xmldsig-more#sha384" => Some(Self::Sha384),
            "http://www.w3.org/2001/04/xmlenc#sha512" => Some(Self::Sha512),
            _ => None,
        }
    }

    /// The hash of some bytes.
    pub(super) fn digest(self, bytes: &[u8]) -> digest::Digest {
        let algorithm = match self {
            Self::Sha1 => &digest::SHA1_FOR_LEGACY_USE_ONLY,
            Self::Sha256 => &digest::SHA256,
            Self::Sha384 => &digest::SHA384,
            Self::Sha512 => &digest::SHA512,
        };
        digest::digest(algorithm, bytes)
    }
}

/// A family of signature algorithms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Family {
    Rsa,
    Ecdsa,
    Dsa,
}

/// A signature algorithm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Algorithm {
    pub(super) family: Family,
    pub(super) hash: Hash,
}

impl Algorithm {
    /// By the name of a signature method. HMAC is never among them: whoever can check one can make one.
    pub(super) fn of(name: &str) -> Option<Self> {
        let (family, hash) = match name {
            "http://www.w3.org/2000/09/xmldsig#rsa-sha1" => (Family::Rsa, Hash::Sha1),
            "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256" => (Family::Rsa, Hash::Sha256),
            "http://www.w3.org/2001/04/xmldsig-more#rsa-sha384" => (Family::Rsa, Hash::Sha384),
            "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512" => (Family::Rsa, Hash::Sha512),
            "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha1" => (Family::Ecdsa, Hash::Sha1),
            ECDSA_SHA256 => (Family::Ecdsa, Hash::Sha256),
            "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384" => (Family::Ecdsa, Hash::Sha384),
            "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha512" => (Family::Ecdsa, Hash::Sha512),
            "http://www.w3.org/2000/09/xmldsig#dsa-sha1" => (Family::Dsa, Hash::Sha1),
            "http://www.w3.org/2009/xmldsig11#dsa-sha256" => (Family::Dsa, Hash::Sha256),
            _ => return None,
        };
        Some(Self { family, hash })
    }
}

/// A canonicalisation method by its name, still without its prefixes.
pub(super) fn canonicalisation(name: &str) -> Option<Method<'static>> {
    let (form, comments) = match name {
        "http://www.w3.org/TR/2001/REC-xml-c14n-20010315" => (Form::Inclusive10, false),
        "http://www.w3.org/TR/2001/REC-xml-c14n-20010315#WithComments" => (Form::Inclusive10, true),
        "http://www.w3.org/2006/12/xml-c14n11" => (Form::Inclusive11, false),
        "http://www.w3.org/2006/12/xml-c14n11#WithComments" => (Form::Inclusive11, true),
        EXCLUSIVE_NAMESPACE => (Form::Exclusive, false),
        "http://www.w3.org/2001/10/xml-exc-c14n#WithComments" => (Form::Exclusive, true),
        _ => return None,
    };
    Some(Method { form, comments, prefixes: Vec::new() })
}
