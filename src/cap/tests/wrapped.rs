//! Alerts that are carried as text, and what is said of feeds.

use super::{FEED, STORM};
use crate::cap::{Limits, Options, Root, Survey, read, survey};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// The storm without its declaration, which may only come first.
fn storm() -> &'static str {
    STORM.split_once("?>").expect("a declaration").1.trim()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn rss(description: &str) -> String {
    format!(
        "<rss version='2.0'><channel>\n<item><title>Storm</title><description>{description}</description></item></channel></rss>"
    )
}

fn seen(text: &str) -> Survey {
    survey(text.as_bytes(), &Options::default())
}

fn codes(survey: &Survey) -> Vec<&str> {
    survey.findings.iter().map(|finding| finding.code.as_str()).collect()
}

#[test]
fn an_alert_is_found_however_a_feed_carries_it_as_text() {
    let cdata = format!("<![CDATA[\n {STORM}]]>").replace("\n <?xml", "<?xml");
    let atom = format!(
        "<feed xmlns='http://www.w3.org/2005/Atom'><entry><content type='text/html'>{}</content></entry></feed>",
        escaped(STORM)
    );
    let envelope = format!(
        "<EDXLDistribution xmlns='urn:oasis:names:tc:emergency:EDXL:DE:1.0'><contentObject><nonXMLContent>\
         <mimeType>application/cap+xml</mimeType><contentData>\n{}\n</contentData></nonXMLContent></contentObject>\
         </EDXLDistribution>",
        STANDARD.encode(STORM)
    );
    for text in [rss(&escaped(storm())), rss(&escaped(STORM)), rss(&cdata), atom, envelope] {
        let survey = seen(&text);
        assert_eq!(
            (survey.root, survey.readable, survey.ok(), survey.accepted()),
            (Root::Feed, 1, true, false),
            "{text}"
        );
        assert_eq!(survey.outlines[0].identifier.as_deref(), Some("storm-1"));
        assert_eq!(survey.findings, [], "{text}");
    }
}

#[test]
fn findings_of_an_alert_as_text_stand_at_its_element_and_say_their_own_line() {
    let survey = seen(&rss(&escaped(&storm().replace("Actual", "Real"))));
    let [finding] = &survey.findings[..] else { panic!("{:?}", survey.findings) };
    assert_eq!((finding.code.as_str(), finding.line, finding.column), ("value-unknown", 2, 27));
    assert_eq!(finding.path, "/rss/channel/item/description/alert/status");
    assert!(finding.message.ends_with("(Line 5, column 3 of the text.)"), "{}", finding.message);
    assert_eq!((survey.outlines.len(), survey.readable, survey.ok()), (1, 0, false));
}

#[test]
fn an_alert_as_text_that_is_not_xml_is_an_error_of_the_feed() {
    let survey = seen(&rss(&escaped(&storm().replace("</event>", ""))));
    assert_eq!((codes(&survey), survey.outlines.len(), survey.ok()), (vec!["not-well-formed"], 0, false));
    let survey = seen(&rss(&escaped(&format!("<!-- x --><!DOCTYPE alert>{}", storm()))));
    assert_eq!((codes(&survey), survey.ok()), (vec!["dtd-refused"], false));
}

#[test]
fn words_and_html_in_a_feed_are_not_taken_for_alerts() {
    for words in ["Storm alert", "&lt;p&gt;alert&lt;/p&gt;", "&lt;p", "&lt;alertness/&gt;", "PGFsZXJ0Lz4="] {
        let survey = seen(&rss(words));
        assert_eq!((codes(&survey), survey.outlines.len()), (vec!["feed-without-alerts"], 0), "{words}");
        assert!(survey.ok() && !survey.accepted());
    }
}

#[test]
fn one_level_of_text_is_looked_into() {
    let inner = rss(&escaped(storm()));
    let survey = seen(&rss(&escaped(&inner)));
    assert_eq!((codes(&survey), survey.outlines.len()), (vec!["feed-without-alerts"], 0));
    let nested = storm().replace("Storm over the valley", &escaped(storm()));
    let survey = seen(&rss(&escaped(&nested)));
    assert_eq!((survey.outlines.len(), survey.readable), (1, 1));
}

#[test]
fn a_feed_may_hold_so_many_alerts_and_no_more() {
    let items: String =
        (0..3).map(|_| format!("<item><description>{}</description></item>", escaped(storm()))).collect();
    let text = format!("<rss><channel>{items}{}</channel></rss>", storm());
    let bounded = |alerts_max, elements_max| {
        survey(text.as_bytes(), &Limits { alerts_max, elements_max, ..Limits::default() }.into())
    };
    assert_eq!((bounded(4, 1_000).outlines.len(), bounded(4, 1_000).ok()), (4, true));
    let some = bounded(2, 1_000);
    assert_eq!((some.outlines.len(), codes(&some), some.ok()), (2, vec!["too-many-alerts"], false));
    // The alerts as text share what one document may have.
    let few = bounded(4, 80);
    assert!(!few.ok() && codes(&few).contains(&"too-many-elements"), "{:?}", few.findings);
}

#[test]
fn an_alert_of_a_feed_in_no_namespace_of_cap_is_an_error_not_no_alert() {
    let bare = storm().replace(" xmlns=\"urn:oasis:names:tc:emergency:cap:1.2\"", "");
    let wrong = storm().replace("emergency:cap:1.2", "emergency:alerts:1.2");
    let atom = "<feed xmlns='http://www.w3.org/2005/Atom'>";
    for alert in [&bare, &wrong] {
        let survey = seen(&format!("{atom}<entry><content>{alert}</content></entry></feed>"));
        assert_eq!((codes(&survey), survey.ok()), (vec!["namespace-unknown"], false), "{alert}");
        assert_eq!(survey.findings[0].path, "/feed/entry/content/alert");
    }
    // It is found beside others too; what is only called so is none.
    let survey = seen(&format!("{atom}<entry><content>{bare}</content></entry>{}</feed>", storm()));
    assert_eq!((survey.outlines.len(), codes(&survey), survey.ok()), (1, vec!["namespace-unknown"], false));
    let survey = seen(&format!("{atom}<entry><alert>Storm<level/></alert></entry></feed>"));
    assert_eq!((codes(&survey), survey.ok()), (vec!["feed-without-alerts"], true));
}

#[test]
fn a_list_of_ipaws_is_a_feed() {
    let text =
        format!("<ns1:alerts xmlns:ns1='http://gov.fema.ipaws.services/feed'>{}{}</ns1:alerts>", storm(), storm());
    let survey = seen(&text);
    assert_eq!((survey.root, survey.outlines.len(), survey.ok(), survey.accepted()), (Root::Feed, 2, true, false));
}

#[test]
fn a_feed_that_is_posted_is_refused_as_one() {
    let reading = read(FEED.as_bytes(), &Options::default());
    let [finding] = &reading.findings[..] else { panic!("{:?}", reading.findings) };
    assert_eq!((finding.code.as_str(), finding.path.as_str(), reading.accepted()), ("root-is-a-feed", "/feed", false));
    assert!(finding.message.contains("1 alerts"), "{}", finding.message);
}

#[test]
fn several_documents_one_after_the_other_are_not_one() {
    let reading = read(format!("{}{}", STORM, storm()).as_bytes(), &Options::default());
    let [finding] = &reading.findings[..] else { panic!("{:?}", reading.findings) };
    assert_eq!((finding.code.as_str(), finding.line as usize), ("not-well-formed", STORM.lines().count() + 1));
    assert!(finding.message.contains("a second one begins"), "{}", finding.message);
}
