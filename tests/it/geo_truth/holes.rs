//! What holes take away, and what they leave.

use super::oracle::{self, Plane};
use super::random::{cases, cell_near, nudges, stars, steps};
use super::{area, circle, ring, without};
use ::geo::{Destination, Geodesic, Point};
use beffroi::cap::alert::NamedValue;
use beffroi::geo::reach::EXCESS_M_MAX;
use beffroi::geo::rect::Rect;
use beffroi::geo::shape::{EXCLUDE_POLYGON, Relation, Shape};
use proptest::prelude::*;

type Corners = Vec<(f64, f64)>;

const SQUARE: [(f64, f64); 4] = [(0.0, 0.0), (0.0, 9.0), (9.0, 9.0), (9.0, 0.0)];

fn square(from: f64, to: f64) -> Corners {
    vec![(from, from), (from, to), (to, to), (to, from)]
}

/// A small one around a place.
fn square_at(lat: f64, lon: f64) -> Corners {
    vec![(lat - 0.02, lon - 0.02), (lat - 0.02, lon + 0.02), (lat + 0.02, lon + 0.02), (lat + 0.02, lon - 0.02)]
}

fn holed(holes: &[Corners]) -> Option<Shape> {
    Shape::of_areas(&[without(area(vec![ring(&SQUARE)], Vec::new()), holes)])
}

#[test]
fn a_hole_is_out_its_border_is_in_and_others_blocks_are_whole() {
    let shape = holed(&[square(3.0, 6.0)]).expect("ground is left");
    assert!(shape.contains(1.0, 1.0) && shape.contains(3.0, 4.0) && shape.contains(6.0, 6.0));
    assert!(!shape.contains(4.5, 4.5) && !shape.contains(3.000_001, 4.0));
    assert_eq!(shape.relation(Rect { south: 4.0, west: 4.0, north: 5.0, east: 5.0 }, 0.0), Relation::Apart);
    assert_eq!(shape.relation(Rect { south: 1.0, west: 1.0, north: 2.0, east: 2.0 }, 0.0), Relation::Inside);
    let elsewhere = area(vec![ring(&square(4.0, 5.0))], Vec::new());
    let first = without(area(vec![ring(&SQUARE)], Vec::new()), &[square(3.0, 6.0)]);
    let both = Shape::of_areas(&[first, elsewhere]).expect("ground is left");
    assert!(both.contains(4.5, 4.5) && !both.contains(3.5, 3.5));
}

#[test]
fn holes_may_cut_the_border_lie_upon_it_swallow_all_or_nothing() {
    let cut = holed(&[square(6.0, 12.0)]).expect("ground is left");
    assert!(cut.contains(5.0, 5.0) && cut.contains(6.0, 7.0) && !cut.contains(7.0, 7.0) && !cut.contains(9.0, 9.0));
    let upon = holed(&[square(0.0, 3.0)]).expect("ground is left");
    assert!(upon.contains(3.0, 1.0) && !upon.contains(1.0, 1.0) && !upon.contains(0.0, 1.0));
    assert_eq!(holed(&[square(-1.0, 10.0)]), None);
    assert_eq!(holed(&[square(0.0, 9.0)]), None);
    assert_eq!(holed(&[square(20.0, 21.0)]), holed(&[]));
    assert_eq!(holed(&[square(-1.0, 5.0), square(4.0, 10.0)]).map(|shape| shape.contains(4.5, 4.5)), Some(false));
}

#[test]
fn a_hole_that_is_none_is_ignored_and_one_that_is_not_closed_is_closed() {
    let value = |value: &str| {
        let mut area = area(vec![ring(&SQUARE)], Vec::new());
        area.geocodes.push(NamedValue { value_name: EXCLUDE_POLYGON.to_owned(), value: value.to_owned() });
        Shape::of_areas(&[area]).expect("ground is left")
    };
    for bad in ["", "3,3 3,6", "3,3 3,6 6,x 3,3", "3 3 3 6 6 6", "3,3 3,6 96,6", "NaN,3 3,6 6,6", "3,3 3,inf 6,6"] {
        assert_eq!(Some(value(bad)), holed(&[]), "{bad}");
    }
    let closed = value("3,3 3,6 6,6 6,3 3,3 3,3 ");
    assert!(!closed.contains(4.5, 4.5) && closed.contains(2.0, 2.0));
    assert!(!value("3,3\n3,6\n6,6 6,3").contains(4.5, 4.5));
    let bow_tie = value("3,3 6,6 3,6 6,3 3,3");
    assert!(!bow_tie.contains(4.5, 3.3) && !bow_tie.contains(4.5, 5.7), "what it goes around");
    assert!(bow_tie.contains(3.3, 4.5) && bow_tie.contains(5.7, 4.5));
}

