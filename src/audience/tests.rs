//! The index against the plainest scan there is.

use super::*;
use crate::cap::alert::{Area, Circle, Point, Polygon};
use crate::geo::code::AreaCode;
use crate::geo::gazetteer::{Gazetteer, NamedArea};
use crate::geo::region::Region;
use crate::geo::shape::{Block, Named, Relation};
use crate::model::family::Families;
use crate::model::place::{Altitude, Around, Cell, Drawn, Place, Radius, Step};
use crate::model::subscriber::{ChannelKind, QuietHours};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use std::collections::BTreeMap;

pub(super) fn cases(cases: u32) -> ProptestConfig {
    // `make prove` looks further, and elsewhere each time.
    let (cases, rng_seed) = match std::env::var_os("BEFFROI_PROVE") {
        Some(_) => (cases * 50, RngSeed::Random),
        None => (cases, RngSeed::Fixed(8_030)),
    };
    ProptestConfig { cases, rng_seed, failure_persistence: None, ..ProptestConfig::default() }
}

fn area(polygons: Vec<Polygon>, circles: Vec<Circle>) -> Area {
    let area_desc = "a test area".to_owned();
    Area { area_desc, polygons, circles, geocodes: Vec::new(), altitude_ft: None, ceiling_ft: None }
}

fn circle(lat: f64, lon: f64, radius_km: f64) -> Shape {
    let center = Point { lat, lon };
    Shape::of_areas(&[area(Vec::new(), vec![Circle { center, radius_km }])]).expect("it lies somewhere")
}

fn place(step: Step, lat: f64, lon: f64, km: i64) -> Place {
    let radius = Radius::from_km(km).expect("a radius");
    Place::Around(Around { cell: Cell::containing(step, lat, lon).expect("a cell"), radius, altitude: None })
}

fn listener(slot: Slot, places: Vec<Place>) -> Listener {
    let origin = format!("https://push{}.example", slot % 3);
    let families = Families::default();
    let (channel, language) = (ChannelKind::WebPush, "fr".to_owned());
    Listener { slot, places, families, drills: false, origin, channel, language, quiet_hours: None }
}

fn everyone(shape: &Shape) -> Query<'_> {
    Query { shape, family: None, severity: Severity::Unknown, drill: false }
}

fn relation(shape: &Shape, place: &Place) -> Relation {
    match place {
        Place::Around(around) => {
            let span = around.altitude.map(Altitude::span_m);
            let there = span.map_or_else(|| Some(shape.clone()), |(low, high)| shape.at_altitude(low, high));
            match there {
                Some(shape) if shape.touches_cell(around.cell) => Relation::Inside,
                Some(shape) if shape.within(around.cell, around.radius.m()) => Relation::Near,
                _ => Relation::Apart,
            }
        }
        Place::Drawn(drawn) => {
            let region = Region::new(&[vec![drawn.points()]]).expect("it lies somewhere");
            if shape.touches_region(&region) { Relation::Inside } else { Relation::Apart }
        }
        Place::Named(code) => {
            let gazetteer = gazetteer();
            let region = gazetteer.get(code).and_then(|area| area.region.as_ref());
            let is_reached = region.is_some_and(|region| shape.reaches_named(code, region));
            if is_reached || shape.named().any(|name| name == code) { Relation::Inside } else { Relation::Apart }
        }
    }
}

/// Squares here and there; nobody told where 25 is, and nobody knows 50.
fn gazetteer() -> Gazetteer {
    let area = |(nth, km): (usize, &u8)| {
        let (south, west) = if nth % 2 == 0 { (50.0, 2.4) } else { (-17.3, 179.6) };
        let at = |up: f64, right: f64| Point { lat: south + 0.2 * nth as f64 + up, lon: west + right };
        let ring = vec![at(0.0, 0.0), at(0.0, 0.6), at(0.3, 0.6), at(0.3, 0.0)];
        let region = (*km < 25).then(|| Arc::new(Region::new(&[vec![ring]]).expect("a square")));
        NamedArea { code: AreaCode::new("INVENTED", &km.to_string()), name: String::new(), population: None, region }
    };
    Gazetteer::new(Radius::ALL_KM.iter().filter(|km| **km < 50).enumerate().map(area).collect(), [])
}

