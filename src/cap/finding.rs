//! What is wrong or doubtful in a document, located, with its clause and its mend.

use serde::{Deserialize, Serialize};

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Breaks the standard or a profile.
    Error,
    /// Legal but doubtful.
    Warning,
    /// Worth knowing.
    Note,
}

/// One thing that is wrong or doubtful, as `check --format json` and the API print it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    pub level: Level,
    /// Stable name of the rule, such as `polygon-not-closed`.
    pub code: String,
    /// XPath of the element, such as `/alert/info[1]/area[1]/polygon[1]`.
    pub path: String,
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// Whether it was an error that was mended without guessing.
    pub repaired: bool,
    /// The clause of the standard, such as `CAP 1.2 §3.2.4 polygon`.
    pub clause: String,
    pub message: String,
    /// How to mend it at the source.
    pub fix: String,
}

/// Whether the document conforms: no error at all.
pub fn is_ok(findings: &[Finding]) -> bool {
    findings.iter().all(|finding| finding.level != Level::Error)
}

/// Whether a server takes the document: every error in it was repaired safely.
pub fn is_accepted(findings: &[Finding]) -> bool {
    findings.iter().all(|finding| finding.level != Level::Error || finding.repaired)
}
