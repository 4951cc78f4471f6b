//! One push service's lane through the gate. Pure: the time is handed in.

use super::Waiter;
use crate::model::tier::Tier;
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Tiers, inside and near.
pub(super) const RANKS: usize = Tier::ALL.len() * 2;
/// What each tier leaves of a lane to the more urgent ones, in parts of [`RESERVE_PARTS`], most urgent tier first.
const RESERVED: [usize; Tier::ALL.len()] = [0, 1, 2, 3];
const RESERVE_PARTS: usize = 8;
/// A quota that was not used is kept for this long at most: what piled up in an hour must not go out in a second.
const QUOTA_KEPT: Duration = Duration::from_secs(1);

/// Who waits and what is under way.
#[derive(Debug)]
pub(super) struct Lane {
    /// By tier.
    in_flight: [usize; Tier::ALL.len()],
    in_flight_max: usize,
    waiting: [VecDeque<Waiter>; RANKS],
    quota: Option<Quota>,
    /// Somebody sleeps until the quota allows more.
    rings: bool,
}

#[derive(Debug)]
struct Quota {
    per_minute: u32,
    /// Pushes that may go now.
    left: f64,
    counted_at: Option<Instant>,
}

impl Lane {
    pub(super) fn new(in_flight_max: usize, per_minute: Option<u32>) -> Self {
        let quota = per_minute.map(|per_minute| Quota { per_minute, left: 0.0, counted_at: None });
        Self { in_flight: Default::default(), in_flight_max, waiting: Default::default(), quota, rings: false }
    }

    /// Another share of the quota from here on.
    pub(super) fn set_quota(&mut self, per_minute: u32) {
        if let Some(quota) = &mut self.quota {
            quota.per_minute = per_minute;
        }
    }

    pub(super) fn wait(&mut self, rank: usize, waiter: Waiter) {
        self.waiting[rank].push_back(waiter);
    }

    pub(super) fn in_flight(&self) -> usize {
        self.in_flight.iter().sum()
    }

    pub(super) fn is_idle(&self) -> bool {
        self.in_flight() == 0 && self.waiting.iter().all(VecDeque::is_empty)
    }

    /// The rank that may go now, if any: the most urgent that waits and has room, at a quiet turn the least urgent.
    /// `free` is what all lanes together have left.
    pub(super) fn may_go(&mut self, free: usize, quiet: bool) -> Option<usize> {
        for waiting in &mut self.waiting {
            while waiting.pop_front_if(|waiter| waiter.is_closed()).is_some() {}
        }
        let mut ranks = (0..RANKS).filter(|rank| !self.waiting[*rank].is_empty() && self.has_room(*rank, free));
        if quiet { ranks.next_back() } else { ranks.next() }
    }

    fn has_room(&self, rank: usize, free: usize) -> bool {
        let tier = tier_of(rank);
        // Those that are no more urgent. The others hold nobody back, or quiet ones would stand still behind them.
        let like_it: usize = self.in_flight[tier..].iter().sum();
        // Never nothing, however small the lane is.
        let most = (self.in_flight_max * (RESERVE_PARTS - RESERVED[tier]) / RESERVE_PARTS).max(1);
        // Who is not of the most urgent tier takes no more than what then is left for the other lanes.
        let leaves_enough = tier == 0 || like_it < free;
        free > 0 && self.in_flight() < self.in_flight_max && like_it < most && leaves_enough
    }

    /// Whether the quota allows one more; else how long until it does.
    pub(super) fn quota(&mut self, now: Instant) -> Result<(), Duration> {
        let Some(quota) = &mut self.quota else { return Ok(()) };
        let per_s = f64::from(quota.per_minute.max(1)) / 60.0;
        let most = (per_s * QUOTA_KEPT.as_secs_f64()).max(1.0);
        let passed = quota.counted_at.map_or(QUOTA_KEPT, |then| now.saturating_duration_since(then));
        quota.left = (quota.left + passed.as_secs_f64() * per_s).min(most);
        quota.counted_at = Some(now);
        if quota.left >= 1.0 { Ok(()) } else { Err(Duration::from_secs_f64((1.0 - quota.left) / per_s)) }
    }

    /// Whether the caller must see to it that this lane is looked at again when the quota allows more.
    pub(super) fn ring(&mut self) -> bool {
        !std::mem::replace(&mut self.rings, true)
    }

    /// Nobody sleeps any more.
    pub(super) fn rung(&mut self) {
        self.rings = false;
    }

    /// Takes the first who waits at a rank that [`Lane::may_go`] named.
    pub(super) fn go(&mut self, rank: usize) -> Waiter {
        self.in_flight[tier_of(rank)] += 1;
        if let Some(quota) = &mut self.quota {
            quota.left -= 1.0;
        }
        self.waiting[rank].pop_front().expect("somebody waits at this rank")
    }

    /// One who went at this rank came back.
    pub(super) fn came_back(&mut self, rank: usize) {
        self.in_flight[tier_of(rank)] -= 1;
    }
}

const fn tier_of(rank: usize) -> usize {
    rank / 2
}
