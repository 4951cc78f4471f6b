//! Places of some people: one sorted array for each class, and what else is known of these people.

use super::array::{Array, Class};
use super::bits::Bits;
use super::checksum::{self, Checksum};
use super::drawn::DrawnPlaces;
use super::groups::Groups;
use super::named::NamedPlaces;
use super::search::{Found, Search};
use crate::geo::gazetteer::Gazetteer;
use crate::geo::shape::Shape;
use crate::model::place::Altitude;
use roaring::RoaringBitmap;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Immutable. A person's places all stand in one layer.
#[derive(Debug, Default)]
pub(super) struct Layer {
    places: Places,
    people: RoaringBitmap,
    groups: Groups,
    /// Who changed or left: what layers below say of them no longer counts. Empty in the lowest.
    changed: RoaringBitmap,
}

/// Places of every kind.
#[derive(Debug, Default)]
pub(super) struct Places {
    pub arrays: BTreeMap<Class, Array>,
    pub drawn: DrawnPlaces,
    pub named: NamedPlaces,
}

/// What is asked of every layer.
#[derive(Debug)]
pub(super) struct Asked<'a> {
    pub shape: &'a Shape,
    /// What one must want to be reached: see [`super::filter`].
    pub needed: u32,
    /// What the shape is at the heights of places, where it speaks of some heights only; `None`: nothing.
    pub at_heights: BTreeMap<Altitude, Option<Shape>>,
    /// Where named areas are.
    pub gazetteer: &'a Arc<Gazetteer>,
}

impl Layer {
    pub fn new(places: Places, people: RoaringBitmap, groups: Groups) -> Self {
        Self { places, people, groups, changed: RoaringBitmap::new() }
    }

    /// The same as a change of these slots.
    #[must_use]
    pub fn over(self, changed: RoaringBitmap) -> Self {
        Self { changed, ..self }
    }

    /// Two layers in one. Nothing that `upper` changed is left of `lower`.
    pub fn merged(lower: &Self, upper: &Self, is_lowest: bool) -> Self {
        let gone = &lower.people & &upper.changed;
        let changed = if is_lowest { RoaringBitmap::new() } else { &lower.changed | &upper.changed };
        Self {
            places: Places::merged(&lower.places, &Bits::of(&gone), &upper.places),
            people: (&lower.people - &gone) | &upper.people,
            groups: Groups::merged(&lower.groups, &gone, &upper.groups),
            changed,
        }
    }

    pub fn people(&self) -> &RoaringBitmap {
        &self.people
    }

    pub fn groups(&self) -> &Groups {
        &self.groups
    }

    pub fn changed(&self) -> &RoaringBitmap {
        &self.changed
    }

    /// Heights of places.
    pub fn altitudes(&self) -> impl Iterator<Item = Altitude> {
        self.places.arrays.keys().filter_map(|class| class.altitude)
    }

    /// What merging costs: places, or people who left.
    pub fn weight(&self) -> u64 {
        self.changed.len().max(self.places.len() as u64)
    }

    /// Memory it takes, bytes.
    pub fn bytes(&self) -> usize {
        self.places.bytes() + self.people.serialized_size() + self.changed.serialized_size() + self.groups.bytes()
    }

    /// Who is reached, by slot; who is near may also be inside.
    pub fn find(&self, asked: &Asked<'_>) -> (RoaringBitmap, RoaringBitmap) {
        let mut found = Found { inside: Bits::for_people(&self.people), near: Bits::for_people(&self.people) };
        for (class, array) in &self.places.arrays {
            let at_height = class.altitude.and_then(|altitude| asked.at_heights.get(&altitude));
            let Some(shape) = at_height.map_or(Some(asked.shape), Option::as_ref) else { continue };
            let search = Search { shape, needed: asked.needed, step: class.step, radius_m: class.radius.m() };
            search.search(array, &mut found);
        }
        self.places.drawn.find(asked.shape, asked.needed, &mut found.inside);
        self.places.named.find(asked, &mut found.inside);
        (found.inside.into_bitmap(), found.near.into_bitmap())
    }

    /// Of all who are not gone.
    pub fn checksum(&self, gone: &RoaringBitmap) -> Checksum {
        let people = (&self.people - gone).len();
        let mut checksum = Checksum { people, places: 0, sum: self.groups.sum(gone) };
        self.places.terms(&Bits::of(gone), |sum| checksum += Checksum { people: 0, places: 1, sum });
        checksum
    }
}

impl Places {
    fn merged(lower: &Self, gone: &Bits, upper: &Self) -> Self {
        let none = Array::default();
        let classes = lower.arrays.keys().chain(upper.arrays.keys());
        let mut arrays: BTreeMap<Class, Array> = classes.map(|class| (*class, Array::default())).collect();
        for (class, array) in &mut arrays {
            let of_lower = lower.arrays.get(class).unwrap_or(&none);
            *array = Array::merged(of_lower, gone, upper.arrays.get(class).unwrap_or(&none));
        }
        arrays.retain(|_, array| !array.is_empty());
        Self {
            arrays,
            drawn: DrawnPlaces::merged(&lower.drawn, gone, &upper.drawn),
            named: NamedPlaces::merged(&lower.named, gone, &upper.named),
        }
    }

    fn len(&self) -> usize {
        self.arrays.values().map(Array::len).sum::<usize>() + self.drawn.len() + self.named.len()
    }

    fn bytes(&self) -> usize {
        self.arrays.values().map(Array::bytes).sum::<usize>() + self.drawn.bytes() + self.named.bytes()
    }

    /// The number of each place whose person is not gone: see [`Checksum`].
    fn terms(&self, gone: &Bits, mut each: impl FnMut(u64)) {
        for (class, array) in &self.arrays {
            let class = checksum::class_number(*class);
            let stay = array.iter().filter(|(_, slot)| !gone.contains(*slot));
            stay.for_each(|(key, slot)| each(checksum::around_term(class, key, slot)));
        }
        for place in self.drawn.iter().filter(|place| !gone.contains(place.slot)) {
            each(checksum::drawn_term(&place.drawn, place.wanted, place.slot));
        }
        for (code, slot, wanted) in self.named.iter().filter(|(_, slot, _)| !gone.contains(*slot)) {
            each(checksum::named_term(checksum::named_number(&code.scheme, &code.code), wanted, slot));
        }
    }
}
