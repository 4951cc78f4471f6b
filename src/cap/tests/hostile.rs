//! Whatever the bytes: no panic, no growth without bound, and answers that hold together.

use super::{EVERY_ELEMENT, FEED, OLDER, STORM};
use crate::cap::limits::{FEED_BYTES_MAX, FINDINGS_MAX};
use crate::cap::{Limits, Options, read, survey};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

const SIGNED: &str = include_str!("../../../tests/fixtures/cap/rules/signature-earlier.xml");
const FIXTURES: &[&str] = &[STORM, EVERY_ELEMENT, OLDER, FEED, SIGNED];

/// Errors, the rest, and a line for what was left out of each.
const FINDINGS_PER_DOCUMENT_MAX: usize = 2 * FINDINGS_MAX + 2;

/// Bounds as they are, but for the length: what is long is to be stopped by another bound.
fn roomy() -> Options {
    Options::from(Limits { bytes_max: FEED_BYTES_MAX, ..Limits::default() })
}

/// What must hold of any document.
fn check(bytes: &[u8]) {
    let reading = read(bytes, &roomy());
    assert!(reading.findings.len() <= FINDINGS_PER_DOCUMENT_MAX);
    assert!(!reading.ok() || reading.accepted(), "conforming, but not accepted");
    let excused =
        reading.findings.iter().any(|finding| finding.level == crate::cap::finding::Level::Error && !finding.repaired);
    assert!(reading.alert.is_some() || excused, "no alert, and no error that says why");
    for finding in &reading.findings {
        assert!(finding.line >= 1 && finding.column >= 1 && finding.path.starts_with('/'), "{finding:?}");
        assert!(!finding.clause.is_empty() && !finding.message.is_empty() && !finding.fix.is_empty(), "{finding:?}");
    }
    let rings = reading.alert.iter().flat_map(|alert| &alert.infos).flat_map(|info| &info.areas);
    for point in rings.flat_map(|area| &area.polygons).flat_map(|polygon| polygon.ring()) {
        assert!(point.lat.abs() <= 90.0 && point.lon.abs() <= 360.0, "{point:?}");
    }
    let seen = survey(bytes, &roomy());
    assert!(seen.findings.len() <= FINDINGS_PER_DOCUMENT_MAX);
}

/// Pieces that XML parsers trip over.
const SPLINTERS: &[&str] = &[
    "<",
    ">",
    "&",
    "&amp;",
    "&#x110000;",
    "&lol;",
    "]]>",
    "<![CDATA[",
    "<!--",
    "--",
    "-->",
    "<?",
    "?>",
    "<?xml",
    "<!DOCTYPE a [",
    "\0",
    "\u{FFFE}",
    "\u{202E}",
    "é",
    "😀",
    "\r\n",
    "<alert>",
    "</alert>",
    "</info>",
    "<x:y",
    "xmlns=''",
    "xmlns:a='a'",
    "=\"",
    "'",
    "<polygon>",
    "1,2 ",
    "-",
    "1e999",
    "NaN",
    "<Signature xmlns='http://www.w3.org/2000/09/xmldsig#'>",
    " encoding='utf-16' ",
];

proptest! {
    #[test]
    fn any_bytes_are_answered(bytes in vec(any::<u8>(), 0..600)) {
        check(&bytes);
    }

    #[test]
    fn any_pile_of_splinters_is_answered(parts in vec(select(SPLINTERS), 0..40)) {
        check(parts.concat().as_bytes());
    }

    #[test]
    fn a_document_cut_anywhere_is_answered(fixture in select(FIXTURES), at in any::<Index>()) {
        let bytes = fixture.as_bytes();
        check(&bytes[..at.index(bytes.len())]);
    }

    #[test]
    fn a_document_with_a_splinter_is_answered(
        fixture in select(FIXTURES), at in any::<Index>(), splinter in select(SPLINTERS), cut in 0_usize..30,
    ) {
        let mut bytes = fixture.as_bytes().to_vec();
        let at = at.index(bytes.len());
        let end = (at + cut).min(bytes.len());
        bytes.splice(at..end, splinter.bytes());
        check(&bytes);
    }

    #[test]
    fn a_document_with_changed_bytes_is_answered(
        fixture in select(FIXTURES), changes in vec((any::<Index>(), any::<u8>()), 1..20),
    ) {
        let mut bytes = fixture.as_bytes().to_vec();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        check(&bytes);
    }

    #[test]
    fn a_document_in_utf_16_says_the_same(fixture in select(FIXTURES), little in any::<bool>()) {
        let to_bytes = if little { u16::to_le_bytes } else { u16::to_be_bytes };
        let text = fixture.replace(" encoding=\"UTF-8\"", "");
        let bytes: Vec<u8> = text.encode_utf16().flat_map(to_bytes).collect();
        prop_assert_eq!(read(&bytes, &roomy()), read(text.as_bytes(), &roomy()));
    }
}

