//! The `Signature` element (XML-DSig §4) to what must be computed, and the keys that come with it.

use super::algorithm::{
    Algorithm, ENVELOPED, EXCLUSIVE_NAMESPACE, Hash, SIGNATURE_11_NAMESPACE, SIGNATURE_NAMESPACE, canonicalisation,
};
use super::canonical::Method;
use super::key::{KeyError, PublicKey, decode};
use super::source::Source;
use crate::cap::limits::{SIGNATURE_KEYS_MAX, SIGNATURE_PREFIXES_MAX};
use crate::cap::report::quote;

/// Why a signature cannot be computed.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// It is not built as the standard says.
    Broken(String),
    /// It wants what we do not do.
    Unsupported(String),
}

/// A signature as written.
#[derive(Debug)]
pub(super) struct Signature<'s> {
    pub(super) signed_info: usize,
    pub(super) canonicalisation: Method<'s>,
    pub(super) algorithm: Algorithm,
    pub(super) reference: Reference<'s>,
    pub(super) value: Vec<u8>,
}

/// What it says of the alert.
#[derive(Debug)]
pub(super) struct Reference<'s> {
    pub(super) uri: Option<&'s str>,
    pub(super) canonicalisation: Method<'s>,
    pub(super) hash: Hash,
    pub(super) digest: Vec<u8>,
}

/// The keys that a signature brings along. They prove nothing about who signed.
#[derive(Debug)]
pub(super) enum Embedded {
    Keys(Vec<PublicKey>),
    Unsupported,
    Unreadable,
    Absent,
}

impl<'s> Signature<'s> {
    /// Reads the element that begins at `at`.
    pub(super) fn read(source: &'s Source<'_>, at: usize) -> Result<Self, Fault> {
        let signed_info = only(source, at, "SignedInfo")?;
        let value = only(source, at, "SignatureValue")?;
        let method = only(source, signed_info, "SignatureMethod")?;
        let name = algorithm_name(source, method)?;
        let algorithm = Algorithm::of(name).ok_or_else(|| unsupported("signature method", name))?;
        let canonicalisation = canonical_method(source, only(source, signed_info, "CanonicalizationMethod")?)?;
        let mut references = all(source, signed_info, SIGNATURE_NAMESPACE, "Reference");
        let first = references.next().ok_or_else(|| Fault::Broken("It has no `Reference`.".to_owned()))?;
        if references.next().is_some() {
            let message = "It refers to more than the alert; only a signature of the alert alone is verified.";
            return Err(Fault::Unsupported(message.to_owned()));
        }
        let value = decode(&source.text_of(value)).filter(|value| !value.is_empty());
        let value = value.ok_or_else(|| Fault::Broken("Its value is not proper base64.".to_owned()))?;
        Ok(Self { signed_info, canonicalisation, algorithm, reference: reference(source, first)?, value })
    }
}

fn reference<'s>(source: &'s Source<'_>, at: usize) -> Result<Reference<'s>, Fault> {
    let mut enveloped = false;
    let mut chosen = None;
    let lists: Vec<usize> = all(source, at, SIGNATURE_NAMESPACE, "Transforms").collect();
    for transform in lists.into_iter().flat_map(|list| all(source, list, SIGNATURE_NAMESPACE, "Transform")) {
        let name = algorithm_name(source, transform)?;
        if chosen.is_some() {
            return Err(Fault::Unsupported("A transform follows the canonicalisation.".to_owned()));
        }
        if name == ENVELOPED {
            enveloped = true;
        } else if canonicalisation(name).is_some() {
            chosen = Some(canonical_method(source, transform)?);
        } else {
            return Err(unsupported("transform", name));
        }
    }
    if !enveloped {
        return Err(Fault::Broken("It would cover itself: the enveloped-signature transform is missing.".to_owned()));
    }
    let name = algorithm_name(source, only(source, at, "DigestMethod")?)?;
    let hash = Hash::of(name).ok_or_else(|| unsupported("digest method", name))?;
    let digest = decode(&source.text_of(only(source, at, "DigestValue")?));
    let digest = digest.ok_or_else(|| Fault::Broken("Its digest is not proper base64.".to_owned()))?;
    let canonicalisation = chosen.unwrap_or(Method::DEFAULT);
    Ok(Reference { uri: source.attribute(at, "URI"), canonicalisation, hash, digest })
}

/// A canonicalisation with the prefixes that it is told to keep.
fn canonical_method<'s>(source: &'s Source<'_>, at: usize) -> Result<Method<'s>, Fault> {
    let name = algorithm_name(source, at)?;
    let mut method: Method<'s> = canonicalisation(name).ok_or_else(|| unsupported("canonicalisation", name))?;
    for list in all(source, at, EXCLUSIVE_NAMESPACE, "InclusiveNamespaces") {
        let prefixes = source.attribute(list, "PrefixList").unwrap_or_default().split_ascii_whitespace();
        method.prefixes.extend(prefixes.map(|prefix| if prefix == "#default" { "" } else { prefix }));
    }
    if method.prefixes.len() > SIGNATURE_PREFIXES_MAX {
        let message = format!("Its canonicalisation names more than {SIGNATURE_PREFIXES_MAX} prefixes.");
        return Err(Fault::Unsupported(message));
    }
    Ok(method)
}

