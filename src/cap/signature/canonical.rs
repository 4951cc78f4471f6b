//! Canonical XML (C14N 1.0 and 1.1) and Exclusive Canonical XML 1.0 over a [`Source`]: the octets that a digest or a
//! signature is computed over. Bounded: a short document may have an endless canonical form.

use super::source::{Item, Source, Start, XML_NAMESPACE, split_name};
use crate::cap::tree::is_space;
use std::collections::HashMap;

/// Which canonical form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Inclusive10,
    Inclusive11,
    Exclusive,
}

/// A canonicalisation method with its parameters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Method<'a> {
    pub(super) form: Form,
    /// Whether comments are kept.
    pub(super) comments: bool,
    /// Prefixes that the exclusive form treats as the inclusive one does; empty for the default namespace.
    pub(super) prefixes: Vec<&'a str>,
}

impl Method<'_> {
    /// What a reference without any is canonicalised by (XML-DSig §4.4.3.2).
    pub(super) const DEFAULT: Self = Self { form: Form::Inclusive10, comments: false, prefixes: Vec::new() };
}

/// What of a document is canonicalised.
#[derive(Debug, Clone, Copy)]
pub(super) struct Part<'p> {
    /// The element it begins with.
    pub(super) apex: usize,
    /// The element that counts as the root of its document: nothing is inherited from what stands around it.
    pub(super) root: usize,
    /// Whether instructions before and after the root belong to it.
    pub(super) surroundings: bool,
    /// Elements that are left out, whole.
    pub(super) without: &'p [usize],
    /// Whether white space between elements is left out.
    pub(super) without_blanks: bool,
    /// Whether comments are part of it at all.
    pub(super) with_comments: bool,
}

/// The canonical form would be longer than the room there is.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TooLong;

/// The canonical form of a part, at most `room` bytes of it.
pub(super) fn canonical(
    source: &Source<'_>,
    part: Part<'_>,
    method: &Method<'_>,
    room: usize,
) -> Result<Vec<u8>, TooLong> {
    let mut writer =
        Writer { source, part, method, room, out: Vec::new(), declared: Scope::default(), rendered: Scope::default() };
    if part.surroundings {
        writer.around(0..part.apex, true)?;
    }
    writer.element()?;
    if part.surroundings {
        let end = source.start_at(part.apex).map_or(part.apex, |start| start.end);
        writer.around(end + 1..source.items.len(), false)?;
    }
    Ok(writer.out)
}

/// Which namespace each prefix stands for, while elements open and close.
#[derive(Default)]
struct Scope<'s> {
    now: HashMap<&'s str, &'s str>,
    /// What was there before, for each change.
    before: Vec<(&'s str, Option<&'s str>)>,
    /// How many changes there were when each open element began.
    marks: Vec<usize>,
}

impl<'s> Scope<'s> {
    fn get(&self, prefix: &str) -> &'s str {
        self.now.get(prefix).copied().unwrap_or("")
    }

    fn set(&mut self, prefix: &'s str, namespace: &'s str) {
        let old = self.now.insert(prefix, namespace);
        self.before.push((prefix, old));
    }

    fn open(&mut self) {
        self.marks.push(self.before.len());
    }

    fn close(&mut self) {
        let mark = self.marks.pop().unwrap_or(0);
        for (prefix, old) in self.before.drain(mark..).rev() {
            match old {
                Some(namespace) => self.now.insert(prefix, namespace),
                None => self.now.remove(prefix),
            };
        }
    }
}

struct Writer<'s, 'a, 'p> {
    source: &'s Source<'a>,
    part: Part<'p>,
    method: &'s Method<'s>,
    room: usize,
    out: Vec<u8>,
    /// What the document declares.
    declared: Scope<'s>,
    /// What has been written.
    rendered: Scope<'s>,
}

