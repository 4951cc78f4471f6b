//! Between steps 3 and 4, pure: how. The people of each message by what they were told before, and by the night where they are.
//!
//! Whether a push makes itself heard is settled here and in the budget, and nowhere else: everything after only asks
//! whether a batch is quiet.

use super::target::Target;
use super::words::Words;
use crate::audience::Snapshot;
use crate::cap::alert::Alert;
use crate::model::again::{Gist, Says};
use crate::model::batch::{Ring, Told};
use crate::model::id::AlertId;
use crate::model::message::messages;
use crate::model::subscriber::QuietHours;
use crate::model::tier::Tier;
use jiff::Timestamp;
use roaring::RoaringBitmap;
use std::collections::{BTreeMap, BTreeSet};

/// People of one alert with the same quiet hours have batches of their own for so many different quiet hours, those that
/// most people have. Others wait for the same mornings, but a second attempt at one of them may fall into a night.
const HOURS_APART_MAX: usize = 256;

/// People who get the same message in the same way.
#[derive(Debug, Clone, PartialEq)]
pub struct Share {
    pub message: u32,
    /// The earlier alert whose message it takes back, in that one's words and under its number.
    pub about: Option<AlertId>,
    pub tier: Tier,
    pub ring: Ring,
    /// Without sound or vibration.
    pub quiet: bool,
    /// It ends something: it waits for no morning, and costs nothing of a budget.
    pub ends: bool,
    /// Their quiet hours, if nothing is to start in them.
    pub hours: Option<QuietHours>,
    pub not_before: Timestamp,
    pub expires: Timestamp,
    pub slots: RoaringBitmap,
}

/// What people were told before.
#[derive(Debug, Clone, Default)]
pub struct Earlier {
    /// Newest first.
    pub told: Vec<Told>,
    /// The alerts in it, as far as they can be read.
    pub alerts: BTreeMap<AlertId, Alert>,
}

impl Earlier {
    /// The alerts whose words matter: someone was told or rung by them last, or may have been.
    pub fn needed(&self) -> BTreeSet<AlertId> {
        let people = self.told.iter().fold(RoaringBitmap::new(), |all, told| all | &told.slots);
        let last = [self.newest(&people), self.heard(&people, |_| true), self.heard(&people, |told| !told.quiet)];
        last.into_iter().flatten().map(|(told, _)| told.alert.clone()).collect()
    }

    /// Splits people by the newest of what they may have been told.
    fn newest(&self, people: &RoaringBitmap) -> Vec<(&Told, RoaringBitmap)> {
        let mut left = people.clone();
        self.told.iter().filter_map(|told| Some((told, take(&mut left, &told.slots)?))).collect()
    }

    /// Splits people by the newest of what they were told for certain: a push service took it.
    fn heard(&self, people: &RoaringBitmap, fits: impl Fn(&Told) -> bool) -> Vec<(&Told, RoaringBitmap)> {
        let mut left = people.clone();
        let fitting = self.told.iter().filter(|told| fits(told));
        fitting.filter_map(|told| Some((told, take(&mut left, &told.accepted)?))).collect()
    }

    /// Splits people by the most urgent tier at which they were rung, else told quietly. Who was not told is left out.
    fn loudest(&self, people: &RoaringBitmap) -> Vec<(Tier, bool, RoaringBitmap)> {
        let mut left = people.clone();
        let kinds = [false, true].into_iter().flat_map(|quiet| Tier::ALL.map(|tier| (tier, quiet)));
        kinds
            .filter_map(|(tier, quiet)| {
                let such = self.told.iter().filter(|told| told.tier == tier && told.quiet == quiet);
                let told = such.fold(RoaringBitmap::new(), |all, told| all | &told.slots);
                Some((tier, quiet, take(&mut left, &told)?))
            })
            .collect()
    }

    fn gist(&self, told: &Told) -> Option<Gist> {
        let alert = self.alerts.get(&told.alert)?;
        let messages = messages(alert);
        let message = messages.iter().find(|message| message.number == told.message)?;
        Some(Gist::of(alert, message, told.tier))
    }

    /// Those of these people whom the message tells nothing that they have to act on: they were rung before, and neither
    /// that nor what they were told last was another tier, area or instruction. Whose push had only begun was not rung;
    /// and who may have heard something else since is told again.
    fn knows(&self, people: &RoaringBitmap, message: &Gist) -> RoaringBitmap {
        let same = |split: Vec<(&Told, RoaringBitmap)>| {
            let same =
                split.into_iter().filter(|(told, _)| self.gist(told).is_some_and(|gist| !message.rings_after(&gist)));
            same.fold(RoaringBitmap::new(), |all, (_, people)| all | people)
        };
        let rung = same(self.heard(people, |told| !told.quiet));
        rung & same(self.heard(people, |_| true)) & same(self.newest(people))
    }

    /// Whether the words of what was told can be used.
    fn has(&self, told: &Told) -> bool {
        self.alerts.get(&told.alert).is_some_and(|alert| messages(alert).iter().any(|one| one.number == told.message))
    }
}

