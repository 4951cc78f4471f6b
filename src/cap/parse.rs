//! Text to [`Tree`]: quick-xml reads the tags, we enforce what it does not: one root, nothing after it, nothing left open,
//! no forbidden character, no document type, no entity but the five and the numeric ones.

use super::alert::CapVersion;
use super::limits::{ATTRIBUTES_BYTES_MAX, ERROR_CHARS_MAX, Limits};
use super::report::{Report, quote, shorten};
use super::rules::{self, Rule};
use super::tree::{AlertRoot, Node, NodeId, Space, Tree, is_space};
use quick_xml::NsReader;
use quick_xml::events::{BytesStart, Event};
use quick_xml::name::{QName, ResolveResult};
use std::borrow::Cow;

const SIGNATURE_NAMESPACE: &str = "http://www.w3.org/2000/09/xmldsig#";
const SCHEMA_INSTANCE_NAMESPACE: &str = "http://www.w3.org/2001/XMLSchema-instance";

/// Why reading stopped: the finding says it.
pub(super) struct Stopped;

/// Reads a whole document. `Err` when it is not XML, or too large; the report then holds why.
pub(super) fn parse<'a>(text: &'a str, limits: &Limits, report: &mut Report) -> Result<Tree<'a>, Stopped> {
    check_characters(text, report);
    let mut reader = NsReader::from_str(text);
    let config = reader.config_mut();
    config.expand_empty_elements = true;
    config.check_comments = true;
    let mut parser = Parser { text, limits, report, tree: Tree::default(), open: Vec::new(), elements: 0, alert: None };
    loop {
        let offset = usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX);
        let event = match reader.read_event() {
            Ok(event) => event,
            Err(error) => {
                let at = usize::try_from(reader.error_position()).unwrap_or(offset);
                return Err(parser.stop(
                    &rules::NOT_WELL_FORMED,
                    at,
                    format!("This is not well-formed XML: {}.", shorten(&error.to_string(), ERROR_CHARS_MAX)),
                ));
            }
        };
        match event {
            Event::Start(start) => parser.start(&reader, &start, offset)?,
            // Empty elements are expanded; one that came through would be a start and an end.
            Event::Empty(start) => {
                parser.start(&reader, &start, offset)?;
                parser.end();
            }
            Event::End(_) => parser.end(),
            Event::Text(text) => parser.text(text.into_inner(), offset)?,
            Event::CData(text) => parser.cdata(text.into_inner(), offset)?,
            Event::GeneralRef(name) => parser.reference(&name.into_inner(), offset)?,
            Event::Decl(_) if offset == 0 => {}
            Event::Decl(_) => return Err(parser.ill(offset, "An XML declaration may only come first.")),
            Event::PI(instruction) if instruction.target().eq_ignore_ascii_case("xml") => {
                return Err(parser.ill(offset, "A processing instruction cannot be named `xml`."));
            }
            Event::PI(_) | Event::Comment(_) => {}
            Event::DocType(_) => {
                let message = "The document has a document type declaration; these are never read.";
                return Err(parser.stop(&rules::DTD_REFUSED, offset, message));
            }
            Event::Eof => return parser.finish(),
        }
    }
}

/// Refuses what no XML document may hold, wherever it stands. Only the first is reported.
fn check_characters(text: &str, report: &mut Report) {
    let forbidden =
        |character: char| (character < ' ' && !is_space(character)) || matches!(character, '\u{FFFE}' | '\u{FFFF}');
    if let Some((offset, character)) = text.char_indices().find(|&(_, character)| forbidden(character)) {
        let message = format!("The character U+{:04X} may not be in an XML document.", u32::from(character));
        report.add(&rules::CONTROL_CHARACTER, "/", offset, message);
    }
}

/// An element that is open.
#[derive(Clone, Copy)]
enum Open {
    Kept(NodeId),
    /// Inside a signature, or inside a foreign element of an alert.
    Skipped,
}

