//! The RFC's own vector, an independent decryption, and every answer of a push service.

use super::*;
use crate::model::subscriber::WebPushChannel;
use crate::push::endpoint::{EndpointPolicy, KnownOrigins};
use crate::push::reading::RETRY_AFTER_S_MAX;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ece::crypto::EcKeyComponents;
use std::collections::HashSet;
use std::time::Duration;

fn bytes<const N: usize>(base64url: &str) -> [u8; N] {
    URL_SAFE_NO_PAD.decode(base64url).expect("base64url").try_into().expect("the right length")
}

/// RFC 8291 appendix A.
#[test]
fn the_example_of_rfc_8291_comes_out_byte_for_byte() {
    let private = PrivateKey::from_private_key(&ECDH_P256, &bytes::<32>("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"))
        .expect("a private key");
    let p256dh = bytes("BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4");
    let auth = bytes("BTBZMqHH6r4Tts7J_aSIgg");
    let body = arm_with(&private, &p256dh, &auth)
        .and_then(|armed| {
            Box::new(armed).seal(
                bytes("DGv6ra1nlYgDCS1FRnbzlw"),
                0,
                write(b"When I grow up, I want to be a watermelon"),
            )
        })
        .expect("encrypted");
    let want = "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN";
    assert_eq!(URL_SAFE_NO_PAD.encode(body), want);
}

fn user_agent() -> (EcKeyComponents, WebPushChannel) {
    let (pair, auth) = ece::generate_keypair_and_auth_secret().expect("a key pair");
    let components = pair.raw_components().expect("raw keys");
    let p256dh = components.public_key().try_into().expect("65 bytes");
    (components, WebPushChannel { endpoint: "https://push.example.net/a".to_owned(), p256dh, auth })
}

fn write(text: &[u8]) -> impl FnOnce(&mut Vec<u8>) {
    move |body| body.extend_from_slice(text)
}

fn of(channel: &WebPushChannel, text: &[u8]) -> Result<Request<Bytes>, BuildError> {
    to(Uri::from_static("https://push.example.net/a"), channel, text)
}

fn to(endpoint: Uri, channel: &WebPushChannel, text: &[u8]) -> Result<Request<Bytes>, BuildError> {
    let terms = Terms {
        ttl_s: 3_600,
        urgency: Urgency::High,
        topic: topic("topic").expect("a topic"),
        authorization: HeaderValue::from_static("vapid t=a, k=b"),
    };
    request(
        endpoint,
        (Box::new(arm(&channel.p256dh, &channel.auth)?), Salts::default().next()),
        text.len(),
        write(text),
        terms,
    )
}

#[test]
fn another_implementation_reads_what_we_encrypt_up_to_the_last_byte_allowed() {
    let (components, channel) = user_agent();
    for length in [0, 1, 600, PLAINTEXT_BYTES_MAX] {
        let text: Vec<u8> = (0..length).map(|index| index as u8).collect();
        let request = of(&channel, &text).expect("a request");
        assert!(request.body().len() <= BODY_BYTES_MAX);
        assert_eq!(ece::decrypt(&components, &channel.auth, request.body()).expect("decrypts"), text);
    }
    let long = vec![0; PLAINTEXT_BYTES_MAX + 1];
    assert_eq!(of(&channel, &long).expect_err("too long"), BuildError::Long);
}

#[test]
fn a_request_carries_every_header_that_push_services_ask_for() {
    let (_, channel) = user_agent();
    let request = of(&channel, b"text").expect("a request");
    let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    assert_eq!(request.method(), Method::POST);
    assert_eq!((header("ttl"), header("urgency"), header("topic")), ("3600", "high", "topic"));
    assert_eq!((header("content-encoding"), header("authorization")), ("aes128gcm", "vapid t=a, k=b"));
}

#[test]
fn two_pushes_of_one_text_share_neither_key_nor_salt() {
    let (_, channel) = user_agent();
    let body = || of(&channel, b"text").expect("a request").into_body();
    let (one, two) = (body(), body());
    assert_ne!(one[..SALT_BYTES], two[..SALT_BYTES]);
    assert_ne!(one[SALT_BYTES + 5..HEADER_BYTES], two[SALT_BYTES + 5..HEADER_BYTES]);
}

#[test]
fn no_salt_is_given_twice_however_many_ask_at_once() {
    let salts = Salts::default();
    let some = || (0..100).map(|_| salts.next()).collect::<Vec<_>>();
    let given: Vec<Vec<Salt>> = std::thread::scope(|scope| {
        let asking: Vec<_> = (0..4).map(|_| scope.spawn(some)).collect();
        asking.into_iter().map(|one| one.join().expect("it does not panic")).collect()
    });
    assert_eq!(given.iter().flatten().collect::<HashSet<_>>().len(), 400);
}

