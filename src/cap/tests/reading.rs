//! What comes out of good documents.

use super::{EVERY_ELEMENT, FEED, OLDER, STORM};
use crate::cap::alert::{Alert, CapVersion, NamedValue, Point};
use crate::cap::code::{Category, Certainty, MsgType, ResponseType, Scope, Severity, Status, Urgency};
use crate::cap::limits::{BYTES_MAX, FEED_BYTES_MAX};
use crate::cap::signature::Verdict;
use crate::cap::{Axes, Limits, Options, Root, read, survey};

fn alert(text: &str) -> Alert {
    let reading = read(text.as_bytes(), &Options::default());
    assert!(reading.accepted(), "{:?}", reading.findings);
    reading.alert.expect("an accepted alert")
}

fn pair(value_name: &str, value: &str) -> NamedValue {
    NamedValue { value_name: value_name.to_owned(), value: value.to_owned() }
}

#[test]
fn every_element_of_an_alert_is_read() {
    let reading = read(EVERY_ELEMENT.as_bytes(), &Options::default());
    let codes: Vec<&str> = reading.findings.iter().map(|finding| finding.code.as_str()).collect();
    assert!(reading.ok() && codes == ["signature-untrusted"], "{:?}", reading.findings);
    let alert = reading.alert.expect("an alert");
    assert_eq!(alert.version, CapVersion::V1_2);
    assert_eq!(
        (alert.key.sender.as_str(), alert.key.identifier.as_str()),
        ("alertes@vallonne.example", "vallonne-2026-0042")
    );
    assert_eq!(alert.key.sent.to_string(), "2026-03-01T14:30:00+01:00");
    assert_eq!((alert.status, alert.msg_type, alert.scope), (Status::Actual, MsgType::Update, Scope::Restricted));
    assert_eq!(alert.source.as_deref(), Some("Console 3"));
    assert_eq!(alert.restriction.as_deref(), Some("Fire brigades of the valley"));
    assert_eq!(alert.addresses, ["brigade.nord", "brigade du sud"]);
    assert_eq!(alert.codes, ["urn:example:layer:1", "urn:example:layer:2"]);
    assert_eq!(alert.note.as_deref(), Some("Second bulletin"));
    let named = |identifier: &str, sent: &str| {
        alert.references.iter().any(|earlier| {
            (earlier.sender.as_str(), earlier.identifier.as_str()) == ("alertes@vallonne.example", identifier)
                && earlier.sent.is_some_and(|time| time.to_string() == sent)
        })
    };
    assert_eq!(alert.references.len(), 2);
    assert!(named("vallonne-2026-0040", "2026-03-01T12:00:00+01:00"));
    assert!(named("vallonne-2026-0041", "2026-03-01T13:00:00+01:00"));
    assert_eq!(alert.incidents, ["Crue de la Vire", "storm7"]);
    assert!(alert.signed);
}

#[test]
fn every_element_of_an_info_is_read() {
    let alert = alert(EVERY_ELEMENT);
    let [french, english] = &alert.infos[..] else { panic!("not two infos") };
    assert_eq!((french.language.as_str(), english.language.as_str()), ("fr-FR", "en-US"));
    assert_eq!(french.categories, [Category::Met, Category::Safety]);
    assert_eq!(french.event, "Crue");
    assert_eq!(french.response_types, [ResponseType::Avoid, ResponseType::Monitor]);
    assert_eq!(
        (french.urgency, french.severity, french.certainty),
        (Urgency::Expected, Severity::Severe, Certainty::Likely)
    );
    assert_eq!(french.audience.as_deref(), Some("Riverains"));
    assert_eq!(french.event_codes, [pair("OET:v1.2", "OET-080")]);
    let times = [french.effective, french.onset, french.expires].map(|time| time.expect("a time").to_string());
    assert_eq!(times, ["2026-03-01T14:30:00+01:00", "2026-03-01T18:00:00+01:00", "2026-03-02T06:00:00+01:00"]);
    assert_eq!(french.sender_name.as_deref(), Some("Ville de Vallonne"));
    assert_eq!(french.headline.as_deref(), Some("La Vire monte & déborde"));
    assert_eq!(french.description.as_deref(), Some("Le niveau dépasse 3 m <à l'échelle>."));
    assert_eq!(french.instruction.as_deref(), Some("Ne descendez pas\naux caves."));
    assert_eq!(french.web.as_deref(), Some("https://vallonne.example/crue"));
    assert_eq!(french.contact.as_deref(), Some("+33 1 00 00 00 00"));
    assert_eq!(french.parameters, [pair("niveau", "3.2 m"), pair("vide", "")]);
    assert_eq!((english.audience.as_deref(), english.web.as_deref()), (None, None));
}

