//! Who can be sent to: recipients in groups that were made together, so that a million of them cost a few bytes each.
//! A recipient's id is its group's prefix and its number in the group, in eight hexadecimal digits.

use super::behaviour::Behaviour;
use super::service::Service;
use crate::clock;
use aws_lc_rs::agreement::{ECDH_P256, PrivateKey};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use data_encoding::HEXLOWER;
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// Most recipients at a time.
pub const SUBSCRIPTIONS_MAX: usize = 1_000_000;
/// Hexadecimal digits of a number in its group.
const NUMBER_DIGITS: usize = 8;
/// Random bytes in a device token of Apple's; they have 32 with the number.
const APNS_PREFIX_BYTES: usize = 28;
/// Random bytes in a token of Firebase, after the app's instance.
const FCM_PREFIX_BYTES: usize = 93;
const FCM_INSTANCE_BYTES: usize = 16;
/// Most keys of senders that recipients are bound to.
const SENDERS_MAX: usize = 1_024;
/// What apps of the sandbox are called.
pub(super) const APNS_TOPIC: &str = "org.beffroi.sandbox";

/// A browser's subscription, from the browser's side.
pub(super) struct Subscription {
    pub(super) private: PrivateKey,
    pub(super) public: Vec<u8>,
    pub(super) auth: [u8; 16],
}

impl Subscription {
    fn new() -> Option<Self> {
        let private = PrivateKey::generate(&ECDH_P256).ok()?;
        let public = private.compute_public_key().ok()?.as_ref().to_vec();
        Some(Self { private, public, auth: clock::random_bytes() })
    }

    /// As `PushSubscription.toJSON` has it.
    fn keys(&self) -> Value {
        json!({"p256dh": URL_SAFE_NO_PAD.encode(&self.public), "auth": URL_SAFE_NO_PAD.encode(self.auth)})
    }
}

/// Recipients made by one request.
struct Group {
    channel: Service,
    /// The index of the first, among all recipients.
    first: u32,
    count: u32,
    /// Web Push: keys, taken in turn. Empty for the others.
    keys: Vec<Arc<Subscription>>,
}

/// What is known of one recipient, by index.
#[derive(Debug, Clone, Copy, Default)]
struct Standing {
    accepted: u16,
    /// One more than the place of the sender's key that the first push bound it to; 0 before (RFC 8292 §4.2 binds it
    /// when subscribing).
    sender: u16,
}

/// A recipient that was looked up.
pub(super) struct Found {
    pub(super) index: u32,
    pub(super) channel: Service,
    pub(super) subscription: Option<Arc<Subscription>>,
}

/// What is asked for when recipients are made.
pub(super) struct Wanted {
    pub(super) channel: Service,
    pub(super) count: u32,
    /// Web Push: how many key pairs they share; real ones are costly to make.
    pub(super) keys: u32,
    pub(super) behaviour: Behaviour,
    /// Whether to answer with the prefix and the keys instead of each recipient.
    pub(super) compact: bool,
}

#[derive(Default)]
pub(super) struct Recipients {
    groups: HashMap<String, Group>,
    standing: Vec<Standing>,
    /// Those that do not simply accept.
    behaviours: HashMap<u32, Behaviour>,
    senders: Vec<String>,
}

impl Recipients {
    /// New recipients; `None` when there would be too many.
    pub(super) fn make(&mut self, origin: &str, wanted: &Wanted) -> Option<Value> {
        let first = self.standing.len();
        let after = first.checked_add(wanted.count as usize).filter(|after| *after <= SUBSCRIPTIONS_MAX)?;
        let first = u32::try_from(first).ok()?;
        let keys: Vec<_> = match wanted.channel {
            Service::WebPush => (0..wanted.keys.clamp(1, wanted.count))
                .map(|_| Subscription::new().map(Arc::new))
                .collect::<Option<_>>()?,
            Service::Apns | Service::Fcm => Vec::new(),
        };
        self.standing.resize(after, Standing::default());
        if wanted.behaviour != Behaviour::WELL {
            self.behaviours.extend((first..first + wanted.count).map(|index| (index, wanted.behaviour)));
        }
        let prefix = prefix(wanted.channel);
        let group = Group { channel: wanted.channel, first, count: wanted.count, keys };
        let answer = if wanted.compact {
            let keys: Vec<Value> = group.keys.iter().map(|one| one.keys()).collect();
            json!({"origin": origin, "prefix": prefix, "count": group.count, "keys": keys, "topic": APNS_TOPIC})
        } else {
            (0..group.count).map(|number| group.describe(origin, &prefix, number)).collect()
        };
        self.groups.insert(prefix, group);
        Some(answer)
    }

    pub(super) fn find(&self, id: &str) -> Option<Found> {
        let (prefix, digits) = id.split_at_checked(id.len().checked_sub(NUMBER_DIGITS)?)?;
        let group = self.groups.get(prefix)?;
        let hexadecimal = digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        let number = u32::from_str_radix(digits, 16).ok().filter(|number| hexadecimal && *number < group.count)?;
        let subscription = match group.keys.len() {
            0 => None,
            keys => group.keys.get(number as usize % keys).map(Arc::clone),
        };
        Some(Found { index: group.first + number, channel: group.channel, subscription })
    }

    /// How this push to it goes, and one time less for the next.
    pub(super) fn take(&mut self, index: u32) -> Behaviour {
        self.behaviours.get_mut(&index).map_or(Behaviour::WELL, Behaviour::take)
    }

