//! Each rule of a profile is met by a document that breaks it; none is met by one that conforms.
//!
//! The documents stand in `tests/fixtures/cap/profile`: `PROFILE.xml` conforms, `PROFILE/CODE.xml` (`CODE.2.xml`, …)
//! breaks a rule, and its last line says `<!-- expect CODE PATH -->`.

use crate::cap::finding::{Finding, Level};
use crate::cap::profile::{Profile, rules};
use crate::cap::rules::{Demand, Rule};
use crate::cap::{Options, read, survey};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// A document that breaks a rule of a profile.
struct Case {
    name: String,
    profile: Profile,
    code: String,
    path: String,
    bytes: Vec<u8>,
}

/// The fixtures. This source file knows the way, also when another crate takes it in.
fn folder() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).join(file!());
    here.parent().expect("a folder").join("../../../tests/fixtures/cap/profile")
}

fn cases() -> Vec<Case> {
    Profile::ALL.iter().flat_map(|&profile| cases_of(profile)).collect()
}

fn cases_of(profile: Profile) -> Vec<Case> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder().join(profile.name()))
        .expect("the fixtures of a profile")
        .map(|entry| entry.expect("a fixture").path())
        .collect();
    files.sort();
    let case = |file: &PathBuf| {
        let name = file.file_name().expect("a name").to_string_lossy().into_owned();
        let bytes = std::fs::read(file).expect("a fixture");
        let text = String::from_utf8_lossy(&bytes);
        let expectation = text.trim_end().lines().last().and_then(|line| line.strip_prefix("<!-- expect "));
        let expectation = expectation.and_then(|line| line.strip_suffix(" -->")).and_then(|line| line.split_once(' '));
        let (code, path) = expectation.unwrap_or_else(|| panic!("{name} does not say what it expects"));
        assert_eq!(name.split('.').next(), Some(code), "{name} expects a code that is not its name");
        Case { profile, code: code.to_owned(), path: path.to_owned(), name, bytes: bytes.clone() }
    };
    files.iter().map(case).collect()
}

pub(super) fn conforming(profile: Profile) -> Vec<u8> {
    std::fs::read(folder().join(format!("{}.xml", profile.name()))).expect("a document that conforms")
}

pub(super) fn asked(profile: Profile) -> Options {
    Options { profile: Some(profile), ..Options::default() }
}

fn rule(code: &str) -> &'static Rule {
    rules::ALL.iter().find(|rule| rule.code == code).unwrap_or_else(|| panic!("no rule {code}"))
}

pub(super) fn of_profiles(findings: &[Finding]) -> impl Iterator<Item = &Finding> {
    findings.iter().filter(|finding| rules::ALL.iter().any(|rule| rule.code == finding.code))
}

#[test]
fn a_document_that_conforms_to_a_profile_claims_it_and_has_no_finding() {
    for &profile in Profile::ALL {
        let bytes = conforming(profile);
        for options in [Options::default(), asked(profile)] {
            let reading = read(&bytes, &options);
            assert_eq!(reading.findings, [], "{}", profile.name());
            assert_eq!(Profile::claimed_by(&reading.alert.expect("an alert")), [profile]);
            let [outline] = &survey(&bytes, &options).outlines[..] else { panic!("not one alert") };
            assert_eq!(outline.profiles, [profile.name()]);
        }
    }
}

#[test]
fn each_broken_rule_is_found_at_its_place_at_its_own_level_when_the_profile_is_asked_for() {
    for case in cases() {
        let reading = read(&case.bytes, &asked(case.profile));
        let wanted = |finding: &&Finding| finding.code == case.code && finding.path == case.path;
        let found = reading.findings.iter().find(wanted);
        let found = found.unwrap_or_else(|| panic!("{}: {:#?}", case.name, reading.findings));
        let rule = rule(&case.code);
        assert_eq!((found.level, &*found.clause, &*found.fix), (rule.level, rule.clause, rule.fix), "{}", case.name);
        assert!(found.line > 1 && found.column > 0 && !found.message.is_empty(), "{found:#?}");
        assert_eq!(reading.ok(), rule.level != Level::Error, "{}: {:#?}", case.name, reading.findings);
        assert!(!found.repaired, "{}", case.name);
    }
}

#[test]
fn a_broken_rule_breaks_no_other() {
    for case in cases() {
        let findings = read(&case.bytes, &asked(case.profile)).findings;
        // What infos should have in common is advice of the standard too; its warnings say the same.
        let doubted: Vec<_> = of_profiles(&findings)
            .filter(|finding| finding.code != case.code && finding.level != Level::Note)
            .chain(findings.iter().filter(|finding| finding.level == Level::Error && finding.code != case.code))
            .collect();
        assert!(doubted.is_empty(), "{}: {doubted:#?}", case.name);
    }
}

