//! Broadcasts and their states. Each transition is one conditional `UPDATE`; `false` means that the broadcast was not
//! where the transition starts, and that nothing happened.

use super::db::{Db, Tx, on_db, on_fence, on_tx};
use super::error::StoreError;
use super::row::{count, known, ms, narrow, row, time, time_if};
use crate::model::broadcast::{Broadcast, Reason, State};
use crate::model::id::{AlertId, BroadcastId, ChainId, OperatorId};
use crate::model::tier::Tier;
use jiff::{SignedDuration, Timestamp};
use sqlx::AssertSqlSafe;
use std::collections::BTreeSet;

/// The most broadcasts that one call lists.
pub const BROADCASTS_MAX: u32 = 500;
/// How long a stopped broadcast without open batches stays on the fence.
pub const FENCE_MEMORY: SignedDuration = SignedDuration::from_hours(1);

row! {
    BroadcastRow {
        id: String, alert: String, chain: String, state: String, reason: Option<String>, tier: i64, expires_ms: i64,
        author: Option<String>, received_ms: i64, approved_ms: Option<i64>, planned_ms: Option<i64>,
        finished_ms: Option<i64>, inside: i64, near: i64, merged_with: Option<String>,
    }
}

impl BroadcastRow {
    fn read(self) -> Result<Broadcast, StoreError> {
        let reason = |text: String| known(Reason::from_text(&text), "broadcast.reason");
        Ok(Broadcast {
            id: self.id.into(),
            alert: self.alert.into(),
            chain: self.chain.into(),
            state: known(State::from_text(&self.state), "broadcast.state")?,
            reason: self.reason.map(reason).transpose()?,
            tier: known(Tier::from_index(self.tier), "broadcast.tier")?,
            expires: time(self.expires_ms, "broadcast.expires_ms")?,
            author: self.author.map(OperatorId),
            received: time(self.received_ms, "broadcast.received_ms")?,
            approved: time_if(self.approved_ms, "broadcast.approved_ms")?,
            planned: time_if(self.planned_ms, "broadcast.planned_ms")?,
            finished: time_if(self.finished_ms, "broadcast.finished_ms")?,
            inside: narrow(self.inside, "broadcast.inside")?,
            near: narrow(self.near, "broadcast.near")?,
            merged_with: self.merged_with.map(AlertId),
        })
    }
}

fn read_all(rows: Vec<BroadcastRow>) -> Result<Vec<Broadcast>, StoreError> {
    rows.into_iter().map(BroadcastRow::read).collect()
}

/// Stores an alert's broadcast.
///
/// # Errors
/// The database failed, or the alert is unknown or has a broadcast already.
pub async fn insert(tx: &mut Tx, broadcast: &Broadcast) -> Result<(), StoreError> {
    on_tx!(tx, |conn| sqlx::query(
        "INSERT INTO broadcast (id, alert, chain, state, reason, tier, expires_ms, author, received_ms, approved_ms, \
         planned_ms, finished_ms, inside, near, merged_with) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
    )
    .bind(broadcast.id.as_str())
    .bind(broadcast.alert.as_str())
    .bind(broadcast.chain.as_str())
    .bind(broadcast.state.as_str())
    .bind(broadcast.reason.map(Reason::as_str))
    .bind(tier_number(broadcast.tier))
    .bind(ms(broadcast.expires))
    .bind(broadcast.author.as_ref().map(OperatorId::as_str))
    .bind(ms(broadcast.received))
    .bind(broadcast.approved.map(ms))
    .bind(broadcast.planned.map(ms))
    .bind(broadcast.finished.map(ms))
    .bind(count(broadcast.inside))
    .bind(count(broadcast.near))
    .bind(broadcast.merged_with.as_ref().map(AlertId::as_str))
    .execute(conn)
    .await
    .map(drop))?;
    Ok(())
}

/// A broadcast by its id.
///
/// # Errors
/// The database failed.
pub async fn get(db: &Db, id: &BroadcastId) -> Result<Option<Broadcast>, StoreError> {
    let row = on_db!(db, |pool| sqlx::query_as::<_, BroadcastRow>("SELECT * FROM broadcast WHERE id = $1")
        .bind(id.as_str())
        .fetch_optional(pool)
        .await)?;
    row.map(BroadcastRow::read).transpose()
}