struct Parser<'a, 'r> {
    text: &'a str,
    limits: &'r Limits,
    report: &'r mut Report,
    tree: Tree<'a>,
    open: Vec<Open>,
    elements: usize,
    /// The alert we are in.
    alert: Option<NodeId>,
}

impl<'a> Parser<'a, '_> {
    fn start(&mut self, reader: &NsReader<&'a [u8]>, start: &BytesStart<'_>, offset: usize) -> Result<(), Stopped> {
        self.count(offset)?;
        let name = self.name_at(offset, start.name().0.len());
        if name.is_empty() || !name.split(':').all(is_name) || name.split(':').count() > 2 {
            return Err(self.ill(offset, &format!("`{}` is not a name of an element.", quote(name))));
        }
        let (namespace, _) = reader.resolver().resolve_element(QName(name));
        let namespace = match namespace {
            ResolveResult::Bound(namespace) => Some(namespace.0),
            ResolveResult::Unbound => None,
            ResolveResult::Unknown(_) => {
                return Err(self.ill(offset, &format!("The prefix of `{}` is not declared.", quote(name))));
            }
        };
        let attribute = self.attributes(reader, start, offset)?;
        if self.open.is_empty() {
            if !self.tree.nodes.is_empty() {
                return Err(self.ill(offset, "A document has one root element; here a second one begins."));
            }
            self.tree.namespace = namespace.map(str::to_owned);
        }
        self.place(name, namespace, offset, attribute);
        Ok(())
    }

    /// Puts an element into the tree, or skips it.
    fn place(&mut self, name: &'a str, namespace: Option<&str>, offset: usize, attribute: Option<&'a str>) {
        let parent = match self.open.last() {
            None => None,
            Some(&Open::Kept(parent)) => Some(parent),
            Some(Open::Skipped) => {
                self.open.push(Open::Skipped);
                return;
            }
        };
        let begins = name.rsplit(':').next() == Some("alert");
        let space = match &self.alert {
            Some(_) if parent.is_some_and(|parent| self.tree.nodes[parent].space != Space::Home) => {
                self.open.push(Open::Skipped);
                return;
            }
            Some(_) if namespace == Some(SIGNATURE_NAMESPACE) => Space::Signature,
            Some(_) if namespace == self.home() => Space::Home,
            // A root may be an alert of an unknown namespace; what a feed carries must be of CAP's.
            None if begins && (parent.is_none() || namespace.is_some_and(|name| CapVersion::of(name).is_some())) => {
                let id = self.tree.nodes.len();
                self.alert = Some(id);
                self.tree.alerts.push(AlertRoot { id, namespace: namespace.map(str::to_owned) });
                Space::Home
            }
            Some(_) | None => Space::Foreign,
        };
        self.push(name, space, offset, parent, attribute);
    }

    /// The namespace of the alert we are in.
    fn home(&self) -> Option<&str> {
        self.tree.alerts.last().and_then(|alert| alert.namespace.as_deref())
    }

    fn push(&mut self, name: &'a str, space: Space, offset: usize, parent: Option<NodeId>, attribute: Option<&'a str>) {
        let id = self.tree.nodes.len();
        let name = name.rsplit(':').next().unwrap_or(name);
        let text = Cow::Borrowed("");
        self.tree.nodes.push(Node { name, space, offset, parent, children: Vec::new(), text, attribute });
        if let Some(parent) = parent {
            let parent = &mut self.tree.nodes[parent];
            // Only before the first child: what comes later is kept only if it is not blank.
            if parent.children.is_empty() && parent.trimmed().is_empty() {
                parent.text = Cow::Borrowed("");
            }
            parent.children.push(id);
        }
        self.open.push(Open::Kept(id));
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

    /// The tag's name, borrowed from the document rather than from the event.
    fn name_at(&self, offset: usize, length: usize) -> &'a str {
        self.text.get(offset + 1..offset + 1 + length).unwrap_or_default()
    }

    /// Checks the attributes, and gives the first that CAP does not know.
    fn attributes(
        &mut self,
        reader: &NsReader<&'a [u8]>,
        start: &BytesStart<'_>,
        offset: usize,
    ) -> Result<Option<&'a str>, Stopped> {
        let raw = start.attributes_raw();
        if raw.is_empty() {
            return Ok(None);
        }
        if raw.len() > ATTRIBUTES_BYTES_MAX {
            let message = format!("The attributes of one element take more than {ATTRIBUTES_BYTES_MAX} bytes.");
            return Err(self.stop(&rules::TOO_MANY_ATTRIBUTES, offset, message));
        }
        let mut unknown = None;
        for (count, attribute) in start.attributes().enumerate() {
            if count >= self.limits.attributes_max {
                let message = format!("An element has more than {} attributes.", self.limits.attributes_max);
                return Err(self.stop(&rules::TOO_MANY_ATTRIBUTES, offset, message));
            }
            let attribute = attribute.map_err(|error| {
                self.stop(
                    &rules::NOT_WELL_FORMED,
                    offset,
                    format!("An attribute is not well-formed: {}.", shorten(&error.to_string(), ERROR_CHARS_MAX)),
                )
            })?;
            let key = attribute.key;
            if !key.0.split(':').all(is_name) {
                return Err(self.ill(offset, &format!("`{}` is not a name of an attribute.", quote(key.0))));
            }
            self.attribute_value(&attribute.value, offset)?;
            let namespace = reader.resolver().resolve_attribute(key).0;
            if let ResolveResult::Unknown(_) = namespace {
                return Err(self.ill(offset, &format!("The prefix of `{}` is not declared.", quote(key.0))));
            }
            let about_schema = matches!(namespace, ResolveResult::Bound(space) if space.0 == SCHEMA_INSTANCE_NAMESPACE);
            if key.as_namespace_binding().is_none() && !about_schema && unknown.is_none() {
                unknown = Some(self.borrowed(key.0, offset));
            }
        }
        Ok(unknown)
    }

    /// The same characters, borrowed from the document: they stand in the tag that begins at `offset`.
    fn borrowed(&self, part: &str, offset: usize) -> &'a str {
        let tag = self.text.get(offset..).unwrap_or_default();
        tag.find(part).and_then(|at| tag.get(at..at + part.len())).unwrap_or("?")
    }

    fn attribute_value(&mut self, value: &str, offset: usize) -> Result<(), Stopped> {
        if value.contains('<') {
            return Err(self.ill(offset, "An attribute holds `<`."));
        }
        for part in value.split('&').skip(1) {
            let Some((name, _)) = part.split_once(';') else {
                return Err(self.ill(offset, "An attribute holds `&` without an entity."));
            };
            self.resolve(name, offset)?;
        }
        Ok(())
    }

    fn end(&mut self) {
        match self.open.pop() {
            Some(Open::Kept(id)) if self.alert == Some(id) => self.alert = None,
            Some(Open::Kept(_) | Open::Skipped) | None => {}
        }
    }

    fn text(&mut self, text: Cow<'a, str>, offset: usize) -> Result<(), Stopped> {
        if text.contains("]]>") {
            return Err(self.ill(offset, "`]]>` may not be in text."));
        }
        self.characters(text, offset)
    }

    fn cdata(&mut self, text: Cow<'a, str>, offset: usize) -> Result<(), Stopped> {
        if self.open.is_empty() {
            return Err(self.ill(offset, "There is text outside the root element."));
        }
        self.characters(text, offset)
    }

    fn characters(&mut self, text: Cow<'a, str>, offset: usize) -> Result<(), Stopped> {
        match self.open.last() {
            Some(&Open::Kept(id)) => {
                let text = if text.contains('\r') { Cow::Owned(normal_lines(&text)) } else { text };
                self.append(id, text);
                Ok(())
            }
            Some(Open::Skipped) => Ok(()),
            None if text.chars().all(is_space) => Ok(()),
            None => {
                let blanks = text.len() - text.trim_start_matches(is_space).len();
                Err(self.ill(offset + blanks, "There is text outside the root element."))
            }
        }
    }

    fn reference(&mut self, name: &str, offset: usize) -> Result<(), Stopped> {
        let character = self.resolve(name, offset)?;
        match self.open.last() {
            Some(&Open::Kept(id)) => self.append(id, Cow::Owned(character.to_string())),
            Some(Open::Skipped) => {}
            None => return Err(self.ill(offset, "There is text outside the root element.")),
        }
        Ok(())
    }

    fn append(&mut self, id: NodeId, text: Cow<'a, str>) {
        if self.alert.is_none() {
            return;
        }
        let node = &mut self.tree.nodes[id];
        if !node.children.is_empty() && text.chars().all(is_space) {
            return;
        }
        if node.text.is_empty() {
            node.text = text;
        } else {
            node.text.to_mut().push_str(&text);
        }
    }

    /// The character an entity stands for.
    fn resolve(&mut self, name: &str, offset: usize) -> Result<char, Stopped> {
        let character = match name {
            "amp" => Some('&'),
            "lt" => Some('<'),
            "gt" => Some('>'),
            "quot" => Some('"'),
            "apos" => Some('\''),
            _ => name.strip_prefix('#').and_then(numeric_reference),
        };
        character.ok_or_else(|| {
            let message = format!("The entity `&{};` is not one of XML's own.", quote(name));
            self.stop(&rules::ENTITY_REFUSED, offset, message)
        })
    }

    fn ill(&mut self, offset: usize, message: &str) -> Stopped {
        self.stop(&rules::NOT_WELL_FORMED, offset, message)
    }

    fn stop(&mut self, rule: &'static Rule, offset: usize, message: impl Into<String>) -> Stopped {
        let tree = &self.tree;
        let kept = self.open.iter().rev().find_map(|open| match open {
            Open::Kept(id) => Some(*id),
            Open::Skipped => None,
        });
        let path = kept.map_or_else(|| "/".to_owned(), |id| tree.path(id));
        self.report.add(rule, &path, offset, message);
        Stopped
    }

    fn finish(mut self) -> Result<Tree<'a>, Stopped> {
        if self.tree.nodes.is_empty() {
            return Err(self.ill(self.text.len(), "There is no element at all."));
        }
        if !self.open.is_empty() {
            return Err(self.ill(self.text.len(), "The document ends before its elements do."));
        }
        Ok(self.tree)
    }
}

/// A name without its prefix. XML's own table of letters is longer; every non-ASCII character is let through.
fn is_name(name: &str) -> bool {
    let mut characters = name.chars();
    characters.next().is_some_and(|first| first.is_ascii_alphabetic() || first == '_' || !first.is_ascii())
        && characters.all(|next| next.is_ascii_alphanumeric() || matches!(next, '_' | '-' | '.') || !next.is_ascii())
}

/// The character of `&#…;`, if XML allows it.
fn numeric_reference(digits: &str) -> Option<char> {
    let code = match digits.strip_prefix('x') {
        Some(hex) if hex.bytes().all(|byte| byte.is_ascii_hexdigit()) => u32::from_str_radix(hex, 16).ok()?,
        None if digits.bytes().all(|byte| byte.is_ascii_digit()) => digits.parse().ok()?,
        Some(_) | None => return None,
    };
    let allowed = code >= 0x20 && code != 0xFFFE && code != 0xFFFF || matches!(code, 0x9 | 0xA | 0xD);
    char::from_u32(code).filter(|_| allowed)
}

/// Line ends as XML wants them: `\n` alone.
fn normal_lines(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n")
}
