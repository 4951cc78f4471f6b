//! The channel of a subscription's body: where its pushes are to go, checked against what this installation sends
//! through.

use super::fields::{Faults, Object};
use crate::model::subscriber::{APNS_ORIGIN, ApnsChannel, Channel, FCM_ORIGIN, FcmChannel, WebPushChannel};
use crate::push::endpoint::EndpointPolicy;
use crate::push::webpush::is_public_key;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

/// Fewest hexadecimal digits of an APNs device token: those of today. Apple says that they may become longer.
const APNS_TOKEN_CHARS_MIN: usize = 64;
/// Most hexadecimal digits of an APNs device token.
const APNS_TOKEN_CHARS_MAX: usize = 200;
/// Fewest characters of an FCM registration token. Real ones have about 150.
const FCM_TOKEN_CHARS_MIN: usize = 20;
/// Most characters of an FCM registration token.
const FCM_TOKEN_CHARS_MAX: usize = 1_024;

/// The channel and its push service's origin.
pub(super) fn read_channel(value: &Value, policy: &EndpointPolicy, faults: &mut Faults) -> Option<(Channel, String)> {
    let kind = value.get("kind").and_then(Value::as_str);
    match kind {
        Some("webpush") => {
            read_webpush(value, policy, faults).map(|(channel, origin)| (Channel::WebPush(channel), origin))
        }
        Some("apns") if policy.apns_topics().is_empty() => not_set_up("APNs", faults),
        Some("fcm") if !policy.sends_fcm() => not_set_up("FCM", faults),
        Some("apns") => {
            read_apns(value, policy, faults).map(|channel| (Channel::Apns(channel), APNS_ORIGIN.to_owned()))
        }
        Some("fcm") => read_fcm(value, faults).map(|channel| (Channel::Fcm(channel), FCM_ORIGIN.to_owned())),
        Some(_) | None => {
            let detail = "The kind of channel must be “webpush”, “apns” or “fcm”.";
            faults.add("/channel/kind", "unknown-channel", detail);
            None
        }
    }
}

fn not_set_up(name: &str, faults: &mut Faults) -> Option<(Channel, String)> {
    let detail = format!("This server does not send through {name}: its operator has not set it up.");
    faults.add("/channel/kind", "not-supported-here", detail);
    None
}

fn read_webpush(value: &Value, policy: &EndpointPolicy, faults: &mut Faults) -> Option<(WebPushChannel, String)> {
    let object = Object::read(value, "/channel", &["kind", "endpoint", "keys"], faults)?;
    let endpoint = object.required_text("endpoint", faults).and_then(|text| match policy.check(text) {
        Ok(checked) => Some((text.to_owned(), checked.origin)),
        Err(_) => {
            faults.add(
                "/channel/endpoint",
                "endpoint-refused",
                "The endpoint must be an https address at a push service that this server knows.",
            );
            None
        }
    });
    let keys = object.required("keys", faults)?;
    let keys = Object::read(keys, "/channel/keys", &["p256dh", "auth"], faults)?;
    let p256dh = read_key::<65>(&keys, "p256dh", faults).filter(|point| {
        let on_curve = is_public_key(point);
        if !on_curve {
            faults.add("/channel/keys/p256dh", "bad-key", "Not an uncompressed point of the curve P-256.");
        }
        on_curve
    });
    let auth = read_key::<16>(&keys, "auth", faults);
    let (endpoint, origin) = endpoint?;
    Some((WebPushChannel { endpoint, p256dh: p256dh?, auth: auth? }, origin))
}

fn read_key<const N: usize>(keys: &Object<'_>, name: &str, faults: &mut Faults) -> Option<[u8; N]> {
    let text = keys.required_text(name, faults)?;
    // Some clients pad, though RFC 8291 does not.
    let bytes = URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).ok().and_then(|bytes| bytes.try_into().ok());
    if bytes.is_none() {
        faults.add(&keys.at(name), "bad-key", format!("Must be {N} bytes in base64url."));
    }
    bytes
}

