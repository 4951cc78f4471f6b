//! Random shapes against the oracle, the same ones in every run.

use super::{oracle, polygon, ring, shape};
use beffroi::cap::alert::{Area, Circle, Point, Polygon};
use beffroi::geo::reach::EXCESS_M_MAX;
use beffroi::geo::rect::Rect;
use beffroi::geo::shape::{Relation, Shape};
use beffroi::model::place::{Cell, Step};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

/// How far the oracle's samples may lie from the nearest points, metres.
const ORACLE_ERROR_M: f64 = 0.05;

pub(super) fn cases(cases: u32) -> ProptestConfig {
    // `make prove` looks further, and elsewhere each time.
    let (cases, rng_seed) = match std::env::var_os("BEFFROI_PROVE") {
        Some(_) => (cases * 50, RngSeed::Random),
        None => (cases, RngSeed::Fixed(20_261_122)),
    };
    ProptestConfig { cases, rng_seed, failure_persistence: None, ..ProptestConfig::default() }
}

pub(super) fn steps() -> impl Strategy<Value = Step> {
    prop::sample::select(Step::ALL.to_vec())
}

/// A star-shaped ring, so a simple one: corners unwrapped.
pub(super) fn stars(lat_max: f64, size: f64) -> impl Strategy<Value = Vec<(f64, f64)>> {
    let spokes = prop::collection::vec(0.2..1.0_f64, 3..14);
    (-lat_max..lat_max, -180.0..180.0_f64, 0.01..size, spokes).prop_map(|(lat, lon, size, spokes)| {
        let count = spokes.len() as f64;
        let corner = |(index, spoke): (usize, f64)| {
            let angle = std::f64::consts::TAU * index as f64 / count;
            (lat + size * spoke * angle.sin(), lon + 1.5 * size * spoke * angle.cos())
        };
        spokes.into_iter().enumerate().map(corner).collect()
    })
}

/// As a sender might write it: longitudes in −180…180 or 0…360.
pub(super) fn written(corners: &[(f64, f64)], from: f64) -> Vec<(f64, f64)> {
    corners.iter().map(|&(lat, lon)| (lat, (lon - from).rem_euclid(360.0) + from)).collect()
}

/// A cell, or `None` off the grid, at an offset from a corner of the ring.
pub(super) fn cell_near(
    corners: &[(f64, f64)],
    step: Step,
    index: usize,
    (up, right): (f64, f64),
) -> Option<(Cell, Rect)> {
    let (lat, lon) = corners[index % corners.len()];
    let (lat, lon) = (lat + up, lon + right);
    let cell = Cell::containing(step, lat, (lon + 180.0).rem_euclid(360.0) - 180.0)?;
    let rect = Rect::from(cell);
    // The same cell where the unwrapped ring is.
    Some((cell, rect.shifted(360.0 * ((lon - rect.west) / 360.0).floor())))
}

/// Latitude, longitude and size of a nudge; the direction is free.
pub(super) fn nudges(size: f64) -> impl Strategy<Value = (f64, f64)> {
    (-size..size, -size..size)
}

proptest! {
    #![proptest_config(cases(3_000))]

    #[test]
    fn a_cell_touches_a_polygon_exactly_when_the_plane_says_so(
        corners in stars(80.0, 3.0), from in prop::sample::select(vec![-180.0, 0.0]), step in steps(),
        index in 0..14_usize, nudge in nudges(0.5),
    ) {
        let Some((cell, rect)) = cell_near(&corners, step, index, nudge) else { return Ok(()) };
        let exact = written(&corners, from);
        // Wrapping rounds: the oracle gets what the sender wrote, unwrapped again.
        let unwrapped: Vec<(f64, f64)> = exact.iter().zip(&corners)
            .map(|(&(lat, lon), &(_, near))| (lat, lon + 360.0 * ((near - lon) / 360.0).round())).collect();
        prop_assert_eq!(polygon(&exact).touches_cell(cell), oracle::polygon_meets(&unwrapped, &rect));
    }
}