/// The meaning of a match, spelled out: every place of every listener is asked.
fn scan(listeners: &[Listener], query: &Query<'_>) -> Reach {
    let mut reach = Reach::default();
    for listener in listeners {
        let wants = match query.family {
            Some(family) if query.severity != Severity::Unknown => {
                listener.families.lowest(family).is_some_and(|lowest| query.severity <= lowest)
            }
            Some(_) | None => true,
        };
        if !wants || (query.drill && !listener.drills) {
            continue;
        }
        let relations: Vec<Relation> = listener.places.iter().map(|place| relation(query.shape, place)).collect();
        if relations.contains(&Relation::Inside) {
            reach.inside.insert(listener.slot);
        } else if relations.contains(&Relation::Near) {
            reach.near.insert(listener.slot);
        }
    }
    reach
}

fn checksum(people: &[Listener]) -> Checksum {
    people.iter().fold(Checksum::default(), |mut all, listener| {
        all += Checksum::of(listener);
        all
    })
}

/// Around one town, across ±180°, and anywhere.
fn places() -> impl Strategy<Value = Place> {
    let town = |lat: f64, lon: f64| {
        (-0.7..0.7_f64, -0.7..0.7_f64)
            .prop_map(move |(up, right)| (lat + up, (lon + right + 180.0).rem_euclid(360.0) - 180.0))
    };
    let points = prop_oneof![6 => town(50.6, 3.0), 3 => town(-17.0, 180.0), 1 => (-90.0..90.0_f64, -180.0..180.0_f64)];
    let radii = prop::sample::select(Radius::ALL_KM.to_vec());
    let altitudes = prop_oneof![3 => Just(None), 1 => (-1..30_i64).prop_map(Altitude::from_step)];
    let kinds = prop_oneof![8 => Just(0_u8), 2 => Just(1), 1 => Just(2)];
    (points, prop::sample::select(Step::ALL.to_vec()), radii, altitudes, kinds).prop_map(
        |((lat, lon), step, km, altitude, kind)| {
            let Place::Around(around) = place(step, lat, lon, i64::from(km)) else { unreachable!("made so") };
            match kind {
                0 => Place::Around(Around { altitude, ..around }),
                1 => hexagon(around.cell, 4 + i32::from(around.radius.km()) * i32::from(step.per_degree()) / 180),
                _ => Place::Named(AreaCode::new("INVENTED", &format!("{km}"))),
            }
        },
    )
}

/// Drawn around a cell, or as near to it as fits on the Earth.
fn hexagon(cell: Cell, size: i32) -> Place {
    let rows = 90 * i32::from(cell.step().per_degree());
    let (row, column) = (cell.row().clamp(2 * size - rows, rows - 2 * size), cell.column());
    let column = column.clamp(2 * size - 2 * rows, 2 * rows - 2 * size);
    let corners = [(-2, -1), (-2, 1), (0, 2), (2, 1), (2, -1), (0, -2)];
    let corners = corners.map(|(up, right)| (row + up * size, column + right * size));
    Place::Drawn(Drawn::new(cell.step(), corners.to_vec()).expect("a hexagon"))
}

fn severities() -> impl Strategy<Value = Severity> {
    prop::sample::select(Severity::ALL.to_vec())
}

fn families() -> impl Strategy<Value = Families> {
    let chosen = prop::sample::select(Severity::ALL[..4].to_vec());
    prop::collection::btree_map(prop::sample::select(Family::ALL.to_vec()), chosen, 0..6)
        .prop_map(|wanted| Families::new(wanted).expect("none of them unknown"))
}

/// None, or one of a few.
fn quiet_hours() -> impl Strategy<Value = Option<QuietHours>> {
    let hours = |kind: u8| format!("2{kind}:00:00/07:30:00 Europe/Paris").parse().expect("quiet hours");
    prop::option::of((0..3_u8).prop_map(hours))
}

