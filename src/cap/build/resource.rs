//! `resource` (CAP 1.2 §3.2.3): a file that goes with an info. Nothing that people are warned by depends on it, so what
//! is wrong with it never stops an alert.

use super::children::RESOURCE;
use super::{Builder, NodeId};
use crate::cap::alert::{CapVersion, Resource};
use crate::cap::report::quote;
use crate::cap::rules;
use crate::cap::tree::is_space;
use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// Hexadecimal digits of a SHA-1.
const DIGEST_DIGITS: usize = 40;

/// Base64 as people write it: whether the end is padded tells nothing.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

impl Builder<'_, '_> {
    /// A resource.
    pub(super) fn resource(&mut self, id: NodeId) -> Resource {
        let children = self.children(id, RESOURCE);
        let resource_desc = self.described(children.one("resourceDesc")).unwrap_or_default();
        let mime_type = self.mime_type(children.one("mimeType"));
        let size_bytes = self.size(children.one("size"));
        let deref_uri = self.said(children.one("derefUri"));
        let uri = self.resource_uri(children.one("uri"), deref_uri.is_some());
        let digest = self.digest(children.one("digest"));
        if let (Some(at), Some(text)) = (children.one("derefUri"), &deref_uri) {
            self.check_content(
                at,
                text,
                children.one("size").zip(size_bytes),
                children.one("digest").zip(digest.as_ref()),
            );
        }
        if children.one("uri").is_none() && children.one("derefUri").is_none() {
            self.find(&rules::RESOURCE_NOWHERE, id, "The resource has neither `uri` nor `derefUri`.");
        }
        Resource { resource_desc, mime_type, size_bytes, uri, deref_uri, digest }
    }

    /// A MIME type: type and subtype, perhaps parameters (RFC 2046).
    fn mime_type(&mut self, id: Option<NodeId>) -> Option<String> {
        let id = id?;
        let text = self.trimmed(id);
        if text.is_empty() && self.version == CapVersion::V1_2 {
            self.find(&rules::MIME_TYPE_EMPTY, id, "`mimeType` is empty; the rest is read all the same.");
            return None;
        }
        let shaped = text.split(';').next().and_then(|name| name.trim_end_matches(is_space).split_once('/'));
        if !shaped.is_some_and(|(kind, subtype)| is_token(kind) && is_token(subtype)) {
            let message = format!("`{}` is not a MIME type: type/subtype.", quote(text));
            self.find(&rules::MIME_TYPE_INVALID, id, message);
        }
        (!text.is_empty()).then(|| text.to_owned())
    }

    /// A size we cannot read is left out: nothing depends on it.
    fn size(&mut self, id: Option<NodeId>) -> Option<u64> {
        let id = id?;
        if self.is_left_empty(id) {
            return None;
        }
        let text = self.trimmed(id);
        let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            self.find(&rules::SIZE_INVALID, id, format!("`{}` is not a number of bytes; it is left out.", quote(text)));
            return None;
        }
        let size: Option<u64> = digits.parse().ok().filter(|&size| size == 0 || !text.starts_with('-'));
        if size.is_none() {
            self.find(&rules::SIZE_ODD, id, format!("No file has `{}` bytes; it is left out.", quote(text)));
        }
        size
    }

    fn digest(&mut self, id: Option<NodeId>) -> Option<String> {
        let text = self.said(id)?;
        let id = id?;
        if text.len() != DIGEST_DIGITS || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            let message = format!("`{}` is not a SHA-1: {DIGEST_DIGITS} hexadecimal digits.", quote(&text));
            self.find(&rules::DIGEST_INVALID, id, message);
        }
        Some(text)
    }

    /// Whether the embedded file is what its size and digest say.
    fn check_content(&mut self, at: NodeId, text: &str, size: Option<(NodeId, u64)>, sha1: Option<(NodeId, &String)>) {
        let packed: Vec<u8> = text.bytes().filter(|byte| !is_space(char::from(*byte))).collect();
        let Ok(content) = BASE64.decode(&packed) else {
            self.find(&rules::DEREF_URI_INVALID, at, "`derefUri` is not base64: the file cannot be taken out.");
            return;
        };
        if let Some((id, size)) = size.filter(|&(_, size)| usize::try_from(size) != Ok(content.len())) {
            let message = format!("`size` says {size} bytes; the file in `derefUri` has {}.", content.len());
            self.find(&rules::SIZE_DIFFERS, id, message);
        }
        let Some((id, said)) = sha1.filter(|(_, said)| said.len() == DIGEST_DIGITS) else { return };
        let real: String =
            digest(&SHA1_FOR_LEGACY_USE_ONLY, &content).as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        if !said.eq_ignore_ascii_case(&real) {
            self.find(&rules::DIGEST_DIFFERS, id, format!("The SHA-1 of the file in `derefUri` is {real}."));
        }
    }
}

/// A token of MIME (RFC 2045 §5.1).
fn is_token(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_graphic() && !b"()<>@,;:\\\"/[]?=".contains(&byte);
    !text.is_empty() && text.bytes().all(allowed)
}
