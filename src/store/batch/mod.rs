//! Batches: planned once, claimed by one sender at a time, counted so that no recipient is ever lost.
//!
//! The counts stand beside the bitmaps and change in the same `UPDATE`; the database itself refuses a row whose counts
//! do not add up. `open` batches may be claimed, `done`, `stopped` and `expired` ones never again.

mod claim;
mod lease;
mod told;

pub use claim::{NEXT_DUE_SQL, WAITING_SQL, Waiting, claim, next_due, others_sending_to, waiting};
pub use lease::{Change, Standing, checkpoint, finish, hold, hold_what_is_free, put_back, release_all};
pub use told::told;

use super::broadcast::tier_number;
use super::db::{Db, Tx, on_db, on_tx};
use super::error::StoreError;
use super::row::{bits, count, known, ms, narrow, row, set, time};
use crate::model::batch::{Batch, Progress, Rest, Ring};
use crate::model::id::{AlertId, BatchId, BroadcastId, ChainId};
use crate::model::outcome::Ledger;
use crate::model::tier::Tier;
use futures_util::TryStreamExt;
use jiff::Timestamp;
use roaring::RoaringBitmap;
use sqlx::AssertSqlSafe;

row! {
    BatchRow {
        id: String, broadcast: String, chain: String, message: i64, about: Option<String>, origin: String, tier: i64,
        ring: i64, quiet: i64, hours: Option<String>, not_before_ms: i64, expires_ms: i64, attempts: i64, todo_bits: Vec<u8>, started_bits: Vec<u8>,
        accepted_bits: Vec<u8>, gone_bits: Vec<u8>, rejected_bits: Vec<u8>, withdrawn_bits: Vec<u8>,
        token: i64,
    }
}

impl BatchRow {
    fn read(self) -> Result<Batch, StoreError> {
        Ok(Batch {
            id: self.id.into(),
            broadcast: self.broadcast.into(),
            chain: self.chain.into(),
            message: narrow(self.message, "batch.message")?,
            about: self.about.map(AlertId),
            origin: self.origin,
            tier: known(Tier::from_index(self.tier), "batch.tier")?,
            ring: known(Ring::from_index(self.ring), "batch.ring")?,
            quiet: self.quiet != 0,
            hours: self.hours.map(|text| known(text.parse().ok(), "batch.hours")).transpose()?,
            not_before: time(self.not_before_ms, "batch.not_before_ms")?,
            expires: time(self.expires_ms, "batch.expires_ms")?,
            todo: set(&self.todo_bits, "batch.todo_bits")?,
            progress: Progress {
                started: set(&self.started_bits, "batch.started_bits")?,
                accepted: set(&self.accepted_bits, "batch.accepted_bits")?,
                gone: set(&self.gone_bits, "batch.gone_bits")?,
                rejected: set(&self.rejected_bits, "batch.rejected_bits")?,
                withdrawn: set(&self.withdrawn_bits, "batch.withdrawn_bits")?,
                ..Progress::default()
            },
            attempts: narrow(self.attempts, "batch.attempts")?,
        })
    }
}

/// Stores a broadcast's batches, all open and free.
///
/// # Errors
/// The database failed, or a broadcast is unknown.
pub async fn insert_many(tx: &mut Tx, batches: &[Batch]) -> Result<(), StoreError> {
    for batch in batches {
        insert(tx, batch).await?;
    }
    Ok(())
}

/// Stores one batch, open and free, of whom nobody has an outcome yet; some may have been started.
async fn insert(tx: &mut Tx, batch: &Batch) -> Result<(), StoreError> {
    on_tx!(tx, |conn| sqlx::query(
        "INSERT INTO batch (id, broadcast, chain, message, origin, tier, ring, not_before_ms, expires_ms, state, \
         attempts, token, todo_bits, started_bits, accepted_bits, gone_bits, rejected_bits, withdrawn_bits, \
         targeted, accepted, gone, rejected, expired, stopped, withdrawn, waiting, quiet, hours, about) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'open', $14, 0, $10, $13, $11, $11, $11, $11, \
         $12, 0, 0, 0, 0, 0, 0, $12, $15, $16, $17)",
    )
    .bind(batch.id.as_str())
    .bind(batch.broadcast.as_str())
    .bind(batch.chain.as_str())
    .bind(i64::from(batch.message))
    .bind(&batch.origin)
    .bind(tier_number(batch.tier))
    .bind(batch.ring.index())
    .bind(ms(batch.not_before))
    .bind(ms(batch.expires))
    .bind(bits(&batch.todo))
    .bind(bits(&RoaringBitmap::new()))
    .bind(count(batch.todo.len()))
    .bind(bits(&batch.progress.started))
    .bind(i64::from(batch.attempts))
    .bind(i64::from(batch.quiet))
    .bind(batch.hours.as_ref().map(ToString::to_string))
    .bind(batch.about.as_ref().map(AlertId::as_str))
    .execute(conn)
    .await
    .map(drop))?;
    Ok(())
}

