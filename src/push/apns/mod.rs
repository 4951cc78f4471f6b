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
use crate::model::subscriber::ApnsChannel;
use a2::{CollapseId, Priority, PushType};
use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::{HeaderName, HeaderValue, Request};
use jiff::Timestamp;
use url::Url;

const TOPIC: HeaderName = HeaderName::from_static("apns-topic");
const PUSH_TYPE: HeaderName = HeaderName::from_static("apns-push-type");
const PRIORITY: HeaderName = HeaderName::from_static("apns-priority");
const EXPIRATION: HeaderName = HeaderName::from_static("apns-expiration");
const COLLAPSE_ID: HeaderName = HeaderName::from_static("apns-collapse-id");

/// How a push travels.
#[derive(Debug, Clone)]
pub struct Terms<'a> {
    /// Real time at which Apple gives up, seconds since 1970; 0: at once, without keeping it.
    pub expires_s: i64,
    pub priority: Priority,
    /// Chain key: replaces what is shown under the same one.
    pub collapse_id: &'a str,
    /// `bearer` and the team's token.
    pub authorization: HeaderValue,
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

/// The request of one push. `None`: the channel or the chain key can never be put into one.
pub fn request(base_url: &Url, channel: &ApnsChannel, payload: String, terms: &Terms<'_>) -> Option<Request<Bytes>> {
    let collapse_id = CollapseId::new(terms.collapse_id).ok()?;
    let base = base_url.as_str().trim_end_matches('/');
    Request::post(format!("{base}/3/device/{}", channel.token))
        .header(AUTHORIZATION, terms.authorization.clone())
        .header(TOPIC, &channel.topic)
        .header(PUSH_TYPE, PushType::Alert.to_string())
        .header(PRIORITY, terms.priority.to_string())
        .header(EXPIRATION, terms.expires_s)
        .header(COLLAPSE_ID, collapse_id.value)
        .body(Bytes::from(payload))
        .ok()
}