fn listeners(slots: std::ops::Range<Slot>) -> impl Strategy<Value = Listener> {
    (slots, prop::collection::vec(places(), 1..4), families(), any::<bool>(), quiet_hours()).prop_map(
        |(slot, places, families, drills, quiet_hours)| Listener {
            families,
            drills,
            quiet_hours,
            ..listener(slot, places)
        },
    )
}

pub(super) fn shapes() -> impl Strategy<Value = Shape> {
    let centre = prop_oneof![Just((50.6, 3.0)), Just((-17.0, 180.0))];
    let corners = prop::collection::vec((-0.8..0.8_f64, -0.8..0.8_f64), 3..9);
    let circles = prop::collection::vec((-0.8..0.8_f64, -0.8..0.8_f64, 0.0..40.0_f64), 0..2);
    let heights = prop::option::of((0.0..6_000.0_f64, 0.0..4_000.0_f64));
    let named = prop::option::of(prop::sample::select(Radius::ALL_KM.to_vec()));
    (centre, corners, circles, heights, named).prop_map(|((lat, lon), mut corners, circles, heights, named)| {
        corners.push(corners[0]);
        let at = |up: f64, right: f64| Point { lat: lat + up, lon: lon + right };
        let ring: Vec<Point> = corners.into_iter().map(|(up, right)| at(up, right)).collect();
        let circles = circles.into_iter().map(|(up, right, radius_km)| Circle { center: at(up, right), radius_km });
        let polygons = vec![Polygon::new(ring.clone()).expect("closed")];
        let (altitude_ft, ceiling_ft) = (heights.map(|(low, _)| low), heights.map(|(low, more)| low + more));
        let drawn = Area { altitude_ft, ceiling_ft, ..area(polygons, Vec::new()) };
        let rest = area(Vec::new(), circles.collect());
        let square = [(1.0, 1.0), (1.0, 1.2), (1.2, 1.2), (1.0, 1.0)].map(|(up, right)| at(up, right)).to_vec();
        let region = Arc::new(Region::new(&[vec![square]]).expect("a triangle"));
        let named = named.map(|km| Named { code: AreaCode::new("INVENTED", &format!("{km}")), region });
        let blocks =
            [(&drawn, None), (&rest, named)].map(|(area, named)| Block { area, named: named.into_iter().collect() });
        Shape::of_blocks(blocks).expect("it lies somewhere")
    })
}

fn changes() -> impl Strategy<Value = Change> {
    prop_oneof![3 => listeners(0..400).prop_map(Change::Upsert), 1 => (0..400_u32).prop_map(Change::Remove)]
}

/// Enough people for a layer that small changes are not merged into; the changes touch some of them.
fn crowd() -> Vec<Listener> {
    let share = |index: u32, stride: f64| (f64::from(index) * stride).fract() * 1.4 - 0.7;
    let place = |i: u32| {
        let km = i64::from(Radius::ALL_KM[i as usize % 7]);
        place(Step::ALL[i as usize % 3], 50.6 + share(i, 0.618_034), 3.0 + share(i, 0.754_878), km)
    };
    (300..1_800).map(|slot| listener(slot, vec![place(slot)])).collect()
}

/// Who is there in the end.
fn replay(before: &[Listener], changes: &[Change]) -> Vec<Listener> {
    let mut people: BTreeMap<Slot, Listener> =
        before.iter().map(|listener| (listener.slot, listener.clone())).collect();
    for change in changes {
        match change {
            Change::Upsert(listener) => people.insert(listener.slot, listener.clone()),
            Change::Remove(slot) => people.remove(slot),
        };
    }
    people.into_values().collect()
}