/// The keys in `KeyInfo` (XML-DSig §4.5), the first few of them.
pub(super) fn embedded(source: &Source<'_>, signature: usize) -> Embedded {
    let mut found = Embedded::Absent;
    let infos = all(source, signature, SIGNATURE_NAMESPACE, "KeyInfo");
    for key in infos.flat_map(|info| keys_of(source, info)).take(SIGNATURE_KEYS_MAX) {
        match (key, &mut found) {
            (Ok(key), Embedded::Keys(keys)) => keys.push(key),
            (Ok(key), _) => found = Embedded::Keys(vec![key]),
            (Err(_), Embedded::Keys(_)) => {}
            (Err(KeyError::Unreadable), _) => found = Embedded::Unreadable,
            (Err(KeyError::Unsupported), Embedded::Unreadable) => {}
            (Err(KeyError::Unsupported), _) => found = Embedded::Unsupported,
        }
    }
    found
}

fn keys_of(source: &Source<'_>, info: usize) -> impl Iterator<Item = Result<PublicKey, KeyError>> {
    source.children(info).flat_map(move |child| -> Vec<Result<PublicKey, KeyError>> {
        if source.is(child, SIGNATURE_NAMESPACE, "X509Data") {
            let certificates = all(source, child, SIGNATURE_NAMESPACE, "X509Certificate").take(SIGNATURE_KEYS_MAX);
            certificates.map(|at| PublicKey::from_certificate(&bytes(source, at)?)).collect()
        } else if source.is(child, SIGNATURE_NAMESPACE, "KeyValue") {
            source.children(child).take(1).map(|value| key_value(source, value)).collect()
        } else if source.is(child, SIGNATURE_11_NAMESPACE, "DEREncodedKeyValue") {
            vec![bytes(source, child).and_then(|spki| PublicKey::from_spki(&spki))]
        } else {
            Vec::new()
        }
    })
}

/// `RSAKeyValue`, `DSAKeyValue` or `ECKeyValue`.
fn key_value(source: &Source<'_>, at: usize) -> Result<PublicKey, KeyError> {
    let number = |namespace, name| {
        let element = all(source, at, namespace, name).next().ok_or(KeyError::Unreadable)?;
        bytes(source, element)
    };
    let dsig = |name| number(SIGNATURE_NAMESPACE, name);
    if source.is(at, SIGNATURE_NAMESPACE, "RSAKeyValue") {
        PublicKey::rsa(&dsig("Modulus")?, &dsig("Exponent")?).ok_or(KeyError::Unreadable)
    } else if source.is(at, SIGNATURE_NAMESPACE, "DSAKeyValue") {
        PublicKey::dsa([&dsig("P")?, &dsig("Q")?, &dsig("G")?, &dsig("Y")?]).ok_or(KeyError::Unreadable)
    } else if source.is(at, SIGNATURE_11_NAMESPACE, "ECKeyValue") {
        let curve = all(source, at, SIGNATURE_11_NAMESPACE, "NamedCurve").next().ok_or(KeyError::Unsupported)?;
        let name = source.attribute(curve, "URI").unwrap_or_default();
        PublicKey::named_curve(name, &number(SIGNATURE_11_NAMESPACE, "PublicKey")?).ok_or(KeyError::Unsupported)
    } else {
        Err(KeyError::Unsupported)
    }
}

fn bytes(source: &Source<'_>, at: usize) -> Result<Vec<u8>, KeyError> {
    decode(&source.text_of(at)).ok_or(KeyError::Unreadable)
}

/// The children of a name.
fn all(source: &Source<'_>, parent: usize, namespace: &'static str, name: &'static str) -> impl Iterator<Item = usize> {
    source.children(parent).filter(move |&child| source.is(child, namespace, name))
}

/// The one child of a name.
fn only(source: &Source<'_>, parent: usize, name: &'static str) -> Result<usize, Fault> {
    let mut found = all(source, parent, SIGNATURE_NAMESPACE, name);
    match (found.next(), found.next()) {
        (Some(child), None) => Ok(child),
        (Some(_), Some(_)) => Err(Fault::Broken(format!("It has more than one `{name}`."))),
        (None, _) => Err(Fault::Broken(format!("It has no `{name}`."))),
    }
}

fn algorithm_name<'s>(source: &'s Source<'_>, at: usize) -> Result<&'s str, Fault> {
    source.attribute(at, "Algorithm").ok_or_else(|| Fault::Broken("An algorithm is not named.".to_owned()))
}

fn unsupported(what: &str, name: &str) -> Fault {
    Fault::Unsupported(format!("The {what} `{}` is not supported.", quote(name)))
}
