//! The nasty shapes, one by one.

use super::{area, circle, disc, oracle, polygon, ring, shape};
use beffroi::cap::alert::{Area, Polygon};
use beffroi::geo::reach::EXCESS_M_MAX;
use beffroi::geo::rect::Rect;
use beffroi::geo::shape::Shape;
use beffroi::model::place::{Cell, Step};

fn cell(step: Step, lat: f64, lon: f64) -> Cell {
    Cell::containing(step, lat, lon).expect("a cell")
}

#[test]
fn nothing_is_nowhere() {
    assert_eq!(Shape::of_areas(&[]), None);
    assert_eq!(Shape::of_areas(&[area(Vec::new(), Vec::new())]), None);
    assert_eq!(Shape::of_areas(&[area(Vec::new(), vec![circle(f64::NAN, 0.0, 1.0), circle(0.0, 0.0, -1.0)])]), None);
}

#[test]
fn all_parts_of_all_areas_count_to_the_last() {
    let square = |lat: f64| ring(&[(lat, 0.0), (lat, 1.0), (lat + 1.0, 1.0), (lat + 1.0, 0.0)]);
    let first = area(vec![square(0.0), square(10.0)], vec![circle(20.5, 0.5, 10.0)]);
    let last = area(vec![square(30.0), square(40.0)], vec![circle(50.5, 0.5, 10.0), circle(60.5, 0.5, 10.0)]);
    let union = Shape::of_areas(&[first, last]).expect("it lies somewhere");
    for lat in [0.5, 10.5, 20.5, 30.5, 40.5, 50.5, 60.5] {
        assert!(union.contains(lat, 0.5), "{lat}");
        assert!(!union.contains(lat + 5.0, 0.5), "{lat}");
    }
}

#[test]
fn overlapping_parts_do_not_cancel_whatever_their_direction() {
    let one = [(0.0, 0.0), (0.0, 2.0), (2.0, 2.0), (2.0, 0.0)];
    let mut other = [(1.0, 1.0), (1.0, 3.0), (3.0, 3.0), (3.0, 1.0)];
    for _ in 0..2 {
        let union = shape(vec![ring(&one), ring(&other)], Vec::new());
        for (lat, lon) in [(0.5, 0.5), (1.5, 1.5), (2.5, 2.5)] {
            assert!(union.contains(lat, lon), "{lat} {lon}");
        }
        assert!(!union.contains(0.5, 2.5));
        other.reverse();
    }
}

#[test]
fn what_is_drawn_again_counts_once() {
    let square = || ring(&[(0.0, 0.0), (0.0, 1.0), (1.0, 1.0), (1.0, 0.0)]);
    let once = area(vec![square()], vec![circle(5.0, 5.0, 1.0)]);
    let again = area(vec![square(), square()], vec![circle(5.0, 5.0, 1.0); 3]);
    assert_eq!(Shape::of_areas(&[again.clone(), once.clone(), again]), Shape::of_areas(std::slice::from_ref(&once)));
    // At other heights it is something else.
    let high = Shape::of_areas(&[once.clone(), Area { altitude_ft: Some(3_000.0), ..once }]).expect("somewhere");
    assert!(high.has_altitudes() && high.at_altitude(0.0, 1.0).is_some_and(|low| low.contains(0.5, 0.5)));
}

#[test]
fn edges_are_straight_in_latitude_and_longitude() {
    // The great circle between the upper corners runs up to 3.6° north of the parallel.
    let prairie = polygon(&[(49.0, -120.0), (49.0, -95.0), (40.0, -95.0), (40.0, -120.0)]);
    assert!(prairie.contains(48.999, -107.5));
    assert!(!prairie.contains(49.001, -107.5));
}

#[test]
fn a_touched_border_or_corner_is_inside() {
    let square = polygon(&[(10.0, 20.0), (10.0, 21.0), (11.0, 21.0), (11.0, 20.0)]);
    for step in Step::ALL {
        let cell_deg = 1.0 / f64::from(step.per_degree());
        // South of it, west of it, and corner to corner.
        for (down, left) in [(1.0, 0.0), (0.0, 1.0), (1.0, 1.0)] {
            let asked = |cells: f64| cell(step, 10.001 - down * cells * cell_deg, 20.001 - left * cells * cell_deg);
            assert!(square.touches_cell(asked(1.0)), "{step:?} {down} {left}");
            assert!(!square.touches_cell(asked(2.0)), "{step:?} {down} {left}");
        }
    }
    assert!(square.contains(10.0, 20.0) && square.contains(11.0, 20.5));
}

