//! How a citizen's choices and secrets are written down.

use super::super::error::StoreError;
use super::super::row::known;
use crate::cap::code::Severity;
use crate::model::family::{Families, Family};
use crate::model::subscriber::{Channel, QuietHours, WebPushChannel};
use std::collections::BTreeMap;

const CHANNEL_WEB_PUSH: u8 = 0;

/// `{"weather":"Minor",…}`.
pub(super) fn families_to_text(families: &Families) -> String {
    let words: BTreeMap<&str, &str> =
        families.iter().map(|(family, severity)| (family.as_str(), severity.as_str())).collect();
    serde_json::json!(words).to_string()
}

pub(super) fn families_from_text(text: &str) -> Result<Families, StoreError> {
    const WHAT: &str = "subscriber.families";
    let words: BTreeMap<Family, String> = known(serde_json::from_str(text).ok(), WHAT)?;
    let wanted: Option<BTreeMap<Family, Severity>> =
        words.into_iter().map(|(family, severity)| Some((family, Severity::from_code(&severity)?))).collect();
    known(wanted.and_then(Families::new), WHAT)
}

/// A JSON list of tags.
pub(super) fn languages_to_text(languages: &[String]) -> String {
    serde_json::json!(languages).to_string()
}

pub(super) fn languages_from_text(text: &str) -> Result<Vec<String>, StoreError> {
    known(serde_json::from_str(text).ok(), "subscriber.languages")
}

pub(super) fn quiet_hours(
    from: Option<String>,
    to: Option<String>,
    time_zone: Option<String>,
) -> Result<Option<QuietHours>, StoreError> {
    const WHAT: &str = "subscriber.quiet_hours";
    match (from, to, time_zone) {
        (None, None, None) => Ok(None),
        (Some(from), Some(to), Some(time_zone)) => {
            Ok(Some(QuietHours { from: known(from.parse().ok(), WHAT)?, to: known(to.parse().ok(), WHAT)?, time_zone }))
        }
        (Some(_) | None, Some(_) | None, Some(_) | None) => Err(StoreError::Corrupt { what: WHAT }),
    }
}

/// A channel as the bytes that are sealed: its kind, then for Web Push auth, p256dh and endpoint.
pub(super) fn channel_to_bytes(channel: &Channel) -> Vec<u8> {
    match channel {
        Channel::WebPush(push) => {
            [&[CHANNEL_WEB_PUSH][..], &push.auth, &push.p256dh, push.endpoint.as_bytes()].concat()
        }
    }
}

pub(super) fn channel_from_bytes(bytes: &[u8]) -> Result<Channel, StoreError> {
    fn read(bytes: &[u8]) -> Option<Channel> {
        let (kind, rest) = bytes.split_first()?;
        let (auth, rest) = rest.split_first_chunk()?;
        let (p256dh, endpoint) = rest.split_first_chunk()?;
        let endpoint = String::from_utf8(endpoint.to_vec()).ok()?;
        (*kind == CHANNEL_WEB_PUSH).then_some(Channel::WebPush(WebPushChannel {
            endpoint,
            p256dh: *p256dh,
            auth: *auth,
        }))
    }
    known(read(bytes), "subscriber.sealed")
}

/// What names a channel, and what proves that it is one's own.
pub(super) fn name_and_proof(channel: &Channel) -> (&[u8], &[u8]) {
    match channel {
        Channel::WebPush(push) => (push.endpoint.as_bytes(), &push.auth),
    }
}
