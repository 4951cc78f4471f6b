//! The index at one moment: layers of places, the newest last.
//!
//! A change is a small layer on top that names whom it changed; what the layers below say of them no longer counts.
//! Nothing below is copied or written for it. A layer that is not several times larger than all above it is merged
//! with them, so there are few layers and a place is moved seldom.

use super::groups::Bitmaps;
use super::layer::{Asked, Layer};
use super::{Builder, Change, Checksum, Query, Reach, filter};
use crate::geo::gazetteer::Gazetteer;
use crate::model::id::Slot;
use crate::model::place::Altitude;
use crate::model::subscriber::{ChannelKind, QuietHours};
use roaring::RoaringBitmap;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A layer is merged with those above it unless it weighs at least so many times as much.
const LAYER_GROWTH_MIN: u64 = 4;
/// Layers that weigh less are always merged: matching several costs more than merging them.
const LAYER_WEIGHT_MIN: u64 = 256;
/// What weighs no more than this when it is merged is merged at once, within about a millisecond.
const MERGED_AT_ONCE_MAX: u64 = 16_384;

/// Everyone at one moment. Never changes; copies share what they have in common.
#[derive(Debug, Clone, Default)]
pub struct Snapshot {
    seq: i64,
    people: u64,
    layers: Vec<Arc<Layer>>,
    gazetteer: Arc<Gazetteer>,
}

impl Snapshot {
    /// Everyone anew.
    pub(super) fn of(builder: Builder, seq: i64) -> Self {
        let (layer, again) = builder.build();
        let first =
            Self { seq, people: layer.people().len(), layers: vec![Arc::new(layer)], gazetteer: Arc::default() };
        if again.is_empty() {
            return first;
        }
        first.with(again.into_values().map(Change::Upsert).collect(), seq, 0)
    }

    /// The same, with other named areas.
    pub(super) fn renamed(self, gazetteer: Arc<Gazetteer>) -> Self {
        Self { gazetteer, ..self }
    }

    /// What named areas are.
    pub fn gazetteer(&self) -> &Arc<Gazetteer> {
        &self.gazetteer
    }

    /// The next snapshot. Of several changes to one slot the last counts. The lowest `kept` layers stay as they are.
    pub(super) fn with(&self, mut changes: Vec<Change>, seq: i64, kept: usize) -> Self {
        let mut changed = RoaringBitmap::new();
        let mut builder = Builder::new();
        // In the order of their slots, and of each slot in their own.
        changes.sort_by_cached_key(Change::slot);
        for of_one in changes.chunk_by(|a, b| a.slot() == b.slot()) {
            let last = &of_one[of_one.len() - 1];
            changed.insert(last.slot());
            if let Change::Upsert(listener) = last {
                builder.add(listener);
            }
        }
        let left = changed.iter().filter(|slot| self.has(*slot)).count() as u64;
        let (layer, _) = builder.build();
        let mut next = Self { seq: self.seq.max(seq), ..self.clone() };
        next.people = self.people - left + layer.people().len();
        next.layers.push(Arc::new(layer.over(changed)));
        if let Some(first) = next.due(kept, MERGED_AT_ONCE_MAX) {
            let layer = merged(&next.layers[first..], first == 0);
            next.layers.truncate(first);
            next.layers.push(Arc::new(layer));
        }
        next
    }

    /// The number of the last change in it.
    pub fn seq(&self) -> i64 {
        self.seq
    }

    /// How many people are in it.
    pub fn len(&self) -> u64 {
        self.people
    }

    pub fn is_empty(&self) -> bool {
        self.people == 0
    }

    /// No one in it has a higher slot; `None` when nobody is in it.
    pub fn newest(&self) -> Option<Slot> {
        self.layers.iter().filter_map(|layer| layer.people().max()).max()
    }

    /// Memory it takes, bytes.
    pub fn bytes(&self) -> usize {
        self.layers.iter().map(|layer| layer.bytes()).sum()
    }

    /// Who is reached. A person with several places is inside when any of them is.
    pub fn find(&self, query: &Query<'_>) -> Reach {
        let asked = self.asked(query);
        let mut reach = Reach::default();
        for (layer, newer) in self.newest_first() {
            let (inside, near) = layer.find(&asked);
            reach.inside |= inside - &newer;
            reach.near |= near - &newer;
        }
        reach.near -= &reach.inside;
        reach
    }

    /// Splits people by push service (scheme, host and port), in the order of its name. Who is not here is left out.
    pub fn by_origin(&self, slots: &RoaringBitmap) -> Vec<(String, RoaringBitmap)> {
        self.split(slots, |groups| &groups.origins).into_iter().map(|(name, here)| (name.to_string(), here)).collect()
    }

    /// How many of these people each kind of channel reaches. Who is not here is left out.
    pub fn by_channel(&self, slots: &RoaringBitmap) -> Vec<(ChannelKind, u64)> {
        self.split(slots, |groups| &groups.channels).into_iter().map(|(kind, here)| (kind, here.len())).collect()
    }