/// A batch as it stands.
///
/// # Errors
/// The database failed.
pub async fn get(db: &Db, id: &BatchId) -> Result<Option<Batch>, StoreError> {
    let row = on_db!(db, |pool| sqlx::query_as::<_, BatchRow>("SELECT * FROM batch WHERE id = $1")
        .bind(id.as_str())
        .fetch_optional(pool)
        .await)?;
    row.map(BatchRow::read).transpose()
}

/// Closes what is still open of a broadcast, leased batches too, and returns how many batches that were. Everyone
/// without an outcome counts as stopped or expired; a sender that had begun with some of them may still report those
/// (see [`Standing::Closed`]).
///
/// # Errors
/// The database failed.
pub async fn close_open(tx: &mut Tx, broadcast: &BroadcastId, rest: Rest) -> Result<u64, StoreError> {
    let sql = AssertSqlSafe(format!(
        "UPDATE batch SET state = $2, waiting = 0, \
         stopped = CASE WHEN $2 = 'stopped' THEN waiting ELSE 0 END, \
         expired = CASE WHEN $2 = 'expired' THEN waiting ELSE 0 END \
         WHERE state = 'open' AND id IN \
         (SELECT id FROM batch WHERE broadcast = $1 AND state = 'open' ORDER BY id {})",
        tx.dialect().locked()
    ));
    let rows = on_tx!(tx, |conn| sqlx::query(sql)
        .bind(broadcast.as_str())
        .bind(rest.as_str())
        .execute(conn)
        .await
        .map(|done| done.rows_affected()))?;
    Ok(rows)
}

/// Closes every open batch whose text is no longer valid, leased ones too, and returns their broadcasts, each once.
///
/// # Errors
/// The database failed.
pub async fn expire_due(tx: &mut Tx, now: Timestamp) -> Result<Vec<BroadcastId>, StoreError> {
    let sql = AssertSqlSafe(format!(
        "UPDATE batch SET state = 'expired', expired = waiting, waiting = 0 WHERE state = 'open' AND id IN \
         (SELECT id FROM batch WHERE state = 'open' AND expires_ms <= $1 ORDER BY id {}) RETURNING broadcast",
        tx.dialect().locked()
    ));
    let mut broadcasts = on_tx!(tx, |conn| sqlx::query_scalar::<_, String>(sql).bind(ms(now)).fetch_all(conn).await)?;
    broadcasts.sort_unstable();
    broadcasts.dedup();
    Ok(broadcasts.into_iter().map(BroadcastId).collect())
}

row! {
    LedgerRow {
        targeted: i64, accepted: i64, gone: i64, rejected: i64, expired: i64, stopped: i64, withdrawn: i64,
        waiting: i64,
    }
}

/// Where everyone of a broadcast stands. It adds up at any moment.
///
/// # Errors
/// The database failed.
pub async fn ledger(db: &Db, broadcast: &BroadcastId) -> Result<Ledger, StoreError> {
    // PostgreSQL sums bigints into numeric, and the sum of no rows is NULL.
    let row = on_db!(db, |pool| sqlx::query_as::<_, LedgerRow>(
        "SELECT CAST(COALESCE(SUM(targeted), 0) AS BIGINT) AS targeted, \
         CAST(COALESCE(SUM(accepted), 0) AS BIGINT) AS accepted, \
         CAST(COALESCE(SUM(gone), 0) AS BIGINT) AS gone, \
         CAST(COALESCE(SUM(rejected), 0) AS BIGINT) AS rejected, \
         CAST(COALESCE(SUM(expired), 0) AS BIGINT) AS expired, \
         CAST(COALESCE(SUM(stopped), 0) AS BIGINT) AS stopped, \
         CAST(COALESCE(SUM(withdrawn), 0) AS BIGINT) AS withdrawn, \
         CAST(COALESCE(SUM(waiting), 0) AS BIGINT) AS waiting \
         FROM batch WHERE broadcast = $1",
    )
    .bind(broadcast.as_str())
    .fetch_one(pool)
    .await)?;
    Ok(Ledger {
        targeted: narrow(row.targeted, "batch.targeted")?,
        accepted: narrow(row.accepted, "batch.accepted")?,
        gone: narrow(row.gone, "batch.gone")?,
        rejected: narrow(row.rejected, "batch.rejected")?,
        expired: narrow(row.expired, "batch.expired")?,
        stopped: narrow(row.stopped, "batch.stopped")?,
        withdrawn: narrow(row.withdrawn, "batch.withdrawn")?,
        waiting: narrow(row.waiting, "batch.waiting")?,
    })
}