fn read_apns(value: &Value, policy: &EndpointPolicy, faults: &mut Faults) -> Option<ApnsChannel> {
    let object = Object::read(value, "/channel", &["kind", "token", "topic"], faults)?;
    let token = object.required_text("token", faults).filter(|token| {
        let fits = (APNS_TOKEN_CHARS_MIN..=APNS_TOKEN_CHARS_MAX).contains(&token.len())
            && token.len().is_multiple_of(2)
            && token.bytes().all(|byte| byte.is_ascii_hexdigit());
        if !fits {
            let detail = format!(
                "Must be the device token in hexadecimal: whole bytes, {APNS_TOKEN_CHARS_MIN} to \
                 {APNS_TOKEN_CHARS_MAX} digits."
            );
            faults.add("/channel/token", "bad-token", detail);
        }
        fits
    });
    let topic = object.required_text("topic", faults).filter(|topic| {
        let known = policy.apns_topics().iter().any(|known| known == topic);
        if !known {
            let detail = "The topic must be the bundle identifier of an app that this server sends to.";
            faults.add("/channel/topic", "unknown-topic", detail);
        }
        known
    });
    Some(ApnsChannel { token: token?.to_ascii_lowercase(), topic: topic?.to_owned() })
}

fn read_fcm(value: &Value, faults: &mut Faults) -> Option<FcmChannel> {
    let object = Object::read(value, "/channel", &["kind", "token"], faults)?;
    let token = object.required_text("token", faults)?;
    let fits = (FCM_TOKEN_CHARS_MIN..=FCM_TOKEN_CHARS_MAX).contains(&token.len())
        // Nothing that JSON would have to escape: the token is put into a text that is already written.
        && token.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\'));
    if !fits {
        let detail = format!(
            "Must be the registration token as the app got it: {FCM_TOKEN_CHARS_MIN} to {FCM_TOKEN_CHARS_MAX} \
             characters of ASCII without spaces and quotation marks."
        );
        faults.add("/channel/token", "bad-token", detail);
        return None;
    }
    Some(FcmChannel { token: token.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::web::error::{FieldProblem, WebError};
    use serde_json::json;

    /// A real user agent key: the one of RFC 8291 §5.
    const P256DH: &str = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4";
    const TOPIC: &str = "org.example.alerts";

    /// What an installation reads that has set up everything, or Web Push alone.
    fn read(value: &Value, everything: bool) -> Result<(Channel, String), WebError> {
        let mut push = Config::load(None).expect("the defaults").push;
        if everything {
            push.apns.key_file = Some("key.p8".into());
            push.apns.topics = vec![TOPIC.to_owned()];
            push.fcm.service_account_file = Some("account.json".into());
        }
        let mut faults = Faults::default();
        let channel = read_channel(value, &EndpointPolicy::new(&push), &mut faults);
        faults.finish(channel)
    }

    fn faults(value: &Value, everything: bool) -> Vec<(String, &'static str)> {
        match read(value, everything) {
            Ok(_) => Vec::new(),
            Err(WebError::InvalidFields { fields }) => {
                fields.into_iter().map(|FieldProblem { pointer, code, .. }| (pointer, code)).collect()
            }
            Err(other) => panic!("unexpected {other}"),
        }
    }

    fn fault(pointer: &str, code: &'static str) -> Vec<(String, &'static str)> {
        vec![(pointer.to_owned(), code)]
    }

    fn webpush(endpoint: &str, p256dh: &str, auth: &str) -> Value {
        json!({"kind": "webpush", "endpoint": endpoint, "keys": {"p256dh": p256dh, "auth": auth}})
    }

    #[test]
    fn keys_must_be_keys() {
        let endpoint = "https://updates.push.services.mozilla.com/wpush/v2/abc";
        let auth = "BTBZMqHH6r4Tts7J_aSIgg";
        assert_eq!(faults(&webpush(endpoint, P256DH, auth), false), []);
        let off_curve = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAjw4";
        for text in ["", "AAAA", off_curve] {
            let got = faults(&webpush(endpoint, text, auth), false);
            assert_eq!(got, fault("/channel/keys/p256dh", "bad-key"), "{text}");
        }
        let got = faults(&webpush(endpoint, P256DH, "AAAA"), false);
        assert_eq!(got, fault("/channel/keys/auth", "bad-key"));
    }

    #[test]
    fn an_endpoint_elsewhere_is_refused() {
        for endpoint in ["http://127.0.0.1:6379/", "https://push.example/x", "wpush", "https://169.254.169.254/"] {
            let got = faults(&webpush(endpoint, P256DH, "BTBZMqHH6r4Tts7J_aSIgg"), false);
            assert_eq!(got, fault("/channel/endpoint", "endpoint-refused"), "{endpoint}");
        }
    }

    #[test]
    fn a_device_of_apple_is_its_token_in_small_letters_and_its_app() {
        let token = "00aBcDeF".repeat(8);
        let value = json!({"kind": "apns", "token": token, "topic": TOPIC});
        let (channel, origin) = read(&value, true).unwrap_or_else(|error| panic!("{error:?}"));
        let Channel::Apns(apns) = channel else { panic!("another channel") };
        assert_eq!((apns.token, apns.topic, &*origin), ("00abcdef".repeat(8), TOPIC.to_owned(), "apns"));
        for token in ["", "0", &"g".repeat(64), &"a".repeat(63), &"a".repeat(65), &"a".repeat(202)] {
            let got = faults(&json!({"kind": "apns", "token": token, "topic": TOPIC}), true);
            assert_eq!(got, fault("/channel/token", "bad-token"), "{token}");
        }
        let got = faults(&json!({"kind": "apns", "token": token, "topic": "org.example.other"}), true);
        assert_eq!(got, fault("/channel/topic", "unknown-topic"));
        let got = faults(&json!({"kind": "apns", "environment": "sandbox"}), true);
        assert_eq!(got.len(), 3, "one too many, two missing: {got:?}");
    }

    #[test]
    fn a_registration_token_of_fcm_needs_no_escaping_in_json() {
        let token = format!("dQw4w9WgXcQ:APA91b{}", "x_-".repeat(45));
        let (channel, origin) =
            read(&json!({"kind": "fcm", "token": token}), true).unwrap_or_else(|error| panic!("{error:?}"));
        let Channel::Fcm(fcm) = channel else { panic!("another channel") };
        assert_eq!((fcm.token, &*origin), (token.clone(), "fcm"));
        for bad in ["", "short", &token.replace(':', "\""), &token.replace(':', "\\"), &token.replace(':', " ")] {
            assert_eq!(faults(&json!({"kind": "fcm", "token": bad}), true), fault("/channel/token", "bad-token"));
        }
        let long = json!({"kind": "fcm", "token": "x".repeat(FCM_TOKEN_CHARS_MAX + 1)});
        assert_eq!(faults(&long, true), fault("/channel/token", "bad-token"));
    }

    #[test]
    fn what_the_operator_has_not_set_up_is_said_so() {
        let apns = json!({"kind": "apns", "token": "a".repeat(64), "topic": TOPIC});
        assert_eq!(faults(&apns, false), fault("/channel/kind", "not-supported-here"));
        let fcm = json!({"kind": "fcm", "token": "a".repeat(64)});
        assert_eq!(faults(&fcm, false), fault("/channel/kind", "not-supported-here"));
        assert_eq!(faults(&json!({"kind": "sms"}), true), fault("/channel/kind", "unknown-channel"));
        assert_eq!(faults(&json!({}), true), fault("/channel/kind", "unknown-channel"));
    }
}
