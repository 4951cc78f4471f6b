//! Collects people one by one, as a database gives them, in a few bytes for each place.

use super::array::{self, Array, Class};
use super::drawn::{DrawnPlace, DrawnPlaces};
use super::groups::Groups;
use super::layer::{Layer, Places};
use super::named::NamedPlaces;
use super::{curve, filter};
use crate::geo::code::AreaCode;
use crate::model::id::Slot;
use crate::model::place::Place;
use crate::model::subscriber::Listener;
use roaring::RoaringBitmap;
use std::collections::BTreeMap;

/// People for [`super::Audience::load_built`]. Takes 16 bytes for each place until then.
#[derive(Debug, Default)]
pub struct Builder {
    entries: BTreeMap<Class, Vec<u128>>,
    drawn: Vec<DrawnPlace>,
    named: BTreeMap<AreaCode, Vec<(Slot, u32)>>,
    people: RoaringBitmap,
    groups: Groups,
    /// Who came once more: their last word counts.
    again: BTreeMap<Slot, Listener>,
}

impl Builder {
    pub fn new() -> Self {
        Self::default()
    }

    /// One more person. Whoever comes twice is as they were the second time.
    pub fn add(&mut self, listener: &Listener) {
        // Most come in the order of their slots.
        if self.people.try_push(listener.slot).is_err() && !self.people.insert(listener.slot) {
            self.again.insert(listener.slot, listener.clone());
            return;
        }
        self.groups.add(listener);
        let (slot, wanted) = (listener.slot, filter::wanted(listener));
        for place in &listener.places {
            match place {
                Place::Around(around) => {
                    let class = Class { step: around.cell.step(), radius: around.radius, altitude: around.altitude };
                    let entry = array::entry(curve::key(around.cell), wanted, slot);
                    self.entries.entry(class).or_default().push(entry);
                }
                Place::Drawn(drawn) => self.drawn.push(DrawnPlace { drawn: drawn.clone(), wanted, slot }),
                Place::Named(code) => match self.named.get_mut(code) {
                    Some(people) => people.push((slot, wanted)),
                    None => drop(self.named.insert(code.clone(), vec![(slot, wanted)])),
                },
            }
        }
    }

    /// How many people came.
    pub fn len(&self) -> u64 {
        self.people.len()
    }

    pub fn is_empty(&self) -> bool {
        self.people.is_empty()
    }

    /// Everyone as they came first, and who came again.
    pub(super) fn build(self) -> (Layer, BTreeMap<Slot, Listener>) {
        let places = Places {
            arrays: self.entries.into_iter().map(|(class, entries)| (class, Array::of(entries))).collect(),
            drawn: DrawnPlaces::of(self.drawn),
            named: NamedPlaces::of(self.named),
        };
        (Layer::new(places, self.people, self.groups), self.again)
    }
}
