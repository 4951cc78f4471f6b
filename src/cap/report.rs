//! Collects findings while a document is read, and turns byte offsets into lines and columns at the end, in one pass.

use super::finding::{Finding, Level};
use super::limits::{Limits, QUOTE_CHARS_MAX};
use super::rules::{self, Rule};
use memchr::{memchr_iter, memrchr};

/// A finding that still knows its place as a byte offset.
struct Draft {
    rule: &'static Rule,
    level: Level,
    clause: String,
    path: String,
    offset: usize,
    message: String,
}

/// What did not fit any more.
#[derive(Default)]
struct Omitted {
    count: usize,
    /// Whether one of them was an error that is not mended.
    fatal: bool,
}

/// The findings of one document. Errors and the rest are bounded apart, so that notes never hide an error.
#[derive(Default)]
pub(super) struct Report {
    drafts: Vec<Draft>,
    errors: usize,
    others: usize,
    findings_max: usize,
    omitted_errors: Omitted,
    omitted_others: usize,
}

impl Report {
    pub(super) fn new(limits: &Limits) -> Self {
        Self { findings_max: limits.findings_max, ..Self::default() }
    }

    /// Notes a finding whose rule names its own clause.
    pub(super) fn add(&mut self, rule: &'static Rule, path: &str, offset: usize, message: impl Into<String>) {
        self.add_as(rule, rule.level, offset, || path.to_owned(), message);
    }

    /// Notes a finding whose rule names its own clause, at another level than the rule's.
    pub(super) fn add_as(
        &mut self,
        rule: &'static Rule,
        level: Level,
        offset: usize,
        path: impl FnOnce() -> String,
        message: impl Into<String>,
    ) {
        if self.takes(level, rule.repaired) {
            let (path, clause) = (path(), rule.clause.to_owned());
            self.drafts.push(Draft { rule, level, clause, path, offset, message: message.into() });
        }
    }

    /// Notes a finding about an element; its path, clause and message are worked out only if there is still room.
    pub(super) fn add_at(
        &mut self,
        rule: &'static Rule,
        offset: usize,
        place: impl FnOnce() -> (String, String),
        message: impl FnOnce() -> String,
    ) {
        if self.takes(rule.level, rule.repaired) {
            let (path, clause) = place();
            let clause = if rule.clause.is_empty() { clause } else { rule.clause.to_owned() };
            self.drafts.push(Draft { rule, level: rule.level, clause, path, offset, message: message() });
        }
    }

    /// How many findings there are so far, kept or not.
    pub(super) fn found(&self) -> usize {
        self.errors + self.others
    }

    /// Whether a rule's finding is among those kept.
    pub(super) fn has(&self, rule: &Rule) -> bool {
        self.drafts.iter().any(|draft| draft.rule.code == rule.code)
    }

    /// Counts a finding, and says whether it is kept.
    fn takes(&mut self, level: Level, repaired: bool) -> bool {
        if level == Level::Error {
            self.errors += 1;
            if self.errors > self.findings_max {
                self.omitted_errors.count += 1;
                self.omitted_errors.fatal |= !repaired;
                return false;
            }
        } else {
            self.others += 1;
            if self.others > self.findings_max {
                self.omitted_others += 1;
                return false;
            }
        }
        true
    }

    /// A report on a document that stands as text inside this one's. It may hold what still has room here.
    pub(super) fn inner(&self) -> Self {
        let room = |taken: usize| self.findings_max.saturating_sub(taken);
        Self { findings_max: room(self.errors).max(room(self.others)), ..Self::default() }
    }

    /// Takes over the findings on a text that an element holds. They get the element's place; their own in the text is
    /// said in the message, and their path goes on from the element's.
    pub(super) fn absorb(&mut self, inner: Self, text: &str, element: &str, offset: usize) {
        self.omitted_errors.count += inner.omitted_errors.count;
        self.omitted_errors.fatal |= inner.omitted_errors.fatal;
        self.omitted_others += inner.omitted_others;
        let Self { mut drafts, .. } = inner;
        drafts.sort_by_key(|draft| draft.offset);
        let mut place = Place { text, offset: 0, line: 1, column: 1 };
        for draft in drafts {
            place.go_to(draft.offset);
            if self.takes(draft.level, draft.rule.repaired) {
                let path = if draft.path == "/" { element.to_owned() } else { format!("{element}{}", draft.path) };
                let message = format!("{} (Line {}, column {} of the text.)", draft.message, place.line, place.column);
                self.drafts.push(Draft { path, offset, message, ..draft });
            }
        }
    }

