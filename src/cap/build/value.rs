//! Single values: text, codes, times, numbers, names with values, lists.

use super::children::{Children, PAIR};
use super::datetime::{self, Form, Unreadable};
use super::{Builder, NodeId};
use crate::cap::alert::{CapVersion, NamedValue};
use crate::cap::report::quote;
use crate::cap::rules;
use crate::cap::time::DateTime;
use crate::cap::tree::is_space;

impl<'t> Builder<'t, '_> {
    /// An element's text without white space around it.
    pub(super) fn trimmed(&self, id: NodeId) -> &'t str {
        self.tree.nodes[id].trimmed()
    }

    /// Free text that may be left out; nothing in it is the same as no element.
    pub(super) fn text(&self, id: Option<NodeId>) -> Option<String> {
        id.map(|id| self.trimmed(id)).filter(|text| !text.is_empty()).map(str::to_owned)
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
    pub(super) fn check_spaces(&mut self, id: NodeId) {
        let node = &self.tree.nodes[id];
        if node.text.len() != node.trimmed().len() {
            self.find(&rules::VALUE_SPACES, id, format!("There is white space around the value of `{}`.", node.name));
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
        let Some(value) = from_code(text) else {
            let known: Vec<_> = all.iter().map(|&value| as_str(value)).collect();
            let near = known.iter().find(|known| known.eq_ignore_ascii_case(text));
            let hint = near.map_or_else(String::new, |near| format!(" Perhaps `{near}` is meant."));
            let name = self.tree.nodes[id].name;
            let message = format!("`{}` is not a value of `{name}` ({}).{hint}", quote(text), known.join(", "));
            self.find(&rules::VALUE_UNKNOWN, id, message);
            return None;
        };
        self.check_spaces(id);
        Some(value)
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
        self.time_text(id, self.trimmed(id))
    }

    /// A time written in an element, or in a part of it.
    pub(super) fn time_text(&mut self, id: NodeId, text: &str) -> Option<DateTime> {
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
                    Form::Loose => {
                        let message = format!("`{}` is not the standard's form; it is read as {time}.", quote(text));
                        self.find(&rules::DATETIME_FORM, id, message);
                    }
                }
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

    /// A plain decimal number that may be left out.
    pub(super) fn number(&mut self, id: Option<NodeId>) -> Option<f64> {
        let id = id?;
        if self.is_left_empty(id) {
            return None;
        }
        let text = self.trimmed(id);
        let number = decimal(text);
        if number.is_none() {
            self.find(&rules::NUMBER_INVALID, id, format!("`{}` is not a decimal number.", quote(text)));
        }
        number
    }

    /// A `valueName` with its `value`; in CAP 1.0 one text `name=value`.
    pub(super) fn pair(&mut self, id: NodeId) -> Option<NamedValue> {
        if self.version == CapVersion::V1_0 {
            let text = self.trimmed(id);
            let Some((name, value)) = text.split_once('=') else {
                self.find(&rules::PAIR_INVALID, id, format!("`{}` has no `=`.", quote(text)));
                return None;
            };
            let (value_name, value) = (name.trim_matches(is_space).to_owned(), value.trim_matches(is_space).to_owned());
            return Some(NamedValue { value_name, value });
        }
        let children = self.children(id, PAIR);
        let value_name = self.required_text(children.one("valueName"));
        // The standard allows an empty value: some mean "none" by it.
        let value = children.one("value").map(|value| self.trimmed(value).to_owned());
        Some(NamedValue { value_name: value_name?, value: value? })
    }

    /// Every pair of a name; the unreadable ones are left out, with an error.
    pub(super) fn pairs(&mut self, children: &Children, name: &str) -> Vec<NamedValue> {
        children.all(name).iter().filter_map(|&id| self.pair(id)).collect()
    }
}

/// A plain decimal number: sign, digits, one point. No exponent, no infinity.
pub(super) fn decimal(text: &str) -> Option<f64> {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let mut points = 0;
    let mut digits = 0;
    for byte in unsigned.bytes() {
        match byte {
            b'0'..=b'9' => digits += 1,
            b'.' => points += 1,
            _ => return None,
        }
    }
    if points > 1 || digits == 0 {
        return None;
    }
    text.parse().ok().filter(|number: &f64| number.is_finite())
}

/// A list separated by white space, whose items may be quoted to hold spaces (CAP 1.2 §3.2.1 addresses, incidents).
pub(super) fn quoted_list(text: &str) -> Vec<String> {
    let mut items = Vec::new();
    let mut rest = text.trim_matches(is_space);
    while !rest.is_empty() {
        let (item, after) = match rest.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"').unwrap_or((quoted, "")),
            None => rest.split_once(is_space).unwrap_or((rest, "")),
        };
        if !item.is_empty() {
            items.push(item.to_owned());
        }
        rest = after.trim_start_matches(is_space);
    }
    items
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_have_digits_one_sign_and_one_point() {
        assert_eq!(decimal("-12.50"), Some(-12.5));
        assert_eq!(decimal("+7"), Some(7.0));
        assert_eq!(decimal(".5"), Some(0.5));
        for text in ["", "-", ".", "1.2.3", "1e5", "inf", "NaN", "1,5", "--1", "12°"] {
            assert_eq!(decimal(text), None, "{text}");
        }
        assert_eq!(decimal(&"9".repeat(400)), None);
    }

    #[test]
    fn quotes_keep_the_spaces_of_an_item() {
        assert_eq!(quoted_list("one \"two words\"\n three"), ["one", "two words", "three"]);
        assert_eq!(quoted_list("\"never closed item"), ["never closed item"]);
        assert_eq!(quoted_list(" \t"), Vec::<String>::new());
    }
}
