//! Places of one class, sorted along the curve: 12 bytes each.

use super::bits::Bits;
use crate::model::id::Slot;
use crate::model::place::{Altitude, Radius, Step};

/// How many bits of a key say what the person wants: see [`super::filter`].
pub(super) const WANTED_BITS: u32 = 21;
/// From so many entries on, two threads sort.
const SORTED_BY_TWO_MIN: usize = 1 << 17;

/// How many keys are looked through first around where one is sought: a line of memory.
const NEAR: usize = 8;
/// Among more it is worth another guess where one stands.
const GUESSED_MIN: usize = 2 * NEAR;

/// What places that are searched together have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Class {
    pub step: Step,
    pub radius: Radius,
    pub altitude: Option<Altitude>,
}

/// Where a place lies on the curve, above what its person wants, above whose it is: one number to sort by.
pub(super) fn entry(curve_key: u64, wanted: u32, slot: Slot) -> u128 {
    u128::from(curve_key << WANTED_BITS | u64::from(wanted)) << Slot::BITS | u128::from(slot)
}

/// Sorted entries, in two arrays so that none of their bytes is padding.
#[derive(Debug, Default)]
pub(super) struct Array {
    keys: Box<[u64]>,
    slots: Box<[Slot]>,
}

impl Array {
    /// Entries in any order; what comes twice is one.
    pub fn of(mut entries: Vec<u128>) -> Self {
        if entries.len() >= SORTED_BY_TWO_MIN {
            let middle = entries.len() / 2;
            let (lower, _, upper) = entries.select_nth_unstable(middle);
            std::thread::scope(|scope| {
                scope.spawn(|| lower.sort_unstable());
                upper.sort_unstable();
            });
        } else {
            entries.sort_unstable();
        }
        entries.dedup();
        let keys = entries.iter().map(|entry| (entry >> Slot::BITS) as u64).collect();
        let slots = entries.iter().map(|entry| *entry as Slot).collect();
        Self { keys, slots }
    }

    /// Both in one; of the lower one only whose people are not gone.
    pub fn merged(lower: &Self, gone: &Bits, upper: &Self) -> Self {
        let most = lower.len() + upper.len();
        let (mut keys, mut slots) = (Vec::with_capacity(most), Vec::with_capacity(most));
        let mut stays = lower.iter().filter(|(_, slot)| !gone.contains(*slot)).peekable();
        for comes in upper.iter() {
            while let Some((key, slot)) = stays.next_if(|stay| *stay < comes) {
                keys.push(key);
                slots.push(slot);
            }
            keys.push(comes.0);
            slots.push(comes.1);
        }
        for (key, slot) in stays {
            keys.push(key);
            slots.push(slot);
        }
        Self { keys: keys.into_boxed_slice(), slots: slots.into_boxed_slice() }
    }

    pub fn len(&self) -> usize {
        self.keys.len()
    }

    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    pub fn bytes(&self) -> usize {
        size_of_val(&*self.keys) + size_of_val(&*self.slots)
    }

    /// Keys and slots in order.
    pub fn iter(&self) -> impl Iterator<Item = (u64, Slot)> {
        self.keys.iter().copied().zip(self.slots.iter().copied())
    }

    pub fn run(&self) -> Run<'_> {
        Run { keys: &self.keys, slots: &self.slots }
    }
}

/// Entries one after the other.
#[derive(Debug, Clone, Copy)]
pub(super) struct Run<'a> {
    pub keys: &'a [u64],
    pub slots: &'a [Slot],
}

impl<'a> Run<'a> {
    /// The curve keys of its first and its last; `None` when there is none.
    pub fn ends(self) -> Option<(u64, u64)> {
        Some((self.keys.first()? >> WANTED_BITS, self.keys.last()? >> WANTED_BITS))
    }

