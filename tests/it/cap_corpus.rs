//! The shared corpus of real, made-up and broken CAP files, against the manifest of what each holds.

use crate::support::shared;
use beffroi::cap::alert::{Alert, Area, CapVersion};
use beffroi::cap::finding::is_accepted;
use beffroi::cap::{self, Options, Reading};
use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};

/// One line of the manifest.
pub struct Entry {
    columns: HashMap<String, String>,
    pub path: PathBuf,
    pub bytes: Vec<u8>,
}

impl Entry {
    pub fn get(&self, column: &str) -> &str {
        self.columns.get(column).unwrap_or_else(|| panic!("the manifest has no column {column}"))
    }

    fn number(&self, column: &str) -> usize {
        self.get(column).parse().unwrap_or_else(|_| panic!("{column} of {} is not a number", self.get("file")))
    }

    fn is_valid(&self) -> bool {
        self.get("verdict") == "valid"
    }

    /// A document that is one alert, rather than a feed or an envelope.
    pub fn is_alert(&self) -> bool {
        self.get("kind") == "cap"
    }

    fn read(&self) -> Reading {
        cap::read(&self.bytes, &Options::default())
    }
}

/// Every file of the corpus; none when the corpus is missing outside of CI.
pub fn corpus() -> Vec<Entry> {
    let Some(shared) = shared::shared() else { return Vec::new() };
    let folder = shared.join("corpus");
    let manifest = std::fs::read_to_string(folder.join("MANIFEST.tsv")).expect("the manifest");
    let mut lines = manifest.lines();
    let names: Vec<&str> = lines.next().expect("a header").split('\t').collect();
    let entries: Vec<Entry> = lines.map(|line| entry(&folder, &names, line)).collect();
    assert!(entries.len() >= 200, "the manifest has only {} files", entries.len());
    entries
}

fn entry(folder: &Path, names: &[&str], line: &str) -> Entry {
    let columns: HashMap<String, String> =
        names.iter().zip(line.split('\t')).map(|(name, value)| ((*name).to_owned(), value.to_owned())).collect();
    let path = folder.join("cap").join(&columns["file"]);
    let bytes = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    Entry { columns, path, bytes }
}

fn areas(alert: &Alert) -> impl Iterator<Item = &Area> {
    alert.infos.iter().flat_map(|info| &info.areas)
}

#[test]
fn every_valid_alert_is_read_with_all_it_holds() {
    for entry in corpus().iter().filter(|entry| entry.is_alert() && entry.is_valid()) {
        let file = entry.get("file");
        let reading = entry.read();
        assert!(reading.ok() && reading.accepted(), "{file}: {:?}", reading.findings);
        let alert = reading.alert.expect("an accepted alert");
        let sum = |count: fn(&Area) -> usize| areas(&alert).map(count).sum::<usize>();
        assert_eq!(alert.version.as_str(), entry.get("cap_version"), "{file}");
        assert_eq!(alert.infos.len(), entry.number("n_info"), "{file}");
        assert_eq!(areas(&alert).count(), entry.number("n_area"), "{file}");
        assert_eq!(sum(|area| area.polygons.len()), entry.number("n_polygon"), "{file}");
        assert_eq!(sum(|area| area.circles.len()), entry.number("n_circle"), "{file}");
        assert_eq!(sum(|area| area.geocodes.len()), entry.number("n_geocode"), "{file}");
        assert_eq!(alert.status.as_str(), entry.get("status"), "{file}");
        assert_eq!(alert.msg_type.as_str(), entry.get("msgType"), "{file}");
        assert_eq!(alert.signed, entry.get("signed") == "yes", "{file}");
        let languages: BTreeSet<&str> = alert.infos.iter().map(|info| info.language.as_str()).collect();
        let expected = entry.get("languages").replace("(default en-US)", "en-US");
        let expected: BTreeSet<&str> = expected.split(',').filter(|language| !language.is_empty()).collect();
        assert_eq!(languages, expected, "{file}");
    }
}

#[test]
fn rings_keep_every_point_of_the_longest_real_polygons() {
    for entry in corpus().iter().filter(|entry| entry.is_alert() && entry.is_valid()) {
        let reading = entry.read();
        let alert = reading.alert.expect("a valid alert");
        let longest = areas(&alert).flat_map(|area| &area.polygons).map(|polygon| polygon.ring().len()).max();
        let duplicates = reading.findings.iter().any(|finding| finding.code == "polygon-duplicate-points");
        if !duplicates {
            assert_eq!(longest.unwrap_or(0), entry.number("max_polygon_points"), "{}", entry.get("file"));
        }
    }
}

