//! Of how many people a node may not know what became of them: what a crash can make it repeat. Each push service and
//! tier has its share of what a broadcast may have in all, and its batches take from that, however many and small.

use crate::model::batch::{BATCH_RECIPIENTS_MAX, Batch};
use crate::model::id::BroadcastId;
use crate::model::tier::Tier;
use crate::store::{self, Db, StoreError};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use tokio::sync::watch;

/// What a broadcast may have unknown at a node, whatever its size: half a per cent of a hundred thousand.
const UNKNOWN_MIN: u64 = 500;
/// Of the people of a larger one, one in so many: the same half.
const UNKNOWN_SHARE: u64 = 200;
/// What a push service may have unknown at least, however few of the broadcast's people it has: with fewer there would
/// be a commit for each few pushes.
pub const SERVICE_MIN: usize = 16;
/// The most recipients of a batch of whom no outcome is known although their push may have begun: what a crash can make
/// us repeat of it.
const WINDOW_RECIPIENTS_MAX: usize = BATCH_RECIPIENTS_MAX / 2;
/// So many large batches share what their push service is allowed, and leave what a small one needs. Few: each start of
/// a window is a commit.
const WINDOWS: usize = 2;
/// Broadcasts and push services that are remembered; when there are more, those that nobody sends for are forgotten.
const REMEMBERED_MAX: usize = 1_024;

/// How many of the people of a push service may be unknown, of `of_service` that a broadcast to `of_all` has there.
pub fn share(of_service: u64, of_all: u64) -> usize {
    let unknown = (of_all / UNKNOWN_SHARE).max(UNKNOWN_MIN);
    let share = (unknown * of_service).checked_div(of_all).unwrap_or_default();
    usize::try_from(share).unwrap_or(usize::MAX).max(SERVICE_MIN)
}

/// The most that one batch takes of so many.
const fn window(of_all: usize) -> usize {
    match of_all.saturating_sub(SERVICE_MIN) / WINDOWS {
        ..SERVICE_MIN => SERVICE_MIN,
        WINDOW_RECIPIENTS_MAX.. => WINDOW_RECIPIENTS_MAX,
        window => window,
    }
}

/// A broadcast's people of one tier at one push service.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    broadcast: BroadcastId,
    origin: String,
    tier: Tier,
}

/// Those of the broadcasts under way.
#[derive(Debug, Default)]
pub struct Allowances {
    known: Mutex<HashMap<Key, Arc<Allowance>>>,
}

/// One of them.
#[derive(Debug)]
struct Allowance {
    all: usize,
    left: watch::Sender<usize>,
}

impl Allowances {
    /// The allowance that a batch shares, of which nothing is taken for it yet.
    ///
    /// # Errors
    /// The database failed.
    pub async fn of(&self, db: &Db, batch: &Batch) -> Result<Taken, StoreError> {
        let Batch { broadcast, origin, tier, .. } = batch;
        let key = Key { broadcast: broadcast.clone(), origin: origin.clone(), tier: *tier };
        let known = self.known().get(&key).cloned();
        let allowance = match known {
            Some(allowance) => allowance,
            None => self.remember(key, &store::batch::services(db, broadcast).await?),
        };
        Ok(Taken::nothing(allowance))
    }

    fn remember(&self, key: Key, services: &[(String, Tier, u64)]) -> Arc<Allowance> {
        let (mut of_service, mut of_all) = (0, 0);
        for (origin, tier, people) in services {
            of_all += people;
            of_service += if (origin, tier) == (&key.origin, &key.tier) { *people } else { 0 };
        }
        let all = share(of_service, of_all);
        let mut known = self.known();
        if known.len() >= REMEMBERED_MAX {
            known.retain(|_, allowance| Arc::strong_count(allowance) > 1);
        }
        // Two may have asked at the same time: they share one.
        known.entry(key).or_insert_with(|| Arc::new(Allowance { all, left: watch::Sender::new(all) })).clone()
    }

    fn known(&self) -> std::sync::MutexGuard<'_, HashMap<Key, Arc<Allowance>>> {
        self.known.lock().expect("nothing panics while it holds the allowances")
    }
}

/// What one batch has taken of an allowance; given back when dropped.
#[derive(Debug)]
pub struct Taken {
    allowance: Arc<Allowance>,
    left: watch::Receiver<usize>,
    count: usize,
}

