//! Where the rules of profiles begin and end: what just fits, what just does not, and other ways to write the same.

use super::profile::{asked, conforming, of_profiles};
use crate::cap::profile::Profile::{self, CapAu, CapCp, Ipaws, Meteoalarm, Wmo};
use crate::cap::{Options, read};
use std::collections::BTreeSet;

/// The profiles' codes found in the document that conforms, with a part of it written otherwise everywhere.
fn codes(profile: Profile, from: &str, to: &str) -> BTreeSet<String> {
    let text = String::from_utf8(conforming(profile)).expect("text");
    assert!(text.contains(from), "{}: the fixture has no {from}", profile.name());
    let reading = read(text.replace(from, to).as_bytes(), &asked(profile));
    assert!(reading.alert.is_some(), "{from} as {to}: {:#?}", reading.findings);
    of_profiles(&reading.findings).map(|finding| finding.code.clone()).collect()
}

/// So many letters.
fn long(characters: usize) -> String {
    "é".repeat(characters)
}

/// A closed ring of so many points, the last of them the first again.
fn ring(points: u32) -> String {
    let corners = (0..points - 2).map(|nth| format!("38.4,-97.{:03} ", 100 + nth));
    format!("{}38.5,-97.1 38.4,-97.100", corners.collect::<String>())
}

#[test]
fn what_is_as_long_as_a_profile_allows_is_right_and_one_more_is_not() {
    const SHORT: &str = "Tornado near Elder Creek until 4:45 PM. Take shelter now.";
    const LONG: &str =
        "A tornado was seen west of Elder Creek. Take shelter in a cellar or an inner room until 4:45 PM.";
    const DESCRIPTION: &str = "A tornado was seen west of the mill and moves east.";
    const INSTRUCTION: usize = "Go to a cellar or an inner room now.".len();
    const IPAWS_RING: &str = "38.40,-97.30 38.40,-97.10 38.55,-97.10 38.55,-97.30 38.40,-97.30";
    const WMO_RING: &str = "13.10,-59.60 13.10,-59.40 13.30,-59.40 13.30,-59.60 13.10,-59.60";
    const WIRELESS: &str = "Dam breach above North Reach. Leave the valley by the east road.";
    const SAME: &str =
        "<geocode>\n        <valueName>SAME</valueName>\n        <value>020999</value>\n      </geocode>";
    let cases = [
        (Ipaws, "ipaws-cmamtext-long", SHORT, long(90), long(91)),
        (Ipaws, "ipaws-cmamlongtext-long", LONG, long(360), long(361)),
        (Ipaws, "ipaws-eas-text-long", DESCRIPTION, long(1800 - INSTRUCTION), long(1801 - INSTRUCTION)),
        (Ipaws, "ipaws-wea-vertices", IPAWS_RING, ring(100), ring(101)),
        (Ipaws, "ipaws-same-geocodes-many", SAME, SAME.repeat(31), SAME.repeat(32)),
        (Ipaws, "ipaws-expires-late", "04T16:45:00", "08T19:35:00".to_owned(), "08T19:35:01".to_owned()),
        (Ipaws, "ipaws-same-geocode-form", "020999", "000000".to_owned(), "0000000".to_owned()),
        (Ipaws, "ipaws-same-geocode-form", "020999", "020001".to_owned(), "02099A".to_owned()),
        (Ipaws, "ipaws-same-event-form", "<value>TOR", "<value>SVR".to_owned(), "<value>ToR".to_owned()),
        (CapCp, "sorem-wireless-text-long", WIRELESS, long(600), long(601)),
        (CapCp, "cap-cp-event-code-form", "damBreach", "thunderstorm".to_owned(), "thunderstorms".to_owned()),
        (CapCp, "cap-cp-event-code-form", "damBreach", "911Service".to_owned(), String::new()),
        (CapCp, "cap-cp-location-form", "3556999", "35".to_owned(), "355".to_owned()),
        (CapCp, "cap-cp-location-form", "3556999", "3556".to_owned(), "355699A".to_owned()),
        (CapAu, "cap-au-event-code-form", "bushFire", "fire".to_owned(), "sea".to_owned()),
        (CapAu, "cap-au-event-code-form", "bushFire", "animalDiseas".to_owned(), "animalDisease".to_owned()),
        (Meteoalarm, "meteoalarm-emma-id-form", "AT999", "AT99999".to_owned(), "AT999999".to_owned()),
        (Meteoalarm, "meteoalarm-emma-id-form", "AT999", "DE103".to_owned(), "DE10".to_owned()),
        (Meteoalarm, "meteoalarm-emma-id-form", "AT999", "SE0012".to_owned(), "aT999".to_owned()),
        (Meteoalarm, "meteoalarm-emma-id-form", "AT999", "XK001".to_owned(), "AT99X".to_owned()),
        (Wmo, "wmo-headline-long", "High surf on the windward coast", long(160), long(161)),
        (Wmo, "wmo-vertices", WMO_RING, ring(100), ring(101)),
        (Wmo, "wmo-identifier-country", "2.49.0.1.999", "2.49.0.1.84".to_owned(), "2.49.0.1.1234".to_owned()),
    ];
    for (profile, code, from, fits, too_much) in cases {
        let (fits, too_much) = (codes(profile, from, &fits), codes(profile, from, &too_much));
        assert!(!fits.contains(code), "{code} though it fits: {fits:?}");
        assert!(too_much.contains(code), "no {code}: {too_much:?}");
    }
}

