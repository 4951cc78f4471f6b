//! The index itself against an answer that shares no code with ours: `tests/oracle/index.py` makes alerts and places as
//! citizens follow them, and asks shapely and GeographicLib who is in them. Outside a band of 1 m around a border there
//! is no difference; within it nobody is missed.

use beffroi::audience::{Audience, Change, Query, Reach};
use beffroi::cap::{self, Options, code::Severity};
use beffroi::geo::gazetteer::Gazetteer;
use beffroi::model::family::Families;
use beffroi::model::id::Slot;
use beffroi::model::place::{Altitude, Around, Cell, Drawn, Place, Radius, Step};
use beffroi::model::subscriber::{ChannelKind, Listener};
use roaring::RoaringBitmap;
use serde::Deserialize;
use std::path::Path;
use std::process::Command;

/// In `make test`: the same every time.
const SHORT: &[&str] = &["--seed", "1", "--rounds", "1", "--places", "60"];
/// In `make prove`, with a fresh seed, which a failure tells.
const FULL: &[&str] = &["--rounds", "40", "--places", "200"];

/// As the script says it.
const NO: u8 = 0;
const YES: u8 = 2;

#[derive(Deserialize)]
struct Case {
    label: String,
    alert: String,
    places: Vec<Asked>,
    /// Of each place, whether somebody in it could be in the area.
    inside: Vec<u8>,
    /// Whether somebody could be within its radius.
    reached: Vec<u8>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Asked {
    Cell { step: i64, row: i32, column: i32, radius_km: i64, altitude: Option<i64> },
    Drawn { step: i64, corners: Vec<(i32, i32)> },
}

impl Asked {
    fn place(&self) -> Place {
        let of = |step| Step::from_per_degree(step).expect("a step");
        match self {
            Self::Cell { step, row, column, radius_km, altitude } => Place::Around(Around {
                cell: Cell::new(of(*step), *row, *column).expect("a cell"),
                radius: Radius::from_km(*radius_km).expect("a radius"),
                altitude: altitude.map(|step| Altitude::from_step(step).expect("a height")),
            }),
            Self::Drawn { step, corners } => Place::Drawn(Drawn::new(of(*step), corners.clone()).expect("a polygon")),
        }
    }
}

fn listener(slot: Slot, place: Place) -> Listener {
    Listener {
        slot,
        places: vec![place],
        families: Families::default(),
        drills: false,
        origin: "https://push.example".to_owned(),
        channel: ChannelKind::WebPush,
        language: "fr".to_owned(),
        quiet_hours: None,
    }
}

/// Everyone, of whom some are loaded, some come later, and some were elsewhere before.
fn audience(people: &[Listener]) -> Audience {
    let audience = Audience::new();
    let (loaded, later) = people.split_at(people.len() / 2);
    let moved = loaded.iter().zip(later).map(|(here, there)| Listener { places: there.places.clone(), ..here.clone() });
    audience.load(moved.collect(), 1);
    audience.apply(later.iter().cloned().map(Change::Upsert).collect(), 2);
    audience.apply(loaded.iter().cloned().map(Change::Upsert).collect(), 3);
    audience
}

/// What differs, in words.
fn differences(case: &Case, reach: &Reach) -> Vec<String> {
    let reached = &reach.inside | &reach.near;
    let compare = |what: &str, truth: &[u8], found: &RoaringBitmap| -> Vec<String> {
        let wrong = |(slot, answer): (Slot, &u8)| {
            let fault = match (*answer, found.contains(slot)) {
                (YES, false) => "missed",
                (NO, true) => "found by mistake",
                _ => return None,
            };
            let place = case.places[slot as usize].place();
            Some(format!("{}: {what} {fault}: {place:?}", case.label))
        };
        (0..).zip(truth).filter_map(wrong).collect()
    };
    [compare("inside", &case.inside, &reach.inside), compare("reached", &case.reached, &reached)].concat()
}

#[test]
fn the_index_finds_whom_shapely_and_geographiclib_find() {
    let seed = (u64::from_le_bytes(beffroi::clock::random_bytes()) % 1_000_000_000).to_string();
    let is_proving = std::env::var_os("BEFFROI_PROVE").is_some();
    let arguments = if is_proving { [&["--seed", &seed], FULL].concat() } else { SHORT.to_vec() };
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oracle/index.py");
    let ran = Command::new("python3").arg(script).args(arguments).output();
    let ran = ran.expect("python3 runs: `scripts/setup python` installs it");
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let (mut decisions, mut inside, mut near) = (0, 0, 0);
    let mut wrong = Vec::new();
    for line in String::from_utf8(ran.stdout).expect("text").lines() {
        let case: Case = serde_json::from_str(line).expect("a case");
        let alert = cap::read(case.alert.as_bytes(), &Options::default()).alert.expect(&case.label);
        let shape = Gazetteer::default().ground_of_alert(&alert).shape.expect(&case.label);
        let people: Vec<Listener> =
            (0..).zip(&case.places).map(|(slot, asked)| listener(slot, asked.place())).collect();
        let audience = audience(&people);
        let query = Query { shape: &shape, family: None, severity: Severity::Unknown, drill: false };
        let reach = audience.snapshot().find(&query);
        audience.settle();
        assert_eq!(reach, audience.snapshot().find(&query), "{}: merging changes nothing", case.label);
        decisions += case.places.len();
        inside += reach.inside.len();
        near += reach.near.len();
        wrong.extend(differences(&case, &reach));
    }
    eprintln!("{decisions} places, {inside} inside, {near} near, {} differences", wrong.len());
    assert!(wrong.is_empty(), "{} of {decisions}:\n{}", wrong.len(), wrong[..wrong.len().min(20)].join("\n"));
    assert!(decisions >= 1_000 && inside > 100 && near > 50, "{decisions} places, {inside} inside, {near} near");
}
