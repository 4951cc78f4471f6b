//! Regions, named areas and heights.

use super::oracle::Plane;
use super::random::{cases, cell_near, nudges, stars, steps};
use super::{area, circle, ring};
use beffroi::cap::alert::{Area, Point};
use beffroi::geo::code::AreaCode;
use beffroi::geo::rect::Rect;
use beffroi::geo::region::Region;
use beffroi::geo::shape::{Block, Named, Shape};
use proptest::prelude::*;
use std::sync::Arc;

type Corners = Vec<(f64, f64)>;

fn points(corners: &[(f64, f64)]) -> Vec<Point> {
    corners.iter().map(|&(lat, lon)| Point { lat, lon }).collect()
}

/// Each polygon: its outer ring, then its holes.
fn region(polygons: &[Vec<Corners>]) -> Region {
    let polygons: Vec<Vec<Vec<Point>>> =
        polygons.iter().map(|rings| rings.iter().map(|ring| points(ring)).collect()).collect();
    Region::new(&polygons).expect("it lies somewhere")
}

fn one(corners: &[(f64, f64)]) -> Region {
    region(&[vec![corners.to_vec()]])
}

fn rect(south: f64, west: f64, north: f64, east: f64) -> Corners {
    vec![(south, west), (south, east), (north, east), (north, west)]
}

fn is_in(region: &Region, lat: f64, lon: f64) -> bool {
    region.touches(Rect::point(lat, lon))
}

fn named(code: &str, region: Region) -> Named {
    Named { code: AreaCode::new("INSEE", code), region: Arc::new(region) }
}

fn shape_of(area: &Area, named: Vec<Named>) -> Shape {
    Shape::of_blocks([Block { area, named }]).expect("it lies somewhere")
}

fn naming(region: Region) -> Shape {
    shape_of(&area(Vec::new(), Vec::new()), vec![named("59350", region)])
}

#[test]
fn islands_and_lakes_are_told_apart_whatever_their_direction() {
    let (mut land, mut lake, island) = (rect(0.0, 0.0, 9.0, 9.0), rect(2.0, 2.0, 7.0, 7.0), rect(4.0, 4.0, 5.0, 5.0));
    for direction in 0..4 {
        if direction % 2 == 1 {
            land.reverse();
        } else {
            lake.reverse();
        }
        let whole = region(&[vec![land.clone(), lake.clone()], vec![island.clone()]]);
        for (lat, lon, inside) in
            [(1.0, 1.0, true), (3.0, 3.0, false), (4.5, 4.5, true), (2.0, 3.0, true), (4.0, 4.5, true)]
        {
            assert_eq!(is_in(&whole, lat, lon), inside, "{lat} {lon}");
        }
        assert!(whole.covers(Rect { south: 0.5, west: 0.5, north: 1.5, east: 8.5 }));
        assert!(!whole.covers(Rect { south: 1.5, west: 1.5, north: 2.5, east: 2.5 }));
        assert_eq!(whole.vertices(), 12);
        assert!(whole.bytes() > 12 * 16);
        let again = Region::new(&whole.to_polygons()).expect("the same");
        assert_eq!(again, whole);
    }
}

#[test]
fn wrong_geojson_never_loses_ground() {
    let (land, other) = (rect(0.0, 0.0, 9.0, 9.0), rect(5.0, 5.0, 14.0, 14.0));
    // A hole outside its polygon, in another one; overlapping polygons; the same polygon twice.
    let stray = region(&[vec![land.clone(), rect(10.0, 10.0, 12.0, 12.0)], vec![other.clone()], vec![land.clone()]]);
    for (lat, lon) in [(1.0, 1.0), (7.0, 7.0), (11.0, 11.0), (13.0, 13.0)] {
        assert!(is_in(&stray, lat, lon), "{lat} {lon}");
    }
    // A hole that runs out of its polygon, two that overlap, one in another.
    let holes =
        [rect(6.0, 6.0, 12.0, 12.0), rect(1.0, 1.0, 4.0, 4.0), rect(3.0, 3.0, 5.0, 5.0), rect(2.0, 2.0, 2.5, 2.5)];
    let odd = region(&[[vec![land.clone()], holes.to_vec()].concat()]);
    for (lat, lon, inside) in [
        (0.5, 0.5, true),
        (7.0, 7.0, false),
        (11.0, 11.0, false),
        (12.0, 8.0, false),
        (3.5, 3.5, false),
        (2.2, 2.2, false),
        (4.5, 4.5, false),
        (4.5, 3.5, false),
        (4.5, 2.0, true),
        (6.0, 7.0, true),
    ] {
        assert_eq!(is_in(&odd, lat, lon), inside, "{lat} {lon}");
    }
    let bow_tie = one(&[(0.0, 0.0), (2.0, 2.0), (0.0, 2.0), (2.0, 0.0)]);
    assert!(is_in(&bow_tie, 1.0, 0.3) && is_in(&bow_tie, 1.0, 1.7) && !is_in(&bow_tie, 0.2, 1.0));
    let nothing = [vec![], vec![vec![]], vec![points(&[(f64::NAN, 0.0), (1.0, 1.0), (2.0, 0.0)])]];
    assert_eq!(Region::new(&nothing), None);
}

