//! Text to [`Tree`]: what the scanner gives must fit together. One root, nothing after it, nothing left open, every prefix
//! declared, no forbidden character, no document type, no entity but the five and the numeric ones.

use super::alert::CapVersion;
use super::limits::{DEPTH_MAX, Limits, NAMESPACES_MAX};
use super::namespaces::Namespaces;
use super::report::{Report, quote};
use super::rules::{self, Rule};
use super::scan::{Attribute, Fault, Name, Scanner, Token};
use super::tree::{AlertRoot, Node, NodeId, Space, Tree, is_space, is_space_byte};
use memchr::memchr;
use std::borrow::Cow;

const SIGNATURE_NAMESPACE: &str = "http://www.w3.org/2000/09/xmldsig#";
const SCHEMA_INSTANCE_NAMESPACE: &str = "http://www.w3.org/2001/XMLSchema-instance";

/// Bytes looked at in one go for characters that XML forbids.
const CHUNK_BYTES: usize = 64;

/// Why reading stopped: the finding says it.
pub(super) struct Stopped;

/// Reads a whole document. `Err` when it is not XML, or too large; the report then holds why.
pub(super) fn parse<'a>(text: &'a str, limits: &Limits, report: &mut Report) -> Result<Tree<'a>, Stopped> {
    check_characters(text, report);
    let mut parser = Parser {
        text,
        limits,
        report,
        tree: Tree::for_document(text.len()),
        open: Vec::with_capacity(limits.depth_max.min(DEPTH_MAX)),
        namespaces: Namespaces::default(),
        elements: 0,
        alert: None,
        has_returns: memchr(b'\r', text.as_bytes()).is_some(),
    };
    let mut scanner = Scanner::new(text, limits.attributes_max);
    loop {
        let token = scanner.next().map_err(|fault| parser.stop_at(fault))?;
        let offset = scanner.offset();
        match token {
            Token::Start { name, empty } => {
                parser.start(&name, &scanner.attributes, offset)?;
                if empty {
                    parser.leave();
                }
            }
            Token::End => parser.leave(),
            Token::Text(text) => parser.text(text, offset)?,
            Token::Reference(name) => parser.reference(name, offset)?,
            Token::Cdata(text) => parser.cdata(text, offset)?,
            Token::Aside => {}
            Token::DocumentType => {
                let message = "The document has a document type declaration; these are never read.";
                return Err(parser.stop(&rules::DTD_REFUSED, offset, message));
            }
            Token::Done => return parser.finish(),
        }
    }
}

/// Refuses what no XML document may hold, wherever it stands. Only the first is reported.
fn check_characters(text: &str, report: &mut Report) {
    // Most chunks hold nothing near it, which a few instructions tell. U+FFFE and U+FFFF begin with the byte 0xEF.
    let doubtful = |byte: u8| (byte < b' ' && !matches!(byte, b'\t' | b'\n' | b'\r')) | (byte == 0xEF);
    let forbidden =
        |character: char| (character < ' ' && !is_space(character)) || matches!(character, '\u{FFFE}' | '\u{FFFF}');
    for (number, chunk) in text.as_bytes().chunks(CHUNK_BYTES).enumerate() {
        if !chunk.iter().fold(false, |any, &byte| any | doubtful(byte)) {
            continue;
        }
        let begin = text.floor_char_boundary(number * CHUNK_BYTES);
        let end = text.ceil_char_boundary(number * CHUNK_BYTES + chunk.len());
        let characters = text.get(begin..end).unwrap_or_default().char_indices();
        if let Some((at, character)) = characters.into_iter().find(|&(_, character)| forbidden(character)) {
            let message = format!("The character U+{:04X} may not be in an XML document.", u32::from(character));
            report.add(&rules::CONTROL_CHARACTER, "/", begin + at, message);
            return;
        }
    }
}

/// An element that is open.
struct Open<'a> {
    /// As its tag has it.
    name: &'a str,
    /// `None` inside a signature, or inside a foreign element of an alert: it is not kept.
    node: Option<NodeId>,
    last_child: Option<NodeId>,
}

struct Parser<'a, 'r> {
    text: &'a str,
    limits: &'r Limits,
    report: &'r mut Report,
    tree: Tree<'a>,
    open: Vec<Open<'a>>,
    namespaces: Namespaces<'a>,
    elements: usize,
    /// The alert we are in.
    alert: Option<NodeId>,
    /// Whether any line ends otherwise than XML wants it.
    has_returns: bool,
}