#[test]
fn a_sliver_within_one_cell_is_found_by_that_cell() {
    let sliver = polygon(&[(10.001, 20.001), (10.001_01, 20.002), (10.001_000_01, 20.002)]);
    assert!(sliver.touches_cell(cell(Step::Coarse, 10.001, 20.001)));
    assert!(!sliver.touches_cell(cell(Step::Coarse, 10.06, 20.001)));
    let line = polygon(&[(10.0, 20.0), (10.0, 22.0), (10.0, 21.0)]);
    assert!(line.contains(10.0, 21.5) && !line.contains(10.001, 21.5));
}

#[test]
fn both_lobes_of_a_bow_tie_and_what_is_gone_around_twice_are_inside() {
    let bow_tie = polygon(&[(0.0, 0.0), (2.0, 2.0), (0.0, 2.0), (2.0, 0.0)]);
    assert!(bow_tie.contains(1.0, 0.3) && bow_tie.contains(1.0, 1.7));
    assert!(!bow_tie.contains(0.2, 1.0) && !bow_tie.contains(1.8, 1.0));
    // A five-pointed star in one stroke: its middle is gone around twice.
    let star: Vec<(f64, f64)> =
        (0..5).map(|i| (144.0 * f64::from(i)).to_radians()).map(|a| (a.cos(), a.sin())).collect();
    assert!(polygon(&star).contains(0.0, 0.0));
}

#[test]
fn a_ring_across_180_degrees_is_right_from_both_sides() {
    for corners in [
        [(-18.0, 179.0), (-18.0, -179.0), (-16.0, -179.0), (-16.0, 179.0)],
        [(-18.0, 179.0), (-18.0, 181.0), (-16.0, 181.0), (-16.0, 179.0)],
        [(-18.0, -179.0), (-16.0, -179.0), (-16.0, 179.0), (-18.0, 179.0)],
    ] {
        let fiji = polygon(&corners);
        for lon in [179.0, 179.5, 180.0, -180.0, -179.5, -179.0] {
            assert!(fiji.contains(-17.0, lon), "{lon}");
        }
        for lon in [178.9, -178.9, 0.0] {
            assert!(!fiji.contains(-17.0, lon), "{lon}");
        }
        assert_eq!((fiji.bounds().west, fiji.bounds().east), (179.0, 181.0));
    }
}

#[test]
fn a_border_at_180_degrees_touches_the_cells_of_both_sides() {
    for lon in [179.0, -179.0] {
        let edge = 180.0_f64.copysign(lon);
        let half = polygon(&[(10.0, lon), (10.0, edge), (11.0, edge), (11.0, lon)]);
        assert!(half.touches_cell(cell(Step::Medium, 10.5, 179.999)));
        assert!(half.touches_cell(cell(Step::Medium, 10.5, -179.999)));
        assert!(!half.touches_cell(cell(Step::Medium, 10.5, -179.99_f64.copysign(lon))));
    }
    let round = disc(10.0, 179.99, 5.0);
    assert!(round.contains(10.0, -179.98) && !round.contains(10.0, -179.9));
    assert!(
        polygon(&[(10.0, 179.0), (10.0, 179.9), (11.0, 179.9)]).within(cell(Step::Medium, 10.2, -179.99), 50_000.0)
    );
}

#[test]
fn both_names_of_180_degrees_in_one_ring_are_one_meridian() {
    let split = polygon(&[(50.0, 179.0), (50.0, 180.0), (50.0, -180.0), (50.0, -179.0), (51.0, -179.0), (51.0, 179.0)]);
    assert!(split.contains(50.5, 179.5) && split.contains(50.5, -179.5));
    assert!(!split.contains(50.5, 0.0));
}

