//! docs/CAP-CONFORMANCE.md says of every rule what the catalogue and its document say. `BEFFROI_BLESS=1` writes it.

use beffroi::cap::finding::Level;
use beffroi::cap::profile::{self, Profile};
use beffroi::cap::rules::{self, Demand, Rule};
use beffroi::cap::{self, Options};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

const BORDER: &str = "<!-- Made by tests/it/cap_conformance.rs from here on. -->\n";

/// The catalogues, in the document's order.
const LISTS: &[&[&Rule]] = &[rules::ALL, profile::rules::ALL];

/// What a section of the standard is about.
const SECTIONS: &[(&str, &str)] = &[
    ("CAP 1.2 §3.2.1", "the message (`alert`)"),
    ("CAP 1.2 §3.2.2", "what happens (`info`)"),
    ("CAP 1.2 §3.2.3", "files (`resource`)"),
    ("CAP 1.2 §3.2.4", "where (`area`)"),
    ("CAP 1.2 §3.3.2", "times"),
    ("CAP 1.2 §3.4", "the schema"),
];

fn top() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// A rule's documents: `CODE.xml`, `CODE.2.xml`, … in the folder of its kind.
struct Fixtures {
    /// From the top of the repository.
    files: Vec<String>,
    profile: Option<Profile>,
}

fn fixtures(code: &str) -> Fixtures {
    let profiles = Profile::ALL.iter().map(|profile| (format!("profile/{}", profile.name()), Some(*profile)));
    for (folder, profile) in std::iter::once(("rules".to_owned(), None)).chain(profiles) {
        let folder = format!("tests/fixtures/cap/{folder}");
        let names = (1..).map(|nth| if nth == 1 { format!("{code}.xml") } else { format!("{code}.{nth}.xml") });
        let files = names.map(|name| format!("{folder}/{name}"));
        let files: Vec<String> = files.take_while(|file| top().join(file).is_file()).collect();
        if !files.is_empty() {
            return Fixtures { files, profile };
        }
    }
    Fixtures { files: Vec::new(), profile: None }
}

/// What is said of a rule's first document.
fn example(code: &str, fixtures: &Fixtures) -> String {
    let Some(file) = fixtures.files.first() else { return "—".to_owned() };
    let bytes = std::fs::read(top().join(file)).expect("a fixture");
    let options = Options { profile: fixtures.profile, ..Options::default() };
    let findings = cap::read(&bytes, &options).findings;
    let finding = findings.into_iter().find(|finding| finding.code == code);
    finding.unwrap_or_else(|| panic!("{file} does not show {code}")).message
}

/// Text for a cell: no line ends, no borders, and no marks but between backticks, where they are shown as they are.
fn cell(text: &str) -> String {
    let text = text.replace('\n', " ").replace('|', "\\|");
    let parts: Vec<String> = text
        .split('`')
        .enumerate()
        .map(|(nth, part)| if nth % 2 == 0 { part.replace('<', "&lt;") } else { part.to_owned() })
        .collect();
    parts.join("`")
}

const fn level(rule: &Rule) -> &'static str {
    match (rule.level, rule.repaired) {
        (Level::Error, false) => "error",
        (Level::Error, true) => "error, mended",
        (Level::Warning, _) => "warning",
        (Level::Note, _) => "note",
    }
}

const fn demand(rule: &Rule) -> &'static str {
    match rule.demand {
        Demand::Xml => "XML",
        Demand::Schema => "schema",
        Demand::Prose => "text",
        Demand::Profile => "profile",
        Demand::House => "house",
    }
}

/// Standards whose names have no number.
const NAMES: &[&str] =
    &["MeteoAlarm profile", "Namespaces in XML 1.0", "OASIS Event Terms List", "SOREM layer", "WMO advice", "XML-DSig"];

/// A clause as a heading and what comes after it: `CAP 1.2 §3.2.4` and `polygon`; `XML 1.0` and `§2.1`.
fn split(clause: &str) -> (&str, &str) {
    let of_cap =
        clause.strip_prefix("CAP 1.2 §").and_then(|rest| rest.find(' ').map(|end| clause.len() - rest.len() + end));
    let end = if clause.starts_with("CAP 1.2 §") {
        of_cap.unwrap_or(clause.len())
    } else if let Some(name) = NAMES.iter().find(|name| clause.starts_with(**name)) {
        name.len()
    } else {
        clause.match_indices(' ').nth(1).map_or(clause.len(), |(at, _)| at)
    };
    (&clause[..end], clause[end..].trim_start())
}

/// The numbers of a section.
fn numbers(text: &str) -> Vec<u32> {
    text.split('§').nth(1).unwrap_or_default().split(['.', '(']).filter_map(|part| part.parse().ok()).collect()
}