    /// `false` when there is no such recipient.
    pub(super) fn behave(&mut self, id: &str, behaviour: Behaviour) -> bool {
        let Some(found) = self.find(id) else { return false };
        self.behaviours.insert(found.index, behaviour);
        true
    }

    pub(super) fn count_accepted(&mut self, index: u32) {
        if let Some(standing) = self.standing.get_mut(index as usize) {
            standing.accepted = standing.accepted.saturating_add(1);
        }
    }

    /// Whether this is the sender that the recipient is bound to; the first one binds it.
    pub(super) fn is_bound_to(&mut self, index: u32, sender: &str) -> bool {
        let known = self.senders.iter().position(|known| known == sender);
        let place = known.unwrap_or_else(|| {
            if self.senders.len() < SENDERS_MAX {
                self.senders.push(sender.to_owned());
            }
            self.senders.len() - 1
        });
        let place = u16::try_from(place + 1).unwrap_or(u16::MAX);
        let Some(standing) = self.standing.get_mut(index as usize) else { return false };
        if standing.sender == 0 {
            standing.sender = place;
        }
        standing.sender == place
    }

    /// How often each accepted.
    pub(super) fn accepted(&self) -> BTreeMap<String, u16> {
        let of = |group: &Group, number: u32| {
            self.standing.get((group.first + number) as usize).map_or(0, |standing| standing.accepted)
        };
        let each = |(prefix, group): (&String, &Group)| {
            (0..group.count).map(|number| (id(prefix, number), of(group, number))).collect::<Vec<_>>()
        };
        self.groups.iter().flat_map(each).collect()
    }

    /// Sets how often each accepted to zero.
    pub(super) fn forget(&mut self) {
        for standing in &mut self.standing {
            standing.accepted = 0;
        }
    }
}

impl Group {
    /// One recipient as a client would name it, with its `id`.
    fn describe(&self, origin: &str, prefix: &str, number: u32) -> Value {
        let id = id(prefix, number);
        match self.channel {
            Service::WebPush => {
                let keys = self.keys.get(number as usize % self.keys.len().max(1)).map(|one| one.keys());
                json!({"id": id, "endpoint": format!("{origin}/push/{id}"), "expirationTime": null, "keys": keys})
            }
            Service::Apns => {
                json!({"id": id, "channel": {"kind": "apns", "token": id, "topic": APNS_TOPIC}})
            }
            Service::Fcm => json!({"id": id, "channel": {"kind": "fcm", "token": id}}),
        }
    }
}

/// The id of a group's recipient.
fn id(prefix: &str, number: u32) -> String {
    format!("{prefix}{number:0NUMBER_DIGITS$x}")
}

/// What the ids of a new group begin with, in the form that the real services give theirs.
fn prefix(channel: Service) -> String {
    match channel {
        Service::WebPush => clock::random_id(),
        Service::Apns => HEXLOWER.encode(&clock::random_bytes::<APNS_PREFIX_BYTES>()),
        Service::Fcm => {
            let instance = URL_SAFE_NO_PAD.encode(clock::random_bytes::<FCM_INSTANCE_BYTES>());
            format!("{instance}:APA91b{}", URL_SAFE_NO_PAD.encode(clock::random_bytes::<FCM_PREFIX_BYTES>()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(channel: Service, count: u32, keys: u32, compact: bool) -> Wanted {
        Wanted { channel, count, keys, behaviour: Behaviour::WELL, compact }
    }

    #[test]
    fn every_recipient_is_found_by_its_id_and_nobody_else() {
        let mut all = Recipients::default();
        let mut seen = Vec::new();
        for channel in Service::ALL {
            let made = all.make("https://a", &wanted(channel, 3, 3, false)).expect("there is room");
            for one in made.as_array().expect("a list") {
                let id = one["id"].as_str().expect("an id");
                let found = all.find(id).expect("found");
                assert_eq!((found.channel, found.subscription.is_some()), (channel, channel == Service::WebPush));
                seen.push(found.index);
                for other in
                    [id.to_uppercase().as_str(), &id[1..], &format!("{}+0000001", &id[..id.len() - 8]), "", "é"]
                {
                    assert!(other == id || all.find(other).is_none(), "{other}");
                }
            }
            let id = made[0]["id"].as_str().expect("an id");
            assert!(all.find(&format!("{}00000003", &id[..id.len() - 8])).is_none(), "one more than there are");
        }
        assert_eq!(seen, (0..9).collect::<Vec<_>>());
    }

    #[test]
    fn keys_are_taken_in_turn_by_number() {
        let mut all = Recipients::default();
        let made = all.make("https://a", &wanted(Service::WebPush, 5, 2, true)).expect("there is room");
        let prefix = made["prefix"].as_str().expect("a prefix");
        for number in 0..5 {
            let found = all.find(&format!("{prefix}{number:08x}")).expect("found");
            assert_eq!(found.subscription.expect("keys").keys(), made["keys"][number % 2]);
        }
    }

    #[test]
    fn there_are_never_more_than_the_bound() {
        let mut all = Recipients::default();
        let most = u32::try_from(SUBSCRIPTIONS_MAX).expect("a small bound");
        assert!(all.make("https://a", &wanted(Service::Fcm, most, 0, true)).is_some());
        assert!(all.make("https://a", &wanted(Service::Fcm, 1, 0, true)).is_none());
    }
}