#[test]
fn exactly_360_degrees_is_the_full_band() {
    for (west, east) in [(-180.0, 180.0), (0.0, 360.0)] {
        let tropics = polygon(&[(-23.0, west), (-23.0, east), (23.0, east), (23.0, west)]);
        for lon in [-180.0, -90.0, 0.0, 90.0, 180.0] {
            assert!(tropics.contains(0.0, lon) && tropics.contains(23.0, lon), "{lon}");
            assert!(!tropics.contains(24.0, lon) && !tropics.contains(-24.0, lon), "{lon}");
        }
    }
    let world = polygon(&[(-90.0, -180.0), (-90.0, 180.0), (90.0, 180.0), (90.0, -180.0)]);
    assert!(world.contains(90.0, 0.0) && world.contains(-90.0, 77.0) && world.contains(0.0, -180.0));
}

#[test]
fn a_ring_around_a_pole_holds_the_pole() {
    let around: Vec<(f64, f64)> = (0..12).map(|i| (80.0, -180.0 + 30.0 * f64::from(i))).collect();
    let open_end: Vec<(f64, f64)> = (0..13).map(|i| (80.0, -180.0 + 30.0 * f64::from(i))).collect();
    let over_edge = [(80.0, -180.0), (80.0, 0.0), (80.0, 180.0), (90.0, 180.0), (90.0, -180.0)];
    for corners in [&around[..], &open_end, &over_edge] {
        let cap = polygon(corners);
        for lon in [-180.0, -179.9, -1.0, 0.0, 77.0, 180.0] {
            assert!(cap.contains(90.0, lon) && cap.contains(85.0, lon) && cap.contains(80.0, lon), "{lon}");
            assert!(!cap.contains(79.9, lon) && !cap.contains(-85.0, lon), "{lon}");
        }
        let flipped: Vec<(f64, f64)> = corners.iter().map(|&(lat, lon)| (-lat, lon)).collect();
        assert!(polygon(&flipped).contains(-90.0, 10.0) && !polygon(&flipped).contains(90.0, 10.0));
    }
}

#[test]
fn a_ring_around_a_pole_that_names_180_degrees_twice_holds_the_pole() {
    let wavy = [(70.0, -180.0), (65.0, -90.0), (72.0, 0.0), (66.0, 90.0), (70.0, 180.0)];
    let back: Vec<(f64, f64)> = wavy.iter().rev().copied().collect();
    let begun_elsewhere: Vec<(f64, f64)> = (0..5).map(|i| wavy[(i + 2) % 5]).collect();
    // Its ends do not meet: the seam runs along the meridian on one side.
    let with_a_seam = [&wavy[..], &[(69.0, 180.0)]].concat();
    for corners in [&wavy[..], &back, &begun_elsewhere, &with_a_seam] {
        let cap = polygon(corners);
        assert!(cap.contains(90.0, 0.0) && cap.contains(80.0, 10.0) && cap.contains(65.5, -90.0), "{corners:?}");
        assert!(!cap.contains(60.0, 10.0) && !cap.contains(68.0, 0.0) && !cap.contains(-90.0, 0.0), "{corners:?}");
        let south: Vec<(f64, f64)> = corners.iter().map(|&(lat, lon)| (-lat, lon)).collect();
        assert!(polygon(&south).contains(-90.0, 0.0) && !polygon(&south).contains(90.0, 0.0));
    }
}

#[test]
fn a_band_stays_one_when_a_side_is_drawn_in_steps() {
    let steps = (0..=36).rev().map(|i| (23.0 + 0.1 * f64::from(i % 2), -180.0 + 10.0 * f64::from(i)));
    let tropics: Vec<(f64, f64)> = [(-23.0, -180.0), (-23.0, 180.0)].into_iter().chain(steps).collect();
    let tropics = polygon(&tropics);
    for lon in [-180.0, -90.0, 0.0, 77.0, 180.0] {
        assert!(tropics.contains(0.0, lon) && !tropics.contains(24.0, lon) && !tropics.contains(-24.0, lon), "{lon}");
    }
}

/// CAP has no holes in polygons; senders draw one by going around it the other way, in the same ring. So what a ring
/// goes around as often one way as the other is no ground, even where two loops only overlap.
#[test]
fn what_one_ring_goes_around_both_ways_is_a_hole() {
    let keyhole = [(0., 0.), (0., 9.), (9., 9.), (9., 0.), (0., 0.), (3., 3.), (6., 3.), (6., 6.), (3., 6.), (3., 3.)];
    assert!(!polygon(&keyhole).contains(4.5, 4.5) && polygon(&keyhole).contains(7.0, 4.5));
    let loops = [(0., 0.), (0., 4.), (4., 4.), (4., 0.), (0., 0.), (1., 1.), (5., 1.), (5., 5.), (1., 5.), (1., 1.)];
    let loops = polygon(&loops);
    assert!(loops.contains(0.5, 2.0) && loops.contains(4.5, 4.5));
    assert!(!loops.contains(3.0, 3.0));
}

