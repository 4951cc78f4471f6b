//! What is written is read as the same alert, whatever it says; and what cannot be written is named.

mod arbitrary;

use super::{EVERY_ELEMENT, OLDER, STORM};
use crate::cap::alert::{Alert, CapVersion, NamedValue, Point, Polygon, Reference};
use crate::cap::code::{Certainty, MsgType, Scope};
use crate::cap::time::DateTime;
use crate::cap::{Layout, Options, Problem, Profiles, WriteError, WriteOptions, read, write};
use jiff::tz::Offset;
use proptest::prelude::*;

fn alert(text: &str) -> Alert {
    read(text.as_bytes(), &Options::default()).alert.expect("a readable fixture")
}

fn storm() -> Alert {
    alert(STORM)
}

/// The fixture with every element, without the signature that no writer can make.
fn every_element() -> Alert {
    Alert { signed: false, ..alert(EVERY_ELEMENT) }
}

fn written(alert: &Alert) -> String {
    write(alert, &WriteOptions::default()).expect("an alert that can be written")
}

fn refused(change: impl FnOnce(&mut Alert)) -> WriteError {
    let mut alert = every_element();
    change(&mut alert);
    write(&alert, &WriteOptions::default()).expect_err("an alert that cannot be written")
}

fn value(path: &str, problem: Problem) -> WriteError {
    WriteError::Value { path: path.to_owned(), problem }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_alert_written_and_read_is_the_same_alert(alert in arbitrary::alerts(), compact in any::<bool>()) {
        let layout = if compact { Layout::Compact } else { Layout::Indented };
        let options = WriteOptions { layout, profiles: Profiles::Unchecked, ..WriteOptions::default() };
        let text = write(&alert, &options);
        prop_assert!(text.is_ok(), "{text:?}");
        let reading = read(text.unwrap_or_default().as_bytes(), &Options::default());
        prop_assert!(reading.ok(), "{:?}", reading.findings);
        // Times are the same when their instants are; offsets must be kept too.
        prop_assert_eq!(format!("{:?}", reading.alert), format!("{:?}", Some(&alert)));
        prop_assert_eq!(reading.alert, Some(alert));
    }
}

#[test]
fn every_element_of_every_edition_is_written() {
    for fixture in [every_element(), storm(), alert(OLDER)] {
        for layout in [Layout::Indented, Layout::Compact] {
            let text = write(&fixture, &WriteOptions { layout, ..WriteOptions::default() }).expect("a document");
            assert_eq!(alert(&text), fixture, "{text}");
        }
    }
}

#[test]
fn a_document_is_laid_out_with_a_line_for_each_element_or_with_none() {
    assert_eq!(written(&storm()), STORM);
    let text = write(&storm(), &WriteOptions { layout: Layout::Compact, ..WriteOptions::default() }).expect("one");
    assert!(!text.contains('\n') && text.contains("</language><category>Met</category><event>"), "{text}");
}

#[test]
fn utc_is_written_minus_zero_and_other_offsets_are_kept() {
    let mut storm = storm();
    storm.key.sent = DateTime::new(storm.key.sent.instant(), Offset::UTC);
    let text = written(&storm);
    assert!(text.contains("<sent>2026-03-01T13:30:00-00:00</sent>"), "{text}");
    assert!(text.contains("<expires>2026-03-01T20:30:00+01:00</expires>"), "{text}");
}

#[test]
fn text_is_escaped_and_comes_back_to_the_letter() {
    let mut storm = storm();
    let text = "a < b && c ]]> \"d\" 'e' <!-- é 😀 \u{202E} --> one\r\ntwo\rthree\n\tfour &amp; \u{85}\u{2028}\u{FEFF}";
    storm.infos[0].description = Some(text.to_owned());
    assert_eq!(alert(&written(&storm)).infos[0].description.as_deref(), Some(text));
}

#[test]
fn coordinates_are_the_shortest_decimals_that_say_the_same() {
    let mut storm = storm();
    storm.infos[0].areas[0].circles[0].center = Point { lat: 1e-9, lon: -0.0 };
    storm.infos[0].areas[0].circles[0].radius_km = 0.1 + 0.2;
    assert!(written(&storm).contains("<circle>0.000000001,0 0.30000000000000004</circle>"));
}

#[test]
fn another_edition_is_written_where_it_has_all_that_is_said() {
    let older = |version| WriteOptions { version: Some(version), ..WriteOptions::default() };
    let text = write(&storm(), &older(CapVersion::V1_1)).expect("1.1 says as much");
    assert_eq!(alert(&text), Alert { version: CapVersion::V1_1, ..storm() });
    let older_still = write(&storm(), &older(CapVersion::V1_0));
    assert!(matches!(older_still, Err(WriteError::Breaks(findings)) if findings[0].code == "value-newer"));
    let mut likely = storm();
    likely.infos[0].certainty = Certainty::Likely;
    likely.infos[0].parameters = vec![NamedValue { value_name: "depth".into(), value: "3 = 3 m".into() }];
    let text = write(&likely, &older(CapVersion::V1_0)).expect("1.0 has these");
    assert!(text.contains("<parameter>depth=3 = 3 m</parameter>"), "{text}");
    likely.infos[0].parameters[0].value_name = "a=b".into();
    let name = write(&likely, &older(CapVersion::V1_0));
    assert_eq!(name, Err(value("/alert/info[1]/parameter[1]", Problem::EqualsSign)));
}

