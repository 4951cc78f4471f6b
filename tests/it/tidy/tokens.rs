//! Just enough of Rust's grammar to read imports: identifiers and punctuation without comments, and string texts.

/// A piece of source, and the line it stands on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token<'a> {
    pub kind: Kind<'a>,
    pub line: usize,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind<'a> {
    Word(&'a str),
    /// A string's text between its quotes, escapes untouched.
    Text(&'a str),
    /// `::`
    Path,
    Sign(char),
}

impl<'a> Token<'a> {
    pub fn word(&self) -> Option<&'a str> {
        match self.kind {
            Kind::Word(word) => Some(word),
            Kind::Text(_) | Kind::Path | Kind::Sign(_) => None,
        }
    }

    pub fn text(&self) -> Option<&'a str> {
        match self.kind {
            Kind::Text(text) => Some(text),
            Kind::Word(_) | Kind::Path | Kind::Sign(_) => None,
        }
    }

    pub fn is_sign(&self, sign: char) -> bool {
        self.kind == Kind::Sign(sign)
    }
}

/// Splits source into tokens; comments and character literals are left out.
pub fn tokens(source: &str) -> Vec<Token<'_>> {
    let bytes = source.as_bytes();
    let mut found = Vec::new();
    let (mut at, mut line) = (0, 1);
    while at < bytes.len() {
        let rest = &source[at..];
        let (kind, length) = next(rest);
        if let Some(kind) = kind {
            found.push(Token { kind, line });
        }
        line += rest[..length].matches('\n').count();
        at += length;
    }
    found
}

/// The token that source begins with, if it is one, and how many bytes it takes.
fn next(source: &str) -> (Option<Kind<'_>>, usize) {
    let first = source.chars().next().expect("there is more to read");
    if source.starts_with("//") {
        (None, source.find('\n').unwrap_or(source.len()))
    } else if source.starts_with("/*") {
        (None, block_comment(source))
    } else if let Some((text, length)) = string(source) {
        (Some(Kind::Text(text)), length)
    } else if first == '\'' {
        (None, quote(source))
    } else if first.is_alphanumeric() || first == '_' {
        let length = source.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(source.len());
        (Some(Kind::Word(&source[..length])), length)
    } else if source.starts_with("::") {
        (Some(Kind::Path), 2)
    } else if first.is_whitespace() {
        (None, first.len_utf8())
    } else {
        (Some(Kind::Sign(first)), first.len_utf8())
    }
}

fn block_comment(source: &str) -> usize {
    let (mut depth, mut at) = (0_usize, 0);
    while at < source.len() {
        let rest = &source[at..];
        if rest.starts_with("/*") {
            depth += 1;
            at += 2;
        } else if rest.starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += rest.chars().next().expect("not at the end").len_utf8();
        }
    }
    at
}

/// A string literal at the beginning: plain, byte, C or raw. Its text and its whole length.
fn string(source: &str) -> Option<(&str, usize)> {
    let marks = source.len() - source.trim_start_matches(['b', 'c']).len();
    let (raw, body) = match source[marks..].strip_prefix('r') {
        Some(body) => (true, body),
        None => (false, &source[marks..]),
    };
    let hashes = if raw { body.len() - body.trim_start_matches('#').len() } else { 0 };
    if marks > 1 || !body[hashes..].starts_with('"') {
        return None;
    }
    let text = &body[hashes + 1..];
    let end = if raw { text.find(&format!("\"{}", "#".repeat(hashes)))? } else { closing_quote(text)? };
    let length = (source.len() - text.len()) + end + 1 + hashes;
    Some((&text[..end], length))
}

fn closing_quote(text: &str) -> Option<usize> {
    let mut escaped = false;
    text.char_indices().find_map(|(at, c)| {
        let closes = c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        closes.then_some(at)
    })
}

/// The length of a character literal, or of a lifetime's apostrophe.
fn quote(source: &str) -> usize {
    let mut chars = source.char_indices().skip(1);
    match (chars.next(), chars.next()) {
        (Some((_, '\\')), Some((at, escaped))) => {
            let after = at + escaped.len_utf8();
            after + source[after..].find('\'').map_or(0, |end| end + 1)
        }
        (Some(_), Some((at, '\''))) => at + 1,
        _ => 1,
    }
}

#[test]
fn comments_lifetimes_and_strings_are_told_apart() {
    let source = "// crate::no\n/* /* x */ y */ use crate::a; fn f<'a>(x: &'a str) { g(b\"B\", r#\"C\"D\"#, '\"', '\\'', \"E\\\"\"); }";
    let found = tokens(source);
    let words: Vec<_> = found.iter().filter_map(Token::word).collect();
    assert_eq!(words, ["use", "crate", "a", "fn", "f", "a", "x", "a", "str", "g"]);
    let texts: Vec<_> = found.iter().filter_map(Token::text).collect();
    assert_eq!(texts, ["B", "C\"D", "E\\\""]);
    assert!(found.iter().all(|token| token.line == 2));
}
