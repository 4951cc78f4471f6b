//! Once and for one person only, within bounds, and readable by another implementation.

use super::*;
use crate::clock;
use crate::push::endpoint::KnownOrigins;
use crate::push::webpush::{Salts, Terms, request, topic};
use bytes::Bytes;
use ece::crypto::EcKeyComponents;
use http::HeaderValue;
use std::collections::HashSet;
use web_push::Urgency;

const MB: usize = 1_000_000;

fn person() -> (EcKeyComponents, WebPushChannel) {
    let (pair, auth) = ece::generate_keypair_and_auth_secret().expect("a key pair");
    let components = pair.raw_components().expect("raw keys");
    let p256dh = components.public_key().try_into().expect("65 bytes");
    (components, WebPushChannel { endpoint: "https://push.example.net/a".to_owned(), p256dh, auth })
}

fn sealed(armed: Armed, text: &[u8]) -> Bytes {
    let mut settings = crate::config::Config::load(None).expect("the defaults").push;
    settings.hosts.push("push.example.net".to_owned());
    let policy = crate::push::endpoint::EndpointPolicy::new(&settings);
    let (_, uri) = KnownOrigins::default().uri(&policy, "https://push.example.net/a").expect("listed");
    let terms = Terms {
        ttl_s: 60,
        urgency: Urgency::High,
        topic: topic("topic").expect("a topic"),
        authorization: HeaderValue::from_static("vapid t=a, k=b"),
    };
    let write = |body: &mut Vec<u8>| body.extend_from_slice(text);
    request(uri, (Box::new(armed), Salts::default().next()), text.len(), write, terms).expect("a request").into_body()
}

#[test]
fn another_implementation_reads_what_was_armed_and_no_two_messages_share_key_or_salt() {
    let armory = Armory::new(2, MB);
    let (components, channel) = person();
    let mut keys_and_salts = HashSet::new();
    for _ in 0..5 {
        assert_eq!(armory.arm(7, &channel, 2), Arming::Armed);
        assert_eq!(armory.arm(7, &channel, 2), Arming::Armed);
        assert_eq!((armory.arm(7, &channel, 2), armory.len()), (Arming::Enough, 2));
        for _ in 0..2 {
            let body = sealed(armory.take(7, &channel).expect("armed"), b"text");
            assert_eq!(ece::decrypt(&components, &channel.auth, &body).expect("decrypts"), b"text");
            assert!(keys_and_salts.insert(body[..16].to_vec()), "a salt came twice");
            assert!(keys_and_salts.insert(body[21..86].to_vec()), "a key came twice");
        }
        assert!(armory.take(7, &channel).is_none(), "each is taken once");
    }
}

#[test]
fn what_was_armed_for_other_keys_is_never_used_and_goes() {
    let armory = Armory::new(2, MB);
    let (_, old) = person();
    let (components, new) = person();
    let other_secret = WebPushChannel { auth: new.auth, ..old.clone() };
    for changed in [&new, &other_secret] {
        assert_eq!(armory.arm(3, &old, 2), Arming::Armed);
        assert!(armory.take(3, changed).is_none());
        assert_eq!(armory.len(), 0);
        assert!(armory.take(3, &old).is_none(), "it is gone");
    }
    assert_eq!(armory.arm(3, &old, 2), Arming::Armed);
    assert_eq!((armory.arm(3, &new, 2), armory.len()), (Arming::Armed, 1), "in place of the old one");
    let body = sealed(armory.take(3, &new).expect("armed"), b"text");
    assert_eq!(ece::decrypt(&components, &new.auth, &body).expect("decrypts"), b"text");
    assert_eq!(armory.arm(3, &new, 2), Arming::Armed);
    assert!(armory.take(4, &new).is_none(), "another person's");
}

#[test]
fn memory_stays_within_its_bound_and_is_free_again_when_people_leave() {
    let (_, channel) = person();
    let armory = Armory::new(1, 4 * PAGE_PEOPLE * stride(1) - 1);
    let arm = |slot| armory.arm(slot, &channel, 1);
    assert_eq!([0, 1_000, 2_000_000].map(arm), [Arming::Armed; 3]);
    assert_eq!([3_000, 4_000].map(arm), [Arming::NoRoom; 2], "three pages are all there is room for");
    assert_eq!(arm(1_001), Arming::Armed, "on a page that is there");
    assert!(armory.take(1_001, &channel).is_some());
    assert_eq!(arm(3_000), Arming::NoRoom, "a page is kept for those on it");
    armory.forget(1_000);
    armory.forget(1_001);
    assert_eq!((arm(3_000), arm(4_000), armory.len()), (Arming::Armed, Arming::NoRoom, 3));
}

#[test]
fn what_is_kept_for_some_is_forgotten_for_all_others_on_every_page() {
    let armory = Armory::new(1, MB);
    let (_, channel) = person();
    let slots = [0, 1, 63, 64, 700];
    slots.iter().for_each(|slot| assert_eq!(armory.arm(*slot, &channel, 1), Arming::Armed));
    armory.keep(&RoaringBitmap::from([1, 64]));
    assert_eq!(armory.len(), 2);
    let left: Vec<_> = slots.into_iter().filter(|slot| armory.take(*slot, &channel).is_some()).collect();
    assert_eq!(left, [1, 64]);
}

#[test]
fn two_messages_of_a_person_take_a_hundred_bytes_each() {
    assert_eq!(stride(2), 200);
    assert!(Armory::new(2, 200 * MB).pages_max * PAGE_PEOPLE >= 999_000, "a million people fit");
}

#[test]
fn an_armory_without_a_depth_arms_nothing_and_one_never_arms_beyond_its_own() {
    let (_, channel) = person();
    let none = Armory::new(0, MB);
    assert_eq!(none.arm(1, &channel, 2), Arming::Enough);
    assert!(!none.lacks(1, 2) && none.take(1, &channel).is_none());
    let one = Armory::new(1, MB);
    assert!(one.lacks(1, 2));
    assert_eq!((one.arm(1, &channel, 2), one.arm(1, &channel, 2)), (Arming::Armed, Arming::Enough));
    assert!(!one.lacks(1, 2));
    assert!(Armory::new(9, MB).depth() == usize::from(ARMED_DEPTH_MAX));
}

#[test]
fn a_key_that_is_no_point_arms_nothing() {
    let (_, channel) = person();
    let wrong = WebPushChannel { p256dh: clock::random_bytes(), ..channel };
    let armory = Armory::new(2, MB);
    assert_eq!((armory.arm(1, &wrong, 2), armory.len()), (Arming::Failed, 0));
}