/// What both have, taken out of `left`; `None` for nobody.
fn take(left: &mut RoaringBitmap, from: &RoaringBitmap) -> Option<RoaringBitmap> {
    let taken = &*left & from;
    *left -= &taken;
    (!taken.is_empty()).then_some(taken)
}

/// Splits targets by what people were told before. Everyone is in exactly one share.
pub fn shares(words: &Words, targets: &[Target], earlier: &Earlier, now: Timestamp) -> Vec<Share> {
    let mut shares = Vec::new();
    for target in targets {
        let Some(message) = words.messages.iter().find(|message| message.number == target.message) else { continue };
        let says = words.says(message);
        let share = |tier: Tier, quiet: bool, slots: RoaringBitmap| Share {
            message: message.number,
            about: None,
            tier,
            ring: target.ring,
            quiet,
            ends: says.ends(),
            hours: None,
            not_before: now,
            expires: message.expires,
            slots,
        };
        match says {
            Says::News => shares.push(share(message.tier, false, target.slots.clone())),
            Says::Update => {
                let known = earlier.knows(&target.slots, &Gist::of(&words.speaking, message, message.tier));
                shares.push(share(message.tier, false, &target.slots - &known));
                shares.push(share(message.tier, true, known));
            }
            Says::AllClear | Says::Withdrawn => {
                // As urgent as it was to each of them.
                let mut left = target.slots.clone();
                for (tier, was_quiet, slots) in earlier.loudest(&target.slots) {
                    left -= &slots;
                    let share = share(tier, was_quiet || says == Says::AllClear, slots);
                    shares.extend(if words.alert.infos.is_empty() {
                        in_their_words(share, earlier)
                    } else {
                        vec![share]
                    });
                }
                shares.push(share(message.tier, says == Says::AllClear, left));
            }
        }
    }
    shares.retain(|share| !share.slots.is_empty());
    shares
}

/// A Cancel without words of its own speaks in those of what each person was told last.
fn in_their_words(share: Share, earlier: &Earlier) -> Vec<Share> {
    let mut left = share.slots.clone();
    let mut all = Vec::new();
    for (told, slots) in earlier.newest(&share.slots) {
        if earlier.has(told) {
            left -= &slots;
            all.push(Share { message: told.message, about: Some(told.alert.clone()), slots, ..share.clone() });
        }
    }
    all.push(Share { slots: left, ..share });
    all
}

/// Lets people sleep: what is not grave waits for the end of their quiet hours; what ends something comes, but quietly.
pub fn at_night(audience: &Snapshot, shares: Vec<Share>, now: Timestamp) -> Vec<Share> {
    let mut all = Vec::new();
    for share in shares {
        if !waits(share.tier) {
            all.push(share);
            continue;
        }
        let mut by_hours = audience.by_quiet_hours(&share.slots);
        by_hours.sort_by_key(|(_, people)| std::cmp::Reverse(people.len()));
        let mut awake = share.slots.clone();
        let mut asleep: BTreeMap<(Timestamp, Option<QuietHours>), RoaringBitmap> = BTreeMap::new();
        for (nth, (hours, people)) in by_hours.into_iter().enumerate() {
            let end = hours.end(now);
            if share.ends && end.is_none() {
                continue;
            }
            awake -= &people;
            let hours = (!share.ends && nth < HOURS_APART_MAX).then_some(hours);
            let not_before = end.filter(|_| !share.ends).unwrap_or(now);
            *asleep.entry((not_before, hours)).or_default() |= people;
        }
        for ((not_before, hours), slots) in asleep {
            all.push(Share { not_before, hours, slots, quiet: share.quiet || share.ends, ..share.clone() });
        }
        all.push(Share { slots: awake, ..share });
    }
    all.retain(|share| !share.slots.is_empty());
    all
}

/// Whether a tier waits for the morning.
const fn waits(tier: Tier) -> bool {
    match tier {
        Tier::P0 | Tier::P1 => false,
        Tier::P2 | Tier::P3 => true,
    }
}

impl Share {
    /// Whether it costs one of the rings that people have on a day: what makes itself heard without being grave. P3 never
    /// does, nor what is over before it may be heard.
    pub fn costs(&self) -> bool {
        let ranked = match self.tier {
            Tier::P2 => true,
            Tier::P0 | Tier::P1 | Tier::P3 => false,
        };
        ranked && !self.quiet && !self.ends && self.not_before < self.expires
    }

    /// The day on which it rings, in days since 1970 in UTC.
    pub fn day(&self) -> i64 {
        day(self.not_before)
    }

    /// The same in two: whoever is over the budget hears nothing, but gets it.
    pub fn over(self, over: &RoaringBitmap) -> Vec<Self> {
        let quiet = Self { quiet: true, slots: &self.slots & over, ..self.clone() };
        let loud = Self { slots: &self.slots - over, ..self };
        [loud, quiet].into_iter().filter(|share| !share.slots.is_empty()).collect()
    }
}

/// Days since 1970 in UTC.
pub fn day(at: Timestamp) -> i64 {
    const DAY_S: i64 = 86_400;
    at.as_second().div_euclid(DAY_S)
}

#[cfg(test)]
#[path = "share_tests.rs"]
mod tests;
