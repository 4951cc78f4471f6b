//! What waits for a device that is away: each service keeps less than it accepted. How long it keeps it is left out.

use super::service::Service;
use super::state::Message;
use serde_json::Value;
use std::collections::VecDeque;

/// Collapse keys that Google keeps messages of, for each device.
const COLLAPSE_KEYS_MAX: usize = 4;
/// Messages that do not collapse which Google keeps for a device. One more, and all are discarded.
const MESSAGES_ALONE_MAX: usize = 100;

/// How a message waits.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Kept {
    /// It does not: it is delivered at once, or never.
    Not,
    /// Beside all others.
    Alone,
    /// In the place of what waited under the same name.
    Under(String),
}

/// The messages of one device that still wait, oldest first. Of more than [`COLLAPSE_KEYS_MAX`] names at Google, which
/// keeps any four, the latest are kept.
pub(super) fn waiting<'a>(accepted: impl Iterator<Item = &'a Message>) -> Vec<&'a Message> {
    let mut waiting: VecDeque<(Kept, &Message)> = VecDeque::new();
    for message in accepted {
        let kept = kept(message);
        match &kept {
            Kept::Not => continue,
            Kept::Alone => {
                let alone = waiting.iter().filter(|(kept, _)| *kept == Kept::Alone).count();
                if message.channel == Service::Fcm && alone >= MESSAGES_ALONE_MAX {
                    waiting.retain(|(kept, _)| *kept != Kept::Alone);
                    continue;
                }
            }
            Kept::Under(_) => {
                waiting.retain(|(other, _)| *other != kept);
                let mut named = waiting.iter().enumerate().filter(|(_, (kept, _))| *kept != Kept::Alone);
                let oldest = named.next().map(|(nth, _)| nth);
                if message.channel == Service::Fcm && 1 + named.count() >= COLLAPSE_KEYS_MAX {
                    oldest.and_then(|nth| waiting.remove(nth));
                }
            }
        }
        waiting.push_back((kept, message));
    }
    waiting.into_iter().map(|(_, message)| message).collect()
}

fn kept(message: &Message) -> Kept {
    let header = |name: &str| message.headers.get(name).map(String::as_str);
    match message.channel {
        // RFC 8030 §5.2 and §5.4.
        Service::WebPush if header("ttl") == Some("0") => Kept::Not,
        Service::WebPush => header("topic").map_or(Kept::Alone, |topic| Kept::Under(topic.to_owned())),
        // "APNs stores only one notification per bundle ID."
        Service::Apns if header("apns-expiration") == Some("0") => Kept::Not,
        Service::Apns => Kept::Under(header("apns-topic").unwrap_or_default().to_owned()),
        Service::Fcm => of_fcm(message.plaintext.as_deref().unwrap_or_default()),
    }
}

/// "Notification messages are always collapsible and will ignore the collapse_key parameter": their key is the app.
fn of_fcm(body: &str) -> Kept {
    let body: Value = serde_json::from_str(body).unwrap_or_default();
    let (message, android) = (&body["message"], &body["message"]["android"]);
    if message["notification"].is_object() || android["notification"].is_object() {
        return Kept::Under(String::new());
    }
    let key = [&android["collapse_key"], &android["collapseKey"]].into_iter().find_map(Value::as_str);
    key.map_or(Kept::Alone, |key| Kept::Under(key.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn fcm(number: u64, message: Value) -> Message {
        Message::sample(number, Service::Fcm, &[], Some(json!({ "message": message }).to_string()))
    }

    fn numbers(messages: &[Message]) -> Vec<u64> {
        waiting(messages.iter()).iter().map(|message| message.number()).collect()
    }

    #[test]
    fn of_what_google_would_show_itself_the_last_waits_and_data_waits_side_by_side() {
        let data = |key: Option<&str>| json!({"data": {"a": "b"}, "android": {"collapse_key": key}});
        let shown = |key: &str| json!({"notification": {"title": "a"}, "android": {"collapse_key": key}});
        let on_android = json!({"android": {"notification": {"title": "a"}}});
        let messages = [shown("x"), data(None), on_android, data(Some("x")), data(None), data(Some("x")), shown("y")];
        let messages: Vec<Message> = (0..).zip(messages).map(|(number, message)| fcm(number, message)).collect();
        assert_eq!(numbers(&messages), [1, 4, 5, 6]);
        let keys: Vec<Message> = (0..6).map(|nth| fcm(nth, data(Some(&format!("key {nth}"))))).collect();
        assert_eq!(numbers(&keys), [2, 3, 4, 5]);
        let many: Vec<Message> = (0..101).map(|nth| fcm(nth, data(None))).collect();
        assert_eq!(numbers(&many[..100]).len(), 100);
        assert_eq!(numbers(&many), [0; 0]);
    }

    #[test]
    fn apple_keeps_the_last_of_an_app_and_a_push_service_the_last_of_a_topic() {
        let apns = |number, topic, expiration| {
            Message::sample(number, Service::Apns, &[("apns-topic", topic), ("apns-expiration", expiration)], None)
        };
        assert_eq!(
            numbers(&[apns(0, "app", "9"), apns(1, "other", "9"), apns(2, "app", "9"), apns(3, "app", "0")]),
            [1, 2]
        );
        let webpush = |number, headers: &[(&str, &str)]| Message::sample(number, Service::WebPush, headers, None);
        let messages = [
            webpush(0, &[("ttl", "9"), ("topic", "a")]),
            webpush(1, &[("ttl", "9"), ("topic", "b")]),
            webpush(2, &[("ttl", "9")]),
            webpush(3, &[("ttl", "0"), ("topic", "b")]),
            webpush(4, &[("ttl", "9"), ("topic", "a")]),
        ];
        assert_eq!(numbers(&messages), [1, 2, 4]);
    }
}
