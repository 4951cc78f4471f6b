//! People who work in the console, and what they did.

use super::id::OperatorId;
use jiff::Timestamp;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// May also make operators and keys.
    Administrator,
    /// May release, refuse and stop.
    Operator,
}

impl Role {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Administrator => "administrator",
            Self::Operator => "operator",
        }
    }

    pub fn from_text(text: &str) -> Option<Self> {
        [Self::Administrator, Self::Operator].into_iter().find(|role| role.as_str() == text)
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operator {
    pub id: OperatorId,
    /// What they sign in with; lower case, unique.
    pub login: String,
    pub name: String,
    pub role: Role,
    pub created: Timestamp,
}

/// Who did something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    Operator(OperatorId),
    /// An integrator's key, by its id.
    Key(super::id::ApiKeyId),
    /// The service itself, or someone at its command line.
    System,
}

impl Actor {
    /// `operator`, `key` or `system`, and the id.
    pub fn parts(&self) -> (&'static str, Option<&str>) {
        match self {
            Self::Operator(id) => ("operator", Some(id.as_str())),
            Self::Key(id) => ("key", Some(id.as_str())),
            Self::System => ("system", None),
        }
    }
}

/// A line of the audit log. Lines are only ever added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    pub seq: i64,
    pub at: Timestamp,
    pub actor_kind: String,
    pub actor: Option<String>,
    /// Such as `broadcast.release`.
    pub action: String,
    /// The id of what was acted on.
    pub subject: String,
    /// More, as JSON; never a secret.
    pub detail: serde_json::Value,
}
