//! What codes stand for.

use super::code::AreaCode;
use super::gazetteer::{Gazetteer, Geocodes, Ground, NamedArea};
use super::region::Region;
use super::scheme::canonical;
use crate::cap::alert::{Alert, Area, Circle, Info, NamedValue, Point};
use crate::cap::{self, Options};
use std::sync::Arc;

/// A sound alert of one info in one circle.
fn alert() -> Alert {
    let text = "<alert xmlns='urn:oasis:names:tc:emergency:cap:1.2'><identifier>a</identifier>\
        <sender>warnings@town.example</sender><sent>2026-03-01T10:00:00-00:00</sent><status>Actual</status>\
        <msgType>Alert</msgType><scope>Public</scope><info><language>fr</language><category>Met</category>\
        <event>Storm</event><urgency>Immediate</urgency><severity>Severe</severity><certainty>Likely</certainty>\
        <area><areaDesc>Town</areaDesc><circle>50,3 1</circle></area></info></alert>";
    cap::read(text.as_bytes(), &Options::default()).alert.expect("a sound alert")
}

fn code(scheme: &str, code: &str) -> AreaCode {
    canonical(scheme, code).expect("a code")
}

/// A square of one degree whose south-west corner is there.
fn square(lat: f64, lon: f64) -> Option<Arc<Region>> {
    let corners = [(0.0, 0.0), (0.0, 1.0), (1.0, 1.0), (1.0, 0.0), (0.0, 0.0)];
    let ring = corners.map(|(up, right)| Point { lat: lat + up, lon: lon + right }).to_vec();
    Region::new(&[vec![ring]]).map(Arc::new)
}

fn named(scheme: &str, value: &str, lat: f64, lon: f64) -> NamedArea {
    NamedArea {
        code: code(scheme, value),
        name: format!("{scheme} {value}"),
        population: None,
        region: square(lat, lon),
    }
}

/// An area that is nothing but codes.
fn coded(codes: &[(&str, &str)]) -> Area {
    let named = |(name, value): &(&str, &str)| NamedValue { value_name: (*name).into(), value: (*value).into() };
    Area {
        area_desc: String::new(),
        polygons: Vec::new(),
        circles: Vec::new(),
        geocodes: codes.iter().map(named).collect(),
        altitude_ft: None,
        ceiling_ft: None,
    }
}

fn gazetteer() -> Gazetteer {
    let areas = vec![
        named("UGC", "XAC001", 10.0, 10.0),
        named("UGC", "XAC003", 10.0, 20.0),
        named("SAME", "099000", 20.0, 10.0),
        named("SAME", "199005", 20.0, 20.0),
        named("NUTS", "XX1", 30.0, 10.0),
        named("Town", "a-1", 40.0, 10.0),
        NamedArea { region: None, ..named("Town", "a-2", 0.0, 0.0) },
    ];
    let aliases = [
        (("SAME", "098001"), ("UGC", "XAC001")),
        (("SAME", "098003"), ("UGC", "XAC003")),
        (("NUTS", "XY11"), ("SAME", "098001")),
        (("NUTS", "XY11"), ("Town", "a-1")),
        (("LOOP", "1"), ("LOOP", "2")),
        (("LOOP", "2"), ("LOOP", "1")),
        (("LOOP", "2"), ("Town", "a-1")),
        (("NOWHERE", "1"), ("NOWHERE", "2")),
    ];
    let pair = |(alias, target): ((&str, &str), (&str, &str))| (code(alias.0, alias.1), code(target.0, target.1));
    Gazetteer::new(areas, aliases.map(pair))
}

fn ground(codes: &[(&str, &str)]) -> Ground {
    gazetteer().ground(&[coded(codes)], Geocodes::Add)
}

/// Which of the squares an area reaches, by the south-west corner.
fn squares(ground: &Ground) -> Vec<(i32, i32)> {
    let corners = [(10, 10), (10, 20), (20, 10), (20, 20), (30, 10), (40, 10)];
    let inside = |(lat, lon): &(i32, i32)| {
        ground.shape.as_ref().is_some_and(|shape| shape.contains(f64::from(*lat) + 0.5, f64::from(*lon) + 0.5))
    };
    corners.into_iter().filter(inside).collect()
}

