//! What reading everyone from the database costs: places a second, beside a bare `SELECT` of the same rows.
//!
//! `cargo bench --bench load -- [PEOPLE] [DATABASE-URL]` fills a throw-away SQLite file (or an empty database of that
//! address) with so many people, and then reads them in turns.

use beffroi::audience::{Audience, Builder};
use beffroi::cap::code::Severity;
use beffroi::clock::{Clock, random_id};
use beffroi::geo::code::AreaCode;
use beffroi::model::family::{Families, Family};
use beffroi::model::id::SubscriberId;
use beffroi::model::place::{Around, Cell, Drawn, Place, Radius, Step};
use beffroi::model::subscriber::{Channel, Listener, Preferences, WebPushChannel};
use beffroi::store::subscriber::{self, NewSubscriber};
use beffroi::store::{Db, Vault};
use futures_util::TryStreamExt;
use jiff::Timestamp;

#[path = "support/cpu.rs"]
mod cpu;

const PEOPLE: u64 = 350_000;
/// Readings of each kind; the quickest counts, as the machine has other work too.
const ROUNDS: usize = 5;
/// People stored in one transaction.
const STORED_AT_ONCE: u64 = 5_000;
const CONNECTIONS: u32 = 8;
const ORIGINS: [&str; 4] = [
    "https://fcm.googleapis.com",
    "https://updates.push.services.mozilla.com",
    "https://web.push.apple.com",
    "https://wns2-par02p.notify.windows.com",
];
const LANGUAGES: [&[&str]; 4] = [&["fr", "en"], &["en"], &["nl-BE", "fr"], &["de"]];

fn main() {
    // Whoever runs all benches gives options of criterion, such as `--bench`.
    let mut arguments = std::env::args().skip(1).filter(|argument| !argument.starts_with('-'));
    let people = arguments.next().map_or(PEOPLE, |people| people.parse().expect("how many people"));
    let folder = tempfile::tempdir().expect("a folder");
    let url = arguments.next().unwrap_or_else(|| format!("sqlite://{}", folder.path().join("load.db").display()));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    let db = runtime.block_on(Db::open(&url, CONNECTIONS)).expect("a database");
    let places = runtime.block_on(fill(&db, people));
    println!("{people} people, {places} places");

    let bare = measure("bare SELECT, row by row", places, || runtime.block_on(bare(&db)));
    let read = measure("read into listeners", places, || {
        let mut count = 0;
        runtime.block_on(subscriber::everyone(&db, |listener| count += listener.places.len())).expect("reads");
        count
    });
    let load = measure("read into the index", places, || {
        let (audience, mut builder, mut count) = (Audience::new(), Builder::new(), 0);
        let take = |listener: &Listener| {
            count += listener.places.len();
            builder.add(listener);
        };
        let seq = runtime.block_on(subscriber::everyone(&db, take)).expect("reads");
        audience.load_built(builder, seq);
        assert_eq!(audience.snapshot().len(), people);
        count
    });
    println!("reading takes {:.2} of the time of the bare SELECT, with the index {:.2}", read / bare, load / bare);
    let changed = measure("changes, 10,000 a call", places, || runtime.block_on(changes(&db)));
    println!("changes take {:.2} of the time of the bare SELECT", changed / bare);
}

/// The quickest of several readings, seconds. Each says how many places it read.
fn measure(what: &str, places: usize, mut read: impl FnMut() -> usize) -> f64 {
    let clock = Clock::system();
    let (mut best, mut best_cpu_s) = (f64::INFINITY, f64::INFINITY);
    for _ in 0..ROUNDS {
        let begin = clock.monotonic();
        let cpu_us = cpu::cpu_us(1, || assert_eq!(read(), places, "{what}"));
        best = best.min(clock.monotonic().duration_since(begin).as_secs_f64());
        best_cpu_s = best_cpu_s.min(cpu_us / 1e6);
    }
    let speed = places as f64 / best;
    println!("{what}: {best:.3} s ({best_cpu_s:.3} s of CPU time), {speed:.0} places a second");
    best
}