proptest! {
    #![proptest_config(cases(60))]

    #[test]
    fn the_index_finds_exactly_who_a_scan_finds(
        changes in prop::collection::vec(changes(), 1..600), batch in 1..200_usize, shape in shapes(),
        family in prop::option::of(prop::sample::select(Family::ALL.to_vec())), severity in severities(), drill: bool,
        crowded: bool, settled: bool,
    ) {
        let audience = Audience::new();
        audience.rename(Arc::new(gazetteer()));
        let before = if crowded { crowd() } else { Vec::new() };
        audience.load(before.clone(), 1);
        for (seq, batch) in (2..).zip(changes.chunks(batch)) {
            audience.apply(batch.to_vec(), seq);
        }
        if settled {
            audience.settle();
        }
        let people = replay(&before, &changes);
        let snapshot = audience.snapshot();
        let query = Query { shape: &shape, family, severity, drill };
        let reach = snapshot.find(&query);
        prop_assert_eq!(&reach, &scan(&people, &query));
        prop_assert!(reach.inside.is_disjoint(&reach.near));
        prop_assert_eq!(snapshot.len(), people.len() as u64);
        prop_assert_eq!(snapshot.checksum(), checksum(&people));
        for (origin, slots) in snapshot.by_origin(&(0..2_000).collect()) {
            let meant: RoaringBitmap = people.iter().filter(|l| l.origin == origin).map(|l| l.slot).collect();
            prop_assert_eq!(slots, meant);
        }
        let mut resting: BTreeMap<QuietHours, RoaringBitmap> = BTreeMap::new();
        for listener in &people {
            if let Some(hours) = &listener.quiet_hours {
                resting.entry(hours.clone()).or_default().insert(listener.slot);
            }
        }
        prop_assert_eq!(snapshot.by_quiet_hours(&(0..2_000).collect()), resting.into_iter().collect::<Vec<_>>());
    }

    #[test]
    fn changes_of_different_people_may_come_in_any_order(
        people in prop::collection::vec(places(), 1..300), shape in shapes(), split in 1..50_usize,
    ) {
        let upserts: Vec<Change> = (0..).zip(people).map(|(slot, place)| Change::Upsert(listener(slot, vec![place]))).collect();
        let reach = |order: Vec<Change>| {
            let audience = Audience::new();
            order.chunks(split).for_each(|batch| audience.apply(batch.to_vec(), 1));
            audience.snapshot().find(&everyone(&shape))
        };
        prop_assert_eq!(reach(upserts.iter().rev().cloned().collect()), reach(upserts));
    }
}

#[test]
fn an_alert_of_many_parts_reaches_whom_a_scan_finds_across_180_and_at_the_pole_too() {
    let share = |nth: u32, stride: f64| (f64::from(nth) * stride).fract() * 2.0 - 1.0;
    let towns = [(50.6, 3.0), (-17.0, 179.9), (88.5, 20.0)];
    let near = |nth: u32, wide: f64| {
        let (lat, lon) = towns[nth as usize % 3];
        (lat + wide * share(nth, 0.618_034), lon + wide * share(nth, 0.754_878))
    };
    let polygons = (0..90).map(|nth| {
        let (lat, lon) = near(nth, 1.2);
        let size = 0.02 + 0.1 * share(nth, 0.327).abs();
        let corners = [(-1.0, -1.0), (-1.0, 1.0), (0.2, 0.1), (1.0, 0.0), (-1.0, -1.0)];
        let at = |(up, right): (f64, f64)| Point { lat: lat + size * up, lon: lon + size * right };
        Polygon::new(corners.map(at).to_vec()).expect("closed")
    });
    let to_the_pole = [(89.0, 100.0), (89.0, 101.0), (90.0, 100.5), (89.0, 100.0)];
    let to_the_pole = Polygon::new(to_the_pole.map(|(lat, lon)| Point { lat, lon }).to_vec()).expect("closed");
    let circles = (90..120).map(|nth| {
        let (lat, lon) = near(nth, 1.0);
        Circle { center: Point { lat, lon }, radius_km: 6.0 * share(nth, 0.411).abs() }
    });
    let all = area(polygons.chain([to_the_pole]).collect(), circles.collect());
    let shape = Shape::of_areas(&[all]).expect("it lies somewhere");
    let people: Vec<Listener> = (0..6_000)
        .map(|slot| {
            let (lat, lon) = if slot % 20 == 2 { (89.99, share(slot, 0.57) * 180.0) } else { near(slot, 1.4) };
            let (step, km) = (Step::ALL[slot as usize / 3 % 3], Radius::ALL_KM[slot as usize / 9 % 7]);
            listener(slot, vec![place(step, lat, (lon + 180.0).rem_euclid(360.0) - 180.0, i64::from(km))])
        })
        .collect();
    let wanted = scan(&people, &everyone(&shape));
    assert!(wanted.inside.len() > 300 && wanted.near.len() > 300, "{} {}", wanted.inside.len(), wanted.near.len());
    let audience = Audience::new();
    audience.load(people, 1);
    assert_eq!(audience.snapshot().find(&everyone(&shape)), wanted);
}

