//! The `alert` element (CAP 1.2 §3.2.1).

use super::children::{ALERT, Children};
use super::info::Head;
use super::value::quoted_list;
use super::{Builder, NodeId};
use crate::cap::alert::{Alert, AlertKey, CapVersion};
use crate::cap::code::{MsgType, Scope, Status};
use crate::cap::rules::{self, Rule};
use crate::cap::tree::is_space;

/// Builds the alert. `None` when something essential could not be read; the report then holds why.
pub(in crate::cap) fn alert(mut builder: Builder<'_, '_>) -> Option<Alert> {
    let b = &mut builder;
    let root = b.root;
    b.check_attribute(root);
    let children = b.children(root, ALERT);
    let identifier = b.token(children.one("identifier"), &rules::IDENTIFIER_CHARACTERS, None);
    let sender = b.token(children.one("sender"), &rules::SENDER_CHARACTERS, Some(&rules::SENDER_COMMA_SPACE));
    let sent = b.required_time(children.one("sent"));
    let status = b.code(children.one("status"), Status::ALL, Status::from_code, Status::as_str);
    let msg_type = b.code(children.one("msgType"), MsgType::ALL, MsgType::from_code, MsgType::as_str);
    let scope = b.scope(children.one("scope"));
    b.check_audience(&children, scope);
    b.check_note(&children, status, msg_type);
    let references = b.references(root, children.one("references"), msg_type, sender.as_deref());
    let speaks = speaks(status, msg_type);
    let infos = b.infos(&children, Head { sent, speaks });
    b.check_overlaps(infos.as_deref().unwrap_or_default());
    b.check_infos(&children, speaks, status);
    let (addresses, incidents) = (b.list(children.one("addresses")), b.list(children.one("incidents")));
    let (source, note) = (b.said(children.one("source")), b.said(children.one("note")));
    let codes = children.all("code").iter().filter_map(|&id| b.said(Some(id))).collect();
    let key = AlertKey { sender: sender?, identifier: identifier?, sent: sent? };
    if let Some(id) = children.one("references") {
        b.check_own_identity(id, &key, &references);
    }
    Some(Alert {
        version: b.version,
        key,
        status: status?,
        msg_type: msg_type?,
        source,
        scope: scope?,
        restriction: b.text(children.one("restriction")),
        addresses,
        codes,
        note,
        references,
        incidents,
        infos: infos?,
        signed: children.signed,
    })
}

impl Builder<'_, '_> {
    /// An identifier or sender: no white space, comma, `<` or `&` inside. Another rule may be for blanks and commas.
    fn token(&mut self, id: Option<NodeId>, rule: &'static Rule, milder: Option<&'static Rule>) -> Option<String> {
        let text = self.required_text(id)?;
        let id = id?;
        self.check_spaces(id, &rules::TOKEN_SPACES);
        let name = self.tree.nodes[id].name;
        let is_mild = |character: char| matches!(character, ' ' | ',') && milder.is_some();
        let forbidden = |character: char| is_space(character) || matches!(character, ',' | '<' | '&');
        if text.contains(|character: char| forbidden(character) && !is_mild(character)) {
            self.find(rule, id, format!("`{name}` holds a space, a comma, `<` or `&`."));
        } else if let (Some(rule), true) = (milder, text.contains(is_mild)) {
            self.find(rule, id, format!("`{name}` holds a space or a comma; it is kept as it is."));
        }
        Some(text)
    }

    /// CAP 1.0 let the scope be absent; we then take the narrowest, which is never published.
    fn scope(&mut self, id: Option<NodeId>) -> Option<Scope> {
        if id.is_none() && self.version == CapVersion::V1_0 {
            let message = "There is no scope; the alert is read as Private, and never published.";
            self.find_child(&rules::SCOPE_ABSENT, self.root, "scope", message);
            return Some(Scope::Private);
        }
        self.code(id, Scope::ALL, Scope::from_code, Scope::as_str)
    }

    /// `restriction` goes with Restricted, `addresses` with Private.
    fn check_audience(&mut self, children: &Children, scope: Option<Scope>) {
        let (restriction, addresses) = (children.one("restriction"), children.one("addresses"));
        match scope {
            Some(Scope::Restricted) if self.text(restriction).is_none() => {
                let message = "A Restricted message needs a `restriction`.";
                self.find_child(&rules::RESTRICTION_MISSING, self.root, "restriction", message);
            }
            Some(Scope::Private) if children.one("scope").is_some() && self.text(addresses).is_none() => {
                self.find_child(
                    &rules::ADDRESSES_MISSING,
                    self.root,
                    "addresses",
                    "A Private message needs `addresses`.",
                );
            }
            Some(Scope::Public | Scope::Private) if self.text(restriction).is_some() => {
                let message = "`restriction` has a meaning only with scope Restricted.";
                self.find(&rules::RESTRICTION_UNUSED, restriction.unwrap_or(self.root), message);
            }
            Some(Scope::Public | Scope::Restricted | Scope::Private) | None => {}
        }
    }

    fn check_note(&mut self, children: &Children, status: Option<Status>, msg_type: Option<MsgType>) {
        let wanted = status == Some(Status::Exercise) || msg_type == Some(MsgType::Error);
        if wanted && self.text(children.one("note")).is_none() {
            self.find_child(
                &rules::NOTE_MISSING,
                self.root,
                "note",
                "A `note` should say which exercise, or what is wrong.",
            );
        }
    }

    /// A list of recipients or incidents.
    fn list(&mut self, id: Option<NodeId>) -> Vec<String> {
        let Some(id) = id else { return Vec::new() };
        let (items, open) = quoted_list(self.trimmed(id));
        if open {
            let message = "A quotation mark is never closed; the last item goes to the end.";
            self.find(&rules::QUOTE_OPEN, id, message);
        }
        items
    }

    /// A message that warns says nothing without an info. Areas that only codes tell are named once, not each.
    fn check_infos(&mut self, children: &Children, speaks: bool, status: Option<Status>) {
        if speaks && children.all("info").is_empty() {
            let is_test = status == Some(Status::Test);
            let rule = if is_test { &rules::INFO_MISSING_TEST } else { &rules::INFO_MISSING };
            self.find_child(rule, self.root, "info", "There is no `info`: the message says nothing.");
        }
        if let Some((first, count)) = self.coded_areas {
            let message = format!("{count} areas are told by geocodes alone; this is the first.");
            self.find(&rules::AREA_GEOCODES_ONLY, first, message);
        }
    }
}

/// Whether a message warns people. System messages (heartbeats) do not.
fn speaks(status: Option<Status>, msg_type: Option<MsgType>) -> bool {
    match msg_type {
        Some(MsgType::Alert | MsgType::Update) => status != Some(Status::System),
        Some(MsgType::Cancel | MsgType::Ack | MsgType::Error) | None => false,
    }
}
