//! APNs without sockets: *device, letter and provider token → request* (Apple, "Sending notification requests to APNs"),
//! *response → what it means* ("Handling notification responses from APNs").
//!
//! The names of headers, priorities, push types and reasons are those of `a2`; docs/adr/0017 says why no more of it.

mod key;
mod payload;
mod reason;

pub use key::{ApnsKey, ApnsKeyError};
pub use payload::PAYLOAD_BYTES_MAX;
pub(super) use payload::payload;
pub use reason::{Seen, read};

use super::letter::Manner;
use a2::{CollapseId, Priority};
use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Uri};
use jiff::Timestamp;

const TOPIC: HeaderName = HeaderName::from_static("apns-topic");
const PUSH_TYPE: HeaderName = HeaderName::from_static("apns-push-type");
const PRIORITY: HeaderName = HeaderName::from_static("apns-priority");
const EXPIRATION: HeaderName = HeaderName::from_static("apns-expiration");
const COLLAPSE_ID: HeaderName = HeaderName::from_static("apns-collapse-id");

/// Headers of a request, with the one that transport adds.
const HEADERS: usize = 7;
const ALERT: HeaderValue = HeaderValue::from_static("alert");
const NOW: HeaderValue = HeaderValue::from_static("10");
const WHEN_IT_COSTS_NOTHING: HeaderValue = HeaderValue::from_static("5");

/// How a push travels.
#[derive(Debug, Clone)]
pub struct Terms<'a> {
    /// The app's bundle identifier.
    pub topic: &'a HeaderValue,
    /// Real time at which Apple gives up, seconds since 1970; 0: at once, without keeping it.
    pub expires_s: i64,
    pub priority: Priority,
    /// Chain key: replaces what is shown under the same one. From [`collapse_id`].
    pub collapse_id: &'a HeaderValue,
    /// `bearer` and the team's token.
    pub authorization: HeaderValue,
}

/// A chain key as a header; `None` when Apple would not take it.
pub fn collapse_id(text: &str) -> Option<HeaderValue> {
    HeaderValue::from_str(CollapseId::new(text).ok()?.value).ok()
}

/// The device is woken for what is urgent, which it is for P2, too; P3 waits until that costs nothing.
pub(super) fn priority(manner: Manner) -> Priority {
    use crate::model::tier::Tier;
    match manner.tier {
        Tier::P0 | Tier::P1 | Tier::P2 => Priority::High,
        Tier::P3 if manner.all_clear => Priority::High,
        Tier::P3 => Priority::Normal,
    }
}

/// Until when Apple keeps it for a device that is away, seconds since 1970. It keeps one push for each app, the last one
/// ("Sending notification requests to APNs"): what must not take the place of a ring that nobody has heard is not kept
/// at all. Who was away then gets the ring, whose tier, area and instruction still hold.
pub(super) fn expires_s(manner: Manner, now: Timestamp, ttl_s: u32) -> i64 {
    if manner.gives_way() { 0 } else { now.as_second().saturating_add(i64::from(ttl_s)) }
}

/// The request of one push; `base_url` without a slash at its end. `None`: the device's token can never be put into one.
pub fn request(base_url: &str, token: &str, payload: Bytes, terms: &Terms<'_>) -> Option<Request<Bytes>> {
    let mut request = Request::new(payload);
    *request.method_mut() = Method::POST;
    *request.uri_mut() = Uri::try_from([base_url, "/3/device/", token].concat()).ok()?;
    let mut headers = HeaderMap::with_capacity(HEADERS);
    headers.insert(AUTHORIZATION, terms.authorization.clone());
    headers.insert(TOPIC, terms.topic.clone());
    headers.insert(PUSH_TYPE, ALERT);
    headers.insert(PRIORITY, priority_header(&terms.priority));
    headers.insert(EXPIRATION, HeaderValue::from(terms.expires_s));
    headers.insert(COLLAPSE_ID, terms.collapse_id.clone());
    *request.headers_mut() = headers;
    Some(request)
}

const fn priority_header(priority: &Priority) -> HeaderValue {
    match priority {
        Priority::High => NOW,
        Priority::Normal => WHEN_IT_COSTS_NOTHING,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use a2::PushType;

    #[test]
    fn headers_that_are_written_down_are_those_of_a2() {
        assert_eq!(ALERT, PushType::Alert.to_string());
        for priority in [Priority::High, Priority::Normal] {
            assert_eq!(priority_header(&priority), priority.to_string());
        }
    }
}
