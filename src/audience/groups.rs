//! People by what they have in common: the origin of their push service, their language, their channel.

use super::bits::Bits;
use super::checksum;
use crate::model::id::Slot;
use crate::model::subscriber::{ChannelKind, Listener};
use roaring::RoaringBitmap;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

/// So many people are listed one by one: bitmaps of a few people each, spread over all slots, cost more to merge.
const LISTED_MAX: usize = 16_384;

#[derive(Debug)]
pub(super) enum Groups {
    Listed(Vec<Member>),
    Split(Bitmaps),
}

#[derive(Debug, Clone)]
pub(super) struct Member {
    slot: Slot,
    origin: Arc<str>,
    language: Arc<str>,
    channel: ChannelKind,
}

/// The slots of each group.
#[derive(Debug, Clone, Default)]
pub(super) struct Bitmaps {
    pub origins: BTreeMap<Arc<str>, RoaringBitmap>,
    pub languages: BTreeMap<Arc<str>, RoaringBitmap>,
    pub channels: BTreeMap<ChannelKind, RoaringBitmap>,
}

impl Default for Groups {
    fn default() -> Self {
        Self::Listed(Vec::new())
    }
}

impl Groups {
    pub fn add(&mut self, listener: &Listener) {
        match self {
            Self::Listed(members) if members.len() < LISTED_MAX => members.push(Member {
                slot: listener.slot,
                origin: listener.origin.as_str().into(),
                language: listener.language.as_str().into(),
                channel: listener.channel,
            }),
            Self::Listed(members) => {
                let mut bitmaps = Bitmaps::of(members);
                bitmaps.add(listener.slot, &listener.origin, &listener.language, listener.channel);
                *self = Self::Split(bitmaps);
            }
            Self::Split(bitmaps) => {
                bitmaps.add(listener.slot, &listener.origin, &listener.language, listener.channel);
            }
        }
    }

    /// Both in one; of the lower one only who is not gone.
    pub fn merged(lower: &Self, gone: &RoaringBitmap, upper: &Self) -> Self {
        match (lower, upper) {
            (Self::Listed(low), Self::Listed(high)) if low.len() + high.len() <= LISTED_MAX => {
                let gone = Bits::of(gone);
                let stay = low.iter().filter(|member| !gone.contains(member.slot));
                Self::Listed(stay.chain(high).cloned().collect())
            }
            _ => Self::Split(Bitmaps::merged(&lower.bitmaps(), gone, &upper.bitmaps())),
        }
    }

    pub fn bitmaps(&self) -> Cow<'_, Bitmaps> {
        match self {
            Self::Listed(members) => Cow::Owned(Bitmaps::of(members)),
            Self::Split(bitmaps) => Cow::Borrowed(bitmaps),
        }
    }

    /// See [`super::Checksum`].
    pub fn sum(&self, gone: &RoaringBitmap) -> u64 {
        let all = self.bitmaps();
        let origins = all.origins.iter().map(|(name, slots)| (checksum::origin_number(name), slots));
        let languages = all.languages.iter().map(|(name, slots)| (checksum::language_number(name), slots));
        let channels = all.channels.iter().map(|(kind, slots)| (checksum::channel_number(*kind), slots));
        let groups = origins.chain(languages).chain(channels);
        let terms = groups
            .flat_map(|(group, slots)| (slots - gone).into_iter().map(move |slot| checksum::group_term(group, slot)));
        terms.fold(0, u64::wrapping_add)
    }

    /// Memory it takes, bytes.
    pub fn bytes(&self) -> usize {
        match self {
            Self::Listed(members) => {
                let names = members.iter().map(|member| member.origin.len() + member.language.len());
                size_of_val(&members[..]) + names.sum::<usize>()
            }
            Self::Split(bitmaps) => {
                let names = bitmaps.origins.iter().chain(&bitmaps.languages);
                let named = names.map(|(name, slots)| name.len() + slots.serialized_size());
                named.sum::<usize>() + bitmaps.channels.values().map(RoaringBitmap::serialized_size).sum::<usize>()
            }
        }
    }
}

impl Bitmaps {
    fn of(members: &[Member]) -> Self {
        let mut bitmaps = Self::default();
        for member in members {
            bitmaps.add(member.slot, &member.origin, &member.language, member.channel);
        }
        bitmaps
    }

    fn add(&mut self, slot: Slot, origin: &str, language: &str, channel: ChannelKind) {
        add(&mut self.origins, origin, slot);
        add(&mut self.languages, language, slot);
        self.channels.entry(channel).or_default().insert(slot);
    }

    fn merged(lower: &Self, gone: &RoaringBitmap, upper: &Self) -> Self {
        Self {
            origins: merged(&lower.origins, gone, &upper.origins),
            languages: merged(&lower.languages, gone, &upper.languages),
            channels: merged(&lower.channels, gone, &upper.channels),
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
