//! Tables in the documents that must say what the code does.

use beffroi::cap::alert::Info;
use beffroi::cap::code::Category;
use beffroi::cap::finding::Level;
use beffroi::cap::{self, Options};
use beffroi::model::broadcast::{Reason, State};
use beffroi::model::family::Family;
use beffroi::model::lifecycle;
use std::collections::{BTreeMap, BTreeSet};

const INTEGRATORS: &str = include_str!("../../docs/INTEGRATORS.md");
const OPERATORS: &str = include_str!("../../docs/OPERATORS.md");

/// The rows of the table below a heading, cell by cell, without its head.
fn table<'a>(document: &'a str, heading: &str) -> Vec<Vec<&'a str>> {
    let (_, section) = document.split_once(&format!("## {heading}\n")).unwrap_or_else(|| panic!("no {heading}"));
    let lines = section.lines().skip_while(|line| !line.starts_with('|')).take_while(|line| line.starts_with('|'));
    lines.skip(2).map(|line| line.trim_matches('|').split('|').map(str::trim).collect()).collect()
}

/// What stands between backticks.
fn quoted(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}

/// An info with these categories and, perhaps, an event code.
fn info(categories: &[&str], event_code: Option<&str>) -> Info {
    let categories: String = categories.iter().map(|name| format!("<category>{name}</category>")).collect();
    let code = event_code
        .map_or(String::new(), |code| format!("<eventCode><valueName>x</valueName><value>{code}</value></eventCode>"));
    let document = format!(
        "<alert xmlns=\"urn:oasis:names:tc:emergency:cap:1.2\"><identifier>a</identifier><sender>s</sender>\
         <sent>2026-06-01T12:00:00+00:00</sent><status>Actual</status><msgType>Alert</msgType><scope>Public</scope>\
         <info>{categories}<event>e</event><urgency>Immediate</urgency><severity>Severe</severity>\
         <certainty>Observed</certainty>{code}</info></alert>"
    );
    let reading = cap::read(document.as_bytes(), &Options::default());
    assert!(reading.findings.iter().all(|finding| !finding.repaired), "{:?}", reading.findings);
    reading.alert.expect("it can be read").infos.remove(0)
}

#[test]
fn the_table_of_families_is_what_the_code_does() {
    let mut categories = BTreeMap::new();
    for row in table(INTEGRATORS, "Which family an alert belongs to") {
        let [what, family] = row[..] else { panic!("not two columns: {row:?}") };
        let family = Family::ALL.into_iter().find(|known| known.as_str() == family).or_else(|| {
            assert!(family.starts_with("none"), "no such family: {family}");
            None
        });
        for name in quoted(what) {
            if what.starts_with("category") {
                assert_eq!(Family::of(&info(&[name], None)), family, "category {name}");
                categories.insert(name, family);
            } else {
                // Health belongs to no family: what comes out is the event code's doing.
                assert_eq!(Family::of(&info(&["Health"], Some(name))), family, "event code {name}");
            }
        }
    }
    let known: BTreeSet<&str> = Category::ALL.iter().map(|category| category.as_str()).collect();
    assert_eq!(categories.keys().copied().collect::<BTreeSet<_>>(), known);
    assert_eq!(Family::of(&info(&["Met", "Met"], None)), Some(Family::Weather));
    assert_eq!(Family::of(&info(&["Met", "Safety"], None)), None);
    assert_eq!(Family::of(&info(&["Met", "Transport"], None)), None);
}

#[test]
fn every_state_and_reason_is_explained_to_operators() {
    let names = |heading: &str| table(OPERATORS, heading).into_iter().map(|row| row[0]).collect::<BTreeSet<_>>();
    let states: BTreeSet<&str> = State::ALL.iter().map(|state| state.as_str()).collect();
    assert_eq!(names("States of a broadcast"), states);
    let (held, filed) = (names("Why an alert is held"), names("Why an alert is only filed"));
    let reasons: BTreeSet<&str> = Reason::ALL.iter().map(|reason| reason.as_str()).collect();
    assert_eq!(held.union(&filed).copied().collect::<BTreeSet<_>>(), reasons);
    assert!(held.is_disjoint(&filed));
}

#[test]
fn integrators_can_look_up_what_is_found_about_earlier_messages() {
    let rows: Vec<[String; 3]> = table(INTEGRATORS, "When messages follow each other")
        .into_iter()
        .map(|row| <[&str; 3]>::try_from(row).expect("three columns").map(str::to_owned))
        .collect();
    let level = |level: Level| match level {
        Level::Error => "error",
        Level::Warning => "warning",
        Level::Note => "note",
    };
    let rules = lifecycle::ALL.iter();
    let wanted: Vec<[String; 3]> =
        rules.map(|rule| [format!("`{}`", rule.code), level(rule.level).to_owned(), rule.fix.to_owned()]).collect();
    assert_eq!(rows, wanted);
}
