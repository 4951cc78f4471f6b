//! Rings asked in whole numbers by the slowest and plainest way, which knows nothing of trees, cuts and faces.

use super::{Judged, Tangled, Work, judge};
use crate::cap::Limits;
use crate::cap::alert::Point;
use crate::cap::limits::RING_PAIRS_MAX;
use proptest::prelude::*;

/// Sixteenths of a degree, which are exact in binary and in decimals; most places where edges cross are neither.
const PER_DEGREE: i64 = 16;

type Whole = (i64, i64);

fn point((y, x): Whole) -> Point {
    Point { lat: y as f64 / PER_DEGREE as f64, lon: x as f64 / PER_DEGREE as f64 }
}

fn closed(corners: &[Whole]) -> Vec<Point> {
    corners.iter().chain(corners.first()).map(|&corner| point(corner)).collect()
}

fn judged(ring: &[Point]) -> Result<Judged, Tangled> {
    judge(ring, &mut Work::new(&Limits::default()))
}

/// The simple rings that are read of a ring, itself when it is simple, and how many holes were filled.
fn rings(ring: &[Point]) -> (Vec<Vec<Point>>, usize) {
    match judged(ring).expect("small enough") {
        Judged::Simple => (vec![ring.to_vec()], 0),
        Judged::Crossing { mended, .. } => (mended.rings, mended.filled),
    }
}

fn side(a: Whole, b: Whole, c: Whole) -> i64 {
    ((b.1 - a.1) * (c.0 - a.0) - (b.0 - a.0) * (c.1 - a.1)).signum()
}

fn on(p: Whole, (a, b): (Whole, Whole)) -> bool {
    side(a, b, p) == 0 && (a.0.min(b.0)..=a.0.max(b.0)).contains(&p.0) && (a.1.min(b.1)..=a.1.max(b.1)).contains(&p.1)
}

/// Every two edges are compared: they may share the one corner between them and nothing else.
fn is_simple(corners: &[Whole]) -> bool {
    let mut corners = corners.to_vec();
    corners.dedup();
    while corners.len() > 1 && corners.first() == corners.last() {
        corners.pop();
    }
    let count = corners.len();
    let edge = |i: usize| (corners[i], corners[(i + 1) % count]);
    let apart = |i: usize, j: usize| {
        let ((a, b), (c, d)) = (edge(i), edge(j));
        let crosses = side(a, b, c) * side(a, b, d) < 0 && side(c, d, a) * side(c, d, b) < 0;
        let shared = |p: Whole| (p == b && p == c && j == i + 1) || (p == a && p == d && (j + 1) % count == i);
        let touches = [(c, (a, b)), (d, (a, b)), (a, (c, d)), (b, (c, d))];
        !crosses && !touches.into_iter().any(|(p, ends)| on(p, ends) && !shared(p))
    };
    count >= 3 && (0..count).all(|i| (i + 1..count).all(|j| apart(i, j)))
}

/// How often a ring goes around a point off its edges.
fn winding(ring: &[Point], lat: f64, lon: f64) -> i32 {
    ring.windows(2)
        .map(|ends| {
            let (a, b) = (ends[0], ends[1]);
            let east = a.lon + (lat - a.lat) / (b.lat - a.lat) * (b.lon - a.lon) > lon;
            match (a.lat > lat, b.lat > lat) {
                (false, true) if east => 1,
                (true, false) if east => -1,
                _ => 0,
            }
        })
        .sum()
}

/// How far a point is from a ring, degrees.
fn distance(ring: &[Point], lat: f64, lon: f64) -> f64 {
    let to = |a: Point, b: Point| {
        let (x, y) = (b.lon - a.lon, b.lat - a.lat);
        let share = (((lon - a.lon) * x + (lat - a.lat) * y) / (x * x + y * y).max(1e-300)).clamp(0.0, 1.0);
        (a.lon + share * x - lon).hypot(a.lat + share * y - lat)
    };
    ring.windows(2).map(|ends| to(ends[0], ends[1])).fold(f64::INFINITY, f64::min)
}