/// An alert's broadcast.
///
/// # Errors
/// The database failed.
pub async fn by_alert(db: &Db, alert: &AlertId) -> Result<Option<Broadcast>, StoreError> {
    let row = on_db!(db, |pool| sqlx::query_as::<_, BroadcastRow>("SELECT * FROM broadcast WHERE alert = $1")
        .bind(alert.as_str())
        .fetch_optional(pool)
        .await)?;
    row.map(BroadcastRow::read).transpose()
}

/// Broadcasts in any of these states, newest received first; never more than [`BROADCASTS_MAX`].
///
/// # Errors
/// The database failed.
pub async fn list(db: &Db, states: &[State], limit: u32) -> Result<Vec<Broadcast>, StoreError> {
    let words: Vec<&str> = states.iter().copied().map(State::as_str).collect();
    let sql = AssertSqlSafe(format!(
        "SELECT * FROM broadcast WHERE state IN {} ORDER BY received_ms DESC, id DESC LIMIT $2",
        db.dialect().texts()
    ));
    let rows = on_db!(db, |pool| sqlx::query_as::<_, BroadcastRow>(sql)
        .bind(serde_json::json!(words).to_string())
        .bind(i64::from(limit.min(BROADCASTS_MAX)))
        .fetch_all(pool)
        .await)?;
    read_all(rows)
}

/// All broadcasts of a chain, oldest received first. Lock the chain first ([`super::chain::lock`]) where the answer
/// decides something.
///
/// # Errors
/// The database failed.
pub async fn in_chain(tx: &mut Tx, chain: &ChainId) -> Result<Vec<Broadcast>, StoreError> {
    let rows = on_tx!(tx, |conn| sqlx::query_as::<_, BroadcastRow>(
        "SELECT * FROM broadcast WHERE chain = $1 ORDER BY received_ms, id",
    )
    .bind(chain.as_str())
    .fetch_all(conn)
    .await)?;
    read_all(rows)
}

/// The approved broadcast that is next to be targeted and planned: the most urgent, then what is no copy, then the oldest;
/// none of the `skipped`. A copy leaves out those whom the others reach, and is heard after the end of what it repeats.
/// One at a time: who comes meanwhile and is more urgent waits for nobody else.
///
/// # Errors
/// The database failed.
pub async fn due(db: &Db, skipped: &BTreeSet<BroadcastId>) -> Result<Option<Broadcast>, StoreError> {
    let sql = format!(
        "SELECT * FROM broadcast WHERE state = 'approved' AND tier = $2 AND id NOT IN {} \
         ORDER BY CASE WHEN merged_with IS NULL THEN 0 ELSE 1 END, received_ms, id LIMIT 1",
        db.dialect().texts()
    );
    let skipped = serde_json::json!(skipped).to_string();
    // Tier by tier: in each, the first row of an index.
    for tier in Tier::ALL {
        let row = on_db!(db, |pool| sqlx::query_as::<_, BroadcastRow>(AssertSqlSafe(sql.as_str()))
            .bind(&skipped)
            .bind(tier_number(tier))
            .fetch_optional(pool)
            .await)?;
        if let Some(row) = row {
            return row.read().map(Some);
        }
    }
    Ok(None)
}

/// Broadcasts of which nothing may start any more: halted or expired, and with open batches or so recently
/// ([`FENCE_MEMORY`]) that a sender may still hold one of their batches.
///
/// # Errors
/// The database failed.
pub async fn fences(db: &Db, now: Timestamp) -> Result<Vec<BroadcastId>, StoreError> {
    let since = now.saturating_sub(FENCE_MEMORY).unwrap_or(Timestamp::MIN);
    let ids = on_fence!(db, |pool| sqlx::query_scalar::<_, String>(
        "SELECT id FROM broadcast WHERE state IN ('halted', 'expired') AND (finished_ms > $1 \
         OR EXISTS (SELECT 1 FROM batch WHERE batch.broadcast = broadcast.id AND batch.state = 'open'))",
    )
    .bind(ms(since))
    .fetch_all(pool)
    .await)?;
    Ok(ids.into_iter().map(BroadcastId).collect())
}

