//! Integrators' keys, known only by their SHA-256.

use super::db::{Db, Tx, on_db, on_tx};
use super::error::StoreError;
use super::row::{axes, known, longitude_first, ms, row, time, time_if};
use crate::model::credential::{Credential, KeyAction};
use crate::model::id::{ApiKeyId, OperatorId};
use jiff::Timestamp;

row! {
    CredentialRow {
        id: String, name: String, senders: String, action: String, test: i64, owner: Option<String>, created_ms: i64,
        revoked_ms: Option<i64>, longitude_first: i64,
    }
}

impl CredentialRow {
    fn read(self) -> Result<Credential, StoreError> {
        Ok(Credential {
            id: self.id.into(),
            name: self.name,
            senders: known(serde_json::from_str(&self.senders).ok(), "api_key.senders")?,
            action: known(KeyAction::from_text(&self.action), "api_key.action")?,
            test: self.test != 0,
            axes: axes(self.longitude_first),
            owner: self.owner.map(OperatorId),
            created: time(self.created_ms, "api_key.created_ms")?,
            revoked: time_if(self.revoked_ms, "api_key.revoked_ms")?,
        })
    }
}

/// Stores a key by the SHA-256 of its text.
///
/// # Errors
/// The database failed.
pub async fn insert(tx: &mut Tx, credential: &Credential, hash: &[u8; 32]) -> Result<(), StoreError> {
    on_tx!(tx, |conn| sqlx::query(
        "INSERT INTO api_key (id, hash, name, senders, action, test, owner, created_ms, revoked_ms, \
         longitude_first) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
    )
    .bind(credential.id.as_str())
    .bind(&hash[..])
    .bind(&credential.name)
    .bind(serde_json::json!(credential.senders).to_string())
    .bind(credential.action.as_str())
    .bind(i64::from(credential.test))
    .bind(credential.owner.as_ref().map(OperatorId::as_str))
    .bind(ms(credential.created))
    .bind(credential.revoked.map(ms))
    .bind(longitude_first(credential.axes))
    .execute(conn)
    .await
    .map(drop))?;
    Ok(())
}

/// The key with this hash, unless it was revoked.
///
/// # Errors
/// The database failed.
pub async fn by_hash(db: &Db, hash: &[u8; 32]) -> Result<Option<Credential>, StoreError> {
    let row = on_db!(db, |pool| sqlx::query_as::<_, CredentialRow>(
        "SELECT * FROM api_key WHERE hash = $1 AND revoked_ms IS NULL",
    )
    .bind(&hash[..])
    .fetch_optional(pool)
    .await)?;
    row.map(CredentialRow::read).transpose()
}

/// A key by its id, revoked or not: to say who posted something.
///
/// # Errors
/// The database failed.
pub async fn get(db: &Db, id: &ApiKeyId) -> Result<Option<Credential>, StoreError> {
    let row = on_db!(db, |pool| sqlx::query_as::<_, CredentialRow>("SELECT * FROM api_key WHERE id = $1")
        .bind(id.as_str())
        .fetch_optional(pool)
        .await)?;
    row.map(CredentialRow::read).transpose()
}

/// Every key, revoked ones too, oldest first.
///
/// # Errors
/// The database failed.
pub async fn list(db: &Db) -> Result<Vec<Credential>, StoreError> {
    let rows = on_db!(db, |pool| sqlx::query_as::<_, CredentialRow>("SELECT * FROM api_key ORDER BY created_ms, id",)
        .fetch_all(pool)
        .await)?;
    rows.into_iter().map(CredentialRow::read).collect()
}

/// Revokes a key. `false` when there is none of this id, or it was revoked before.
///
/// # Errors
/// The database failed.
pub async fn revoke(tx: &mut Tx, id: &ApiKeyId, at: Timestamp) -> Result<bool, StoreError> {
    let rows =
        on_tx!(tx, |conn| sqlx::query("UPDATE api_key SET revoked_ms = $2 WHERE id = $1 AND revoked_ms IS NULL",)
            .bind(id.as_str())
            .bind(ms(at))
            .execute(conn)
            .await
            .map(|done| done.rows_affected()))?;
    Ok(rows == 1)
}
