//! A set of slots that is quick to fill in any order, and turns into a Roaring bitmap at the end.

use crate::model::id::Slot;
use roaring::RoaringBitmap;

/// Slots in one chunk: as many as a Roaring container has.
const CHUNK_SLOTS: usize = 1 << 16;
const CHUNK_BYTES: usize = CHUNK_SLOTS / 8;

/// Memory is taken only for chunks with someone in them.
#[derive(Debug, Default)]
pub(super) struct Bits {
    chunks: Vec<Option<Box<[u8; CHUNK_BYTES]>>>,
}

impl Bits {
    pub fn insert(&mut self, slot: Slot) {
        let (chunk, bit) = (slot as usize / CHUNK_SLOTS, slot as usize % CHUNK_SLOTS);
        if self.chunks.len() <= chunk {
            self.chunks.resize(chunk + 1, None);
        }
        let bytes = self.chunks[chunk].get_or_insert_with(|| Box::new([0; CHUNK_BYTES]));
        bytes[bit / 8] |= 1 << (bit % 8);
    }

    pub fn into_bitmap(self) -> RoaringBitmap {
        let mut bitmap = RoaringBitmap::new();
        for (offset, chunk) in (0..=u32::MAX).step_by(CHUNK_SLOTS).zip(self.chunks) {
            if let Some(bytes) = chunk {
                bitmap |= RoaringBitmap::from_lsb0_bytes(offset, bytes.as_slice());
            }
        }
        bitmap
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_of_all_chunks_come_out_once() {
        let slots = [0, 7, 8, 65_535, 65_536, 200_000, u32::MAX, 7];
        let mut bits = Bits::default();
        for slot in slots {
            bits.insert(slot);
        }
        assert_eq!(bits.into_bitmap(), RoaringBitmap::from_iter(slots));
    }
}
