//! The rules: from a file to complaints, each "path:line: what is wrong".

use super::Source;
use super::tokens::{Kind, Token, tokens};
use std::collections::BTreeSet;

const LINES_MAX: usize = 500;

/// The floors from the ground up. A floor sees those with a smaller number; floors of one number never meet.
const FLOORS: [(&str, u8); 11] = [
    ("cap", 0),
    ("geo", 1),
    ("model", 2),
    ("audience", 3),
    ("store", 3),
    ("push", 3),
    ("feeds", 4),
    ("pipeline", 4),
    ("web", 5),
    ("app", 6),
    ("cli", 7),
];
/// The highest floor that is pure.
const PURE_MAX: u8 = 2;
/// What stands beside the floors: any floor but the pure ones may use it, and it uses only pure ones.
const BESIDE: [&str; 4] = ["clock", "config", "i18n", "telemetry"];

fn floor(name: &str) -> Option<u8> {
    FLOORS.iter().find(|(floor, _)| *floor == name).map(|(_, number)| *number)
}

/// The module path of a source file below `src`: `src/model/id.rs` is `model`, `id`; `src/lib.rs` and `src/main.rs`
/// are the crate itself.
fn module(path: &str) -> Option<Vec<&str>> {
    let inner = path.strip_prefix("src/")?.strip_suffix(".rs")?;
    if ["lib", "main"].contains(&inner) {
        return None;
    }
    Some(inner.strip_suffix("/mod").unwrap_or(inner).split('/').collect())
}

/// ARCHITECTURE: imports point down only.
pub fn imports(source: &Source) -> Vec<String> {
    let Some(module) = module(&source.path) else { return Vec::new() };
    let own = module[0];
    let beside = BESIDE.contains(&own);
    let Some(number) = floor(own).or(beside.then_some(PURE_MAX + 1)) else {
        return vec![format!("{}: `{own}` is no floor that ARCHITECTURE knows", source.path)];
    };
    let may_use = |other: &str| match floor(other) {
        Some(below) if beside => below <= PURE_MAX,
        Some(below) => below < number || other == own,
        None => !BESIDE.contains(&other) || number > PURE_MAX,
    };
    uses(&tokens(&source.text), module.len())
        .into_iter()
        .filter(|(name, _)| !may_use(name))
        .map(|(name, line)| format!("{}:{line}: `{own}` may not use `{name}`: imports point down only", source.path))
        .collect()
}

/// The names directly below the crate that a file mentions, with their lines: after `crate::`, and after as many
/// `super::` as lead from the file's module to the crate.
fn uses<'a>(tokens: &[Token<'a>], depth: usize) -> Vec<(&'a str, usize)> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let begin = at;
        let mut supers = 0;
        while tokens[at..].first().and_then(Token::word) == Some("super") && is_path(tokens, at + 1) {
            supers += 1;
            at += 2;
        }
        let from_crate = supers == 0 && tokens[at].word() == Some("crate") && is_path(tokens, at + 1);
        if from_crate {
            at += 2;
        }
        if from_crate || supers == depth {
            found.extend(heads(&tokens[at..]));
        }
        at = at.max(begin + 1);
    }
    found
}

fn is_path(tokens: &[Token<'_>], at: usize) -> bool {
    tokens.get(at).is_some_and(|token| token.kind == Kind::Path)
}

/// The first names of a path's rest: one, or all those of a group in braces.
fn heads<'a>(rest: &[Token<'a>]) -> Vec<(&'a str, usize)> {
    let Some(first) = rest.first() else { return Vec::new() };
    if !first.is_sign('{') {
        return first.word().map(|word| (word, first.line)).into_iter().collect();
    }
    let mut found = Vec::new();
    let (mut depth, mut fresh) = (0_usize, false);
    for token in rest {
        match token.kind {
            Kind::Sign('{') => {
                depth += 1;
                fresh = depth == 1;
            }
            Kind::Sign('}') => depth -= 1,
            Kind::Sign(',') => fresh = depth == 1,
            Kind::Word(word) if fresh => {
                found.push((word, token.line));
                fresh = false;
            }
            Kind::Word(_) | Kind::Text(_) | Kind::Path | Kind::Sign(_) => {}
        }
        if depth == 0 {
            break;
        }
    }
    found
}

/// The tokens before a file's unit tests, and those of the unit tests.
fn split_tests<'t, 'a>(tokens: &'t [Token<'a>]) -> (&'t [Token<'a>], &'t [Token<'a>]) {
    let begins = |window: &[Token<'_>]| {
        window[0].is_sign('#') && window[2].word() == Some("cfg") && window[4].word() == Some("test")
    };
    let border = tokens.windows(5).position(begins).unwrap_or(tokens.len());
    tokens.split_at(border)
}

