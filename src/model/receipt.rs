//! What a device tells of a push that reached it.

use super::histogram::Histogram;
use super::id::Slot;
use roaring::RoaringBitmap;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Bytes of a broadcast's key of receipts.
pub const RECEIPT_KEY_BYTES: usize = 16;

/// What happened to a push on its device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Event {
    /// It was shown.
    Displayed,
    /// Its person opened it.
    Opened,
    /// Its person says that it is not about them.
    NotRelevant,
}

impl Event {
    pub const ALL: [Self; 3] = [Self::Displayed, Self::Opened, Self::NotRelevant];

    /// The word in the API and in metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Displayed => "displayed",
            Self::Opened => "opened",
            Self::NotRelevant => "not-relevant",
        }
    }
}

/// What devices of one broadcast told. Adding it up twice or in any order changes nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Told {
    /// Who showed it, with the milliseconds since the alert was received. The first word counts.
    pub displayed_after_ms: BTreeMap<Slot, u64>,
    pub opened: RoaringBitmap,
    pub not_relevant: RoaringBitmap,
}

impl Told {
    /// Notes what one device told, so long after the alert was received.
    pub fn note(&mut self, slot: Slot, event: Event, after_ms: u64) {
        match event {
            Event::Displayed => _ = self.displayed_after_ms.entry(slot).or_insert(after_ms),
            Event::Opened => _ = self.opened.insert(slot),
            Event::NotRelevant => _ = self.not_relevant.insert(slot),
        }
    }

    /// How many people told an event.
    pub fn count(&self, event: Event) -> u64 {
        match event {
            Event::Displayed => self.displayed_after_ms.len() as u64,
            Event::Opened => self.opened.len(),
            Event::NotRelevant => self.not_relevant.len(),
        }
    }
}

/// How many people, each counted once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    pub displayed: u64,
    pub opened: u64,
    pub not_relevant: u64,
}

impl Counts {
    pub const fn of(&self, event: Event) -> u64 {
        match event {
            Event::Displayed => self.displayed,
            Event::Opened => self.opened,
            Event::NotRelevant => self.not_relevant,
        }
    }
}

/// What is known of a broadcast from its devices.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Seen {
    pub counts: Counts,
    /// Milliseconds from received to displayed, of all who showed it.
    pub displayed_after: Histogram,
}