#[test]
fn other_ways_to_write_the_same_are_right() {
    let none = BTreeSet::new();
    for (profile, from, to) in [
        (Ipaws, "Imminent Threat", "IMMINENT THREAT"),
        (Ipaws, ">NWEM<", ">CAPEXCH<"),
        (Ipaws, "audio/x-ipaws-audio-mp3", "audio/x-ipaws-streaming-audio-mp3"),
        (CapCp, "profile:CAP-CP:1.0<", "profile:CAP-CP:0.4<"),
        (CapCp, "profile:CAP-CP:1.0:MinorChange", "profile:CAP-CP:0.4:MinorChange"),
        (CapCp, "<value>text<", "<value>None<"),
        (CapCp, "<value>Yes<", "<value>no<"),
        (CapCp, "profile:CAP-CP:Location:1.0", "profile:CAP-CP:Location:0.3"),
        (CapAu, "profile:CAP-AU:1.0:ISO3166-2", "profile:CAP-AU:1.0:ISO 3166-2"),
        (CapAu, "profile:CAP-AU:1.0:ISO3166-2", "http://www.psma.com.au/?product=g-naf"),
        (
            CapAu,
            "urn:oasis:names:tc:emergency:cap:1.2:profile:CAP-AU:1.0:AUeventLIST:1.0",
            "https://govshare.gov.au/xmlui/handle/10772/6495",
        ),
        (Meteoalarm, "3; orange; Severe", "3;ORANGE ;severe"),
        (Meteoalarm, "3; Thunderstorm", "3;Gewitter"),
        (Meteoalarm, "3; Thunderstorm", "13; rain-flood"),
        (Meteoalarm, "EMMA_ID", "emma_id"),
        (Meteoalarm, "EMMA_ID", "WARNCELLID"),
        (Wmo, "urn:oid:2.49", "2.49"),
        (Wmo, "OET:v1.2", "OET:v1.0"),
        (Wmo, "OET-999", "OET-081"),
    ] {
        assert_eq!(codes(profile, from, to), none, "{from} as {to}");
    }
}

