//! The index at one moment: layers of places, the newest last, and everyone's push service.
//!
//! A change is a small layer on top; those it replaces are marked as gone in the layers below. A layer that is not
//! several times larger than the one above is merged with it, so there are few layers and a place is moved seldom.

use super::bits::Bits;
use super::layer::Layer;
use super::{Change, Query, Reach};
use crate::model::id::Slot;
use crate::model::subscriber::Listener;
use roaring::RoaringBitmap;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A layer is merged with the one above it unless it has at least so many times its places.
const LAYER_GROWTH_MIN: usize = 4;
/// Layers with fewer places are always merged: matching several costs more than merging them.
const LAYER_PLACES_MIN: usize = 1_024;

/// Everyone at one moment. Never changes; copies share what they have in common.
#[derive(Debug, Clone, Default)]
pub struct Snapshot {
    seq: i64,
    people: u64,
    layers: Vec<Level>,
    origins: BTreeMap<Arc<str>, Arc<RoaringBitmap>>,
}

/// A layer, and who in it has since left or moved to a newer one.
#[derive(Debug, Clone)]
struct Level {
    layer: Arc<Layer>,
    gone: RoaringBitmap,
}

impl Snapshot {
    /// Everyone anew.
    pub(super) fn of(listeners: Vec<Listener>, seq: i64) -> Self {
        Self::default().with(listeners.into_iter().map(Change::Upsert).collect(), seq)
    }

    /// The next snapshot. Of several changes to one slot the last counts.
    pub(super) fn with(&self, changes: Vec<Change>, seq: i64) -> Self {
        let mut next = Self { seq: self.seq.max(seq), ..self.clone() };
        let (listeners, touched) = last_changes(changes);
        for level in &mut next.layers {
            level.gone |= level.layer.people() & &touched;
        }
        next.change_origins(&listeners, &touched);
        next.layers.push(Level { layer: Arc::new(Layer::of(&listeners)), gone: RoaringBitmap::new() });
        next.merge_layers();
        next.people = next.layers.iter().map(Level::people).sum();
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

    /// Who is reached. A person with several places is inside when any of them is.
    pub fn find(&self, query: &Query<'_>) -> Reach {
        let mut reach = Reach::default();
        for level in &self.layers {
            let (mut inside, mut near) = (Bits::default(), Bits::default());
            level.layer.find(query, &mut inside, &mut near);
            let inside = inside.into_bitmap() - &level.gone;
            reach.near |= near.into_bitmap() - &level.gone - &inside;
            reach.inside |= inside;
        }
        reach
    }

    /// Splits people by push service (scheme, host and port), in the order of its name. Who is not here is left out.
    pub fn by_origin(&self, slots: &RoaringBitmap) -> Vec<(String, RoaringBitmap)> {
        let split = self.origins.iter().map(|(origin, all)| (origin.to_string(), &**all & slots));
        split.filter(|(_, here)| !here.is_empty()).collect()
    }

    fn change_origins(&mut self, listeners: &[Listener], touched: &RoaringBitmap) {
        for slots in self.origins.values_mut().filter(|slots| !slots.is_disjoint(touched)) {
            *Arc::make_mut(slots) -= touched;
        }
        let mut arrived: BTreeMap<&str, RoaringBitmap> = BTreeMap::new();
        for listener in listeners {
            arrived.entry(&listener.origin).or_default().insert(listener.slot);
        }
        for (origin, slots) in arrived {
            *Arc::make_mut(self.origins.entry(origin.into()).or_default()) |= slots;
        }
        self.origins.retain(|_, slots| !slots.is_empty());
    }

    /// Merges from the top as long as a layer is not much larger than what lies on it.
    fn merge_layers(&mut self) {
        while let [.., lower, upper] = &self.layers[..] {
            let upper_places = upper.layer.places();
            if lower.layer.places() >= LAYER_PLACES_MIN.max(upper_places * LAYER_GROWTH_MIN) && !lower.is_mostly_gone()
            {
                return;
            }
            let layer = Layer::merged((&lower.layer, &lower.gone), (&upper.layer, &upper.gone));
            self.layers.truncate(self.layers.len() - 2);
            self.layers.push(Level { layer: Arc::new(layer), gone: RoaringBitmap::new() });
        }
    }
}

impl Level {
    fn people(&self) -> u64 {
        self.layer.people().len() - self.gone.len()
    }

    fn is_mostly_gone(&self) -> bool {
        self.gone.len() * 2 > self.layer.people().len()
    }
}

/// The last change of every slot: who is there afterwards, and all slots that changed.
fn last_changes(changes: Vec<Change>) -> (Vec<Listener>, RoaringBitmap) {
    let mut touched = RoaringBitmap::new();
    let mut listeners = Vec::with_capacity(changes.len());
    for change in changes.into_iter().rev() {
        let slot: Slot = match &change {
            Change::Upsert(listener) => listener.slot,
            Change::Remove(slot) => *slot,
        };
        if let (true, Change::Upsert(listener)) = (touched.insert(slot), change) {
            listeners.push(listener);
        }
    }
    (listeners, touched)
}
