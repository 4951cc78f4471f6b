//! Our schema, read by xmllint, and our own reading say the same of every CAP 1.2 alert: what the one refuses, the other
//! finds, under a rule that is marked as the schema's or XML's.

use crate::cap_corpus::corpus;
use beffroi::cap::rules::{self, Demand};
use beffroi::cap::{self, Options};
use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Documents on which xmllint is not the standard's schema, each with the reason.
const EXCEPTIONS: &[(&str, &str)] =
    &[("signature-misplaced.xml", "libxml2 lets the elements before a repeated wildcard come again after it")];

fn top() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// What xmllint says of each file: whether it is valid. Those that are no XML are absent.
pub fn judge(files: &[PathBuf]) -> HashMap<PathBuf, bool> {
    let schema = top().join("schemas/cap-1.2.xsd");
    let output = Command::new("xmllint")
        .args(["--noout", "--nonet", "--schema"])
        .arg(schema)
        .args(files)
        .output()
        .expect("xmllint runs: `scripts/setup xml` installs it");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!said.contains("failed to compile"), "{said}");
    let verdict = |line: &str| {
        let valid = line.strip_suffix(" validates").map(|file| (PathBuf::from(file), true));
        valid.or_else(|| line.strip_suffix(" fails to validate").map(|file| (PathBuf::from(file), false)))
    };
    said.lines().filter_map(verdict).collect()
}

/// The codes of what the schema, or XML, forbids in a document. `None` for an alert of an older edition.
fn forbidden(bytes: &[u8]) -> Option<Vec<String>> {
    let survey = cap::survey(bytes, &Options::default());
    if survey.outlines.iter().any(|outline| matches!(outline.cap_version, Some("1.0" | "1.1"))) {
        return None;
    }
    let of_schema = |code: &str| {
        let demand = rules::ALL.iter().find(|rule| rule.code == code).map(|rule| rule.demand);
        matches!(demand, Some(Demand::Schema | Demand::Xml))
    };
    Some(survey.findings.into_iter().map(|finding| finding.code).filter(|code| of_schema(code)).collect())
}

/// Where xmllint and we differ, in words.
fn differences(files: Vec<PathBuf>) -> Vec<String> {
    let judged = judge(&files);
    let differ = |file: PathBuf| {
        let found = forbidden(&std::fs::read(&file).expect("a file"))?;
        let valid = judged.get(&file).copied().unwrap_or(false);
        let excused = EXCEPTIONS.iter().any(|(end, _)| file.ends_with(end));
        assert!(!excused || valid != found.is_empty(), "{} is no exception", file.display());
        (!excused && valid != found.is_empty())
            .then(|| format!("{}: xmllint says {valid}, we find {found:?}", file.display()))
    };
    files.into_iter().filter_map(differ).collect()
}

fn xml_files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("a folder of fixtures");
    let files = entries.map(|entry| entry.expect("a fixture").path());
    files.filter(|path| path.extension().is_some_and(|extension| extension == "xml")).collect()
}

#[test]
fn the_schema_and_the_rules_agree_on_every_fixture() {
    let folder = top().join("tests/fixtures/cap");
    let mut files = xml_files(&folder);
    files.extend(xml_files(&folder.join("rules")));
    assert!(files.len() > 100, "only {} fixtures", files.len());
    assert_eq!(differences(files), Vec::<String>::new());
}

#[test]
fn the_schema_and_the_rules_agree_on_the_corpus() {
    let alerts = corpus().into_iter().filter(|entry| entry.is_alert() && entry.get("cap_version") == "1.2");
    let files: Vec<PathBuf> = alerts.map(|entry| entry.path).collect();
    if !files.is_empty() {
        assert_eq!(differences(files), Vec::<String>::new());
    }
}

#[test]
fn the_schema_says_of_the_corpus_what_the_manifest_says() {
    let alerts: Vec<_> = corpus()
        .into_iter()
        .filter(|entry| entry.is_alert() && entry.get("cap_version") == "1.2" && entry.get("well_formed") == "yes")
        .collect();
    let judged = judge(&alerts.iter().map(|entry| entry.path.clone()).collect::<Vec<_>>());
    for entry in alerts {
        assert_eq!(judged.get(&entry.path), Some(&(entry.get("xsd") == "valid")), "{}", entry.get("file"));
    }
}

#[test]
fn every_value_of_a_code_is_the_schemas() {
    let schema = std::fs::read_to_string(top().join("schemas/cap-1.2.xsd")).expect("the schema");
    let values = |name: &str| -> Vec<String> {
        let (_, rest) = schema.split_once(&format!("simpleType name=\"{name}\"")).expect("a type");
        let (body, _) = rest.split_once("</xs:simpleType>").expect("its end");
        body.split("enumeration value=\"").skip(1).filter_map(|rest| Some(rest.split_once('"')?.0.to_owned())).collect()
    };
    macro_rules! same {
        ($($name:ident)+) => {$(
            let ours: Vec<_> = cap::code::$name::ALL.iter().map(|value| value.as_str().to_owned()).collect();
            assert_eq!(values(stringify!($name)), ours);
        )+};
    }
    same!(Status MsgType Scope Category ResponseType Urgency Severity Certainty);
}

/// Where an element stands in a text: its start tag, what it holds, its end tag.
struct Element {
    start: usize,
    inside: (usize, usize),
    end: usize,
    leaf: bool,
}

