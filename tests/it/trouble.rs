//! A database that fails for a moment or has a damaged row, while an alert is being sent.

use crate::support::Database;
use crate::support::alerts::Cap;
use crate::support::crowd::Crowd;
use crate::support::server::assert_adds_up;
use crate::support::wait::until;
use beffroi::store::Db;

/// People whose push service is so slow that something is under way for a while.
const SLOW: (usize, &str) = (300, "delay_ms=50");
const FEW_AT_A_TIME: (&str, &str) = ("push.in_flight_per_origin_max", "16");

/// No batch can be changed while there is a row in `trouble`.
const TROUBLE_SQLITE: &[&str] = &[
    "CREATE TABLE trouble (n BIGINT)",
    "CREATE TRIGGER trouble BEFORE UPDATE ON batch WHEN EXISTS (SELECT 1 FROM trouble) \
     BEGIN SELECT RAISE(ABORT, 'trouble'); END",
];
const TROUBLE_POSTGRES: &[&str] = &[
    "CREATE TABLE trouble (n BIGINT)",
    "CREATE FUNCTION trouble() RETURNS trigger LANGUAGE plpgsql AS \
     $$ BEGIN IF EXISTS (SELECT 1 FROM trouble) THEN RAISE EXCEPTION 'trouble'; END IF; RETURN NEW; END $$",
    "CREATE TRIGGER trouble BEFORE UPDATE ON batch FOR EACH ROW EXECUTE FUNCTION trouble()",
];

async fn execute(db: &Db, sql: &'static str) {
    match db {
        Db::Sqlite { write, .. } => drop(sqlx::query(sql).execute(write).await.expect(sql)),
        Db::Postgres { write, .. } => drop(sqlx::query(sql).execute(write).await.expect(sql)),
    }
}

async fn database_of(crowd: &Crowd) -> Db {
    Db::open(&crowd.server.database_url(), 2).await.expect("the server's database")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_written_down_is_kept_and_nobody_is_told_twice_on_sqlite() {
    unwritten(Database::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_written_down_is_kept_and_nobody_is_told_twice_on_postgresql() {
    unwritten(Database::Postgres).await;
}

async fn unwritten(database: Database) {
    let mut crowd = Crowd::start_as(database, &[FEW_AT_A_TIME], &[SLOW]).await;
    let db = database_of(&crowd).await;
    let trouble = if database == Database::Sqlite { TROUBLE_SQLITE } else { TROUBLE_POSTGRES };
    for sql in trouble {
        execute(&db, sql).await;
    }
    let id = crowd.post(&Cap::new("unwritten")).await;
    crowd.pushed(20).await;
    execute(&db, "INSERT INTO trouble VALUES (1)").await;
    until("the sender to notice", || async {
        crowd.server.errors().contains("could not be written down").then_some(())
    })
    .await;
    execute(&db, "DELETE FROM trouble").await;
    let broadcast = crowd.settled(&id).await;
    assert_adds_up(&broadcast, SLOW.0 as u64);
    assert_eq!(broadcast["accepted"], SLOW.0, "{broadcast}");
    let told = crowd.sandbox.told(&id, "").await;
    assert_eq!((told.people, told.repeats), (SLOW.0, 0), "what was under way was forgotten");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_row_that_does_not_open_keeps_nobody_else_from_being_warned_on_sqlite() {
    damaged(Database::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_row_that_does_not_open_keeps_nobody_else_from_being_warned_on_postgresql() {
    damaged(Database::Postgres).await;
}

async fn damaged(database: Database) {
    let mut crowd = Crowd::start(database, 10).await;
    let db = database_of(&crowd).await;
    let sql = match database {
        Database::Sqlite => "UPDATE subscriber SET sealed = x'0102' WHERE slot = (SELECT MAX(slot) FROM subscriber)",
        Database::Postgres => {
            "UPDATE subscriber SET sealed = '\\x0102' WHERE slot = (SELECT MAX(slot) FROM subscriber)"
        }
    };
    execute(&db, sql).await;
    let id = crowd.post(&Cap::new("damaged")).await;
    let broadcast = crowd.settled(&id).await;
    assert_adds_up(&broadcast, 10);
    assert_eq!((&broadcast["accepted"], &broadcast["rejected"]), (&9.into(), &1.into()), "{broadcast}");
    let said = crowd.server.errors();
    assert!(said.contains("unreadable"), "{said}");
    assert_eq!(said.matches("this is said once").count(), 1, "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_rejected_for_a_fault_of_ours_is_said_once_however_many_it_is() {
    let mut crowd = Crowd::start_with(Database::Sqlite, &[(20, ""), (30, "status=413")]).await;
    let id = crowd.post(&Cap::new("too-large")).await;
    let broadcast = crowd.settled(&id).await;
    assert_eq!((&broadcast["accepted"], &broadcast["rejected"]), (&20.into(), &30.into()), "{broadcast}");
    let said = crowd.server.errors();
    assert!(said.contains("too-large"), "{said}");
    assert_eq!(said.matches("this is said once").count(), 1, "{said}");
}
