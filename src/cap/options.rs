//! How to read.

use super::limits::Limits;

/// How to read a document: within which bounds, and what is known of who wrote it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Options {
    pub limits: Limits,
}

impl From<Limits> for Options {
    fn from(limits: Limits) -> Self {
        Self { limits }
    }
}
