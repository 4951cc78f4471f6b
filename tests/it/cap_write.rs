//! What is written of real alerts: the same alert when it is read again, and valid by our schema, with xmllint as judge.

use crate::cap_corpus::{Entry, corpus};
use crate::cap_schema::judge;
use beffroi::cap::alert::{Alert, CapVersion};
use beffroi::cap::finding::Finding;
use beffroi::cap::{self, Layout, Options, Problem, Profiles, WriteError, WriteOptions};
use std::path::PathBuf;

/// Others' alerts may break the profiles they claim.
const OTHERS: WriteOptions = WriteOptions { version: None, layout: Layout::Indented, profiles: Profiles::Unchecked };

/// The alert of a file, without the signature that cannot be written. None when a server would not take it.
fn accepted(entry: &Entry) -> Option<Alert> {
    let bytes = std::fs::read(&entry.path).expect("a file of the corpus");
    let reading = cap::read(&bytes, &Options::default());
    let accepted = reading.accepted();
    reading.alert.filter(|_| accepted).map(|alert| Alert { signed: false, ..alert })
}

fn valid_alerts() -> Vec<(String, Alert)> {
    let conforming =
        |entry: &&Entry| entry.is_alert() && ["valid", "invalid:signature"].contains(&entry.get("verdict"));
    let corpus = corpus();
    let alert = |entry: &Entry| (entry.get("file").to_owned(), accepted(entry).expect("a valid alert"));
    corpus.iter().filter(conforming).map(alert).collect()
}

#[test]
fn each_valid_alert_read_and_written_and_read_again_is_the_same() {
    let alerts = valid_alerts();
    for (file, alert) in &alerts {
        for layout in [Layout::Indented, Layout::Compact] {
            let written = cap::write(alert, &WriteOptions { layout, ..OTHERS });
            let text = written.unwrap_or_else(|error| panic!("{file}: {error:?}"));
            let again = cap::read(text.as_bytes(), &Options::default());
            assert!(again.ok(), "{file}: {:?}", again.findings);
            // Printed, so that the offsets of times are compared too.
            assert_eq!(format!("{:?}", again.alert), format!("{:?}", Some(alert)), "{file}");
        }
    }
    assert!(alerts.is_empty() || alerts.len() >= 100, "only {} valid alerts", alerts.len());
}

/// Faults that the alert itself keeps, however it is written.
fn is_of_what_is_said(finding: &Finding) -> bool {
    matches!(finding.code.as_str(), "identifier-reused" | "sender-comma-space" | "reference-sender")
}

#[test]
fn what_was_mended_is_written_without_the_faults() {
    let mut mended = 0;
    for entry in corpus().iter().filter(|entry| entry.is_alert() && entry.get("verdict").starts_with("invalid")) {
        let Some(alert) = accepted(entry) else { continue };
        match cap::write(&alert, &OTHERS) {
            Ok(text) => {
                let again = cap::read(text.as_bytes(), &Options::default());
                assert!(again.ok(), "{}: {:?}", entry.get("file"), again.findings);
                assert_eq!(again.alert, Some(alert), "{}", entry.get("file"));
                mended += 1;
            }
            // What is missing was not made up.
            Err(WriteError::Value { problem: Problem::Empty | Problem::Timeless, .. }) => {}
            Err(WriteError::Breaks(findings)) if findings.iter().all(is_of_what_is_said) => {}
            Err(error) => panic!("{}: {error:?}", entry.get("file")),
        }
    }
    assert!(mended >= 10 || corpus().is_empty(), "only {mended} mended alerts");
}

#[test]
fn what_is_written_is_valid_by_the_schema() {
    let folder = tempfile::tempdir().expect("a folder");
    let newest = valid_alerts().into_iter().filter(|(_, alert)| alert.version == CapVersion::V1_2);
    let files: Vec<PathBuf> = newest
        .enumerate()
        .map(|(index, (file, alert))| {
            let path = folder.path().join(format!("{index}.xml"));
            let text = cap::write(&alert, &OTHERS).unwrap_or_else(|error| panic!("{file}: {error:?}"));
            std::fs::write(&path, text).expect("a file");
            path
        })
        .collect();
    let judged = judge(&files);
    assert!(files.iter().all(|file| judged.get(file) == Some(&true)), "{judged:?}");
}

/// Newer namespaces, where the alert says nothing that only the older edition could.
#[test]
fn older_alerts_are_written_in_the_newest_edition() {
    let mut count = 0;
    for (file, alert) in valid_alerts().into_iter().filter(|(_, alert)| alert.version == CapVersion::V1_1) {
        let newest = WriteOptions { version: Some(CapVersion::V1_2), ..OTHERS };
        match cap::write(&alert, &newest) {
            Ok(text) => {
                let again = cap::read(text.as_bytes(), &Options::default()).alert;
                assert_eq!(again, Some(Alert { version: CapVersion::V1_2, ..alert }), "{file}");
                count += 1;
            }
            // CAP 1.2 wants the type of every resource.
            Err(WriteError::Breaks(findings)) => {
                assert!(findings.iter().all(|finding| finding.code == "mime-type-missing"), "{file}: {findings:?}");
            }
            Err(error) => panic!("{file}: {error:?}"),
        }
    }
    assert!(count >= 3 || corpus().is_empty(), "only {count} alerts of CAP 1.1");
}
