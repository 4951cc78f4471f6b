//! Stopping broadcasts, however many at once, without ever waiting in a circle with those who send them.

use super::batch::close_open;
use super::broadcast::{expire, halt};
use super::db::{Tx, on_tx};
use super::dialect::Dialect;
use super::error::StoreError;
use crate::model::batch::Rest;
use crate::model::id::{BroadcastId, ChainId};
use jiff::Timestamp;
use sqlx::AssertSqlSafe;
use std::collections::BTreeSet;

/// Stops broadcasts and what is open of them; gives those that were not stopped or over before. `ended` are the chains
/// whose copies [`super::copies::plan_again`] will change in the same transaction.
///
/// # Errors
/// The database failed.
pub async fn stop(
    tx: &mut Tx,
    broadcasts: impl IntoIterator<Item = &BroadcastId>,
    ended: &[&ChainId],
    now: Timestamp,
) -> Result<Vec<BroadcastId>, StoreError> {
    let broadcasts: BTreeSet<&BroadcastId> = broadcasts.into_iter().collect();
    hold(tx, &broadcasts, ended).await?;
    let mut stopped = Vec::new();
    for broadcast in broadcasts {
        if halt(tx, broadcast, now).await? {
            close_open(tx, broadcast, Rest::Stopped).await?;
            stopped.push(broadcast.clone());
        }
    }
    Ok(stopped)
}

/// Ends broadcasts whose validity is over, and what is open of them.
///
/// # Errors
/// The database failed.
pub async fn expire_all(
    tx: &mut Tx,
    broadcasts: impl IntoIterator<Item = &BroadcastId>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let broadcasts: BTreeSet<&BroadcastId> = broadcasts.into_iter().collect();
    hold(tx, &broadcasts, &[]).await?;
    for broadcast in broadcasts {
        if expire(tx, broadcast, now).await? {
            close_open(tx, broadcast, Rest::Expired).await?;
        }
    }
    Ok(())
}

/// Holds broadcasts until the transaction ends, then all their open batches, each in the order of their ids, as all do
/// who hold more than one (see [`super::batch::hold`]). SQLite's writer is alone anyway.
async fn hold(tx: &mut Tx, broadcasts: &BTreeSet<&BroadcastId>, ended: &[&ChainId]) -> Result<(), StoreError> {
    let dialect = tx.dialect();
    if dialect == Dialect::Sqlite {
        return Ok(());
    }
    let list = |ids: &[&str]| serde_json::json!(ids).to_string();
    let stopped: Vec<&str> = broadcasts.iter().map(|broadcast| broadcast.as_str()).collect();
    let chains: Vec<&str> = ended.iter().map(|chain| chain.as_str()).collect();
    let texts = dialect.texts();
    let sql = AssertSqlSafe(format!(
        "SELECT broadcast.id FROM broadcast WHERE broadcast.merged_with IS NOT NULL AND broadcast.alert IN \
         (SELECT twin.id FROM alert AS ended JOIN alert AS twin ON twin.facts = ended.facts \
         WHERE ended.chain IN {texts} AND twin.chain <> ended.chain)"
    ));
    let copies = on_tx!(tx, |conn| sqlx::query_scalar::<_, String>(sql).bind(list(&chains)).fetch_all(conn).await)?;
    let all: Vec<&str> = stopped.iter().copied().chain(copies.iter().map(String::as_str)).collect();
    let locked = dialect.locked();
    for (sql, ids) in [
        (format!("SELECT id FROM broadcast WHERE id IN {texts} ORDER BY id {locked}"), all),
        (format!("SELECT id FROM batch WHERE broadcast IN {texts} AND state = 'open' ORDER BY id {locked}"), stopped),
    ] {
        let sql = AssertSqlSafe(sql);
        on_tx!(tx, |conn| sqlx::query(sql).bind(list(&ids)).fetch_all(conn).await.map(drop))?;
    }
    Ok(())
}
