//! What a strict push service and a browser would say to a push: RFC 8030's headers, RFC 8292's token, RFC 8291's
//! body. Written apart from `push::webpush`, so that the two can disagree.

use aws_lc_rs::aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::agreement::{self, ECDH_P256, PrivateKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, KeyType, Salt};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::HeaderMap;
use jiff::Timestamp;
use serde_json::Value;

/// Largest body of a push (RFC 8291 §4), bytes.
pub(super) const PUSH_BYTES_MAX: usize = 4_096;
/// Furthest end of a token (RFC 8292 §2), seconds.
const TOKEN_S_MAX: i64 = 24 * 3_600;
const TOPIC_CHARS_MAX: usize = 32;
const POINT_BYTES: usize = 65;
/// Salt, record size, length of the key id.
const FIXED_BYTES: usize = 16 + 4 + 1;
/// A record has at least a delimiter and a tag (RFC 8188 §2.1).
const RECORD_BYTES_MIN: u32 = 18;

/// A VAPID token whose signature was looked at once.
#[derive(Debug, Clone, Default)]
pub(super) struct Token {
    pub(super) claims: Option<Value>,
    /// The sender's public key, base64url.
    pub(super) key: Option<String>,
    /// What is wrong with it whenever it is used.
    problems: Vec<String>,
}

impl Token {
    /// Reads `vapid t=…, k=…` (RFC 8292 §3) and verifies the signature.
    pub(super) fn read(authorization: Option<&str>) -> Self {
        let Some((token, key)) = authorization.and_then(parameters) else {
            return Self { problems: vec!["Authorization is not `vapid t=…, k=…`".to_owned()], ..Self::default() };
        };
        let mut problems = Vec::new();
        let claims = claims(token, key).unwrap_or_else(|problem| {
            problems.push(format!("VAPID: {problem}"));
            None
        });
        Self { claims, key: Some(key.to_owned()), problems }
    }

    /// What is wrong with it here and now.
    pub(super) fn problems(&self, origin: &str, now: Timestamp) -> Vec<String> {
        let mut problems = self.problems.clone();
        let Some(claims) = &self.claims else { return problems };
        if claims["aud"] != origin {
            problems.push(format!("VAPID: aud is {}, want {origin:?}", claims["aud"]));
        }
        let left = claims["exp"].as_i64().map(|end| end - now.as_second());
        if !left.is_some_and(|left| (1..=TOKEN_S_MAX).contains(&left)) {
            problems.push(format!("VAPID: exp is {left:?} s ahead, want 1 to {TOKEN_S_MAX}"));
        }
        let contact = claims["sub"].as_str().unwrap_or_default();
        if !contact.starts_with("mailto:") && !contact.starts_with("https:") {
            problems.push(format!("VAPID: sub is {}, want mailto: or https:", claims["sub"]));
        }
        problems
    }
}

fn parameters(authorization: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = authorization.trim().split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("vapid") {
        return None;
    }
    let find = |name: &str| {
        rest.split(',').find_map(|part| part.trim().split_once('=').filter(|(key, _)| *key == name)).map(|it| it.1)
    };
    Some((find("t")?, find("k")?))
}

fn claims(token: &str, key: &str) -> Result<Option<Value>, String> {
    let bytes = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|error| error.to_string());
    let json = |part: &str| serde_json::from_slice::<Value>(&bytes(part)?).map_err(|error| error.to_string());
    let (signed, signature) = token.rsplit_once('.').ok_or("the token has no signature")?;
    let (head, claims) = signed.split_once('.').ok_or("the token has no claims")?;
    if json(head)?["alg"] != "ES256" {
        return Err("alg is not ES256".to_owned());
    }
    UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, bytes(key)?)
        .verify(signed.as_bytes(), &bytes(signature)?)
        .map_err(|_| "the signature does not fit the key")?;
    json(claims).map(Some)
}

/// What is wrong with the headers that are not the token.
pub(super) fn headers(headers: &HeaderMap) -> Vec<String> {
    let mut problems = Vec::new();
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("not text"));
    let ttl = text("ttl").unwrap_or_default();
    if ttl.is_empty() || !ttl.bytes().all(|byte| byte.is_ascii_digit()) {
        problems.push(format!("TTL is {ttl:?}, want seconds"));
    }
    let urgency = text("urgency").unwrap_or("normal");
    if !["very-low", "low", "normal", "high"].contains(&urgency) {
        problems.push(format!("Urgency is {urgency:?}"));
    }
    if let Some(topic) = text("topic") {
        let base64url = topic.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
        if topic.is_empty() || topic.len() > TOPIC_CHARS_MAX || !base64url {
            problems.push(format!("Topic is {topic:?}, want 1 to {TOPIC_CHARS_MAX} characters of base64url"));
        }
    }
    if text("content-encoding") != Some("aes128gcm") {
        problems.push("Content-Encoding is not aes128gcm".to_owned());
    }
    for name in ["ttl", "urgency", "topic", "authorization", "content-encoding"] {
        if headers.get_all(name).iter().count() > 1 {
            problems.push(format!("{name} is there more than once"));
        }
    }
    problems
}

/// Lengths of what HKDF gives.
struct Bytes(usize);

