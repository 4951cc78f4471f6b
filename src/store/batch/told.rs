//! Who was told what of a chain.

use super::super::db::{Db, on_db};
use super::super::error::StoreError;
use super::super::row::{known, narrow, row, set};
use crate::model::batch::Told;
use crate::model::id::{AlertId, ChainId};
use crate::model::tier::Tier;
use futures_util::TryStreamExt;
use std::collections::BTreeMap;

row! {
    ToldRow {
        at_ms: i64, broadcast: String, alert: String, about: Option<String>, message: i64, tier: i64, quiet: i64,
        started_bits: Vec<u8>, accepted_bits: Vec<u8>,
    }
}

/// What the chains' messages told people, or may have told them, newest first: by when they were planned.
///
/// # Errors
/// The database failed.
pub async fn told(db: &Db, chains: &[&ChainId]) -> Result<Vec<Told>, StoreError> {
    let mut all: BTreeMap<_, Told> = BTreeMap::new();
    for chain in chains {
        on_db!(db, |pool| {
            let mut rows = sqlx::query_as::<_, ToldRow>(
                "SELECT COALESCE(broadcast.planned_ms, broadcast.received_ms) AS at_ms, batch.broadcast, \
                 broadcast.alert, batch.about, batch.message, batch.tier, batch.quiet, batch.started_bits, \
                 batch.accepted_bits FROM batch JOIN broadcast ON broadcast.id = batch.broadcast \
                 WHERE batch.chain = $1",
            )
            .bind(chain.as_str())
            .fetch(pool);
            while let Some(row) = rows.try_next().await? {
                let accepted = set(&row.accepted_bits, "batch.accepted_bits")?;
                let slots = set(&row.started_bits, "batch.started_bits")? | &accepted;
                if slots.is_empty() {
                    continue;
                }
                let key = (row.at_ms, row.broadcast, row.about.clone(), row.message, row.tier, row.quiet);
                if let Some(told) = all.get_mut(&key) {
                    told.slots |= slots;
                    told.accepted |= accepted;
                    continue;
                }
                let told = Told {
                    alert: AlertId(row.about.unwrap_or(row.alert)),
                    message: narrow(row.message, "batch.message")?,
                    tier: known(Tier::from_index(row.tier), "batch.tier")?,
                    quiet: row.quiet != 0,
                    slots,
                    accepted,
                };
                all.insert(key, told);
            }
        });
    }
    Ok(all.into_values().rev().collect())
}
