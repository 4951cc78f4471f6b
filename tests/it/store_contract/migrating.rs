//! A database of an older version, with people in it, is brought to this one, and nobody is lost.

use super::given::listeners;
use crate::support::database::empty;
use beffroi::model::place::{Around, Cell, Place, Radius, Step};
use beffroi::store::Db;
use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, PgPool, SqlSafeStr, SqlitePool};
use std::str::FromStr;

/// The last migration before places went to stand with their people.
const BEFORE_PLACES: i64 = 5;
/// The migrations up to 0005, as the program that had them carried them.
fn older(database: &str) -> Migrator {
    let folder = format!("{}/migrations/{database}", env!("CARGO_MANIFEST_DIR"));
    let mut names: Vec<String> = std::fs::read_dir(&folder)
        .expect("the folder of migrations")
        .map(|entry| entry.expect("an entry").file_name().into_string().expect("a name"))
        .collect();
    names.sort();
    let step = |name: String| {
        let version: i64 = name[..4].parse().expect("a number");
        let sql = std::fs::read_to_string(format!("{folder}/{name}")).expect("a migration");
        let name = name.trim_end_matches(".sql").to_owned();
        let sql = AssertSqlSafe(sql).into_sql_str();
        Migration::new(version, name.into(), MigrationType::Simple, sql, false)
    };
    Migrator::with_migrations(names.into_iter().map(step).filter(|step| step.version <= BEFORE_PLACES).collect())
}

/// Three people: the first with two places, the second with none, the third with one.
fn people(name: &str) -> Vec<String> {
    let blob = |byte: u8| if name == "sqlite" { format!("X'{byte:02x}'") } else { format!("'\\x{byte:02x}'::bytea") };
    let person = |slot: u8| {
        format!(
            "INSERT INTO subscriber (slot, id, secret_hash, endpoint_hash, auth_hash, sealed, origin, families, \
             languages, drills, discreet, consent, created_ms, channel_ms) VALUES ({slot}, 'p{slot}', {hash}, {hash}, \
             {hash}, {hash}, 'https://push.example', '{{\"weather\":\"Minor\"}}', '[\"fr\"]', 0, 0, '1', 0, 0)",
            hash = blob(slot),
        )
    };
    let place = |slot: u8, row: u16, radius_km: u8| {
        let columns = "slot, step, cell_row, cell_column, radius_km";
        format!("INSERT INTO place ({columns}) VALUES ({slot}, 720, {row}, 20, {radius_km})")
    };
    let mut all: Vec<String> = (1..=3).map(person).collect();
    all.extend([place(1, 100, 5), place(1, 200, 0), place(3, 300, 25)]);
    all.extend((1..=3).map(|slot| format!("INSERT INTO change (slot, seq) VALUES ({slot}, {slot})")));
    all.push("UPDATE counter SET value = 3 WHERE name = 'change'".to_owned());
    all
}

#[tokio::test]
async fn people_of_an_older_version_keep_their_places() {
    for (name, guard) in empty().await {
        if name == "sqlite" {
            let options = SqliteConnectOptions::from_str(&guard.url()).expect("an address").create_if_missing(true);
            let pool = SqlitePool::connect_with(options).await.expect("a file");
            older(name).run(&pool).await.expect("the older version's tables");
            for sql in people(name) {
                sqlx::query(AssertSqlSafe(sql)).execute(&pool).await.expect("inserts");
            }
            pool.close().await;
        } else {
            let pool = PgPool::connect(&guard.url()).await.expect("a database");
            older(name).run(&pool).await.expect("the older version's tables");
            for sql in people(name) {
                sqlx::query(AssertSqlSafe(sql)).execute(&pool).await.expect("inserts");
            }
            pool.close().await;
        }
        let db = Db::open(&guard.url(), 2).await.expect("it is brought to this version");
        let (listeners, seq) = listeners(&db).await;
        let cell = |row, km| {
            let cell = Cell::new(Step::Fine, row, 20).expect("a cell");
            Place::Around(Around { cell, radius: Radius::from_km(km).expect("a radius"), altitude: None })
        };
        let held: Vec<_> = listeners.into_iter().map(|one| (one.slot, one.places)).collect();
        let want = [(1, vec![cell(100, 5), cell(200, 0)]), (2, vec![]), (3, vec![cell(300, 25)])];
        assert_eq!((held, seq), (want.to_vec(), 3), "{name}");
    }
}
