//! Acks and Errors: what other systems answered to an alert. They are found by the name of what they answer, since they
//! may come before it.

use super::alert::{AlertRow, StoredAlert};
use super::db::{Db, Tx, on_db, on_tx};
use super::error::StoreError;
use crate::model::id::AlertId;

/// The most answers to one alert that are shown, the newest.
pub const REPLIES_MAX: u32 = 100;

/// Stores that an alert answers the message of this sender and identifier.
///
/// # Errors
/// The database failed, or the alert is unknown.
pub async fn insert(tx: &mut Tx, alert: &AlertId, sender: &str, identifier: &str) -> Result<(), StoreError> {
    on_tx!(tx, |conn| sqlx::query(
        "INSERT INTO reply (alert, sender, identifier) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
    )
    .bind(alert.as_str())
    .bind(sender)
    .bind(identifier)
    .execute(conn)
    .await
    .map(drop))?;
    Ok(())
}

/// The answers to a message, newest received first.
///
/// # Errors
/// The database failed.
pub async fn to(db: &Db, sender: &str, identifier: &str) -> Result<Vec<StoredAlert>, StoreError> {
    let rows = on_db!(db, |pool| sqlx::query_as::<_, AlertRow>(
        "SELECT alert.* FROM reply JOIN alert ON alert.id = reply.alert \
         WHERE reply.sender = $1 AND reply.identifier = $2 ORDER BY alert.received_ms DESC, alert.id LIMIT $3",
    )
    .bind(sender)
    .bind(identifier)
    .bind(i64::from(REPLIES_MAX))
    .fetch_all(pool)
    .await)?;
    rows.into_iter().map(AlertRow::read).collect()
}
