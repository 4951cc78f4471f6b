//! Beside the line: what devices tell of a push.

use crate::clock;
use crate::model::id::BroadcastId;
use crate::model::receipt::RECEIPT_KEY_BYTES;
use crate::push::receipt::Receipts;
use crate::store::receipt::ReceiptKey;
use crate::store::vault::Vault;
use crate::store::{self, Db, StoreError};

/// What makes the receipts of a broadcast. The planner gave it its key, unless an older version planned it.
///
/// # Errors
/// When the database does not answer.
pub async fn receipts_of(db: &Db, vault: &Vault, broadcast: &BroadcastId) -> Result<Receipts, StoreError> {
    let mut key = store::receipt::key(db, vault, broadcast).await?;
    if key == ReceiptKey::Unmade {
        let mut tx = db.begin().await?;
        store::receipt::give_key(&mut tx, vault, broadcast, &new_key()).await?;
        tx.commit().await?;
        key = store::receipt::key(db, vault, broadcast).await?;
    }
    match key {
        ReceiptKey::Kept(key) => Ok(Receipts::new(&key)),
        // No push must fail for want of a receipt: these open nowhere.
        ReceiptKey::Sealed => {
            tracing::error!(%broadcast, "the key of broadcast {broadcast} does not open: it rings without receipts");
            Ok(Receipts::new(&new_key()))
        }
        ReceiptKey::Erased | ReceiptKey::Unmade => Ok(Receipts::new(&new_key())),
    }
}

/// A key for a broadcast.
pub fn new_key() -> [u8; RECEIPT_KEY_BYTES] {
    clock::random_bytes()
}