/// Whether a ring and what is read of it go around the same ground: asked at a lattice of places that are a hundred
/// steps of the grid (1 cm) or more from the ring. What is read must be simple, and no two of it may overlap.
fn check_ground(ring: &[Point]) -> Result<(), TestCaseError> {
    let (read, filled) = rings(ring);
    for ring in &read {
        prop_assert_eq!(ring.first(), ring.last());
        prop_assert_eq!(judged(ring), Ok(Judged::Simple), "{:?}", ring);
    }
    let span = |of: fn(&Point) -> f64| {
        let (low, high) = ring.iter().map(of).fold((f64::MAX, f64::MIN), |(low, high), at| (low.min(at), high.max(at)));
        (low, high - low)
    };
    let ((south, height), (west, width)) = (span(|point| point.lat), span(|point| point.lon));
    for i in 0..31 {
        for j in 0..31 {
            let (lat, lon) = (south + height * f64::from(i) / 30.0, west + width * f64::from(j) / 30.0);
            if distance(ring, lat, lon) < 1e-7 || read.iter().any(|ring| distance(ring, lat, lon) < 1e-7) {
                continue;
            }
            let covering = read.iter().filter(|ring| winding(ring, lat, lon) != 0).count();
            let ground = winding(ring, lat, lon) != 0;
            // Where a hole was filled, and that is told, ground may be won. It is never lost.
            let won = filled > 0 && !ground && covering == 1;
            prop_assert!(won || covering == usize::from(ground), "{} {} in {:?}", lat, lon, ring);
        }
    }
    Ok(())
}