#[test]
fn near_the_poles_and_far_away_a_radius_ends_where_it_ends() {
    let mut seed = 20_261_122_u64;
    let mut share = || {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        (seed >> 11) as f64 / (1_u64 << 53) as f64
    };
    for round in 0..30_000 {
        let lat = [60.0, 85.0, 88.0, 89.3][round % 4] + share() * [25.0, 3.0, 1.3, 0.69][round % 4];
        let radius_m = [1e3, 1e4, 5e4, 2e5, 1e6, 5e6, 1.2e7, 1.8e7][(share() * 8.0) as usize];
        let at = oracle::destination((lat, 0.0), share() * 360.0, radius_m + share() * 4.0 - 1.0);
        let corners = [at, ((at.0 + 1e-8).min(90.0), at.1), (at.0, at.1 + 1e-8)];
        let distance = corners.iter().map(|&corner| oracle::distance((lat, 0.0), corner)).fold(f64::INFINITY, f64::min);
        let found = polygon(&corners).within(Rect::point(lat, 0.0), radius_m);
        assert!(found || distance > radius_m, "missed: {lat} {radius_m} {at:?}");
        assert!(
            !found || distance - radius_m < EXCESS_M_MAX,
            "{} too far: {lat} {radius_m} {at:?}",
            distance - radius_m
        );
    }
    let far = polygon(&[(89.577_22, 164.297_6), (89.577_22, 164.297_600_1), (89.577_220_1, 164.297_6)]);
    assert!(!far.within(Rect::point(89.973_89, 0.0), 50_000.0));
    // The foot lies in the middle of a cell's side.
    let corner = (89.499_635_312, 63.549_943_642);
    let beside = polygon(&[corner, (corner.0 + 1e-8, corner.1), (corner.0, corner.1 + 1e-8)]);
    let cell = cell(Step::Coarse, 89.76, 0.01);
    let distance = oracle::distance_to_point(corner.0, corner.1, &Rect::from(cell));
    assert!(beside.within(cell, distance + 0.01) && !beside.within(cell, distance - EXCESS_M_MAX), "{distance}");
}

#[test]
fn a_pole_is_near_from_all_longitudes() {
    let north = disc(90.0, 0.0, 20.0);
    let beside = polygon(&[(89.9, 0.0), (89.9, 10.0), (89.95, 5.0)]);
    for lon in [-180.0, -90.0, 0.0, 123.0] {
        assert!(north.contains(89.9, lon) && !north.contains(89.8, lon), "{lon}");
        // 0.05° and 0.1° from the pole on any sides of it: at most 16.8 km apart.
        assert!(beside.within(cell(Step::Fine, 89.9, lon), 17_000.0), "{lon}");
    }
    assert!(!beside.within(cell(Step::Fine, 89.9, -175.0), 10_000.0));
}

#[test]
fn a_circle_of_radius_0_is_its_centre() {
    let point = disc(50.6361, 3.0638, 0.0);
    assert!(point.touches_cell(cell(Step::Fine, 50.6361, 3.0638)));
    assert!(!point.touches_cell(cell(Step::Fine, 50.6361, 3.0655)));
    assert!(point.within(cell(Step::Fine, 50.6361, 3.0655), 1_000.0));
    assert!(point.contains(50.6361, 3.0638) && !point.contains(50.636_11, 3.0638));
}

#[test]
fn a_circle_is_geodesic_not_planar() {
    // Karney's inverse gives 55.799 km for half a degree of longitude at 60° N, minus what meridians bend.
    let round = disc(60.0, 0.0, 27.9);
    assert!(round.contains(60.0, 0.499) && !round.contains(60.0, 0.501));
    assert!(round.contains(60.250, 0.0) && !round.contains(60.251, 0.0));
}

