//! How long things took, in steps that grow with the time: small to keep, exact to add up, and a percentile that is
//! never off by more than one part in 64.
//!
//! Below 64 ms every millisecond has a step of its own; above, each doubling has 64. A percentile is told as the longest
//! time of its step: never shorter than it was, and longer by less than 1/64.

use std::collections::BTreeMap;

/// Steps of each doubling, as a power of two.
const STEP_BITS: u32 = 6;
const STEPS: u64 = 1 << STEP_BITS;
/// Longer times count as this, milliseconds: some 34 years.
pub const LONGEST_MS: u64 = (1 << 40) - 1;
/// The most times of one histogram: people are counted in 32 bits.
const COUNT_MAX: u64 = 1 << 32;
/// Begins what is stored: tells the steps.
const VERSION: u8 = 1;
/// Bits of a number in one stored byte; the eighth says that more follow.
const BYTE_BITS: u32 = 7;

/// Counts of times. Adding histograms up in any order gives the histogram of all.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Histogram {
    /// How many there are, by number of step; never 0.
    counts: BTreeMap<u16, u64>,
}

impl Histogram {
    /// Counts one time, milliseconds.
    pub fn record(&mut self, ms: u64) {
        *self.counts.entry(step(ms)).or_default() += 1;
    }

    /// Adds everything that another one counted.
    pub fn merge(&mut self, other: &Self) {
        for (step, count) in &other.counts {
            *self.counts.entry(*step).or_default() += count;
        }
    }

    /// How many times were counted.
    pub fn count(&self) -> u64 {
        self.counts.values().sum()
    }

    /// The time, milliseconds, within which this many of a hundred were done (nearest rank); `None` without any.
    /// `percent` is in 1..=100.
    pub fn percentile(&self, percent: u64) -> Option<u64> {
        let rank = (self.count() * percent).div_ceil(100).max(1);
        let mut seen = 0;
        let reached = self.counts.iter().find(|(_, count)| {
            seen += **count;
            seen >= rank
        });
        reached.map(|(step, _)| longest_of(*step))
    }

    /// As it is stored: pairs of the distance to the step before and of the count, in LEB128.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = vec![VERSION];
        let mut before = 0;
        for (step, count) in &self.counts {
            write(&mut bytes, u64::from(step - before));
            write(&mut bytes, *count);
            before = *step;
        }
        bytes
    }

    /// Reads what [`Histogram::to_bytes`] wrote; `None` for anything else.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (version, mut rest) = bytes.split_first()?;
        if *version != VERSION {
            return None;
        }
        let mut counts = BTreeMap::new();
        let (mut at, mut total) = (0_u64, 0_u64);
        while !rest.is_empty() {
            at = at.checked_add(read(&mut rest)?)?;
            let count = read(&mut rest)?;
            total = total.checked_add(count).filter(|total| *total <= COUNT_MAX)?;
            let number = u16::try_from(at).ok().filter(|number| *number <= step(LONGEST_MS))?;
            if count == 0 || counts.insert(number, count).is_some() {
                return None;
            }
        }
        Some(Self { counts })
    }
}

/// The number of a time's step.
fn step(ms: u64) -> u16 {
    let ms = ms.min(LONGEST_MS);
    if ms < STEPS {
        return u16::try_from(ms).expect("less than 64");
    }
    let doublings = ms.ilog2() - STEP_BITS;
    let within = (ms >> doublings) - STEPS;
    u16::try_from((u64::from(doublings) + 1) * STEPS + within).expect("at most 35 times 64 steps")
}

/// The longest time of a step, milliseconds.
fn longest_of(step: u16) -> u64 {
    let step = u64::from(step);
    if step < STEPS {
        return step;
    }
    let doublings = step / STEPS - 1;
    ((STEPS + step % STEPS + 1) << doublings) - 1
}

fn write(bytes: &mut Vec<u8>, mut number: u64) {
    loop {
        let low = u8::try_from(number & 0x7f).expect("seven bits");
        number >>= BYTE_BITS;
        if number == 0 {
            return bytes.push(low);
        }
        bytes.push(low | 0x80);
    }
}

fn read(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0_u64;
    for shift in (0..u64::BITS).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        let low = u64::from(byte & 0x7f);
        number |= low.checked_shl(shift).filter(|shifted| shifted >> shift == low)?;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Times as they come: many short ones, some of hours, a few beyond all reason.
    fn times() -> impl Strategy<Value = Vec<u64>> {
        let time = prop_oneof![8 => 0..200_u64, 8 => 0..60_000_u64, 4 => 0..90_000_000_u64, 1 => 0..LONGEST_MS];
        prop::collection::vec(time, 1..400)
    }

    fn histogram(times: &[u64]) -> Histogram {
        let mut histogram = Histogram::default();
        times.iter().for_each(|time| histogram.record(*time));
        histogram
    }

    proptest! {
        #[test]
        fn a_percentile_is_the_sorted_truth_or_less_than_a_64th_longer(times in times(), percent in 1..=100_u64) {
            let mut sorted = times.clone();
            sorted.sort_unstable();
            let rank = (sorted.len() as f64 * percent as f64 / 100.0).ceil() as usize;
            let truth = sorted[rank.max(1) - 1];
            let told = histogram(&times).percentile(percent).expect("there are some");
            prop_assert!(told >= truth && (told - truth) * 64 <= truth, "{told} for {truth}");
        }

        #[test]
        fn parts_added_up_in_any_order_are_the_whole(times in times(), cut in 0..400_usize) {
            let (one, other) = times.split_at(cut.min(times.len()));
            let (mut first, mut second) = (histogram(one), histogram(other));
            first.merge(&histogram(other));
            second.merge(&histogram(one));
            prop_assert_eq!(&first, &histogram(&times));
            prop_assert_eq!(&second, &first);
            prop_assert_eq!(first.count(), times.len() as u64);
        }

        #[test]
        fn what_is_stored_is_read_back(times in times()) {
            let whole = histogram(&times);
            prop_assert_eq!(Histogram::from_bytes(&whole.to_bytes()), Some(whole));
        }

        #[test]
        fn whatever_bytes_are_stored_reading_them_ends_well(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            if let Some(read) = Histogram::from_bytes(&bytes) {
                prop_assert!(read.percentile(100).unwrap_or(0) <= LONGEST_MS);
                prop_assert_eq!(Histogram::from_bytes(&read.to_bytes()), Some(read));
            }
        }
    }

    #[test]
    fn short_times_are_exact_and_none_has_no_percentile() {
        assert_eq!(Histogram::default().percentile(50), None);
        let histogram = histogram(&[0, 1, 2, 63]);
        assert_eq!([1, 50, 75, 100].map(|percent| histogram.percentile(percent)), [0, 1, 2, 63].map(Some));
    }

    #[test]
    fn times_beyond_the_longest_count_as_the_longest() {
        assert_eq!(histogram(&[u64::MAX]).percentile(50), Some(LONGEST_MS));
    }

    #[test]
    fn what_no_histogram_of_ours_wrote_is_refused() {
        for bytes in [&[][..], &[2], &[1, 5], &[1, 5, 0], &[1, 5, 1, 0, 1], &[1, 0xff, 0xff, 0xff, 0x7f, 1], &[1, 0x80]]
        {
            assert_eq!(Histogram::from_bytes(bytes), None, "{bytes:?}");
        }
    }
}