#[test]
fn every_element_of_a_resource_and_an_area_is_read() {
    let alert = alert(EVERY_ELEMENT);
    let [resource] = &alert.infos[0].resources[..] else { panic!("not one resource") };
    assert_eq!((resource.resource_desc.as_str(), resource.mime_type.as_deref()), ("Carte", Some("image/png")));
    assert_eq!((resource.size_bytes, resource.deref_uri.as_deref()), (Some(8), Some("iVBORw0KGgo=")));
    assert_eq!(resource.uri.as_deref(), Some("https://vallonne.example/carte.png"));
    assert_eq!(resource.digest.as_deref(), Some("4caece539b039b16e16206ea2478f8c5ffb2ca05"));
    let [area] = &alert.infos[0].areas[..] else { panic!("not one area") };
    assert_eq!(area.area_desc, "Les quais");
    let [quays, sea] = &area.polygons[..] else { panic!("not two polygons") };
    assert_eq!((quays.ring().len(), sea.ring().len()), (5, 4));
    assert_eq!(quays.ring()[2], Point { lat: 48.2, lon: -1.1 });
    assert_eq!((area.circles[0].center, area.circles[0].radius_km), (Point { lat: 48.5, lon: -1.5 }, 12.5));
    assert_eq!(area.geocodes, [pair("INSEE", "50502")]);
    assert_eq!((area.altitude_ft, area.ceiling_ft), (Some(100.0), Some(328.5)));
}

#[test]
fn cap_1_0_is_read_with_its_pairs_split_and_its_scope_narrow() {
    let alert = alert(OLDER);
    assert_eq!((alert.version, alert.scope), (CapVersion::V1_0, Scope::Private));
    let [earlier] = &alert.references[..] else { panic!("not one reference") };
    assert_eq!((earlier.identifier.as_str(), earlier.sender.as_str()), ("hill-6", "watch@hill.example"));
    assert_eq!(earlier.sent, None);
    let info = &alert.infos[0];
    assert_eq!((info.certainty, info.categories.len()), (Certainty::Likely, 0));
    assert_eq!(
        (&info.event_codes[..], &info.parameters[..]),
        (&[pair("LOCAL", "slide")][..], &[pair("depth", "3 m")][..])
    );
    assert_eq!(info.areas[0].geocodes, [pair("FIPS6", "006037")]);
}

#[test]
fn cap_1_1_needs_no_mime_type() {
    let resource = "<resource><resourceDesc>Map</resourceDesc></resource><area>";
    let text = STORM.replace("cap:1.2", "cap:1.1").replace("<area>", resource);
    let alert = alert(&text);
    assert_eq!((alert.version, alert.infos[0].resources[0].mime_type.as_deref()), (CapVersion::V1_1, None));
}

#[test]
fn children_out_of_order_are_read_all_the_same() {
    let status = "<status>Actual</status>";
    let text = STORM.replace(status, "").replace("<scope>", &format!("{status}<scope>"));
    let reading = read(text.as_bytes(), &Options::default());
    assert!(!reading.ok() && reading.accepted());
    assert_eq!(reading.alert, Some(alert(STORM)));
}

#[test]
fn an_open_ring_is_closed_and_points_written_twice_are_written_once() {
    let text = STORM.replace("48.2,-1.2 48.1,-1.2", "48.2,-1.2 48.2,-1.2");
    assert_eq!(alert(&text).infos[0].areas[0].polygons, alert(STORM).infos[0].areas[0].polygons);
}

#[test]
fn longitudes_beyond_180_are_kept_as_they_are() {
    let text = STORM.replace("48.1,-1.1 48.2,-1.1", "48.1,181.5 48.2,181.5");
    assert_eq!(alert(&text).infos[0].areas[0].polygons[0].ring()[1], Point { lat: 48.1, lon: 181.5 });
}

#[test]
fn comments_and_instructions_inside_a_value_do_not_split_it() {
    let text = STORM.replace("Storm over", "Sto<!-- no -->rm<?skip it?> ov<![CDATA[er]]>");
    assert_eq!(alert(&text).infos[0].headline.as_deref(), Some("Storm over the valley"));
}

#[test]
fn line_ends_are_made_one() {
    let text = STORM.replace("Storm over", "Storm\r\nover\rall");
    assert_eq!(alert(&text).infos[0].headline.as_deref(), Some("Storm\nover\nall the valley"));
}

