//! What we say of each file of the corpus, against the manifest's verdict and its reasons.

use crate::cap_corpus::{Entry, corpus};
use beffroi::cap::finding::{Finding, Level};
use beffroi::cap::rules::{self, Demand};
use beffroi::cap::{self, Options, Survey};
use std::collections::BTreeSet;

/// Files that we judge otherwise, by their base name. docs/CAP-CONFORMANCE.md argues each.
const OTHERWISE: &[&str] = &[];

const CONFORMANCE: &str = include_str!("../../docs/CAP-CONFORMANCE.md");

/// The manifest's words for what breaks the text of the standard, and our codes for it. Where a ring cannot be read at
/// all, nothing more is said of it.
const VIOLATIONS: &[(&str, &[&str])] = &[
    ("polygon-unclosed", &["polygon-not-closed", "polygon-pair-invalid", "polygon-too-few-points"]),
    ("polygon-empty", &["polygon-empty"]),
    ("polygon-bad-pair", &["polygon-pair-invalid"]),
    ("polygon-lt4", &["polygon-too-few-points", "polygon-pair-invalid", "polygon-empty"]),
    ("polygon-self-intersection", &["polygon-crosses-itself"]),
    ("polygon-ring-self-intersection", &["polygon-crosses-itself"]),
    ("circle-bad", &["circle-invalid"]),
    ("dt-no-offset-or-Z", &["datetime-no-offset", "datetime-form"]),
    ("empty-required", &["required-empty", "value-unknown", "description-empty", "value-name-empty"]),
    ("language-bad", &["language-empty", "language-invalid"]),
    ("references-missing", &["references-missing"]),
    ("references-bad-triple", &["reference-invalid", "reference-spaces", "reference-time"]),
    ("addresses-missing", &["addresses-missing"]),
    ("restriction-missing", &["restriction-missing"]),
    ("sender-bad-chars", &["sender-characters", "sender-comma-space"]),
    ("identifier-bad-chars", &["identifier-characters"]),
    ("identifier-reused-by-update", &["identifier-reused", "reference-self"]),
    ("self-reference", &["reference-self"]),
    ("info-missing(Alert/Update)", &["info-missing"]),
    ("expires-before-effective", &["expires-before-effective"]),
];

/// The same for what is only worth knowing.
const NOTES: &[(&str, &[&str])] = &[
    ("dt+00:00(spec wants -00:00)", &["datetime-plus-zero"]),
    ("geocode-only-area", &["area-geocodes-only"]),
    ("area-without-geometry-or-geocode", &["area-nowhere"]),
    ("area-absent", &["area-absent", "info-missing"]),
    ("expires-absent", &["expires-absent"]),
    ("circle-empty", &["circle-empty"]),
    ("circle-zero-radius", &["circle-radius-zero"]),
    ("polygon>100pts(WMO guideline)", &["polygon-many-points"]),
    ("polygon>1000pts", &["polygon-many-points"]),
    ("polygon-excess-precision", &["excess-precision"]),
    ("note-missing-for-Exercise", &["note-missing"]),
];

fn survey(entry: &Entry) -> Survey {
    cap::survey(&entry.bytes, &Options::default())
}

/// Whether the manifest holds it for conforming. A signature that does not verify breaks no rule of CAP.
fn conforms(entry: &Entry) -> bool {
    matches!(entry.get("verdict"), "valid" | "invalid:signature")
}

#[test]
fn verdicts_are_the_manifests() {
    for entry in corpus().iter().filter(|entry| entry.get("verdict") != "feed") {
        let file = entry.get("file");
        let name = file.rsplit('/').next().unwrap_or(file);
        let survey = survey(entry);
        let agrees = survey.ok() == conforms(entry);
        assert_ne!(agrees, OTHERWISE.contains(&name), "{file}: {}, {:#?}", entry.get("verdict"), survey.findings);
    }
    for name in OTHERWISE {
        assert!(CONFORMANCE.contains(name), "docs/CAP-CONFORMANCE.md does not argue {name}");
    }
}

#[test]
fn what_the_manifest_names_is_found_under_our_name_for_it() {
    for entry in corpus().iter().filter(|entry| entry.get("well_formed") == "yes") {
        let survey = survey(entry);
        let codes: BTreeSet<&str> = survey.findings.iter().map(|finding| finding.code.as_str()).collect();
        // What a feed carries in text is none of ours.
        let read = survey.outlines.len().to_string() == entry.get("n_alerts");
        for (column, table) in [("rule_violations", VIOLATIONS), ("rule_notes", NOTES)] {
            for named in entry.get(column).split(';').filter(|named| !named.is_empty() && read) {
                let ours = table.iter().find(|(theirs, _)| *theirs == named);
                let (_, ours) = ours.unwrap_or_else(|| panic!("{named} is not in our table"));
                assert!(ours.iter().any(|code| codes.contains(code)), "{}: {named} in {codes:?}", entry.get("file"));
            }
        }
    }
}

/// Whether a finding is about what another validator says: `L17: Element 'urgency': … Expected is ( category ).`
fn answers(finding: &Finding, reason: &str) -> bool {
    let between = |from: &str, to: &str| reason.split_once(from).and_then(|(_, rest)| Some(rest.split_once(to)?.0));
    let element = between("Element '", "'");
    // What is missing instead is named where it is one element only.
    let expected = between("Expected is ( ", " )").filter(|names| !names.contains(','));
    let names = |name: &str| {
        let last = finding.path.rsplit('/').next().unwrap_or_default();
        last.split('[').next() == Some(name) || finding.message.contains(&format!("`{name}`"))
    };
    element.is_some_and(names) || expected.is_some_and(names)
}

#[test]
fn what_another_validator_says_of_a_file_we_say_too() {
    let entries = corpus();
    let mut compared = 0;
    for entry in entries.iter().filter(|entry| matches!(entry.get("verdict"), "invalid:schema")) {
        let findings = survey(entry).findings;
        let errors: Vec<&Finding> = findings.iter().filter(|finding| finding.level == Level::Error).collect();
        for reason in entry.get("why_schema_or_parse").split(" | ") {
            let found = if reason.starts_with('L') {
                errors.iter().any(|finding| answers(finding, reason))
            } else {
                assert!(reason.starts_with("namespace"), "a reason of another kind: {reason}");
                errors.iter().any(|finding| finding.code == "namespace-unknown")
            };
            assert!(found, "{}: {reason}, but we find {errors:#?}", entry.get("file"));
            compared += 1;
        }
    }
    assert!(entries.is_empty() || compared >= 20, "only {compared} reasons");
}

#[test]
fn what_is_no_xml_is_told_as_such() {
    let of_xml =
        |finding: &Finding| rules::ALL.iter().any(|rule| rule.code == finding.code && rule.demand == Demand::Xml);
    for entry in corpus() {
        let ill = entry.get("well_formed") == "no";
        let findings = survey(&entry).findings;
        assert!(!ill || findings.iter().any(of_xml), "{}: {findings:#?}", entry.get("file"));
    }
}
