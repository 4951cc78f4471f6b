//! What a node sends at once, pure: so many batches of each push service and tier, so that none keeps another out.

use crate::model::batch::{Batch, Lease};
use crate::model::tier::Tier;
use std::collections::HashMap;

/// What the batches of one push service and tier that are under way may weigh together. A batch weighs as many as it
/// has people waiting, but no more than [`BATCH_WEIGHT_MAX`].
pub const LANE_WEIGHT_MAX: usize = 500;
/// The most that one batch weighs. Of four large ones two send at a time (see `allowance`), while the others are read.
pub const BATCH_WEIGHT_MAX: usize = 125;
/// The most batches of one push service and tier at once, however small they are.
const LANE_BATCHES_MAX: usize = 32;
/// The most batches of one tier at once, of all push services together, beyond the first of each: that one needs no
/// room of others.
const TIER_BATCHES_MAX: usize = 128;
/// The most push services of which a tier has batches at once.
const TIER_SERVICES_MAX: usize = 256;

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

    /// Whether another batch of this tier and push service may be taken.
    pub fn has_room(&self, tier: Tier, origin: &str) -> bool {
        let of_tier = || self.lanes.iter().filter(|((of, _), _)| *of == tier).map(|(_, lane)| lane.batches);
        match self.lanes.get(&(tier, origin.to_owned())) {
            None => of_tier().count() < TIER_SERVICES_MAX,
            Some(lane) => {
                let beyond_the_first: usize = of_tier().map(|batches| batches - 1).sum();
                !lane.is_full() && beyond_the_first < TIER_BATCHES_MAX
            }
        }
    }

    /// How many batches of this tier and push service are under way.
    pub fn under_way(&self, tier: Tier, origin: &str) -> usize {
        self.lanes.get(&(tier, origin.to_owned())).map_or(0, |lane| lane.batches)
    }
}

impl Lane {
    const fn is_full(self) -> bool {
        self.weight + BATCH_WEIGHT_MAX > LANE_WEIGHT_MAX || self.batches >= LANE_BATCHES_MAX
    }
}

#[cfg(test)]
pub mod sample {
    use super::*;
    use crate::model::sample::batch;

    /// The lease of a batch with so many people who wait.
    pub fn lease(tier: Tier, origin: &str, people: u32) -> Lease {
        Lease { batch: batch(tier, origin, people), token: 1 }
    }
}

#[cfg(test)]
mod tests {
    use super::sample::lease;
    use super::*;

    fn fits(slots: &mut Slots, tier: Tier, origin: &str, people: u32) -> usize {
        let mut batches = 0;
        while slots.has_room(tier, origin) {
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
        for origin in 0..TIER_SERVICES_MAX - 1 {
            assert!(fits(&mut slots, Tier::P2, &origin.to_string(), 1_000) >= 1, "silent services keep nobody out");
        }
        assert_eq!(fits(&mut slots, Tier::P2, "one more", 1_000), 0);
        let all: usize = slots.lanes.values().map(|lane| lane.batches).sum();
        assert_eq!(all, TIER_BATCHES_MAX + TIER_SERVICES_MAX);
        assert_eq!(fits(&mut slots, Tier::P0, "one more", 1_000), 4);
    }
}
