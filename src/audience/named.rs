//! Named areas that people follow, by their codes.

use super::bits::Bits;
use crate::geo::code::AreaCode;
use crate::model::id::Slot;
use std::collections::{BTreeMap, BTreeSet};

/// Who follows what, and what each of them wants (see [`super::filter`]): 8 bytes each.
#[derive(Debug, Default)]
pub(super) struct NamedPlaces {
    followers: BTreeMap<AreaCode, Box<[(Slot, u32)]>>,
}

impl NamedPlaces {
    /// In any order; what comes twice is one.
    pub fn of(followers: BTreeMap<AreaCode, Vec<(Slot, u32)>>) -> Self {
        let sorted = followers.into_iter().map(|(code, mut people)| {
            people.sort_unstable();
            people.dedup();
            (code, people.into_boxed_slice())
        });
        Self { followers: sorted.collect() }
    }

    /// Both in one; of the lower ones only whose people are not gone.
    pub fn merged(lower: &Self, gone: &Bits, upper: &Self) -> Self {
        let mut all: BTreeMap<AreaCode, Vec<(Slot, u32)>> = BTreeMap::new();
        for (code, slot, wanted) in lower.iter().filter(|(_, slot, _)| !gone.contains(*slot)).chain(upper.iter()) {
            match all.get_mut(code) {
                Some(people) => people.push((slot, wanted)),
                None => drop(all.insert(code.clone(), vec![(slot, wanted)])),
            }
        }
        Self::of(all)
    }

    /// Who follows what, and what they want.
    pub fn iter(&self) -> impl Iterator<Item = (&AreaCode, Slot, u32)> {
        self.followers.iter().flat_map(|(code, people)| people.iter().map(move |(slot, wanted)| (code, *slot, *wanted)))
    }

    /// What anyone follows.
    pub fn codes(&self) -> impl Iterator<Item = &AreaCode> {
        self.followers.keys()
    }

    pub fn len(&self) -> usize {
        self.followers.values().map(|people| people.len()).sum()
    }

    pub fn bytes(&self) -> usize {
        let names = self.codes().map(|code| size_of::<AreaCode>() + code.scheme.len() + code.code.len());
        names.sum::<usize>() + self.followers.values().map(|people| size_of_val(&**people)).sum::<usize>()
    }

    /// Adds those who follow a reached area, of the people who want all that is needed.
    pub fn find(&self, reached: &BTreeSet<&AreaCode>, needed: u32, inside: &mut Bits) {
        for people in reached.iter().filter_map(|code| self.followers.get(code)) {
            let wanting = people.iter().filter(|(_, wanted)| wanted & needed == needed);
            wanting.for_each(|(slot, _)| inside.insert(*slot));
        }
    }
}