#[test]
fn what_an_alert_merely_claims_is_never_an_error() {
    for case in cases() {
        let reading = read(&case.bytes, &Options::default());
        assert!(reading.ok(), "{}: {:#?}", case.name, reading.findings);
        let claims = Profile::claimed_by(&reading.alert.expect("an alert")).contains(&case.profile);
        let found = reading.findings.iter().find(|finding| finding.code == case.code && finding.path == case.path);
        let lowered = match rule(&case.code).level {
            Level::Error => Level::Warning,
            Level::Warning | Level::Note => Level::Note,
        };
        assert_eq!(found.map(|finding| finding.level), claims.then_some(lowered), "{}", case.name);
    }
}

#[test]
fn an_alert_that_claims_nothing_is_looked_at_only_as_what_was_asked_for() {
    let storm = super::STORM.as_bytes();
    assert_eq!(of_profiles(&read(storm, &Options::default()).findings).count(), 0);
    for &profile in Profile::ALL {
        let reading = survey(storm, &asked(profile));
        assert_eq!(reading.outlines[0].profiles, [profile.name()]);
        assert!(of_profiles(&reading.findings).count() > 0, "{} asks nothing of a storm", profile.name());
    }
}

#[test]
fn an_alert_that_cannot_be_read_is_not_looked_at() {
    let broken = String::from_utf8(conforming(Profile::Ipaws)).expect("text").replace(">Immediate<", ">Soon<");
    let reading = survey(broken.replace("IPAWSv1.0", "other").as_bytes(), &asked(Profile::Ipaws));
    assert_eq!(reading.outlines[0].profiles, Vec::<&str>::new());
    assert_eq!(of_profiles(&reading.findings).count(), 0);
}

#[test]
fn a_part_beside_an_unreadable_one_is_found_at_its_parent() {
    let text = String::from_utf8(conforming(Profile::Meteoalarm)).expect("text");
    let unnamed = "<parameter><valueName></valueName><value>x</value></parameter><parameter>";
    let text = text.replacen("<parameter>", unnamed, 1).replacen("3; orange; Severe", "orange", 1);
    let findings = read(text.as_bytes(), &asked(Profile::Meteoalarm)).findings;
    let found = findings.iter().find(|finding| finding.code == "meteoalarm-level-form").expect("a finding");
    assert_eq!(found.path, "/alert/info[1]");
}

#[test]
fn every_rule_has_a_case_and_a_name_of_its_profile() {
    let tested: BTreeSet<String> = cases().into_iter().map(|case| case.code).collect();
    let all: BTreeSet<String> = rules::ALL.iter().map(|rule| rule.code.to_owned()).collect();
    assert_eq!(tested, all);
    assert_eq!(all.len(), rules::ALL.len(), "two rules share a code");
    for rule in rules::ALL {
        let prefixes = Profile::ALL.iter().map(|profile| profile.name()).chain(["sorem"]);
        assert!(prefixes.into_iter().any(|prefix| rule.code.starts_with(&format!("{prefix}-"))), "{}", rule.code);
        assert!(!rule.clause.is_empty() && !rule.fix.is_empty() && !rule.repaired, "{}", rule.code);
        assert_eq!(rule.demand, Demand::Profile, "{}", rule.code);
    }
}

#[test]
fn names_of_profiles_are_read_as_they_are_written() {
    for &profile in Profile::ALL {
        assert_eq!(Profile::from_name(profile.name()), Some(profile));
    }
    assert_eq!(Profile::from_name("IPAWS"), None);
}

proptest! {
    #[test]
    fn whatever_stands_in_an_element_it_is_an_error_only_for_who_asked(
        profile in select(Profile::ALL), asked_for in select(Profile::ALL), nth in any::<Index>(), text in "\\PC{0,40}",
    ) {
        let document = String::from_utf8(conforming(profile)).expect("text");
        let places: Vec<usize> = document.match_indices("</").map(|(at, _)| at).collect();
        let end = places[nth.index(places.len())];
        let begin = document[..end].rfind('>').expect("a tag") + 1;
        let text = text.replace('&', "&amp;").replace('<', "&lt;");
        let bytes = format!("{}{text}{}", &document[..begin], &document[end..]).into_bytes();
        let claimed = read(&bytes, &Options::default());
        prop_assert!(of_profiles(&claimed.findings).all(|finding| finding.level != Level::Error));
        let held_to = read(&bytes, &asked(asked_for));
        prop_assert_eq!(&claimed.alert, &held_to.alert);
        prop_assert!(!held_to.ok() || claimed.ok());
    }
}