    /// How many of these people read each language best (empty: not told), in the order of its name. Who is not here
    /// is left out.
    pub fn by_language(&self, slots: &RoaringBitmap) -> Vec<(String, u64)> {
        let split = self.split(slots, |groups| &groups.languages);
        split.into_iter().map(|(name, here)| (name.to_string(), here.len())).collect()
    }

    /// Splits those of these people who have quiet hours by them. Who has none, or is not here, is left out.
    pub fn by_quiet_hours(&self, slots: &RoaringBitmap) -> Vec<(QuietHours, RoaringBitmap)> {
        let split = self.split(slots, |groups| &groups.quiet_hours);
        split.into_iter().map(|(hours, here)| (QuietHours::clone(&hours), here)).collect()
    }

    /// Of everyone whom a match can find, read from the very entries that it reads.
    pub fn checksum(&self) -> Checksum {
        let mut checksum = Checksum::default();
        for (layer, newer) in self.newest_first() {
            checksum += layer.checksum(&newer);
        }
        checksum
    }

    /// The layers, and for each who changed in a newer one.
    pub(super) fn newest_first(&self) -> impl Iterator<Item = (&Layer, RoaringBitmap)> {
        self.layers.iter().rev().scan(RoaringBitmap::new(), |newer, layer| {
            let before = newer.clone();
            *newer |= layer.changed();
            Some((&**layer, before))
        })
    }

    /// The lowest layer from `kept` on that is to be merged with all above it, where they weigh no more than `most`.
    pub(super) fn due(&self, kept: usize, most: u64) -> Option<usize> {
        let weights: Vec<u64> = self.layers.iter().map(|layer| layer.weight()).collect();
        (kept..weights.len().saturating_sub(1)).find(|&lowest| {
            let above: u64 = weights[lowest + 1..].iter().sum();
            let least = LAYER_WEIGHT_MIN.max(above.saturating_mul(LAYER_GROWTH_MIN));
            weights[lowest] < least && weights[lowest].saturating_add(above) <= most
        })
    }

    pub(super) fn layers(&self) -> &[Arc<Layer>] {
        &self.layers
    }

    /// The same people, with these layers, which lie one above the other in it, as one. `None`: it has them no more.
    pub(super) fn with_merged(&self, layers: &[Arc<Layer>], merged: Layer) -> Option<Self> {
        let bottom = layers.first()?;
        let first = self.layers.iter().position(|layer| Arc::ptr_eq(layer, bottom))?;
        let here = self.layers.get(first..first + layers.len())?;
        if !here.iter().zip(layers).all(|(a, b)| Arc::ptr_eq(a, b)) {
            return None;
        }
        let mut next = self.clone();
        next.layers.splice(first..first + layers.len(), [Arc::new(merged)]);
        Some(next)
    }

    /// What does not hang on the layer is asked once.
    fn asked<'a>(&'a self, query: &Query<'a>) -> Asked<'a> {
        let shape = query.shape;
        let at_height = |altitude: Altitude| {
            let (low_m, high_m) = altitude.span_m();
            (altitude, shape.at_altitude(low_m, high_m))
        };
        let heights = self.layers.iter().filter(|_| shape.has_altitudes()).flat_map(|layer| layer.altitudes());
        let heights: BTreeSet<Altitude> = heights.collect();
        Asked {
            shape,
            needed: filter::needed(query),
            at_heights: heights.into_iter().map(at_height).collect(),
            gazetteer: &self.gazetteer,
        }
    }

    /// Whether somebody with this slot is in it.
    pub fn has(&self, slot: Slot) -> bool {
        let known = self.layers.iter().rev().find(|layer| layer.changed().contains(slot));
        known.or(self.layers.first()).is_some_and(|layer| layer.people().contains(slot))
    }

    fn split<K: Ord + Clone>(
        &self,
        slots: &RoaringBitmap,
        by: impl Fn(&Bitmaps) -> &BTreeMap<K, RoaringBitmap>,
    ) -> BTreeMap<K, RoaringBitmap> {
        let mut all: BTreeMap<K, RoaringBitmap> = BTreeMap::new();
        for (layer, newer) in self.newest_first() {
            let asked = slots - newer;
            for (name, its) in by(&layer.groups().bitmaps()) {
                let here = its & &asked;
                if !here.is_empty() {
                    *all.entry(name.clone()).or_default() |= here;
                }
            }
        }
        all
    }
}

/// Layers that lie one above the other in one, from the top down: the small ones first.
pub(super) fn merged(layers: &[Arc<Layer>], is_lowest: bool) -> Layer {
    let mut from_the_top = (0..layers.len()).rev();
    from_the_top.next();
    let mut all: Option<Layer> = None;
    for lower in from_the_top {
        let upper = all.as_ref().unwrap_or(&layers[lower + 1]);
        all = Some(Layer::merged(&layers[lower], upper, is_lowest && lower == 0));
    }
    all.unwrap_or_default()
}
