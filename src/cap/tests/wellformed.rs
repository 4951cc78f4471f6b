//! What is XML and what is not, against another parser of it.

use super::{EVERY_ELEMENT, FEED, STORM};
use crate::cap::finding::Finding;
use crate::cap::{Options, read};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

/// Findings that say: this is not XML, or not XML that is safe to read.
const NOT_XML: &[&str] =
    &["control-character", "dtd-refused", "entity-refused", "not-well-formed", "prefix-undeclared"];
/// Findings at which reading stopped for another reason.
const TOO_MUCH: &[&str] = &["too-deep", "too-many-attributes", "too-many-elements"];

fn has(findings: &[Finding], codes: &[&str]) -> bool {
    findings.iter().any(|finding| codes.contains(&finding.code.as_str()))
}

/// Both parsers must agree on whether a text is XML.
fn compare(text: &str) -> Result<(), TestCaseError> {
    let findings = read(text.as_bytes(), &Options::default()).findings;
    if has(&findings, TOO_MUCH) {
        return Ok(());
    }
    let theirs = roxmltree::Document::parse(text);
    if has(&findings, NOT_XML) {
        prop_assert!(theirs.is_err() || is_let_pass(text), "{text:?} is refused: {findings:?}");
    } else {
        prop_assert!(theirs.is_ok(), "{text:?} is taken, but {:?}", theirs.err());
    }
    Ok(())
}

/// What roxmltree 0.21 takes though it is not XML with namespaces: processing instructions of any name, names that begin
/// with a colon, a prefix for no namespace, a declaration of `xmlns`.
fn is_let_pass(text: &str) -> bool {
    ["<?", "<:", "</:", " :", "xmlns:xmlns", "=''", "=\"\""].iter().any(|part| text.contains(part))
}

const SPLINTERS: &[&str] = &[
    "<",
    ">",
    "/",
    "/>",
    "</",
    "=",
    "'",
    "\"",
    " ",
    "\n",
    "a",
    "é",
    "·",
    "1",
    "-",
    ".",
    ":",
    "&",
    ";",
    "&amp;",
    "&#38;",
    "&#x1F;",
    "&#xFFFE;",
    "]]>",
    "<![CDATA[",
    "<!--",
    "--",
    "-->",
    "<?",
    "?>",
    "<?p ",
    "<?xml",
    "<a>",
    "</a>",
    "<a/>",
    "<b c='1'",
    " d='2'",
    " d=\"3\"",
    " xmlns='u'",
    " xmlns:p='v'",
    " xmlns:q='v'",
    " p:d='1'",
    " q:d='1'",
    "<p:a>",
    "</p:a>",
    " xmlns:p=''",
    " xmlns:xml='u'",
    " xmlns:xmlns='u'",
    " xml:lang='fr'",
    "\u{1}",
    "\u{FFFF}",
    "\r\n",
];

proptest! {
    #[test]
    fn a_pile_of_splinters_in_an_element_is_judged_alike(parts in vec(select(SPLINTERS), 0..12)) {
        compare(&format!("<a>{}</a>", parts.concat()))?;
        compare(&format!("<a{}</a>", parts.concat()))?;
    }

    #[test]
    fn a_pile_of_splinters_is_judged_alike(parts in vec(select(SPLINTERS), 0..16)) {
        compare(&parts.concat())?;
    }

    #[test]
    fn a_document_with_splinters_is_judged_alike(
        fixture in select(&[STORM, EVERY_ELEMENT, FEED][..]),
        changes in vec((any::<Index>(), select(SPLINTERS), 0_usize..4), 1..4),
    ) {
        let mut text: Vec<char> = fixture.chars().collect();
        for (at, splinter, cut) in changes {
            let at = at.index(text.len());
            let end = (at + cut).min(text.len());
            text.splice(at..end, splinter.chars());
        }
        compare(&text.into_iter().collect::<String>())?;
    }
}
