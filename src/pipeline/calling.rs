//! Between steps 3 and 4, at work: targets to shares, with what the database knows of earlier messages and rings.

use super::chain::Chains;
use super::share::{Earlier, Share, at_night, shares};
use super::target::Target;
use super::words::{self, Words, WordsError};
use crate::audience::Snapshot;
use crate::cap::code::MsgType;
use crate::model::family::Family;
use crate::model::id::BroadcastId;
use crate::model::message::Message;
use crate::store::{self, Db, StoreError, Tx};
use jiff::Timestamp;
use roaring::RoaringBitmap;

/// What budget those have of whom everyone in the area hears, whatever they chose.
const EVERYONE: &str = "everyone";

/// How many times on a day people are rung for what is not grave, for each family; `None`: as often as it happens.
pub type RingsPerDay = Option<std::num::NonZeroU32>;

/// How each person of these targets gets their message: by what they were told before, by their quiet hours, and by how
/// often they were rung today.
///
/// # Errors
/// When the database does not answer.
pub async fn call(
    (tx, db): (&mut Tx, &Db),
    audience: &Snapshot,
    (words, chains): (&Words, &Chains),
    targets: &[Target],
    (broadcast, now, rings_per_day): (&BroadcastId, Timestamp, RingsPerDay),
) -> Result<Vec<Share>, StoreError> {
    let earlier = match words.alert.msg_type {
        MsgType::Update | MsgType::Cancel => earlier(db, chains, targets).await?,
        MsgType::Alert | MsgType::Ack | MsgType::Error => Earlier::default(),
    };
    let all = at_night(audience, shares(words, targets, &earlier, now), now);
    match rings_per_day {
        Some(most) => within_budget(tx, all, (broadcast, &words.messages), most.get()).await,
        None => Ok(all),
    }
}

/// What these people were told by the chains.
async fn earlier(db: &Db, chains: &Chains, targets: &[Target]) -> Result<Earlier, StoreError> {
    let people = targets.iter().fold(RoaringBitmap::new(), |all, target| all | &target.slots);
    let mut earlier = Earlier { told: store::batch::told(db, &chains.heard()).await?, ..Earlier::default() };
    for told in &mut earlier.told {
        told.slots &= &people;
        told.accepted &= &people;
    }
    earlier.told.retain(|told| !told.slots.is_empty());
    for alert in earlier.needed() {
        let Some(stored) = store::alert::get(db, &alert).await? else { continue };
        match words::read(&stored) {
            Ok(read) => _ = earlier.alerts.insert(alert, read),
            // Who is rung once more than needed is not missed.
            Err(WordsError::Store(error)) => return Err(error),
            Err(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, "an earlier message cannot be compared")
            }
        }
    }
    Ok(earlier)
}

/// What costs a ring, less those who have none left: they get it quietly. Days and families in one order, so that two
/// planners never wait for each other.
async fn within_budget(
    tx: &mut Tx,
    mut shares: Vec<Share>,
    (broadcast, messages): (&BroadcastId, &[Message]),
    most: u32,
) -> Result<Vec<Share>, StoreError> {
    let family = |share: &Share| {
        let message = messages.iter().find(|message| message.number == share.message);
        message.and_then(|message| message.family).map_or(EVERYONE, Family::as_str)
    };
    shares.sort_by_key(|share| (share.day(), family(share)));
    let mut all = Vec::new();
    for share in shares {
        if !share.costs() {
            all.push(share);
            continue;
        }
        let over = store::ring::spend(tx, share.day(), family(&share), broadcast, &share.slots, most).await?;
        all.extend(share.over(&over));
    }
    Ok(all)
}
