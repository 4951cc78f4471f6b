//! What a named area is called: a scheme and a code in it.

use std::sync::Arc;

/// A code of a scheme, as the gazetteer knows it: `SAME` `001001`. Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AreaCode {
    pub scheme: Arc<str>,
    pub code: Arc<str>,
}

impl AreaCode {
    pub fn new(scheme: &str, code: &str) -> Self {
        Self { scheme: scheme.into(), code: code.into() }
    }
}

/// `SAME 001001`.
impl std::fmt::Display for AreaCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.scheme, self.code)
    }
}
