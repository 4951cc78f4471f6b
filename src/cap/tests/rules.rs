//! Each rule is met by a document that breaks it and nothing else; none is met by one that does not.

use super::{OLDER, STORM};
use crate::cap::finding::{Finding, Level};
use crate::cap::{Limits, Options, read, rules};
use std::collections::BTreeSet;

/// A rule's code, the path it must be found at, and a document that breaks it.
struct Case {
    code: &'static str,
    path: &'static str,
    text: String,
    options: Options,
}

fn case(code: &'static str, path: &'static str, text: String) -> Case {
    Case { code, path, text, options: Options::default() }
}

/// The storm with a part of it written otherwise.
fn edit(code: &'static str, path: &'static str, from: &str, to: &str) -> Case {
    assert!(STORM.contains(from), "{code}: the fixture has no {from}");
    case(code, path, STORM.replacen(from, to, 1))
}

fn bounded(code: &'static str, path: &'static str, limits: Limits) -> Case {
    Case { code, path, text: STORM.to_owned(), options: limits.into() }
}

fn findings(case: &Case) -> Vec<Finding> {
    read(case.text.as_bytes(), &case.options).findings
}

const AREA: &str = "/alert/info[1]/area[1]";
const POLYGON: &str = "/alert/info[1]/area[1]/polygon[1]";
const CIRCLE: &str = "/alert/info[1]/area[1]/circle[1]";

fn of_xml() -> Vec<Case> {
    vec![
        edit("encoding-unknown", "/", "UTF-8", "klingon"),
        edit("encoding-misdeclared", "/", "UTF-8", "UTF-16"),
        edit("control-character", "/", "Storm over", "Storm\u{1} over"),
        edit("not-well-formed", "/alert/info[1]/headline", "</headline>", "</headlin>"),
        edit("not-well-formed", "/", "</alert>", "</alert><alert/>"),
        edit("not-well-formed", "/", "</alert>", "</alert>more"),
        edit("not-well-formed", "/alert", "</alert>", ""),
        edit("not-well-formed", "/", "<alert ", "text<alert "),
        edit("not-well-formed", "/alert", "<scope>", "<a b=1/><scope>"),
        edit("not-well-formed", "/alert", "<scope>", "<a b='1' b='2'/><scope>"),
        edit("not-well-formed", "/alert", "<scope>", "<a b='<'/><scope>"),
        edit("not-well-formed", "/alert", "<scope>", "<x:a/><scope>"),
        edit("not-well-formed", "/alert", "<scope>", "<?xml version='1.0'?><scope>"),
        edit("not-well-formed", "/alert", "<scope>", "<1a/><scope>"),
        edit("not-well-formed", "/alert/info[1]/headline", "Storm over", "]]> over"),
        case("not-well-formed", "/", String::new()),
        edit("dtd-refused", "/", "<alert ", "<!DOCTYPE alert [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><alert "),
        edit("entity-refused", "/alert/info[1]/headline", "Storm over", "&nbsp;"),
        edit("entity-refused", "/alert/info[1]/headline", "Storm over", "&#0;"),
        edit("entity-refused", "/alert/info[1]/headline", "Storm over", "&#xD800;"),
        edit("entity-refused", "/alert", "<scope>", "<a b='&x;'/><scope>"),
        bounded("too-large", "/", Limits { bytes_max: 100, ..Limits::default() }),
        bounded("too-deep", "/alert/info[1]/area[1]", Limits { depth_max: 3, ..Limits::default() }),
        bounded("too-many-elements", "/alert/info[1]/area[1]", Limits { elements_max: 18, ..Limits::default() }),
        bounded("too-many-attributes", "/", Limits { attributes_max: 0, ..Limits::default() }),
        bounded("too-many-infos", "/alert/info[1]", Limits { infos_max: 0, ..Limits::default() }),
        bounded("too-many-areas", AREA, Limits { areas_max: 0, ..Limits::default() }),
        bounded("too-many-rings", CIRCLE, Limits { rings_max: 1, ..Limits::default() }),
        bounded("too-many-vertices", POLYGON, Limits { vertices_max: 4, ..Limits::default() }),
        case("root-not-alert", "/html", "<html/>".to_owned()),
        edit("namespace-unknown", "/alert", " xmlns=\"urn:oasis:names:tc:emergency:cap:1.2\"", ""),
    ]
}