impl<'s> Writer<'s, '_, '_> {
    /// The apex and everything in it.
    fn element(&mut self) -> Result<(), TooLong> {
        let source = self.source;
        let Some(apex) = source.start_at(self.part.apex) else { return Ok(()) };
        self.inherit();
        let mut open: Vec<&Start<'_>> = Vec::new();
        let mut at = self.part.apex;
        while at <= apex.end {
            match &source.items[at] {
                Item::Start(start) if self.part.without.contains(&at) => at = start.end,
                Item::Start(start) => {
                    self.start(start, open.is_empty())?;
                    open.push(start);
                }
                Item::End => {
                    if let Some(start) = open.pop() {
                        self.put("</")?;
                        self.put(start.name)?;
                        self.put(">")?;
                    }
                    self.declared.close();
                    self.rendered.close();
                }
                Item::Text(text) => {
                    let between = open.last().is_some_and(|start| start.bears) && text.chars().all(is_space);
                    if !(between && self.part.without_blanks) {
                        self.text(text)?;
                    }
                }
                other => self.aside(other, "", "")?,
            }
            at += 1;
        }
        Ok(())
    }

    /// What the apex's ancestors declare.
    fn inherit(&mut self) {
        let source = self.source;
        let mut ancestors: Vec<_> = source.line(self.part.apex).skip(1).collect();
        ancestors.reverse();
        for (_, start) in ancestors {
            for attribute in source.attributes(start) {
                if let Some(prefix) = attribute.declares() {
                    self.declared.set(prefix, &attribute.value);
                }
            }
        }
    }

    /// Comments and instructions before or after the root element, each on a line of its own.
    fn around(&mut self, items: std::ops::Range<usize>, before: bool) -> Result<(), TooLong> {
        let (lead, trail) = if before { ("", "\n") } else { ("\n", "") };
        let source = self.source;
        source.items[items].iter().try_for_each(|item| self.aside(item, lead, trail))
    }

    fn aside(&mut self, item: &Item<'_>, lead: &str, trail: &str) -> Result<(), TooLong> {
        match item {
            Item::Comment(text) if self.method.comments && self.part.with_comments => {
                [lead, "<!--", text, "-->", trail].iter().try_for_each(|part| self.put(part))
            }
            Item::Instruction { target, content } => {
                let space = if content.is_empty() { "" } else { " " };
                [lead, "<?", target, space, content, "?>", trail].iter().try_for_each(|part| self.put(part))
            }
            Item::Comment(_) | Item::Start(_) | Item::End | Item::Text(_) => Ok(()),
        }
    }

    fn start(&mut self, start: &'s Start<'_>, is_apex: bool) -> Result<(), TooLong> {
        self.declared.open();
        self.rendered.open();
        let source = self.source;
        for attribute in source.attributes(start) {
            if let Some(prefix) = attribute.declares() {
                self.declared.set(prefix, &attribute.value);
            }
        }
        self.put("<")?;
        self.put(start.name)?;
        let mut namespaces = match self.method.form {
            Form::Exclusive => self.exclusive(start, is_apex),
            Form::Inclusive10 | Form::Inclusive11 => self.inclusive(start, is_apex),
        };
        namespaces.sort_unstable();
        for (prefix, namespace) in namespaces {
            self.put(if prefix.is_empty() { " xmlns" } else { " xmlns:" })?;
            self.put(prefix)?;
            self.value(namespace)?;
        }
        let mut attributes: Vec<(&str, &str, &str, &str)> = Vec::new();
        for attribute in source.attributes(start).iter().filter(|attribute| attribute.declares().is_none()) {
            attributes.push(self.keyed(attribute.name, &attribute.value));
        }
        if is_apex {
            self.inherited_attributes(&mut attributes);
        }
        // By namespace, then by local name.
        attributes.sort_unstable();
        for (_, _, name, value) in attributes {
            self.put(" ")?;
            self.put(name)?;
            self.value(value)?;
        }
        self.put(">")
    }

    fn keyed(&self, name: &'s str, value: &'s str) -> (&'s str, &'s str, &'s str, &'s str) {
        let (prefix, local) = split_name(name);
        let namespace = match prefix {
            "" => "",
            "xml" => XML_NAMESPACE,
            prefix => self.declared.get(prefix),
        };
        (namespace, local, name, value)
    }

