//! Invented alerts over the country of `land.rs`: few corners and many, one part and hundreds.

use super::land::{EXTENT, Land, MIDDLE, Numbers, somewhere};
use beffroi::cap::alert::{Area, Point, Polygon};
use std::f64::consts::TAU;

/// An area to warn.
#[derive(Debug, Clone)]
pub struct Danger {
    pub name: &'static str,
    pub area: Area,
}

/// All of them, from small to large.
pub fn all() -> Vec<Danger> {
    let land = Land::new();
    let cities: Vec<(f64, f64)> = land.cities().collect();
    let near = |rank: usize| (cities[rank].0 + 0.1, cities[rank].1 + 0.1);
    let mut numbers = Numbers::new(29);
    let danger = |name, rings: Vec<Vec<Point>>| {
        let polygons = rings.into_iter().map(|ring| Polygon::new(ring).expect("closed")).collect();
        let area_desc = format!("{name}, invented");
        let (circles, geocodes) = (Vec::new(), Vec::new());
        Danger { name, area: Area { area_desc, polygons, circles, geocodes, altitude_ft: None, ceiling_ft: None } }
    };
    let parts = (0..300).map(|part| {
        // Along rivers: one in six near a city.
        let city = cities[part];
        let at = (city.0 + numbers.bell() * 0.2, city.1 + numbers.bell() * 0.3);
        let at = if part % 6 == 0 { at } else { somewhere(&mut numbers, 0.9) };
        let size = numbers.between(0.02, 0.05);
        star(&mut numbers, at, (size, size * 1.4), 40, 0.3)
    });
    let parts: Vec<Vec<Point>> = parts.collect();
    vec![
        danger("tornado, 5 corners", vec![star(&mut numbers, near(12), (0.12, 0.25), 5, 0.2)]),
        danger("county, 60 corners", vec![star(&mut numbers, near(30), (0.3, 0.45), 60, 0.1)]),
        danger("coast, 5,000 corners", vec![coast(&mut numbers)]),
        danger("floods, 300 parts of 40 corners", parts),
        danger("nation, 5,000 corners", vec![star(&mut numbers, MIDDLE, EXTENT, 5_000, 0.02)]),
    ]
}

/// A CAP 1.2 alert that says so: Severe weather for everyone in the area.
pub fn cap(danger: &Danger) -> String {
    let polygons = danger.area.polygons.iter().map(|polygon| {
        let pairs: Vec<String> = polygon.ring().iter().map(|point| format!("{},{}", point.lat, point.lon)).collect();
        format!("<polygon>{}</polygon>", pairs.join(" "))
    });
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2"><identifier>invented-{name}</identifier><sender>bench@beffroi.example</sender><sent>2026-11-22T12:00:00-00:00</sent><status>Actual</status><msgType>Alert</msgType><scope>Public</scope><info><language>en</language><category>Met</category><event>Invented danger</event><urgency>Immediate</urgency><severity>Severe</severity><certainty>Observed</certainty><expires>2027-11-22T12:00:00-00:00</expires><area><areaDesc>{description}</areaDesc>{polygons}</area></info></alert>
"#,
        name = danger.name.split(',').next().unwrap_or_default(),
        description = danger.area.area_desc,
        polygons = polygons.collect::<String>(),
    )
}

/// A ring around a point whose corners lie nearer and further by turns; it never crosses itself.
fn star(numbers: &mut Numbers, (lat, lon): (f64, f64), size: (f64, f64), corners: u32, rough: f64) -> Vec<Point> {
    let ring = (0..corners).map(|nth| {
        let bearing = TAU * f64::from(nth) / f64::from(corners);
        let out = 1.0 + rough * numbers.between(-1.0, 1.0);
        Point { lat: lat + size.0 * out * bearing.sin(), lon: lon + size.1 * out * bearing.cos() }
    });
    closed(ring.collect())
}

/// A strip along the western border: out along the sea, back through the land.
fn coast(numbers: &mut Numbers) -> Vec<Point> {
    let mut along = |width: f64| {
        let corner = |nth: u32| {
            let bearing = TAU * (0.3 + 0.4 * f64::from(nth) / 2_500.0);
            let out = width + numbers.between(-0.004, 0.004);
            Point { lat: MIDDLE.0 + EXTENT.0 * out * bearing.sin(), lon: MIDDLE.1 + EXTENT.1 * out * bearing.cos() }
        };
        (0..2_500).map(corner).collect::<Vec<_>>()
    };
    let (sea, inland) = (along(0.98), along(0.7));
    closed(sea.into_iter().chain(inland.into_iter().rev()).collect())
}

fn closed(mut ring: Vec<Point>) -> Vec<Point> {
    ring.push(ring[0]);
    ring
}