fn of_structure() -> Vec<Case> {
    vec![
        edit("attribute-unexpected", "/alert/scope", "<scope>", "<scope lang='en'>"),
        edit("element-unknown", "/alert/colour", "<scope>", "<colour>red</colour><scope>"),
        edit("element-unknown", "/alert/scope/b", "Public", "Public<b/>"),
        edit("element-foreign", "/alert/x", "<scope>", "<x xmlns='urn:example'><y/></x><scope>"),
        edit("element-missing", "/alert", "<identifier>storm-1</identifier>", ""),
        edit("element-missing", "/alert/info[1]", "<category>Met</category>", ""),
        edit(
            "element-missing",
            "/alert/info[1]/resource[1]",
            "<area>",
            "<resource><resourceDesc>Map</resourceDesc></resource><area>",
        ),
        edit("element-repeated", "/alert/scope[2]", "<scope>", "<scope>Public</scope><scope>"),
        edit(
            "element-order",
            "/alert/msgType",
            "<status>Actual</status>\n  <msgType>Alert</msgType>\n  <scope>Public</scope>",
            "<status>Actual</status><scope>Public</scope><msgType>Alert</msgType>",
        ),
        edit("element-empty", "/alert/info[1]/language", "en-GB", ""),
        edit("element-empty", "/alert/info[1]/onset", "<expires>", "<onset/><expires>"),
        edit("element-empty", "/alert/info[1]/responseType[1]", "<urgency>", "<responseType> </responseType><urgency>"),
        edit("required-empty", "/alert/info[1]/event", "<event>Storm", "<event>"),
        edit("text-stray", "/alert/info[1]", "<category>", "stray<category>"),
        edit("value-spaces", "/alert/scope", "Public", " Public\n"),
        edit("value-spaces", "/alert/identifier", "storm-1", "storm-1 "),
        edit("value-unknown", "/alert/status", "Actual", "actual"),
        edit("value-unknown", "/alert/info[1]/urgency", "Immediate", ""),
        edit("value-unknown", "/alert/info[1]/category[1]", "Met", "Weather"),
        edit("value-deprecated", "/alert/info[1]/certainty", "Observed", "Very Likely"),
        edit("identifier-characters", "/alert/identifier", "storm-1", "storm,1"),
        edit("sender-characters", "/alert/sender", "met@vallonne.example", "Ville de Vallonne"),
    ]
}