#[test]
fn a_key_that_is_no_point_of_the_curve_is_refused_when_asked_and_when_sending() {
    let (_, good) = user_agent();
    assert!(is_public_key(&good.p256dh));
    let mut off_the_curve = good.p256dh;
    off_the_curve[64] ^= 1;
    let mut compressed = good.p256dh;
    compressed[0] = 2;
    let mut hybrid = good.p256dh;
    hybrid[0] = 6 + (good.p256dh[64] & 1);
    for p256dh in [off_the_curve, compressed, hybrid, [0; POINT_BYTES], [4; POINT_BYTES], [0xff; POINT_BYTES]] {
        assert!(!is_public_key(&p256dh), "{p256dh:?}");
    }
    let channel = WebPushChannel { p256dh: off_the_curve, ..good };
    assert_eq!(of(&channel, b"").expect_err("no point"), BuildError::PublicKey);
}

#[test]
fn a_topic_that_no_service_takes_is_refused() {
    for text in ["", "a\nb", "123456789012345678901234567890123"] {
        assert_eq!(topic(text).expect_err("bad topic"), BuildError::Topic);
    }
}

fn now() -> Timestamp {
    "2026-11-22T12:00:00Z".parse().expect("a timestamp")
}

fn read(status: u16, headers: &[(&'static str, &'static str)]) -> Outcome {
    let headers =
        headers.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value))).collect();
    outcome(StatusCode::from_u16(status).expect("a status"), &headers, now())
}

#[test]
fn every_status_has_its_outcome() {
    for status in [200, 201, 202, 204] {
        assert_eq!(read(status, &[]), Outcome::Accepted, "{status}");
    }
    for status in [404, 410] {
        assert_eq!(read(status, &[]), Outcome::Gone, "{status}");
    }
    for status in [406, 408, 425, 429, 500, 502, 503, 504, 599] {
        assert_eq!(read(status, &[]), Outcome::Retry { after: Duration::ZERO }, "{status}");
    }
    for status in [401, 403] {
        assert!(matches!(read(status, &[]), Outcome::Misconfigured { .. }), "{status}");
    }
    for (status, code) in [
        (400, "bad-request"),
        (413, "too-large"),
        (301, "redirect"),
        (302, "redirect"),
        (307, "redirect"),
        (308, "redirect"),
        (402, "refused"),
        (405, "refused"),
        (451, "refused"),
        (999, "refused"),
    ] {
        assert_eq!(read(status, &[("location", "http://127.0.0.1/")]), Outcome::Rejected { code }, "{status}");
    }
}

#[test]
fn retry_after_is_read_as_seconds_or_date_and_bounded() {
    for (text, seconds) in [
        ("0", 0),
        ("7", 7),
        (" 120 ", 120),
        ("3601", RETRY_AFTER_S_MAX),
        ("99999999999999999999999", RETRY_AFTER_S_MAX),
        ("Sun, 22 Nov 2026 12:01:30 GMT", 90),
        ("Sun, 22 Nov 2026 11:00:00 GMT", 0),
        ("Wed, 22 Nov 2028 12:00:00 GMT", RETRY_AFTER_S_MAX),
        ("soon", 0),
        ("-5", 0),
        ("", 0),
    ] {
        let after = Duration::from_secs(seconds);
        assert_eq!(read(503, &[("retry-after", text)]), Outcome::Retry { after }, "{text}");
    }
}

#[test]
fn microsofts_success_that_is_none_is_not_taken_for_one() {
    assert_eq!(read(201, &[("x-wns-status", "received")]), Outcome::Accepted);
    assert_eq!(read(200, &[("x-wns-status", "dropped")]), Outcome::Rejected { code: "dropped" });
    assert_eq!(
        read(200, &[("x-wns-status", "channelthrottled"), ("retry-after", "5")]),
        Outcome::Retry { after: Duration::from_secs(5) }
    );
}

/// ntfy's endpoints of UnifiedPush: a topic as the path, and a query that says what it is for.
#[test]
fn an_endpoint_of_unifiedpush_at_a_listed_host_is_sent_to_as_it_is() {
    let mut settings = crate::config::Config::load(None).expect("the defaults").push;
    let text = "https://ntfy.example.org/upQ0u5pY7Zk2Wx?up=1";
    assert!(EndpointPolicy::new(&settings).check(text).is_err(), "a host that nobody listed");
    settings.hosts.push("ntfy.example.org".to_owned());
    let (components, channel) = user_agent();
    let (origin, uri) = KnownOrigins::default().uri(&EndpointPolicy::new(&settings), text).expect("listed");
    assert_eq!((&*origin, uri.to_string().as_str()), ("https://ntfy.example.org", text));
    let request = to(uri, &channel, b"text").expect("a request");
    assert_eq!(request.uri(), text);
    let plaintext = ece::decrypt(&components, &channel.auth, request.body()).expect("decrypted");
    assert_eq!(plaintext, b"text");
}
