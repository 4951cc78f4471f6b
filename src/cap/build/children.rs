//! The standard's sequences: which elements may stand in which, in what order, how often.

use super::Builder;
use crate::cap::alert::CapVersion;
use crate::cap::report::quote;
use crate::cap::rules;
use crate::cap::tree::{NodeId, Space};
use std::cell::Cell;

/// Whether an element must be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Need {
    Required,
    /// Required from CAP 1.1 on.
    From1_1,
    /// Required from CAP 1.2 on.
    From1_2,
    Optional,
    /// Unknown to CAP 1.0, and never required.
    OptionalFrom1_1,
    /// Known to CAP 1.0 only.
    Only1_0,
}

/// One line of a sequence.
pub(super) struct Child {
    name: &'static str,
    need: Need,
    many: bool,
    /// Whether it holds elements rather than text. In CAP 1.0 named values are plain text.
    group: bool,
}

const fn one(name: &'static str, need: Need) -> Child {
    Child { name, need, many: false, group: false }
}

const fn many(name: &'static str, need: Need) -> Child {
    Child { name, need, many: true, group: false }
}

const fn groups(name: &'static str) -> Child {
    Child { name, need: Need::Optional, many: true, group: true }
}

pub(super) const ALERT: &[Child] = &[
    one("identifier", Need::Required),
    one("sender", Need::Required),
    one("password", Need::Only1_0),
    one("sent", Need::Required),
    one("status", Need::Required),
    one("msgType", Need::Required),
    one("source", Need::Optional),
    one("scope", Need::From1_1),
    one("restriction", Need::Optional),
    one("addresses", Need::Optional),
    many("code", Need::Optional),
    one("note", Need::Optional),
    one("references", Need::Optional),
    one("incidents", Need::Optional),
    groups("info"),
];

pub(super) const INFO: &[Child] = &[
    one("language", Need::Optional),
    many("category", Need::From1_1),
    one("event", Need::Required),
    many("responseType", Need::OptionalFrom1_1),
    one("urgency", Need::Required),
    one("severity", Need::Required),
    one("certainty", Need::Required),
    one("audience", Need::Optional),
    groups("eventCode"),
    one("effective", Need::Optional),
    one("onset", Need::Optional),
    one("expires", Need::Optional),
    one("senderName", Need::Optional),
    one("headline", Need::Optional),
    one("description", Need::Optional),
    one("instruction", Need::Optional),
    one("web", Need::Optional),
    one("contact", Need::Optional),
    groups("parameter"),
    groups("resource"),
    groups("area"),
];

pub(super) const RESOURCE: &[Child] = &[
    one("resourceDesc", Need::Required),
    one("mimeType", Need::From1_2),
    one("size", Need::Optional),
    one("uri", Need::Optional),
    one("derefUri", Need::OptionalFrom1_1),
    one("digest", Need::Optional),
];

pub(super) const AREA: &[Child] = &[
    one("areaDesc", Need::Required),
    many("polygon", Need::Optional),
    many("circle", Need::Optional),
    groups("geocode"),
    one("altitude", Need::Optional),
    one("ceiling", Need::Optional),
];

pub(super) const PAIR: &[Child] = &[one("valueName", Need::Required), one("value", Need::Required)];

/// The sequences whose elements have names of their own.
const SEQUENCES: [&[Child]; 5] = [ALERT, INFO, RESOURCE, AREA, PAIR];

/// Elements of the longest sequence.
const PLACES_MAX: usize = INFO.len();

/// The children of one element, sorted into its sequence.
pub(super) struct Children {
    sequence: &'static [Child],
    /// In the sequence's order.
    ids: Vec<NodeId>,
    /// Where those of each place in the sequence begin in `ids`; after the last, where all end.
    begins: [usize; PLACES_MAX + 1],
    /// The place asked for last: mostly they are asked for in order.
    last: Cell<usize>,
    /// Whether a signature stood among them.
    pub(super) signed: bool,
}

impl Children {
    /// The first of a name.
    pub(super) fn one(&self, name: &str) -> Option<NodeId> {
        self.all(name).first().copied()
    }

