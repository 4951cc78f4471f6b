//! `web` and `uri` (CAP 1.2 §3.2.2, §3.2.3): URI references, as XML Schema's anyURI has them (RFC 3986).

use super::{Builder, NodeId};
use crate::cap::report::quote;
use crate::cap::rules;

/// What people's browsers open.
const WEB_SCHEMES: [&str; 2] = ["http", "https"];

impl Builder<'_, '_> {
    /// A page with more about the alert: an address that stands for itself.
    pub(super) fn web(&mut self, id: Option<NodeId>) -> Option<String> {
        let text = self.uri(id)?;
        let id = id?;
        match scheme(&text) {
            None => self.find_relative(id, &text),
            Some(scheme) if WEB_SCHEMES.iter().any(|known| scheme.eq_ignore_ascii_case(known)) => {}
            Some(scheme) => {
                let message = format!("People cannot open `{}:` as a page.", quote(scheme));
                self.find(&rules::WEB_SCHEME, id, message);
            }
        }
        Some(text)
    }

    /// Where a file is. With its content beside it (`derefUri`) the name may be relative.
    pub(super) fn resource_uri(&mut self, id: Option<NodeId>, embedded: bool) -> Option<String> {
        let text = self.uri(id)?;
        if let (Some(id), None, false) = (id, scheme(&text), embedded) {
            self.find_relative(id, &text);
        }
        Some(text)
    }

    fn find_relative(&mut self, id: NodeId, text: &str) {
        let message = format!("`{}` is not a whole address: nobody knows where it begins.", quote(text));
        self.find(&rules::URI_RELATIVE, id, message);
    }

    /// A URI reference. One that cannot be read is left out.
    fn uri(&mut self, id: Option<NodeId>) -> Option<String> {
        let text = self.said(id)?;
        let id = id?;
        if !is_reference(&text) {
            self.find(&rules::URI_INVALID, id, format!("`{}` is not a URI; it is left out.", quote(&text)));
            return None;
        }
        if let Some(odd) = text.chars().find(|&character| is_escaped(character) && character.is_ascii()) {
            self.find(
                &rules::URI_CHARACTERS,
                id,
                format!("`{}` may not stand in a URI as it is.", quote(&odd.to_string())),
            );
        }
        Some(text)
    }
}

/// The scheme of a URI, such as `https`.
fn scheme(text: &str) -> Option<&str> {
    let (scheme, _) = text.split_once(':')?;
    let valid = scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    valid.then_some(scheme)
}

/// Characters that XML Schema escapes before it looks.
fn is_escaped(character: char) -> bool {
    character <= ' ' || character >= '\u{7F}' || "<>\"{}|\\^`".contains(character)
}

/// Whether a text is a URI reference (RFC 3986 §4.1) once what must be escaped is escaped.
fn is_reference(text: &str) -> bool {
    let (rest, fragment) = text.split_once('#').unwrap_or((text, ""));
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (has_scheme, rest) = match scheme(rest) {
        Some(scheme) => (true, &rest[scheme.len() + 1..]),
        None => (false, rest),
    };
    let (authority, path) = match rest.strip_prefix("//") {
        Some(rest) => rest.split_at(rest.find('/').unwrap_or(rest.len())),
        None => ("", rest),
    };
    let first = path.split('/').next().unwrap_or(path);
    // A colon in the first part of a relative path would make it look like a scheme.
    let no_scheme = has_scheme || rest.starts_with('/') || !first.contains(':');
    // Browsers and libraries let brackets stand in a fragment.
    no_scheme && is_authority(authority) && holds(path, ":@/") && holds(query, ":@/?") && holds(fragment, ":@/?[]")
}

/// A host, perhaps with a user before and a port behind (RFC 3986 §3.2).
fn is_authority(text: &str) -> bool {
    let (user, host) = text.rsplit_once('@').unwrap_or(("", text));
    let (host, port) = match host.strip_prefix('[') {
        Some(literal) => match literal.split_once(']') {
            Some((literal, port)) if !literal.is_empty() => ("", port),
            Some(_) | None => return false,
        },
        None => host.split_at(host.find(':').unwrap_or(host.len())),
    };
    let port = port.strip_prefix(':').unwrap_or(port);
    holds(user, ":") && holds(host, "") && port.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether a part of a URI holds nothing but unreserved characters, escapes, sub-delimiters and those named.
fn holds(part: &str, others: &str) -> bool {
    let mut characters = part.chars();
    while let Some(character) = characters.next() {
        let fits = match character {
            '%' => (0..2).all(|_| characters.next().is_some_and(|digit| digit.is_ascii_hexdigit())),
            _ => {
                character.is_ascii_alphanumeric()
                    || "-._~!$&'()*+,;=".contains(character)
                    || others.contains(character)
                    || is_escaped(character)
            }
        };
        if !fits {
            return false;
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::{is_reference, scheme};

    #[test]
    fn what_rfc_3986_allows_is_a_reference() {
        for text in [
            "",
            "TEST DE",
            "https://a.example/b?c=d#e",
            "http://[::1]:80/",
            "http://h:/",
            "%20",
            "a:b:c",
            "//",
            "mailto:",
            "C:\\x",
            "http://h/é",
            "a/b:c",
            "a?b:c",
            "tel:+33 1",
            "http://u:p@h/",
            "@",
            "#a[1]",
            "www.x.example",
        ] {
            assert!(is_reference(text), "{text}");
        }
    }

    #[test]
    fn what_it_does_not_allow_is_none() {
        for text in [
            "http://[x",
            "%zz",
            "a%",
            "1a:b",
            ":x",
            "http://h:port/",
            "a#b#c",
            "http://h/[x]",
            "http://a@b@c/",
            "a_b:c",
            "[",
            "http://h/%4",
            "http://h?a[]=1",
            "http://[]/",
        ] {
            assert!(!is_reference(text), "{text}");
        }
    }

    #[test]
    fn a_scheme_begins_with_a_letter() {
        assert_eq!(scheme("https://x"), Some("https"));
        assert_eq!((scheme("1a:b"), scheme("//x"), scheme("a b:c")), (None, None, None));
    }
}