impl Taken {
    fn nothing(allowance: Arc<Allowance>) -> Self {
        let left = allowance.left.subscribe();
        Self { allowance, left, count: 0 }
    }

    /// The most that one batch takes of it.
    pub fn window(&self) -> usize {
        window(self.allowance.all)
    }

    /// What this batch has taken.
    pub const fn count(&self) -> usize {
        self.count
    }

    /// What is left for whoever asks next.
    pub fn left(&self) -> usize {
        *self.left.borrow()
    }

    /// Takes more, until it has as many as wanted or nothing is left; how many it has then.
    pub fn grow_to(&mut self, wanted: usize) -> usize {
        let count = &mut self.count;
        self.allowance.left.send_if_modified(|left| {
            let more = wanted.saturating_sub(*count).min(*left);
            (*left, *count) = (*left - more, *count + more);
            more > 0
        });
        self.count
    }

    /// Gives back what is more than that.
    pub fn shrink_to(&mut self, count: usize) {
        let less = self.count.saturating_sub(count);
        self.count -= less;
        if less > 0 {
            self.allowance.left.send_modify(|left| *left += less);
        }
    }

    /// Waits until what is left has changed since this was asked last.
    pub async fn changed(&mut self) {
        if self.left.changed().await.is_err() {
            // Whoever has taken keeps the sender.
            std::future::pending().await
        }
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        self.shrink_to(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Services by how many people they have, and what they may have unknown.
    fn shares(people: &[u64]) -> Vec<usize> {
        people.iter().map(|of_service| share(*of_service, people.iter().sum())).collect()
    }

    #[test]
    fn all_push_services_together_have_half_a_per_cent_of_a_hundred_thousand() {
        assert_eq!(shares(&[100_000]), [500]);
        assert_eq!(shares(&[33_334, 33_333, 33_333]), [166, 166, 166]);
        assert_eq!(shares(&[98_000, 1_000, 900, 100]), [490, 16, 16, 16], "a little more where many have few");
        assert_eq!(shares(&[1_000_000]), [5_000]);
        for people in [&[200_000, 100_000][..], &[60_000, 40_000], &[333_333; 3]] {
            let (all, people) = (shares(people).iter().sum::<usize>() as u64, people.iter().sum::<u64>());
            assert!(all * 200 <= people, "{all} of {people}");
        }
        assert_eq!(shares(&[0]), [16], "nobody is no fault");
    }

    #[test]
    fn large_batches_leave_what_a_small_one_needs() {
        assert_eq!([16, 50, 500, 5_000].map(window), [16, 17, 242, 500]);
        for of_all in 3 * SERVICE_MIN..2_000 {
            assert!(WINDOWS * window(of_all) + SERVICE_MIN <= of_all, "{of_all}");
        }
    }

    fn two() -> (Taken, Taken) {
        let allowances = Allowances::default();
        let key = || Key { broadcast: BroadcastId("b".to_owned()), origin: "o".to_owned(), tier: Tier::P1 };
        let services = [("o", Tier::P1, 40), ("o", Tier::P3, 400), ("other", Tier::P1, 560)];
        let services = services.map(|(origin, tier, people)| (origin.to_owned(), tier, people));
        let one = allowances.remember(key(), &services);
        (Taken::nothing(one), Taken::nothing(allowances.remember(key(), &services)))
    }

    #[test]
    fn batches_of_one_push_service_never_take_more_than_there_is() {
        let (mut one, mut other) = two();
        assert_eq!((one.allowance.all, one.left()), (20, 20));
        assert_eq!((one.grow_to(14), other.grow_to(14), other.left()), (14, 6, 0));
        assert_eq!(other.grow_to(2), 6, "growing takes nothing away");
        one.shrink_to(10);
        assert_eq!((other.grow_to(9), one.count(), one.left()), (9, 10, 1));
        drop(other);
        assert_eq!((one.left(), one.grow_to(100), one.left()), (10, 20, 0));
    }

    #[tokio::test]
    async fn who_waits_hears_of_what_is_given_back() {
        let (mut one, mut other) = two();
        one.grow_to(20);
        // What changed before is heard of too: nobody waits for ever.
        other.changed().await;
        assert_eq!(other.left(), 0);
        let waiting = tokio::spawn(async move {
            other.changed().await;
            other.grow_to(20)
        });
        drop(one);
        assert_eq!(waiting.await.expect("it does not panic"), 20);
    }
}
