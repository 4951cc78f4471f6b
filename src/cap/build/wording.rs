//! What people read: headline, description, instruction (CAP 1.2 §3.2.2).

use super::children::Children;
use super::{Builder, NodeId};
use crate::cap::report::quote;
use crate::cap::rules::{self, Rule};
use memchr::memchr2_iter;

/// Headlines are cut on phones after about so many characters (§3.2.2 headline).
const HEADLINE_CHARS: usize = 160;
/// Longest name of a mark or an entity that is looked for, characters.
const MARK_CHARS_MAX: usize = 10;
/// Names of HTML's marks that get into alerts.
const MARKS: [&str; 30] = [
    "a", "b", "big", "body", "br", "center", "div", "em", "font", "h1", "h2", "h3", "h4", "head", "hr", "html", "i",
    "img", "li", "ol", "p", "pre", "script", "small", "span", "strong", "table", "td", "tr", "ul",
];

/// The texts of an info.
pub(super) struct Wording {
    pub(super) audience: Option<String>,
    pub(super) sender_name: Option<String>,
    pub(super) headline: Option<String>,
    pub(super) description: Option<String>,
    pub(super) instruction: Option<String>,
    pub(super) contact: Option<String>,
}

impl Builder<'_, '_> {
    /// Reads the texts. Whoever warns people should have something to say; other messages need not.
    pub(super) fn wording(&mut self, id: NodeId, children: &Children, speaks: bool) -> Wording {
        let mut read = |name: &'static str| {
            let text = self.said(children.one(name));
            self.check_markup(children.one(name));
            text
        };
        let wording = Wording {
            audience: read("audience"),
            sender_name: read("senderName"),
            headline: read("headline"),
            description: read("description"),
            instruction: read("instruction"),
            contact: read("contact"),
        };
        if let (Some(at), Some(headline)) = (children.one("headline"), &wording.headline) {
            let length = headline.chars().count();
            if length > HEADLINE_CHARS {
                self.find(&rules::HEADLINE_LONG, at, format!("The headline has {length} characters."));
            }
        }
        if let (Some(at), Some(instruction)) = (children.one("instruction"), &wording.instruction)
            && wording.description.as_ref() == Some(instruction)
        {
            self.find(&rules::INSTRUCTION_SAME, at, "`instruction` repeats `description` word for word.");
        }
        if speaks {
            self.check_absent(id, children);
        }
        wording
    }

    fn check_absent(&mut self, id: NodeId, children: &Children) {
        let wanted: [(&'static str, &'static Rule); 4] = [
            ("senderName", &rules::SENDER_NAME_ABSENT),
            ("headline", &rules::HEADLINE_ABSENT),
            ("description", &rules::DESCRIPTION_ABSENT),
            ("instruction", &rules::INSTRUCTION_ABSENT),
        ];
        for (name, rule) in wanted.into_iter().filter(|(name, _)| children.one(name).is_none()) {
            self.find_child(rule, id, name, format!("There is no `{name}`."));
        }
    }

    /// HTML in a text: people would see the marks themselves.
    pub(super) fn check_markup(&mut self, id: Option<NodeId>) {
        let Some(id) = id else { return };
        if let Some(mark) = markup(self.trimmed(id)) {
            let message = format!("`{}` is HTML; CAP texts are plain, and show it as it is.", quote(mark));
            self.find(&rules::TEXT_MARKUP, id, message);
        }
    }
}

/// The first mark or entity of HTML in a text.
fn markup(text: &str) -> Option<&str> {
    memchr2_iter(b'<', b'&', text.as_bytes()).find_map(|at| {
        let rest = &text[at..];
        if rest.starts_with('&') { entity(rest) } else { mark(rest) }
    })
}

/// `<p>`, `</p>`, `<p class…>`, `<br/>`: up to the end of the name.
fn mark(rest: &str) -> Option<&str> {
    let name = rest.strip_prefix("</").or_else(|| rest.strip_prefix('<'))?;
    let length = name.bytes().take(MARK_CHARS_MAX).take_while(u8::is_ascii_alphanumeric).count();
    let (name, after) = name.split_at_checked(length)?;
    let ends = after.starts_with(['>', '/', ' ', '\n', '\t']);
    let known = MARKS.iter().any(|mark| mark.eq_ignore_ascii_case(name));
    // Up to the sign that ends the name, which is one byte.
    (ends && known).then(|| &rest[..=rest.len() - after.len()])
}

/// `&nbsp;`, `&#160;`: entities that were escaped twice.
fn entity(rest: &str) -> Option<&str> {
    let end = rest.bytes().take(MARK_CHARS_MAX).position(|byte| byte == b';')?;
    let name = rest.get(1..end)?;
    let digits = name.strip_prefix("#x").or_else(|| name.strip_prefix('#'));
    let shaped = match digits {
        Some(digits) => digits.bytes().all(|byte| byte.is_ascii_hexdigit()),
        None => name.bytes().all(|byte| byte.is_ascii_alphanumeric()),
    };
    (shaped && !digits.unwrap_or(name).is_empty()).then(|| &rest[..=end])
}

#[cfg(test)]
mod tests {
    use super::markup;

    #[test]
    fn marks_and_entities_of_html_are_found() {
        for (text, mark) in [
            ("Stay <b>in</b>", "<b>"),
            ("a<br/>b", "<br/"),
            ("x </P>", "</P>"),
            ("<a href='x'>", "<a "),
            ("5&nbsp;m", "&nbsp;"),
            ("&#8217;", "&#8217;"),
            ("R&amp;D", "&amp;"),
        ] {
            assert_eq!(markup(text), Some(mark), "{text}");
        }
    }

    #[test]
    fn what_only_looks_like_it_is_left_alone() {
        for text in
            ["a < b > c", "R&D now", "<3", "level <10>", "<unknown>", "&;", "a&b", "<", "&", "<é>", "<b", "A & B;"]
        {
            assert_eq!(markup(text), None, "{text}");
        }
    }
}
