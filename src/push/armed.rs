//! What is done ahead for the next pushes (docs/adr/0023): each needs a fresh key pair and what it agrees on with the
//! browser's (RFC 8291 §3.1), and neither depends on the text. Made while nothing is sent, they leave HKDF and AES-GCM
//! for the moment that counts.
//!
//! Each is for one push: it leaves the armory when it is taken, whatever becomes of the push. They are in memory only,
//! are zeroed when they go, and are found only under the keys that they were made for.

use super::webpush::{AUTH_BYTES, Armed, IKM_BYTES, POINT_BYTES, arm};
use crate::config::ARMED_DEPTH_MAX;
use crate::model::id::Slot;
use crate::model::subscriber::WebPushChannel;
use roaring::RoaringBitmap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, MutexGuard};
use zeroize::Zeroize;

/// People whose armed messages lie together.
const PAGE_PEOPLE: usize = 64;
/// Which keys they were made for; zero: there are none.
const FINGERPRINT_BYTES: usize = 8;
/// A point without the byte that says how it is written, and the input keying material.
const ARMED_BYTES: usize = POINT_BYTES - 1 + IKM_BYTES;

/// What became of arming one message more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arming {
    Armed,
    /// There are as many as there may be.
    Enough,
    /// There is no memory for them.
    NoRoom,
    /// The person's key can never be sent to, or the cryptographic library refused.
    Failed,
}

/// Armed messages of all people.
pub struct Armory {
    depth: usize,
    pages_max: usize,
    fingerprints: RandomState,
    shelf: Mutex<Shelf>,
}

/// Never shows a secret.
impl std::fmt::Debug for Armory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Armory({})", self.len())
    }
}

#[derive(Default)]
struct Shelf {
    /// By slot.
    pages: Vec<Option<Page>>,
    used: usize,
    armed: u64,
}

/// For each of [`PAGE_PEOPLE`]: the fingerprint, then so many armed messages, all zeros where there is none.
struct Page(Box<[u8]>);

impl Drop for Page {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl Armory {
    /// Room for `depth` messages for each person, at most [`ARMED_DEPTH_MAX`], in `bytes_max` bytes altogether. Without a
    /// depth nothing is armed.
    pub fn new(depth: u8, bytes_max: usize) -> Self {
        let depth = usize::from(depth.min(ARMED_DEPTH_MAX));
        let pages_max = bytes_max / (PAGE_PEOPLE * stride(depth));
        Self { depth, pages_max, fingerprints: RandomState::new(), shelf: Mutex::default() }
    }

    /// How many messages are armed for one person at most.
    pub fn depth(&self) -> usize {
        self.depth
    }