impl KeyType for Bytes {
    fn len(&self) -> usize {
        self.0
    }
}

fn hkdf<const N: usize>(salt: &[u8], secret: &[u8], info: &[&[u8]]) -> Result<[u8; N], String> {
    let mut out = [0; N];
    Salt::new(HKDF_SHA256, salt)
        .extract(secret)
        .expand(info, Bytes(N))
        .and_then(|key| key.fill(&mut out))
        .map_err(|_| "HKDF refuses")?;
    Ok(out)
}

/// Decrypts a body as a browser does (RFC 8291 §3.4, RFC 8188 §2).
pub(super) fn decrypt(private: &PrivateKey, public: &[u8], auth: &[u8], body: &[u8]) -> Result<Vec<u8>, String> {
    if body.len() > PUSH_BYTES_MAX {
        return Err(format!("the body has {} bytes, more than {PUSH_BYTES_MAX}", body.len()));
    }
    let (fixed, rest) = body.split_at_checked(FIXED_BYTES).ok_or("the body is shorter than its header")?;
    let (salt, record) = fixed.split_at(16);
    let record_bytes = u32::from_be_bytes([record[0], record[1], record[2], record[3]]);
    if usize::from(record[4]) != POINT_BYTES {
        return Err(format!("the key id has {} bytes, want {POINT_BYTES}", record[4]));
    }
    let (sender, sealed) = rest.split_at_checked(POINT_BYTES).ok_or("the body is shorter than its header")?;
    if record_bytes < RECORD_BYTES_MIN || sealed.len() > record_bytes as usize {
        return Err(format!("not one record: {} bytes in records of {record_bytes}", sealed.len()));
    }
    let peer = agreement::UnparsedPublicKey::new(&ECDH_P256, sender);
    let ikm: [u8; 32] = agreement::agree(private, peer, "the sender's key is no point".to_owned(), |secret| {
        hkdf(auth, secret, &[b"WebPush: info\0", public, sender])
    })?;
    let key: [u8; 16] = hkdf(salt, &ikm, &[b"Content-Encoding: aes128gcm\0"])?;
    let nonce: [u8; 12] = hkdf(salt, &ikm, &[b"Content-Encoding: nonce\0"])?;
    let key = LessSafeKey::new(UnboundKey::new(&AES_128_GCM, &key).map_err(|_| "AES refuses")?);
    let mut plain = sealed.to_vec();
    let opened = key
        .open_in_place(Nonce::assume_unique_for_key(nonce), Aad::empty(), &mut plain)
        .map_err(|_| "the body does not decrypt")?;
    let end = opened.iter().rposition(|byte| *byte != 0).ok_or("there is no delimiter")?;
    if opened[end] != 2 {
        return Err("the last record must end with the delimiter 2".to_owned());
    }
    Ok(opened[..end].to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(base64url: &str) -> Vec<u8> {
        URL_SAFE_NO_PAD.decode(base64url).expect("base64url")
    }

    const PUBLIC: &str = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4";
    const BODY: &str = "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN";

    fn read(body: &[u8]) -> Result<Vec<u8>, String> {
        let private = PrivateKey::from_private_key(&ECDH_P256, &bytes("q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94"))
            .expect("a private key");
        decrypt(&private, &bytes(PUBLIC), &bytes("BTBZMqHH6r4Tts7J_aSIgg"), body)
    }

    #[test]
    fn the_example_of_rfc_8291_is_read() {
        assert_eq!(read(&bytes(BODY)).as_deref(), Ok(&b"When I grow up, I want to be a watermelon"[..]));
    }

    #[test]
    fn bodies_that_are_cut_changed_or_of_several_records_are_refused() {
        let good = bytes(BODY);
        for length in [0, 20, 21, 85, 86, good.len() - 1] {
            read(&good[..length]).expect_err("cut");
        }
        for index in [0, 30, 86, good.len() - 1] {
            let mut changed = good.clone();
            changed[index] ^= 1;
            read(&changed).expect_err("changed");
        }
        let mut short_records = good;
        short_records[16..20].copy_from_slice(&20u32.to_be_bytes());
        assert!(read(&short_records).expect_err("several records").contains("not one record"));
    }

    #[test]
    fn tokens_that_are_none_are_told() {
        for bad in
            [None, Some(""), Some("Bearer a"), Some("vapid t=a"), Some("vapid t=a.b, k=c"), Some("vapid t=a.b.c, k=d")]
        {
            let token = Token::read(bad);
            assert_eq!(token.problems("https://a", Timestamp::UNIX_EPOCH).len(), 1, "{bad:?}");
        }
    }

    #[test]
    fn every_wrong_header_is_told() {
        let mut wrong = HeaderMap::new();
        assert_eq!(headers(&wrong).len(), 2, "TTL and Content-Encoding are missing");
        for (name, value) in [("ttl", "soon"), ("urgency", "now"), ("topic", "a b"), ("content-encoding", "aesgcm")] {
            wrong.insert(name, http::HeaderValue::from_static(value));
        }
        assert_eq!(headers(&wrong).len(), 4);
        wrong.append("ttl", http::HeaderValue::from_static("1"));
        assert_eq!(headers(&wrong).len(), 5);
    }
}