#[test]
fn a_code_is_itself_an_alias_its_parts_or_a_part_of_what_is_known() {
    for (written, want, widened) in [
        (("UGC", "xac001"), &[(10, 10)][..], None),
        (("town", "A-1"), &[(40, 10)], None),
        (("FIPS6", "098003"), &[(10, 20)], None),
        (("NUTS3", "XY11"), &[(10, 10), (40, 10)], None),
        (("loop", "1"), &[(40, 10)], None),
        // Coarser than what is known.
        (("UGC", "XACALL"), &[(10, 10), (10, 20)], None),
        (("SAME", "098000"), &[(10, 10), (10, 20)], None),
        (("SAME", "000000"), &[(10, 10), (10, 20), (20, 10)], None),
        (("NUTS", "XX"), &[(30, 10)], None),
        (("NUTS", "XY1"), &[(10, 10), (40, 10)], None),
        // Finer than what is known.
        (("SAME", "398001"), &[(10, 10)], Some("SAME 098001")),
        (("SAME", "199005"), &[(20, 20)], None),
        (("SAME", "299005"), &[(20, 10)], Some("SAME 099000")),
        (("NUTS", "XX123"), &[(30, 10)], Some("NUTS XX1")),
    ] {
        let ground = ground(&[written]);
        assert_eq!(squares(&ground), want, "{written:?}");
        assert_eq!(ground.unknown, [], "{written:?}");
        let wider: Vec<String> = ground.widened.iter().map(|(_, wider)| wider.to_string()).collect();
        assert_eq!(wider, widened.into_iter().collect::<Vec<_>>(), "{written:?}");
    }
}

#[test]
fn what_is_not_known_is_nowhere_and_told() {
    for written in [
        ("UGC", "XBC001"),
        ("SAME", "097001"),
        ("TOWN", "a"),
        ("NOWHERE", "1"),
        ("NUTS", "ZZ1"),
        // Somebody told its name, but not where it is.
        ("TOWN", "a-2"),
    ] {
        let ground = ground(&[written]);
        assert_eq!((&ground.shape, ground.unknown.len()), (&None, 1), "{written:?}");
    }
    let mixed = ground(&[("UGC", "XBC001"), ("UGC", "XAC001"), ("EXCLUDE_POLYGON", "1,1 1,2 2,2 1,1"), ("", "x")]);
    assert_eq!(squares(&mixed), [(10, 10)]);
    let told: Vec<_> = mixed.unknown.iter().map(|geocode| (geocode.geocode, geocode.code.to_string())).collect();
    assert_eq!(told, [(0, "UGC XBC001".to_owned())]);
}

/// Codes that are missing, and how many parts it is made of: of one geocode.
fn doubts(gazetteer: &Gazetteer, written: (&str, &str)) -> (Vec<String>, usize) {
    let ground = gazetteer.ground(&[coded(&[written])], Geocodes::Add);
    assert_eq!((ground.shape.is_some(), ground.unknown.len()), (true, 0), "{written:?}");
    let missing = ground.partly.iter().flat_map(|(_, missing)| missing).map(ToString::to_string).collect();
    (missing, ground.gathered.iter().map(|(_, parts)| parts).sum())
}

#[test]
fn what_is_made_of_parts_is_told() {
    let gazetteer = gazetteer();
    for (written, parts) in [
        (("UGC", "XACALL"), 2),
        (("SAME", "098000"), 2),
        (("SAME", "000000"), 3),
        (("NUTS", "XX"), 1),
        (("SAME", "099000"), 0),
        (("UGC", "XAC001"), 0),
        (("NUTS", "XY11"), 0),
        (("loop", "1"), 0),
    ] {
        assert_eq!(doubts(&gazetteer, written), (vec![], parts), "{written:?}");
    }
}

#[test]
fn what_is_known_only_in_part_is_told() {
    let areas = vec![
        named("NUTS", "XXE11", 10.0, 10.0),
        named("SAME", "006001", 10.0, 20.0),
        NamedArea { region: None, ..named("SAME", "006003", 0.0, 0.0) },
    ];
    let aliases = [
        (("EMMA_ID", "XX059"), ("NUTS", "XXE11")),
        (("EMMA_ID", "XX059"), ("NUTS", "XXE12")),
        (("EMMA_ID", "XX060"), ("EMMA_ID", "XX059")),
        (("EMMA_ID", "XX061"), ("EMMA_ID", "XX059")),
        (("EMMA_ID", "XX061"), ("EMMA_ID", "XX060")),
        (("EMMA_ID", "XX062"), ("NUTS", "XXE1")),
    ];
    let pair = |(alias, target): ((&str, &str), (&str, &str))| (code(alias.0, alias.1), code(target.0, target.1));
    let gazetteer = Gazetteer::new(areas, aliases.map(pair));
    for (written, missing, parts) in [
        (("EMMA_ID", "XX059"), &["NUTS XXE12"][..], 0),
        // Through another name, and by two ways.
        (("EMMA_ID", "XX060"), &["NUTS XXE12"], 0),
        (("EMMA_ID", "XX061"), &["NUTS XXE12"], 0),
        (("EMMA_ID", "XX062"), &[], 1),
        // A part whose name alone is known.
        (("SAME", "006000"), &["SAME 006003"], 1),
    ] {
        let missing = missing.iter().map(ToString::to_string).collect();
        assert_eq!(doubts(&gazetteer, written), (missing, parts), "{written:?}");
    }
}

