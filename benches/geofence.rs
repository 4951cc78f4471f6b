//! What a match costs: an invented country's people against alerts from a tornado to a national border.
//!
//! `cargo bench --bench geofence`; `BEFFROI_BENCH_PEOPLE` (10,000,000) chooses how many people there are. First come
//! single figures (memory, loading, changes), then criterion's, which are CPU time too. What is printed is CPU time where it says
//! so (the machine has other work too), and wall time otherwise. A filter that fits nothing leaves the single figures.

use beffroi::audience::{Audience, Builder, Change, Query};
use beffroi::cap::code::Severity;
use beffroi::geo::gazetteer::{Gazetteer, NamedArea};
use beffroi::geo::region::Region;
use beffroi::geo::shape::Shape;
use beffroi::model::family::Family;
use beffroi::model::id::Slot;
use cpu_measurement::Cpu;
use criterion::Criterion;
use land::{Land, Mix};
use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

#[path = "support/cpu.rs"]
mod cpu;
#[path = "support/cpu_measurement.rs"]
mod cpu_measurement;
#[expect(dead_code, reason = "writing alerts out is for other programs")]
#[path = "support/dangers.rs"]
mod dangers;
#[expect(dead_code, reason = "writing places out is for other programs")]
#[path = "support/land.rs"]
mod land;

const PEOPLE: Slot = 10_000_000;
/// Changes in one go, and how often.
const BATCHES: [(usize, usize); 3] = [(1, 2_000), (100, 2_000), (1_000, 1_000)];

fn main() {
    let people = match std::env::var("BEFFROI_BENCH_PEOPLE") {
        Ok(number) => number.parse().expect("BEFFROI_BENCH_PEOPLE is a number"),
        Err(_) => PEOPLE,
    };
    let mut criterion = Criterion::default().with_measurement(Cpu).configure_from_args().sample_size(10);
    for (mix, name) in [(Mix::Points, "points"), (Mix::Mixed, "mixed")] {
        let audience = loaded(name, people, mix);
        matches(&mut criterion, name, &audience);
        changes(&audience, people, mix);
    }
    criterion.final_summary();
}

/// Loads everyone, and says what that took.
fn loaded(name: &str, people: Slot, mix: Mix) -> Audience {
    let before = resident_bytes();
    let audience = Audience::new();
    let areas = land::named_areas().map(|(code, ring)| {
        let region = Region::new(&[vec![ring]]).map(Arc::new);
        NamedArea { code, name: String::new(), population: None, region }
    });
    audience.rename(Arc::new(Gazetteer::new(areas.collect(), [])));
    let mut builder = Builder::new();
    let mut adding = Duration::ZERO;
    // Some at a time, so that making them up is not measured.
    let mut crowd = Land::new().people(people, mix).peekable();
    while crowd.peek().is_some() {
        let some: Vec<_> = crowd.by_ref().take(65_536).collect();
        let begin = cpu_measurement::thread_time();
        some.iter().for_each(|listener| builder.add(listener));
        adding += cpu_measurement::thread_time() - begin;
    }
    let begin = cpu_measurement::wall_time();
    audience.load_built(builder, 1);
    let (snapshot, sorting) = (audience.snapshot(), cpu_measurement::wall_time() - begin);
    let places = snapshot.checksum().places;
    println!("{name}: {people} people, {places} places");
    println!("  {:.1} bytes a place by its own account, {:.1} resident", per(snapshot.bytes(), places), {
        per(resident_bytes().saturating_sub(before), places)
    });
    println!("  added in {:.2} s of CPU time, sorted in {:.2} s", adding.as_secs_f64(), sorting.as_secs_f64());
    let checksum_us = cpu::cpu_us(3, || {
        black_box(snapshot.checksum());
    });
    println!("  checksum: {:.0} ms of CPU time", checksum_us / 1_000.0);
    audience
}

fn matches(criterion: &mut Criterion<Cpu>, name: &str, audience: &Audience) {
    let snapshot = audience.snapshot();
    let mut group = criterion.benchmark_group(name);
    for danger in dangers::all() {
        let shape = Shape::of_areas(std::slice::from_ref(&danger.area)).expect("an area");
        let queries = [("everyone", None), ("weather", Some(Family::Weather))];
        for (asked, family) in queries {
            let query = Query { shape: &shape, family, severity: Severity::Moderate, drill: false };
            let reach = snapshot.find(&query);
            println!("  {}, {asked}: {} inside, {} near", danger.name, reach.inside.len(), reach.near.len());
            let mut times: Vec<f64> =
                (0..9).map(|_| cpu::cpu_us(1, || drop(black_box(snapshot.find(&query))))).collect();
            times.sort_by(f64::total_cmp);
            println!("    {:.3} ms of CPU time, median of 9", times[4] / 1_000.0);
        }
        group.bench_function(danger.name, |bencher| {
            bencher.iter(|| {
                let shape = Shape::of_areas(std::slice::from_ref(&danger.area)).expect("an area");
                snapshot.find(&Query { shape: &shape, family: None, severity: Severity::Unknown, drill: false })
            });
        });
    }
    group.finish();
}

/// Changes in batches of several sizes: what each takes of its own thread and of all, with every merge, and how long
/// the longest batch takes to be visible.
fn changes(audience: &Audience, people: Slot, mix: Mix) {
    let mut land = Land::new();
    let mut slots = land::Numbers::new(7);
    let mut seq = 2;
    for (size, batches) in BATCHES {
        let mut someone = || Change::Upsert(land.person((slots.next() % u64::from(people)) as Slot, mix));
        let made: Vec<Vec<Change>> = (0..batches).map(|_| (0..size).map(|_| someone()).collect()).collect();
        let mut made = made.into_iter();
        let (mut own, mut longest, mut longest_own) = (Duration::ZERO, Duration::ZERO, Duration::ZERO);
        let all_us = cpu::cpu_us(1, || {
            for changes in made.by_ref() {
                let (begin, begin_own) = (cpu_measurement::wall_time(), cpu_measurement::thread_time());
                audience.apply(changes, seq);
                let taken = cpu_measurement::thread_time() - begin_own;
                (own, longest_own) = (own + taken, longest_own.max(taken));
                longest = longest.max(cpu_measurement::wall_time() - begin);
                seq += 1;
            }
            audience.settle();
        });
        let each = |us: f64| us / (size * batches) as f64;
        println!(
            "  {batches} × {size} changes: {:.2} µs of CPU time each, {:.2} with all merges; the longest batch was \
             visible after {:.2} ms of CPU time, {:.2} ms in all",
            each(own.as_secs_f64() * 1e6),
            each(all_us),
            longest_own.as_secs_f64() * 1e3,
            longest.as_secs_f64() * 1e3,
        );
    }
}

fn per(bytes: usize, places: u64) -> f64 {
    bytes as f64 / places as f64
}

/// Memory of this process that is in use, bytes; 0 where the system does not say.
fn resident_bytes() -> usize {
    const PAGE_BYTES: usize = 4_096;
    let told = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    told.split(' ').nth(1).and_then(|pages| pages.parse::<usize>().ok()).unwrap_or(0) * PAGE_BYTES
}
