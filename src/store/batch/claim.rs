//! What waits to be sent: found without reading what cannot be sent now, and taken by one node at a time.

use super::super::broadcast::tier_number;
use super::super::db::{Db, Tx, on_db, on_tx};
use super::super::error::StoreError;
use super::super::row::{known, ms, narrow, row, time_if};
use super::BatchRow;
use crate::model::batch::{Lease, Ring};
use crate::model::tier::Tier;
use jiff::Timestamp;
use sqlx::AssertSqlSafe;

/// The most places that [`waiting`] names, the most urgent first.
const PLACES_MAX: i64 = 4_096;

/// The push services of each tier that have open batches, one step in the index for each, however many batches those
/// have.
macro_rules! lanes {
    () => {
        "WITH RECURSIVE lane(tier, origin) AS (\
         SELECT tiers.tier, \
         (SELECT MIN(batch.origin) FROM batch WHERE batch.state = 'open' AND batch.tier = tiers.tier) \
         FROM (SELECT 0 AS tier UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3) AS tiers \
         UNION ALL SELECT lane.tier, (SELECT MIN(batch.origin) FROM batch WHERE batch.state = 'open' \
         AND batch.tier = lane.tier AND batch.origin > lane.origin) FROM lane WHERE lane.origin IS NOT NULL), \
         ring(ring) AS (SELECT 0 UNION ALL SELECT 1) "
    };
}

/// Asked of each batch by itself: joined, the database might as well begin with the broadcasts and read all they have.
macro_rules! sending {
    () => {
        "(SELECT broadcast.state FROM broadcast WHERE broadcast.id = batch.broadcast) = 'sending' "
    };
}

/// What [`waiting`] asks; `$1` is the time in milliseconds, `$2` the most rows. No row of a push service is read but
/// those that are due, and of those none after the first that is free.
pub const WAITING_SQL: &str = concat!(
    lanes!(),
    "SELECT CAST(lane.tier AS BIGINT) AS tier, CAST(ring.ring AS BIGINT) AS ring, lane.origin AS origin \
     FROM lane CROSS JOIN ring WHERE lane.origin IS NOT NULL AND \
     (SELECT 1 FROM batch WHERE batch.state = 'open' AND batch.tier = lane.tier AND batch.origin = lane.origin \
     AND batch.ring = ring.ring AND batch.not_before_ms <= $1 AND batch.expires_ms > $1 \
     AND (batch.owner IS NULL OR batch.lease_until_ms <= $1) AND ",
    sending!(),
    "ORDER BY batch.not_before_ms, batch.id LIMIT 1) IS NOT NULL \
     ORDER BY lane.tier, ring.ring, lane.origin LIMIT $2"
);

/// What [`next_due`] asks; `$1` is the time in milliseconds. Of each push service the first is read that is not yet due,
/// and everything that is leased.
pub const NEXT_DUE_SQL: &str = concat!(
    lanes!(),
    "SELECT MIN(due_ms) FROM (SELECT (SELECT batch.not_before_ms FROM batch WHERE batch.state = 'open' \
     AND batch.tier = lane.tier AND batch.origin = lane.origin AND batch.ring = ring.ring \
     AND batch.not_before_ms > $1 AND batch.expires_ms > $1 AND ",
    sending!(),
    "ORDER BY batch.not_before_ms, batch.id LIMIT 1) AS due_ms \
     FROM lane CROSS JOIN ring WHERE lane.origin IS NOT NULL \
     UNION ALL SELECT MIN(batch.lease_until_ms) FROM batch WHERE batch.state = 'open' AND batch.owner IS NOT NULL \
     AND batch.lease_until_ms > $1 AND ",
    sending!(),
    ") AS due"
);

/// Where a batch can be claimed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    pub tier: Tier,
    pub ring: Ring,
    /// The push service.
    pub origin: String,
}

row! {
    WaitingRow { tier: i64, ring: i64, origin: String }
}

/// Where batches may be sent now: the most urgent tier first, then inside before near. Ask it outside of the transaction
/// that claims them. Times are alert times.
///
/// # Errors
/// The database failed.
pub async fn waiting(db: &Db, now: Timestamp) -> Result<Vec<Waiting>, StoreError> {
    let rows = on_db!(db, |pool| sqlx::query_as::<_, WaitingRow>(WAITING_SQL)
        .bind(ms(now))
        .bind(PLACES_MAX)
        .fetch_all(pool)
        .await)?;
    let read = |row: WaitingRow| {
        Ok(Waiting {
            tier: known(Tier::from_index(row.tier), "batch.tier")?,
            ring: known(Ring::from_index(row.ring), "batch.ring")?,
            origin: row.origin,
        })
    };
    rows.into_iter().map(read).collect()
}

/// Takes the batch there that was due first and may be sent now. It must be free, or its lease must have run out; its
/// broadcast must be sending and its text valid. Any number of nodes may claim at once: none waits for another and no
/// batch is given twice. Times are alert times.
///
/// # Errors
/// The database failed.
pub async fn claim(
    tx: &mut Tx,
    place: &Waiting,
    now: Timestamp,
    owner: &str,
    lease_until: Timestamp,
) -> Result<Option<Lease>, StoreError> {
    let sql = format!(
        concat!(
            "UPDATE batch SET owner = $2, lease_until_ms = $3, token = token + 1 \
             WHERE state = 'open' AND (owner IS NULL OR lease_until_ms <= $1) AND id = \
             (SELECT batch.id FROM batch WHERE batch.state = 'open' AND batch.tier = $4 AND batch.origin = $5 \
             AND batch.ring = $6 AND batch.not_before_ms <= $1 AND batch.expires_ms > $1 \
             AND (batch.owner IS NULL OR batch.lease_until_ms <= $1) AND ",
            sending!(),
            "ORDER BY batch.not_before_ms, batch.id LIMIT 1 {}) RETURNING *"
        ),
        tx.dialect().batches_nobody_holds()
    );
    let row = on_tx!(tx, |conn| sqlx::query_as::<_, BatchRow>(AssertSqlSafe(sql))
        .bind(ms(now))
        .bind(owner)
        .bind(ms(lease_until))
        .bind(tier_number(place.tier))
        .bind(&place.origin)
        .bind(place.ring.index())
        .fetch_optional(conn)
        .await)?;
    row.map(|row| Ok(Lease { token: row.token, batch: row.read()? })).transpose()
}

/// How many other nodes hold batches of a push service now.
///
/// # Errors
/// The database failed.
pub async fn others_sending_to(db: &Db, origin: &str, owner: &str, now: Timestamp) -> Result<u32, StoreError> {
    let nodes = on_db!(db, |pool| sqlx::query_scalar::<_, i64>(
        "SELECT COUNT(DISTINCT owner) FROM batch \
         WHERE state = 'open' AND owner IS NOT NULL AND origin = $1 AND owner <> $2 AND lease_until_ms > $3",
    )
    .bind(origin)
    .bind(owner)
    .bind(ms(now))
    .fetch_one(pool)
    .await)?;
    narrow(nodes, "batch.owner")
}

/// When the next batch can be claimed that cannot be claimed yet: its time, or its lease's end. `None` when there is
/// none.
///
/// # Errors
/// The database failed.
pub async fn next_due(db: &Db, now: Timestamp) -> Result<Option<Timestamp>, StoreError> {
    let at = on_db!(db, |pool| sqlx::query_scalar::<_, Option<i64>>(NEXT_DUE_SQL).bind(ms(now)).fetch_one(pool).await)?;
    time_if(at, "batch.not_before_ms")
}
