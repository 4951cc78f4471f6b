//! The gate before every send. Each push service has a lane of its own; in it the most urgent who wait go first, at
//! every single send, yet the quiet ones never stand still.
//!
//! What may be under way at once is bounded for a lane and for all together. A lane's lower tiers leave some of it to
//! the higher ones, so that an urgent send starts at once even where a slow service holds everything else; and no tier
//! of a lane takes more of the whole than it leaves to others. A few passes each tier of a lane has for itself, so that
//! any number of silent services leave some to all others: all together hold `in_flight_max` and those. Where a service
//! has a quota, it is spent in the same order.

mod lane;

use crate::clock::Clock;
use crate::model::batch::Ring;
use crate::model::tier::Tier;
use lane::{Lane, Whole};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// Push services whose lanes are kept; beyond that those that nobody uses are forgotten.
const LANES_MAX: usize = 256;
/// The shortest wait for a quota: what becomes free meanwhile is handed out together, and leaves together.
const QUOTA_WAIT_MIN: Duration = Duration::from_millis(20);

/// How many pushes a service takes in a minute, by origin; who is not named has no quota.
pub type Quotas = BTreeMap<String, u32>;

/// A bounded number of sends at once, handed out by push service and tier. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Gate {
    clock: Clock,
    inner: Arc<Mutex<Inner>>,
}

#[derive(Debug)]
struct Inner {
    in_flight: usize,
    in_flight_max: usize,
    in_flight_per_origin_max: usize,
    /// Passes given so far.
    given: u64,
    quotas: Quotas,
    lanes: HashMap<Arc<str>, Lane>,
}

/// The right to one send; given back when dropped.
#[derive(Debug)]
pub struct Pass {
    /// `None` when it was given back already.
    gate: Option<Gate>,
    origin: Arc<str>,
    rank: usize,
}

type Waiter = oneshot::Sender<Pass>;

impl Gate {
    /// A gate that lets `in_flight_max` sends through at once, so many of them to one push service.
    pub fn new(clock: Clock, in_flight_max: usize, in_flight_per_origin_max: usize, quotas: Quotas) -> Self {
        let inner =
            Inner { in_flight: 0, in_flight_max, in_flight_per_origin_max, given: 0, quotas, lanes: HashMap::new() };
        Self { clock, inner: Arc::new(Mutex::new(inner)) }
    }

    /// The push services that have a quota.
    pub fn with_quota(&self) -> Vec<String> {
        self.lock().quotas.keys().cloned().collect()
    }

    /// So many nodes send to a push service now, this one included: its quota is for all of them.
    pub fn share_quota(&self, origin: &str, nodes: u32) {
        let mut inner = self.lock();
        let share = inner.quotas.get(origin).map(|per_minute| per_minute / nodes.max(1));
        if let (Some(share), Some(lane)) = (share, inner.lanes.get_mut(origin)) {
            lane.set_quota(share);
        }
    }

    /// Waits for a turn at a push service.
    pub async fn pass(&self, origin: &Arc<str>, tier: Tier, ring: Ring) -> Pass {
        let rank = rank(tier, ring);
        if self.lock().try_go(origin, rank, self.clock.monotonic()) {
            return Pass { gate: Some(self.clone()), origin: origin.clone(), rank };
        }
        let (sender, turn) = oneshot::channel();
        self.lock().lane(origin).wait(rank, sender);
        self.hand_out();
        turn.await.expect("a waiting sender is only dropped by handing it a pass")
    }

    /// Nobody sends or waits: how many passes were given so far. The same number later says that nobody sent meanwhile.
    pub fn stillness(&self) -> Option<u64> {
        let inner = self.lock();
        (inner.in_flight == 0 && inner.lanes.values().all(Lane::is_idle)).then_some(inner.given)
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().expect("nothing panics while it holds the gate")
    }

