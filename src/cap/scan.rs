//! Text to tags, references and the text between them. quick-xml's reader finds where each begins and ends; we look at what
//! it lets pass: names, declarations, attributes, comments (XML 1.0 §2 and §3.1). That prefixes fit their declarations is
//! for [`super::parse`].

use super::limits::{ATTRIBUTES_BYTES_MAX, ERROR_CHARS_MAX};
use super::report::{quote, shorten};
use super::rules::{self, Rule};
use super::tree::{is_space, is_space_byte};
use memchr::{memchr, memchr_iter, memmem};
use quick_xml::Reader;
use quick_xml::events::Event;
use std::borrow::Cow;

/// A piece of a document. A start tag's attributes are in [`Scanner::attributes`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Token<'a> {
    Start {
        name: Name<'a>,
        empty: bool,
    },
    /// The end of the element that began last: the reader compares the names.
    End,
    /// Text without markup or references, never empty.
    Text(&'a str),
    /// What stands between `&` and `;`.
    Reference(&'a str),
    Cdata(&'a str),
    /// A comment, a processing instruction, the XML declaration.
    Aside,
    DocumentType,
    /// Nothing is left.
    Done,
}

/// A name as Namespaces in XML §4 has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Name<'a> {
    pub(super) whole: &'a str,
    /// Empty for none.
    pub(super) prefix: &'a str,
    pub(super) local: &'a str,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Attribute<'a> {
    pub(super) name: Name<'a>,
    /// As it is written: references and line ends are not resolved.
    pub(super) value: &'a str,
}

/// Why scanning cannot go on.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) rule: &'static Rule,
    pub(super) offset: usize,
    pub(super) message: Cow<'static, str>,
}

pub(super) struct Scanner<'a> {
    text: &'a str,
    reader: Reader<&'a [u8]>,
    /// Whether `]]>` stands anywhere.
    has_cdata_ends: bool,
    /// Byte offset of the piece that is read.
    begin: usize,
    /// Byte offset inside it; always at a character's beginning.
    at: usize,
    attributes_max: usize,
    /// Those of the last start tag.
    pub(super) attributes: Vec<Attribute<'a>>,
}

impl<'a> Scanner<'a> {
    pub(super) fn new(text: &'a str, attributes_max: usize) -> Self {
        let mut reader = Reader::from_str(text);
        reader.config_mut().check_comments = true;
        // Looked for once: most documents have none.
        let has_cdata_ends = memmem::find(text.as_bytes(), b"]]>").is_some();
        Self { text, reader, has_cdata_ends, begin: 0, at: 0, attributes_max, attributes: Vec::new() }
    }

    /// Where the last piece begins, bytes.
    pub(super) fn offset(&self) -> usize {
        self.begin
    }