/// Broadcasts being sent that have no open batch left: to be finished. A finish that was missed, because two nodes
/// ended the last two batches at once or one was killed in between, is found here.
///
/// # Errors
/// The database failed.
pub async fn finishable(db: &Db) -> Result<Vec<BroadcastId>, StoreError> {
    let ids = on_db!(db, |pool| {
        sqlx::query_scalar::<_, String>(
        "SELECT id FROM broadcast WHERE state = 'sending' \
         AND NOT EXISTS (SELECT 1 FROM batch WHERE batch.broadcast = broadcast.id AND batch.state = 'open') ORDER BY id LIMIT $1",
    )
    .bind(i64::from(BROADCASTS_MAX))
    .fetch_all(pool)
    .await
    })?;
    Ok(ids.into_iter().map(BroadcastId).collect())
}

/// Broadcasts that were not done when their validity ended: to be expired. In one order for all nodes, so that two that
/// expire the same ones never wait for each other.
///
/// # Errors
/// The database failed.
pub async fn past_expiry(db: &Db, now: Timestamp) -> Result<Vec<BroadcastId>, StoreError> {
    let ids = on_db!(db, |pool| {
        sqlx::query_scalar::<_, String>(
        "SELECT id FROM broadcast WHERE state IN ('held', 'approved', 'sending') AND expires_ms <= $1 ORDER BY id LIMIT $2",
    )
    .bind(ms(now))
    .bind(i64::from(BROADCASTS_MAX))
    .fetch_all(pool)
    .await
    })?;
    Ok(ids.into_iter().map(BroadcastId).collect())
}

/// A conditional `UPDATE` of one broadcast, `$1` its id and `$2` the time.
async fn transition(tx: &mut Tx, id: &BroadcastId, at: Timestamp, sql: &'static str) -> Result<bool, StoreError> {
    let rows = on_tx!(tx, |conn| sqlx::query(sql)
        .bind(id.as_str())
        .bind(ms(at))
        .execute(conn)
        .await
        .map(|done| done.rows_affected()))?;
    Ok(rows == 1)
}

/// Releases a held broadcast.
///
/// # Errors
/// The database failed.
pub async fn approve(tx: &mut Tx, id: &BroadcastId, at: Timestamp) -> Result<bool, StoreError> {
    let sql = "UPDATE broadcast SET state = 'approved', approved_ms = $2 WHERE id = $1 AND state = 'held'";
    transition(tx, id, at, sql).await
}

/// Sets how urgent a held broadcast is and how long it lasts, as it stands when it is released.
///
/// # Errors
/// The database failed.
pub async fn set_terms(tx: &mut Tx, id: &BroadcastId, tier: Tier, expires: Timestamp) -> Result<(), StoreError> {
    on_tx!(tx, |conn| {
        sqlx::query("UPDATE broadcast SET tier = $2, expires_ms = $3 WHERE id = $1 AND state = 'held'")
            .bind(id.as_str())
            .bind(tier_number(tier))
            .bind(ms(expires))
            .execute(conn)
            .await
            .map(drop)
    })?;
    Ok(())
}

/// Refuses a held broadcast: it never rings and is never shown.
///
/// # Errors
/// The database failed.
pub async fn refuse(tx: &mut Tx, id: &BroadcastId, at: Timestamp) -> Result<bool, StoreError> {
    let sql = "UPDATE broadcast SET state = 'refused', finished_ms = $2 WHERE id = $1 AND state = 'held'";
    transition(tx, id, at, sql).await
}

/// Stops a broadcast: no batch of it can be leased any more. [`super::batch::close_open`] in the same transaction,
/// after this, settles the rest.
///
/// A push already handed to a push service cannot be recalled; the senders' fence stops those still in a batch.
///
/// # Errors
/// The database failed.
pub async fn halt(tx: &mut Tx, id: &BroadcastId, at: Timestamp) -> Result<bool, StoreError> {
    let sql = "UPDATE broadcast SET state = 'halted', finished_ms = $2 \
               WHERE id = $1 AND state IN ('held', 'approved', 'sending')";
    transition(tx, id, at, sql).await
}