    /// All of a name, in the document's order.
    pub(super) fn all(&self, name: &str) -> &[NodeId] {
        let last = self.last.get();
        let place = (last..self.sequence.len()).chain(0..last).find(|&place| self.sequence[place].name == name);
        let Some(place) = place else { return &[] };
        self.last.set(place);
        self.at(place)
    }

    fn at(&self, place: usize) -> &[NodeId] {
        &self.ids[self.begins[place]..self.begins[place + 1]]
    }

    /// Sorts children, each with its place.
    fn new(sequence: &'static [Child], mut placed: Vec<(usize, NodeId)>, signed: bool) -> Self {
        placed.sort_by_key(|&(place, _)| place);
        let mut begins = [0; PLACES_MAX + 1];
        for &(place, _) in &placed {
            begins[place + 1] += 1;
        }
        for place in 0..sequence.len() {
            begins[place + 1] += begins[place];
        }
        let ids = placed.into_iter().map(|(_, id)| id).collect();
        Self { sequence, ids, begins, last: Cell::new(0), signed }
    }
}

impl Builder<'_, '_> {
    /// Sorts an element's children into its sequence; finds what is missing, unknown, repeated or out of order.
    pub(super) fn children(&mut self, parent: NodeId, sequence: &'static [Child]) -> Children {
        let tree = self.tree;
        let mut signed = false;
        let expected = if tree.nodes[parent].first_child.is_some() { sequence.len() } else { 0 };
        let mut placed = Vec::with_capacity(expected);
        let mut furthest = 0;
        let mut displaced = None;
        for id in tree.children(parent) {
            let Some(place) = self.place(id, sequence, furthest, &mut signed) else { continue };
            if place < furthest && displaced.is_none() {
                displaced = Some((id, furthest));
            }
            furthest = furthest.max(place);
            if place < sequence.len() {
                placed.push((place, id));
            }
        }
        if let Some((id, after)) = displaced {
            let name = tree.nodes[id].name;
            let (rule, after) = sequence
                .get(after)
                .map_or((&rules::SIGNATURE_MISPLACED, "Signature"), |child| (&rules::ELEMENT_ORDER, child.name));
            self.find(rule, id, format!("`{name}` comes after `{after}`; the standard has it before."));
        }
        let stray = tree.nodes[parent].trimmed();
        if !stray.is_empty() {
            self.find(
                &rules::TEXT_STRAY,
                parent,
                format!("Text between the elements is left out: `{}`.", quote(stray)),
            );
        }
        let children = Children::new(sequence, placed, signed);
        for (place, child) in sequence.iter().enumerate() {
            self.check_count(parent, child, children.at(place));
        }
        children
    }

