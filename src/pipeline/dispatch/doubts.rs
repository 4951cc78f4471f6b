//! Endpoints that are refused for what may be their doing or ours, pure: of one app at one push service, who is refused
//! and who is not decides which it is.
//!
//! As long as it may be ours nobody is given up. An endpoint is only to blame once it was refused, others like it were
//! accepted, and it was refused again; and not where so many are refused that it must be something they have in common:
//! of all who were answered lately, or of the pushes of the run in which this one was refused first. Something that is
//! wrong all at once would else give up whoever is tried first, since all were well in the broadcast before, and whoever
//! is tried last, since little comes after them.

use crate::model::id::Slot;
use crate::model::outcome::Fate;
use roaring::RoaringBitmap;
use std::collections::HashMap;
use std::time::{Duration, Instant};

/// The share of people refused, of all who were answered lately, from which on it is taken to be our doing, percent.
pub const WAVE_PERCENT_MIN: u64 = 10;
/// Fewer people than this are no wave.
pub const WAVE_PEOPLE_MIN: u64 = 5;
/// Of how many refused people it is known what came since. Whoever is refused beyond that is not given up until there is
/// room again.
const REFUSED_PEOPLE_MAX: usize = 65_536;
/// So many pushes that are no wave end a run: what is refused from there on is looked at by itself.
const RUN_PUSHES_MIN: u64 = 50;
/// So many refused in a run are told as a wave. Fewer may come together by chance in a large broadcast.
const RUN_REFUSED_MIN: u64 = 50;
/// Answers are counted over this time at least, and twice that at most, seconds. People are tried again sooner.
pub const LATELY_S: u64 = 600;
/// People of an app of which none is accepted who must be refused again until that is told.
const UNACCEPTED_PEOPLE_MIN: u64 = 3;

/// What a refusal comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict {
    /// The endpoint is to blame.
    pub is_endpoints: bool,
    /// It is the first one of this person, as far as is known.
    pub is_new: bool,
    /// It is about us, and others of the service are accepted: whoever runs this must be told.
    pub is_alarming: bool,
}

/// What was refused.
#[derive(Debug, Clone, Copy)]
pub struct Refusal {
    pub slot: Slot,
    pub fate: Fate,
    /// As far as is known the person was not tried before with this broadcast.
    pub is_first_try: bool,
}

/// Who of one app is refused.
#[derive(Debug, Default)]
pub struct Doubts {
    /// Refused, and nobody accepted since.
    unanswered: RoaringBitmap,
    /// Refused, and others accepted since.
    doubted: RoaringBitmap,
    /// Pushes so far.
    pushes: Pushes,
    /// How many they were when the run began that lasts.
    run: Pushes,
    /// The same of the run in which each of these people was refused first.
    refused_in: HashMap<Slot, Pushes>,
    /// The time that runs, and the one before.
    lately: [Count; 2],
    since: Option<Instant>,
}

#[derive(Debug, Default)]
struct Count {
    /// People, however many pushes each of them had: whoever is accepted often must not hide those who are refused.
    accepted: RoaringBitmap,
    refused: RoaringBitmap,
    /// How many of them for the first time.
    new: u64,
}

/// Retries of those who were refused do not count.
#[derive(Debug, Default, Clone, Copy)]
struct Pushes {
    accepted: u64,
    refused: u64,
}

impl Doubts {
    /// Someone was accepted.
    pub fn accepted(&mut self, slot: Slot, now: Instant) {
        self.pushes.accepted += 1;
        self.run_on();
        self.refused_in.remove(&slot);
        let [running, before] = self.lately(now);
        running.accepted.insert(slot);
        running.refused.remove(slot);
        before.refused.remove(slot);
        if !self.unanswered.is_empty() {
            self.doubted |= std::mem::take(&mut self.unanswered);
        }
        self.doubted.remove(slot);
    }

    /// Someone was refused.
    pub fn refused(&mut self, Refusal { slot, fate, is_first_try }: Refusal, now: Instant) -> Verdict {
        let doubted = self.doubted.contains(slot);
        let is_new = !doubted && self.unanswered.insert(slot);
        let [running, before] = self.lately(now);
        running.refused.insert(slot);
        running.accepted.remove(slot);
        before.accepted.remove(slot);
        running.new += u64::from(is_new);
        let known = self.refused_in.get(&slot).copied();
        if known.is_none() && self.refused_in.len() < REFUSED_PEOPLE_MAX {
            self.refused_in.insert(slot, self.run);
        }
        // Whoever was tried elsewhere, or before a restart, is refused here for the first time.
        if is_first_try || known.is_none() {
            self.pushes.refused += 1;
            self.run_on();
        }
        let is_wave = self.is_wave();
        let is_alone = known.is_some_and(|run| !self.since(run).is_wave());
        let accepts = self.accepted_lately() > 0;
        // Those who are left of a broadcast after so long are no news, although nobody else is answered any more.
        let new = self.lately[0].new + self.lately[1].new;
        let is_ours = if accepts { is_wave } else { new >= UNACCEPTED_PEOPLE_MIN };
        let is_ours_alone = doubted && fate == Fate::Kept;
        let is_endpoints = doubted && accepts && !is_wave && is_alone && fate != Fate::Kept;
        if is_endpoints && fate == Fate::Gone {
            // It is retired. Whoever comes back with another one begins anew.
            self.doubted.remove(slot);
            self.refused_in.remove(&slot);
        }
        Verdict { is_endpoints, is_new, is_alarming: !is_new && (is_ours || is_ours_alone) }
    }

    /// Who is refused.
    pub fn who(&self) -> RoaringBitmap {
        &self.unanswered | &self.doubted
    }

    /// Whether so many are refused that it must be our doing.
    pub fn is_wave(&self) -> bool {
        let run = self.since(self.run);
        let lately = Pushes {
            accepted: self.accepted_lately(),
            refused: self.lately[0].refused.union_len(&self.lately[1].refused),
        };
        lately.is_wave() || (run.refused >= RUN_REFUSED_MIN && run.is_wave())
    }

    /// A push was counted: another run begins when enough of this one are no wave.
    fn run_on(&mut self) {
        let run = self.since(self.run);
        if run.accepted + run.refused >= RUN_PUSHES_MIN && !run.is_wave() {
            self.run = self.pushes;
        }
    }

    fn since(&self, earlier: Pushes) -> Pushes {
        Pushes { accepted: self.pushes.accepted - earlier.accepted, refused: self.pushes.refused - earlier.refused }
    }

    fn accepted_lately(&self) -> u64 {
        self.lately[0].accepted.union_len(&self.lately[1].accepted)
    }

    fn lately(&mut self, now: Instant) -> &mut [Count; 2] {
        let long = Duration::from_secs(LATELY_S);
        let age = self.since.map(|since| now.saturating_duration_since(since));
        if age.is_none_or(|age| age >= long) {
            if age.is_some_and(|age| age >= 2 * long) {
                self.refused_in.clear();
            }
            let running = std::mem::take(&mut self.lately[0]);
            self.lately[1] = if age.is_some_and(|age| age < 2 * long) { running } else { Count::default() };
            self.since = Some(now);
        }
        &mut self.lately
    }
}

impl Pushes {
    const fn is_wave(self) -> bool {
        let Self { accepted, refused } = self;
        refused >= WAVE_PEOPLE_MIN && refused * 100 >= (refused + accepted) * WAVE_PERCENT_MIN
    }
}

#[cfg(test)]
#[path = "doubts_tests.rs"]
mod tests;
