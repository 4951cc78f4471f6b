//! Step 4, pure: targets to batches of one message, push service, tier and ring.

use super::target::Target;
use crate::audience::Snapshot;
use crate::clock;
use crate::model::account::ORIGIN_NONE;
use crate::model::batch::{BATCH_RECIPIENTS_MAX, Batch, Progress};
use crate::model::broadcast::Broadcast;
use crate::model::id::BatchId;
use crate::model::message::Message;
use jiff::Timestamp;
use roaring::RoaringBitmap;

/// Cuts targets into batches that are ready to be stored.
pub fn plan(
    audience: &Snapshot,
    broadcast: &Broadcast,
    messages: &[Message],
    targets: &[Target],
    now: Timestamp,
) -> Vec<Batch> {
    let mut batches = Vec::new();
    for target in targets {
        let Some(message) = messages.iter().find(|message| message.number == target.message) else { continue };
        let mut gone = target.slots.clone();
        for (origin, slots) in audience.by_origin(&target.slots) {
            gone -= &slots;
            for todo in chunks(&slots) {
                batches.push(batch(broadcast, message, target, origin.clone(), todo, now));
            }
        }
        for todo in chunks(&gone) {
            batches.push(batch(broadcast, message, target, ORIGIN_NONE.to_owned(), todo, now));
        }
    }
    batches
}

fn batch(
    broadcast: &Broadcast,
    message: &Message,
    target: &Target,
    origin: String,
    todo: RoaringBitmap,
    now: Timestamp,
) -> Batch {
    Batch {
        id: BatchId(clock::random_id()),
        broadcast: broadcast.id.clone(),
        chain: broadcast.chain.clone(),
        message: message.number,
        about: None,
        origin,
        tier: message.tier,
        ring: target.ring,
        quiet: false,
        hours: None,
        not_before: now,
        expires: message.expires,
        todo,
        progress: Progress::default(),
        attempts: 0,
    }
}

/// Splits a bitmap into bitmaps of at most [`BATCH_RECIPIENTS_MAX`], in slot order.
fn chunks(slots: &RoaringBitmap) -> impl Iterator<Item = RoaringBitmap> + '_ {
    let mut slots = slots.iter();
    std::iter::from_fn(move || {
        let chunk: RoaringBitmap = slots.by_ref().take(BATCH_RECIPIENTS_MAX).collect();
        (!chunk.is_empty()).then_some(chunk)
    })
}