#[test]
fn inside_by_one_place_wins_over_near_by_another() {
    let shape = circle(50.6, 3.0, 5.0);
    let near = place(Step::Fine, 50.6, 3.1, 10);
    let inside = place(Step::Medium, 50.6, 3.0, 0);
    let audience = Audience::new();
    audience.load(
        vec![listener(1, vec![near.clone(), inside.clone()]), listener(2, vec![near]), listener(3, vec![inside])],
        1,
    );
    let reach = audience.snapshot().find(&everyone(&shape));
    assert_eq!((reach.inside, reach.near), ([1, 3].into(), [2].into()));
}

#[test]
fn what_someone_chose_decides_unless_family_or_severity_is_unknown() {
    let shape = circle(50.6, 3.0, 5.0);
    let wanted = BTreeMap::from([(Family::Weather, Severity::Severe)]);
    let here = listener(1, vec![place(Step::Medium, 50.6, 3.0, 0)]);
    let audience = Audience::new();
    audience.load(vec![Listener { families: Families::new(wanted).expect("a choice"), ..here }], 1);
    let asked = |family, severity, drill| {
        let query = Query { shape: &shape, family, severity, drill };
        !audience.snapshot().find(&query).inside.is_empty()
    };
    assert!(asked(Some(Family::Weather), Severity::Extreme, false));
    assert!(asked(Some(Family::Weather), Severity::Severe, false));
    assert!(!asked(Some(Family::Weather), Severity::Moderate, false));
    assert!(!asked(Some(Family::Roads), Severity::Extreme, false));
    assert!(asked(Some(Family::Roads), Severity::Unknown, false));
    assert!(asked(None, Severity::Minor, false));
    assert!(!asked(None, Severity::Minor, true));
}

#[test]
fn a_snapshot_stays_as_it_was_taken() {
    let shape = circle(50.6, 3.0, 5.0);
    let here = |slot| listener(slot, vec![place(Step::Medium, 50.6, 3.0, 0)]);
    let audience = Audience::new();
    audience.load(vec![here(1), here(2)], 7);
    let before = audience.snapshot();
    audience.apply(vec![Change::Remove(1), Change::Upsert(here(3))], 9);
    let after = audience.snapshot();
    assert_eq!((before.seq(), before.len(), after.seq(), after.len()), (7, 2, 9, 2));
    assert_eq!(before.find(&everyone(&shape)).inside, [1, 2].into());
    assert_eq!(after.find(&everyone(&shape)).inside, [2, 3].into());
    audience.load(Vec::new(), 10);
    assert!(audience.snapshot().is_empty() && audience.snapshot().find(&everyone(&shape)) == Reach::default());
}

#[test]
fn people_are_split_by_push_service_and_strangers_left_out() {
    let audience = Audience::new();
    audience.load((0..5).map(|slot| listener(slot, vec![place(Step::Medium, 50.6, 3.0, 0)])).collect(), 1);
    let moved = Listener { origin: "https://push1.example".to_owned(), ..listener(0, Vec::new()) };
    audience.apply(vec![Change::Upsert(moved), Change::Remove(3)], 2);
    let split = audience.snapshot().by_origin(&[0, 1, 2, 3, 99].into());
    let origin =
        |number: u32, slots: &[Slot]| (format!("https://push{number}.example"), slots.iter().copied().collect());
    assert_eq!(split, [origin(1, &[0, 1]), origin(2, &[2])]);
}