/// Crates that the pure floors may not know.
const IMPURE: [&str; 9] = ["axum", "hyper", "hyper_util", "reqwest", "rustls", "sqlx", "tokio", "tower", "web_push"];
/// Parts of the standard library that reach outside the process.
const OUTSIDE: [&str; 4] = ["env", "fs", "net", "process"];

/// `cap`, `geo` and `model` are pure: no database, no socket, no runtime, no file. Unit tests may read files.
pub fn purity(source: &Source) -> Vec<String> {
    let Some(module) = module(&source.path) else { return Vec::new() };
    let pure = floor(module[0]).is_some_and(|number| number <= PURE_MAX);
    if !pure || module.contains(&"tests") {
        return Vec::new();
    }
    let all = tokens(&source.text);
    let (body, _) = split_tests(&all);
    let mut found = Vec::new();
    for (at, token) in body.iter().enumerate() {
        let Some(word) = token.word().filter(|_| is_path(body, at + 1)) else { continue };
        if IMPURE.contains(&word) {
            found.push((word.to_owned(), token.line));
        } else if word == "std" {
            let outside = heads(&body[at + 2..]).into_iter().filter(|(name, _)| OUTSIDE.contains(name));
            found.extend(outside.map(|(name, line)| (format!("std::{name}"), line)));
        }
    }
    let complain = |(name, line)| format!("{}:{line}: a pure floor may not know `{name}`", source.path);
    found.into_iter().map(complain).collect()
}

/// How SQL statements begin; what follows tells them from sentences.
const STATEMENTS: [&str; 5] = ["SELECT ", "INSERT INTO ", "UPDATE ", "DELETE FROM ", "CREATE TABLE "];

/// SQL, and the crate that speaks it, live in the store.
pub fn sql(source: &Source) -> Vec<String> {
    if !source.path.starts_with("src/") || source.path.starts_with("src/store/") || !source.path.ends_with(".rs") {
        return Vec::new();
    }
    let is_sql = |token: &Token<'_>| {
        token.word() == Some("sqlx")
            || token.text().is_some_and(|text| STATEMENTS.iter().any(|begin| text.trim_start().starts_with(begin)))
    };
    tokens(&source.text)
        .iter()
        .filter(|token| is_sql(token))
        .map(|token| format!("{}:{}: SQL belongs to src/store", source.path, token.line))
        .collect()
}

/// One screen, one thought.
pub fn length(source: &Source) -> Vec<String> {
    let code =
        [".rs", ".ts", ".mjs", ".css", ".html", ".sql", ".sh"].iter().any(|ending| source.path.ends_with(ending));
    let lines = source.text.lines().count();
    if code && !source.path.starts_with("tests/fixtures/") && lines > LINES_MAX {
        return vec![format!("{}: {lines} lines, {LINES_MAX} at most", source.path)];
    }
    Vec::new()
}

/// No stub, no note for later, no test that is switched off.
pub fn stubs(source: &Source) -> Vec<String> {
    if !(source.path.starts_with("src/") || source.path.starts_with("tests/")) {
        return Vec::new();
    }
    let mut complaints = Vec::new();
    // Spelled in pieces, so that this file passes its own rule.
    let notes = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X:")];
    for (number, line) in source.text.lines().enumerate() {
        let words = || line.split(|c: char| !c.is_alphanumeric() && c != ':');
        if notes.iter().any(|note| words().any(|word| word.trim_end_matches(':') == note.trim_end_matches(':'))) {
            complaints.push(format!("{}:{}: a note for later", source.path, number + 1));
        }
    }
    if !source.path.ends_with(".rs") {
        return complaints;
    }
    let all = tokens(&source.text);
    for (at, token) in all.iter().enumerate() {
        let next_is_bang = all.get(at + 1).is_some_and(|next| next.is_sign('!'));
        match token.word() {
            Some("todo" | "unimplemented") if next_is_bang => {
                complaints.push(format!("{}:{}: a stub", source.path, token.line));
            }
            Some("ignore") if in_attribute(&all[..at]) => {
                complaints.push(format!("{}:{}: a test that is switched off", source.path, token.line));
            }
            Some(_) | None => {}
        }
    }
    complaints
}

