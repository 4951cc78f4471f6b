//! What one claim takes, pure: the urgent first, yet something of each tier, and no push service before all others.

use super::slots::Slots;
use crate::model::batch::Lease;
use crate::model::tier::Tier;
use crate::store::batch::Waiting;

/// The most batches that one claim takes, so that a more urgent one is never far; and one more of each tier that would
/// get none, so that no tier keeps another out.
pub const CLAIMS_MAX: usize = 8;

/// Where the next batch of a claim comes from.
#[derive(Debug)]
pub struct Round {
    /// Where something may still be had.
    places: Vec<Waiting>,
    slots: Slots,
    taken: usize,
    /// By tier.
    taken_of: [usize; Tier::ALL.len()],
}

impl Round {
    pub fn new(places: Vec<Waiting>, slots: Slots) -> Self {
        Self { places, slots, taken: 0, taken_of: Default::default() }
    }

    /// Of the most urgent tier that may have one more, the push service with the fewest batches under way; there inside
    /// before near.
    pub fn next(&self) -> Option<Waiting> {
        let may_have = |tier: Tier| self.taken < CLAIMS_MAX || self.taken_of[tier.index()] == 0;
        let has_room = |place: &&Waiting| may_have(place.tier) && self.slots.has_room(place.tier, &place.origin);
        let order = |place: &&Waiting| {
            (place.tier.index(), self.slots.under_way(place.tier, &place.origin), place.ring.index())
        };
        self.places.iter().filter(has_room).min_by_key(order).cloned()
    }

    /// A batch was taken.
    pub fn took(&mut self, lease: &Lease) {
        self.slots.take(lease);
        self.taken += 1;
        self.taken_of[lease.batch.tier.index()] += 1;
    }

    /// Nothing was there any more.
    pub fn nothing_at(&mut self, place: &Waiting) {
        self.places.retain(|other| other != place);
    }
}

#[cfg(test)]
mod tests {
    use super::super::slots::sample::lease;
    use super::*;
    use crate::model::batch::Ring;

    /// What is claimed where so many batches wait at each place.
    fn claimed(slots: &Slots, mut waiting: Vec<(Waiting, u32)>) -> Vec<(Tier, String, Ring)> {
        let mut round = Round::new(waiting.iter().map(|(place, _)| place.clone()).collect(), slots.clone());
        let mut claimed = Vec::new();
        while let Some(place) = round.next() {
            let (_, left) = waiting.iter_mut().find(|(other, _)| *other == place).expect("one of ours");
            if *left == 0 {
                round.nothing_at(&place);
                continue;
            }
            *left -= 1;
            round.took(&lease(place.tier, &place.origin, 1_000));
            claimed.push((place.tier, place.origin, place.ring));
        }
        claimed
    }

    fn place(tier: Tier, origin: &str, ring: Ring) -> Waiting {
        Waiting { tier, ring, origin: origin.to_owned() }
    }

    #[test]
    fn a_backlog_of_urgent_batches_lets_one_of_each_other_tier_through() {
        let urgent = (0..10).map(|origin| (place(Tier::P0, &origin.to_string(), Ring::Inside), 5));
        let others = [Tier::P2, Tier::P3].map(|tier| (place(tier, "here", Ring::Near), 9));
        let tiers: Vec<Tier> =
            claimed(&Slots::default(), urgent.chain(others).collect()).iter().map(|(tier, ..)| *tier).collect();
        let mut wanted = vec![Tier::P0; CLAIMS_MAX];
        wanted.extend([Tier::P2, Tier::P3]);
        assert_eq!(tiers, wanted);
    }

    #[test]
    fn services_take_turns_and_inside_comes_before_near() {
        let mut slots = Slots::default();
        slots.take(&lease(Tier::P1, "busy", 1_000));
        let waiting = vec![
            (place(Tier::P1, "busy", Ring::Inside), 2),
            (place(Tier::P1, "other", Ring::Inside), 1),
            (place(Tier::P1, "other", Ring::Near), 1),
        ];
        let wanted = [("other", Ring::Inside), ("busy", Ring::Inside), ("other", Ring::Near), ("busy", Ring::Inside)];
        assert_eq!(claimed(&slots, waiting), wanted.map(|(origin, ring)| (Tier::P1, origin.to_owned(), ring)));
    }
}