#[test]
fn large_merges_happen_behind_the_back_of_matches_and_changes_and_lose_nobody() {
    let shape = circle(50.6, 3.0, 200.0);
    let here = |slot: Slot| {
        let at = f64::from(slot % 991) / 991.0;
        listener(
            slot,
            vec![place(Step::ALL[slot as usize % 3], 50.1 + at, 3.0, i64::from(Radius::ALL_KM[slot as usize % 7]))],
        )
    };
    let audience = Audience::new();
    audience.load((0..40_000).map(here).collect(), 1);
    for (seq, first) in (2..).zip((0..60_000).step_by(500)) {
        let changes = (first..first + 500)
            .map(|slot| if slot % 5 == 0 { Change::Remove(slot) } else { Change::Upsert(here(slot)) });
        audience.apply(changes.collect(), seq);
    }
    let people: Vec<Listener> = (0..60_000).filter(|slot| slot % 5 != 0).map(here).collect();
    for settled in [false, true] {
        let snapshot = audience.snapshot();
        assert_eq!((snapshot.len(), snapshot.seq()), (48_000, 121));
        assert_eq!(snapshot.find(&everyone(&shape)).inside.len(), 48_000);
        assert_eq!(snapshot.checksum(), checksum(&people));
        if !settled {
            audience.settle();
            let settled = audience.snapshot();
            assert!(settled.layers().len() <= 4 && settled.due(0, u64::MAX).is_none(), "there are few layers now");
        }
    }
}

/// Writers move everyone at once from one town to another; whoever reads finds all of them in one and none in the other.
#[test]
fn readers_see_whole_changes_only() {
    const PEOPLE: Slot = 2_000;
    let (north, south) = (circle(60.0, 3.0, 5.0), circle(40.0, 3.0, 5.0));
    let everyone_at = |lat: f64| (0..PEOPLE).map(move |slot| listener(slot, vec![place(Step::Medium, lat, 3.0, 0)]));
    let audience = Audience::new();
    audience.load(everyone_at(60.0).collect(), 0);
    let is_over = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        let readers: Vec<_> = (0..3)
            .map(|_| {
                scope.spawn(|| {
                    let mut read = 0_u32;
                    while read < 5 || !is_over.load(std::sync::atomic::Ordering::Relaxed) {
                        let snapshot = audience.snapshot();
                        let found = [&north, &south].map(|shape| snapshot.find(&everyone(shape)).inside.len());
                        let all = u64::from(PEOPLE);
                        let wanted = if snapshot.seq() % 2 == 0 { [all, 0] } else { [0, all] };
                        assert_eq!((found, snapshot.len()), (wanted, all), "at change {}", snapshot.seq());
                        read += 1;
                    }
                })
            })
            .collect();
        for seq in 1..=12 {
            let lat = if seq % 2 == 0 { 60.0 } else { 40.0 };
            audience.apply(everyone_at(lat).map(Change::Upsert).collect(), seq);
        }
        is_over.store(true, std::sync::atomic::Ordering::Relaxed);
        readers.into_iter().for_each(|reader| reader.join().expect("no reader saw half a change"));
    });
}

#[test]
fn whoever_is_loaded_twice_is_as_they_were_the_second_time() {
    let shape = circle(50.6, 3.0, 5.0);
    let mut builder = Builder::new();
    builder.add(&listener(1, vec![place(Step::Medium, 50.6, 3.0, 0)]));
    builder.add(&listener(2, vec![place(Step::Medium, 50.6, 3.0, 0)]));
    builder.add(&listener(1, vec![place(Step::Medium, 40.0, 3.0, 0)]));
    let audience = Audience::new();
    audience.load_built(builder, 4);
    let snapshot = audience.snapshot();
    assert_eq!((snapshot.len(), snapshot.seq()), (2, 4));
    assert_eq!(snapshot.find(&everyone(&shape)).inside, [2].into());
}
