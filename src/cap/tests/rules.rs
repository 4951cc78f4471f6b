//! Each rule is met by a document that breaks it and nothing else; none is met by one that does not.
//!
//! The documents stand in `tests/fixtures/cap/rules`: `CODE.xml`, `CODE.2.xml`, …, whose last line says
//! `<!-- expect CODE PATH -->`.

use super::STORM;
use crate::cap::finding::{Finding, Level};
use crate::cap::limits::REFERENCES_MAX;
use crate::cap::{Axes, Limits, Options, read, rules};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// A rule's code, the path it must be found at, and a document that breaks it.
struct Case {
    /// What to call it when it fails.
    name: String,
    code: String,
    path: String,
    bytes: Vec<u8>,
    options: Options,
}

/// The fixtures of the rules. This source file knows the way, also when another crate takes it in.
fn folder() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).join(file!());
    here.parent().expect("a folder").join("../../../tests/fixtures/cap/rules")
}

/// What the last line of a fixture expects: a code and a path.
fn expected(bytes: &[u8]) -> Option<(String, String)> {
    let text = String::from_utf8_lossy(bytes);
    let expectation = text.trim_end().lines().last()?.strip_prefix("<!-- expect ")?.strip_suffix(" -->")?;
    let (code, path) = expectation.split_once(' ')?;
    Some((code.to_owned(), path.to_owned()))
}

fn from_files() -> Vec<Case> {
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder()).expect("the fixtures").map(|entry| entry.expect("a fixture").path()).collect();
    files.sort();
    let case = |file: &PathBuf| {
        let name = file.file_name().expect("a name").to_string_lossy().into_owned();
        let bytes = std::fs::read(file).expect("a fixture");
        let (code, path) = expected(&bytes).unwrap_or_else(|| panic!("{name} does not say what it expects"));
        assert_eq!(name.split('.').next(), Some(code.as_str()), "{name} expects a code that is not its name");
        Case { name, code, path, bytes, options: Options::default() }
    };
    files.iter().map(case).collect()
}

/// What needs smaller bounds than a file can ask for, or is too long for a file.
fn from_bounds() -> Vec<Case> {
    let bounded = |code: &str, path: &str, limits: Limits| Case {
        name: format!("{code} in code"),
        code: code.to_owned(),
        path: path.to_owned(),
        bytes: STORM.into(),
        options: limits.into(),
    };
    let reference = "met@vallonne.example,storm-0,2026-03-01T13:30:00-00:00 ";
    let references = format!("</scope><references>{}</references>", reference.repeat(REFERENCES_MAX + 1));
    let crowded = STORM.replace(">Alert<", ">Update<").replace("</scope>", &references);
    vec![
        bounded("too-large", "/", Limits { bytes_max: 100, ..Limits::default() }),
        bounded("too-deep", "/alert/info[1]/area[1]", Limits { depth_max: 3, ..Limits::default() }),
        bounded("too-many-elements", "/alert/info[1]/area[1]", Limits { elements_max: 21, ..Limits::default() }),
        bounded("too-many-attributes", "/", Limits { attributes_max: 0, ..Limits::default() }),
        bounded("too-many-infos", "/alert/info[1]", Limits { infos_max: 0, ..Limits::default() }),
        bounded("too-many-areas", "/alert/info[1]/area[1]", Limits { areas_max: 0, ..Limits::default() }),
        bounded("too-many-rings", "/alert/info[1]/area[1]/circle[1]", Limits { rings_max: 1, ..Limits::default() }),
        Case {
            bytes: STORM.replace("<circle>", "<circle>48.15,-1.15 1</circle><circle>").into(),
            ..bounded("areas-overlap", "/alert", Limits { overlaps_max: 0, ..Limits::default() })
        },
        bounded(
            "too-many-vertices",
            "/alert/info[1]/area[1]/polygon[1]",
            Limits { vertices_max: 4, ..Limits::default() },
        ),
        bounded(
            "polygon-too-tangled",
            "/alert/info[1]/area[1]/polygon[1]",
            Limits { ring_pairs_max: 3, ..Limits::default() },
        ),
        Case {
            options: Options { axes: Axes::LongitudeFirst, ..Options::default() },
            ..bounded("coordinates-swapped-back", "/alert/info[1]/area[1]/polygon[1]", Limits::default())
        },
        Case {
            bytes: STORM.replace("48.2,-1.1", "48.2,-91.1").replace("<circle>48.5,-1.5 12.5</circle>", "").into(),
            options: Options { axes: Axes::LongitudeFirst, ..Options::default() },
            ..bounded("coordinates-not-swapped", "/alert/info[1]/area[1]/polygon[1]", Limits::default())
        },
        Case { bytes: crowded.into(), ..bounded("too-many-references", "/alert/references", Limits::default()) },
    ]
}

