//! Exact places found by our index and by an R-tree, one JSON line each; `scripts/bench/geofence.py` sets PostGIS beside
//! them.
//!
//! `cargo bench --bench geofence_peers -- --people 1000000 --folder FOLDER` also writes the places and areas there, for
//! engines in other languages. Both ask the same exact test of a candidate; the alert's preparation is part of a match.

use beffroi::audience::points::{Point, Points};
use beffroi::cap::alert::Area;
use beffroi::geo::shape::Shape;
use dangers::Danger;
use land::{Land, Mix, Spot};
use roaring::RoaringBitmap;
use rstar::primitives::GeomWithData;
use rstar::{AABB, RTree};
use std::hint::black_box;
use std::io::{BufWriter, Write};
use std::path::Path;

#[path = "support/cpu.rs"]
mod cpu;
#[expect(dead_code, reason = "the bench of our index alone needs more of it")]
#[path = "support/dangers.rs"]
mod dangers;
#[expect(dead_code, reason = "the bench of our index alone needs more of it")]
#[path = "support/land.rs"]
mod land;

const PEOPLE: usize = 1_000_000;
/// Matches of one engine; the median counts. Engines take turns.
const ROUNDS: usize = 9;

type Tree = RTree<GeomWithData<[f64; 2], u32>>;

fn main() {
    let people = argument("--people").map_or(PEOPLE, |number| number.parse().expect("--people is a number"));
    let spots: Vec<Spot> = Land::new().spots(Mix::Points).take(people).collect();
    if let Some(folder) = argument("--folder") {
        write(Path::new(&folder), &spots).unwrap_or_else(|error| panic!("{folder}: {error}"));
    }
    let places: Vec<Point> = spots.iter().map(|spot| Point { lat: spot.lat, lon: spot.lon, radius_km: 0.0 }).collect();
    let ours = Points::new(&places).expect("places on Earth");
    let leaves = (0..).zip(&places).map(|(number, place)| GeomWithData::new([place.lon, place.lat], number));
    let tree = Tree::bulk_load(leaves.collect());
    for danger in dangers::all() {
        let counts = (found_by_us(&ours, &danger.area).len(), found_by_tree(&tree, &danger.area).len() as u64);
        assert_eq!(counts.0, counts.1, "{}: both find the same", danger.name);
        let (mut of_us, mut of_tree) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            of_us.push(cpu::cpu_us(1, || drop(black_box(found_by_us(&ours, &danger.area)))));
            of_tree.push(cpu::cpu_us(1, || drop(black_box(found_by_tree(&tree, &danger.area)))));
        }
        for (engine, mut figures) in [("beffroi", of_us), ("rstar", of_tree)] {
            figures.sort_by(f64::total_cmp);
            let (name, us, found) = (danger.name, figures[ROUNDS / 2], counts.0);
            println!(
                "{{\"people\":{people},\"danger\":\"{name}\",\"engine\":\"{engine}\",\"us\":{us:.1},\"found\":{found}}}"
            );
        }
    }
}

fn shape(area: &Area) -> Shape {
    Shape::of_areas(std::slice::from_ref(area)).expect("an area")
}

fn found_by_us(places: &Points, area: &Area) -> RoaringBitmap {
    places.find(&shape(area)).inside
}

/// Candidates are those in the rectangle around each of the polygons; one that several hold is found once.
fn found_by_tree(tree: &Tree, area: &Area) -> Vec<u32> {
    let whole = shape(area);
    let mut found = Vec::new();
    for polygon in &area.polygons {
        let corners: Vec<[f64; 2]> = polygon.ring().iter().map(|point| [point.lon, point.lat]).collect();
        let candidates = tree.locate_in_envelope(&AABB::from_points(&corners));
        found.extend(candidates.filter(|leaf| whole.contains(leaf.geom()[1], leaf.geom()[0])).map(|leaf| leaf.data));
    }
    if area.polygons.len() > 1 {
        found.sort_unstable();
        found.dedup();
    }
    found
}

/// What PostgreSQL's COPY reads: `places.txt` (longitude, latitude) and `areas.txt` (name, WKT of each polygon's ring).
fn write(folder: &Path, spots: &[Spot]) -> std::io::Result<()> {
    let mut places = BufWriter::new(std::fs::File::create(folder.join("places.txt"))?);
    for spot in spots {
        writeln!(places, "{}\t{}", spot.lon, spot.lat)?;
    }
    places.flush()?;
    let areas: Vec<String> = dangers::all().iter().flat_map(wkt).collect();
    std::fs::write(folder.join("areas.txt"), areas.concat())
}

fn wkt(danger: &Danger) -> Vec<String> {
    let ring = |points: &[beffroi::cap::alert::Point]| {
        let pairs: Vec<String> = points.iter().map(|point| format!("{} {}", point.lon, point.lat)).collect();
        format!("{}\tPOLYGON(({}))\n", danger.name, pairs.join(","))
    };
    danger.area.polygons.iter().map(|polygon| ring(polygon.ring())).collect()
}

/// What stands behind an argument of this name.
fn argument(name: &str) -> Option<String> {
    std::env::args().skip_while(|argument| argument != name).nth(1)
}
