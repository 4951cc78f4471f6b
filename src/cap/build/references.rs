//! `references` (CAP 1.2 §3.2.1): triples `sender,identifier,sent`, separated by white space.

use super::{Builder, NodeId};
use crate::cap::alert::{AlertKey, CapVersion};
use crate::cap::code::MsgType;
use crate::cap::limits::REFERENCES_MAX;
use crate::cap::report::quote;
use crate::cap::rules;
use crate::cap::tree::is_space;

impl Builder<'_, '_> {
    /// The earlier messages named. `root` is the alert's own element, for what is missing.
    pub(super) fn references(&mut self, root: NodeId, id: Option<NodeId>, msg_type: Option<MsgType>) -> Vec<AlertKey> {
        let text = id.map_or("", |id| self.trimmed(id));
        let needed = match msg_type {
            Some(MsgType::Update | MsgType::Cancel | MsgType::Ack | MsgType::Error) => true,
            Some(MsgType::Alert) | None => false,
        };
        let Some(id) = id.filter(|_| !text.is_empty()) else {
            if let (true, Some(msg_type)) = (needed, msg_type) {
                let message = format!("A message of type {msg_type} must say which messages it is about.");
                self.find_child(&rules::REFERENCES_MISSING, id.unwrap_or(root), "references", message);
            }
            return Vec::new();
        };
        if self.version == CapVersion::V1_0 {
            let message = "CAP 1.0 names earlier messages without their time; they cannot be found by it.";
            self.find(&rules::REFERENCE_UNREADABLE, id, message);
            return Vec::new();
        }
        let items: Vec<&str> = text.split(is_space).filter(|item| !item.is_empty()).collect();
        if items.len() > REFERENCES_MAX {
            let message = format!("It names {} messages; at most {REFERENCES_MAX} are looked up.", items.len());
            self.find(&rules::TOO_MANY_REFERENCES, id, message);
            return Vec::new();
        }
        items.into_iter().filter_map(|item| self.reference(id, item)).collect()
    }

    fn reference(&mut self, id: NodeId, item: &str) -> Option<AlertKey> {
        let parts: Vec<&str> = item.splitn(4, ',').collect();
        let [sender, identifier, sent] = parts[..] else {
            self.find(&rules::REFERENCE_INVALID, id, format!("`{}` is not sender,identifier,sent.", quote(item)));
            return None;
        };
        if sender.is_empty() || identifier.is_empty() {
            self.find(&rules::REFERENCE_INVALID, id, format!("`{}` lacks a part.", quote(item)));
            return None;
        }
        let sent = self.time_text(id, sent)?;
        Some(AlertKey { sender: sender.to_owned(), identifier: identifier.to_owned(), sent })
    }

    /// A message that names itself, or uses the identifier of an earlier one again.
    pub(super) fn check_own_identity(&mut self, id: NodeId, own: &AlertKey, references: &[AlertKey]) {
        if references.contains(own) {
            self.find(&rules::REFERENCE_SELF, id, "The message names itself as an earlier one.");
        }
        let reused = |earlier: &AlertKey| {
            earlier.sender == own.sender && earlier.identifier == own.identifier && earlier.sent != own.sent
        };
        if references.iter().any(reused) {
            let message = "The identifier is that of an earlier message; the time sent tells them apart.";
            self.find(&rules::IDENTIFIER_REUSED, id, message);
        }
    }
}