#[test]
fn a_feed_is_surveyed_with_the_alerts_inside() {
    let seen = survey(FEED.as_bytes(), &Options::default());
    assert_eq!((seen.root, seen.outlines.len(), seen.ok(), seen.accepted()), (Root::Feed, 1, false, false));
    assert_eq!(seen.outlines[0].sent.as_deref(), Some("2026-03-01T14:30:00-00:00"));
    assert_eq!(seen.findings[0].path, "/feed/entry[2]/content/alert/sent");
    assert_eq!(seen.findings.len(), 1, "{:?}", seen.findings);
}

#[test]
fn an_alert_that_cannot_be_read_is_still_outlined() {
    let text = STORM.replace("<event>Storm</event>", "").replace("<status>Actual", "<status>actual");
    let seen = survey(text.as_bytes(), &Options::default());
    assert_eq!((seen.readable, seen.accepted()), (0, false));
    let outline = &seen.outlines[0];
    assert_eq!((outline.identifier.as_deref(), outline.status.as_deref()), (Some("storm-1"), Some("actual")));
    assert_eq!((outline.infos, outline.areas, outline.polygons, outline.circles, outline.geocodes), (1, 1, 1, 1, 0));
    assert_eq!((outline.cap_version, outline.signature), (Some("1.2"), Verdict::None));
}

#[test]
fn pairs_of_a_source_that_writes_longitude_first_are_turned() {
    let turn = |text: &str| {
        let pair = |pair: &str| pair.split_once(',').map_or(pair.to_owned(), |(lat, lon)| format!("{lon},{lat}"));
        text.split(' ').map(pair).collect::<Vec<_>>().join(" ")
    };
    let (ring, circle) = ("48.1,-1.2 48.1,-1.1 48.2,-1.1 48.2,-1.2 48.1,-1.2", "48.5,-1.5 12.5");
    let text = STORM.replace(ring, &turn(ring)).replace(circle, &turn(circle));
    let options = Options { axes: Axes::LongitudeFirst, ..Options::default() };
    let reading = read(text.as_bytes(), &options);
    assert!(!reading.ok() && reading.accepted(), "{:?}", reading.findings);
    assert_eq!(reading.findings.len(), 2, "one for each shape: {:?}", reading.findings);
    assert_eq!(reading.alert, Some(alert(STORM)));
}

#[test]
fn shapes_that_lie_apart_are_compared_with_the_first_alone_and_told_once() {
    let told = |shapes: &[&str]| {
        let circles: String = shapes.iter().map(|shape| format!("<circle>{shape}</circle>")).collect();
        let text = STORM.replace("<circle>48.5,-1.5 12.5</circle>", &circles);
        let findings = read(text.as_bytes(), &Options::default()).findings;
        findings.into_iter().map(|finding| finding.code).collect::<Vec<_>>()
    };
    let swapped = ["coordinates-perhaps-swapped"];
    assert_eq!(told(&["-1.5,48.5 1", "-1.6,48.4 1"]), swapped);
    // Across ±180° they are neighbours; an overseas territory is far away either way.
    assert_eq!(told(&["48.5,-361.0 1"]), ["longitude-out-of-range"]);
    assert_eq!(told(&["-21.1,55.5 1", "48,-2 1"]), [""; 0]);
}

#[test]
fn the_alerts_of_a_feed_share_the_work_that_rings_may_cost() {
    let (_, alert) = STORM.split_once("?>").expect("a declaration");
    let entry = format!("<entry><content>{alert}</content></entry>");
    let feed = format!("<feed xmlns='http://www.w3.org/2005/Atom'>{entry}{entry}</feed>");
    let tangled = |pairs: usize| {
        let options = Options::from(Limits { ring_pairs_max: pairs, ..Limits::default() });
        let findings = survey(feed.as_bytes(), &options).findings;
        findings.iter().filter(|finding| finding.code == "polygon-too-tangled").count()
    };
    // Four edges are six pairs.
    assert_eq!([tangled(12), tangled(11), tangled(5)], [0, 1, 2]);
}

#[test]
fn a_hole_that_is_filled_is_told() {
    let ring = "48.1,-1.2 48.1,-1.1 48.2,-1.1 48.2,-1.2 48.1,-1.2";
    let keyhole = format!("{ring} 48.15,-1.16 48.150000001,-1.15 48.15,-1.14 48.15,-1.16 48.1,-1.2");
    let reading = read(STORM.replace(ring, &keyhole).as_bytes(), &Options::default());
    let codes: Vec<_> = reading.findings.iter().map(|finding| finding.code.as_str()).collect();
    assert_eq!(codes, ["polygon-crosses-itself", "polygon-hole-filled", "excess-precision"]);
    assert!(reading.accepted());
}

