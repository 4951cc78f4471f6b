//! A document as the list of everything in it, kept exactly: what a signature is computed over.
//!
//! Made only for documents that carry a signature and that [`crate::cap::parse`] has let through: the same scanner sees
//! the same elements, so nothing is signed that is not read.

use crate::cap::parse::{character, normal_lines};
use crate::cap::scan::{Name, Scanner, Token};
use crate::cap::tree::is_space;
use std::borrow::Cow;
use std::ops::Range;

/// The namespace that the prefix `xml` always stands for.
pub(super) const XML_NAMESPACE: &str = "http://www.w3.org/XML/1998/namespace";

/// One thing in a document, in its order.
#[derive(Debug)]
pub(super) enum Item<'a> {
    Start(Start<'a>),
    End,
    /// Character data, entities resolved; neighbours are one.
    Text(Cow<'a, str>),
    Comment(Cow<'a, str>),
    Instruction {
        target: &'a str,
        content: Cow<'a, str>,
    },
}

/// The beginning of an element.
#[derive(Debug)]
pub(super) struct Start<'a> {
    /// Byte offset of its `<`.
    pub(super) offset: usize,
    /// Name with its prefix.
    pub(super) name: &'a str,
    pub(super) parent: Option<usize>,
    /// The item that ends it.
    pub(super) end: usize,
    /// Byte offset of its end tag; of an empty element, its own.
    end_offset: usize,
    /// Whether elements stand in it.
    pub(super) bears: bool,
    attributes: Range<usize>,
}

/// An attribute or a declaration of a namespace.
#[derive(Debug)]
pub(super) struct Attribute<'a> {
    /// Name with its prefix.
    pub(super) name: &'a str,
    /// Normalised as XML 1.0 §3.3.3 wants it.
    pub(super) value: Cow<'a, str>,
}

impl Attribute<'_> {
    /// The prefix that it declares, empty for the default namespace.
    pub(super) fn declares(&self) -> Option<&str> {
        if self.name == "xmlns" { Some("") } else { self.name.strip_prefix("xmlns:") }
    }
}

/// The prefix and the rest of a name. What has no prefix has an empty one.
pub(super) fn split_name(name: &str) -> (&str, &str) {
    name.split_once(':').unwrap_or(("", name))
}

/// A document.
#[derive(Debug, Default)]
pub(super) struct Source<'a> {
    pub(super) items: Vec<Item<'a>>,
    attributes: Vec<Attribute<'a>>,
    /// Where the elements begin in `items`.
    starts: Vec<usize>,
}

impl<'a> Source<'a> {
    /// Reads a document again. `None` when it is not one: it should not have come this far.
    pub(super) fn scan(text: &'a str, attributes_max: usize) -> Option<Self> {
        let mut scanner = Scanner::new(text, attributes_max);
        let mut source = Self::default();
        let mut open = Vec::new();
        loop {
            match scanner.next().ok()? {
                Token::Start { name, empty } => {
                    source.start(&name, &scanner, &mut open)?;
                    if empty {
                        source.end(scanner.offset(), &mut open)?;
                    }
                }
                Token::End => source.end(scanner.offset(), &mut open)?,
                Token::Text(text) | Token::Cdata(text) => source.text(normal_lines(text), &open),
                Token::Reference(name) => source.text(Cow::Owned(character(name)?.to_string()), &open),
                Token::Aside => source.items.extend(aside(scanner.piece())),
                // It is refused before.
                Token::DocumentType => return None,
                Token::Done => return open.is_empty().then_some(source),
            }
        }
    }

    fn start(&mut self, name: &Name<'a>, scanner: &Scanner<'a>, open: &mut Vec<usize>) -> Option<()> {
        let first = self.attributes.len();
        for attribute in &scanner.attributes {
            let value = normal_value(attribute.value)?;
            self.attributes.push(Attribute { name: attribute.name.whole, value });
        }
        let parent = open.last().copied();
        if let Some(Item::Start(parent)) = parent.and_then(|parent| self.items.get_mut(parent)) {
            parent.bears = true;
        }
        let at = self.items.len();
        let attributes = first..self.attributes.len();
        let offset = scanner.offset();
        let start = Start { offset, name: name.whole, parent, end: at, end_offset: offset, bears: false, attributes };
        self.items.push(Item::Start(start));
        self.starts.push(at);
        open.push(at);
        Some(())
    }

    fn end(&mut self, offset: usize, open: &mut Vec<usize>) -> Option<()> {
        let end = self.items.len();
        if let Some(Item::Start(start)) = self.items.get_mut(open.pop()?) {
            start.end = end;
            start.end_offset = offset;
        }
        self.items.push(Item::End);
        Some(())
    }

