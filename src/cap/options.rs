//! How to read.

use super::limits::Limits;
use super::profile::Profile;
use super::signature::Trust;

/// Which number of a pair comes first in polygons and circles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Axes {
    /// As the standard has it.
    #[default]
    LatitudeFirst,
    /// As a source is known to write, against the standard.
    LongitudeFirst,
}

/// How to read a document: within which bounds, and what is known of who wrote it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Options {
    pub limits: Limits,
    /// What is known of how the source writes its pairs. It changes what is read: whoever reads again what was kept must
    /// read it so again.
    pub axes: Axes,
    /// The profile asked for: what it demands is then an error. It changes the findings, never what is read.
    pub profile: Option<Profile>,
    /// Whose signatures are trusted. It changes what is said of a signature, never the alert that is read.
    pub trust: Trust,
}

impl From<Limits> for Options {
    fn from(limits: Limits) -> Self {
        Self { limits, ..Self::default() }
    }
}