#[test]
fn a_way_that_is_blocked_asks_for_nothing() {
    let block = |ways: &[&str]| {
        let parameter =
            |way: &&str| format!("<parameter><valueName>BLOCKCHANNEL</valueName><value>{way}</value></parameter>");
        format!("{}<area>", ways.iter().map(parameter).collect::<String>())
    };
    // Six spaces stand before the value of an event code, eight before that of a geocode.
    let event = "SAME</valueName>\n      <value>";
    for (gone, instead, code, ways) in [
        ("EAS-ORG", "other", "ipaws-eas-org-missing", &["EAS", "NWEM"][..]),
        (event, "other</valueName><value>", "ipaws-same-event-missing", &["EAS", "NWEM", "CMAS"][..]),
    ] {
        let text = String::from_utf8(conforming(Ipaws)).expect("text").replace(gone, instead);
        let found = |ways: &[&str]| {
            let reading = read(text.replace("<area>", &block(ways)).as_bytes(), &asked(Ipaws));
            assert!(reading.alert.is_some(), "{:#?}", reading.findings);
            reading.findings.iter().any(|finding| finding.code == code)
        };
        for open in ways {
            let others: Vec<&str> = ways.iter().copied().filter(|way| way != open).collect();
            assert!(found(&others), "{code}: {open} is open");
        }
        assert!(!found(ways), "{code}: every way is blocked");
    }
}

#[test]
fn an_event_may_be_named_once_for_each_version_of_the_list() {
    let code = "<valueName>profile:CAP-CP:Event:1.0</valueName>\n      <value>damBreach</value>\n    </eventCode>";
    let older = code.replace("Event:1.0", "Event:0.4").replace("damBreach", "dam");
    let both = format!("{code}<eventCode>{older}");
    assert_eq!(codes(CapCp, code, &both), BTreeSet::new());
}

#[test]
fn services_of_english_speaking_countries_need_no_other_language() {
    let text = String::from_utf8(conforming(Meteoalarm)).expect("text");
    let english = text.replace("de-AT", "en-IE");
    let found = |text: &str| read(text.as_bytes(), &asked(Meteoalarm)).findings;
    assert_eq!(found(&english.replace("AT999", "IE001")), []);
    assert!(found(&english).iter().any(|finding| finding.code == "meteoalarm-national-missing"));
}

#[test]
fn a_cancel_with_a_green_level_is_no_green_warning() {
    let cancel = "<msgType>Cancel</msgType>\n  <scope>Public</scope>\n  \
                  <references>wetter@oberland.example,a,2026-08-15T08:00:00+02:00</references>";
    let text = String::from_utf8(conforming(Meteoalarm)).expect("text");
    let text = text.replace("3; orange; Severe", "1; green; Minor").replace(">Severe<", ">Minor<");
    let green = |text: &str| {
        read(text.as_bytes(), &asked(Meteoalarm)).findings.iter().any(|finding| finding.code == "meteoalarm-green")
    };
    assert!(green(&text));
    assert!(!green(&text.replace("<msgType>Alert</msgType>\n  <scope>Public</scope>", cancel)));
}

#[test]
fn every_value_of_a_list_is_known() {
    let lists: &[(Profile, &str, &[&str])] = &[
        (Ipaws, "<value>CIV<", &["CIV", "WXR", "EAS", "PEP"]),
        (Ipaws, "<value>NWEM<", &["EAS", "CMAS", "NWEM", "PUBLIC", "CAPEXCH"]),
        (
            Ipaws,
            "<value>Imminent Threat<",
            &["Public Safety", "Child Abduction", "Amber", "National", "Presidential", "Earthquake", "WEA Test"],
        ),
        (Ipaws, "<value>TOR<", &["ADR", "EVI", "MEP", "NPT", "NWS", "SQW", "WSW"]),
        (CapCp, "<value>text<", &["correction", "resource", "layer", "other", "none"]),
        (CapCp, "<value>no<", &["yes", "No"]),
        (Meteoalarm, "<valueName>EMMA_ID<", &["NUTS1", "nuts2", "NUTS3", "FIPS", "WARNCELLID"]),
        (
            CapAu,
            "<valueName>urn:oasis:names:tc:emergency:cap:1.2:profile:CAP-AU:1.0:ISO3166-2<",
            &[
                "G-NAF",
                "Gazetteer",
                "Postcode",
                "http://www.iso.org/iso/country_codes.html",
                "http://www.ga.gov.au/place-name/",
            ],
        ),
    ];
    for (profile, from, values) in lists {
        let tag = from.split_inclusive('>').next().expect("a tag");
        for value in *values {
            assert_eq!(codes(*profile, from, &format!("{tag}{value}<")), BTreeSet::new(), "{value} for {from}");
        }
    }
}

