//! `references` (CAP 1.2 §3.2.1): triples `sender,identifier,sent`, separated by white space; in CAP 1.0 pairs
//! `identifier/sender`.

use super::datetime::{self, Form};
use super::{Builder, NodeId};
use crate::cap::alert::{AlertKey, CapVersion, Reference};
use crate::cap::code::MsgType;
use crate::cap::limits::REFERENCES_MAX;
use crate::cap::report::quote;
use crate::cap::rules;
use crate::cap::time::DateTime;
use crate::cap::tree::is_space;

impl Builder<'_, '_> {
    /// The earlier messages named. `root` is the alert's own element, for what is missing; `sender` its own sender.
    pub(super) fn references(
        &mut self,
        root: NodeId,
        id: Option<NodeId>,
        msg_type: Option<MsgType>,
        sender: Option<&str>,
    ) -> Vec<Reference> {
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
        let joined = self.joined(id, text, sender);
        let items: Vec<&str> = items(joined.as_deref().unwrap_or(text), sender).collect();
        if items.len() > REFERENCES_MAX {
            let message = format!("It names {} messages; at most {REFERENCES_MAX} are looked up.", items.len());
            self.find(&rules::TOO_MANY_REFERENCES, id, message);
            return Vec::new();
        }
        items.into_iter().filter_map(|item| self.reference(id, item)).collect()
    }

    /// The text without the white space around its commas, where only that makes triples of it. No part may hold any,
    /// so it can mean nothing else.
    fn joined(&mut self, id: NodeId, text: &str, sender: Option<&str>) -> Option<String> {
        let version = self.version;
        let reads = |text: &str| items(text, sender).all(|item| parts(item, version).is_some());
        if reads(text) {
            return None;
        }
        let pieces: Vec<&str> = text.split(',').map(|piece| piece.trim_matches(is_space)).collect();
        let joined = pieces.join(",");
        if !reads(&joined) {
            return None;
        }
        self.find(&rules::REFERENCE_SPACES, id, "There is white space beside the commas; it is left out.");
        Some(joined)
    }

    fn reference(&mut self, id: NodeId, item: &str) -> Option<Reference> {
        let Some((sender, identifier, sent)) = parts(item, self.version) else {
            let form = if self.version == CapVersion::V1_0 { "identifier/sender" } else { "sender,identifier,sent" };
            self.find(&rules::REFERENCE_INVALID, id, format!("`{}` is not {form}.", quote(item)));
            return None;
        };
        if sender.is_empty() || identifier.is_empty() {
            self.find(&rules::REFERENCE_INVALID, id, format!("`{}` lacks a part.", quote(item)));
            return None;
        }
        if sender.contains([',', ' ']) {
            let message = format!("The sender in `{}` is read as `{}`.", quote(item), quote(sender));
            self.find(&rules::REFERENCE_SENDER, id, message);
        }
        let sent = sent.and_then(|sent| self.reference_time(id, item, sent));
        Some(Reference { sender: sender.to_owned(), identifier: identifier.to_owned(), sent })
    }

    /// The time of a reference. Without it the message is still named by sender and identifier.
    fn reference_time(&mut self, id: NodeId, item: &str, text: &str) -> Option<DateTime> {
        let Ok((time, form)) = datetime::parse(text) else {
            let message = format!(
                "`{}` in `{}` is not a time with its offset; the message is looked for by sender and identifier.",
                quote(text),
                quote(item)
            );
            self.find(&rules::REFERENCE_TIME, id, message);
            return None;
        };
        match form {
            Form::Standard | Form::PlusZero | Form::Far => {}
            Form::Loose => {
                let message = format!("`{}` is not the standard's form; it is read as {time}.", quote(text));
                self.find(&rules::REFERENCE_TIME_FORM, id, message);
            }
        }
        Some(time)
    }

    /// A message that names itself, or uses the identifier of an earlier one again, or one from its future.
    pub(super) fn check_own_identity(&mut self, id: NodeId, own: &AlertKey, references: &[Reference]) {
        if references.iter().any(|earlier| earlier.names(own)) {
            self.find(&rules::REFERENCE_SELF, id, "The message names itself as an earlier one.");
        }
        let reused = |earlier: &Reference| {
            earlier.sender == own.sender && earlier.identifier == own.identifier && !earlier.names(own)
        };
        if references.iter().any(reused) {
            let message = "The identifier is that of an earlier message; the time sent tells them apart.";
            self.find(&rules::IDENTIFIER_REUSED, id, message);
        }
        let later = |earlier: &&Reference| earlier.sent.is_some_and(|sent| sent.instant() > own.sent.instant());
        if let Some(Reference { identifier, sent: Some(sent), .. }) = references.iter().find(later) {
            let message = format!("`{}` is of {sent}, later than this message itself.", quote(identifier));
            self.find(&rules::REFERENCE_LATER, id, message);
        }
    }
}

/// The references, which white space separates. The message's own sender may hold blanks, against the standard.
fn items<'t>(text: &'t str, sender: Option<&'t str>) -> impl Iterator<Item = &'t str> {
    let mut rest = text.trim_matches(is_space);
    std::iter::from_fn(move || {
        rest = rest.trim_start_matches(is_space);
        let own = sender.filter(|own| rest.strip_prefix(own).is_some_and(|after| after.starts_with(',')));
        let begun = own.map_or(0, str::len);
        let end = rest.get(begun..)?.find(is_space).map_or(rest.len(), |length| begun + length);
        let (item, after) = rest.split_at_checked(end).filter(|(item, _)| !item.is_empty())?;
        rest = after;
        Some(item)
    })
}

/// A triple whose sender holds commas, against the standard: the last two commas divide it. What holds a time before
/// its end is several triples instead.
fn with_commas(item: &str) -> Option<(&str, &str, Option<&str>)> {
    let is_time = |part: &str| datetime::parse(part).is_ok();
    let (rest, sent) = item.rsplit_once(',').filter(|(rest, sent)| is_time(sent) && !rest.split(',').any(is_time))?;
    let (sender, identifier) = rest.rsplit_once(',')?;
    Some((sender, identifier, Some(sent)))
}

/// Sender, identifier and, in a triple, the time sent. CAP 1.0 writes `identifier/sender`; a triple is as clear there.
fn parts(item: &str, version: CapVersion) -> Option<(&str, &str, Option<&str>)> {
    let mut commas = item.split(',');
    if let (Some(sender), Some(identifier), Some(sent), None) =
        (commas.next(), commas.next(), commas.next(), commas.next())
    {
        return Some((sender, identifier, Some(sent)));
    }
    let pair = item.rsplit_once('/').filter(|_| version == CapVersion::V1_0);
    pair.map(|(identifier, sender)| (sender, identifier, None)).or_else(|| with_commas(item))
}