    /// Every declaration that is new here; at the apex, every one in scope.
    fn inclusive(&mut self, start: &'s Start<'_>, is_apex: bool) -> Vec<(&'s str, &'s str)> {
        let source = self.source;
        let mut found = Vec::new();
        let line: Vec<&'s Start<'_>> = if is_apex {
            let mut inside = true;
            let line = source.line(self.part.apex).take_while(|&(at, _)| {
                let keep = inside;
                inside &= at != self.part.root;
                keep
            });
            line.map(|(_, start)| start).collect()
        } else {
            vec![start]
        };
        for attribute in line.into_iter().flat_map(|start| source.attributes(start)) {
            let Some(prefix) = attribute.declares() else { continue };
            self.render(prefix, &mut found);
        }
        found
    }

    /// Only the declarations that this element and its attributes use.
    fn exclusive(&mut self, start: &'s Start<'_>, is_apex: bool) -> Vec<(&'s str, &'s str)> {
        let source = self.source;
        let method = self.method;
        let mut found = Vec::new();
        self.render(split_name(start.name).0, &mut found);
        for attribute in source.attributes(start) {
            let declares = attribute.declares();
            let prefix = declares.unwrap_or_else(|| split_name(attribute.name).0);
            let used = if declares.is_some() { method.prefixes.contains(&prefix) } else { !prefix.is_empty() };
            if used {
                self.render(prefix, &mut found);
            }
        }
        if is_apex {
            for prefix in &method.prefixes {
                self.render(prefix, &mut found);
            }
        }
        found
    }

    /// Notes a declaration if what has been written so far says otherwise.
    fn render(&mut self, prefix: &'s str, found: &mut Vec<(&'s str, &'s str)>) {
        let namespace = self.declared.get(prefix);
        if prefix != "xml" && self.rendered.get(prefix) != namespace {
            self.rendered.set(prefix, namespace);
            found.push((prefix, namespace));
        }
    }

    /// The apex of an inclusive form also carries the `xml:` attributes of what stands around it (C14N 1.0 §2.4); C14N
    /// 1.1 lets only those through that are meant to be inherited.
    fn inherited_attributes(&self, attributes: &mut Vec<(&'s str, &'s str, &'s str, &'s str)>) {
        if self.method.form == Form::Exclusive || self.part.apex == self.part.root {
            return;
        }
        let source = self.source;
        for (at, start) in source.line(self.part.apex).skip(1) {
            for attribute in source.attributes(start) {
                let inherited = match self.method.form {
                    Form::Inclusive10 => attribute.name.starts_with("xml:"),
                    Form::Inclusive11 => matches!(attribute.name, "xml:lang" | "xml:space"),
                    Form::Exclusive => false,
                };
                if inherited && !attributes.iter().any(|&(_, _, name, _)| name == attribute.name) {
                    attributes.push(self.keyed(attribute.name, &attribute.value));
                }
            }
            if at == self.part.root {
                break;
            }
        }
    }

    fn put(&mut self, text: &str) -> Result<(), TooLong> {
        if text.len() > self.room - self.out.len() {
            return Err(TooLong);
        }
        self.out.extend_from_slice(text.as_bytes());
        Ok(())
    }

    fn text(&mut self, text: &str) -> Result<(), TooLong> {
        self.escaped(text, |byte| match byte {
            b'&' => Some("&amp;"),
            b'<' => Some("&lt;"),
            b'>' => Some("&gt;"),
            b'\r' => Some("&#xD;"),
            _ => None,
        })
    }

    fn value(&mut self, value: &str) -> Result<(), TooLong> {
        self.put("=\"")?;
        self.escaped(value, |byte| match byte {
            b'&' => Some("&amp;"),
            b'<' => Some("&lt;"),
            b'"' => Some("&quot;"),
            b'\t' => Some("&#x9;"),
            b'\n' => Some("&#xA;"),
            b'\r' => Some("&#xD;"),
            _ => None,
        })?;
        self.put("\"")
    }

    fn escaped(&mut self, text: &str, escape: fn(u8) -> Option<&'static str>) -> Result<(), TooLong> {
        let mut done = 0;
        for (at, byte) in text.bytes().enumerate() {
            let Some(escaped) = escape(byte) else { continue };
            self.put(text.get(done..at).unwrap_or_default())?;
            self.put(escaped)?;
            done = at + 1;
        }
        self.put(text.get(done..).unwrap_or_default())
    }
}
