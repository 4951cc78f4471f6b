//! Web Push without sockets: *recipient and plaintext → request* (RFC 8030, RFC 8291), *response → outcome*.

use super::reading::{About, retry_after};
use crate::clock;
use crate::model::outcome::{Doubt, Fate, Outcome};
use crate::model::tier::Tier;
use aws_lc_rs::aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::agreement::{self, ECDH_P256, ParsedPublicKey, PrivateKey, UnparsedPublicKey};
use aws_lc_rs::hmac;
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode, Uri};
use jiff::Timestamp;
use std::sync::{Mutex, MutexGuard};
use web_push::Urgency;
use zeroize::Zeroize;

/// Largest body that every push service must take (RFC 8291 §4).
pub const BODY_BYTES_MAX: usize = 4_096;
/// Largest plaintext that fits in such a body.
pub const PLAINTEXT_BYTES_MAX: usize = BODY_BYTES_MAX - HEADER_BYTES - DELIMITER_BYTES - TAG_BYTES;
/// Longest time to live asked for, seconds: four weeks. Services shorten it further.
pub const TTL_S_MAX: u32 = 28 * 24 * 3_600;
/// Longest Topic (RFC 8030 §5.4), characters of base64url.
pub const TOPIC_CHARS_MAX: usize = 32;

/// An uncompressed P-256 point.
pub const POINT_BYTES: usize = 65;
/// The user agent's authentication secret (RFC 8291 §3.2).
pub const AUTH_BYTES: usize = 16;

/// Input keying material: an HMAC-SHA-256 (RFC 8291 §3.3).
pub(super) const IKM_BYTES: usize = 32;

const SALT_BYTES: usize = 16;
/// Salts drawn at once.
const SALTS_TOGETHER: usize = 16;
/// Salt, record size, length of the key id, key id (RFC 8188 §2.1).
const HEADER_BYTES: usize = SALT_BYTES + 4 + 1 + POINT_BYTES;
const DELIMITER_BYTES: usize = 1;
const TAG_BYTES: usize = 16;
const AES_KEY_BYTES: usize = 16;
const NONCE_BYTES: usize = 12;
/// Ends the last record (RFC 8188 §2).
const DELIMITER_LAST: u8 = 2;

/// Headers of a request, with the one that transport adds.
const HEADERS: usize = 7;
const TTL: HeaderName = HeaderName::from_static("ttl");
const URGENCY: HeaderName = HeaderName::from_static("urgency");
const TOPIC: HeaderName = HeaderName::from_static("topic");
/// What Microsoft's service says about a push it answered with success.
const X_WNS_STATUS: HeaderName = HeaderName::from_static("x-wns-status");
const X_WNS_NOTIFICATION_STATUS: HeaderName = HeaderName::from_static("x-wns-notificationstatus");

/// Why a push cannot be built.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BuildError {
    #[error("the text has more than {PLAINTEXT_BYTES_MAX} bytes")]
    Long,
    #[error("the subscription's public key is not a point of P-256")]
    PublicKey,
    #[error("the topic does not fit in a header")]
    Topic,
    #[error("the cryptographic library refused")]
    Crypto,
}

/// How a push travels.
#[derive(Debug, Clone)]
pub struct Terms {
    /// How long the service keeps it for a device that is away, seconds.
    pub ttl_s: u32,
    pub urgency: Urgency,
    /// Replaces what is waiting under the same name. From [`topic`].
    pub topic: HeaderValue,
    /// From [`super::vapid::Vapid::authorization`].
    pub authorization: HeaderValue,
}

/// The table of PUSH services' urgencies: what it costs the device's battery to be woken.
pub fn urgency(tier: Tier) -> Urgency {
    match tier {
        Tier::P0 | Tier::P1 => Urgency::High,
        Tier::P2 => Urgency::Normal,
        Tier::P3 => Urgency::Low,
    }
}

/// Whether a subscription's public key is a point of the curve. Asked when someone subscribes, so that no key that
/// can never be sent to is stored.
pub fn is_public_key(p256dh: &[u8; POINT_BYTES]) -> bool {
    p256dh[0] == 4 && ParsedPublicKey::try_from(UnparsedPublicKey::new(&ECDH_P256, p256dh)).is_ok()
}

/// A Topic as a header.
///
/// # Errors
/// No service would take it.
pub fn topic(text: &str) -> Result<HeaderValue, BuildError> {
    if text.is_empty() || text.len() > TOPIC_CHARS_MAX {
        return Err(BuildError::Topic);
    }
    HeaderValue::from_str(text).map_err(|_| BuildError::Topic)
}

