//! Push services that refuse our credentials or settings, as each node found them.

use super::db::{Db, Tx, on_db, on_tx};
use super::error::StoreError;
use super::row::{ms, row, time};
use crate::model::pause::Pause;
use jiff::Timestamp;

row! {
    PauseRow { origin: String, since_ms: i64, reason: String }
}

/// Keeps what a node knows to be paused at this moment, in place of what it knew before.
///
/// # Errors
/// The database failed.
pub async fn replace(tx: &mut Tx, node: &str, pauses: &[Pause], at: Timestamp) -> Result<(), StoreError> {
    on_tx!(tx, |conn| sqlx::query("DELETE FROM push_pause WHERE node = $1").bind(node).execute(conn).await.map(drop))?;
    for pause in pauses {
        on_tx!(tx, |conn| sqlx::query(
            "INSERT INTO push_pause (node, origin, since_ms, confirmed_ms, reason) VALUES ($1, $2, $3, $4, $5)",
        )
        .bind(node)
        .bind(&pause.origin)
        .bind(ms(pause.since))
        .bind(ms(at))
        .bind(&pause.reason)
        .execute(conn)
        .await
        .map(drop))?;
    }
    Ok(())
}

/// What any node has found paused and confirmed since then, each push service once, by its name.
///
/// # Errors
/// The database failed.
pub async fn list(db: &Db, confirmed_since: Timestamp) -> Result<Vec<Pause>, StoreError> {
    let rows = on_db!(db, |pool| sqlx::query_as::<_, PauseRow>(
        "SELECT origin, MIN(since_ms) AS since_ms, MIN(reason) AS reason FROM push_pause WHERE confirmed_ms >= $1 \
         GROUP BY origin ORDER BY origin",
    )
    .bind(ms(confirmed_since))
    .fetch_all(pool)
    .await)?;
    rows.into_iter()
        .map(|row| {
            Ok(Pause { origin: row.origin, since: time(row.since_ms, "push_pause.since_ms")?, reason: row.reason })
        })
        .collect()
}