impl<'a> Parser<'a, '_> {
    fn start(&mut self, name: &Name<'a>, attributes: &[Attribute<'a>], offset: usize) -> Result<(), Stopped> {
        self.count(offset)?;
        let unknown = if attributes.is_empty() { None } else { self.attributes(attributes, offset)? };
        if self.open.is_empty() && !self.tree.nodes.is_empty() {
            let message = "A document has one root element; here a second one begins: check each document by itself.";
            return Err(self.ill(offset, message));
        }
        let Ok(namespace) = self.namespaces.of_element(name) else {
            return Err(self.undeclared(name, offset));
        };
        let parent = self.open.last().map(|open| open.node);
        // What stands in something that is not kept is not kept either.
        let space = if parent == Some(None) { None } else { self.space(name, namespace, parent.flatten()) };
        let is_lost = space.is_none() && self.is_cap(namespace);
        let begins = self.alert.is_none() && space == Some(Space::Home);
        let alert_namespace = if begins || self.tree.nodes.is_empty() { namespace.map(str::to_owned) } else { None };
        let node = space.map(|space| self.push(name, space, offset, unknown));
        if node == Some(super::tree::ROOT) {
            self.tree.namespace.clone_from(&alert_namespace);
        }
        if let Some(id) = node.filter(|_| begins) {
            self.alert = Some(id);
            self.tree.alerts.push(AlertRoot { id, namespace: alert_namespace });
        }
        if is_lost {
            let kept = self.open.iter().rev().find_map(|open| open.node);
            self.tree.holds_cap(kept.unwrap_or(super::tree::ROOT));
        }
        self.open.push(Open { name: name.whole, node, last_child: None });
        Ok(())
    }

    /// Which vocabulary an element is of; `None` when it is not kept.
    fn space(&self, name: &Name<'a>, namespace: Option<&str>, parent: Option<NodeId>) -> Option<Space> {
        if self.alert.is_none() {
            // A root may be an alert of an unknown namespace; what a feed carries must be of CAP's.
            let is_cap = || namespace.is_some_and(|name| CapVersion::of(name).is_some());
            let begins = name.local == "alert" && (parent.is_none() || is_cap());
            return Some(if begins { Space::Home } else { Space::Foreign });
        }
        if parent.is_some_and(|parent| self.tree.nodes[parent].space != Space::Home) {
            return None;
        }
        let home = self.tree.alerts.last().and_then(|alert| alert.namespace.as_deref());
        Some(match namespace {
            Some(SIGNATURE_NAMESPACE) => Space::Signature,
            _ if namespace == home => Space::Home,
            _ => Space::Foreign,
        })
    }

    /// Whether a namespace is that of the alert we are in, or of any edition.
    fn is_cap(&self, namespace: Option<&str>) -> bool {
        let home = self.tree.alerts.last().and_then(|alert| alert.namespace.as_deref());
        namespace == home || namespace.is_some_and(|name| CapVersion::of(name).is_some())
    }

    fn push(&mut self, name: &Name<'a>, space: Space, offset: usize, attribute: Option<&'a str>) -> NodeId {
        let open = self.open.last_mut();
        let (parent, before) = open.as_ref().map_or((None, None), |open| (open.node, open.last_child));
        let text = Cow::Borrowed("");
        let node =
            Node { name: name.local, space, offset, parent, first_child: None, next_sibling: None, text, attribute };
        // Blanks before the first child are no text.
        if let (Some(parent), None) = (parent, before) {
            let parent = &mut self.tree.nodes[parent];
            if parent.trimmed().is_empty() {
                parent.text = Cow::Borrowed("");
            }
        }
        let id = self.tree.push(node, before);
        if let Some(open) = open {
            open.last_child = Some(id);
        }
        id
    }

    /// Counts one more element and one more level.
    fn count(&mut self, offset: usize) -> Result<(), Stopped> {
        self.elements += 1;
        if self.elements > self.limits.elements_max {
            let message = format!("The document has more than {} elements.", self.limits.elements_max);
            return Err(self.stop(&rules::TOO_MANY_ELEMENTS, offset, message));
        }
        if self.open.len() >= self.limits.depth_max {
            let message = format!("Elements are nested more than {} deep.", self.limits.depth_max);
            return Err(self.stop(&rules::TOO_DEEP, offset, message));
        }
        Ok(())
    }

    /// Puts an element's declarations in force, checks its attributes, and gives the first that CAP does not know.
    fn attributes(&mut self, attributes: &[Attribute<'a>], offset: usize) -> Result<Option<&'a str>, Stopped> {
        let depth = self.open.len();
        for attribute in attributes {
            let value = self.attribute_value(attribute.value, offset)?;
            let Some(prefix) = Namespaces::declared(attribute) else { continue };
            if self.namespaces.declare(prefix, value, depth).is_err() {
                let message = format!("`{}` may not mean that namespace.", quote(attribute.name.whole));
                return Err(self.ill(offset, message));
            }
            if self.namespaces.len() > NAMESPACES_MAX {
                let message = format!("More than {NAMESPACES_MAX} namespaces are declared at once.");
                return Err(self.stop(&rules::TOO_MANY_ATTRIBUTES, offset, message));
            }
        }
        let mut unknown = None;
        for (place, attribute) in attributes.iter().enumerate() {
            if Namespaces::declared(attribute).is_some() {
                continue;
            }
            let name = attribute.name;
            let Ok(namespace) = self.namespaces.of_attribute(&name) else {
                return Err(self.undeclared(&name, offset));
            };
            // Two prefixes may mean one namespace; then the names may not be the same.
            let same = |other: &Attribute<'_>| {
                other.name.local == name.local
                    && namespace.is_some()
                    && self.namespaces.of_attribute(&other.name).is_ok_and(|other| other == namespace)
            };
            if attributes[..place].iter().any(same) {
                return Err(self.ill(offset, format!("The attribute `{}` comes twice.", quote(name.whole))));
            }
            // Where a schema is may be said; that an element is null may not: none of CAP's can be.
            let about_schema = namespace == Some(SCHEMA_INSTANCE_NAMESPACE) && name.local != "nil";
            if !about_schema && unknown.is_none() {
                unknown = Some(name.whole);
            }
        }
        Ok(unknown)
    }

    /// An attribute's value with its references resolved and its white space made blanks (XML 1.0 §3.3.3).
    fn attribute_value(&mut self, value: &'a str, offset: usize) -> Result<Cow<'a, str>, Stopped> {
        if !value.contains(['&', '\t', '\n', '\r']) {
            return Ok(Cow::Borrowed(value));
        }
        let blank = |text: &str| text.replace("\r\n", " ").replace(['\t', '\n', '\r'], " ");
        let mut parts = value.split('&');
        let mut resolved = blank(parts.next().unwrap_or_default());
        for part in parts {
            let Some((name, rest)) = part.split_once(';') else {
                return Err(self.ill(offset, "An attribute holds `&` without an entity."));
            };
            resolved.push(self.resolve(name, offset)?);
            resolved.push_str(&blank(rest));
        }
        Ok(Cow::Owned(resolved))
    }

    fn leave(&mut self) {
        let left = self.open.pop().and_then(|open| open.node);
        self.namespaces.leave(self.open.len());
        if left.is_some() && left == self.alert {
            self.alert = None;
        }
    }

    fn text(&mut self, text: &'a str, offset: usize) -> Result<(), Stopped> {
        if self.open.is_empty() {
            let blanks = text.len() - text.trim_start_matches(is_space).len();
            if blanks == text.len() {
                return Ok(());
            }
            return Err(self.ill(offset + blanks, "There is text outside the root element."));
        }
        self.append(text);
        Ok(())
    }

    fn cdata(&mut self, text: &'a str, offset: usize) -> Result<(), Stopped> {
        if self.open.is_empty() {
            return Err(self.ill(offset, "There is text outside the root element."));
        }
        self.append(text);
        Ok(())
    }

    fn reference(&mut self, name: &str, offset: usize) -> Result<(), Stopped> {
        let character = self.resolve(name, offset)?;
        let Some(open) = self.open.last() else {
            return Err(self.ill(offset, "There is text outside the root element."));
        };
        if let Some(node) = open.node.and_then(|id| self.tree.nodes.get_mut(id)) {
            if let Cow::Borrowed(text) = node.text {
                // Room for all that may follow up to the next tag, so that long texts are not moved again and again.
                let following = self.text.as_bytes().get(offset..).and_then(|rest| memchr(b'<', rest)).unwrap_or(0);
                let mut owned = String::with_capacity(text.len() + following);
                owned.push_str(text);
                node.text = Cow::Owned(owned);
            }
            node.text.to_mut().push(character);
        }
        Ok(())
    }

    /// Adds to the text of the element that is open, if it is kept.
    fn append(&mut self, text: &'a str) {
        let Some(node) = self.open.last().and_then(|open| self.tree.nodes.get_mut(open.node?)) else { return };
        if node.first_child.is_some() && text.bytes().all(is_space_byte) {
            return;
        }
        let text = if self.has_returns { normal_lines(text) } else { Cow::Borrowed(text) };
        if node.text.is_empty() {
            node.text = text;
        } else {
            node.text.to_mut().push_str(&text);
        }
    }

    /// The character an entity stands for.
    fn resolve(&mut self, name: &str, offset: usize) -> Result<char, Stopped> {
        character(name).ok_or_else(|| match name.strip_prefix('#').and_then(code_point) {
            Some(code) => {
                let what = if code > u32::from(char::MAX) { "no character".into() } else { format!("U+{code:04X}") };
                let message = format!("`&{};` is {what}, which may not be in an XML document.", quote(name));
                self.stop(&rules::CONTROL_CHARACTER, offset, message)
            }
            None => {
                let message = format!("The entity `&{};` is not one of XML's own.", quote(name));
                self.stop(&rules::ENTITY_REFUSED, offset, message)
            }
        })
    }

    fn undeclared(&mut self, name: &Name<'_>, offset: usize) -> Stopped {
        let message = format!("The prefix of `{}` is not declared.", quote(name.whole));
        self.stop(&rules::PREFIX_UNDECLARED, offset, message)
    }

    fn ill(&mut self, offset: usize, message: impl Into<String>) -> Stopped {
        self.stop(&rules::NOT_WELL_FORMED, offset, message)
    }

    fn stop_at(&mut self, fault: Fault) -> Stopped {
        self.stop(fault.rule, fault.offset, fault.message)
    }

    fn stop(&mut self, rule: &'static Rule, offset: usize, message: impl Into<String>) -> Stopped {
        let kept = self.open.iter().rev().find_map(|open| open.node);
        let path = kept.map_or_else(|| "/".to_owned(), |id| self.tree.path(id));
        self.report.add(rule, &path, offset, message);
        Stopped
    }

    fn finish(mut self) -> Result<Tree<'a>, Stopped> {
        if self.tree.nodes.is_empty() {
            return Err(self.ill(self.text.len(), "There is no element at all."));
        }
        if let Some(open) = self.open.last() {
            let message = format!("The document ends before `{}` does.", quote(open.name));
            return Err(self.ill(self.text.len(), message));
        }
        Ok(self.tree)
    }
}