#[test]
fn a_type_of_meteoalarm_has_the_name_of_no_other() {
    const NAMES: [(usize, &str); 14] = [
        (1, "Wind"),
        (2, "snow-ice"),
        (3, "Thunderstorm"),
        (4, "Fog"),
        (5, "high-temperature"),
        (6, "low-temperature"),
        (7, "coastalevent"),
        (8, "forest-fire"),
        (9, "avalanches"),
        (10, "Rain"),
        (12, "flooding"),
        (13, "rain-flood"),
        (14, "Marine hazard"),
        (15, "Drought"),
    ];
    let found = |number: usize, name: &str| codes(Meteoalarm, "3; Thunderstorm", &format!("{number}; {name}"));
    for (number, name) in NAMES {
        assert_eq!(found(number, name), BTreeSet::new(), "{number}; {name}");
        let other = if number == 1 { 2 } else { 1 };
        assert_eq!(found(other, name), BTreeSet::from(["meteoalarm-type-inconsistent".to_owned()]), "{other}; {name}");
    }
    for number in [0, 11, 16] {
        assert_eq!(found(number, "Wind"), BTreeSet::from(["meteoalarm-type-unknown".to_owned()]), "{number}");
    }
    for (number, level, severity) in [(1, "green", "Minor"), (2, "yellow", "Moderate"), (4, "red", "Extreme")] {
        let text = String::from_utf8(conforming(Meteoalarm)).expect("text");
        let text = text.replace("3; orange; Severe", &format!("{number}; {level}; {severity}"));
        let text = text.replace(">Severe<", &format!(">{severity}<"));
        let findings = read(text.as_bytes(), &asked(Meteoalarm)).findings;
        assert!(of_profiles(&findings).all(|finding| finding.code == "meteoalarm-green"), "{level}: {findings:#?}");
    }
}

#[test]
fn one_area_that_is_drawn_and_one_known_version_are_enough() {
    let coded = |profile: Profile, geocode: &str| {
        let more = format!("<area><areaDesc>Beyond</areaDesc><geocode>{geocode}</geocode></area>\n  </info>");
        codes(profile, "</info>", &more)
    };
    let place = "<valueName>profile:CAP-CP:Location:1.0</valueName><value>35</value>";
    assert_eq!(coded(CapCp, place), BTreeSet::new());
    assert_eq!(coded(CapAu, "<valueName>Postcode</valueName><value>2999</value>"), BTreeSet::new());
    let both = "<code>profile:CAP-CP:9.9</code><code>profile:CAP-CP:1.0<";
    assert_eq!(codes(CapCp, "<code>profile:CAP-CP:1.0<", both), BTreeSet::new());
}

#[test]
fn an_australian_sender_is_an_address() {
    const SENDER: &str = "<sender>warnings@fire.tallow-flat.example<";
    let found = |sender: &str| codes(CapAu, SENDER, &format!("<sender>{sender}<")).contains("cap-au-sender");
    assert!(!found("a@b.au"));
    for sender in ["fire.tallow-flat.example", "@b.au", "a@b", "a@b@c.au"] {
        assert!(found(sender), "{sender}");
    }
}

#[test]
fn meteoalarm_is_told_by_a_parameter_or_a_region_alone() {
    let text = String::from_utf8(conforming(Meteoalarm)).expect("text");
    let claims = |text: &str| {
        let alert = read(text.as_bytes(), &Options::default()).alert.expect("an alert");
        Profile::claimed_by(&alert).contains(&Meteoalarm)
    };
    let without = |words: &[&str]| words.iter().fold(text.clone(), |text, word| text.replace(word, "other"));
    assert!(claims(&without(&["EMMA_ID"])));
    assert!(claims(&without(&["awareness_level", "EMMA_ID"])));
    assert!(claims(&without(&["awareness_level", "awareness_type"])));
    assert!(!claims(&without(&["awareness_level", "awareness_type", "EMMA_ID"])));
    let (first, second) = text.split_at(text.rfind("<info>").expect("a second info"));
    let bare = second.replace("awareness_", "other_").replace("EMMA_ID", "other");
    assert!(claims(&format!("{first}{bare}")), "one info is enough");
}
