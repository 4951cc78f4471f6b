//! Hostile documents of our own making: each gets a clear finding, whatever it tries.

pub mod documents;
mod flood;
mod shape;
mod xml;

use beffroi::cap::finding::{Finding, Level};
use beffroi::cap::limits::FINDINGS_MAX;
use beffroi::cap::{Options, read, survey};
use documents::{Hostile, STORM, all};
use std::collections::BTreeSet;

/// How many documents there are at least, those that are cut off not counted.
const DOCUMENTS_MIN: usize = 200;
/// Errors, the rest, and a line for what was left out of each.
const FINDINGS_PER_DOCUMENT_MAX: usize = 2 * FINDINGS_MAX + 2;
/// Longest message or path, characters: a document's own text is quoted in part.
const CHARS_MAX: usize = 700;

/// What must hold of every finding.
fn check_findings(name: &str, findings: &[Finding]) {
    assert!(findings.len() <= FINDINGS_PER_DOCUMENT_MAX, "{name}: {} findings", findings.len());
    for finding in findings {
        let Finding { message, fix, path, clause, .. } = finding;
        for (what, text) in [("message", message), ("fix", fix), ("path", path), ("clause", clause)] {
            let length = text.chars().count();
            assert!((1..=CHARS_MAX).contains(&length), "{name}: a {what} of {length} characters");
            assert!(!text.contains(|one: char| one.is_control()), "{name}: a {what} with a control character");
        }
        assert!(finding.line >= 1 && finding.column >= 1 && path.starts_with('/'), "{name}: {finding:?}");
    }
}

fn codes(findings: &[Finding]) -> BTreeSet<&str> {
    findings.iter().map(|finding| finding.code.as_str()).collect()
}

#[test]
fn each_hostile_document_gets_the_finding_it_deserves() {
    let documents = all();
    let names: BTreeSet<&str> = documents.iter().map(|document| document.name.as_str()).collect();
    assert_eq!(names.len(), documents.len(), "two documents have one name");
    assert!(documents.len() >= DOCUMENTS_MIN, "only {} documents", documents.len());
    for Hostile { name, bytes, code, harmless } in &documents {
        let reading = read(bytes, &Options::default());
        assert!(codes(&reading.findings).contains(code), "{name}: not {code}, but {:?}", codes(&reading.findings));
        assert_eq!(reading.accepted(), *harmless, "{name}: {:?}", codes(&reading.findings));
        check_findings(name, &reading.findings);
    }
}

#[test]
fn each_hostile_document_is_surveyed_with_findings_too() {
    for Hostile { name, bytes, harmless, .. } in all() {
        let survey = survey(&bytes, &Options::default());
        assert!(harmless || !survey.accepted(), "{name}");
        assert!(survey.ok() || !survey.findings.is_empty(), "{name}: nothing is said");
        check_findings(&name, &survey.findings);
    }
}

#[test]
fn an_alert_that_is_cut_off_at_any_byte_is_refused() {
    let whole = STORM.trim_end().len();
    for end in 0..whole {
        let reading = read(&STORM.as_bytes()[..end], &Options::default());
        let error = reading.findings.iter().find(|finding| finding.level == Level::Error && !finding.repaired);
        assert!(error.is_some() && reading.alert.is_none(), "cut off after {end} bytes: {:?}", reading.findings);
        assert_eq!(codes(&reading.findings), BTreeSet::from(["not-well-formed"]), "cut off after {end} bytes");
        check_findings("cut off", &reading.findings);
    }
    assert!(read(&STORM.as_bytes()[..whole], &Options::default()).ok());
}
