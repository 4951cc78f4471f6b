//! Who is reached, against an answer that shares no code with ours: `tests/oracle` asks `beffroi match` and, on shapes of
//! our own, shapely and GeographicLib, on real ones PostGIS, and counts. Outside a band of 1 m around a border (grown by a place's radius) there is no difference;
//! within it nobody is missed.

use crate::support::postgres::FreshDatabase;
use crate::support::shared::shared_or_return;
use serde_json::Value;
use std::path::Path;
use std::process::Command;

/// What one run of `tests/oracle/oracle.py` decides, in `make test`: the same every time.
const SHORT: &[&str] = &["--seed", "1", "--rounds", "2", "--places", "400", "--cells", "20"];
/// In `make prove`, with a fresh seed, which a failure tells.
const FULL: &[&str] = &["--rounds", "60", "--places", "850", "--cells", "50"];
/// What must have been decided then.
const FULL_DECISIONS_MIN: u64 = 1_000_000;

const POSTGIS_SHORT: &[&str] = &["--seed", "1", "--alerts", "12", "--places", "2000"];

/// Runs an oracle. What it counted, whether it is content, and its words.
fn ask(script: &str, arguments: &[&str]) -> (Value, bool, String) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oracle");
    let ran = Command::new("python3")
        .arg(folder.join(script))
        .arg(env!("CARGO_BIN_EXE_beffroi"))
        .args(arguments)
        .output()
        .expect("python3 runs: `scripts/setup python` installs it");
    let words = String::from_utf8_lossy(&ran.stderr).into_owned();
    let line = String::from_utf8_lossy(&ran.stdout).into_owned();
    (serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}{words}")), ran.status.success(), words)
}

#[test]
fn shapely_and_geographiclib_agree_on_who_is_reached() {
    let seed = fresh_seed();
    let arguments = if proving() { [&["--seed", &seed], FULL].concat() } else { SHORT.to_vec() };
    let (counted, content, words) = ask("oracle.py", &arguments);
    eprintln!("{counted}");
    assert!(content, "{counted}\n{words}");
    assert_eq!(counted["refused"], 0, "{words}");
    let least = if proving() { FULL_DECISIONS_MIN } else { 10_000 };
    let count = |name: &str| counted[name].as_u64().expect("a count");
    assert!(count("decisions") >= least, "{counted}");
    // Both answers are asked for often enough to mean something.
    let (reached, others) = (count("reached"), count("decisions") - count("reached") - count("band"));
    assert!(reached * 10 > count("decisions") && others * 10 > count("decisions"), "{counted}");
}

fn proving() -> bool {
    std::env::var_os("BEFFROI_PROVE").is_some()
}

fn fresh_seed() -> String {
    (u64::from_le_bytes(beffroi::clock::random_bytes()) % 1_000_000_000).to_string()
}

/// In `make test` some alerts and places, the same every time; in `make prove` all alerts and 100,000 places each.
#[tokio::test]
async fn postgis_agrees_on_who_real_alerts_reach() {
    let corpus = shared_or_return!().join("corpus");
    let database = FreshDatabase::create().await;
    let (corpus, url) = (corpus.to_str().expect("a text").to_owned(), database.url());
    let asking = tokio::task::spawn_blocking(move || {
        let seed = fresh_seed();
        let size = if proving() { ["--seed", &seed, "--places", "100000"].to_vec() } else { POSTGIS_SHORT.to_vec() };
        ask("postgis.py", &[&["--corpus", &corpus, "--database", &url], &size[..]].concat())
    });
    let (counted, content, words) = asking.await.expect("the task does not panic");
    eprintln!("{counted}");
    assert!(content, "{counted}\n{words}");
    let count = |name: &str| counted[name].as_u64().expect("a count");
    assert!(count("refused") * 2 < count("alerts"), "{counted}\n{words}");
    // PostGIS is the judge: where it errs is rare.
    assert!(count("asked_again") * 100_000 <= count("decisions"), "{counted}");
    assert!(count("reached") * 20 > count("decisions"), "{counted}");
}

/// Each with the kinds of shapes that could show it.
#[test]
fn a_planted_mistake_is_noticed() {
    for (mistake, kinds) in [
        ("last_polygon_dropped", &["many_areas", "side_by_side_at_180"][..]),
        ("circle_as_planar_ring", &["circles"]),
        ("circle_as_box", &["circles"]),
        ("hole_ignored", &["holes"]),
        ("only_one_side_of_180", &["at_180"]),
    ] {
        for kind in kinds {
            let size = ["--seed", "1", "--rounds", "2", "--places", "200", "--cells", "0"];
            let (counted, content, words) =
                ask("oracle.py", &[&size[..], &["--kind", kind, "--mistake", mistake]].concat());
            let wrong = counted["wrong"].as_u64().expect("a count");
            assert!(!content && wrong > 0, "{mistake} in {kind} is not noticed: {counted}\n{words}");
        }
    }
}
