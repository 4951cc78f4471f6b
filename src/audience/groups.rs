//! People by what they have in common: the origin of their push service, their language, their channel, their quiet
//! hours.

use super::bits::Bits;
use super::checksum;
use super::chunks;
use crate::model::id::Slot;
use crate::model::subscriber::{ChannelKind, Listener, QuietHours};
use roaring::RoaringBitmap;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

/// So many people are listed one by one: bitmaps of a few people each, spread over all slots, cost more to merge.
const LISTED_MAX: usize = 16_384;

#[derive(Debug)]
pub(super) enum Groups {
    Listed(Listed),
    Split(Bitmaps),
}

#[derive(Debug, Default)]
pub(super) struct Listed {
    members: Vec<Member>,
    names: Names,
    /// Those who have quiet hours.
    resting: Vec<(Slot, Arc<QuietHours>)>,
}

#[derive(Debug, Clone, Copy)]
struct Member {
    slot: Slot,
    /// A number among [`Names`].
    origin: usize,
    /// The same.
    language: usize,
    channel: ChannelKind,
}

/// What origins and languages are called, each once.
#[derive(Debug, Default)]
struct Names {
    names: Vec<Arc<str>>,
    numbers: BTreeMap<Arc<str>, usize>,
}

/// The slots of each group.
#[derive(Debug, Clone, Default)]
pub(super) struct Bitmaps {
    pub origins: BTreeMap<Arc<str>, RoaringBitmap>,
    pub languages: BTreeMap<Arc<str>, RoaringBitmap>,
    pub channels: BTreeMap<ChannelKind, RoaringBitmap>,
    /// Who has none is in none.
    pub quiet_hours: BTreeMap<Arc<QuietHours>, RoaringBitmap>,
}

impl Default for Groups {
    fn default() -> Self {
        Self::Listed(Listed::default())
    }
}

impl Groups {
    pub fn add(&mut self, listener: &Listener) {
        match self {
            Self::Listed(listed) if listed.members.len() < LISTED_MAX => listed.add(listener),
            Self::Listed(listed) => {
                let mut bitmaps = Bitmaps::of(listed);
                bitmaps.add(listener);
                *self = Self::Split(bitmaps);
            }
            Self::Split(bitmaps) => bitmaps.add(listener),
        }
    }

    /// Both in one; of the lower one only who is not gone.
    pub fn merged(lower: &Self, gone: &RoaringBitmap, upper: &Self) -> Self {
        match (lower, upper) {
            (Self::Listed(low), Self::Listed(high)) if low.members.len() + high.members.len() <= LISTED_MAX => {
                let gone = Bits::of(gone);
                let mut merged = Listed::default();
                merged.extend(low, |slot| !gone.contains(slot));
                merged.extend(high, |_| true);
                Self::Listed(merged)
            }
            _ => Self::Split(Bitmaps::merged(&lower.bitmaps(), gone, &upper.bitmaps())),
        }
    }

    pub fn bitmaps(&self) -> Cow<'_, Bitmaps> {
        match self {
            Self::Listed(listed) => Cow::Owned(Bitmaps::of(listed)),
            Self::Split(bitmaps) => Cow::Borrowed(bitmaps),
        }
    }

    /// See [`super::Checksum`].
    pub fn sum(&self, gone: &RoaringBitmap) -> u64 {
        let all = self.bitmaps();
        let origins = all.origins.iter().map(|(name, slots)| (checksum::origin_number(name), slots));
        let languages = all.languages.iter().map(|(name, slots)| (checksum::language_number(name), slots));
        let channels = all.channels.iter().map(|(kind, slots)| (checksum::channel_number(*kind), slots));
        let hours = all.quiet_hours.iter().map(|(hours, slots)| (checksum::hours_number(hours), slots));
        let groups = origins.chain(languages).chain(channels).chain(hours);
        let terms = groups
            .flat_map(|(group, slots)| (slots - gone).into_iter().map(move |slot| checksum::group_term(group, slot)));
        terms.fold(0, u64::wrapping_add)
    }

    /// Memory it takes, bytes.
    pub fn bytes(&self) -> usize {
        match self {
            Self::Listed(listed) => {
                let names = listed.names.names.iter().map(|name| name.len());
                size_of_val(&listed.members[..]) + size_of_val(&listed.resting[..]) + names.sum::<usize>()
            }
            Self::Split(bitmaps) => {
                let names = bitmaps.origins.iter().chain(&bitmaps.languages);
                let named = names.map(|(name, slots)| name.len() + slots.serialized_size());
                let others = bitmaps.channels.values().chain(bitmaps.quiet_hours.values());
                named.sum::<usize>() + others.map(RoaringBitmap::serialized_size).sum::<usize>()
            }
        }
    }
}