    /// Keys and slots in order.
    pub fn entries(self) -> impl Iterator<Item = (u64, Slot)> + use<'a> {
        self.keys.iter().copied().zip(self.slots.iter().copied())
    }

    /// Those up to a curve key, and the rest.
    pub fn split(self, last: u64) -> (Self, Self) {
        self.split_at(count_below(self.keys, (last + 1) << WANTED_BITS))
    }

    /// Those of the first cell, and the rest.
    pub fn first_cell(self, first: u64) -> (Self, Self) {
        self.split_at(count_below_from_first(self.keys, (first + 1) << WANTED_BITS))
    }

    fn split_at(self, middle: usize) -> (Self, Self) {
        let ((keys, later_keys), (slots, later_slots)) = (self.keys.split_at(middle), self.slots.split_at(middle));
        (Self { keys, slots }, Self { keys: later_keys, slots: later_slots })
    }
}

/// How many of some sorted keys are below another. Within a quad people live about as densely everywhere, so it is
/// sought near where it would stand if they did: halving would go to distant memory again and again.
fn count_below(keys: &[u64], end: u64) -> usize {
    let (Some(&first), Some(&last)) = (keys.first(), keys.last()) else { return 0 };
    if end <= first {
        return 0;
    }
    if end > last {
        return keys.len();
    }
    let share = (end - first) as f64 / (last - first) as f64;
    let (low, high) = around(keys, end, (share * (keys.len() - 1) as f64) as usize);
    let within = &keys[low..high];
    let more =
        if within.len() > GUESSED_MIN { count_below(within, end) } else { within.partition_point(|key| *key < end) };
    low + more
}

/// The same, sought from the first one on.
fn count_below_from_first(keys: &[u64], end: u64) -> usize {
    let (low, high) = around(keys, end, 0);
    low + keys[low..high].partition_point(|key| *key < end)
}

/// Between which counts that one lies, sought from a guess on in steps that grow. Always less than all.
fn around(keys: &[u64], end: u64, guess: usize) -> (usize, usize) {
    let (mut low, mut high, mut step) = (guess, guess, NEAR);
    while low > 0 && keys[low - 1] >= end {
        (low, high) = (low.saturating_sub(step), low);
        step *= 2;
    }
    while high < keys.len() && keys[high] < end {
        (low, high) = (high + 1, (high + step).min(keys.len()));
        step *= 2;
    }
    (low, high)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_keeps_its_place_its_wishes_and_its_person_and_comes_once() {
        let most = (1_u64 << 36) - 1;
        let entries = vec![entry(most, (1 << WANTED_BITS) - 1, 7), entry(0, 3, u32::MAX), entry(0, 3, u32::MAX)];
        let array = Array::of(entries);
        let found: Vec<(u64, Slot)> = array.iter().collect();
        assert_eq!(found, [(3, u32::MAX), (most << WANTED_BITS | ((1 << WANTED_BITS) - 1), 7)]);
        assert_eq!((array.run().ends(), array.bytes()), (Some((0, most)), 24));
    }

    #[test]
    fn where_keys_end_is_found_however_they_are_spread() {
        let keys: [Vec<u64>; 6] = [
            vec![],
            vec![5],
            vec![3; 40],
            (0..1_000).collect(),
            (0..200).map(|nth| nth * nth * nth).collect(),
            (0..50).map(|nth| 1 << nth).chain([1 << 56; 30]).collect(),
        ];
        for keys in keys {
            let ends = keys.iter().flat_map(|key| [key.saturating_sub(1), *key, key + 1]).chain([0, 1, 1 << 57]);
            for end in ends {
                let wanted = keys.iter().filter(|key| **key < end).count();
                assert_eq!(count_below(&keys, end), wanted, "{end} in {keys:?}");
                assert_eq!(count_below_from_first(&keys, end), wanted, "{end} in {keys:?}");
            }
        }
    }

    #[test]
    fn two_threads_sort_as_one_does() {
        let entries: Vec<u128> =
            (0..300_000_u64).map(|nth| entry(nth * 7_919 % 65_536, (nth % 5) as u32, nth as Slot)).collect();
        let mut wanted = entries.clone();
        wanted.sort_unstable();
        let array = Array::of(entries);
        assert!(array.iter().eq(wanted.iter().map(|entry| ((entry >> 32) as u64, *entry as Slot))));
    }
}