/// Ends a broadcast whose validity is over. [`super::batch::close_open`] in the same transaction, after this, settles
/// the rest.
///
/// # Errors
/// The database failed.
pub async fn expire(tx: &mut Tx, id: &BroadcastId, at: Timestamp) -> Result<bool, StoreError> {
    let sql = "UPDATE broadcast SET state = 'expired', finished_ms = $2 \
               WHERE id = $1 AND state IN ('held', 'approved', 'sending')";
    transition(tx, id, at, sql).await
}

/// Names the alert that a broadcast's own is a copy of, or none, as it stands when it is planned.
///
/// # Errors
/// The database failed.
pub async fn set_merged(tx: &mut Tx, id: &BroadcastId, with: Option<&AlertId>) -> Result<(), StoreError> {
    on_tx!(tx, |conn| {
        sqlx::query("UPDATE broadcast SET merged_with = $2 WHERE id = $1 AND state = 'approved'")
            .bind(id.as_str())
            .bind(with.map(AlertId::as_str))
            .execute(conn)
            .await
            .map(drop)
    })?;
    Ok(())
}

/// Records that an approved broadcast has its batches, in the transaction that inserts them: how many people are inside
/// and near in all, and how many of them are targeted now. With nobody targeted, and nothing open from an earlier
/// planning, it is done at once. On `false` (it was stopped, or another node was faster) roll back.
///
/// # Errors
/// The database failed.
pub async fn planned(
    tx: &mut Tx,
    id: &BroadcastId,
    at: Timestamp,
    inside: u64,
    near: u64,
    targeted: u64,
) -> Result<bool, StoreError> {
    let rows = on_tx!(tx, |conn| sqlx::query(
        "UPDATE broadcast SET planned_ms = $2, inside = $3, near = $4, \
         state = CASE WHEN $5 = 0 AND NOT EXISTS (SELECT 1 FROM batch WHERE batch.broadcast = broadcast.id \
         AND batch.state = 'open') THEN 'done' ELSE 'sending' END, \
         finished_ms = CASE WHEN $5 = 0 AND NOT EXISTS (SELECT 1 FROM batch WHERE batch.broadcast = broadcast.id \
         AND batch.state = 'open') THEN $2 ELSE NULL END \
         WHERE id = $1 AND state = 'approved'",
    )
    .bind(id.as_str())
    .bind(ms(at))
    .bind(count(inside))
    .bind(count(near))
    .bind(count(targeted))
    .execute(conn)
    .await
    .map(|done| done.rows_affected()))?;
    Ok(rows == 1)
}

/// Records of which of these broadcasts everyone has an outcome, and says how many those are: none that has an open
/// batch, or that another transaction holds. Call it in a transaction of its own, after the one that ended a batch has
/// committed: else two nodes that end the last two batches at once do not see each other on PostgreSQL. What is missed
/// all the same, [`finishable`] finds.
///
/// # Errors
/// The database failed.
pub async fn finish(tx: &mut Tx, ids: &[BroadcastId], at: Timestamp) -> Result<u64, StoreError> {
    let ids: Vec<&str> = ids.iter().map(BroadcastId::as_str).collect();
    let sql = AssertSqlSafe(format!(
        "UPDATE broadcast SET state = 'done', finished_ms = $2 WHERE id IN \
         (SELECT id FROM broadcast WHERE id IN {} AND state = 'sending' ORDER BY id {}) AND state = 'sending' \
         AND NOT EXISTS (SELECT 1 FROM batch WHERE batch.broadcast = broadcast.id AND batch.state = 'open')",
        tx.dialect().texts(),
        tx.dialect().locked_but_held()
    ));
    let rows = on_tx!(tx, |conn| sqlx::query(sql)
        .bind(serde_json::json!(ids).to_string())
        .bind(ms(at))
        .execute(conn)
        .await
        .map(|done| done.rows_affected()))?;
    Ok(rows)
}

pub(super) fn tier_number(tier: Tier) -> i64 {
    i64::try_from(tier.index()).expect("a tier is 0 to 3")
}