    /// All of the last piece, as it is written.
    pub(super) fn piece(&self) -> &'a str {
        self.text.get(self.begin..to_offset(self.reader.buffer_position())).unwrap_or_default()
    }

    /// The next piece. After a fault there is none.
    pub(super) fn next(&mut self) -> Result<Token<'a>, Fault> {
        self.begin = to_offset(self.reader.buffer_position());
        // The reader would step over a second byte order mark without counting it.
        if self.begin == 0 && self.text.starts_with('\u{FEFF}') {
            return Err(ill(0, "There is text outside the root element."));
        }
        let event = match self.reader.read_event() {
            Ok(event) => event,
            Err(error) => {
                let words = shorten(&error.to_string(), ERROR_CHARS_MAX);
                let offset = to_offset(self.reader.error_position());
                return Err(ill(offset, format!("This is not well-formed XML: {words}.")));
            }
        };
        let end = to_offset(self.reader.buffer_position());
        // Taken from the document rather than from the event: it lives as long as the tree.
        let inside = |before: usize, after: usize| self.text.get(self.begin + before..end - after).unwrap_or_default();
        match event {
            Event::Start(_) => self.start(end - 1).map(|name| Token::Start { name, empty: false }),
            Event::Empty(_) => self.start(end - 2).map(|name| Token::Start { name, empty: true }),
            Event::End(_) => Ok(Token::End),
            Event::Text(_) if self.has_cdata_ends => check_text(inside(0, 0), self.begin).map(Token::Text),
            Event::Text(_) => Ok(Token::Text(inside(0, 0))),
            Event::GeneralRef(_) => Ok(Token::Reference(inside(1, 1))),
            Event::CData(_) => Ok(Token::Cdata(inside("<![CDATA[".len(), "]]>".len()))),
            Event::Comment(_) => Ok(Token::Aside),
            Event::Decl(_) | Event::PI(_) => self.instruction(inside(0, "?>".len())),
            Event::DocType(_) => Ok(Token::DocumentType),
            Event::Eof => Ok(Token::Done),
        }
    }

    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// Steps over a byte that is expected here.
    fn skip(&mut self, byte: u8) -> bool {
        let here = self.byte() == Some(byte);
        self.at += usize::from(here);
        here
    }

    /// Steps over white space, and says whether there was any.
    fn skip_spaces(&mut self) -> bool {
        let begin = self.at;
        while self.byte().is_some_and(is_space_byte) {
            self.at += 1;
        }
        self.at > begin
    }

    /// A processing instruction or the XML declaration, without its end.
    fn instruction(&mut self, tag: &str) -> Result<Token<'a>, Fault> {
        self.at = self.begin + "<?".len();
        let Some(target) = self.name() else {
            return Err(ill(self.begin, "A processing instruction has no name."));
        };
        let content = tag.get(self.at - self.begin..).unwrap_or_default();
        if target.whole == "xml" && self.begin == 0 {
            if !is_declaration(content) {
                return Err(ill(0, "The XML declaration is not one: it says version, then encoding."));
            }
        } else if target.whole.eq_ignore_ascii_case("xml") {
            let message = "An XML declaration may only come first, and no processing instruction may have its name.";
            return Err(ill(self.begin, message));
        } else if !content.is_empty() && !content.starts_with(is_space) {
            return Err(ill(self.begin, "A processing instruction's name is followed by no space."));
        }
        Ok(Token::Aside)
    }

    /// A start tag whose content ends at an offset.
    fn start(&mut self, end: usize) -> Result<Name<'a>, Fault> {
        self.at = self.begin + 1;
        // Most tags are a plain name and nothing else.
        if let Some(whole) = self.text.get(self.at..end).filter(|tag| is_plain_name(tag)) {
            self.attributes.clear();
            return Ok(Name { whole, prefix: "", local: whole });
        }
        let Some(name) = self.name() else {
            return Err(ill(self.begin, "`<` is not followed by a name. In text it is written `&lt;`."));
        };
        self.attributes.clear();
        while self.at < end {
            let spaced = self.skip_spaces();
            if self.at < end {
                if !spaced {
                    return Err(ill(self.at, format!("No space is before this part of `{}`.", quote(name.whole))));
                }
                self.attribute()?;
            }
        }
        Ok(name)
    }

    /// One attribute of the tag.
    fn attribute(&mut self) -> Result<(), Fault> {
        let tag = self.begin;
        if self.attributes.len() == self.attributes_max {
            let message = format!("An element has more than {} attributes.", self.attributes_max);
            return Err(Fault { rule: &rules::TOO_MANY_ATTRIBUTES, offset: tag, message: message.into() });
        }
        let begin = self.at;
        let Some(name) = self.name() else { return Err(ill(begin, "An attribute has no name.")) };
        self.skip_spaces();
        let assigned = self.skip(b'=');
        self.skip_spaces();
        let Some(mark @ (b'"' | b'\'')) = self.byte().filter(|_| assigned) else {
            let message = format!("The attribute `{}` has no value in quotes.", quote(name.whole));
            return Err(ill(begin, message));
        };
        self.at += 1;
        let Some(length) = memchr(mark, self.text.as_bytes().get(self.at..).unwrap_or_default()) else {
            let message = format!("The value of the attribute `{}` does not end.", quote(name.whole));
            return Err(ill(begin, message));
        };
        let value = self.text.get(self.at..self.at + length).unwrap_or_default();
        self.at += length + 1;
        if self.at - tag > ATTRIBUTES_BYTES_MAX {
            let message = format!("The attributes of one element take more than {ATTRIBUTES_BYTES_MAX} bytes.");
            return Err(Fault { rule: &rules::TOO_MANY_ATTRIBUTES, offset: tag, message: message.into() });
        }
        if value.contains('<') {
            return Err(ill(begin, format!("The attribute `{}` holds `<`.", quote(name.whole))));
        }
        if self.attributes.iter().any(|other| other.name.whole == name.whole) {
            return Err(ill(begin, format!("The attribute `{}` comes twice.", quote(name.whole))));
        }
        self.attributes.push(Attribute { name, value });
        Ok(())
    }

    /// The name that begins here, if one does. Goes past it.
    fn name(&mut self) -> Option<Name<'a>> {
        let bytes = self.text.as_bytes();
        let begin = self.at;
        let mut end = begin;
        let mut every_bit = 0;
        let mut colon = None;
        while let Some(&byte) = bytes.get(end).filter(|&&byte| NAME_BYTES[usize::from(byte)]) {
            every_bit |= byte;
            if byte == b':' {
                if colon.is_some() {
                    return None;
                }
                colon = Some(end);
            }
            end += 1;
        }
        let whole = self.text.get(begin..end)?;
        let (prefix, local) = match colon {
            Some(colon) => (self.text.get(begin..colon)?, self.text.get(colon + 1..end)?),
            None => ("", whole),
        };
        let begins = |part: &str| part.chars().next().is_some_and(is_name_start);
        if !begins(local) || (colon.is_some() && !begins(prefix)) {
            return None;
        }
        if !every_bit.is_ascii() && !whole.chars().all(is_name_character) {
            return None;
        }
        self.at = end;
        Some(Name { whole, prefix, local })
    }
}