/// XML first, then the elements' own clauses, the standard by number, older editions, and our bounds.
fn rank(heading: &str) -> (u8, Vec<u32>) {
    let kind = match heading {
        "" => 1,
        _ if heading.starts_with("XML 1") => 0,
        // Beside XML, and after it.
        _ if heading.starts_with("Namespaces") => return (0, vec![1]),
        _ if heading.starts_with("CAP 1.2") => 2,
        _ if heading.starts_with("CAP 1.") => 3,
        _ if heading.starts_with("Beffroi") => 4,
        _ => 5,
    };
    (kind, numbers(heading))
}

fn title(heading: &str) -> String {
    let about = SECTIONS.iter().find(|(section, _)| *section == heading).map(|(_, about)| *about);
    match (heading, about) {
        ("", _) => "The element's own clause".to_owned(),
        (_, Some(about)) => format!("{heading}: {about}"),
        (_, None) => heading.to_owned(),
    }
}

fn row(clause: &str, rule: &Rule) -> String {
    let fixtures = fixtures(rule.code);
    let links: Vec<String> =
        (1..).zip(&fixtures.files).map(|(number, file)| format!("[{number}](../{file})")).collect();
    // Bounds that a file would have to be huge for, and what is about bytes.
    let links = if links.is_empty() { "[in code](../src/cap/tests)".to_owned() } else { links.join(" ") };
    let (said, fix) = (cell(&example(rule.code, &fixtures)), cell(rule.fix));
    format!("| {clause} | `{}` | {} | {} | {said} | {fix} | {links} |\n", rule.code, level(rule), demand(rule))
}

/// A section's place among the others, and its heading.
type Section<'a> = ((u8, Vec<u32>), &'a str);

/// The generated part.
fn tables() -> String {
    let mut text = String::new();
    for list in LISTS {
        let mut sections: BTreeMap<Section<'_>, Vec<(&str, &Rule)>> = BTreeMap::new();
        for rule in *list {
            let (heading, rest) = split(rule.clause);
            sections.entry((rank(heading), heading)).or_default().push((rest, rule));
        }
        for ((_, heading), rules) in sections {
            let _ = write!(text, "\n## {}\n\n", title(heading));
            text.push_str("| clause | code | level | by | what is said, for example | how to mend it | documents |\n");
            text.push_str("|---|---|---|---|---|---|---|\n");
            for (rest, rule) in in_order(rules) {
                text.push_str(&row(if rest.is_empty() { "—" } else { rest }, rule));
            }
        }
    }
    text
}

/// Rules of one element beside each other, by section and as they first come.
fn in_order<'a>(rules: Vec<(&'a str, &'a Rule)>) -> Vec<(&'a str, &'a Rule)> {
    let first = |rest: &str| rules.iter().position(|(other, _)| *other == rest);
    let mut sorted = rules.clone();
    sorted.sort_by_key(|(rest, _)| (numbers(rest), first(rest)));
    sorted
}

#[test]
fn the_list_of_rules_is_what_the_code_does() {
    let path = top().join("docs/CAP-CONFORMANCE.md");
    let text = std::fs::read_to_string(&path).expect("docs/CAP-CONFORMANCE.md");
    let (preamble, _) = text.split_once(BORDER).expect("the border between what people and what this test writes");
    let wanted = format!("{preamble}{BORDER}{}", tables());
    if std::env::var_os("BEFFROI_BLESS").is_some_and(|bless| bless == "1") {
        std::fs::write(&path, &wanted).expect("docs/CAP-CONFORMANCE.md is written");
        return;
    }
    let differs = text.lines().zip(wanted.lines()).find(|(is, should)| is != should);
    assert!(
        text == wanted,
        "docs/CAP-CONFORMANCE.md is not what the rules say, first at {differs:?}: run with BEFFROI_BLESS=1"
    );
}

#[test]
fn every_document_of_a_rule_belongs_to_one() {
    let codes: Vec<&str> = LISTS.iter().flat_map(|list| list.iter()).map(|rule| rule.code).collect();
    let folder = top().join("tests/fixtures/cap/rules");
    for file in std::fs::read_dir(folder).expect("the fixtures") {
        let file = file.expect("a fixture").path();
        let name = Path::file_name(&file).expect("a name").to_string_lossy().into_owned();
        let code = name.split('.').next().expect("a code");
        let listed = fixtures(code).files.iter().any(|listed| listed.ends_with(&format!("/{name}")));
        assert!(
            codes.contains(&code) && listed,
            "{name} is shown nowhere: its number leaves a gap, or its rule is gone"
        );
    }
}
