//! What a node sends at once, pure: so many batches of each push service and tier, so that none keeps another out.

use crate::model::batch::{Batch, Lease};
use crate::model::tier::Tier;
use std::collections::HashMap;

/// What the batches of one push service and tier that are under way may weigh together. A batch weighs as many as it
/// has people waiting, but no more than [`BATCH_WEIGHT_MAX`].
pub const LANE_WEIGHT_MAX: usize = 500;
/// The most that one batch weighs: the smallest window (see `delivery`).
pub const BATCH_WEIGHT_MAX: usize = 125;
/// The most batches of one push service and tier at once, however small they are.
const LANE_BATCHES_MAX: usize = 32;
/// The most batches of one tier at once, of all push services.
const TIER_BATCHES_MAX: usize = 128;

/// Which batches a node has under way.
#[derive(Debug, Clone, Default)]
pub struct Slots {
    lanes: HashMap<(Tier, String), Lane>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Lane {
    batches: usize,
    weight: usize,
}

/// The room that one batch takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slot {
    tier: Tier,
    origin: String,
    weight: usize,
}

impl Slots {
    /// Takes the room for a batch, whether there is any or not.
    pub fn take(&mut self, lease: &Lease) -> Slot {
        let Batch { tier, origin, .. } = &lease.batch;
        let people = usize::try_from(lease.batch.remaining().len()).unwrap_or(usize::MAX);
        let slot = Slot { tier: *tier, origin: origin.clone(), weight: people.clamp(1, BATCH_WEIGHT_MAX) };
        let lane = self.lanes.entry((*tier, origin.clone())).or_default();
        lane.batches += 1;
        lane.weight += slot.weight;
        slot
    }

    /// Gives the room of a batch back.
    pub fn give_back(&mut self, slot: &Slot) {
        let key = (slot.tier, slot.origin.clone());
        let Some(lane) = self.lanes.get_mut(&key) else { return };
        lane.batches -= 1;
        lane.weight -= slot.weight;
        if lane.batches == 0 {
            self.lanes.remove(&key);
        }
    }

    /// Whether a tier has no room for a batch of any push service.
    pub fn is_full(&self, tier: Tier) -> bool {
        let batches = self.lanes.iter().filter(|((of, _), _)| *of == tier).map(|(_, lane)| lane.batches);
        batches.sum::<usize>() >= TIER_BATCHES_MAX
    }

    /// The push services that have no room for another batch of a tier.
    pub fn full(&self, tier: Tier) -> impl Iterator<Item = &str> {
        let lanes = self.lanes.iter().filter(move |((of, _), lane)| *of == tier && lane.is_full());
        lanes.map(|((_, origin), _)| origin.as_str())
    }
}

impl Lane {
    const fn is_full(self) -> bool {
        self.weight + BATCH_WEIGHT_MAX > LANE_WEIGHT_MAX || self.batches >= LANE_BATCHES_MAX
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::batch::{Progress, Ring};
    use crate::model::id::{BatchId, BroadcastId, ChainId};
    use crate::model::sample::at;

    fn lease(tier: Tier, origin: &str, people: u32) -> Lease {
        let batch = Batch {
            id: BatchId("batch".to_owned()),
            broadcast: BroadcastId("broadcast".to_owned()),
            chain: ChainId("chain".to_owned()),
            message: 0,
            about: None,
            quiet: false,
            hours: None,
            origin: origin.to_owned(),
            tier,
            ring: Ring::Inside,
            not_before: at("10:00:00"),
            expires: at("12:00:00"),
            todo: (0..people).collect(),
            progress: Progress::default(),
            attempts: 0,
        };
        Lease { batch, token: 1 }
    }

    fn fits(slots: &mut Slots, tier: Tier, origin: &str, people: u32) -> usize {
        let mut batches = 0;
        while !slots.is_full(tier) && !slots.full(tier).any(|full| full == origin) {
            slots.take(&lease(tier, origin, people));
            batches += 1;
        }
        batches
    }

    #[test]
    fn a_service_and_a_tier_keep_neither_another_service_nor_another_tier_out() {
        let mut slots = Slots::default();
        assert_eq!(fits(&mut slots, Tier::P3, "slow", 1_000), 4);
        assert_eq!(fits(&mut slots, Tier::P3, "other", 1_000), 4);
        assert_eq!(fits(&mut slots, Tier::P0, "slow", 1_000), 4);
    }

    #[test]
    fn small_batches_go_many_at_a_time_and_never_weigh_more_than_a_few_large_ones() {
        let mut slots = Slots::default();
        assert_eq!(fits(&mut slots, Tier::P1, "here", 100), 4);
        assert_eq!(fits(&mut slots, Tier::P1, "there", 25), 16);
        assert_eq!(fits(&mut slots, Tier::P1, "elsewhere", 1), LANE_BATCHES_MAX);
    }

    #[test]
    fn room_that_is_given_back_is_free_again_and_no_tier_goes_without_bound() {
        let mut slots = Slots::default();
        let slot = slots.take(&lease(Tier::P2, "here", 1_000));
        assert_eq!(fits(&mut slots, Tier::P2, "here", 1_000), 3);
        slots.give_back(&slot);
        assert_eq!(fits(&mut slots, Tier::P2, "here", 1_000), 1);
        let all: usize = (0..100).map(|origin| fits(&mut slots, Tier::P2, &origin.to_string(), 1_000)).sum();
        assert_eq!(all, TIER_BATCHES_MAX - 4);
    }
}