#[test]
fn rings_that_cross_themselves_are_mended_and_all_others_left_as_they_are() {
    let mut seen = 0;
    for entry in corpus().iter().filter(|entry| entry.get("well_formed") == "yes") {
        let crossing = entry.get("rule_violations").contains("self-intersection");
        let survey = cap::survey(&entry.bytes, &Options::default());
        let found = survey.findings.iter().any(|finding| finding.code == "polygon-crosses-itself");
        assert_eq!(found, crossing, "{}", entry.get("file"));
        let repaired = is_accepted(&survey.findings);
        assert!(!crossing || (!survey.ok() && repaired), "{}: {:?}", entry.get("file"), survey.findings);
        seen += usize::from(crossing);
    }
    assert!(seen >= 3 || corpus().is_empty(), "only {seen} rings that cross themselves");
}

#[test]
fn real_alerts_with_a_shape_are_accepted() {
    let entries = corpus();
    let real = entries.iter().filter(|entry| {
        let shaped = entry.number("n_polygon") + entry.number("n_circle") > 0;
        entry.is_valid() && entry.is_alert() && shaped && entry.get("provenance") == "real-feed"
    });
    let mut seen = 0;
    for entry in real.filter(|entry| entry.get("status") == "Actual") {
        let reading = entry.read();
        assert!(reading.accepted(), "{}: {:?}", entry.get("file"), reading.findings);
        seen += 1;
    }
    assert!(entries.is_empty() || seen >= 10, "only {seen} real alerts with a shape");
}

#[test]
fn what_is_not_one_alert_is_never_accepted_as_one() {
    for entry in corpus().iter().filter(|entry| !entry.is_alert()) {
        let reading = entry.read();
        assert!(reading.alert.is_none() && !reading.accepted(), "{}", entry.get("file"));
    }
}

#[test]
fn both_older_editions_are_read_too() {
    let versions: Vec<CapVersion> = corpus()
        .iter()
        .filter(|entry| entry.is_alert() && entry.is_valid())
        .filter_map(|entry| entry.read().alert.map(|alert| alert.version))
        .collect();
    for version in [CapVersion::V1_0, CapVersion::V1_1, CapVersion::V1_2] {
        assert!(versions.is_empty() || versions.contains(&version), "no valid alert of {version:?} was read");
    }
}

#[test]
fn real_alerts_are_recognised_as_what_they_were_written_to_be() {
    // A profile, how an alert of it is told without reading it, and how many valid ones there are.
    type Told = fn(&Entry, &str) -> bool;
    let ipaws: Told = |entry, text| entry.get("country") == "US" && text.contains("IPAWSv1.0");
    // Some Canadian files are filed under another country.
    let cap_cp: Told =
        |entry, _| entry.get("country") == "CA" || entry.get("geocode_types").contains("profile:CAP-CP:");
    let cap_au: Told = |entry, _| entry.get("country") == "AU";
    let meteoalarm: Told =
        |entry, text| entry.get("geocode_types").to_lowercase().contains("emma_id") || text.contains("awareness_level");
    let wmo: Told = |_, text| text.contains("identifier>2.49.0.") || text.contains("identifier>urn:oid:2.49.0.");
    let told = [("ipaws", ipaws, 14), ("cap-cp", cap_cp, 14), ("cap-au", cap_au, 4)];
    let told = told.into_iter().chain([("meteoalarm", meteoalarm, 13), ("wmo", wmo, 24)]);
    let entries = corpus();
    for (profile, is_told, count) in told {
        let mut recognised = 0;
        for entry in entries.iter().filter(|entry| entry.is_alert() && entry.is_valid()) {
            let text = String::from_utf8_lossy(&entry.bytes);
            let survey = cap::survey(&entry.bytes, &Options::default());
            let claimed = survey.outlines.iter().all(|outline| outline.profiles.contains(&profile));
            assert_eq!(claimed, is_told(entry, &text), "{profile}: {}", entry.get("file"));
            recognised += usize::from(claimed);
        }
        assert!(entries.is_empty() || recognised >= count, "only {recognised} alerts of {profile}");
    }
}
