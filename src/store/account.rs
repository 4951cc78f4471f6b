//! A broadcast's account: read at one moment, so that its parts add up.

use super::db::{Db, on_tx};
use super::error::StoreError;
use super::receipt;
use super::row::{known, narrow, row};
use crate::model::account::{Account, Part};
use crate::model::histogram::Histogram;
use crate::model::id::BroadcastId;
use crate::model::outcome::Ledger;
use crate::model::subscriber::QuietHours;
use crate::model::tier::Tier;
use futures_util::TryStreamExt;
use jiff::Timestamp;

row! {
    PartRow {
        origin: String, tier: i64, hours: Option<String>, targeted: i64, accepted: i64, gone: i64, rejected: i64,
        expired: i64, stopped: i64, withdrawn: i64, waiting: i64,
    }
}

impl PartRow {
    fn read(self, now: Timestamp) -> Result<Part, StoreError> {
        let hours = self.hours.map(|text| known(text.parse::<QuietHours>().ok(), "batch.hours")).transpose()?;
        let waiting = narrow(self.waiting, "batch.waiting")?;
        Ok(Part {
            origin: self.origin,
            tier: known(Tier::from_index(self.tier), "batch.tier")?,
            ledger: Ledger {
                targeted: narrow(self.targeted, "batch.targeted")?,
                accepted: narrow(self.accepted, "batch.accepted")?,
                gone: narrow(self.gone, "batch.gone")?,
                rejected: narrow(self.rejected, "batch.rejected")?,
                expired: narrow(self.expired, "batch.expired")?,
                stopped: narrow(self.stopped, "batch.stopped")?,
                withdrawn: narrow(self.withdrawn, "batch.withdrawn")?,
                waiting,
            },
            held: if hours.is_some_and(|hours| hours.end(now).is_some()) { waiting } else { 0 },
        })
    }
}

/// The account of a broadcast, as of alert time `now`.
///
/// # Errors
/// The database failed.
pub async fn account(db: &Db, broadcast: &BroadcastId, now: Timestamp) -> Result<Account, StoreError> {
    let mut tx = db.snapshot().await?;
    let rows = on_tx!(&mut tx, |conn| sqlx::query_as::<_, PartRow>(
        "SELECT origin, tier, hours, CAST(SUM(targeted) AS BIGINT) AS targeted, \
         CAST(SUM(accepted) AS BIGINT) AS accepted, CAST(SUM(gone) AS BIGINT) AS gone, \
         CAST(SUM(rejected) AS BIGINT) AS rejected, CAST(SUM(expired) AS BIGINT) AS expired, \
         CAST(SUM(stopped) AS BIGINT) AS stopped, CAST(SUM(withdrawn) AS BIGINT) AS withdrawn, \
         CAST(SUM(waiting) AS BIGINT) AS waiting FROM batch WHERE broadcast = $1 GROUP BY origin, tier, hours",
    )
    .bind(broadcast.as_str())
    .fetch_all(conn)
    .await)?;
    let parts = rows.into_iter().map(|row| row.read(now)).collect::<Result<Vec<_>, _>>()?;
    let mut accepted_after = Histogram::default();
    on_tx!(&mut tx, |conn| {
        let mut rows = sqlx::query_scalar::<_, Vec<u8>>(
            "SELECT accepted_after FROM batch WHERE broadcast = $1 AND accepted_after IS NOT NULL",
        )
        .bind(broadcast.as_str())
        .fetch(conn);
        while let Some(bytes) = rows.try_next().await? {
            accepted_after.merge(&receipt::histogram(Some(&bytes), "batch.accepted_after")?);
        }
    });
    let seen = receipt::seen(&mut tx, broadcast).await?;
    Ok(Account::new(&parts, accepted_after, seen))
}
