//! Copies of one warning: they are planned one after the other, and again when the first one no longer speaks.

use super::db::{Tx, on_tx};
use super::error::StoreError;
use super::row::ms;
use crate::model::id::{BroadcastId, ChainId};
use jiff::Timestamp;

/// Holds these facts until the transaction ends: of alerts that may be copies of each other, one is planned, or ended,
/// after the other, and sees what became of it.
///
/// # Errors
/// The database failed.
pub async fn hold(tx: &mut Tx, facts: &str) -> Result<(), StoreError> {
    tx.hold(facts).await
}

/// [`hold`], for all alerts of these chains. Before anything of a broadcast is changed, so that two that end each other's
/// copies never wait for each other.
///
/// # Errors
/// The database failed.
pub async fn hold_all_of(tx: &mut Tx, chains: &[&ChainId]) -> Result<(), StoreError> {
    let mut all: Vec<String> = Vec::new();
    for chain in chains {
        all.extend(on_tx!(tx, |conn| sqlx::query_scalar::<_, String>(
            "SELECT DISTINCT facts FROM alert WHERE chain = $1 AND facts IS NOT NULL",
        )
        .bind(chain.as_str())
        .fetch_all(conn)
        .await)?);
    }
    // In one order for all nodes.
    all.sort();
    all.dedup();
    for facts in &all {
        tx.hold(facts).await?;
    }
    Ok(())
}

/// Lets the copies of a chain's alerts be planned again, as far as they still speak for their own chains and are valid:
/// they left out people who were to hear this chain.
///
/// # Errors
/// The database failed.
pub async fn plan_again(tx: &mut Tx, chain: &ChainId, now: Timestamp) -> Result<Vec<BroadcastId>, StoreError> {
    let ids = on_tx!(tx, |conn| sqlx::query_scalar::<_, String>(
        "UPDATE broadcast SET state = 'approved', planned_ms = NULL, finished_ms = NULL \
         WHERE state IN ('sending', 'done') AND merged_with IS NOT NULL AND expires_ms > $2 AND alert IN \
         (SELECT twin.id FROM alert AS ended JOIN alert AS twin ON twin.facts = ended.facts \
         JOIN chain ON chain.id = twin.chain WHERE ended.chain = $1 AND twin.chain <> $1 \
         AND chain.cancelled_ms IS NULL AND chain.head = twin.id) RETURNING id",
    )
    .bind(chain.as_str())
    .bind(ms(now))
    .fetch_all(conn)
    .await)?;
    Ok(ids.into_iter().map(BroadcastId).collect())
}