/// The request of one push, encrypted with a key pair and a salt of its own (RFC 8291 §3.1). `write` appends the text,
/// of at most `bytes` bytes, where it is encrypted; it must leave alone what stands before.
///
/// # Errors
/// A text that is too long.
pub(super) fn request(
    endpoint: Uri,
    (armed, salt): (Box<Armed>, Salt),
    bytes: usize,
    write: impl FnOnce(&mut Vec<u8>),
    terms: Terms,
) -> Result<Request<Bytes>, BuildError> {
    let body = armed.seal(salt, bytes, write)?;
    let mut request = Request::new(Bytes::from(body));
    *request.method_mut() = Method::POST;
    *request.uri_mut() = endpoint;
    let mut headers = HeaderMap::with_capacity(HEADERS);
    headers.insert(TTL, HeaderValue::from(terms.ttl_s));
    headers.insert(URGENCY, HeaderValue::from_static(urgency_text(terms.urgency)));
    headers.insert(TOPIC, terms.topic);
    headers.insert(AUTHORIZATION, terms.authorization);
    headers.insert(CONTENT_ENCODING, HeaderValue::from_static("aes128gcm"));
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    *request.headers_mut() = headers;
    Ok(request)
}

const fn urgency_text(urgency: Urgency) -> &'static str {
    match urgency {
        Urgency::VeryLow => "very-low",
        Urgency::Low => "low",
        Urgency::Normal => "normal",
        Urgency::High => "high",
    }
}

/// What makes two records under the same secret different (RFC 8188 §2.1). No secret itself.
pub(super) type Salt = [u8; SALT_BYTES];

/// Fresh salts. They are drawn many at a time, since a draw takes as long for one as for [`SALTS_TOGETHER`].
#[derive(Debug, Default)]
pub(super) struct Salts(Mutex<Vec<Salt>>);

impl Salts {
    /// One that nobody had before.
    pub(super) fn next(&self) -> Salt {
        if let Some(salt) = self.drawn().pop() {
            return salt;
        }
        let mut draw: Vec<Salt> = clock::random_bytes::<{ SALTS_TOGETHER * SALT_BYTES }>().as_chunks().0.to_vec();
        let salt = draw.pop().expect("more than none are drawn");
        self.drawn().append(&mut draw);
        salt
    }

    fn drawn(&self) -> MutexGuard<'_, Vec<Salt>> {
        self.0.lock().expect("no one panics while holding it")
    }
}

/// All of a push's cryptography that does not depend on its text: used once, for one push.
pub(super) struct Armed {
    /// Our one-time public key.
    pub(super) sender_public: [u8; POINT_BYTES],
    /// Input keying material (RFC 8291 §3.3).
    pub(super) ikm: [u8; IKM_BYTES],
}

impl Drop for Armed {
    fn drop(&mut self) {
        self.ikm.zeroize();
    }
}

/// A fresh key pair, and what it agrees on with the user agent's.
pub(super) fn arm(p256dh: &[u8; POINT_BYTES], auth: &[u8; AUTH_BYTES]) -> Result<Armed, BuildError> {
    let private = PrivateKey::generate(&ECDH_P256).map_err(|_| BuildError::Crypto)?;
    arm_with(&private, p256dh, auth)
}

fn arm_with(private: &PrivateKey, p256dh: &[u8; POINT_BYTES], auth: &[u8; AUTH_BYTES]) -> Result<Armed, BuildError> {
    let public = private.compute_public_key().map_err(|_| BuildError::Crypto)?;
    let sender_public: [u8; POINT_BYTES] = public.as_ref().try_into().map_err(|_| BuildError::Crypto)?;
    let peer = UnparsedPublicKey::new(&ECDH_P256, p256dh);
    let ikm = agreement::agree(private, peer, BuildError::PublicKey, |secret| {
        Ok(input_keying_material(auth, secret, p256dh, &sender_public))
    })?;
    let ikm = ikm.as_ref().try_into().map_err(|_| BuildError::Crypto)?;
    Ok(Armed { sender_public, ikm })
}

/// RFC 8291 §3.3: `HKDF(auth, ecdh, "WebPush: info" ‖ 0 ‖ ua_public ‖ as_public, 32)`.
fn input_keying_material(
    auth: &[u8; AUTH_BYTES],
    secret: &[u8],
    receiver_public: &[u8; POINT_BYTES],
    sender_public: &[u8; POINT_BYTES],
) -> hmac::Tag {
    let extracted = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, auth), secret);
    let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, extracted.as_ref()));
    context.update(b"WebPush: info\0");
    context.update(receiver_public);
    context.update(sender_public);
    context.update(&[1]);
    context.sign()
}