fn corners(size: i64, count: std::ops::Range<usize>) -> impl Strategy<Value = Vec<Whole>> {
    prop::collection::vec((-size..=size, -size..=size), count)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_ring_is_simple_exactly_when_every_two_edges_say_so(
        corners in prop_oneof![corners(3, 3..7), corners(40, 3..9), corners(900, 3..12)],
    ) {
        let simple = judged(&closed(&corners)) == Ok(Judged::Simple);
        prop_assert_eq!(simple, is_simple(&corners), "{:?}", corners);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_ground_is_lost_or_won(
        corners in prop_oneof![corners(3, 3..20), corners(200, 3..14), corners(2, 10..60), corners(900, 3..40)],
    ) {
        check_ground(&closed(&corners))?;
    }

    #[test]
    fn nor_in_rings_that_are_a_few_steps_of_the_grid_wide(corners in corners(6, 3..30)) {
        // Three steps to a unit: everything is rounded, and a ring may become nothing; never a panic, never a tangle.
        let ring: Vec<Point> = closed(&corners).iter()
            .map(|p| Point { lat: 10.0 + p.lat * 3.6e-8, lon: 20.0 + p.lon * 3.6e-8 }).collect();
        for ring in rings(&ring).0 {
            prop_assert_eq!(judged(&ring), Ok(Judged::Simple));
        }
    }
}

#[test]
fn the_ground_of_the_usual_mistakes_is_kept() {
    let bow_tie: &[Whole] = &[(0, 0), (12, 12), (0, 12), (12, 0)];
    let star: &[Whole] = &[(0, 0), (10, 4), (0, 8), (6, -2), (6, 10)];
    let touching: &[Whole] = &[(0, 0), (0, 6), (4, 6), (0, 3), (4, 0)];
    let twice: &[Whole] = &[(0, 0), (0, 8), (8, 8), (8, 0), (0, 0), (0, 8), (8, 8), (8, 0)];
    let spike: &[Whole] = &[(0, 0), (0, 8), (8, 8), (20, 8), (8, 8), (8, 0)];
    let keyhole: &[Whole] = &[(0, 0), (0, 9), (9, 9), (9, 0), (0, 0), (3, 3), (6, 3), (6, 6), (3, 6), (3, 3)];
    let eight: &[Whole] = &[(0, 0), (6, 6), (12, 0), (12, 12), (6, 6), (0, 12)];
    for (corners, count) in [(bow_tie, 2), (star, 1), (touching, 2), (twice, 1), (spike, 1), (eight, 2)] {
        let ring = closed(corners);
        assert_eq!(rings(&ring).0.len(), count, "{corners:?}");
        check_ground(&ring).expect("the same ground");
    }
    // The hole stays one: the ground is cut through it.
    let ring = closed(keyhole);
    assert_eq!((rings(&ring).0.len(), winding(&ring, 4.5 / 16.0, 4.5 / 16.0)), (2, 0));
    check_ground(&ring).expect("the same ground");
}

#[test]
fn borders_that_only_come_close_do_not_touch() {
    let near = |gap: f64| {
        [(0.0, 0.0), (0.0, 3.0), (1.0, 3.0), (gap, 1.5), (1.0, 0.0), (0.0, 0.0)].map(|(lat, lon)| Point { lat, lon })
    };
    assert_eq!(judged(&near(f64::MIN_POSITIVE)), Ok(Judged::Simple));
    assert_ne!(judged(&near(0.0)), Ok(Judged::Simple));
    assert_ne!(judged(&near(-1e-300)), Ok(Judged::Simple));
}

#[test]
fn corners_with_up_to_nine_decimals_are_kept_to_the_bit() {
    let corners = [(48.123_456_789, -1.1), (48.3, -1.3), (48.123_456_789, -1.3), (48.3, -1.000_000_001)];
    let ring: Vec<Point> = corners.iter().chain(&corners[..1]).map(|&(lat, lon)| Point { lat, lon }).collect();
    let (read, _) = rings(&ring);
    assert_eq!(read.len(), 2);
    assert!(ring.iter().all(|corner| read.iter().flatten().any(|point| point == corner)), "{read:?}");
}

#[test]
fn a_ring_that_crosses_itself_across_180_degrees_keeps_its_ground_there() {
    let bow_tie = [(-18.0, 179.0), (-16.0, -179.0), (-18.0, -179.0), (-16.0, 179.0), (-18.0, 179.0)];
    let ring = bow_tie.map(|(lat, lon)| Point { lat, lon });
    let (read, _) = rings(&ring);
    assert_eq!(read.len(), 2);
    assert!(read.iter().flatten().all(|point| point.lon.abs() <= 180.0), "{read:?}");
    let straight = |rings: &[Vec<Point>]| -> Vec<Vec<Point>> {
        let shifted = |p: &Point| Point { lon: if p.lon < 0.0 { p.lon + 360.0 } else { p.lon }, ..*p };
        rings.iter().map(|ring| ring.iter().map(shifted).collect()).collect()
    };
    let mut crossed = straight(&[ring.to_vec()]);
    assert_eq!(straight(&read), straight(&rings(&crossed.remove(0)).0));
}

#[test]
fn long_edges_are_parted_so_that_they_go_the_way_they_went() {
    // Twice around the tropics' band, one of them a little higher.
    let band = [(-23.0, -180.0), (-23.0, 180.0), (23.0, 180.0), (30.0, 180.0), (23.0, 180.0), (23.0, -180.0)];
    let ring: Vec<Point> = band.iter().chain(&band[..1]).map(|&(lat, lon)| Point { lat, lon }).collect();
    let (read, _) = rings(&ring);
    let [one] = &read[..] else { panic!("{read:?}") };
    assert!(one.windows(2).all(|ends| (ends[1].lon - ends[0].lon).abs() < 180.0), "{one:?}");
    assert_eq!(winding(one, 0.0, 0.0).abs(), 1);
    assert_eq!(winding(one, 0.0, 179.0).abs(), 1);
}

#[test]
fn what_goes_around_nothing_has_no_rings() {
    for corners in [&[(0, 0), (0, 1), (0, 2)][..], &[(0, 0), (5, 5), (0, 0), (5, 5)], &[(0, 0), (3, 3), (1, 1)]] {
        assert_eq!(rings(&closed(corners)).0, Vec::<Vec<Point>>::new(), "{corners:?}");
    }
    let meridian = [(0.0, 180.0), (0.0, -180.0), (0.0, 180.0), (0.0, 180.0)].map(|(lat, lon)| Point { lat, lon });
    assert_eq!(rings(&meridian).0, Vec::<Vec<Point>>::new());
}

#[test]
fn a_ring_of_many_crossings_is_given_up_in_time() {
    // Every edge crosses nearly every other.
    let burst = |count: i64| -> Vec<Point> {
        let corner = |i: i64| (std::f64::consts::TAU * (i * (count / 2)) as f64 / count as f64).sin_cos();
        (0..=count).map(corner).map(|(lat, lon)| Point { lat, lon }).collect()
    };
    let some = judged(&burst(101));
    assert!(matches!(&some, Ok(Judged::Crossing { mended, .. }) if mended.rings.len() == 1), "{some:?}");
    assert_eq!(judged(&burst(3_001)), Err(Tangled));
}

#[test]
fn a_coast_as_long_as_any_real_one_needs_a_fifth_of_the_work_that_is_allowed() {
    let corner = |i: u32| {
        let angle = std::f64::consts::TAU * f64::from(i % 41_009) / 41_009.0;
        let reach = 5.0 + (angle * 40.0).sin() + 0.01 * (f64::from(i % 41_009) * 0.07).sin();
        Point { lat: 45.0 + reach * angle.sin(), lon: 10.0 + reach * angle.cos() }
    };
    let coast: Vec<Point> = (0..=41_009).map(corner).collect();
    let a_fifth = Limits { ring_pairs_max: RING_PAIRS_MAX / 5, ..Limits::default() };
    assert_eq!(judge(&coast, &mut Work::new(&a_fifth)), Ok(Judged::Simple));
}

#[test]
fn many_lines_through_one_place_are_given_up_in_time() {
    let ends = |k: u32| {
        let angle = std::f64::consts::PI * f64::from(k) / 1_800.0;
        let (lat, lon) = if k.is_multiple_of(2) { angle.sin_cos() } else { (-angle.sin(), -angle.cos()) };
        [Point { lat, lon }, Point { lat: -lat, lon: -lon }]
    };
    let mut ring: Vec<Point> = (0..1_800).flat_map(ends).collect();
    ring.push(ring[0]);
    let mut work = Work::new(&Limits::default());
    assert_eq!(judge(&ring, &mut work), Err(Tangled));
    // Whatever comes after it in the document is not looked at either.
    assert_eq!(judge(&closed(&[(0, 0), (0, 9), (9, 9)]), &mut work), Err(Tangled));
}

#[test]
fn a_hole_too_thin_to_be_cut_is_filled_and_counted() {
    let corners = [
        (0.0, 0.0),
        (0.0, 1.0),
        (1.0, 1.0),
        (1.0, 0.0),
        (0.0, 0.0),
        (0.5, 0.4),
        (0.500_000_001, 0.5),
        (0.5, 0.6),
        (0.5, 0.4),
        (0.0, 0.0),
    ];
    let ring = corners.map(|(lat, lon)| Point { lat, lon });
    let Ok(Judged::Crossing { mended, .. }) = judged(&ring) else { panic!("a keyhole") };
    assert_eq!((mended.rings.len(), mended.filled), (1, 1));
}

#[test]
fn a_hole_whose_first_cut_meets_a_corner_is_cut_elsewhere() {
    let ring = closed(&[
        (0, 0),
        (2, -2),
        (-1, 1),
        (0, 1),
        (-1, -2),
        (-1, 0),
        (1, 0),
        (1, 2),
        (-1, 0),
        (1, 1),
        (-2, -1),
        (1, 0),
        (2, 1),
        (-2, -1),
        (2, -1),
        (-2, 0),
        (0, 1),
    ]);
    let (read, filled) = rings(&ring);
    assert_eq!(filled, 0, "{read:?}");
    let (lat, lon) = (-0.058_333_333, -0.025);
    assert_eq!(winding(&ring, lat, lon), 0);
    assert!(read.iter().all(|ring| winding(ring, lat, lon) == 0));
}