#[test]
fn regions_reach_across_180_degrees_and_hold_poles() {
    let cut = region(&[vec![rect(50.0, 170.0, 52.0, 180.0)], vec![rect(50.0, -180.0, 52.0, -170.0)]]);
    let whole = one(&[(50.0, 170.0), (50.0, -170.0), (52.0, -170.0), (52.0, 170.0)]);
    for region in [&cut, &whole] {
        assert_eq!((region.bounds().west, region.bounds().east), (170.0, 190.0));
        for (lon, inside) in
            [(169.0, false), (171.0, true), (180.0, true), (-180.0, true), (-171.0, true), (-169.0, false)]
        {
            assert_eq!(is_in(region, 51.0, lon), inside, "{lon}");
        }
    }
    assert!(naming(cut).touches_region(&one(&rect(51.0, -175.0, 53.0, -174.0))));
    assert!(naming(whole).reaches_named(&AreaCode::new("x", "y"), &one(&rect(51.0, 185.0, 53.0, 186.0))));
    let antarctica: Corners = (0..36).map(|nth| (-70.0, -180.0 + 10.0 * f64::from(nth))).collect();
    let antarctica = one(&antarctica);
    assert!(is_in(&antarctica, -90.0, 12.0) && is_in(&antarctica, -80.0, 180.0) && !is_in(&antarctica, -69.0, 0.0));
    assert!(antarctica.meets(&one(&[(-90.0, 0.0), (-89.0, 3.0), (-89.0, 4.0)])));
}

#[test]
fn a_followed_area_is_meant_when_it_is_named_or_shares_ground_and_not_by_a_border() {
    let home = rect(0.0, 0.0, 2.0, 2.0);
    let shape = naming(one(&home));
    let other = |corners: &[(f64, f64)]| shape.reaches_named(&AreaCode::new("INSEE", "1"), &one(corners));
    assert!(shape.reaches_named(&AreaCode::new("INSEE", "59350"), &one(&rect(40.0, 40.0, 41.0, 41.0))), "by its name");
    assert!(!other(&rect(0.0, 2.0, 2.0, 4.0)) && !other(&rect(2.0, 2.0, 3.0, 3.0)), "the next one");
    assert!(!other(&[(2.0, 0.5), (2.0, 1.5), (3.0, 1.0)]), "a piece of border");
    assert!(other(&home) && other(&rect(0.0, 0.0, 9.0, 9.0)) && other(&rect(0.5, 0.5, 1.0, 1.0)));
    assert!(other(&rect(0.0, 0.0, 2.0, 1.0)), "on its border from within");
    assert!(other(&[(2.0, 1.0), (0.0, 2.0), (0.0, 0.0)]), "with its corners on the border");
    let ring_road = region(&[vec![rect(-1.0, -1.0, 3.0, 3.0), home.clone()]]);
    assert!(!shape.reaches_named(&AreaCode::new("INSEE", "1"), &ring_road), "all around it");
    assert!(shape.touches_region(&ring_road) && shape.touches_region(&one(&rect(2.0, 2.0, 3.0, 3.0))));
    let drawn = shape_of(&area(vec![ring(&home)], Vec::new()), Vec::new());
    assert!(
        drawn.reaches_named(&AreaCode::new("INSEE", "1"), &one(&rect(0.0, 2.0, 2.0, 4.0))),
        "what is drawn touches"
    );
    assert!(!drawn.reaches_named(&AreaCode::new("INSEE", "1"), &one(&rect(0.0, 2.1, 2.0, 4.0))));
}

#[test]
fn a_named_area_with_a_hole_means_what_is_left() {
    let code = AreaCode::new("INSEE", "59350");
    let excluding = super::without(area(Vec::new(), Vec::new()), &[rect(1.0, -1.0, 3.0, 3.0)]);
    let shape = shape_of(&excluding, vec![named("59350", one(&rect(0.0, 0.0, 2.0, 2.0)))]);
    assert!(shape.contains(0.5, 0.5) && !shape.contains(1.5, 1.5));
    assert!(shape.reaches_named(&code, &one(&rect(0.0, 0.0, 2.0, 2.0))));
    assert!(!shape.reaches_named(&code, &one(&rect(1.2, 0.0, 2.0, 2.0))), "what is followed lies in the hole");
    assert!(!shape.reaches_named(&code, &one(&rect(1.0, 0.0, 2.0, 2.0))), "but for its border");
}