proptest! {
    #![proptest_config(cases(150))]

    #[test]
    fn a_cell_is_within_a_radius_of_a_polygon_exactly_from_its_geodesic_distance_on(
        corners in stars(84.0, 2.0), step in steps(), index in 0..14_usize, nudge in nudges(0.4),
    ) {
        let Some((cell, rect)) = cell_near(&corners, step, index, nudge) else { return Ok(()) };
        let shape = polygon(&written(&corners, -180.0));
        if shape.touches_cell(cell) {
            return Ok(());
        }
        let distance = oracle::distance_to_outline(&corners, &rect);
        prop_assert!(shape.within(cell, distance + 0.001), "a miss at {distance} m");
        let short = distance - EXCESS_M_MAX - ORACLE_ERROR_M;
        prop_assert!(short <= 0.0 || !shape.within(cell, short), "too much at {distance} m");
    }

    #[test]
    fn a_cell_is_in_a_circle_exactly_from_its_geodesic_distance_on(
        lat in -90.0..90.0_f64, lon in -180.0..180.0_f64, step in steps(),
        (up, right) in nudges(1.0), scale in prop::sample::select(vec![0.05, 0.5, 5.0, 60.0]),
    ) {
        let Some((cell, rect)) = cell_near(&[(lat, lon)], step, 0, (up * scale, right * scale)) else { return Ok(()) };
        if rect.meets(&Rect::point(lat, lon)) {
            return Ok(());
        }
        let distance = oracle::distance_to_point(lat, lon, &rect);
        let disc = |radius_m: f64| super::disc(lat, lon, radius_m / 1_000.0);
        prop_assert!(disc(distance + 0.001).touches_cell(cell), "a miss at {distance} m");
        prop_assert!(!disc(distance - ORACLE_ERROR_M).touches_cell(cell), "too much at {distance} m");
        // What the circle lacks the place's own radius makes good.
        prop_assert!(disc(distance * 0.75).within(cell, distance * 0.25 + 0.001));
        prop_assert!(!disc(distance * 0.75).within(cell, distance * 0.25 - ORACLE_ERROR_M));
    }
}

fn points() -> impl Strategy<Value = Point> {
    (-90.0..=90.0_f64, -180.0..=360.0_f64).prop_map(|(lat, lon)| Point { lat, lon })
}

/// Any ring at all: crossing itself, jumping, around poles.
fn wild_rings() -> impl Strategy<Value = Polygon> {
    prop::collection::vec(points(), 3..8).prop_map(|mut corners| {
        corners.push(corners[0]);
        Polygon::new(corners).expect("closed")
    })
}

fn tame_rings() -> impl Strategy<Value = Polygon> {
    stars(89.0, 8.0).prop_map(|corners| {
        let corners: Vec<_> = corners.into_iter().map(|(lat, lon)| (lat.clamp(-90.0, 90.0), lon)).collect();
        ring(&written(&corners, -180.0))
    })
}

/// Polygons, circles and holes, at some heights.
fn areas() -> impl Strategy<Value = Area> {
    let polygons = prop::collection::vec(prop_oneof![1 => wild_rings(), 4 => tame_rings()], 0..3);
    let radii = prop_oneof![Just(0.0), 0.0..100.0_f64, 100.0..3_000.0_f64];
    let circles = prop::collection::vec((points(), radii), 0..3);
    let holes = prop::collection::vec(
        (prop_oneof![1 => wild_rings(), 4 => tame_rings()], any::<prop::sample::Index>(), nudges(3.0)),
        1..3,
    );
    let holes = prop_oneof![2 => Just(Vec::new()), 1 => holes];
    (polygons, circles, holes).prop_map(|(polygons, circles, holes)| {
        let circles: Vec<Circle> =
            circles.into_iter().map(|(center, radius_km)| Circle { center, radius_km }).collect();
        let corners: Vec<Point> = polygons
            .iter()
            .flat_map(Polygon::ring)
            .copied()
            .chain(circles.iter().map(|circle| circle.center))
            .collect();
        // Most holes begin near a corner of what they are in.
        let moved = |(hole, near, (up, right)): (Polygon, prop::sample::Index, (f64, f64))| {
            let Some(near) = (!corners.is_empty()).then(|| corners[near.index(corners.len())]) else {
                return Vec::new();
            };
            let first = hole.ring()[0];
            let at = |point: &Point| {
                (
                    (point.lat - first.lat + near.lat + up).clamp(-90.0, 90.0),
                    (point.lon - first.lon + near.lon + right + 180.0).rem_euclid(360.0) - 180.0,
                )
            };
            hole.ring().iter().map(at).collect()
        };
        let holes: Vec<Vec<(f64, f64)>> = holes.into_iter().map(moved).collect();
        super::without(super::area(polygons, circles), &holes)
    })
}

/// Cells where something happens: at corners and centres, and anywhere.
fn cell_of(area: &Area, step: Step, index: usize, (up, right): (f64, f64), anywhere: Point) -> Option<Cell> {
    let corners = area.polygons.iter().flat_map(Polygon::ring).chain(area.circles.iter().map(|circle| &circle.center));
    let corners: Vec<&Point> = corners.chain([&anywhere]).collect();
    let near = corners[index % corners.len()];
    Cell::containing(step, near.lat + up, (near.lon + right + 180.0).rem_euclid(360.0) - 180.0)
}