    /// Hands out what is free, to whoever is next.
    fn hand_out(&self) {
        let now = self.clock.monotonic();
        loop {
            let (origin, rank, next) = match self.lock().next(now) {
                Next::Goes(origin, rank, next) => (origin, rank, next),
                Next::Waits(None) => return,
                Next::Waits(Some(wait)) => return self.hand_out_after(wait.max(QUOTA_WAIT_MIN)),
            };
            if let Err(mut unwanted) = next.send(Pass { gate: Some(self.clone()), origin, rank }) {
                unwanted.give_back();
            }
        }
    }

    fn hand_out_after(&self, wait: Duration) {
        let gate = self.clone();
        tokio::spawn(async move {
            tokio::time::sleep(wait).await;
            gate.lock().lanes.values_mut().for_each(Lane::rung);
            gate.hand_out();
        });
    }
}

/// Who goes first in a lane: by tier, inside before near.
fn rank(tier: Tier, ring: Ring) -> usize {
    tier.index() * 2 + usize::from(ring == Ring::Near)
}

/// Who may send next.
enum Next {
    Goes(Arc<str>, usize, Waiter),
    /// Nobody: until a pass comes back, or until a quota allows more.
    Waits(Option<Duration>),
}

impl Inner {
    fn lane(&mut self, origin: &Arc<str>) -> &mut Lane {
        if self.lanes.len() >= LANES_MAX && !self.lanes.contains_key(origin) {
            self.lanes.retain(|_, lane| !lane.is_idle());
        }
        let (max, quota) = (self.in_flight_per_origin_max, self.quotas.get(&**origin).copied());
        self.lanes.entry(origin.clone()).or_insert_with(|| Lane::new(max, quota))
    }

    /// Lets one go who need not wait: who waits at another push service could not go, or is about to be let go.
    fn try_go(&mut self, origin: &Arc<str>, rank: usize, now: Instant) -> bool {
        let whole = self.whole();
        let goes = self.lane(origin).try_go(rank, whole, now);
        if goes {
            self.in_flight += 1;
            self.given += 1;
        }
        goes
    }

    /// Takes who was passed by for long enough, else the most urgent of those who may go, where fewer are under way.
    fn next(&mut self, now: Instant) -> Next {
        let whole = self.whole();
        let may_go = |(origin, lane): (&Arc<str>, &mut Lane)| {
            let turn = lane.may_go(whole).filter(|_| lane.quota(now).is_ok())?;
            Some(((!turn.is_quiet, turn.rank, lane.in_flight()), origin.clone(), turn))
        };
        let first = self.lanes.iter_mut().filter_map(may_go).min_by_key(|(order, ..)| *order);
        let Some((_, origin, turn)) = first else { return Next::Waits(self.quota_wait(now)) };
        let lane = self.lanes.get_mut(&origin).expect("it was just looked at");
        self.in_flight += 1;
        self.given += 1;
        Next::Goes(origin, turn.rank, lane.go(turn))
    }

    const fn whole(&self) -> Whole {
        Whole { in_flight: self.in_flight, in_flight_max: self.in_flight_max }
    }

    /// How long until a quota allows more to those who have room, if nobody sleeps for that yet.
    fn quota_wait(&mut self, now: Instant) -> Option<Duration> {
        let whole = self.whole();
        let wait = |lane: &mut Lane| {
            lane.may_go(whole)?;
            lane.quota(now).err().filter(|_| lane.ring())
        };
        self.lanes.values_mut().filter_map(wait).min()
    }
}

impl Pass {
    fn give_back(&mut self) -> Option<Gate> {
        let gate = self.gate.take()?;
        {
            let mut inner = gate.lock();
            inner.in_flight -= 1;
            if let Some(lane) = inner.lanes.get_mut(&self.origin) {
                lane.came_back(self.rank);
            }
        }
        Some(gate)
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        if let Some(gate) = self.give_back() {
            gate.hand_out();
        }
    }
}

#[cfg(test)]
mod tests;