#[test]
fn a_tower_of_elements_is_stopped_at_its_bound() {
    check(STORM.replace("<scope>", &"<a>".repeat(500_000)).as_bytes());
    check(STORM.replace("<scope>", &"<a xmlns='b'>".repeat(100_000)).as_bytes());
}

#[test]
fn a_crowd_of_bad_elements_gives_a_bounded_list() {
    let crowd = STORM.replace("<scope>", &format!("{}<scope>", "<geocode b='1'/>".repeat(90_000)));
    let reading = read(crowd.as_bytes(), &roomy());
    assert!(!reading.accepted());
    assert!(reading.findings.iter().any(|finding| finding.code == "more-errors" && !finding.repaired));
    check(crowd.as_bytes());
}

#[test]
fn endless_names_and_blanks_cost_no_more_than_their_length() {
    let name = "n".repeat(1_000_000);
    let feed = format!(
        "<{name}>{}</{name}>",
        STORM.replace("Actual", "x").replacen("<?xml version=\"1.0\" encoding=\"UTF-8\"?>", "", 1)
    );
    for finding in survey(feed.as_bytes(), &roomy()).findings {
        assert!(finding.path.len() + finding.message.len() < 1_000, "{} bytes", finding.path.len());
    }
    check(format!("<{name}></x>").as_bytes());
    let blanks = format!("{}x{}<scope>", " ".repeat(1_000_000), "<a/>".repeat(50_000));
    check(STORM.replace("<scope>", &blanks).as_bytes());
}

#[test]
fn a_tag_with_endless_attributes_is_stopped() {
    let many: String = (0..100_000).map(|number| format!(" a{number}='1'")).collect();
    check(STORM.replace("<scope>", &format!("<scope{many}>")).as_bytes());
    let spaces: String = (0..100_000).map(|number| format!(" xmlns:a{number}='1'")).collect();
    check(STORM.replace("<scope>", &format!("<scope{spaces}>")).as_bytes());
}

#[test]
fn a_declaration_out_of_place_is_harmless() {
    let comment = format!("<!--{}-->", "x".repeat(200));
    check(format!("{comment}<?xml version='1.0' encoding='windows-1252'?>{STORM}").as_bytes());
    check(b"<?xml version='1.0' encoding='utf-7'?><alert/>");
}

#[test]
fn an_endless_canonical_form_is_given_up() {
    let long = "u".repeat(8_000);
    // Each of these elements would carry the long declaration anew.
    let crowd = "<a:b/>".repeat(90_000);
    let wide = SIGNED.replacen("<alert ", &format!("<alert xmlns:a='{long}' "), 1).replace("</area>", &crowd);
    let wide = wide.replace("  </info>", "</area></info>");
    let reading = read(wide.as_bytes(), &roomy());
    let given_up = |finding: &crate::cap::finding::Finding| finding.message.contains("more to canonicalise");
    assert!(reading.findings.iter().any(given_up), "{:?}", reading.findings);
    check(wide.as_bytes());
}

#[test]
fn a_heap_of_signatures_is_verified_up_to_a_bound() {
    let begin = SIGNED.find("<Signature").expect("a signature");
    let end = SIGNED.find("</Signature>").expect("its end") + "</Signature>".len();
    let heap = SIGNED.replace("</alert>", &format!("{}</alert>", SIGNED[begin..end].repeat(100)));
    let reading = read(heap.as_bytes(), &roomy());
    let unread = reading.findings.iter().filter(|finding| finding.message.contains("too many signatures"));
    assert_eq!(unread.count(), 102 - crate::cap::limits::SIGNATURES_MAX);
    let alert = SIGNED.split_once("?>").expect("a declaration").1;
    let feed = format!("<feed xmlns='http://www.w3.org/2005/Atom'>{}</feed>", alert.repeat(200));
    let seen = survey(feed.as_bytes(), &roomy());
    assert_eq!(seen.outlines.len(), 200);
    check(feed.as_bytes());
}
