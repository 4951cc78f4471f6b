//! The same warning through two feeds: whom the one reaches, the other does not ring again (docs/adr/0013).

use super::words;
use crate::cap::alert::Alert;
use crate::model::copies::{facts, same_event};
use crate::model::id::{AlertId, BroadcastId, ChainId};
use crate::store::{self, Db, StoreError};
use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use roaring::RoaringBitmap;

/// An alert that another is a copy of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copy {
    pub alert: AlertId,
    pub broadcast: BroadcastId,
}

/// The facts of an alert as they are stored and looked up.
pub fn facts_hash(alert: &Alert) -> Option<String> {
    facts(alert).map(|facts| URL_SAFE_NO_PAD.encode(digest(&SHA256, facts.as_bytes())))
}

/// The alerts of other chains that an alert repeats, oldest first.
///
/// # Errors
/// When the database does not answer.
pub async fn copies(db: &Db, alert: &Alert, chain: &ChainId, now: Timestamp) -> Result<Vec<Copy>, StoreError> {
    let mut copies = Vec::new();
    let Some(facts) = facts_hash(alert) else { return Ok(copies) };
    for (stored, broadcast) in store::alert::with_facts(db, &facts, chain, now).await? {
        match words::read(&stored) {
            Ok(first) if same_event(&first, alert) => copies.push(Copy { alert: stored.id, broadcast }),
            Ok(_) => {}
            // Two rings are better than none.
            Err(error) => tracing::error!(error = &error as &dyn std::error::Error, "a copy cannot be compared"),
        }
    }
    Ok(copies)
}

/// Everyone whom the copies reached, or still will.
///
/// # Errors
/// When the database does not answer.
pub async fn spoken_for(db: &Db, copies: &[Copy]) -> Result<RoaringBitmap, StoreError> {
    let mut all = RoaringBitmap::new();
    for copy in copies {
        all |= store::batch::spoken_for(db, &copy.broadcast).await?;
    }
    Ok(all)
}
