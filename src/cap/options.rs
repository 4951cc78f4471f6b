//! How to read.

use super::limits::Limits;
use super::profile::Profile;
use super::signature::Trust;

/// How to read a document: within which bounds, and what is known of who wrote it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Options {
    pub limits: Limits,
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
