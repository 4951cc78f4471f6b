//! The same warning through two feeds: whom the one reaches, the other does not ring again (docs/adr/0013).

use super::chain::Before;
use super::grounds::Grounds;
use super::target::target;
use super::words::{self, WordsError};
use crate::audience::Snapshot;
use crate::cap::alert::Alert;
use crate::model::broadcast::{Broadcast, State};
use crate::model::copies::{facts, same_event};
use crate::model::id::{AlertId, BroadcastId, ChainId};
use crate::store::{self, Db, StoreError};
use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use roaring::RoaringBitmap;
use std::sync::Arc;

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

/// Of a broadcast that was merged with what was updated since: those who hear the Update because it goes on where they
/// are. They have the sender's newest word; all others hear the copy.
///
/// # Errors
/// When the database does not answer, or the Update has no words.
pub async fn hear_the_update(
    db: &Db,
    audience: &Arc<Snapshot>,
    broadcast: &Broadcast,
    now: Timestamp,
) -> Result<RoaringBitmap, WordsError> {
    let nobody = RoaringBitmap::new();
    let Some(first) = &broadcast.merged_with else { return Ok(nobody) };
    let Some(first) = store::alert::get(db, first).await? else { return Ok(nobody) };
    let Some(chain) = store::chain::get(db, &first.chain).await? else { return Ok(nobody) };
    let head = chain.head.filter(|head| chain.cancelled.is_none() && *head != first.id);
    let Some(head) = head else { return Ok(nobody) };
    let Some(update) = store::broadcast::by_alert(db, &head).await? else { return Ok(nobody) };
    match update.state {
        State::Approved | State::Sending | State::Done => {}
        State::Held | State::Halted | State::Expired | State::Filed | State::Refused => return Ok(nobody),
    }
    let words = words::words(db, &update).await?;
    let grounds = Grounds::of(&words.alert, audience.clone());
    let targets = target(&grounds, &words.alert, &words.messages, &Before::default(), now);
    Ok(targets.into_iter().fold(nobody, |all, target| all | target.slots))
}
