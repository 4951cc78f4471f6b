//! Elements and text, escaped; the path of the element being written, for errors.

use super::{Layout, Problem, WriteError};
use crate::cap::time::DateTime;
use crate::cap::tree::is_space;

/// Years that CAP's dateTime can write (XML Schema has no year 0).
const YEARS: std::ops::RangeInclusive<i16> = 1..=9999;

/// An element's name and, where it may come again, its number from 1.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tag {
    name: &'static str,
    nth: Option<usize>,
}

impl From<&'static str> for Tag {
    fn from(name: &'static str) -> Self {
        Self { name, nth: None }
    }
}

/// One of those that may come again; `index` from 0.
pub(super) const fn nth(name: &'static str, index: usize) -> Tag {
    Tag { name, nth: Some(index + 1) }
}

#[derive(Debug)]
pub(super) struct Writer {
    out: String,
    layout: Layout,
    open: Vec<Tag>,
}

impl Writer {
    /// Begins a document.
    pub(super) fn new(layout: Layout) -> Self {
        Self { out: "<?xml version=\"1.0\" encoding=\"UTF-8\"?>".to_owned(), layout, open: Vec::new() }
    }

    pub(super) fn finish(mut self) -> String {
        if self.layout == Layout::Indented {
            self.out.push('\n');
        }
        self.out
    }

    fn new_line(&mut self) {
        if self.layout == Layout::Indented {
            self.out.push('\n');
            self.out.push_str(&"  ".repeat(self.open.len()));
        }
    }

    /// The root element in its namespace, around what `inside` writes.
    pub(super) fn root(
        &mut self,
        name: &'static str,
        namespace: &str,
        inside: impl FnOnce(&mut Self) -> Result<(), WriteError>,
    ) -> Result<(), WriteError> {
        self.new_line();
        self.out.push_str(&format!("<{name} xmlns=\"{namespace}\">"));
        self.around(name.into(), inside)
    }

    /// An element that holds others.
    pub(super) fn group(
        &mut self,
        tag: Tag,
        inside: impl FnOnce(&mut Self) -> Result<(), WriteError>,
    ) -> Result<(), WriteError> {
        self.new_line();
        self.out.push_str(&format!("<{}>", tag.name));
        self.around(tag, inside)
    }

    fn around(&mut self, tag: Tag, inside: impl FnOnce(&mut Self) -> Result<(), WriteError>) -> Result<(), WriteError> {
        self.open.push(tag);
        inside(self)?;
        self.open.pop();
        self.new_line();
        self.out.push_str(&format!("</{}>", tag.name));
        Ok(())
    }

    /// An element that holds text: not empty, and without white space around it.
    pub(super) fn text(&mut self, tag: impl Into<Tag>, text: &str) -> Result<(), WriteError> {
        let tag = tag.into();
        if text.is_empty() {
            return Err(self.problem(tag, Problem::Empty));
        }
        self.text_or_nothing(tag, text)
    }

    /// The same where there is one.
    pub(super) fn optional(&mut self, tag: impl Into<Tag>, text: Option<&str>) -> Result<(), WriteError> {
        text.map_or(Ok(()), |text| self.text(tag, text))
    }

    /// The same where empty text means something.
    pub(super) fn text_or_nothing(&mut self, tag: impl Into<Tag>, text: &str) -> Result<(), WriteError> {
        let tag = tag.into();
        if let Some(character) = text.chars().find(|&character| is_forbidden(character)) {
            return Err(self.problem(tag, Problem::Character(character)));
        }
        if text.starts_with(is_space) || text.ends_with(is_space) {
            return Err(self.problem(tag, Problem::OuterSpace));
        }
        self.new_line();
        self.out.push_str(&format!("<{}>", tag.name));
        for character in text.chars() {
            match character {
                '&' => self.out.push_str("&amp;"),
                '<' => self.out.push_str("&lt;"),
                // Only `]]>` needs it.
                '>' => self.out.push_str("&gt;"),
                // Readers make any other carriage return a line feed.
                '\r' => self.out.push_str("&#13;"),
                _ => self.out.push(character),
            }
        }
        self.out.push_str(&format!("</{}>", tag.name));
        Ok(())
    }

    /// A time, where there is one.
    pub(super) fn time(&mut self, tag: &'static str, time: Option<DateTime>) -> Result<(), WriteError> {
        let Some(time) = time else { return Ok(()) };
        let text = self.time_text(tag.into(), time)?;
        self.text(tag, &text)
    }

    /// A time as the standard writes it.
    pub(super) fn time_text(&self, tag: Tag, time: DateTime) -> Result<String, WriteError> {
        let whole = time.instant().subsec_nanosecond() == 0 && time.offset().seconds() % 60 == 0;
        let year = time.offset().to_datetime(time.instant()).year();
        if whole && YEARS.contains(&year) { Ok(time.to_string()) } else { Err(self.problem(tag, Problem::Time)) }
    }

    /// The shortest decimal that is read as the same number: no exponent.
    pub(super) fn decimal(&self, tag: Tag, number: f64) -> Result<String, WriteError> {
        if !number.is_finite() {
            return Err(self.problem(tag, Problem::Number));
        }
        // Adding zero makes `-0` a zero.
        Ok((number + 0.0).to_string())
    }

    /// What is wrong with the value of an element that is about to be written.
    pub(super) fn problem(&self, tag: Tag, problem: Problem) -> WriteError {
        let step = |tag: &Tag| match tag.nth {
            Some(nth) => format!("/{}[{nth}]", tag.name),
            None => format!("/{}", tag.name),
        };
        WriteError::Value { path: self.open.iter().chain([&tag]).map(step).collect(), problem }
    }
}

/// What no XML document may hold (XML 1.0 §2.2).
fn is_forbidden(character: char) -> bool {
    (character < ' ' && !is_space(character)) || matches!(character, '\u{FFFE}' | '\u{FFFF}')
}
