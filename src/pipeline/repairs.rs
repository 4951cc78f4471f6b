//! What was found in a document is counted for whoever posted it, so that the feed can be mended at its source.

use super::bell::Bell;
use crate::cap::finding::Finding;
use crate::model::credential::Credential;
use crate::model::id::ApiKeyId;
use crate::model::repair::{Looked, REPAIR_DAYS_MAX, Repairs};
use crate::store::{self, Kept, StoreError, Turn};
use jiff::{SignedDuration, Timestamp};

impl Bell {
    /// Counts one document. It comes after what matters: a report that lacks a line holds up no alert.
    pub(super) async fn count_findings(
        &self,
        credential: &Credential,
        taken: bool,
        identifier: Option<&str>,
        findings: &[Finding],
    ) {
        let looked = Looked { at: self.clock.now(), taken, identifier, findings };
        if let Err(error) = self.record(&credential.id, &looked).await {
            let key = &credential.id;
            tracing::error!(%key, error = &error as &dyn std::error::Error, "what was found could not be counted");
        }
    }

    async fn record(&self, key: &ApiKeyId, looked: &Looked<'_>) -> Result<(), StoreError> {
        // A count of findings is worth no wait for the disk.
        let mut tx = self.db.begin_as(Turn::Crowd, Kept::Relaxed).await?;
        store::repair::record(&mut tx, key, looked).await?;
        tx.commit().await
    }

    /// What was found in what a key posted in so many days, today among them, and when the first of them began.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn repairs(&self, key: &ApiKeyId, days: u16) -> Result<(Timestamp, Repairs), StoreError> {
        let back = SignedDuration::from_hours(24 * i64::from(days.clamp(1, REPAIR_DAYS_MAX) - 1));
        let since = self.clock.now().saturating_sub(back).unwrap_or(Timestamp::MIN);
        Ok((since, store::repair::since(&self.db, key, since).await?))
    }
}