/// Whether what follows these tokens stands in a `#[…]` that is not closed yet.
fn in_attribute(before: &[Token<'_>]) -> bool {
    let Some(open) = before.iter().rposition(|token| token.is_sign('#')) else { return false };
    before.get(open + 1).is_some_and(|token| token.is_sign('['))
        && !before[open..].iter().any(|token| token.is_sign(']'))
}

/// Tests that may sleep: the file, how often, and why no event can be awaited there.
const SLEEPS_ALLOWED: &[(&str, usize, &str)] = &[
    ("tests/it/support/wait.rs", 1, "asks a server in another process that announces nothing, with a deadline"),
    ("tests/it/support/server.rs", 1, "the same, for a broadcast's last recipient"),
    ("tests/it/crash.rs", 1, "the moment of a kill is chance, not an event"),
];

const SLEEPS: [&str; 3] = ["sleep", "sleep_ms", "sleep_until"];

/// Tests await events.
pub fn sleeps(source: &Source) -> Vec<String> {
    if !source.path.ends_with(".rs") {
        return Vec::new();
    }
    let all = tokens(&source.text);
    let tests = if source.path.starts_with("tests/") { &all[..] } else { split_tests(&all).1 };
    let naps: Vec<usize> = tests
        .windows(2)
        .filter(|pair| pair[0].word().is_some_and(|word| SLEEPS.contains(&word)) && pair[1].is_sign('('))
        .map(|pair| pair[0].line)
        .collect();
    let allowed = SLEEPS_ALLOWED.iter().find(|(path, ..)| *path == source.path).map_or(0, |(_, count, _)| *count);
    if naps.len() == allowed {
        return Vec::new();
    }
    vec![format!("{}: sleeps on lines {naps:?}, {allowed} allowed: await the event instead", source.path)]
}

/// What is written down must hold on every machine; the lock file names packages and digests, not where they came from.
pub fn paths(source: &Source) -> Vec<String> {
    let mut complaints = Vec::new();
    let begins_a_path = |line: &str, at: usize| {
        let before = line[..at].chars().next_back();
        !before.is_some_and(|c| c.is_alphanumeric() || ".-_/~}$".contains(c))
    };
    for (number, line) in source.text.lines().enumerate() {
        let machine = ["work", "root", "home"].iter().any(|folder| {
            let path = format!("/{folder}/");
            line.match_indices(&path).any(|(at, _)| begins_a_path(line, at))
        });
        let registry = source.path == "package-lock.json" && line.contains("\"resolved\"");
        if machine {
            complaints.push(format!("{}:{}: a path of one machine", source.path, number + 1));
        }
        if registry {
            complaints.push(format!("{}:{}: an address of a registry", source.path, number + 1));
        }
    }
    complaints
}

/// Every setting has a comment of its own just above it.
pub fn settings(source: &Source) -> Vec<String> {
    if source.path != "src/config/default.toml" {
        return Vec::new();
    }
    let lines: Vec<&str> = source.text.lines().collect();
    let setting = |line: &str| {
        let name = line.split_once(" = ")?.0;
        name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_').then(|| name.to_owned())
    };
    let named = lines.iter().enumerate().filter_map(|(at, line)| Some((at, setting(line)?)));
    named
        .filter(|(at, _)| *at == 0 || !lines[at - 1].starts_with("# "))
        .map(|(at, name)| format!("{}:{}: `{name}` has no comment above it", source.path, at + 1))
        .collect()
}

/// Relative links in Markdown lead to files that exist.
pub fn links(source: &Source, exists: &dyn Fn(&str) -> bool) -> Vec<String> {
    if !source.path.ends_with(".md") {
        return Vec::new();
    }
    let mut complaints = Vec::new();
    for piece in source.text.split("](").skip(1) {
        let Some((target, _)) = piece.split_once(')') else { continue };
        let file = target.split('#').next().unwrap_or_default();
        if file.is_empty() || file.contains("://") || file.starts_with("mailto:") {
            continue;
        }
        let path = resolve(&source.path, file);
        if !exists(&path) {
            complaints.push(format!("{}: a link to {path}, which does not exist", source.path));
        }
    }
    complaints
}

/// A link's target from the top of the repository.
fn resolve(from: &str, link: &str) -> String {
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for part in link.split('/') {
        match part {
            "." | "" => {}
            ".." => {
                parts.pop();
            }
            name => parts.push(name),
        }
    }
    parts.join("/")
}

/// Decisions that their list does not link to.
pub fn unlisted<'a>(list: &str, decisions: &'a BTreeSet<String>) -> Vec<&'a str> {
    let missing = |name: &&String| *name != "README.md" && !list.contains(&format!("]({name})"));
    decisions.iter().filter(missing).map(String::as_str).collect()
}

/// Names of Fluent messages, terms and attributes.
pub fn message_names(text: &str) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    let mut message = String::new();
    for line in text.lines() {
        let Some((name, _)) = line.split_once('=') else { continue };
        let name = name.trim_end();
        if let Some(attribute) = name.trim_start().strip_prefix('.') {
            names.push(format!("{message}.{attribute}"));
        } else if name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '-') && !name.contains(' ') {
            message = name.to_owned();
            names.push(message.clone());
        }
    }
    names
}
