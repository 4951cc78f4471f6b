//! Numbers that come in the order of commits, and the log of changed subscribers that audience indexes follow.
//!
//! A counter's row stays locked until the transaction ends, so a transaction that holds number 8 has committed before
//! another one gets 9, on both databases: who has read up to 9 has missed nothing. For the same reason a transaction
//! counts its changes last of all, and holds others up as briefly as it can.

use super::db::{Db, Tx, on_tx};
use super::error::StoreError;
use super::row::{count, narrow};
use super::subscriber::CHANGED;
use crate::model::id::Slot;
use roaring::RoaringBitmap;
use sqlx::QueryBuilder;

/// Rows in one statement.
const ROWS_MAX: usize = 1_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Counter {
    Slot,
    Change,
    /// Imports of named areas.
    Area,
    /// Counts nothing; its lock makes the question "is there an administrator?" one that only one asks at a time.
    Administrator,
}

impl Counter {
    const fn name(self) -> &'static str {
        match self {
            Self::Slot => "slot",
            Self::Change => "change",
            Self::Area => "area",
            Self::Administrator => "administrator",
        }
    }
}

/// Takes so many numbers: the last of them.
pub(super) async fn take(tx: &mut Tx, counter: Counter, how_many: u64) -> Result<i64, StoreError> {
    let last = on_tx!(tx, |conn| sqlx::query_scalar::<_, i64>(
        "UPDATE counter SET value = value + $2 WHERE name = $1 RETURNING value",
    )
    .bind(counter.name())
    .bind(count(how_many))
    .fetch_one(conn)
    .await)?;
    Ok(last)
}

/// How far a counter has come.
pub(super) async fn value(tx: &mut Tx, counter: Counter) -> Result<i64, StoreError> {
    let value = on_tx!(tx, |conn| sqlx::query_scalar::<_, i64>("SELECT value FROM counter WHERE name = $1")
        .bind(counter.name())
        .fetch_one(conn)
        .await)?;
    Ok(value)
}

/// A slot that nobody has had.
pub(super) async fn new_slot(tx: &mut Tx) -> Result<Slot, StoreError> {
    narrow(take(tx, Counter::Slot, 1).await?, "counter.slot")
}

/// Records that these subscribers changed, each under a number of its own. Only the last change of each is kept: an
/// index wants to know what is, not what was, and the table never grows beyond the people. The other nodes are woken
/// when it commits.
pub(super) async fn record_changes(tx: &mut Tx, slots: &RoaringBitmap) -> Result<(), StoreError> {
    if slots.is_empty() {
        return Ok(());
    }
    let last = take(tx, Counter::Change, slots.len()).await?;
    let first = last - count(slots.len()) + 1;
    let changes: Vec<(Slot, i64)> = slots.iter().zip(first..=last).collect();
    for rows in changes.chunks(ROWS_MAX) {
        on_tx!(tx, |conn| {
            let mut query = QueryBuilder::new("INSERT INTO change (slot, seq) ");
            query.push_values(rows, |mut row, (slot, seq)| {
                row.push_bind(i64::from(*slot)).push_bind(*seq);
            });
            query.push(" ON CONFLICT (slot) DO UPDATE SET seq = excluded.seq");
            query.build().execute(conn).await.map(drop)
        })?;
    }
    Db::notify(tx, CHANGED).await
}
