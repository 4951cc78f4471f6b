//! The services that the sandbox plays.

use serde::Serialize;

/// One of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Service {
    WebPush,
    Apns,
    Fcm,
}

impl Service {
    pub(super) const ALL: [Self; 3] = [Self::WebPush, Self::Apns, Self::Fcm];

    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::WebPush => "webpush",
            Self::Apns => "apns",
            Self::Fcm => "fcm",
        }
    }
}
