//! What the installation remembers of itself, such as the test clock's offset.

use super::db::{Db, Tx, on_db, on_tx};
use super::error::StoreError;

/// The value kept under a key.
///
/// # Errors
/// The database failed.
pub async fn get(db: &Db, key: &str) -> Result<Option<String>, StoreError> {
    let value = on_db!(db, |pool| sqlx::query_scalar::<_, String>("SELECT value FROM setting WHERE key = $1")
        .bind(key)
        .fetch_optional(pool)
        .await)?;
    Ok(value)
}

/// Keeps a value, in place of any before.
///
/// # Errors
/// The database failed.
pub async fn put(tx: &mut Tx, key: &str, value: &str) -> Result<(), StoreError> {
    on_tx!(tx, |conn| sqlx::query(
        "INSERT INTO setting (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
    )
    .bind(key)
    .bind(value)
    .execute(conn)
    .await
    .map(drop))?;
    Ok(())
}

/// Keeps a value unless there is one. Of several nodes exactly one gets `true`.
///
/// # Errors
/// The database failed.
pub async fn put_if_absent(tx: &mut Tx, key: &str, value: &str) -> Result<bool, StoreError> {
    let rows = on_tx!(tx, |conn| sqlx::query(
        "INSERT INTO setting (key, value) VALUES ($1, $2) ON CONFLICT (key) DO NOTHING",
    )
    .bind(key)
    .bind(value)
    .execute(conn)
    .await
    .map(|done| done.rows_affected()))?;
    Ok(rows == 1)
}