/// RFC 8188 §2.2 and §2.3: the content encryption key and the nonce of the only record.
fn content_key(salt: &Salt, ikm: &[u8]) -> ([u8; AES_KEY_BYTES], [u8; NONCE_BYTES]) {
    let extracted = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, salt), ikm);
    let key = hmac::Key::new(hmac::HMAC_SHA256, extracted.as_ref());
    let expand = |info: &[u8]| hmac::sign(&key, info);
    let (mut aes_key, mut nonce) = ([0; AES_KEY_BYTES], [0; NONCE_BYTES]);
    aes_key.copy_from_slice(&expand(b"Content-Encoding: aes128gcm\0\x01").as_ref()[..AES_KEY_BYTES]);
    nonce.copy_from_slice(&expand(b"Content-Encoding: nonce\0\x01").as_ref()[..NONCE_BYTES]);
    (aes_key, nonce)
}

impl Armed {
    /// The whole body: header, one record. Takes itself, since a second text under it is forbidden.
    #[expect(clippy::boxed_local, reason = "moved out of its box, the secret would stay behind in it")]
    fn seal(
        self: Box<Self>,
        salt: Salt,
        bytes: usize,
        write: impl FnOnce(&mut Vec<u8>),
    ) -> Result<Vec<u8>, BuildError> {
        let (aes_key, nonce) = content_key(&salt, &self.ikm);
        let mut body = Vec::with_capacity(HEADER_BYTES + bytes + DELIMITER_BYTES + TAG_BYTES);
        body.extend_from_slice(&salt);
        body.extend_from_slice(&(BODY_BYTES_MAX as u32).to_be_bytes());
        body.push(POINT_BYTES as u8);
        body.extend_from_slice(&self.sender_public);
        write(&mut body);
        if body.len() > HEADER_BYTES + PLAINTEXT_BYTES_MAX {
            return Err(BuildError::Long);
        }
        body.push(DELIMITER_LAST);
        let key = UnboundKey::new(&AES_128_GCM, &aes_key).map_err(|_| BuildError::Crypto)?;
        let tag = LessSafeKey::new(key)
            .seal_in_place_separate_tag(Nonce::assume_unique_for_key(nonce), Aad::empty(), &mut body[HEADER_BYTES..])
            .map_err(|_| BuildError::Crypto)?;
        body.extend_from_slice(tag.as_ref());
        Ok(body)
    }
}

/// What a push service's answer means for the recipient. `now` is real time, for a Retry-After that is a date.
///
/// A retry without a wish of the service has `after` zero: the caller's own schedule decides.
pub fn outcome(status: StatusCode, headers: &HeaderMap, now: Timestamp) -> Outcome {
    let retry = || Outcome::Retry { after: retry_after(headers, now).unwrap_or_default() };
    match status.as_u16() {
        200..=299 => match wns_status(headers) {
            Some("dropped") => Outcome::Rejected { code: "dropped" },
            Some("channelthrottled") => retry(),
            Some(_) | None => Outcome::Accepted,
        },
        404 | 410 => Outcome::Gone,
        // 406 is how Microsoft's service says "too many".
        406 | 408 | 425 | 429 | 500..=599 => retry(),
        // Each subscription is bound to a key (RFC 8292 §4.2): it may be made for another one than ours.
        401 | 403 => Outcome::Misconfigured {
            reason: format!("the push service refuses our key: {}", status.as_u16()),
            doubt: Doubt::Perhaps(Fate::Rejected),
        },
        400 => Outcome::Rejected { code: "bad-request" },
        413 => Outcome::Rejected { code: "too-large" },
        // Following a redirect would let an endpoint lead anywhere.
        300..=399 => Outcome::Rejected { code: "redirect" },
        _ => Outcome::Rejected { code: "refused" },
    }
}

/// Whose affair a wish for later is. 507 is what ntfy says of a topic that nobody listens to just now.
pub const fn about(status: StatusCode) -> About {
    match status {
        StatusCode::INSUFFICIENT_STORAGE => About::Endpoint,
        _ => About::Service,
    }
}

fn wns_status(headers: &HeaderMap) -> Option<&str> {
    headers.get(X_WNS_STATUS).or_else(|| headers.get(X_WNS_NOTIFICATION_STATUS))?.to_str().ok()
}

#[cfg(test)]
#[path = "webpush_tests.rs"]
mod tests;