#[test]
fn a_whole_turn_more_changes_nothing() {
    let corners = [(10.0, 170.0), (12.0, -175.0), (20.0, -170.0), (18.0, 165.0)];
    let turned: Vec<(f64, f64)> = corners.iter().map(|&(lat, lon)| (lat, lon + 360.0)).collect();
    assert_eq!(polygon(&corners), polygon(&turned));
    assert_eq!(disc(1.0, -170.0, 5.0), disc(1.0, 190.0, 5.0));
    let square = polygon(&corners);
    let rect = Rect { south: 11.0, west: 170.0, north: 11.1, east: 170.1 };
    for turn in [-360.0, 360.0] {
        assert_eq!(square.touches_cell(rect), square.touches_cell(rect.shifted(turn)));
    }
}

#[test]
fn the_map_shows_what_is_matched_cut_at_180_degrees() {
    let both = shape(
        vec![ring(&[(-18.0, 179.0), (-18.0, -179.0), (-16.0, -179.0), (-16.0, 179.0)])],
        vec![circle(50.0, 3.0, 10.0)],
    );
    let map = both.to_geojson();
    assert_eq!(map["type"], "MultiPolygon");
    let parts = map["coordinates"].as_array().expect("a list");
    assert_eq!(parts.len(), 3, "{map}");
    for part in parts {
        let positions: Vec<(f64, f64)> = part[0].as_array().expect("a ring").iter().map(position).collect();
        assert_eq!(positions.first(), positions.last());
        let area: f64 = positions.windows(2).map(|e| e[0].0 * e[1].1 - e[1].0 * e[0].1).sum();
        assert!(area > 0.0, "outer rings run anticlockwise: {part}");
        assert!(
            positions
                .iter()
                .all(|(lon, lat)| (-180.0..=180.0).contains(lon) && both.within(Rect::point(*lat, *lon), 0.02)),
            "{part}"
        );
    }
    assert_eq!(parts[2][0].as_array().expect("a ring").len(), 65);
}

fn position(value: &serde_json::Value) -> (f64, f64) {
    (value[0].as_f64().expect("a longitude"), value[1].as_f64().expect("a latitude"))
}

#[test]
fn a_ring_of_50_000_corners_is_right_everywhere() {
    let corners: Vec<(f64, f64)> = (0..50_000)
        .map(|i| {
            let angle = std::f64::consts::TAU * f64::from(i) / 50_000.0;
            let reach = 5.0 + (angle * 400.0).sin();
            (45.0 + reach * angle.sin(), 10.0 + reach * angle.cos())
        })
        .collect();
    let coast: Polygon = ring(&corners);
    let shape = shape(vec![coast], Vec::new());
    for i in 0..2_000 {
        let angle = std::f64::consts::TAU * f64::from(i) / 2_000.0;
        let border = 5.0 + (angle * 400.0).sin();
        for (reach, inside) in [(border - 0.05, true), (border + 0.05, false)] {
            // Between two corners the border strays by less than a thousandth of a degree; its flanks are steep.
            let clear = (5.0 + ((angle + 0.002) * 400.0).sin() - border).abs() < 0.04;
            if clear {
                let (lat, lon) = (45.0 + reach * angle.sin(), 10.0 + reach * angle.cos());
                assert_eq!(shape.contains(lat, lon), inside, "{angle} {reach}");
            }
        }
    }
}

/// What the oracle itself once had wrong: beside a coarse sample of a long edge the wrong end of a cell looked nearest.
/// The distances are GeographicLib's, searched for with pyproj.
#[test]
fn the_oracle_finds_the_nearest_pair_of_a_long_edge_and_a_short_side() {
    let fine = [
        (0.0, 0.3731984724186017),
        (0.15430564241855838, -0.13363260628174917),
        (-0.7427916980811055, -0.643276480258419),
    ];
    let coarse = [
        (-71.12373880204328, 126.0219238471803),
        (-70.53215536361192, 125.43004786657286),
        (-71.12373880204328, 125.12196230125713),
        (-71.32912917892044, 125.43004786657286),
    ];
    for (corners, step, at, distance) in [
        (&fine[..], Step::Fine, (-0.6612668583083296, -0.5264487795512119), 243.42991269847013),
        (&coarse[..], Step::Coarse, (-70.82296853159283, 125.7781846920451), 67.86739238116778),
    ] {
        let found = oracle::distance_to_outline(corners, &Rect::from(cell(step, at.0, at.1)));
        assert!((found - distance).abs() < 0.01, "{found} m, not {distance} m");
    }
}