#[test]
fn circles_lines_and_points_have_holes_too() {
    let round = |holes: &[Corners]| Shape::of_areas(&[without(area(Vec::new(), vec![circle(4.5, 4.5, 200.0)]), holes)]);
    let holed = round(&[square(4.0, 5.0)]).expect("ground is left");
    assert!(
        !holed.contains(4.5, 4.5) && holed.contains(3.5, 3.5) && holed.contains(6.3, 4.5) && !holed.contains(6.4, 4.5)
    );
    assert_eq!(round(&[square(0.0, 9.0)]), None);
    let point = |hole| Shape::of_areas(&[without(area(Vec::new(), vec![circle(4.5, 4.5, 0.0)]), &[hole])]);
    assert_eq!(point(square(4.0, 5.0)), None);
    assert!(point(square(4.5, 5.0)).expect("on the border").contains(4.5, 4.5));
    let line = |hole| {
        Shape::of_areas(&[without(area(vec![ring(&[(1.0, 1.0), (1.0, 2.0), (1.0, 1.5)])], Vec::new()), &[hole])])
    };
    assert_eq!(line(square(0.0, 3.0)), None);
    assert!(line(square(0.0, 1.5)).expect("never more than the hole says").contains(1.0, 1.9));
}

#[test]
fn a_circle_with_a_hole_rings_less_than_a_metre_too_far() {
    let at_the_rim = without(area(Vec::new(), vec![circle(-53.989621, 177.3624, 60.676)]), &[square_at(-54.0, 177.3)]);
    let shape = Shape::of_areas(&[at_the_rim]).expect("ground is left");
    assert!(!shape.within(Rect::point(-54.488555259, 177.742490559), 137.0), "1.16 m away");
    for (lat, radius_km) in [(-54.0, 60.676), (0.0, 12.0), (50.0, 300.0), (78.0, 40.0)] {
        let (centre, radius_m) = (Point::new(10.0, lat), radius_km * 1_000.0);
        let holed = without(area(Vec::new(), vec![circle(lat, 10.0, radius_km)]), &[square_at(lat, 10.0)]);
        let shape = Shape::of_areas(&[holed]).expect("ground is left");
        for (bearing, near_m) in (0..120).map(|nth| (3.1 * f64::from(nth), 50.0 * f64::from(nth))) {
            let place = |beyond_m: f64| {
                let place = Geodesic.destination(centre, bearing, radius_m + near_m + beyond_m);
                Rect::point(place.y(), place.x())
            };
            assert!(!shape.within(place(1.0), near_m), "{lat} {radius_km} {bearing}: too much");
            assert!(shape.within(place(-0.001), near_m), "{lat} {radius_km} {bearing}: a miss");
        }
    }
}

#[test]
fn holes_work_across_180_degrees_and_around_poles() {
    let fiji = [(-18.0, 178.0), (-18.0, -178.0), (-14.0, -178.0), (-14.0, 178.0)];
    for turn in [0.0, 360.0] {
        let hole = vec![(-17.0, 179.0), (-17.0, -179.0 + turn), (-15.0, -179.0 + turn), (-15.0, 179.0)];
        let shape = Shape::of_areas(&[without(area(vec![ring(&fiji)], Vec::new()), &[hole])]).expect("ground is left");
        for lon in [179.5, 180.0, -180.0, -179.5] {
            assert!(!shape.contains(-16.0, lon) && shape.contains(-17.5, lon) && shape.contains(-17.0, lon), "{lon}");
        }
        assert!(shape.contains(-16.0, 178.5) && shape.contains(-16.0, -178.5));
    }
    let around = |lat: f64, from: f64| {
        (0..12).map(|nth| (lat, (from + 30.0 * f64::from(nth) + 180.0).rem_euclid(360.0) - 180.0)).collect::<Vec<_>>()
    };
    for from in [-180.0, 17.0] {
        let cap = without(area(vec![ring(&around(60.0, -180.0))], Vec::new()), &[around(80.0, from)]);
        let shape = Shape::of_areas(&[cap]).expect("ground is left");
        for lon in [-180.0, -163.0, 0.0, 17.0, 99.0, 180.0] {
            assert!(
                shape.contains(70.0, lon) && shape.contains(80.0, lon) && !shape.contains(85.0, lon),
                "{from} {lon}"
            );
            assert!(!shape.contains(90.0, lon) && !shape.contains(59.0, lon), "{from} {lon}");
        }
    }
}

#[test]
fn holes_are_drawn_as_holes() {
    let map = holed(&[square(3.0, 6.0)]).expect("ground is left").to_geojson();
    let rings = map["coordinates"][0].as_array().expect("rings");
    assert_eq!((map["coordinates"].as_array().map(Vec::len), rings.len()), (Some(1), 2), "{map}");
    let doubled = |ring: &serde_json::Value| -> f64 {
        let at = |nth: usize, axis: usize| ring[nth][axis].as_f64().expect("a number");
        let count = ring.as_array().expect("a ring").len();
        (1..count).map(|nth| at(nth - 1, 0) * at(nth, 1) - at(nth, 0) * at(nth - 1, 1)).sum()
    };
    assert_eq!((doubled(&rings[0]), doubled(&rings[1])), (162.0, -18.0), "outside anticlockwise, holes clockwise");
}