/// Every row with what matching needs of it, and nothing done with it. Places are counted by their brackets.
async fn bare(db: &Db) -> usize {
    let sql = "SELECT slot, families, drills, origin, places, languages, channel FROM subscriber WHERE gone_ms IS NULL";
    type Row = (i64, String, i64, String, String, String, String);
    let opening = |row: &Row| row.4.matches(['[', '{']).count() - 1 - 7 * row.4.matches("corners").count();
    let mut places = 0;
    match db {
        Db::Sqlite { read, .. } => {
            let mut rows = sqlx::query_as::<_, Row>(sql).fetch(read);
            while let Some(row) = rows.try_next().await.expect("a row") {
                places += opening(&row);
            }
        }
        Db::Postgres { read, .. } => {
            let mut rows = sqlx::query_as::<_, Row>(sql).fetch(read);
            while let Some(row) = rows.try_next().await.expect("a row") {
                places += opening(&row);
            }
        }
    }
    places
}

async fn changes(db: &Db) -> usize {
    let (mut places, mut seq) = (0, 0);
    loop {
        let (changed, last) = subscriber::changes_since(db, seq).await.expect("reads");
        if changed.is_empty() {
            return places;
        }
        places += changed.iter().flat_map(|(_, listener)| listener).map(|one| one.places.len()).sum::<usize>();
        seq = last;
    }
}

async fn fill(db: &Db, people: u64) -> usize {
    let vault = Vault::from_key([7; 32]);
    let mut places = 0;
    let mut number = 0;
    while number < people {
        let mut tx = db.begin().await.expect("begins");
        for _ in 0..STORED_AT_ONCE.min(people - number) {
            let new = person(number);
            places += new.preferences.places.len();
            subscriber::create(&mut tx, &vault, &new).await.expect("stores");
            number += 1;
        }
        tx.commit().await.expect("commits");
    }
    places
}

/// 43 of 100 have a second place; one in 100 draws one, three in 100 follow a named area; six chose by themselves.
fn person(number: u64) -> NewSubscriber {
    // Spreads people evenly, and not in the order of their slots.
    let mixed = number.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 20;
    let origin = ORIGINS[(mixed % 4) as usize];
    let mut endpoint = format!("{origin}/fcm/send/{}:{}", random_id(), random_id());
    endpoint.push_str(&"A".repeat(100));
    let mut auth = [0; 16];
    auth[..8].copy_from_slice(&number.to_le_bytes());
    let languages = LANGUAGES[(mixed / 7 % 4) as usize].iter().map(|tag| (*tag).to_owned()).collect();
    let families = if mixed % 100 < 6 {
        Families::new([(Family::Weather, Severity::Moderate), (Family::Roads, Severity::Severe)].into()).expect("known")
    } else {
        Families::default()
    };
    let mut secret_hash = [0; 32];
    secret_hash[..8].copy_from_slice(&number.to_be_bytes());
    NewSubscriber {
        id: SubscriberId(random_id()),
        secret_hash,
        channel: Channel::WebPush(WebPushChannel { endpoint, p256dh: [4; 65], auth }),
        origin: origin.to_owned(),
        preferences: Preferences {
            places: places(mixed),
            families,
            languages,
            quiet_hours: None,
            drills: mixed.is_multiple_of(50),
            discreet: false,
            consent: "2026-11".to_owned(),
        },
        created: Timestamp::UNIX_EPOCH,
    }
}

fn places(mixed: u64) -> Vec<Place> {
    let around = |mixed: u64| {
        let (row, column) = (7_000 + (mixed % 3_000) as i32, (mixed / 3_000 % 4_000) as i32 - 1_000);
        let cell = Cell::new(Step::Medium, row, column).expect("a cell");
        let km = [0, 0, 0, 2, 5, 10][(mixed / 11 % 6) as usize];
        Place::Around(Around { cell, radius: Radius::from_km(km).expect("a radius"), altitude: None })
    };
    let first = match mixed % 100 {
        0 => {
            let (row, column) = (7_000 + (mixed / 100 % 3_000) as i32, (mixed / 5 % 4_000) as i32);
            let ring = [(0, 0), (0, 9), (4, 12), (9, 9), (9, 0), (4, -3)];
            let corners = ring.iter().map(|(up, right)| (row + up, column + right)).collect();
            Place::Drawn(Drawn::new(Step::Medium, corners).expect("a polygon"))
        }
        1..4 => Place::Named(AreaCode::new("INSEE", &format!("{:05}", mixed / 100 % 36_000))),
        _ => around(mixed),
    };
    let second = (mixed / 100 % 100 < 43).then(|| around(mixed / 13 + 1));
    std::iter::once(first).chain(second).collect()
}
