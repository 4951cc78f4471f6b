//! What a match costs: an invented country's people against alerts from a tornado to a national border.
//!
//! `cargo bench --bench geofence`; `BEFFROI_BENCH_PEOPLE` (10,000,000) chooses how many people there are. First come
//! single figures (memory, loading, changes), then criterion's. What is printed is CPU time of one thread where it says
//! so, and wall time otherwise.

use beffroi::audience::{Audience, Builder, Change, Query};
use beffroi::cap::code::Severity;
use beffroi::geo::shape::Shape;
use beffroi::model::family::Family;
use beffroi::model::id::Slot;
use criterion::{Criterion, black_box};
use land::{Land, Mix};
use std::time::{Duration, Instant};

#[path = "support/cpu.rs"]
mod cpu;
#[path = "support/dangers.rs"]
mod dangers;
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
    let mut criterion = Criterion::default().configure_from_args().sample_size(10);
    for (mix, name) in [(Mix::Points, "points"), (Mix::Mixed, "mixed")] {
        let audience = loaded(name, people, mix);
        matches(&mut criterion, name, &audience);
        changes(name, &audience, people, mix);
    }
    criterion.final_summary();
}

/// Loads everyone, and says what that took.
fn loaded(name: &str, people: Slot, mix: Mix) -> Audience {
    let before = resident_bytes();
    let audience = Audience::new();
    let mut builder = Builder::new();
    let mut adding = Duration::ZERO;
    // Some at a time, so that making them up is not measured.
    let mut crowd = Land::new().people(people, mix).peekable();
    while crowd.peek().is_some() {
        let some: Vec<_> = crowd.by_ref().take(65_536).collect();
        let begin = Instant::now();
        some.iter().for_each(|listener| builder.add(listener));
        adding += begin.elapsed();
    }
    let begin = Instant::now();
    audience.load_built(builder, 1);
    let (snapshot, sorting) = (audience.snapshot(), begin.elapsed());
    let places = snapshot.checksum().places;
    println!("{name}: {people} people, {places} places");
    println!("  {:.1} bytes a place by its own account, {:.1} resident", per(snapshot.bytes(), places), {
        per(resident_bytes().saturating_sub(before), places)
    });
    println!("  added in {:.2} s, sorted in {:.2} s", adding.as_secs_f64(), sorting.as_secs_f64());
    println!("  checksum: {:.0} ms of CPU time", cpu::cpu_us(1, || drop(black_box(snapshot.checksum()))) / 1_000.0);
    audience
}

fn matches(criterion: &mut Criterion, name: &str, audience: &Audience) {
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

/// Changes in batches of several sizes: what each change takes, and how long the longest batch takes to be visible.
fn changes(name: &str, audience: &Audience, people: Slot, mix: Mix) {
    let mut land = Land::new();
    let mut seq = 2;
    for (size, batches) in BATCHES {
        let (mut taken, mut longest) = (Duration::ZERO, Duration::ZERO);
        let mut slots = land::Numbers::new(7);
        let begin_cpu = Instant::now();
        for _ in 0..batches {
            let changes: Vec<Change> = (0..size)
                .map(|_| Change::Upsert(land.person((slots.next() % u64::from(people)) as Slot, mix)))
                .collect();
            let begin = Instant::now();
            audience.apply(changes, seq);
            let one = begin.elapsed();
            (taken, longest) = (taken + one, longest.max(one));
            seq += 1;
        }
        let settling = Instant::now();
        audience.settle();
        println!(
            "  {name}: {batches} × {size} changes: {:.2} µs each, the longest batch visible after {:.2} ms; \
             {:.0} ms until all was merged, {:.1} s in all",
            taken.as_secs_f64() * 1e6 / (size * batches) as f64,
            longest.as_secs_f64() * 1e3,
            settling.elapsed().as_secs_f64() * 1e3,
            begin_cpu.elapsed().as_secs_f64(),
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