#[test]
fn what_no_document_can_hold_is_named_with_its_element() {
    let cases = [
        (
            refused(|alert| alert.infos[0].event = "storm\u{1}".into()),
            "/alert/info[1]/event",
            Problem::Character('\u{1}'),
        ),
        (refused(|alert| alert.codes[1] = "\u{FFFE}".into()), "/alert/code[2]", Problem::Character('\u{FFFE}')),
        (refused(|alert| alert.note = Some(" a".into())), "/alert/note", Problem::OuterSpace),
        (refused(|alert| alert.infos[1].event.clear()), "/alert/info[2]/event", Problem::Empty),
        (refused(|alert| alert.source = Some(String::new())), "/alert/source", Problem::Empty),
        (refused(|alert| alert.addresses.push("a \"b".into())), "/alert/addresses", Problem::Quote),
        (refused(|alert| alert.incidents.push(String::new())), "/alert/incidents", Problem::Empty),
        (
            refused(|alert| alert.infos[0].areas[0].circles[0].radius_km = f64::NAN),
            "/alert/info[1]/area[1]/circle[1]",
            Problem::Number,
        ),
        (
            refused(|alert| alert.infos[0].areas[0].ceiling_ft = Some(f64::INFINITY)),
            "/alert/info[1]/area[1]/ceiling",
            Problem::Number,
        ),
        (
            refused(|alert| {
                alert.key.sent = DateTime::new("2026-01-01T00:00:00.5Z".parse().expect("one"), Offset::UTC)
            }),
            "/alert/sent",
            Problem::Time,
        ),
        (refused(|alert| alert.references[0].sent = None), "/alert/references", Problem::Timeless),
        (
            refused(|alert| alert.infos[0].parameters[0].value_name.clear()),
            "/alert/info[1]/parameter[1]/valueName",
            Problem::Empty,
        ),
    ];
    for (error, path, problem) in cases {
        assert_eq!(error, value(path, problem));
    }
}

#[test]
fn what_would_break_the_standard_is_refused_with_the_rule() {
    let code = |error: WriteError| match error {
        WriteError::Breaks(findings) => findings[0].code.clone(),
        WriteError::Value { .. } | WriteError::Differs { .. } => format!("{error:?}"),
    };
    assert_eq!(code(refused(|alert| alert.key.identifier = "a,b".into())), "identifier-characters");
    assert_eq!(code(refused(|alert| alert.infos[0].language = "fr_FR".into())), "language-invalid");
    assert_eq!(code(refused(|alert| alert.infos[0].categories.clear())), "element-missing");
    assert_eq!(code(refused(|alert| alert.infos[0].resources[0].mime_type = None)), "mime-type-missing");
    assert_eq!(code(refused(|alert| alert.references.clear())), "references-missing");
    let to_nobody = |alert: &mut Alert| (alert.scope, alert.addresses) = (Scope::Private, Vec::new());
    assert_eq!(code(refused(to_nobody)), "addresses-missing");
}

#[test]
fn what_would_be_read_otherwise_is_refused() {
    let ring = [(1.0, 1.0), (1.0, 2.0), (1.0, 2.0), (2.0, 2.0), (1.0, 1.0)].map(|(lat, lon)| Point { lat, lon });
    let twice = refused(|alert| alert.infos[0].areas[0].polygons[0] = Polygon::new(ring.to_vec()).expect("closed"));
    assert_eq!(twice, WriteError::Differs { field: "info" });
    let reference = Reference { sender: "a".into(), identifier: "b c".into(), sent: None };
    let spaced = refused(|alert| alert.references[0].identifier = reference.identifier);
    assert!(matches!(spaced, WriteError::Breaks(_)), "{spaced:?}");
}

#[test]
fn a_profile_that_is_claimed_is_kept_or_the_alert_is_not_written() {
    let mut alert = storm();
    alert.codes.push("IPAWSv1.0".into());
    assert!(matches!(write(&alert, &WriteOptions::default()), Err(WriteError::Breaks(_))));
    let unchecked = WriteOptions { profiles: Profiles::Unchecked, ..WriteOptions::default() };
    assert!(write(&alert, &unchecked).is_ok());
}

#[test]
fn a_signature_is_left_out_and_nothing_else() {
    let signed = alert(EVERY_ELEMENT);
    assert!(signed.signed);
    assert_eq!(alert(&written(&signed)), every_element());
    assert_eq!(signed.msg_type, MsgType::Update);
}
