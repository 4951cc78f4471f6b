//! Holes are bounded, whatever they are: what is too much is ignored, and told.

use crate::cap::alert::{Area, Circle, NamedValue, Point, Polygon};
use crate::cap::limits::{HOLE_POINTS_MAX, HOLES_MAX};
use crate::geo::shape::{Block, Ignored, Shape};
use std::fmt::Write;

type Corners = Vec<(f64, f64)>;

fn area(holes: &[Corners]) -> Area {
    let corners = [(49.0, 0.0), (49.0, 2.0), (51.0, 2.0), (51.0, 0.0), (49.0, 0.0)];
    let ring = corners.map(|(lat, lon)| Point { lat, lon }).to_vec();
    let value = |hole: &Corners| {
        hole.iter().fold(String::new(), |mut text, (lat, lon)| {
            write!(text, "{lat:.10},{lon:.10} ").expect("writing to memory cannot fail");
            text
        })
    };
    let geocode = |hole| NamedValue { value_name: "Exclude-Polygon".to_owned(), value: value(hole) };
    Area {
        area_desc: "a square".to_owned(),
        polygons: vec![Polygon::new(ring).expect("a ring")],
        circles: Vec::new(),
        geocodes: holes.iter().map(geocode).collect(),
        altitude_ft: None,
        ceiling_ft: None,
    }
}

fn told(area: &Area) -> (Option<Shape>, Vec<(usize, Ignored)>) {
    let (shape, ignored) = Shape::of_blocks_told([Block { area, named: Vec::new() }]);
    (shape, ignored.into_iter().map(|hole| (hole.geocode, hole.why)).collect())
}

fn whole() -> Option<Shape> {
    Shape::of_areas(&[area(&[])])
}

fn square(south: f64, west: f64, size: f64) -> Corners {
    vec![(south, west), (south, west + size), (south + size, west + size), (south + size, west)]
}

/// A hole of so many points that lies in the square and meets nothing.
fn round(points: u32) -> Corners {
    let at = |nth: u32| {
        let (sine, cosine) = (f64::from(nth) / f64::from(points) * std::f64::consts::TAU).sin_cos();
        (50.0 + sine / 2.0, 1.0 + cosine / 2.0)
    };
    (0..points).map(at).collect()
}

#[test]
fn a_hole_that_winds_around_the_earth_is_ignored() {
    let spiral = |nth: i32| (50.0 + 1e-5 * f64::from(nth), f64::from((170 * nth + 180).rem_euclid(360) - 180));
    assert_eq!(told(&area(&[(0..10_000).map(spiral).collect()])).0, whole());
}

#[test]
fn holes_and_their_points_are_counted_by_area() {
    let half = u32::try_from(HOLE_POINTS_MAX / 2).expect("a small number");
    let (shape, ignored) = told(&area(&[round(half + 1), round(half), square(49.1, 0.1, 0.1)]));
    assert_eq!(ignored, [(1, Ignored::Many), (2, Ignored::Many)]);
    let shape = shape.expect("ground is left");
    assert!(!shape.contains(50.0, 1.0) && shape.contains(49.15, 0.15));
    let many: Vec<Corners> = (0..=HOLES_MAX).map(|nth| square(49.1 + 0.001 * nth as f64, 0.1, 0.0005)).collect();
    assert_eq!(told(&area(&many)).1, [(HOLES_MAX, Ignored::Many)]);
}

#[test]
fn comparing_holes_with_each_other_is_bounded() {
    // Teeth run from the south-west to the north-east, and each stands between two of the other comb.
    let teeth = 2_500;
    let step = 1.0 / f64::from(teeth);
    let tooth = |nth: i32, south: f64, west: f64, share: f64| {
        let west = west + step * 0.001 * (f64::from(nth) + share);
        let (from, to) = ((south, west), (south + 1.0, west + 1.0));
        [from, to, (to.0, to.1 + step * 0.0001), (from.0, from.1 + step * 0.0001)]
    };
    let mut upward: Corners = (0..teeth).flat_map(|nth| tooth(nth, 49.2, 0.2, 0.0)).collect();
    upward.extend([(49.1, 1.25), (49.1, 0.15)]);
    let downward = |nth| {
        let [from, to, beside_to, beside_from] = tooth(nth, 49.3, 0.3, 0.5);
        [to, from, beside_from, beside_to]
    };
    let mut downward: Corners = (0..teeth).flat_map(downward).collect();
    downward.extend([(50.4, 1.35), (50.4, 1.25)]);
    let (shape, ignored) = told(&area(&[upward, downward]));
    assert_eq!((shape, ignored), (whole(), vec![(0, Ignored::Work), (1, Ignored::Work)]));
}

#[test]
fn a_hole_in_a_circle_too_large_to_be_cut_is_told() {
    let mut large = area(&[square(49.5, 0.5, 1.0)]);
    large.polygons.clear();
    large.circles = vec![Circle { center: Point { lat: 50.0, lon: 1.0 }, radius_km: 1_001.0 }];
    assert_eq!(told(&large).1, [(0, Ignored::Circle)]);
    large.circles[0].radius_km = 999.0;
    let (shape, ignored) = told(&large);
    assert_eq!(ignored, []);
    assert!(shape.is_some_and(|shape| !shape.contains(50.0, 1.0) && shape.contains(52.0, 1.0)));
}

#[test]
fn an_edge_along_the_rim_of_a_circle_at_a_pole_is_bounded() {
    // A band a hand's breadth beyond the rim, all around.
    let rim_deg = 90.0 - 1_000.0 / 111.6;
    let band = |lat: f64, nth: i32| (lat, f64::from(nth) * 3.0 - 180.0);
    for off_deg in [0.0, 1e-3, 1e-2, 1e-1] {
        let out = (0..=120).map(|nth| band(rim_deg - off_deg, nth));
        let back = (0..=120).rev().map(|nth| band(rim_deg - off_deg - 1.0, nth));
        let mut polar = area(&[out.chain(back).collect()]);
        polar.polygons.clear();
        polar.circles = vec![Circle { center: Point { lat: 90.0, lon: 0.0 }, radius_km: 1_000.0 }];
        assert!(told(&polar).0.is_some_and(|shape| shape.contains(85.0, 7.0)));
    }
}
