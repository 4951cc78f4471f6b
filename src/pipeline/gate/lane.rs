//! One push service's lane through the gate. Pure: the time is handed in.

use super::Waiter;
use crate::model::tier::Tier;
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Tiers, inside and near.
pub(super) const RANKS: usize = Tier::ALL.len() * 2;
/// Each tier leaves one in so many passes of its lane to the tier above it: what it may use together with all that are
/// less urgent.
const LANE_PARTS: usize = 8;
/// The same of all lanes together.
const WHOLE_PARTS: usize = 16;
/// So many passes at once each tier of a lane has in any case, whatever all other lanes hold.
pub(super) const OWN: usize = 4;
/// After so many passes in a row that went past somebody less urgent, one of those is let through.
pub(super) const PASSED_BY_MAX: u32 = 15;
/// A quota that was not used is kept for this long at most: what piled up in an hour must not go out in a second.
const QUOTA_KEPT: Duration = Duration::from_secs(1);

/// Who waits and what is under way.
#[derive(Debug)]
pub(super) struct Lane {
    /// By tier.
    in_flight: [usize; Tier::ALL.len()],
    in_flight_max: usize,
    waiting: [VecDeque<Waiter>; RANKS],
    /// Passes in a row that went past somebody less urgent.
    passed_by: u32,
    /// The rank of the last who was let through for that: those above it are next.
    let_through: usize,
    quota: Option<Quota>,
    /// Somebody sleeps until the quota allows more.
    rings: bool,
}

/// What all lanes may use together.
#[derive(Debug, Clone, Copy)]
pub(super) struct Whole {
    pub(super) in_flight: usize,
    pub(super) in_flight_max: usize,
}

/// Who may go now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Turn {
    pub(super) rank: usize,
    /// It was passed by for long enough: it goes before those who are more urgent.
    pub(super) is_quiet: bool,
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
        Self {
            in_flight: Default::default(),
            in_flight_max,
            waiting: Default::default(),
            passed_by: 0,
            let_through: 0,
            quota,
            rings: false,
        }
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

    /// Who may go now, if any: the most urgent who wait and have room; after [`PASSED_BY_MAX`] of those, the less urgent
    /// in turn.
    pub(super) fn may_go(&mut self, whole: Whole) -> Option<Turn> {
        for waiting in &mut self.waiting {
            while waiting.pop_front_if(|waiter| waiter.is_closed()).is_some() {}
        }
        let mut ranks = (0..RANKS).filter(|rank| !self.waiting[*rank].is_empty() && self.has_room(*rank, whole));
        let first = ranks.next()?;
        // From the least urgent upwards, then from below again.
        let above = |rank: &usize| *rank < self.let_through;
        let quiet = (self.passed_by >= PASSED_BY_MAX)
            .then(|| ranks.clone().rfind(above).or_else(|| ranks.next_back()))
            .flatten();
        Some(Turn { rank: quiet.unwrap_or(first), is_quiet: quiet.is_some() })
    }

    fn has_room(&self, rank: usize, whole: Whole) -> bool {
        let tier = tier_of(rank);
        // Who is more urgent holds nobody back here, or quiet ones would stand still behind them.
        let leaves_lane = (1..=tier).all(|tier| {
            let like_it: usize = self.in_flight[tier..].iter().sum();
            // Never nothing, however small the lane is.
            like_it < (self.in_flight_max * (LANE_PARTS - tier) / LANE_PARTS).max(1)
        });
        // No tier of a lane takes more of the whole than it leaves to all others; who is less urgent than it takes
        // nothing of its share.
        let before_it: usize = self.in_flight[..=tier].iter().sum();
        let free = whole.in_flight_max.saturating_sub(whole.in_flight);
        let leaves_whole = before_it + whole.in_flight_max * tier / WHOLE_PARTS < free;
        self.in_flight() < self.in_flight_max && leaves_lane && (leaves_whole || self.in_flight[tier] < OWN)
    }

    /// Whether the quota allows one more; else how long until it does. While somebody sleeps for it nobody goes: what
    /// becomes free meanwhile goes together, and not one by one with each answer that comes.
    pub(super) fn quota(&mut self, now: Instant) -> Result<(), Duration> {
        let Some(quota) = &mut self.quota else { return Ok(()) };
        let per_s = f64::from(quota.per_minute.max(1)) / 60.0;
        let most = (per_s * QUOTA_KEPT.as_secs_f64()).max(1.0);
        let passed = quota.counted_at.map_or(QUOTA_KEPT, |then| now.saturating_duration_since(then));
        quota.left = (quota.left + passed.as_secs_f64() * per_s).min(most);
        quota.counted_at = Some(now);
        if quota.left >= 1.0 && !self.rings {
            Ok(())
        } else {
            Err(Duration::from_secs_f64((1.0 - quota.left).max(0.0) / per_s))
        }
    }

    /// Whether the caller must see to it that this lane is looked at again when the quota allows more.
    pub(super) fn ring(&mut self) -> bool {
        !std::mem::replace(&mut self.rings, true)
    }

    /// Nobody sleeps any more.
    pub(super) fn rung(&mut self) {
        self.rings = false;
    }

    /// Lets one go who comes now and goes past nobody: none waits here, there is room, and the quota allows it.
    pub(super) fn try_go(&mut self, rank: usize, whole: Whole, now: Instant) -> bool {
        let goes = self.waiting.iter().all(VecDeque::is_empty) && self.has_room(rank, whole) && self.quota(now).is_ok();
        if goes {
            self.count(rank);
        }
        goes
    }

    /// Takes the first of those whose turn [`Lane::may_go`] named.
    pub(super) fn go(&mut self, turn: Turn) -> Waiter {
        let Turn { rank, is_quiet } = turn;
        if is_quiet {
            (self.passed_by, self.let_through) = (0, rank);
        } else if self.waiting[rank + 1..].iter().any(|waiting| !waiting.is_empty()) {
            self.passed_by += 1;
        }
        self.count(rank);
        self.waiting[rank].pop_front().expect("somebody waits at this rank")
    }

    /// One more is under way.
    fn count(&mut self, rank: usize) {
        self.in_flight[tier_of(rank)] += 1;
        if let Some(quota) = &mut self.quota {
            quota.left -= 1.0;
        }
    }

    /// One who went at this rank came back.
    pub(super) fn came_back(&mut self, rank: usize) {
        self.in_flight[tier_of(rank)] -= 1;
    }
}

const fn tier_of(rank: usize) -> usize {
    rank / 2
}