#[test]
fn a_polygon_that_comes_again_has_the_same_findings_and_counts_again() {
    let polygon = "<polygon>48.1,-1.2 48.1,-1.1 48.2,-1.1 48.2,-1.2 48.1,-1.2</polygon>";
    let found = |polygons: &str, limits: Limits| {
        let reading = read(STORM.replace(polygon, polygons).as_bytes(), &limits.into());
        let findings = reading.findings.iter().map(|finding| format!("{} {}", finding.code, finding.path));
        let rings = reading.alert.map_or(0, |alert| alert.infos[0].areas[0].polygons.len());
        (rings, findings.collect::<Vec<_>>())
    };
    let limits = |vertices_max| Limits { vertices_max, ..Limits::default() };
    let at = |code: &str, nth: usize| format!("{code} /alert/info[1]/area[1]/polygon[{nth}]");
    assert_eq!(found(&polygon.repeat(3), limits(15)), (3, vec![]));
    assert_eq!(found(&polygon.repeat(3), limits(14)), (2, vec![at("too-many-vertices", 3)]));
    for (code, from, to) in [
        ("excess-precision", "48.1,-1.1", "48.1,-1.10000001"),
        ("polygon-duplicate-points", "48.1,-1.1", "48.1,-1.1 48.1,-1.1"),
        ("coordinates-swapped", "48.1,-1.1", "98.1,-1.1"),
    ] {
        let odd = polygon.replacen(from, to, 1);
        let (_, once) = found(&odd, Limits::default());
        let (_, twice) = found(&odd.repeat(2), Limits::default());
        assert!(once.len() == 1 && twice.len() == 2 && once[0].starts_with(code), "{code}: {once:?} {twice:?}");
        assert_eq!(twice[1], once[0].replace("polygon[1]", "polygon[2]"));
    }
}

#[test]
fn an_update_by_a_sender_with_commas_or_blanks_still_names_what_it_updates() {
    for sender in ["Vallonne,met@vallonne.example", "Ville de Vallonne", "Ville, service meteo"] {
        let earlier = STORM.replace("met@vallonne.example", sender);
        let key = read(earlier.as_bytes(), &Options::default()).alert.expect("an alert").key;
        let references = format!("</scope><references>a@b.example,x,{0} {sender},storm-1,{0}</references>", key.sent);
        let update = earlier.replace(">storm-1<", ">storm-2<").replace(">Alert<", ">Update<");
        let reading = read(update.replace("</scope>", &references).as_bytes(), &Options::default());
        assert!(reading.accepted() && !reading.ok(), "{sender}: {:?}", reading.findings);
        let alert = reading.alert.expect("an alert");
        assert_eq!(alert.references.len(), 2, "{sender}");
        assert!(alert.references[1].names(&key), "{sender}: {:?}", alert.references);
    }
}

#[test]
fn a_feed_may_be_longer_than_an_alert() {
    let blanks = " ".repeat(BYTES_MAX - STORM.len());
    let (most, more) = (format!("{STORM}{blanks}"), format!("{STORM}{blanks} "));
    let options = Options::default();
    assert!(read(most.as_bytes(), &options).ok() && survey(most.as_bytes(), &options).ok());
    for findings in [read(more.as_bytes(), &options).findings, survey(more.as_bytes(), &options).findings] {
        assert_eq!(findings.iter().map(|finding| finding.code.as_str()).collect::<Vec<_>>(), ["too-large"]);
    }
    let feed = |bytes: usize| format!("{FEED}{}", " ".repeat(bytes - FEED.len()));
    let most = survey(feed(FEED_BYTES_MAX).as_bytes(), &options);
    assert_eq!((most.root, &most.findings), (Root::Feed, &survey(FEED.as_bytes(), &options).findings));
    let beyond = survey(feed(FEED_BYTES_MAX + 1).as_bytes(), &options);
    assert_eq!((beyond.root, beyond.findings[0].code.as_str()), (Root::Unreadable, "too-large"));
}

#[test]
fn a_signature_over_letters_that_are_read_otherwise_than_declared_is_not_called_forged() {
    let signed = include_str!("../../../tests/fixtures/cap/rules/signature-invalid.xml");
    let written = |label: &str| {
        let text = signed.replace("encoding=\"UTF-8\"", &format!("encoding=\"{label}\"")).replace("Storm", "Storm @");
        let bytes: Vec<u8> = text.bytes().map(|byte| if byte == b'@' { 0x96 } else { byte }).collect();
        read(&bytes, &Options::default()).signature
    };
    assert_eq!(written("windows-1252"), Verdict::Invalid);
    assert_eq!(written("ISO-8859-1"), Verdict::Unsupported);
}
