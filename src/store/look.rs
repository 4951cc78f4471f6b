//! A look at a database from outside, without changing it: whether its tables are ours, whole, and what they hold.

use super::db::{Db, on_db};
use super::error::StoreError;
use super::migrate;
use super::row::{narrow, row};
use crate::model::id::Slot;
use std::collections::BTreeSet;

/// The most faults of an SQLite file that are told.
const FAULTS_MAX: usize = 10;

/// How the tables stand beside those of this version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tables {
    /// No table of ours.
    None,
    /// As this version wants them.
    Current,
    /// So many migrations behind: the next start makes them.
    Older { behind: usize },
    /// Migrated by a newer version, which this one cannot work on.
    Newer,
    /// A migration broke off.
    Broken { version: i64 },
}

row! {
    MigrationRow { version: i64, success: bool }
}

/// How the tables stand.
///
/// # Errors
/// The database failed.
pub async fn tables(db: &Db) -> Result<Tables, StoreError> {
    let there = match db {
        Db::Sqlite { read, .. } => {
            sqlx::query_scalar::<_, i64>("SELECT COUNT(*) FROM sqlite_schema WHERE name = '_sqlx_migrations'")
                .fetch_one(read)
                .await?
        }
        Db::Postgres { read, .. } => {
            sqlx::query_scalar::<_, i64>("SELECT COUNT(*) FROM pg_tables WHERE tablename = '_sqlx_migrations'")
                .fetch_one(read)
                .await?
        }
    };
    if there == 0 {
        return Ok(Tables::None);
    }
    let sql = "SELECT version, success FROM _sqlx_migrations ORDER BY version";
    let made = on_db!(db, |pool| sqlx::query_as::<_, MigrationRow>(sql).fetch_all(pool).await)?;
    if let Some(broken) = made.iter().find(|row| !row.success) {
        return Ok(Tables::Broken { version: broken.version });
    }
    let made: BTreeSet<i64> = made.iter().map(|row| row.version).collect();
    let ours: BTreeSet<i64> = migrate::versions().collect();
    if !made.is_subset(&ours) {
        return Ok(Tables::Newer);
    }
    Ok(match ours.difference(&made).count() {
        0 => Tables::Current,
        behind => Tables::Older { behind },
    })
}

/// What SQLite finds wrong with its file (`PRAGMA quick_check`); nothing on PostgreSQL.
///
/// # Errors
/// The database failed.
pub async fn faults(db: &Db) -> Result<Vec<String>, StoreError> {
    let Db::Sqlite { read, .. } = db else { return Ok(Vec::new()) };
    let lines = sqlx::query_scalar::<_, String>("PRAGMA quick_check(10)").fetch_all(read).await?;
    Ok(lines.into_iter().filter(|line| line != "ok").take(FAULTS_MAX).collect())
}

/// The clock of the database's machine, milliseconds since 1970; `None` on SQLite, whose machine is ours.
///
/// # Errors
/// The database failed.
pub async fn clock_ms(db: &Db) -> Result<Option<i64>, StoreError> {
    let Db::Postgres { read, .. } = db else { return Ok(None) };
    let sql = "SELECT (EXTRACT(EPOCH FROM clock_timestamp()) * 1000)::bigint";
    Ok(Some(sqlx::query_scalar::<_, i64>(sql).fetch_one(read).await?))
}

row! {
    OriginRow { origin: String, people: i64 }
}

/// The push services of those who are subscribed, and how many that are, the most first.
///
/// # Errors
/// The database failed.
pub async fn origins(db: &Db, most: u32) -> Result<Vec<(String, u64)>, StoreError> {
    let sql = "SELECT origin, COUNT(*) AS people FROM subscriber WHERE gone_ms IS NULL GROUP BY origin \
               ORDER BY people DESC, origin LIMIT $1";
    let rows = on_db!(db, |pool| sqlx::query_as::<_, OriginRow>(sql).bind(i64::from(most)).fetch_all(pool).await)?;
    rows.into_iter().map(|row| Ok((row.origin, narrow(row.people, "subscriber")?))).collect()
}

/// Someone who is subscribed, if anyone is.
///
/// # Errors
/// The database failed.
pub async fn anyone(db: &Db) -> Result<Option<Slot>, StoreError> {
    let sql = "SELECT slot FROM subscriber WHERE gone_ms IS NULL ORDER BY slot LIMIT 1";
    let slot = on_db!(db, |pool| sqlx::query_scalar::<_, i64>(sql).fetch_optional(pool).await)?;
    slot.map(|slot| narrow(slot, "subscriber.slot")).transpose()
}
