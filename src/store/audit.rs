//! Who did what. Lines are only ever added; the database itself refuses to change or delete one.

use super::db::{Db, Tx, on_db, on_tx};
use super::error::StoreError;
use super::row::{known, ms, row, time};
use crate::model::operator::{Actor, AuditEntry};
use jiff::Timestamp;

/// The most lines that one call lists.
pub const AUDIT_LINES_MAX: u32 = 500;

row! {
    AuditRow {
        seq: i64, at_ms: i64, actor_kind: String, actor: Option<String>, action: String, subject: String,
        detail: String,
    }
}

impl AuditRow {
    fn read(self) -> Result<AuditEntry, StoreError> {
        Ok(AuditEntry {
            seq: self.seq,
            at: time(self.at_ms, "audit.at_ms")?,
            actor_kind: self.actor_kind,
            actor: self.actor,
            action: self.action,
            subject: self.subject,
            detail: known(serde_json::from_str(&self.detail).ok(), "audit.detail")?,
        })
    }
}

/// Adds a line, in the transaction of what it tells: both are kept or neither. `action` is a word like
/// `broadcast.release`, `subject` the id of what was acted on; `detail` never holds a secret.
///
/// # Errors
/// The database failed.
pub async fn append(
    tx: &mut Tx,
    actor: &Actor,
    action: &str,
    subject: &str,
    detail: &serde_json::Value,
    at: Timestamp,
) -> Result<(), StoreError> {
    let (actor_kind, actor) = actor.parts();
    on_tx!(tx, |conn| sqlx::query(
        "INSERT INTO audit (at_ms, actor_kind, actor, action, subject, detail) VALUES ($1, $2, $3, $4, $5, $6)",
    )
    .bind(ms(at))
    .bind(actor_kind)
    .bind(actor)
    .bind(action)
    .bind(subject)
    .bind(detail.to_string())
    .execute(conn)
    .await
    .map(drop))?;
    Ok(())
}

/// The latest lines first, of those before a number if one is given; never more than [`AUDIT_LINES_MAX`].
///
/// # Errors
/// The database failed.
pub async fn list(db: &Db, before: Option<i64>, limit: u32) -> Result<Vec<AuditEntry>, StoreError> {
    let rows = on_db!(db, |pool| sqlx::query_as::<_, AuditRow>(
        "SELECT * FROM audit WHERE seq < $1 ORDER BY seq DESC LIMIT $2",
    )
    .bind(before.unwrap_or(i64::MAX))
    .bind(i64::from(limit.min(AUDIT_LINES_MAX)))
    .fetch_all(pool)
    .await)?;
    rows.into_iter().map(AuditRow::read).collect()
}
