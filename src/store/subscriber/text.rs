//! How a citizen's choices and secrets are written down.

use super::super::error::StoreError;
use super::super::row::known;
use crate::cap::code::Severity;
use crate::geo::code::AreaCode;
use crate::model::family::{Families, Family};
use crate::model::place::{Altitude, Around, Cell, Drawn, Place, Radius, Step};
use crate::model::subscriber::{ApnsChannel, Channel, FcmChannel, QuietHours, WebPushChannel};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::BTreeMap;

const CHANNEL_WEB_PUSH: u8 = 0;
const CHANNEL_APNS: u8 = 1;
const CHANNEL_FCM: u8 = 2;
/// Between the topic and the token of an APNs channel: in neither.
const TOPIC_END: u8 = 0;

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

/// A place as it is written: a cell as a list, by far the most frequent one; the others by name.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum PlaceText {
    /// Step, row, column, radius in kilometres.
    Around(i64, i32, i32, i64),
    /// The same, and the step of its altitude.
    High(i64, i32, i32, i64, i64),
    Drawn {
        step: i64,
        corners: Vec<(i32, i32)>,
    },
    Named {
        scheme: String,
        code: String,
    },
}

/// A JSON list of places.
pub(super) fn places_to_text(places: &[Place]) -> String {
    let written: Vec<PlaceText> = places.iter().map(PlaceText::of).collect();
    serde_json::json!(written).to_string()
}

pub(super) fn places_from_text(text: &str) -> Result<Vec<Place>, StoreError> {
    const WHAT: &str = "subscriber.places";
    let written: Vec<PlaceText> = known(serde_json::from_str(text).ok(), WHAT)?;
    known(written.into_iter().map(PlaceText::read).collect(), WHAT)
}

impl PlaceText {
    fn of(place: &Place) -> Self {
        match place {
            Place::Around(around) => {
                let (cell, km) = (around.cell, i64::from(around.radius.km()));
                let step = i64::from(cell.step().per_degree());
                match around.altitude {
                    None => Self::Around(step, cell.row(), cell.column(), km),
                    Some(high) => Self::High(step, cell.row(), cell.column(), km, i64::from(high.step())),
                }
            }
            Place::Drawn(drawn) => {
                Self::Drawn { step: i64::from(drawn.step().per_degree()), corners: drawn.corners().to_vec() }
            }
            Place::Named(area) => Self::Named { scheme: area.scheme.to_string(), code: area.code.to_string() },
        }
    }

    fn read(self) -> Option<Place> {
        let around = |step, row, column, km, altitude| {
            let cell = Cell::new(Step::from_per_degree(step)?, row, column)?;
            Some(Place::Around(Around { cell, radius: Radius::from_km(km)?, altitude }))
        };
        match self {
            Self::Around(step, row, column, km) => around(step, row, column, km, None),
            Self::High(step, row, column, km, high) => around(step, row, column, km, Some(Altitude::from_step(high)?)),
            Self::Drawn { step, corners } => Drawn::new(Step::from_per_degree(step)?, corners).ok().map(Place::Drawn),
            Self::Named { scheme, code } => Some(Place::Named(AreaCode::new(&scheme, &code))),
        }
    }
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

/// A channel as the bytes that are sealed: its kind; then for Web Push auth, p256dh and endpoint, for APNs topic, zero
/// and token, for FCM the token.
pub(super) fn channel_to_bytes(channel: &Channel) -> Vec<u8> {
    match channel {
        Channel::WebPush(push) => {
            [&[CHANNEL_WEB_PUSH][..], &push.auth, &push.p256dh, push.endpoint.as_bytes()].concat()
        }
        Channel::Apns(apns) => {
            [&[CHANNEL_APNS][..], apns.topic.as_bytes(), &[TOPIC_END], apns.token.as_bytes()].concat()
        }
        Channel::Fcm(fcm) => [&[CHANNEL_FCM][..], fcm.token.as_bytes()].concat(),
    }
}

pub(super) fn channel_from_bytes(bytes: &[u8]) -> Result<Channel, StoreError> {
    fn text(bytes: &[u8]) -> Option<String> {
        String::from_utf8(bytes.to_vec()).ok()
    }
    fn read(bytes: &[u8]) -> Option<Channel> {
        let (kind, rest) = bytes.split_first()?;
        match *kind {
            CHANNEL_WEB_PUSH => {
                let (auth, rest) = rest.split_first_chunk()?;
                let (p256dh, endpoint) = rest.split_first_chunk()?;
                let push = WebPushChannel { endpoint: text(endpoint)?, p256dh: *p256dh, auth: *auth };
                Some(Channel::WebPush(push))
            }
            CHANNEL_APNS => {
                let end = rest.iter().position(|byte| *byte == TOPIC_END)?;
                Some(Channel::Apns(ApnsChannel { topic: text(&rest[..end])?, token: text(&rest[end + 1..])? }))
            }
            CHANNEL_FCM => Some(Channel::Fcm(FcmChannel { token: text(rest)? })),
            _ => None,
        }
    }
    known(read(bytes), "subscriber.sealed")
}

/// What names a channel, and what proves that it is one's own. A device token is both; before it stands its kind, so
/// that no token is taken for one of another service, or for an endpoint.
pub(super) fn name_and_proof(channel: &Channel) -> (Cow<'_, str>, &[u8]) {
    match channel {
        Channel::WebPush(push) => (Cow::Borrowed(&push.endpoint), &push.auth),
        Channel::Apns(ApnsChannel { token, .. }) | Channel::Fcm(FcmChannel { token }) => {
            (Cow::Owned(format!("{} {token}", channel.kind().as_str())), token.as_bytes())
        }
    }
}
