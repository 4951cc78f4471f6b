//! Keys pinned for senders of alerts.

use super::db::{Db, Tx, on_db, on_tx};
use super::error::StoreError;
use super::row::{known, ms, row, time};
use crate::cap::signature::PublicKey;
use crate::model::id::SignerId;
use crate::model::signer::{SIGNERS_MAX, Signer};

row! {
    SignerRow { id: String, sender: String, name: String, key: Vec<u8>, created_ms: i64 }
}

impl SignerRow {
    fn read(self) -> Result<Signer, StoreError> {
        Ok(Signer {
            id: self.id.into(),
            sender: self.sender,
            name: self.name,
            key: known(PublicKey::from_spki(&self.key).ok(), "signer.key")?,
            created: time(self.created_ms, "signer.created_ms")?,
        })
    }
}

/// What became of a key that was to be pinned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pinned {
    Yes,
    /// It is pinned for this sender already.
    Before,
    /// There are [`SIGNERS_MAX`] already.
    Full,
}

/// Pins a key for a sender.
///
/// # Errors
/// The database failed.
pub async fn insert(tx: &mut Tx, signer: &Signer) -> Result<Pinned, StoreError> {
    if list_in(tx).await?.len() >= SIGNERS_MAX {
        return Ok(Pinned::Full);
    }
    let rows = on_tx!(tx, |conn| sqlx::query(
        "INSERT INTO signer (id, sender, name, key, created_ms) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (sender, key) DO NOTHING",
    )
    .bind(signer.id.as_str())
    .bind(&signer.sender)
    .bind(&signer.name)
    .bind(signer.key.spki())
    .bind(ms(signer.created))
    .execute(conn)
    .await
    .map(|done| done.rows_affected()))?;
    Ok(if rows == 1 { Pinned::Yes } else { Pinned::Before })
}

const ALL: &str = "SELECT * FROM signer ORDER BY created_ms, id";

/// Every pinned key, oldest first.
///
/// # Errors
/// The database failed.
pub async fn list(db: &Db) -> Result<Vec<Signer>, StoreError> {
    let rows = on_db!(db, |pool| sqlx::query_as::<_, SignerRow>(ALL).fetch_all(pool).await)?;
    rows.into_iter().map(SignerRow::read).collect()
}

/// The same, as a transaction sees them.
///
/// # Errors
/// The database failed.
pub async fn list_in(tx: &mut Tx) -> Result<Vec<Signer>, StoreError> {
    let rows = on_tx!(tx, |conn| sqlx::query_as::<_, SignerRow>(ALL).fetch_all(conn).await)?;
    rows.into_iter().map(SignerRow::read).collect()
}

/// Ends a pin. `false` when there is none of this id.
///
/// # Errors
/// The database failed.
pub async fn remove(tx: &mut Tx, id: &SignerId) -> Result<bool, StoreError> {
    let rows = on_tx!(tx, |conn| sqlx::query("DELETE FROM signer WHERE id = $1")
        .bind(id.as_str())
        .execute(conn)
        .await
        .map(|done| done.rows_affected()))?;
    Ok(rows == 1)
}