#[test]
fn a_part_is_never_widened_to_its_siblings() {
    let state = NamedArea { region: None, ..named("NUTS", "AT33", 0.0, 0.0) };
    let siblings = Gazetteer::new(vec![state.clone(), named("NUTS", "AT332", 10.0, 10.0)], []);
    let by_alias = [(code("NUTS", "AT3"), code("Town", "1")), (code("NUTS", "AT33"), code("Town", "2"))];
    let around =
        Gazetteer::new(vec![state, named("Town", "1", 20.0, 10.0), named("NUTS", "AT332", 10.0, 10.0)], by_alias);
    let told = [coded(&[("NUTS", "AT331")])];
    let ground = siblings.ground(&told, Geocodes::Add);
    assert_eq!((&ground.shape, ground.unknown.len(), ground.widened.len()), (&None, 1, 0));
    let ground = around.ground(&told, Geocodes::Add);
    assert_eq!((squares(&ground), ground.widened[0].1.to_string()), (vec![(20, 10)], "NUTS AT3".to_owned()));
}

#[test]
fn a_part_is_never_widened_to_a_country() {
    let country = Gazetteer::new(vec![named("ISO3166-2", "XX", 10.0, 10.0), named("SAME", "000000", 10.0, 10.0)], []);
    for written in [("ISO3166-2", "XX-1"), ("SAME", "001001")] {
        let ground = country.ground(&[coded(&[written])], Geocodes::Add);
        assert_eq!((&ground.shape, ground.unknown.len()), (&None, 1), "{written:?}");
    }
}

#[test]
fn beside_what_is_drawn_geocodes_add_or_only_name() {
    let mut drawn = coded(&[("UGC", "XAC001"), ("UGC", "XBC001")]);
    drawn.circles = vec![Circle { center: Point { lat: 40.5, lon: 10.5 }, radius_km: 1.0 }];
    let areas = [drawn, coded(&[("UGC", "XAC003")])];
    let both = gazetteer().ground(&areas, Geocodes::Add);
    assert_eq!((squares(&both), both.unknown.len()), (vec![(10, 10), (10, 20), (40, 10)], 1));
    let names = gazetteer().ground(&areas, Geocodes::Name);
    assert_eq!((squares(&names), names.unknown.len()), (vec![(10, 20), (40, 10)], 0));
}

#[test]
fn what_geocodes_do_follows_from_the_profile() {
    let with = |change: &dyn Fn(&mut Alert)| {
        let mut alert = alert();
        change(&mut alert);
        Geocodes::of(&alert)
    };
    let geocode = |scheme: &'static str| {
        move |alert: &mut Alert| alert.infos[0].areas[0].geocodes = coded(&[(scheme, "1")]).geocodes
    };
    assert_eq!(with(&|_| {}), Geocodes::Add);
    assert_eq!(with(&geocode("TOWN")), Geocodes::Add);
    assert_eq!(with(&geocode("SAME")), Geocodes::Add);
    assert_eq!(with(&geocode("EMMA_ID")), Geocodes::Name);
    assert_eq!(with(&geocode("WARNCELLID")), Geocodes::Name);
    assert_eq!(with(&|alert| alert.key.sender = "w-nws.webmaster@noaa.gov".to_owned()), Geocodes::Name);
    let vtec = NamedValue { value_name: "VTEC".to_owned(), value: String::new() };
    assert_eq!(with(&|alert| alert.infos[0].parameters.push(vtec.clone())), Geocodes::Name);
    for code in ["IPAWSv1.0", "profile:CAP-CP:0.4", "urn:oasis:names:tc:emergency:cap:1.2:profile:CAP-AU:1.0"] {
        assert_eq!(with(&|alert| alert.codes.push(code.to_owned())), Geocodes::Name, "{code}");
    }
}

#[test]
fn the_areas_of_an_alert_are_those_of_all_its_infos_each_once() {
    let mut alert = alert();
    alert.infos[0].areas = vec![coded(&[("UGC", "XAC001"), ("UGC", "XBC001")])];
    let same = alert.infos[0].clone();
    let other = Info { areas: vec![coded(&[("UGC", "XAC003")])], ..same.clone() };
    alert.infos.extend([same, other]);
    let ground = gazetteer().ground_of_alert(&alert);
    assert_eq!((squares(&ground), ground.unknown.len()), (vec![(10, 10), (10, 20)], 1));
}

