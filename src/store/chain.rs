//! An alert and all that updates or cancels it.

use super::db::{Db, Tx, on_db, on_tx};
use super::error::StoreError;
use super::row::{ms, row, time_if};
use crate::model::id::{AlertId, ChainId};
use jiff::Timestamp;
use sqlx::AssertSqlSafe;

/// Where a chain stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chain {
    pub id: ChainId,
    /// Names it to push services and devices: Topic and tag.
    pub key: String,
    /// The only sender whose messages act on it.
    pub sender: String,
    /// The newest message that speaks for it; none as long as only an Update's or Cancel's reference is known.
    pub head: Option<AlertId>,
    /// When the head was sent.
    pub head_sent: Option<Timestamp>,
    /// When a Cancel ended it.
    pub cancelled: Option<Timestamp>,
    /// The Cancel that ended it.
    pub cancelled_by: Option<AlertId>,
}

row! {
    ChainRow {
        id: String, key: String, sender: String, head: Option<String>, head_sent_ms: Option<i64>,
        cancelled_ms: Option<i64>, cancelled_by: Option<String>,
    }
}

impl ChainRow {
    fn read(self) -> Result<Chain, StoreError> {
        Ok(Chain {
            id: self.id.into(),
            key: self.key,
            sender: self.sender,
            head: self.head.map(AlertId),
            head_sent: time_if(self.head_sent_ms, "chain.head_sent_ms")?,
            cancelled: time_if(self.cancelled_ms, "chain.cancelled_ms")?,
            cancelled_by: self.cancelled_by.map(AlertId),
        })
    }
}

/// The chain of this key, made under `new_id` for this sender when there is none. Until the transaction ends nobody
/// else changes it, so that two messages of one chain are admitted one after the other.
///
/// # Errors
/// The database failed.
pub async fn find_or_create(tx: &mut Tx, key: &str, sender: &str, new_id: ChainId) -> Result<Chain, StoreError> {
    on_tx!(tx, |conn| sqlx::query(
        "INSERT INTO chain (id, key, sender) VALUES ($1, $2, $3) ON CONFLICT (key) DO NOTHING",
    )
    .bind(new_id.as_str())
    .bind(key)
    .bind(sender)
    .execute(conn)
    .await
    .map(drop))?;
    let sql = AssertSqlSafe(format!("SELECT * FROM chain WHERE key = $1 {}", tx.dialect().locked()));
    let row = on_tx!(tx, |conn| sqlx::query_as::<_, ChainRow>(sql).bind(key).fetch_one(conn).await)?;
    row.read()
}

/// A chain, as it stood last.
///
/// # Errors
/// The database failed.
pub async fn get(db: &Db, id: &ChainId) -> Result<Option<Chain>, StoreError> {
    let row = on_db!(db, |pool| sqlx::query_as::<_, ChainRow>("SELECT * FROM chain WHERE id = $1")
        .bind(id.as_str())
        .fetch_optional(pool)
        .await)?;
    row.map(ChainRow::read).transpose()
}

/// A chain, which nobody else changes until the transaction ends.
///
/// # Errors
/// The database failed.
pub async fn lock(tx: &mut Tx, id: &ChainId) -> Result<Option<Chain>, StoreError> {
    let sql = AssertSqlSafe(format!("SELECT * FROM chain WHERE id = $1 {}", tx.dialect().locked()));
    let row = on_tx!(tx, |conn| sqlx::query_as::<_, ChainRow>(sql).bind(id.as_str()).fetch_optional(conn).await)?;
    row.map(ChainRow::read).transpose()
}

/// A chain as this transaction sees it, without locking it.
///
/// # Errors
/// The database failed.
pub async fn peek(tx: &mut Tx, id: &ChainId) -> Result<Option<Chain>, StoreError> {
    let row = on_tx!(tx, |conn| sqlx::query_as::<_, ChainRow>("SELECT * FROM chain WHERE id = $1")
        .bind(id.as_str())
        .fetch_optional(conn)
        .await)?;
    row.map(ChainRow::read).transpose()
}

/// Lets an alert speak for the chain. `false` when the head was sent later: the head never goes back. Of two sent in
/// the same moment the one that comes later speaks.
///
/// # Errors
/// The database failed.
pub async fn advance(tx: &mut Tx, chain: &ChainId, alert: &AlertId, sent: Timestamp) -> Result<bool, StoreError> {
    let rows = on_tx!(tx, |conn| sqlx::query(
        "UPDATE chain SET head = $2, head_sent_ms = $3 \
         WHERE id = $1 AND (head_sent_ms IS NULL OR head_sent_ms <= $3)",
    )
    .bind(chain.as_str())
    .bind(alert.as_str())
    .bind(ms(sent))
    .execute(conn)
    .await
    .map(|done| done.rows_affected()))?;
    Ok(rows == 1)
}

/// Ends the chain by a Cancel. `false` when it had been ended before.
///
/// # Errors
/// The database failed.
pub async fn cancel(tx: &mut Tx, chain: &ChainId, by: &AlertId, at: Timestamp) -> Result<bool, StoreError> {
    let rows = on_tx!(tx, |conn| sqlx::query(
        "UPDATE chain SET cancelled_ms = $3, cancelled_by = $2 WHERE id = $1 AND cancelled_ms IS NULL",
    )
    .bind(chain.as_str())
    .bind(by.as_str())
    .bind(ms(at))
    .execute(conn)
    .await
    .map(|done| done.rows_affected()))?;
    Ok(rows == 1)
}

/// The chains that an alert speaks for.
///
/// # Errors
/// The database failed.
pub async fn headed_by(tx: &mut Tx, alert: &AlertId) -> Result<Vec<ChainId>, StoreError> {
    let ids = on_tx!(tx, |conn| sqlx::query_scalar::<_, String>("SELECT id FROM chain WHERE head = $1 ORDER BY id")
        .bind(alert.as_str())
        .fetch_all(conn)
        .await)?;
    Ok(ids.into_iter().map(ChainId).collect())
}

/// The chain of this key, if there is one.
///
/// # Errors
/// The database failed.
pub async fn with_key(tx: &mut Tx, key: &str) -> Result<Option<ChainId>, StoreError> {
    let id = on_tx!(tx, |conn| sqlx::query_scalar::<_, String>("SELECT id FROM chain WHERE key = $1")
        .bind(key)
        .fetch_optional(conn)
        .await)?;
    Ok(id.map(ChainId))
}