    /// How many messages are armed.
    pub fn len(&self) -> u64 {
        self.shelf().armed
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether someone has fewer than `depth` and can have more: nobody new can where there is no memory left.
    pub fn lacks(&self, slot: Slot, depth: usize) -> bool {
        let shelf = self.shelf();
        match shelf.place(slot, self.depth) {
            Some(place) => count(place) < depth.min(self.depth),
            None => self.depth > 0 && shelf.used < self.pages_max,
        }
    }

    /// Forgets what is armed for everyone else.
    pub fn keep(&self, people: &RoaringBitmap) {
        let pages = self.shelf().pages.len();
        for page in 0..pages {
            // Nobody who wants to send waits for more than a page.
            let mut shelf = self.shelf();
            let slots = (page * PAGE_PEOPLE..(page + 1) * PAGE_PEOPLE).filter_map(|slot| Slot::try_from(slot).ok());
            for slot in slots.filter(|slot| !people.contains(*slot)) {
                if let Some((place, armed)) = shelf.place_mut(slot, self.depth) {
                    empty(place, armed);
                }
            }
        }
        self.shelf().drop_empty();
    }

    /// Makes one more message for someone who has fewer than `depth`.
    pub fn arm(&self, slot: Slot, channel: &WebPushChannel, depth: usize) -> Arming {
        let fingerprint = self.fingerprint(channel);
        if self.depth == 0 || depth == 0 {
            return Arming::Enough;
        }
        {
            let mut shelf = self.shelf();
            if !shelf.make_place(slot, self.depth, self.pages_max) {
                return Arming::NoRoom;
            }
            let (place, armed) = shelf.place_mut(slot, self.depth).expect("it was made");
            if place[..FINGERPRINT_BYTES] != fingerprint {
                empty(place, armed);
            }
            if count(place) >= depth.min(self.depth) {
                return Arming::Enough;
            }
        }
        let Ok(made) = arm(&channel.p256dh, &channel.auth) else { return Arming::Failed };
        self.put(slot, fingerprint, &made)
    }

    fn put(&self, slot: Slot, fingerprint: [u8; FINGERPRINT_BYTES], made: &Armed) -> Arming {
        let mut shelf = self.shelf();
        let Some((place, armed)) = shelf.place_mut(slot, self.depth) else { return Arming::NoRoom };
        if count(place) > 0 && place[..FINGERPRINT_BYTES] != fingerprint {
            return Arming::Enough;
        }
        let Some(free) = messages_mut(place).find(|message| is_free(message)) else { return Arming::Enough };
        let (point, ikm) = free.split_at_mut(POINT_BYTES - 1);
        point.copy_from_slice(&made.sender_public[1..]);
        ikm.copy_from_slice(&made.ikm);
        place[..FINGERPRINT_BYTES].copy_from_slice(&fingerprint);
        *armed += 1;
        Arming::Armed
    }

    /// Takes one that was made for these very keys. One for others is of no more use and goes.
    pub(super) fn take(&self, slot: Slot, channel: &WebPushChannel) -> Option<Armed> {
        if self.depth == 0 {
            return None;
        }
        let fingerprint = self.fingerprint(channel);
        let mut shelf = self.shelf();
        let (place, armed) = shelf.place_mut(slot, self.depth)?;
        if place[..FINGERPRINT_BYTES] != fingerprint {
            empty(place, armed);
            return None;
        }
        let message = messages_mut(place).find(|message| !is_free(message))?;
        let mut taken = Armed { sender_public: [0; POINT_BYTES], ikm: [0; IKM_BYTES] };
        let (point, ikm) = message.split_at(POINT_BYTES - 1);
        taken.sender_public[0] = UNCOMPRESSED;
        taken.sender_public[1..].copy_from_slice(point);
        taken.ikm.copy_from_slice(ikm);
        message.zeroize();
        *armed -= 1;
        Some(taken)
    }

    /// Forgets what is armed for someone.
    pub fn forget(&self, slot: Slot) {
        let mut shelf = self.shelf();
        if let Some((place, armed)) = shelf.place_mut(slot, self.depth) {
            empty(place, armed);
        }
    }

    fn fingerprint(&self, channel: &WebPushChannel) -> [u8; FINGERPRINT_BYTES] {
        let keys: (&[u8; POINT_BYTES], &[u8; AUTH_BYTES]) = (&channel.p256dh, &channel.auth);
        self.fingerprints.hash_one(keys).max(1).to_le_bytes()
    }

    fn shelf(&self) -> MutexGuard<'_, Shelf> {
        self.shelf.lock().expect("no one panics while holding it")
    }
}

/// How an uncompressed point begins.
const UNCOMPRESSED: u8 = 4;

/// Bytes of one person.
const fn stride(depth: usize) -> usize {
    FINGERPRINT_BYTES + depth * ARMED_BYTES
}

fn messages_mut(place: &mut [u8]) -> impl Iterator<Item = &mut [u8]> {
    place[FINGERPRINT_BYTES..].chunks_exact_mut(ARMED_BYTES)
}

fn count(place: &[u8]) -> usize {
    place[FINGERPRINT_BYTES..].chunks_exact(ARMED_BYTES).filter(|message| !is_free(message)).count()
}

/// Forgets what is armed for one person.
fn empty(place: &mut [u8], armed: &mut u64) {
    *armed -= count(place) as u64;
    place.zeroize();
}

/// A point has no coordinates that are both zero.
fn is_free(message: &[u8]) -> bool {
    message[..POINT_BYTES - 1].iter().all(|byte| *byte == 0)
}

impl Shelf {
    fn place(&self, slot: Slot, depth: usize) -> Option<&[u8]> {
        let (page, at) = find(slot, depth)?;
        Some(&self.pages.get(page)?.as_ref()?.0[at..at + stride(depth)])
    }

    /// And the count of all that are armed.
    fn place_mut(&mut self, slot: Slot, depth: usize) -> Option<(&mut [u8], &mut u64)> {
        let (page, at) = find(slot, depth)?;
        Some((&mut self.pages.get_mut(page)?.as_mut()?.0[at..at + stride(depth)], &mut self.armed))
    }

    /// `false`: there is no room.
    fn make_place(&mut self, slot: Slot, depth: usize, pages_max: usize) -> bool {
        let Some((page, _)) = find(slot, depth) else { return false };
        if self.pages.get(page).is_some_and(Option::is_some) {
            return true;
        }
        if self.used >= pages_max {
            self.drop_empty();
        }
        if self.used >= pages_max {
            return false;
        }
        if self.pages.len() <= page {
            self.pages.resize_with(page + 1, || None);
        }
        self.pages[page] = Some(Page(vec![0; PAGE_PEOPLE * stride(depth)].into()));
        self.used += 1;
        true
    }

    /// Pages of people who are gone.
    fn drop_empty(&mut self) {
        for page in &mut self.pages {
            if page.as_ref().is_some_and(|page| page.0.iter().all(|byte| *byte == 0)) {
                *page = None;
                self.used -= 1;
            }
        }
    }
}

/// A page, and where a person begins in it.
fn find(slot: Slot, depth: usize) -> Option<(usize, usize)> {
    let slot = usize::try_from(slot).ok()?;
    Some((slot / PAGE_PEOPLE, slot % PAGE_PEOPLE * stride(depth)))
}

#[cfg(test)]
#[path = "armed_tests.rs"]
mod tests;