#[test]
fn circles_reach_regions_by_geodesics() {
    let round = |radius_km: f64| shape_of(&area(Vec::new(), vec![circle(60.0, 0.0, radius_km)]), Vec::new());
    // 55.799 km from the centre, at the nearest point of a long edge.
    let east = one(&rect(59.9, 1.0, 60.1, 2.0));
    assert!(round(55.9).touches_region(&east) && !round(55.6).touches_region(&east));
    assert!(round(1.0).touches_region(&one(&rect(50.0, -10.0, 70.0, 10.0))), "inside it");
    assert!(round(3_000.0).touches_region(&one(&rect(59.0, 1.0, 59.1, 1.1))), "around it");
    assert!(round(20_100.0).touches_region(&one(&rect(-61.0, 179.0, -60.5, 180.0))));
}

#[test]
fn heights_are_from_up_between_or_all() {
    let at = |low: Option<f64>, high: Option<f64>, lat: f64| Area {
        altitude_ft: low,
        ceiling_ft: high,
        ..area(vec![ring(&rect(lat, 0.0, lat + 1.0, 1.0))], Vec::new())
    };
    let feet = |metres: f64| Some(metres / 0.3048);
    let areas = [
        at(None, None, 0.0),
        at(feet(1_500.0), None, 10.0),
        at(feet(0.0), feet(800.0), 20.0),
        at(feet(2_000.0), feet(1_000.0), 30.0),
        at(None, feet(10.0), 40.0),
        at(Some(f64::NAN), None, 50.0),
    ];
    let shape = Shape::of_areas(&areas).expect("it lies somewhere");
    assert!(shape.has_altitudes());
    assert!(!Shape::of_areas(&areas[..1]).expect("it lies somewhere").has_altitudes());
    let meant = |low, high| {
        let there = shape.at_altitude(low, high).expect("some part is at all heights");
        [0.5, 10.5, 20.5, 30.5, 40.5, 50.5].map(|lat| there.contains(lat, 0.5))
    };
    assert_eq!(meant(0.0, 100.0), [true, false, true, false, true, true]);
    assert_eq!(meant(900.0, 999.0), [true, false, false, false, true, true]);
    assert_eq!(meant(1_900.0, 2_000.0), [true, true, false, true, true, true]);
    assert_eq!(meant(4_000.0, 4_100.0), [true, true, false, false, true, true]);
    assert_eq!(meant(-500.0, -400.0), [true, false, false, false, true, true]);
    assert_eq!(Shape::of_areas(&areas[1..2]).expect("it lies somewhere").at_altitude(0.0, 100.0), None);
}

/// Triangles and rectangles whose corners are whole degrees: many share borders and corners.
fn coarse() -> impl Strategy<Value = Corners> {
    let whole = || (-3..=3_i32, -3..=3_i32);
    prop::collection::vec(whole(), 3)
        .prop_filter("ground", |c| (c[1].0 - c[0].0) * (c[2].1 - c[0].1) != (c[1].1 - c[0].1) * (c[2].0 - c[0].0))
        .prop_map(|corners| corners.into_iter().map(|(lat, lon)| (f64::from(lat), f64::from(lon))).collect())
}

proptest! {
    #![proptest_config(cases(3_000))]

    #[test]
    fn regions_share_ground_or_touch_exactly_when_the_plane_says_so(one in coarse(), other in coarse(), turn in -1..=1) {
        let turned: Corners = other.iter().map(|&(lat, lon)| (lat, lon + 360.0 * f64::from(turn))).collect();
        let (a, b) = (Plane::ring(&one), Plane::ring(&other));
        let (shape, followed) = (naming(self::one(&one)), self::one(&turned));
        prop_assert_eq!(shape.touches_region(&followed), a.touches(&b));
        prop_assert_eq!(shape.reaches_named(&AreaCode::new("x", "y"), &followed), a.shares_ground(&b));
    }

    #[test]
    fn a_region_is_what_the_plane_says(
        outer in stars(75.0, 3.0), holes in prop::collection::vec((stars(0.1, 1.0), nudges(2.0)), 0..4), step in steps(),
        index in 0..50_usize, nudge in nudges(0.3),
    ) {
        let (lat, lon) = outer[0];
        let moved = |(ring, (up, right)): (Corners, (f64, f64))| -> Corners {
            let (first_lat, first_lon) = ring[0];
            ring.into_iter().map(|(y, x)| (y - first_lat + lat + up, x - first_lon + lon + right)).collect()
        };
        let holes: Vec<Corners> = holes.into_iter().map(moved).collect();
        let truth = holes.iter().fold(Plane::ring(&outer), |left, hole| left.without(&Plane::ring(hole)));
        let rings: Vec<Vec<Point>> = std::iter::once(&outer).chain(&holes).map(|ring| points(ring)).collect();
        let region = Region::new(&[rings]);
        prop_assert!(region.is_some() || truth.is_nothing());
        let corners: Corners = holes.into_iter().flatten().chain(outer).collect();
        let Some((_, rect)) = cell_near(&corners, step, index, nudge) else { return Ok(()) };
        let (surely, perhaps) = truth.meets(&rect);
        let touches = region.is_some_and(|region| region.touches(rect));
        prop_assert!(touches || !surely, "a miss");
        prop_assert!(!touches || perhaps, "too much");
    }
}