fn cases() -> Vec<Case> {
    [from_files(), from_bounds()].into_iter().flatten().collect()
}

fn findings(case: &Case) -> Vec<Finding> {
    read(&case.bytes, &case.options).findings
}

fn fixture(name: &str) -> Case {
    from_files().into_iter().find(|case| case.name == name).unwrap_or_else(|| panic!("no {name}"))
}

#[test]
fn the_document_that_the_fixtures_change_breaks_no_rule() {
    assert_eq!(read(STORM.as_bytes(), &Options::default()).findings, []);
}

#[test]
fn each_broken_rule_is_found_at_its_place_alone() {
    for case in cases() {
        let found = findings(&case);
        let named = |finding: &Finding| finding.code == case.code && finding.path == case.path;
        assert!(found.iter().any(named), "{}: {found:#?}", case.name);
        // The old example breaks what later editions mended.
        let older = case.bytes.windows(7).any(|window| window == b"cap/1.0");
        let side_effects = found.iter().filter(|finding| finding.code != case.code && finding.level == Level::Error);
        assert!(older || side_effects.count() == 0, "{}: {found:#?}", case.name);
    }
}

#[test]
fn a_document_is_taken_exactly_when_all_its_errors_are_repaired() {
    for case in cases() {
        let reading = read(&case.bytes, &case.options);
        let errors: Vec<_> = reading.findings.iter().filter(|finding| finding.level == Level::Error).collect();
        assert_eq!(reading.ok(), errors.is_empty(), "{}", case.name);
        assert_eq!(reading.accepted(), errors.iter().all(|finding| finding.repaired), "{}: {errors:#?}", case.name);
    }
}

#[test]
fn every_rule_has_a_case() {
    // These are about bytes, about too many findings, or come with another; they are tested where they are made.
    let elsewhere = [
        "encoding-invalid",
        "more-errors",
        "more-repairs",
        "more-notes",
        "feed-without-alerts",
        "too-many-alerts",
        "polygon-hole-filled",
    ]
    .map(str::to_owned);
    let tested: BTreeSet<String> = cases().into_iter().map(|case| case.code).chain(elsewhere).collect();
    let all: BTreeSet<String> = rules::ALL.iter().map(|rule| rule.code.to_owned()).collect();
    assert_eq!(all.len(), rules::ALL.len(), "two rules share a code");
    assert_eq!(tested, all);
}

#[test]
fn findings_know_their_line_column_and_clause() {
    let [finding] = &findings(&fixture("polygon-not-closed.xml"))[..] else { panic!("not one finding") };
    assert_eq!((finding.line, finding.column), (24, 7));
    assert_eq!(finding.clause, "CAP 1.2 §3.2.4 polygon");
    let missing = STORM.replace("<urgency>Immediate</urgency>", "");
    let [finding] = &read(missing.as_bytes(), &Options::default()).findings[..] else { panic!("not one finding") };
    assert_eq!((finding.line, finding.column, finding.clause.as_str()), (9, 3, "CAP 1.2 §3.2.2 urgency"));
}

#[test]
fn all_errors_come_at_once_in_the_documents_order() {
    let text =
        STORM.replace("Actual", "Real").replace("14:30:00+01:00</sent>", "14:30</sent>").replace("48.2,-1.1", "x");
    let findings = read(text.as_bytes(), &Options::default()).findings;
    let codes: Vec<_> = findings.iter().map(|finding| finding.code.as_str()).collect();
    assert_eq!(codes, ["datetime-invalid", "value-unknown", "polygon-pair-invalid"]);
}
