//! Step 4, pure: shares to batches of one message, push service, tier and ring.

use super::share::Share;
use crate::audience::Snapshot;
use crate::clock;
use crate::model::account::ORIGIN_NONE;
use crate::model::batch::{BATCH_RECIPIENTS_MAX, Batch, Progress};
use crate::model::broadcast::Broadcast;
use crate::model::id::BatchId;
use roaring::RoaringBitmap;

/// Cuts shares into batches that are ready to be stored.
pub fn plan(audience: &Snapshot, broadcast: &Broadcast, shares: &[Share]) -> Vec<Batch> {
    let mut batches = Vec::new();
    for share in shares {
        let mut gone = share.slots.clone();
        for (origin, slots) in audience.by_origin(&share.slots) {
            gone -= &slots;
            for todo in chunks(&slots) {
                batches.push(batch(broadcast, share, origin.clone(), todo));
            }
        }
        for todo in chunks(&gone) {
            batches.push(batch(broadcast, share, ORIGIN_NONE.to_owned(), todo));
        }
    }
    batches
}

fn batch(broadcast: &Broadcast, share: &Share, origin: String, todo: RoaringBitmap) -> Batch {
    Batch {
        id: BatchId(clock::random_id()),
        broadcast: broadcast.id.clone(),
        chain: broadcast.chain.clone(),
        message: share.message,
        about: share.about.clone(),
        origin,
        tier: share.tier,
        ring: share.ring,
        quiet: share.quiet,
        hours: share.hours.clone(),
        not_before: share.not_before,
        expires: share.expires,
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