fn of_values() -> Vec<Case> {
    let sent = "2026-03-01T14:30:00+01:00</sent>";
    let update =
        |references: &str| format!("Update</msgType><scope>Public</scope><references>{references}</references>");
    let after = "Alert</msgType>\n  <scope>Public</scope>";
    vec![
        edit("datetime-invalid", "/alert/sent", sent, "noon</sent>"),
        edit("datetime-no-offset", "/alert/sent", sent, "2026-03-01T14:30:00</sent>"),
        edit("datetime-form", "/alert/sent", sent, "2026-03-01T14:30:00Z</sent>"),
        edit("datetime-plus-zero", "/alert/sent", sent, "2026-03-01T14:30:00+00:00</sent>"),
        case("scope-absent", "/cap:alert", OLDER.to_owned()),
        case("reference-unreadable", "/alert/references", OLDER.to_owned()),
        case("pair-invalid", "/alert/info[1]/parameter[1]", OLDER.replace("depth = 3 m", "deep")),
        edit("restriction-missing", "/alert", "Public", "Restricted"),
        edit("restriction-unused", "/alert/restriction", "</scope>", "</scope><restriction>few</restriction>"),
        edit("addresses-missing", "/alert", "Public", "Private"),
        edit("note-missing", "/alert", "Actual", "Exercise"),
        edit("references-missing", "/alert", ">Alert<", ">Cancel<"),
        edit("reference-invalid", "/alert/references", after, &update("storm-0")),
        edit("reference-invalid", "/alert/references", after, &update("a,,2026-03-01T14:30:00+01:00")),
        edit(
            "too-many-references",
            "/alert/references",
            after,
            &update(&"met@vallonne.example,storm-0,2026-03-01T13:30:00-00:00 ".repeat(257)),
        ),
        edit(
            "reference-self",
            "/alert/references",
            after,
            &update("met@vallonne.example,storm-1,2026-03-01T13:30:00-00:00"),
        ),
        edit(
            "identifier-reused",
            "/alert/references",
            after,
            &update("met@vallonne.example,storm-1,2026-03-01T12:00:00+01:00"),
        ),
        case("info-missing", "/alert", format!("{}</alert>", STORM.split("<info>").next().expect("a head"))),
        edit("language-invalid", "/alert/info[1]/language", "en-GB", "en_GB"),
        edit("expires-absent", "/alert/info[1]", "<expires>2026-03-01T20:30:00+01:00</expires>", ""),
        edit("expires-before-effective", "/alert/info[1]/expires", "20:30", "14:29"),
        edit(
            "expires-before-sent",
            "/alert/info[1]/expires",
            "<effective>2026-03-01T14:30:00+01:00</effective>\n    <expires>2026-03-01T20",
            "<expires>2026-03-01T08",
        ),
        edit("number-invalid", "/alert/info[1]/area[1]/altitude", "</area>", "<altitude>high</altitude></area>"),
        edit(
            "size-invalid",
            "/alert/info[1]/resource[1]/size",
            "<area>",
            "<resource><resourceDesc>Map</resourceDesc><mimeType>image/png</mimeType><size>2 kB</size></resource><area>",
        ),
        edit("ceiling-without-altitude", "/alert/info[1]/area[1]/ceiling", "</area>", "<ceiling>9</ceiling></area>"),
        edit(
            "ceiling-below-altitude",
            "/alert/info[1]/area[1]/ceiling",
            "</area>",
            "<altitude>9</altitude><ceiling>8</ceiling></area>",
        ),
    ]
}

fn of_shapes() -> Vec<Case> {
    let ring = "48.1,-1.2 48.1,-1.1 48.2,-1.1 48.2,-1.2 48.1,-1.2";
    let both =
        "<polygon>48.1,-1.2 48.1,-1.1 48.2,-1.1 48.2,-1.2 48.1,-1.2</polygon>\n      <circle>48.5,-1.5 12.5</circle>";
    let circle = "48.5,-1.5 12.5";
    vec![
        edit("area-nowhere", AREA, both, ""),
        edit("polygon-empty", POLYGON, ring, " \n"),
        edit("polygon-pair-invalid", POLYGON, "48.2,-1.1", "(48.2,-1.1)"),
        edit("polygon-pair-invalid", POLYGON, "48.2,-1.1", "48.2 -1.1"),
        edit("polygon-space-in-pair", POLYGON, "48.2,-1.1", "48.2, -1.1"),
        edit("polygon-too-few-points", POLYGON, ring, "1,2 3,4 1,2"),
        edit("polygon-too-few-points", POLYGON, ring, "1,2 1,2 1,2 1,2"),
        edit("polygon-not-closed", POLYGON, "48.2,-1.2 48.1,-1.2", "48.2,-1.2"),
        edit("polygon-duplicate-points", POLYGON, "48.2,-1.1", "48.2,-1.1 48.2,-1.1"),
        edit("polygon-winds", POLYGON, ring, "48,0 48,120 48,-120 49,0 49,120 49,-120 50,0 50,120 50,-120 48,0"),
        edit("latitude-out-of-range", POLYGON, "48.2,-1.1", "91,-1.1"),
        edit("longitude-out-of-range", CIRCLE, circle, "48.5,361 12.5"),
        edit("longitude-beyond-180", CIRCLE, circle, "48.5,190 12.5"),
        edit("circle-empty", CIRCLE, circle, ""),
        edit("circle-invalid", CIRCLE, circle, "48.5,-1.5"),
        edit("circle-invalid", CIRCLE, circle, "48.5,-1.5 -3"),
        edit("circle-invalid", CIRCLE, circle, "48.5,-1.5 12.5,6"),
        edit("circle-space-in-pair", CIRCLE, circle, "48.5, -1.5 12.5"),
        edit("circle-radius-zero", CIRCLE, circle, "48.5,-1.5 0"),
    ]
}