#[test]
fn an_area_is_found_by_its_code_and_knows_what_is_around_it() {
    let gazetteer = gazetteer();
    assert_eq!(gazetteer.get(&AreaCode::new("ugc", "xac001")).map(|area| &*area.name), Some("UGC XAC001"));
    assert!(gazetteer.get(&AreaCode::new("UGC", "XAC002")).is_none());
    assert_eq!(gazetteer.search("town", 9).len(), 2);
    let around = |scheme: &str, value: &str| gazetteer.container(&code(scheme, value)).map(|area| &*area.name);
    assert_eq!(around("SAME", "199005"), Some("SAME 099000"));
    assert_eq!(around("UGC", "XAC001"), None);
    let with_state = Gazetteer::new(
        vec![named("UGC", "XAC001", 10.0, 10.0), named("SAME", "098000", 10.0, 10.0)],
        [(code("SAME", "098001"), code("UGC", "XAC001"))],
    );
    assert_eq!(with_state.container(&code("UGC", "XAC001")).map(|area| &*area.name), Some("SAME 098000"));
}

#[test]
fn alerts_that_repeat_the_whole_world_stay_small() {
    let areas: Vec<NamedArea> = (0..2_000).map(|nth| named("NUTS", &format!("XX{nth:04}"), 10.0, 10.0)).collect();
    let gazetteer = Gazetteer::new(areas, []);
    let mut high = coded(&[("NUTS", "XX")]);
    high.altitude_ft = Some(1.0);
    let ground = gazetteer.ground(&vec![high; 100], Geocodes::Add);
    assert!(ground.shape.is_some());
    assert!(ground.unknown.len() >= 45, "what is too much is told");
    let plain = gazetteer.ground(&vec![coded(&[("NUTS", "XX")]); 1_000], Geocodes::Add);
    assert_eq!(plain.unknown, []);
}

#[test]
fn a_state_beside_districts_is_no_ground_even_where_nobody_knows_the_districts() {
    let state = NamedArea { code: code("ISO 3166-2", "XX-A"), ..named("Town", "a", 10.0, 10.0) };
    let gazetteer = Gazetteer::new(vec![state, named("District", "known", 10.0, 20.0)], []);
    let at = |codes: &[(&str, &str)]| gazetteer.ground(&[coded(codes)], Geocodes::Add);
    let state = ("ISO 3166-2", "XX-A");
    assert_eq!(squares(&at(&[state])), [(10, 10)]);
    assert_eq!(squares(&at(&[state, ("District", "known")])), [(10, 20)]);
    let unknown = at(&[state, ("District", "other")]);
    assert!(unknown.shape.is_none());
    assert_eq!((unknown.unknown.len(), unknown.widened.len()), (1, 0));
}

#[test]
fn areas_of_codes_alone_only_name_what_another_area_draws_without_codes() {
    let drawn = |codes: &[(&str, &str)]| {
        let circles = vec![Circle { center: Point { lat: 10.5, lon: 20.5 }, radius_km: 1.0 }];
        Area { circles, ..coded(codes) }
    };
    let hole = ("EXCLUDE_POLYGON", "10,20 10,20.1 10.1,20.1 10,20");
    let german = coded(&[("UGC", "XAC001"), ("UGC", "XBC001"), ("WARNCELLID", "105515000")]);
    let other = coded(&[("UGC", "XAC001"), ("UGC", "XBC001")]);
    for (drawn, names, geocodes, want) in [
        (drawn(&[]), &german, Geocodes::Name, &[(10, 20)][..]),
        (drawn(&[hole]), &german, Geocodes::Name, &[(10, 20)]),
        (drawn(&[]), &german, Geocodes::Add, &[(10, 10), (10, 20)]),
        // What is drawn has names of its own: the other area is another one.
        (drawn(&[("UGC", "XAC003")]), &german, Geocodes::Name, &[(10, 10), (10, 20)]),
        // Whoever is not DWD may mean both.
        (drawn(&[]), &other, Geocodes::Name, &[(10, 10), (10, 20)]),
    ] {
        let ground = gazetteer().ground(&[drawn, names.clone()], geocodes);
        assert_eq!(squares(&ground), want, "{geocodes:?}");
        assert_eq!(ground.unknown.is_empty(), want.len() == 1, "{geocodes:?}");
    }
}

#[test]
fn a_whole_state_is_never_added_to_what_is_drawn() {
    let circles = vec![Circle { center: Point { lat: 10.5, lon: 20.5 }, radius_km: 1.0 }];
    let drawn = Area { circles, ..coded(&[("SAME", "099000"), ("UGC", "XAC001")]) };
    assert_eq!(squares(&gazetteer().ground(&[drawn], Geocodes::Add)), [(10, 10), (10, 20)]);
}
