//! Slots that are quick to collect in any order, and turn into a Roaring bitmap at the end.

use super::array::Run;
use super::chunks;
use crate::model::id::Slot;
use roaring::RoaringBitmap;

/// Up to one slot for so many bytes of bits a list that is sorted at the end is quicker than bits for everyone.
const BYTES_PER_LISTED: usize = 8;
/// Bits are taken only where they need no more than so many for each person: slots may lie far apart.
const BITS_PER_PERSON_MAX: u64 = 64;

/// Slots found so far: a list, and one bit for every slot as soon as they are many.
#[derive(Debug)]
pub(super) struct Bits {
    listed: Vec<Slot>,
    bytes: Vec<u8>,
    /// How many bytes have a bit for everyone; `None` where that would be too many.
    bytes_needed: Option<usize>,
}

impl Bits {
    /// Room for some of these people.
    pub fn for_people(people: &RoaringBitmap) -> Self {
        Self::up_to(people.max().unwrap_or(0), people.len())
    }

    /// Room for some of so many slots, none of which is above `last`.
    pub fn up_to(last: Slot, people: u64) -> Self {
        let is_dense = u64::from(last) <= people.saturating_mul(BITS_PER_PERSON_MAX);
        Self { listed: Vec::new(), bytes: Vec::new(), bytes_needed: is_dense.then_some(last as usize / 8 + 1) }
    }

    /// Everyone of a bitmap.
    pub fn of(slots: &RoaringBitmap) -> Self {
        let mut bits = Self::for_people(slots);
        slots.iter().for_each(|slot| bits.insert(slot));
        bits
    }

    pub fn insert(&mut self, slot: Slot) {
        self.make_room(1);
        if self.bytes.is_empty() {
            self.listed.push(slot);
        } else {
            self.bytes[slot as usize / 8] |= 1 << (slot % 8);
        }
    }

    /// Those of some runs whose keys have all bits that are needed.
    pub fn insert_runs(&mut self, runs: &[Run<'_>], needed: u64) {
        self.make_room(runs.iter().map(|run| run.slots.len()).sum());
        // Without a branch: whether someone wants it is hard to foresee.
        match (self.bytes.is_empty(), needed) {
            (true, 0) => runs.iter().for_each(|run| self.listed.extend_from_slice(run.slots)),
            (true, _) => {
                for run in runs {
                    let mut end = self.listed.len();
                    self.listed.resize(end + run.slots.len(), 0);
                    for (key, slot) in run.entries() {
                        self.listed[end] = slot;
                        end += usize::from(key & needed == needed);
                    }
                    self.listed.truncate(end);
                }
            }
            (false, 0) => {
                for run in runs {
                    run.slots.iter().for_each(|&slot| self.bytes[slot as usize / 8] |= 1 << (slot % 8));
                }
            }
            (false, _) => {
                for (key, slot) in runs.iter().flat_map(|run| run.entries()) {
                    self.bytes[slot as usize / 8] |= u8::from(key & needed == needed) << (slot % 8);
                }
            }
        }
    }

    /// Whether a slot is in it; only where slots were inserted in their order.
    pub fn contains(&self, slot: Slot) -> bool {
        match self.bytes.get(slot as usize / 8) {
            Some(byte) => byte >> (slot % 8) & 1 == 1,
            None => self.listed.binary_search(&slot).is_ok(),
        }
    }

    pub fn into_bitmap(self) -> RoaringBitmap {
        if !self.bytes.is_empty() {
            return RoaringBitmap::from_lsb0_bytes(0, &self.bytes);
        }
        chunks::bitmap(self.listed)
    }

    /// Goes over to bits when the list would grow too long.
    fn make_room(&mut self, more: usize) {
        let Some(bytes) = self.bytes_needed else { return };
        if self.bytes.is_empty() && self.listed.len() + more > bytes / BYTES_PER_LISTED {
            self.bytes = vec![0; bytes];
            for slot in std::mem::take(&mut self.listed) {
                self.bytes[slot as usize / 8] |= 1 << (slot % 8);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_come_out_once_whether_few_or_many_near_or_far_apart() {
        let far = [0, 7, 8, 65_535, 65_536, 200_000, u32::MAX, 7];
        let some = (0..3_000).map(|nth| nth * 7_919 % 65_536 * 15);
        let crowds = [
            Vec::from(far),
            (0..100_000).rev().collect(),
            (0..20_000).map(|slot| slot * 200_000).collect(),
            some.clone().chain(some).chain([1_000_000]).collect(),
        ];
        for slots in crowds {
            let people = RoaringBitmap::from_iter(slots.iter().copied());
            let (mut one_by_one, mut at_once) = (Bits::for_people(&people), Bits::for_people(&people));
            slots.iter().for_each(|slot| one_by_one.insert(*slot));
            at_once.insert_runs(&[Run { keys: &vec![0; slots.len()], slots: &slots }], 0);
            assert_eq!(one_by_one.into_bitmap(), people);
            assert_eq!(at_once.into_bitmap(), people);
            let bits = Bits::of(&people);
            assert!(slots.iter().all(|slot| bits.contains(*slot)) && !bits.contains(65_537 * 3 + 2));
        }
    }

    #[test]
    fn of_a_run_only_those_are_taken_who_have_every_bit() {
        for length in [100, 50_000_u32] {
            let slots: Vec<Slot> = (0..length).collect();
            let keys: Vec<u64> = (0..u64::from(length)).collect();
            let mut bits = Bits::for_people(&slots.iter().copied().collect());
            let (few, more) = (keys.split_at(30), slots.split_at(30));
            let runs = [Run { keys: few.0, slots: more.0 }, Run { keys: few.1, slots: more.1 }];
            bits.insert_runs(&runs, 0b101);
            assert_eq!(bits.into_bitmap(), slots.iter().copied().filter(|slot| slot & 0b101 == 0b101).collect());
        }
    }
}
