//! How often people are rung on one day for what is not grave: sets instead of counters. Pure.

use roaring::RoaringBitmap;

/// The rings of one day and family. At level *n*, the *n*-th in the list from 0 on, stands who was rung more than *n*
/// times, as far as the budget goes: whoever stands at the last level has none left.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Rings(pub Vec<RoaringBitmap>);

impl Rings {
    /// Counts one more ring for each of these people, and gives those who have had `most` before: they are not rung.
    pub fn spend(&mut self, people: &RoaringBitmap, most: u32) -> RoaringBitmap {
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        let Some(last) = most.checked_sub(1) else { return people.clone() };
        if self.0.len() < most {
            self.0.resize(most, RoaringBitmap::new());
        }
        let over = people & &self.0[last];
        let mut climbing = people - &over;
        for level in &mut self.0[..most] {
            // Whoever is at this level already climbs on.
            let next = &climbing & &*level;
            *level |= &climbing;
            climbing = next;
        }
        over
    }

    /// Takes one ring back of each of these people who had any.
    pub fn give_back(&mut self, people: &RoaringBitmap) {
        let mut left = people.clone();
        for level in self.0.iter_mut().rev() {
            // The last level that they stand at is what their last ring lifted them to.
            let falling = &left & &*level;
            *level -= &falling;
            left -= falling;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    proptest! {
        /// Against a counter for each person.
        #[test]
        fn each_person_is_rung_as_often_as_the_budget_allows_and_nobody_is_lost(
            calls in prop::collection::vec((any::<bool>(), prop::collection::btree_set(0..40_u32, 0..30)), 0..20),
            most in 0..5_u32,
        ) {
            let mut rings = Rings::default();
            let mut counted: BTreeMap<u32, u32> = BTreeMap::new();
            for (back, call) in calls {
                if back {
                    rings.give_back(&call.iter().copied().collect());
                    for person in call {
                        counted.entry(person).and_modify(|had| *had = had.saturating_sub(1));
                    }
                    continue;
                }
                let over = rings.spend(&call.iter().copied().collect(), most);
                for person in call {
                    let had = counted.entry(person).or_default();
                    prop_assert_eq!(over.contains(person), *had >= most);
                    *had = (*had + 1).min(most);
                }
                prop_assert!(over.iter().all(|person| counted.contains_key(&person)));
            }
        }

        #[test]
        fn a_budget_that_was_changed_in_between_counts_what_was_rung(
            calls in prop::collection::vec(1..5_u32, 0..10),
        ) {
            let (mut rings, mut had) = (Rings::default(), 0);
            for most in calls {
                let over = rings.spend(&[7].into(), most);
                if had < most {
                    prop_assert!(over.is_empty());
                    had += 1;
                } else {
                    prop_assert!(over.contains(7));
                }
            }
        }
    }
}