    /// The place of a child in the sequence; a signature's is after all. It is looked for from where the one before it
    /// stood.
    fn place(&mut self, id: NodeId, sequence: &[Child], from: usize, signed: &mut bool) -> Option<usize> {
        let node = &self.tree.nodes[id];
        self.check_attribute(id);
        match node.space {
            // Signatures stand in `alert` alone.
            Space::Signature if node.parent == Some(self.root) => {
                *signed |= node.name == "Signature";
                if self.version != CapVersion::V1_2 {
                    let version = self.version.as_str();
                    let message =
                        format!("The schema of CAP {version} has no place for a signature; it is read as in CAP 1.2.");
                    self.find(&rules::ELEMENT_NEWER, id, message);
                }
                return Some(sequence.len());
            }
            Space::Foreign if sequence.iter().any(|child| child.name == node.name) => {
                self.find_with(&rules::ELEMENT_NAMESPACE, id, || {
                    format!("`{}` is not in the namespace of its `alert`, and cannot be read.", node.name)
                });
                return None;
            }
            Space::Foreign | Space::Signature if self.tree.is_holding_cap(id) => {
                self.find_with(&rules::ELEMENT_NAMESPACE, id, || {
                    format!(
                        "`{}` is of another vocabulary, but holds elements of CAP, which cannot be read there.",
                        quote(node.name)
                    )
                });
                return None;
            }
            Space::Signature => {
                let message = "Only `alert` itself may hold a signature; this one is left out.";
                self.find(&rules::SIGNATURE_MISPLACED, id, message);
                return None;
            }
            Space::Foreign => {
                self.find_with(&rules::ELEMENT_FOREIGN, id, || {
                    format!("`{}` is of another vocabulary and is left out.", quote(node.name))
                });
                return None;
            }
            Space::Home => {}
        }
        let places = (from..sequence.len()).chain(0..from.min(sequence.len()));
        let known = |&place: &usize| {
            let child = &sequence[place];
            child.name == node.name && (child.need != Need::Only1_0 || self.version == CapVersion::V1_0)
        };
        let Some(place) = { places }.find(known) else {
            self.find_with(&rules::ELEMENT_UNKNOWN, id, || {
                format!("`{}` is not an element of CAP here.{}", quote(node.name), hint(node.name, sequence))
            });
            return None;
        };
        if sequence[place].need == Need::OptionalFrom1_1 && self.version == CapVersion::V1_0 {
            self.find(&rules::ELEMENT_NEWER, id, format!("CAP 1.0 has no `{}`; it is read as in CAP 1.1.", node.name));
        }
        if let (false, Some(inner)) = (sequence[place].group, node.first_child) {
            let inner_name = quote(self.tree.nodes[inner].name);
            self.find(&rules::ELEMENT_UNKNOWN, inner, format!("`{}` holds text, not `{inner_name}`.", node.name));
        }
        Some(place)
    }

    /// CAP has no attributes of its own.
    pub(super) fn check_attribute(&mut self, id: NodeId) {
        if let (Space::Home, Some(attribute)) = (self.tree.nodes[id].space, self.tree.nodes[id].attribute) {
            self.find_with(&rules::ATTRIBUTE_UNEXPECTED, id, || {
                format!("The attribute `{}` is not part of CAP and is left out.", quote(attribute))
            });
        }
    }

    fn check_count(&mut self, parent: NodeId, child: &Child, found: &[NodeId]) {
        let required = match child.need {
            Need::Required => true,
            Need::From1_1 => self.version != CapVersion::V1_0,
            Need::From1_2 => self.version == CapVersion::V1_2,
            Need::Optional | Need::OptionalFrom1_1 | Need::Only1_0 => false,
        };
        if required && found.is_empty() {
            // Nothing depends on these but what people read, and how files are opened.
            let (rule, then) = match child.name {
                "areaDesc" | "resourceDesc" => (&rules::DESCRIPTION_MISSING, "; the rest is read all the same"),
                "mimeType" => (&rules::MIME_TYPE_MISSING, "; the rest is read all the same"),
                _ => (&rules::ELEMENT_MISSING, ""),
            };
            self.find_child_with(rule, parent, child.name, || {
                format!("`{}` needs `{}`{then}.", self.tree.nodes[parent].name, child.name)
            });
        }
        if let (false, [first, second, ..]) = (child.many, found) {
            let same = found.iter().all(|&id| self.trimmed(id) == self.trimmed(*first));
            let rule = if same { &rules::ELEMENT_REPEATED_SAME } else { &rules::ELEMENT_REPEATED };
            let then = if same { "; all say the same" } else { "" };
            self.find(rule, *second, format!("`{}` may come only once{then}.", child.name));
        }
    }
}

/// What an unknown name may be meant to be: another spelling of a name of the sequence, or an element of another one.
fn hint(name: &str, sequence: &[Child]) -> String {
    fn plain(name: &str) -> &str {
        name.trim_end_matches(['s', 'S'])
    }
    let near = |child: &&Child| child.need != Need::Only1_0 && plain(child.name).eq_ignore_ascii_case(plain(name));
    if let Some(child) = sequence.iter().find(near) {
        return format!(" Perhaps `{}` is meant.", child.name);
    }
    let elsewhere = SEQUENCES.iter().any(|other| other.iter().any(|child| child.name == name));
    if elsewhere { " It belongs into another element.".to_owned() } else { String::new() }
}
