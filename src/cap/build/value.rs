//! Single values: text, codes, times, numbers, names with values, lists.

use super::datetime::{self, Form, Unreadable};
use super::number::decimal;
use super::{Builder, NodeId};
use crate::cap::alert::CapVersion;
use crate::cap::report::quote;
use crate::cap::rules::{self, Rule};
use crate::cap::time::DateTime;
use crate::cap::tree::is_space;

/// Values that came after CAP 1.0: the element, the value, and the edition that brought it.
const NEWER_VALUES: [(&str, &str, CapVersion); 5] = [
    ("status", "Draft", CapVersion::V1_1),
    ("category", "CBRNE", CapVersion::V1_1),
    ("certainty", "Observed", CapVersion::V1_1),
    ("responseType", "Avoid", CapVersion::V1_2),
    ("responseType", "AllClear", CapVersion::V1_2),
];

/// Years in which the Buddhist calendar counts the years of our time.
const BUDDHIST_YEARS: std::ops::RangeInclusive<i16> = 2500..=2700;
/// How many years the Buddhist calendar is ahead.
const BUDDHIST_AHEAD_YEARS: i16 = 543;

impl<'t> Builder<'t, '_> {
    /// An element's text without white space around it.
    pub(super) fn trimmed(&self, id: NodeId) -> &'t str {
        self.tree.nodes[id].trimmed()
    }

    /// Free text that may be left out; nothing in it is the same as no element.
    pub(super) fn text(&self, id: Option<NodeId>) -> Option<String> {
        id.map(|id| self.trimmed(id)).filter(|text| !text.is_empty()).map(str::to_owned)
    }

    /// Free text that may be left out. An empty element is legal, and says nothing.
    pub(super) fn said(&mut self, id: Option<NodeId>) -> Option<String> {
        let text = self.text(id);
        if let (Some(id), None) = (id, &text) {
            self.find(&rules::TEXT_EMPTY, id, format!("`{}` is empty.", self.tree.nodes[id].name));
        }
        text
    }

    /// The name of a thing in words, which must be there. An empty one is kept so: nothing but a reader needs it.
    pub(super) fn described(&mut self, id: Option<NodeId>) -> Option<String> {
        let id = id?;
        let text = self.trimmed(id);
        if text.is_empty() {
            let message = format!("`{}` is empty; the rest is read all the same.", self.tree.nodes[id].name);
            self.find(&rules::DESCRIPTION_EMPTY, id, message);
        }
        Some(text.to_owned())
    }

    /// Free text that must be there. A missing element was found before; an empty one is found here.
    pub(super) fn required_text(&mut self, id: Option<NodeId>) -> Option<String> {
        let id = id?;
        let text = self.trimmed(id);
        if text.is_empty() {
            self.find(&rules::REQUIRED_EMPTY, id, format!("`{}` is empty.", self.tree.nodes[id].name));
            return None;
        }
        Some(text.to_owned())
    }

    /// Whether an optional element with a type is empty; then it counts as absent.
    pub(super) fn is_left_empty(&mut self, id: NodeId) -> bool {
        let empty = self.trimmed(id).is_empty();
        if empty {
            let message = format!("`{}` is empty; it is read as absent.", self.tree.nodes[id].name);
            self.find(&rules::ELEMENT_EMPTY, id, message);
        }
        empty
    }

    /// White space around a value whose type has none. It is left out.
    pub(super) fn check_spaces(&mut self, id: NodeId, rule: &'static Rule) {
        let node = &self.tree.nodes[id];
        if node.text.len() != node.trimmed().len() {
            self.find(rule, id, format!("There is white space around the value of `{}`.", node.name));
        }
    }

    /// A code value that must be there.
    pub(super) fn code<T: Copy>(
        &mut self,
        id: Option<NodeId>,
        all: &[T],
        from_code: fn(&str) -> Option<T>,
        as_str: fn(T) -> &'static str,
    ) -> Option<T> {
        let id = id?;
        let text = self.trimmed(id);
        // Codes are case-sensitive, but no two differ by that alone.
        let near = || all.iter().copied().find(|&value| as_str(value).eq_ignore_ascii_case(text));
        let Some(value) = from_code(text).or_else(near) else {
            let known: Vec<_> = all.iter().map(|&value| as_str(value)).collect();
            let name = self.tree.nodes[id].name;
            let message = format!("`{}` is not a value of `{name}` ({}).", quote(text), known.join(", "));
            self.find(&rules::VALUE_UNKNOWN, id, message);
            return None;
        };
        let spelled = as_str(value);
        if spelled != text {
            self.find(&rules::VALUE_CASE, id, format!("`{}` is read as `{spelled}`.", quote(text)));
        }
        self.check_spaces(id, &rules::VALUE_SPACES);
        self.check_edition(id, spelled);
        Some(value)
    }

    /// A value that a later edition brought.
    fn check_edition(&mut self, id: NodeId, value: &str) {
        let name = self.tree.nodes[id].name;
        let since = NEWER_VALUES.iter().find(|(element, newer, _)| (*element, *newer) == (name, value));
        if let Some((_, _, since)) = since.filter(|(_, _, since)| *since > self.version) {
            let (since, version) = (since.as_str(), self.version.as_str());
            let message = format!("CAP {version} has no `{value}`; it is read as in CAP {since}.");
            self.find(&rules::VALUE_NEWER, id, message);
        }
    }

    /// A time that must be there.
    pub(super) fn required_time(&mut self, id: Option<NodeId>) -> Option<DateTime> {
        id.and_then(|id| self.time_at(id))
    }

    /// A time that may be left out.
    pub(super) fn time(&mut self, id: Option<NodeId>) -> Option<DateTime> {
        let id = id?;
        if self.is_left_empty(id) { None } else { self.time_at(id) }
    }

    fn time_at(&mut self, id: NodeId) -> Option<DateTime> {
        let text = self.trimmed(id);
        match datetime::parse(text) {
            Ok((time, form)) => {
                match form {
                    Form::Standard => {}
                    Form::PlusZero => {
                        self.find(
                            &rules::DATETIME_PLUS_ZERO,
                            id,
                            "UTC is written `+00:00`; the standard writes `-00:00`.",
                        );
                    }
                    Form::Far => {
                        let message =
                            format!("`{}` is past the end of our calendar; it is read as {time}.", quote(text));
                        self.find(&rules::DATETIME_FAR, id, message);
                    }
                    Form::Loose if self.version == CapVersion::V1_0 => {
                        let message = format!("`{}` is read as {time}; later editions want it so.", quote(text));
                        self.find(&rules::DATETIME_OLDER_FORM, id, message);
                    }
                    Form::Loose => {
                        let message = format!("`{}` is not the standard's form; it is read as {time}.", quote(text));
                        self.find(&rules::DATETIME_FORM, id, message);
                    }
                }
                self.check_year(id, time);
                Some(time)
            }
            Err(Unreadable::NoOffset) => {
                let message = format!("`{}` has no offset from UTC: it could be any of many times.", quote(text));
                self.find(&rules::DATETIME_NO_OFFSET, id, message);
                None
            }
            Err(Unreadable::Nonsense) => {
                self.find(&rules::DATETIME_INVALID, id, format!("`{}` is not a date and time.", quote(text)));
                None
            }
        }
    }

    /// A year that someone may have counted from another beginning.
    fn check_year(&mut self, id: NodeId, time: DateTime) {
        let year = time.offset().to_datetime(time.instant()).year();
        if BUDDHIST_YEARS.contains(&year) {
            let ours = year - BUDDHIST_AHEAD_YEARS;
            let message = format!("The year {year} is far away; in the Buddhist calendar, {year} is our {ours}.");
            self.find(&rules::YEAR_ODD, id, message);
        }
    }

    /// A plain decimal number that may be left out. Before CAP 1.2 it was any text.
    pub(super) fn number(&mut self, id: Option<NodeId>) -> Option<f64> {
        let id = id?;
        let text = self.trimmed(id);
        let number = decimal(text);
        if text.is_empty() && self.version != CapVersion::V1_2 {
            self.said(Some(id));
        } else if number.is_none() && self.version != CapVersion::V1_2 {
            let message = format!("`{}` is not a decimal number; it is left out.", quote(text));
            self.find(&rules::NUMBER_UNREADABLE, id, message);
        } else if number.is_none() && !self.is_left_empty(id) {
            self.find(
                &rules::NUMBER_INVALID,
                id,
                format!("`{}` is not a decimal number; it is left out.", quote(text)),
            );
        }
        number
    }
}

/// A list separated by white space, whose items may be quoted to hold spaces (CAP 1.2 §3.2.1 addresses, incidents).
///
/// The flag says whether a quotation mark is never closed; the item goes to the end then.
pub(super) fn quoted_list(text: &str) -> (Vec<String>, bool) {
    let mut open = false;
    let mut items = Vec::new();
    let mut rest = text.trim_matches(is_space);
    while !rest.is_empty() {
        let (item, after) = match rest.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"').unwrap_or_else(|| {
                open = true;
                (quoted, "")
            }),
            None => rest.split_once(is_space).unwrap_or((rest, "")),
        };
        if !item.is_empty() {
            items.push(item.to_owned());
        }
        rest = after.trim_start_matches(is_space);
    }
    (items, open)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_keep_the_spaces_of_an_item() {
        let list = |items: &[&str]| items.iter().map(|&item| item.to_owned()).collect::<Vec<_>>();
        assert_eq!(quoted_list("one \"two words\"\n three"), (list(&["one", "two words", "three"]), false));
        assert_eq!(quoted_list("one \"never closed item"), (list(&["one", "never closed item"]), true));
        assert_eq!(quoted_list(" \t"), (list(&[]), false));
    }
}