proptest! {
    #![proptest_config(cases(1_000))]

    #[test]
    fn more_area_never_loses_anyone_and_any_part_is_enough(
        one in areas(), more in areas(), step in steps(), index in 0..64_usize, nudge in nudges(1.0),
        anywhere in points(), radius_m in prop::sample::select(vec![1_000.0, 50_000.0]),
    ) {
        let Some(cell) = cell_of(&one, step, index, nudge, anywhere) else { return Ok(()) };
        let asked = |areas: &[Area]| Shape::of_areas(areas)
            .map_or((false, false), |shape| (shape.touches_cell(cell), shape.within(cell, radius_m)));
        let (alone, other) = (asked(std::slice::from_ref(&one)), asked(std::slice::from_ref(&more)));
        let filled = asked(&[Area { geocodes: Vec::new(), ..one.clone() }]);
        prop_assert!((filled.0 || !alone.0) && (filled.1 || !alone.1), "a hole less loses nobody");
        let wider = one.circles.iter().map(|circle| Circle { radius_km: circle.radius_km * 1.5 + 1.0, ..*circle });
        let wider = asked(&[Area { circles: wider.collect(), ..one.clone() }]);
        prop_assert!((wider.0 || !alone.0) && (wider.1 || !alone.1), "a larger radius loses nobody");
        prop_assert!(!alone.0 || alone.1, "who is in it is also within a radius of it");
        prop_assert_eq!(asked(&[one, more]), (alone.0 || other.0, alone.1 || other.1));
    }

    #[test]
    fn a_whole_turn_changes_nothing(
        area in areas(), step in steps(), index in 0..64_usize, nudge in nudges(1.0), anywhere in points(),
    ) {
        let Some(cell) = cell_of(&area, step, index, nudge, anywhere) else { return Ok(()) };
        // Sixteenths of a degree: a turn more or less is exact.
        let coarse = |point: &Point| Point { lat: (point.lat * 16.0).round() / 16.0, lon: (point.lon * 16.0).round() / 16.0 };
        let turned = |turn: f64| {
            let moved = |point: &Point| Point { lon: coarse(point).lon + turn, ..coarse(point) };
            let polygons = area.polygons.iter().map(|p| Polygon::new(p.ring().iter().map(moved).collect()).expect("closed"));
            let circles = area.circles.iter().map(|c| Circle { center: moved(&c.center), ..*c });
            let holes = area.geocodes.iter().map(|code| code.value.split(' ').filter_map(|pair| {
                let (lat, lon) = pair.split_once(',')?;
                let at = moved(&Point { lat: lat.parse().ok()?, lon: lon.parse().ok()? });
                Some((at.lat, at.lon))
            }).collect::<Vec<_>>());
            let holes: Vec<_> = holes.collect();
            Shape::of_areas(&[super::without(super::area(polygons.collect(), circles.collect()), &holes)])
        };
        let asked = |turn| turned(turn).map(|shape| (shape.touches_cell(cell), shape.within(cell, 5_000.0)));
        prop_assert_eq!(asked(360.0), asked(0.0));
        prop_assert_eq!(asked(-360.0), asked(0.0));
    }

    #[test]
    fn what_is_said_of_a_quad_is_true_of_every_cell_in_it(
        area in areas(), step in steps(), index in 0..64_usize, nudge in nudges(1.0), anywhere in points(),
        size in 0..12_u32, radius_m in prop::sample::select(vec![0.0, 1_000.0, 50_000.0]),
    ) {
        let (Some(shape), Some(cell)) = (Shape::of_areas(std::slice::from_ref(&area)), cell_of(&area, step, index, nudge, anywhere))
            else { return Ok(()) };
        let size = 1 << size;
        let (row, column) = (cell.row().div_euclid(size) * size, cell.column().div_euclid(size) * size);
        let cells: Vec<Cell> = [(0, 0), (size - 1, size - 1), (size / 2, size / 3), (cell.row() - row, cell.column() - column)]
            .into_iter().filter_map(|(up, right)| Cell::new(step, row + up, column + right)).collect();
        let quad = cells.iter().map(|cell| Rect::from(*cell)).reduce(|a, b| a.joined(&b)).expect("the cell itself");
        let relation = shape.relation(quad, radius_m);
        for cell in cells {
            let (touches, within) = (shape.touches_cell(cell), shape.within(cell, radius_m));
            match relation {
                Relation::Apart => prop_assert!(!touches && !within),
                Relation::Near => prop_assert!(!touches && within),
                Relation::Inside => prop_assert!(touches),
                Relation::Mixed => {}
            }
        }
    }
}

#[test]
fn a_planar_circle_would_be_caught() {
    // The oracle tells a circle from one drawn with 111.32 km a degree both ways: 0.3° of longitude at 60° N.
    let cell = Cell::containing(Step::Fine, 60.0, 0.3).expect("a cell");
    let distance = oracle::distance_to_point(60.0, 0.0, &cell.into());
    assert!((16_000.0..17_500.0).contains(&distance), "{distance}");
    assert!(shape(Vec::new(), vec![super::circle(60.0, 0.0, 17.5)]).touches_cell(cell));
}