    /// The findings in the document's order, with lines and columns.
    pub(super) fn finish(mut self, text: &str) -> Vec<Finding> {
        if self.omitted_errors.count > 0 {
            let rule = if self.omitted_errors.fatal { &rules::MORE_ERRORS } else { &rules::MORE_REPAIRS };
            self.push_omitted(rule, self.omitted_errors.count, text.len());
        }
        if self.omitted_others > 0 {
            self.push_omitted(&rules::MORE_NOTES, self.omitted_others, text.len());
        }
        self.drafts.sort_by_key(|draft| draft.offset);
        let mut place = Place { text, offset: 0, line: 1, column: 1 };
        self.drafts.into_iter().map(|draft| place.finding(draft)).collect()
    }

    fn push_omitted(&mut self, rule: &'static Rule, count: usize, offset: usize) {
        let message = format!("{count} more findings of this kind are not listed.");
        self.drafts.push(Draft {
            rule,
            level: rule.level,
            clause: rule.clause.to_owned(),
            path: "/".to_owned(),
            offset,
            message,
        });
    }
}

/// Walks a text forward, counting lines and characters.
struct Place<'a> {
    text: &'a str,
    offset: usize,
    line: u32,
    column: u32,
}

impl Place<'_> {
    fn finding(&mut self, draft: Draft) -> Finding {
        self.go_to(draft.offset);
        Finding {
            level: draft.level,
            code: draft.rule.code.to_owned(),
            path: draft.path,
            line: self.line,
            column: self.column,
            repaired: draft.rule.repaired,
            clause: draft.clause,
            message: draft.message,
            fix: draft.rule.fix.to_owned(),
        }
    }

    fn go_to(&mut self, offset: usize) {
        let end = self.text.ceil_char_boundary(offset.min(self.text.len()));
        let passed = self.text.get(self.offset..end).unwrap_or_default().as_bytes();
        self.offset = self.offset.max(end);
        // Every byte begins a character but those that go on with one: 10xx_xxxx.
        let characters = |bytes: &[u8]| bytes.iter().filter(|&&byte| byte & 0xC0 != 0x80).count();
        let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        match memrchr(b'\n', passed) {
            Some(last) => {
                self.line = self.line.saturating_add(count(memchr_iter(b'\n', passed).count()));
                self.column = count(characters(&passed[last + 1..])).saturating_add(1);
            }
            None => self.column = self.column.saturating_add(count(characters(passed))),
        }
    }
}

/// A document's own text, short enough for a message.
pub(super) fn quote(text: &str) -> String {
    shorten(text, QUOTE_CHARS_MAX)
}

/// The beginning of a text, on one line.
pub(super) fn shorten(text: &str, chars_max: usize) -> String {
    let mut characters = text.chars().map(|character| if character.is_control() { ' ' } else { character });
    let mut short: String = characters.by_ref().take(chars_max).collect();
    if characters.next().is_some() {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(text: &str, offsets: &[usize]) -> Vec<(u32, u32)> {
        let mut report = Report::new(&Limits::default());
        for &offset in offsets {
            report.add(&rules::DTD_REFUSED, "/", offset, "message");
        }
        report.finish(text).iter().map(|finding| (finding.line, finding.column)).collect()
    }

    #[test]
    fn columns_count_characters_not_bytes() {
        assert_eq!(places("éé<x/>\n\n ê<y/>", &[4, 13]), [(1, 3), (3, 3)]);
    }

    #[test]
    fn an_offset_past_the_end_is_the_end() {
        assert_eq!(places("ab\nc", &[400]), [(2, 2)]);
    }

    #[test]
    fn what_does_not_fit_is_counted_and_still_decides() {
        let mut report = Report::new(&Limits { findings_max: 1, ..Limits::default() });
        report.add(&rules::ENCODING_MISDECLARED, "/", 0, "mended");
        report.add(&rules::ENCODING_MISDECLARED, "/", 0, "mended");
        report.add(&rules::DTD_REFUSED, "/", 0, "fatal");
        let findings = report.finish("text");
        assert_eq!(findings.len(), 2);
        assert_eq!((findings[1].code.as_str(), findings[1].repaired), ("more-errors", false));
    }

    #[test]
    fn quotes_are_short_and_on_one_line() {
        assert_eq!(quote("a\nb"), "a b");
        assert_eq!(quote(&"é".repeat(500)).chars().count(), QUOTE_CHARS_MAX + 1);
    }
}