/// Some rings near each other: whole ground, and holes in it. Degrees; each a star, so simple.
fn grounds() -> impl Strategy<Value = (Vec<Corners>, Vec<Corners>)> {
    let near = || (stars(0.1, 3.0), nudges(3.0));
    let some = |count| prop::collection::vec(near(), count);
    ((-75.0..75.0_f64, -170.0..170.0_f64), some(1..3), some(1..4)).prop_map(|((lat, lon), outers, holes)| {
        let moved = |(ring, (up, right)): (Corners, (f64, f64))| {
            let (first_lat, first_lon) = ring[0];
            ring.into_iter().map(|(y, x)| (y - first_lat + lat + up, x - first_lon + lon + right)).collect()
        };
        (outers.into_iter().map(moved).collect(), holes.into_iter().map(moved).collect())
    })
}

fn checked(shape: Option<&Shape>, truth: &Plane, rect: Rect) -> Result<(), TestCaseError> {
    let (surely, perhaps) = truth.meets(&rect);
    let touches = shape.is_some_and(|shape| shape.touches_cell(rect));
    prop_assert!(touches || !surely, "a miss");
    prop_assert!(!touches || perhaps, "too much");
    Ok(())
}

proptest! {
    #![proptest_config(cases(1_000))]

    #[test]
    fn what_holes_leave_is_what_the_plane_says(
        (outers, holes) in grounds(), step in steps(), index in 0..60_usize, nudge in nudges(0.3),
    ) {
        let all = |rings: &[Corners]| rings.iter().map(|ring| Plane::ring(ring)).reduce(|a, b| a.with(&b)).expect("one");
        let truth = all(&outers).without(&all(&holes));
        let area = without(area(outers.iter().map(|outer| ring(outer)).collect(), Vec::new()), &holes);
        let shape = Shape::of_areas(&[area]);
        prop_assert!(shape.is_some() || truth.is_nothing());
        let corners: Corners = outers.into_iter().chain(holes).flatten().collect();
        let Some((_, rect)) = cell_near(&corners, step, index, nudge) else { return Ok(()) };
        checked(shape.as_ref(), &truth, rect)?;
    }
}

proptest! {
    #![proptest_config(cases(200))]

    #[test]
    fn what_holes_leave_of_a_circle_is_what_the_plane_says(
        (outers, holes) in grounds(), radius_km in 1.0..100.0_f64, step in steps(), index in 0..60_usize, nudge in nudges(0.3),
    ) {
        let (lat, lon) = outers[0][0];
        let gone = holes.iter().map(|ring| Plane::ring(ring)).reduce(|a, b| a.with(&b)).expect("one");
        let shape = Shape::of_areas(&[without(area(Vec::new(), vec![circle(lat, lon, radius_km)]), &holes)]);
        let Some((_, rect)) = cell_near(&outers[0], step, index, nudge) else { return Ok(()) };
        let least = Plane::circle(lat, lon, radius_km * 1_000.0, 0.0).without(&gone);
        let most = Plane::circle(lat, lon, radius_km * 1_000.0, 2.0).without(&gone);
        let touches = shape.is_some_and(|shape| shape.touches_cell(rect));
        // At 100 km the sides of the oracle's polygon bend in by a quarter of a metre: less than what is forgiven.
        prop_assert!(touches || !least.meets(&rect.inflated(-4e-6)).0, "a miss");
        prop_assert!(!touches || most.meets(&rect.inflated(4e-6)).1, "too much");
    }
}

proptest! {
    #![proptest_config(cases(60))]

    #[test]
    fn who_is_near_what_holes_leave_is_near_by_geodesics(
        (outers, holes) in grounds(), step in steps(), index in 0..60_usize, nudge in nudges(0.2),
    ) {
        let truth = holes.iter().fold(Plane::ring(&outers[0]), |left, hole| left.without(&Plane::ring(hole)));
        let Some(shape) = Shape::of_areas(&[without(area(vec![ring(&outers[0])], Vec::new()), &holes)]) else { return Ok(()) };
        let corners: Corners = holes.iter().chain(&outers[..1]).flatten().copied().collect();
        let Some((cell, rect)) = cell_near(&corners, step, index, nudge) else { return Ok(()) };
        if truth.meets(&rect).1 || shape.touches_cell(cell) {
            return Ok(());
        }
        let distances = truth.outlines().into_iter().map(|outline| oracle::distance_to_outline(&outline, &rect));
        let distance = distances.fold(f64::INFINITY, f64::min);
        if distance > 200_000.0 {
            return Ok(());
        }
        // The oracle's ground is right to 11 cm.
        prop_assert!(shape.within(cell, distance + 0.2), "a miss at {distance} m");
        let short = distance - EXCESS_M_MAX - 0.2;
        prop_assert!(short <= 0.0 || !shape.within(cell, short), "too much at {distance} m");
    }
}