    fn text(&mut self, text: Cow<'a, str>, open: &[usize]) {
        if open.is_empty() {
            return;
        }
        if let Some(Item::Text(before)) = self.items.last_mut() {
            before.to_mut().push_str(&text);
        } else {
            self.items.push(Item::Text(text));
        }
    }

    /// The root element, and the byte offset of its end tag.
    pub(super) fn root(&self) -> Option<(usize, usize)> {
        let &at = self.starts.first()?;
        Some((at, self.start_at(at)?.end_offset))
    }

    /// The element whose `<` is at this byte.
    pub(super) fn at_offset(&self, offset: usize) -> Option<usize> {
        let found = self.starts.binary_search_by_key(&offset, |&at| self.start_at(at).map_or(0, |start| start.offset));
        found.ok().map(|place| self.starts[place])
    }

    /// An item as the beginning of an element.
    pub(super) fn start_at(&self, at: usize) -> Option<&Start<'a>> {
        match self.items.get(at) {
            Some(Item::Start(start)) => Some(start),
            Some(_) | None => None,
        }
    }

    /// Attributes and declarations, as written.
    pub(super) fn attributes(&self, start: &Start<'a>) -> &[Attribute<'a>] {
        self.attributes.get(start.attributes.clone()).unwrap_or_default()
    }

    /// An element, and then those it stands in, from the inside.
    pub(super) fn line(&self, at: usize) -> impl Iterator<Item = (usize, &Start<'a>)> {
        let step = |(_, start): &(usize, &Start<'a>)| {
            let parent = start.parent?;
            Some((parent, self.start_at(parent)?))
        };
        std::iter::successors(self.start_at(at).map(|start| (at, start)), step)
    }

    /// The elements that stand directly in one.
    pub(super) fn children(&self, at: usize) -> impl Iterator<Item = usize> {
        let end = self.start_at(at).map_or(0, |start| start.end);
        let next = move |from: usize| (from..end).find(|&at| self.start_at(at).is_some());
        std::iter::successors(next(at + 1), move |&child| next(self.start_at(child)?.end + 1))
    }

    /// All character data directly in an element.
    pub(super) fn text_of(&self, at: usize) -> String {
        let mut text = String::new();
        let end = self.start_at(at).map_or(0, |start| start.end);
        let mut next = at + 1;
        while next < end {
            match &self.items[next] {
                Item::Start(start) => next = start.end,
                Item::Text(part) => text.push_str(part),
                Item::End | Item::Comment(_) | Item::Instruction { .. } => {}
            }
            next += 1;
        }
        text
    }

    /// The namespace that a prefix stands for in an element; an empty one where there is none.
    pub(super) fn namespace(&self, at: usize, prefix: &str) -> &str {
        if prefix == "xml" {
            return XML_NAMESPACE;
        }
        let declared = self.line(at).find_map(|(_, start)| {
            self.attributes(start).iter().find(|attribute| attribute.declares() == Some(prefix))
        });
        declared.map_or("", |attribute| &attribute.value)
    }

    /// Whether an element has this name in this namespace.
    pub(super) fn is(&self, at: usize, namespace: &str, name: &str) -> bool {
        self.start_at(at).is_some_and(|start| {
            let (prefix, local) = split_name(start.name);
            local == name && self.namespace(at, prefix) == namespace
        })
    }

    /// The value of an attribute without prefix.
    pub(super) fn attribute(&self, at: usize, name: &str) -> Option<&str> {
        let attributes = self.attributes(self.start_at(at)?);
        attributes.iter().find(|attribute| attribute.name == name).map(|attribute| &*attribute.value)
    }
}

/// A comment or an instruction. The XML declaration is neither.
fn aside(piece: &str) -> Option<Item<'_>> {
    if let Some(comment) = piece.strip_prefix("<!--").and_then(|rest| rest.strip_suffix("-->")) {
        return Some(Item::Comment(normal_lines(comment)));
    }
    let whole = piece.strip_prefix("<?")?.strip_suffix("?>")?;
    let (target, content) = whole.split_once(is_space).unwrap_or((whole, ""));
    let content = normal_lines(content.trim_start_matches(is_space));
    (target != "xml").then_some(Item::Instruction { target, content })
}

/// The value of an attribute: white space is a space, unless it is written as a reference (XML 1.0 §3.3.3).
fn normal_value(raw: &str) -> Option<Cow<'_, str>> {
    if !raw.contains(['&', '\t', '\n', '\r']) {
        return Some(Cow::Borrowed(raw));
    }
    let blank = |text: &str| normal_lines(text).replace(['\t', '\n'], " ");
    let mut parts = raw.split('&');
    let mut value = blank(parts.next().unwrap_or_default());
    for part in parts {
        let (name, rest) = part.split_once(';')?;
        value.push(character(name)?);
        value.push_str(&blank(rest));
    }
    Some(Cow::Owned(value))
}
