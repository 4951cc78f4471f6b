//! Named areas that people follow, by their codes.

use super::bits::Bits;
use super::boxes::Boxes;
use super::layer::Asked;
use crate::geo::code::AreaCode;
use crate::geo::gazetteer::Gazetteer;
use crate::geo::region::Region;
use crate::geo::shape::Relation;
use crate::model::id::Slot;
use arc_swap::ArcSwapOption;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Who follows what, and what each of them wants (see [`super::filter`]): 8 bytes each.
#[derive(Debug, Default)]
pub(super) struct NamedPlaces {
    followers: BTreeMap<AreaCode, Box<[(Slot, u32)]>>,
    /// Found out at the first match, and again when the gazetteer is another.
    located: ArcSwapOption<Located>,
}

/// Where the followed areas are that a gazetteer knows.
#[derive(Debug)]
struct Located {
    gazetteer: Arc<Gazetteer>,
    boxes: Boxes,
    areas: Vec<(AreaCode, Arc<Region>)>,
}

impl NamedPlaces {
    /// In any order; what comes twice is one.
    pub fn of(followers: BTreeMap<AreaCode, Vec<(Slot, u32)>>) -> Self {
        let sorted = followers.into_iter().map(|(code, mut people)| {
            people.sort_unstable();
            people.dedup();
            (code, people.into_boxed_slice())
        });
        Self { followers: sorted.collect(), located: ArcSwapOption::empty() }
    }

    /// Both in one; of the lower ones only whose people are not gone.
    pub fn merged(lower: &Self, gone: &Bits, upper: &Self) -> Self {
        let mut all: BTreeMap<AreaCode, Vec<(Slot, u32)>> = BTreeMap::new();
        for (code, slot, wanted) in lower.iter().filter(|(_, slot, _)| !gone.contains(*slot)).chain(upper.iter()) {
            match all.get_mut(code) {
                Some(people) => people.push((slot, wanted)),
                None => drop(all.insert(code.clone(), vec![(slot, wanted)])),
            }
        }
        Self::of(all)
    }

    /// Who follows what, and what they want.
    pub fn iter(&self) -> impl Iterator<Item = (&AreaCode, Slot, u32)> {
        self.followers.iter().flat_map(|(code, people)| people.iter().map(move |(slot, wanted)| (code, *slot, *wanted)))
    }

    pub fn len(&self) -> usize {
        self.followers.values().map(|people| people.len()).sum()
    }

    pub fn bytes(&self) -> usize {
        let names = self.followers.keys().map(|code| size_of::<AreaCode>() + code.scheme.len() + code.code.len());
        names.sum::<usize>() + self.followers.values().map(|people| size_of_val(&**people)).sum::<usize>()
    }

    /// Adds those who follow a reached area, of the people who want all that is needed. An area is reached when it is
    /// named, whether or not anyone told where it is, and when the shape reaches its ground.
    pub fn find(&self, asked: &Asked<'_>, inside: &mut Bits) {
        if self.followers.is_empty() {
            return;
        }
        let shape = asked.shape;
        shape.named().for_each(|code| self.take(code, asked.needed, inside));
        let located = self.located(asked.gazetteer);
        located.boxes.search(&|rect| shape.relation(rect, 0.0), &mut |relation, run| {
            let areas = located.areas[run].iter();
            areas
                .filter(|(code, region)| relation == Relation::Inside || shape.reaches_named(code, region))
                .for_each(|(code, _)| self.take(code, asked.needed, inside));
        });
    }

    fn take(&self, code: &AreaCode, needed: u32, inside: &mut Bits) {
        let Some(people) = self.followers.get(code) else { return };
        let wanting = people.iter().filter(|(_, wanted)| wanted & needed == needed);
        wanting.for_each(|(slot, _)| inside.insert(*slot));
    }

    fn located(&self, gazetteer: &Arc<Gazetteer>) -> Arc<Located> {
        if let Some(located) = self.located.load_full().filter(|known| Arc::ptr_eq(&known.gazetteer, gazetteer)) {
            return located;
        }
        let known = self.followers.keys().filter_map(|code| Some((code.clone(), gazetteer.get(code)?.region.clone()?)));
        let mut areas: Vec<(AreaCode, Arc<Region>)> = known.collect();
        let boxes = Boxes::over(&mut areas, |(_, region)| region.bounds());
        let located = Arc::new(Located { gazetteer: gazetteer.clone(), boxes, areas });
        self.located.store(Some(located.clone()));
        located
    }
}
