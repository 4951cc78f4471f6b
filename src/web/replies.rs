//! Acks and Errors beside the alert that they answer: for operators, and for whoever posted that alert.

use super::error::WebError;
use super::state::AppState;
use crate::cap::code::MsgType;
use crate::cap::time::DateTime;
use crate::store;
use crate::store::alert::{StoredAlert, Voice};
use serde_json::{Value, json};

/// What another system answered.
#[derive(Debug, Clone, PartialEq)]
pub struct Reply {
    /// Ack or Error.
    pub msg_type: MsgType,
    pub id: String,
    pub sender: String,
    pub identifier: String,
    pub sent: DateTime,
    /// Of an Error, its reason.
    pub note: Option<String>,
    /// It came by a key that may speak for its sender.
    pub vouched: bool,
}

/// The answers to an alert, newest first.
///
/// # Errors
/// The database failed.
pub async fn replies(state: &AppState, alert: &StoredAlert) -> Result<Vec<Reply>, WebError> {
    let stored = store::reply::to(&state.db, &alert.sender, &alert.identifier).await.map_err(WebError::internal)?;
    let read = |stored: StoredAlert| {
        let alert = state.originals.read(&stored)?;
        Some(Reply {
            msg_type: stored.msg_type,
            vouched: stored.voice == Voice::Sender,
            id: stored.id.0,
            sender: stored.sender,
            identifier: stored.identifier,
            sent: alert.key.sent,
            note: alert.note.clone(),
        })
    };
    Ok(stored.into_iter().filter_map(read).collect())
}

impl Reply {
    pub fn json(&self) -> Value {
        json!({
            "id": self.id,
            "msg_type": self.msg_type.as_str(),
            "sender": self.sender,
            "identifier": self.identifier,
            "sent": self.sent.to_string(),
            "note": self.note,
            "vouched": self.vouched,
        })
    }
}