fn cases() -> Vec<Case> {
    [of_xml(), of_structure(), of_values(), of_shapes()].into_iter().flatten().collect()
}

#[test]
fn the_documents_that_the_cases_change_break_no_rule() {
    let storm = case("", "", STORM.to_owned());
    assert_eq!(findings(&storm), []);
}

#[test]
fn each_broken_rule_is_found_at_its_place_alone() {
    for case in cases() {
        let found = findings(&case);
        let path = case.path.replace("cap:", "");
        assert!(
            found.iter().any(|finding| finding.code == case.code && finding.path == path),
            "{} {path}: {found:#?}",
            case.code
        );
        let older = case.text.contains("cap/1.0");
        let side_effects = found.iter().filter(|finding| finding.code != case.code && finding.level == Level::Error);
        assert!(older || side_effects.count() == 0, "{} {path}: {found:#?}", case.code);
    }
}

#[test]
fn a_document_is_taken_exactly_when_all_its_errors_are_repaired() {
    for case in cases() {
        let reading = read(case.text.as_bytes(), &case.options);
        let errors: Vec<_> = reading.findings.iter().filter(|finding| finding.level == Level::Error).collect();
        assert_eq!(reading.ok(), errors.is_empty(), "{}", case.code);
        assert_eq!(reading.accepted(), errors.iter().all(|finding| finding.repaired), "{}: {errors:#?}", case.code);
    }
}

#[test]
fn every_rule_has_a_case() {
    // These are about bytes or about too many findings, and are tested where they are made.
    let elsewhere = ["encoding-invalid", "more-errors", "more-repairs", "more-notes"];
    let tested: BTreeSet<&str> = cases().iter().map(|case| case.code).chain(elsewhere).collect();
    let all: BTreeSet<&str> = rules::ALL.iter().map(|rule| rule.code).collect();
    assert_eq!(all.len(), rules::ALL.len(), "two rules share a code");
    assert_eq!(tested, all);
}

#[test]
fn findings_know_their_line_column_and_clause() {
    let open = edit("polygon-not-closed", POLYGON, "48.2,-1.2 48.1,-1.2", "48.2,-1.2");
    let [finding] = &findings(&open)[..] else { panic!("not one finding") };
    assert_eq!((finding.line, finding.column), (21, 7));
    assert_eq!(finding.clause, "CAP 1.2 §3.2.4 polygon");
    let missing = edit("element-missing", "/alert/info[1]", "<urgency>Immediate</urgency>", "");
    let [finding] = &findings(&missing)[..] else { panic!("not one finding") };
    assert_eq!((finding.line, finding.column, finding.clause.as_str()), (9, 3, "CAP 1.2 §3.2.2 urgency"));
}

#[test]
fn all_errors_come_at_once_in_the_documents_order() {
    let text =
        STORM.replace("Actual", "Real").replace("14:30:00+01:00</sent>", "14:30</sent>").replace("48.2,-1.1", "x");
    let codes: Vec<_> = findings(&case("", "", text)).into_iter().map(|finding| finding.code).collect();
    assert_eq!(codes, ["datetime-invalid", "value-unknown", "polygon-pair-invalid"]);
}
