//! A channel that pauses.

use jiff::Timestamp;

/// A push service that refuses our credentials or settings: nothing is sent to it until it accepts again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pause {
    /// The push service's origin, as [`super::batch::Batch::origin`].
    pub origin: String,
    pub since: Timestamp,
    /// What it says.
    pub reason: String,
}