/// How many people a broadcast has at each push service and tier, whatever became of them.
///
/// # Errors
/// The database failed.
pub async fn services(db: &Db, broadcast: &BroadcastId) -> Result<Vec<(String, Tier, u64)>, StoreError> {
    let rows = on_db!(db, |pool| sqlx::query_as::<_, (String, i64, i64)>(
        "SELECT origin, tier, CAST(SUM(targeted) AS BIGINT) FROM batch WHERE broadcast = $1 GROUP BY origin, tier",
    )
    .bind(broadcast.as_str())
    .fetch_all(pool)
    .await)?;
    let read = |(origin, tier, people)| {
        Ok((origin, known(Tier::from_index(tier), "batch.tier")?, narrow(people, "batch.targeted")?))
    };
    rows.into_iter().map(read).collect()
}

/// Everyone whom any broadcast of the chain reached: a push service took it, or it may have been begun.
///
/// # Errors
/// The database failed.
pub async fn reached(db: &Db, chain: &ChainId) -> Result<RoaringBitmap, StoreError> {
    let mut reached = RoaringBitmap::new();
    on_db!(db, |pool| {
        let mut rows =
            sqlx::query_as::<_, (Vec<u8>, Vec<u8>)>("SELECT started_bits, accepted_bits FROM batch WHERE chain = $1")
                .bind(chain.as_str())
                .fetch(pool);
        while let Some((started, accepted)) = rows.try_next().await? {
            reached |= set(&started, "batch.started_bits")?;
            reached |= set(&accepted, "batch.accepted_bits")?;
        }
    });
    Ok(reached)
}

/// Everyone whom a broadcast reached or still will: whose push was accepted, and who waits in an open batch.
///
/// # Errors
/// The database failed.
pub async fn spoken_for(db: &Db, broadcast: &BroadcastId) -> Result<RoaringBitmap, StoreError> {
    let mut all = RoaringBitmap::new();
    on_db!(db, |pool| {
        let mut rows = sqlx::query_as::<_, WaitingRow>(
            "SELECT state, todo_bits, accepted_bits, gone_bits, rejected_bits, withdrawn_bits FROM batch \
             WHERE broadcast = $1",
        )
        .bind(broadcast.as_str())
        .fetch(pool);
        while let Some(row) = rows.try_next().await? {
            if row.state == "open" {
                let settled = set(&row.gone_bits, "batch.gone_bits")?
                    | set(&row.rejected_bits, "batch.rejected_bits")?
                    | set(&row.withdrawn_bits, "batch.withdrawn_bits")?;
                all |= set(&row.todo_bits, "batch.todo_bits")? - settled;
            }
            all |= set(&row.accepted_bits, "batch.accepted_bits")?;
        }
    });
    Ok(all)
}

/// Everyone for whom a broadcast was planned before, inside and near, whatever became of them.
///
/// # Errors
/// The database failed.
pub async fn planned_for(db: &Db, broadcast: &BroadcastId) -> Result<(RoaringBitmap, RoaringBitmap), StoreError> {
    let (mut inside, mut near) = (RoaringBitmap::new(), RoaringBitmap::new());
    on_db!(db, |pool| {
        let mut rows = sqlx::query_as::<_, (i64, Vec<u8>)>("SELECT ring, todo_bits FROM batch WHERE broadcast = $1")
            .bind(broadcast.as_str())
            .fetch(pool);
        while let Some((ring, todo)) = rows.try_next().await? {
            let todo = set(&todo, "batch.todo_bits")?;
            match known(Ring::from_index(ring), "batch.ring")? {
                Ring::Inside => inside |= todo,
                Ring::Near => near |= todo,
            }
        }
    });
    Ok((inside, near))
}

row! {
    WaitingRow {
        state: String, todo_bits: Vec<u8>, accepted_bits: Vec<u8>, gone_bits: Vec<u8>, rejected_bits: Vec<u8>,
        withdrawn_bits: Vec<u8>,
    }
}