impl Listed {
    fn add(&mut self, listener: &Listener) {
        let (origin, language) = (self.names.number(&listener.origin), self.names.number(&listener.language));
        self.members.push(Member { slot: listener.slot, origin, language, channel: listener.channel });
        self.resting.extend(listener.quiet_hours.clone().map(|hours| (listener.slot, Arc::new(hours))));
    }

    /// Adds those who stay of another list, and the names that they need.
    fn extend(&mut self, other: &Self, stays: impl Fn(Slot) -> bool) {
        let mut known: Vec<Option<usize>> = vec![None; other.names.names.len()];
        for member in other.members.iter().filter(|member| stays(member.slot)) {
            let mut number =
                |name: usize| *known[name].get_or_insert_with(|| self.names.number(&other.names.names[name]));
            let (origin, language) = (number(member.origin), number(member.language));
            self.members.push(Member { origin, language, ..*member });
        }
        self.resting.extend(other.resting.iter().filter(|(slot, _)| stays(*slot)).cloned());
    }

    fn named(&self, number: impl Fn(&Member) -> usize) -> BTreeMap<Arc<str>, RoaringBitmap> {
        let mut slots: Vec<Vec<Slot>> = vec![Vec::new(); self.names.names.len()];
        self.members.iter().for_each(|member| slots[number(member)].push(member.slot));
        let named = self.names.names.iter().zip(slots).filter(|(_, slots)| !slots.is_empty());
        named.map(|(name, slots)| (name.clone(), chunks::bitmap(slots))).collect()
    }
}

impl Names {
    fn number(&mut self, name: &str) -> usize {
        if let Some(number) = self.numbers.get(name) {
            return *number;
        }
        let (name, number) = (Arc::<str>::from(name), self.names.len());
        self.names.push(name.clone());
        self.numbers.insert(name, number);
        number
    }
}

impl Bitmaps {
    fn of(listed: &Listed) -> Self {
        let mut channels: BTreeMap<ChannelKind, Vec<Slot>> = BTreeMap::new();
        for member in &listed.members {
            channels.entry(member.channel).or_default().push(member.slot);
        }
        let mut quiet_hours: BTreeMap<Arc<QuietHours>, Vec<Slot>> = BTreeMap::new();
        for (slot, hours) in &listed.resting {
            quiet_hours.entry(hours.clone()).or_default().push(*slot);
        }
        Self {
            origins: listed.named(|member| member.origin),
            languages: listed.named(|member| member.language),
            channels: channels.into_iter().map(|(kind, slots)| (kind, chunks::bitmap(slots))).collect(),
            quiet_hours: quiet_hours.into_iter().map(|(hours, slots)| (hours, chunks::bitmap(slots))).collect(),
        }
    }

    fn add(&mut self, listener: &Listener) {
        let slot = listener.slot;
        add(&mut self.origins, &listener.origin, slot);
        add(&mut self.languages, &listener.language, slot);
        self.channels.entry(listener.channel).or_default().insert(slot);
        let Some(hours) = &listener.quiet_hours else { return };
        match self.quiet_hours.get_mut(hours) {
            Some(slots) => _ = slots.insert(slot),
            None => _ = self.quiet_hours.insert(Arc::new(hours.clone()), [slot].into()),
        }
    }

    fn merged(lower: &Self, gone: &RoaringBitmap, upper: &Self) -> Self {
        Self {
            origins: merged(&lower.origins, gone, &upper.origins),
            languages: merged(&lower.languages, gone, &upper.languages),
            channels: merged(&lower.channels, gone, &upper.channels),
            quiet_hours: merged(&lower.quiet_hours, gone, &upper.quiet_hours),
        }
    }
}

fn add(groups: &mut BTreeMap<Arc<str>, RoaringBitmap>, name: &str, slot: u32) {
    if let Some(slots) = groups.get_mut(name) {
        slots.insert(slot);
    } else {
        groups.insert(name.into(), [slot].into());
    }
}

fn merged<K: Ord + Clone>(
    lower: &BTreeMap<K, RoaringBitmap>,
    gone: &RoaringBitmap,
    upper: &BTreeMap<K, RoaringBitmap>,
) -> BTreeMap<K, RoaringBitmap> {
    let mut all: BTreeMap<K, RoaringBitmap> = lower.iter().map(|(name, slots)| (name.clone(), slots - gone)).collect();
    for (name, slots) in upper {
        *all.entry(name.clone()).or_default() |= slots;
    }
    all.retain(|_, slots| !slots.is_empty());
    all
}