/// The character of `&name;`: one of XML's own five, or a numeric one.
pub(super) fn character(name: &str) -> Option<char> {
    match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => name.strip_prefix('#').and_then(numeric_reference),
    }
}

/// The character of `&#…;`, if XML allows it.
fn numeric_reference(digits: &str) -> Option<char> {
    let code = code_point(digits)?;
    let allowed = code >= 0x20 && code != 0xFFFE && code != 0xFFFF || matches!(code, 0x9 | 0xA | 0xD);
    char::from_u32(code).filter(|_| allowed)
}

/// The number of `&#…;`, whether XML allows its character or not.
fn code_point(digits: &str) -> Option<u32> {
    let (digits, radix) = digits.strip_prefix('x').map_or((digits, 10), |hex| (hex, 16));
    let is_number = !digits.is_empty() && digits.chars().all(|digit| digit.is_digit(radix));
    // Too large a number is no character either.
    is_number.then(|| u32::from_str_radix(digits, radix).unwrap_or(u32::MAX))
}

/// Line ends as XML wants them: `\n` alone.
pub(super) fn normal_lines(text: &str) -> Cow<'_, str> {
    if text.contains('\r') { Cow::Owned(text.replace("\r\n", "\n").replace('\r', "\n")) } else { Cow::Borrowed(text) }
}