/// The elements of a fixture below the root, outside of its signature. Fixtures are tidy: no comments among them.
fn elements(text: &str) -> Vec<Element> {
    let mut found = Vec::new();
    let mut open: Vec<(usize, usize, bool)> = Vec::new();
    let body = text.find("<ds:Signature").unwrap_or(text.len());
    for (start, _) in text[..body].match_indices('<') {
        let end = start + text[start..].find('>').expect("the end of a tag") + 1;
        match text.as_bytes()[start + 1] {
            b'/' => {
                let (began, inside, leaf) = open.pop().expect("its beginning");
                found.push(Element { start: began, inside: (inside, start), end, leaf });
            }
            letter if letter.is_ascii_alphabetic() && !text[..end].ends_with("/>") => {
                if let Some(parent) = open.last_mut() {
                    parent.2 = false;
                }
                open.push((start, end, true));
            }
            // Declarations, comments, and what is only text.
            _ => {}
        }
    }
    found.retain(|element| !text[element.start..].starts_with("<alert"));
    found
}

/// Values on the border of what a type takes.
const BORDER_VALUES: &[&str] = &[
    "",
    " ",
    "x",
    " x ",
    "0",
    "-1",
    "+3",
    "1.5",
    "12.",
    ".5",
    "1e3",
    "-",
    "+-1",
    "1 000",
    "NaN",
    "true",
    "2026-13-01T00:00:00+01:00",
    "2026-02-29T00:00:00+01:00",
    "2026-01-01T24:00:00+01:00",
    "2026-01-01T24:00:01+01:00",
    "2026-01-01T00:00:60+01:00",
    "0000-01-01T00:00:00+01:00",
    "2026-01-01T00:00:00Z",
    "2026-01-01T00:00:00.5+01:00",
    "2026-01-01T00:00:00",
    "2026-01-01T00:00:00,01:00",
    "2026-01-01T00:00:00+14:00",
    "2026-01-01T00:00:00+14:01",
    "2026-01-01T00:00:00+1:00",
    "  2026-01-01T00:00:00-00:00\n",
    "12026-01-01T00:00:00+01:00",
    "9999-12-31T23:59:59-14:00",
    "Actual",
    " Actual",
    "actual",
    "Public",
    "Met",
    "Past",
    "None",
    "Observed",
    "Very Likely",
    "en",
    "en_GB",
    " fr-CA ",
    "abcdefghi",
    "a-b-c",
    "en-",
    "419",
    "%zz",
    "http://[::1]/",
    "http://[",
    "a b",
    "1:2",
    "#a#b",
    "<![CDATA[Public]]>",
    "Pub<!-- -->lic",
    "&#x50;ublic",
];

/// A fixture changed in every way that a schema should notice, and in some that it should not.
fn mutations(text: &str) -> Vec<String> {
    let all = elements(text);
    let splice = |from: usize, to: usize, with: &str| format!("{}{with}{}", &text[..from], &text[to..]);
    let mut made = Vec::new();
    let mut seen = BTreeSet::new();
    for (nth, element) in all.iter().enumerate() {
        let Element { start, inside: (from, to), end, leaf } = *element;
        let whole = &text[start..end];
        made.push(splice(start, end, ""));
        made.push(splice(start, end, &format!("{whole}{whole}")));
        made.push(splice(from - 1, from - 1, " x='1'"));
        let instance = "xmlns:i='http://www.w3.org/2001/XMLSchema-instance'";
        made.push(splice(from - 1, from - 1, &format!(" {instance} i:nil='true'")));
        made.push(splice(from - 1, from - 1, &format!(" {instance} i:schemaLocation='a b'")));
        made.push(splice(from - 1, from - 1, " xmlns=''"));
        made.push(splice(from - 1, from - 1, " xmlns='urn:example'"));
        made.push(splice(from, from, "<x/>"));
        made.push(splice(from, from, "<x xmlns='urn:example'/>"));
        made.push(splice(from, from, "<x xmlns='http://www.w3.org/2000/09/xmldsig#'/>"));
        made.push(splice(end, end, "stray"));
        made.push(splice(end, end, "<!-- harmless -->"));
        if let Some(next) = all.get(nth + 1).filter(|next| next.start >= end) {
            let (gap, other) = (&text[end..next.start], &text[next.start..next.end]);
            made.push(splice(start, next.end, &format!("{other}{gap}{whole}")));
        }
        // Once for each name: what holds of one `value` holds of all.
        let name = text[start + 1..from].split(['>', ' ']).next().expect("a name");
        if leaf && seen.insert(name) {
            made.extend(BORDER_VALUES.iter().map(|value| splice(from, to, value)));
        }
    }
    made
}

#[test]
fn the_schema_and_the_rules_agree_on_every_small_mistake() {
    let fixture = std::fs::read_to_string(top().join("tests/fixtures/cap/every-element.xml")).expect("a fixture");
    let folder = tempfile::tempdir().expect("a folder");
    let write = |(nth, text): (usize, String)| {
        let path = folder.path().join(format!("{nth}.xml"));
        std::fs::write(&path, text).expect("a document is written");
        path
    };
    let files: Vec<PathBuf> = mutations(&fixture).into_iter().enumerate().map(write).collect();
    assert!(files.len() > 2_000, "only {} mistakes", files.len());
    let differing: Vec<String> = differences(files.clone())
        .into_iter()
        .map(|line| {
            let file = line.split(": ").next().unwrap_or_default();
            let text = std::fs::read_to_string(file).unwrap_or_default();
            let changed = text.lines().find(|line| !fixture.lines().any(|other| other == *line));
            format!("{line} in {changed:?}")
        })
        .collect();
    assert_eq!(differing, Vec::<String>::new());
}