fn ill(offset: usize, message: impl Into<Cow<'static, str>>) -> Fault {
    Fault { rule: &rules::NOT_WELL_FORMED, offset, message: message.into() }
}

/// Whether a text is letters and digits, and begins with a letter.
fn is_plain_name(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.first().is_some_and(u8::is_ascii_alphabetic) && bytes.iter().all(u8::is_ascii_alphanumeric)
}

/// `]]>` ends a CDATA section, and may stand nowhere else.
fn check_text(text: &str, offset: usize) -> Result<&str, Fault> {
    let bytes = text.as_bytes();
    let ends = |&at: &usize| bytes[at..].starts_with(b"]]>");
    match memchr_iter(b']', bytes).find(ends) {
        Some(at) => Err(ill(offset + at, "`]]>` may not be in text.")),
        None => Ok(text),
    }
}

/// The reader counts in 64 bits what lies in memory.
fn to_offset(position: u64) -> usize {
    usize::try_from(position).unwrap_or(usize::MAX)
}

/// Bytes that may stand in a name, colons too; of those beyond ASCII, the characters are looked at.
const NAME_BYTES: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte: u8 = 0;
    loop {
        let plain = byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b':');
        table[byte as usize] = plain || !byte.is_ascii();
        if byte == u8::MAX {
            break table;
        }
        byte += 1;
    }
};

/// XML 1.0 §2.3 NameStartChar, without the colon.
fn is_name_start(character: char) -> bool {
    character.is_ascii_alphabetic()
        || character == '_'
        || matches!(character,
            '\u{C0}'..='\u{D6}' | '\u{D8}'..='\u{F6}' | '\u{F8}'..='\u{2FF}' | '\u{370}'..='\u{37D}'
            | '\u{37F}'..='\u{1FFF}' | '\u{200C}' | '\u{200D}' | '\u{2070}'..='\u{218F}' | '\u{2C00}'..='\u{2FEF}'
            | '\u{3001}'..='\u{D7FF}' | '\u{F900}'..='\u{FDCF}' | '\u{FDF0}'..='\u{FFFD}' | '\u{10000}'..='\u{EFFFF}')
}

/// XML 1.0 §2.3 NameChar.
fn is_name_character(character: char) -> bool {
    is_name_start(character)
        || character.is_ascii_digit()
        || matches!(character, ':' | '-' | '.' | '\u{B7}' | '\u{300}'..='\u{36F}' | '\u{203F}' | '\u{2040}')
}

/// Whether this stands rightly between `<?xml` and `?>` (XML 1.0 §2.8). Which encoding is said was looked at before.
fn is_declaration(content: &str) -> bool {
    let Some((version, rest)) = pseudo_attribute(content, "version") else { return false };
    let (encoding, rest) = pseudo_attribute(rest, "encoding").unwrap_or(("UTF-8", rest));
    let (standalone, rest) = pseudo_attribute(rest, "standalone").unwrap_or(("yes", rest));
    let digits = version.strip_prefix("1.").unwrap_or_default();
    let is_version = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let is_label = encoding.starts_with(|first: char| first.is_ascii_alphabetic())
        && encoding.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'));
    is_version && is_label && matches!(standalone, "yes" | "no") && rest.chars().all(is_space)
}

/// The value of a part of the declaration that must begin here, and what follows it.
fn pseudo_attribute<'t>(text: &'t str, name: &str) -> Option<(&'t str, &'t str)> {
    let begun = text.trim_start_matches(is_space);
    let rest = begun.strip_prefix(name).filter(|_| begun.len() < text.len())?;
    let rest = rest.trim_start_matches(is_space).strip_prefix('=')?.trim_start_matches(is_space);
    let mark = rest.chars().next().filter(|mark| matches!(mark, '"' | '\''))?;
    rest.get(1..)?.split_once(mark)
}
