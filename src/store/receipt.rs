//! What devices tell of a broadcast: its key of receipts, who showed, opened or did not need it, and how many.
//!
//! Key and sets are sealed under the vault's key, so that a stolen database tells nobody who read what. When retention
//! ends both are erased and only counts stay.

use super::db::{Db, Tx, on_db, on_tx};
use super::error::StoreError;
use super::row::row;
use super::vault::{Vault, VaultError};
use crate::model::id::BroadcastId;
use crate::model::receipt::RECEIPT_KEY_BYTES;

/// A broadcast's key of receipts.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum ReceiptKey {
    /// There never was one.
    Unmade,
    Kept([u8; RECEIPT_KEY_BYTES]),
    /// Retention has ended: nobody can tell any more whose a receipt is.
    Erased,
}

/// Never shows the key.
impl std::fmt::Debug for ReceiptKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Unmade => "Unmade",
            Self::Kept(_) => "Kept(…)",
            Self::Erased => "Erased",
        })
    }
}

/// Gives a broadcast its key, unless it has or had one: of all who try, one makes it and the others use it.
///
/// # Errors
/// The database failed, or the broadcast is unknown.
pub async fn give_key(
    tx: &mut Tx,
    vault: &Vault,
    broadcast: &BroadcastId,
    key: &[u8; RECEIPT_KEY_BYTES],
) -> Result<(), StoreError> {
    on_tx!(tx, |conn| sqlx::query("INSERT INTO receipt (broadcast, key) VALUES ($1, $2) ON CONFLICT DO NOTHING")
        .bind(broadcast.as_str())
        .bind(vault.seal(&owner("key", broadcast), key))
        .execute(conn)
        .await
        .map(drop))?;
    Ok(())
}

row! {
    KeyRow { key: Option<Vec<u8>> }
}

/// A broadcast's key.
///
/// # Errors
/// The database failed, or the key was sealed under another vault.
pub async fn key(db: &Db, vault: &Vault, broadcast: &BroadcastId) -> Result<ReceiptKey, StoreError> {
    let row = on_db!(db, |pool| sqlx::query_as::<_, KeyRow>("SELECT key FROM receipt WHERE broadcast = $1")
        .bind(broadcast.as_str())
        .fetch_optional(pool)
        .await)?;
    match row {
        None => Ok(ReceiptKey::Unmade),
        Some(row) => open_key(vault, broadcast, row.key),
    }
}

fn open_key(vault: &Vault, broadcast: &BroadcastId, sealed: Option<Vec<u8>>) -> Result<ReceiptKey, StoreError> {
    let Some(sealed) = sealed else { return Ok(ReceiptKey::Erased) };
    let key = vault.unseal(&owner("key", broadcast), &sealed)?;
    Ok(ReceiptKey::Kept(key.try_into().map_err(|_| VaultError::Sealed)?))
}

/// Whose the sealed bytes are: nothing of one broadcast or column opens as another's.
fn owner(what: &str, broadcast: &BroadcastId) -> String {
    format!("receipt {what} {broadcast}")
}
