//! A Roaring bitmap of many slots that come in no order.

use crate::model::id::Slot;
use roaring::RoaringBitmap;

/// Fewer slots are quicker to sort at once, by comparing.
const CHUNKED_MIN: usize = 2_048;
/// Slots of one chunk differ in these bits alone, as in a Roaring bitmap.
const CHUNK_BITS: u32 = 16;
/// A chunk of more is written as one bit for each slot that there could be.
const ARRAY_MAX: usize = 4_096;
/// How many bytes those take.
const BITS_BYTES: usize = 8_192;
/// Fewer in a chunk are quicker to sort by comparing.
const SORTED_BY_DIGITS_MIN: usize = 96;
/// What a bitmap's written form begins with, where no chunk is written as runs.
const COOKIE: u32 = 12_346;

/// The bitmap of some slots, which may come more than once.
///
/// Slots are parted into chunks, and each chunk is sorted by itself, in the nearest memory. The bitmap is then read from
/// its written form (RoaringFormatSpec): giving it one slot after the other would take as long as all the rest.
pub(super) fn bitmap(mut slots: Vec<Slot>) -> RoaringBitmap {
    if slots.len() >= CHUNKED_MIN {
        return RoaringBitmap::deserialize_unchecked_from(&written(&slots)[..]).expect("written as the format says");
    }
    slots.sort_unstable();
    slots.dedup();
    RoaringBitmap::from_sorted_iter(slots).expect("sorted, each once")
}

/// A bitmap's written form: what each chunk is, where it stands, and what is in it.
fn written(slots: &[Slot]) -> Vec<u8> {
    let (mut heads, mut places, mut bodies) = (Vec::new(), Vec::new(), Vec::with_capacity(2 * slots.len()));
    let (mut lows, ends) = by_chunk(slots);
    let (mut spare, mut begin) = (vec![0; lows.len()], 0);
    for (chunk, end) in ends.into_iter().enumerate() {
        let here = std::mem::replace(&mut begin, end)..end;
        if here.is_empty() {
            continue;
        }
        let lows = &mut lows[here.clone()];
        sort(lows, &mut spare[here]);
        let count = 1 + lows.windows(2).filter(|two| two[0] != two[1]).count();
        heads.extend([chunk as u16, (count - 1) as u16]);
        places.push(bodies.len() as u32);
        write(lows, count, &mut bodies);
    }
    let chunks = places.len() as u32;
    let header_bytes = 8 + 8 * chunks;
    let mut written = Vec::with_capacity(header_bytes as usize + bodies.len());
    written.extend([COOKIE, chunks].into_iter().flat_map(u32::to_le_bytes));
    written.extend(heads.into_iter().flat_map(u16::to_le_bytes));
    written.extend(places.into_iter().flat_map(|place| (header_bytes + place).to_le_bytes()));
    written.extend(bodies);
    written
}

/// The low bits of slots, chunk by chunk, and where each chunk ends.
fn by_chunk(slots: &[Slot]) -> (Vec<u16>, Vec<usize>) {
    let chunk = |slot: Slot| (slot >> CHUNK_BITS) as usize;
    let mut next = vec![0; chunk(slots.iter().fold(0, |all, slot| all | slot)) + 1];
    slots.iter().for_each(|&slot| next[chunk(slot)] += 1);
    let mut begin = 0;
    next.iter_mut().for_each(|next| begin += std::mem::replace(next, begin));
    let mut lows = vec![0; slots.len()];
    for &slot in slots {
        let to = &mut next[chunk(slot)];
        lows[*to] = slot as u16;
        *to += 1;
    }
    (lows, next)
}

/// By eight bits at a time, the lowest first.
fn sort(lows: &mut [u16], spare: &mut [u16]) {
    if lows.len() < SORTED_BY_DIGITS_MIN {
        return lows.sort_unstable();
    }
    let (mut from, mut to) = (lows, spare);
    for shift in [0, 8] {
        let digit = |low: u16| usize::from(low >> shift & 0xff);
        let mut next = [0_u32; 256];
        from.iter().for_each(|&low| next[digit(low)] += 1);
        let mut begin = 0;
        next.iter_mut().for_each(|next| begin += std::mem::replace(next, begin));
        for &low in &*from {
            let place = &mut next[digit(low)];
            to[*place as usize] = low;
            *place += 1;
        }
        std::mem::swap(&mut from, &mut to);
    }
}

/// Appends the slots of one chunk, which has so many different ones.
fn write(lows: &[u16], count: usize, to: &mut Vec<u8>) {
    let begin = to.len();
    if count > ARRAY_MAX {
        to.resize(begin + BITS_BYTES, 0);
        let bits = &mut to[begin..];
        return lows.iter().for_each(|low| bits[usize::from(*low) / 8] |= 1 << (low % 8));
    }
    to.resize(begin + 2 * count, 0);
    let mut places = to[begin..].chunks_exact_mut(2);
    let mut last = None;
    for &low in lows {
        if last.replace(low) != Some(low) {
            places.next().expect("one for each different").copy_from_slice(&low.to_le_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_in_any_order_are_written_as_the_bitmap_of_them_is() {
        let mixed = |count: u32, within: u32| (0..count).map(move |nth| nth.wrapping_mul(2_654_435_761) % within);
        let full = u32::MAX - 5_000..=u32::MAX;
        let crowds: Vec<Vec<Slot>> = vec![
            vec![7],
            vec![u32::MAX, 0, 65_536, 65_535, 0],
            mixed(95, 65_536).collect(),
            mixed(30_000, 10_000_000).chain(mixed(3_000, 10_000_000)).collect(),
            mixed(3_000, u32::MAX).collect(),
            (0..4_096).rev().chain(0..10).collect(),
            (65_536..65_536 + 4_097).rev().collect(),
            full.clone().rev().chain(full).collect(),
        ];
        for slots in crowds {
            let wanted = RoaringBitmap::from_iter(slots.iter().copied());
            let mut bytes = Vec::new();
            wanted.serialize_into(&mut bytes).expect("memory");
            assert!(written(&slots) == bytes, "{} slots", slots.len());
            assert_eq!(bitmap(slots), wanted);
        }
    }
}
