//! Polygons that people drew, in a tree of boxes.

use super::bits::Bits;
use super::boxes::Boxes;
use crate::geo::rect::Rect;
use crate::geo::region::Region;
use crate::geo::shape::{Relation, Shape};
use crate::model::id::Slot;
use crate::model::place::Drawn;

/// One person's.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct DrawnPlace {
    pub drawn: Drawn,
    /// What the person wants: see [`super::filter`].
    pub wanted: u32,
    pub slot: Slot,
}

/// Few of many are at the border of an alert, so their ground is prepared when it is asked for and not kept: a place
/// takes some hundred bytes instead of a thousand.
#[derive(Debug, Default)]
pub(super) struct DrawnPlaces {
    boxes: Boxes,
    places: Box<[DrawnPlace]>,
}

impl DrawnPlaces {
    /// In any order; what comes twice is one.
    pub fn of(mut places: Vec<DrawnPlace>) -> Self {
        places.sort_unstable();
        places.dedup();
        let boxes = Boxes::over(&mut places, |place| frame(&place.drawn));
        Self { boxes, places: places.into_boxed_slice() }
    }

    /// Both in one; of the lower ones only whose people are not gone.
    pub fn merged(lower: &Self, gone: &Bits, upper: &Self) -> Self {
        let stay = lower.iter().filter(|place| !gone.contains(place.slot));
        Self::of(stay.chain(upper.iter()).cloned().collect())
    }

    pub fn iter(&self) -> impl Iterator<Item = &DrawnPlace> {
        self.places.iter()
    }

    pub fn len(&self) -> usize {
        self.places.len()
    }

    pub fn bytes(&self) -> usize {
        let corners = self.iter().map(|place| size_of_val(place.drawn.corners()));
        self.boxes.bytes() + size_of_val(&*self.places) + corners.sum::<usize>()
    }

    /// Adds those whom a shape touches, of the people who want all that is needed.
    pub fn find(&self, shape: &Shape, needed: u32, inside: &mut Bits) {
        self.boxes.search(&|rect| shape.relation(rect, 0.0), &mut |relation, run| {
            let wanting = self.places[run].iter().filter(|place| place.wanted & needed == needed);
            wanting
                .filter(|place| relation == Relation::Inside || touches(shape, &place.drawn))
                .for_each(|place| inside.insert(place.slot));
        });
    }
}

fn touches(shape: &Shape, drawn: &Drawn) -> bool {
    Region::new(&[vec![drawn.points()]]).is_some_and(|region| shape.touches_region(&region))
}

/// A box around it.
fn frame(drawn: &Drawn) -> Rect {
    let points = drawn.points();
    let ends = points.iter().zip(points.iter().cycle().skip(1));
    // An edge over more than half the Earth goes the short way, around ±180°.
    if ends.clone().any(|(a, b)| (a.lon - b.lon).abs() >= 180.0) {
        return Rect { south: -90.0, west: -180.0, north: 90.0, east: 180.0 };
    }
    let first = Rect::point(points[0].lat, points[0].lon);
    points.iter().fold(first, |all, point| all.joined(&Rect::point(point.lat, point.lon)))
}
