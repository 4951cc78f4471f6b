//! Exact places, by number, for whoever has their own list of them: points with any radius, and pieces of ground.
//!
//! Nothing is snapped to cells here. Points are sorted along the curve, and found as the index finds cells.

use super::Reach;
use super::array::Run;
use super::bits::Bits;
use super::boxes::Boxes;
use super::curve::{self, Quad};
use crate::geo::rect::Rect;
use crate::geo::region::Region;
use crate::geo::shape::{Relation, Shape};
use std::collections::BTreeMap;

/// Up to so many points each is asked by itself: a quad costs as much to ask as a point.
const ASKED_ONE_BY_ONE_MAX: usize = 4;
/// Radii with the same upper bits are searched together: those of one class differ by a quarter at most.
const CLASS_SHIFT: u32 = 50;

/// Everyone within a radius of an exact point.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// −90…90, degrees.
    pub lat: f64,
    /// −180…360, degrees: what is above 180 means the same as 360 less.
    pub lon: f64,
    /// 0: the point itself.
    pub radius_km: f64,
}

/// Ground of its own.
#[derive(Debug, Clone)]
pub enum Ground {
    /// Everyone in a rectangle, and as far around it as the radius.
    Rect {
        rect: Rect,
        radius_km: f64,
    },
    Region(Region),
}

/// Points, known by their numbers from 0 on.
#[derive(Debug, Default)]
pub struct Points {
    classes: BTreeMap<u64, Class>,
    len: u32,
}

/// Points with almost the same radius, along the curve: 28 bytes each, 36 where their radii differ.
#[derive(Debug)]
struct Class {
    least_m: f64,
    most_m: f64,
    keys: Box<[u64]>,
    numbers: Box<[u32]>,
    places: Box<[(f64, f64)]>,
    /// Of each; none where all are the same.
    radii_m: Box<[f64]>,
}

impl Points {
    /// `None` when a coordinate or a radius is not as [`Point`] says, or there are more than 2^32 − 1.
    pub fn new(points: &[Point]) -> Option<Self> {
        let len = u32::try_from(points.len()).ok()?;
        let mut classes: BTreeMap<u64, Vec<(u64, u32)>> = BTreeMap::new();
        for (number, point) in (0..).zip(points) {
            let lon = folded(point)?;
            let class = classes.entry(point.radius_km.abs().to_bits() >> CLASS_SHIFT).or_default();
            class.push((curve::point_key(point.lat, lon), number));
        }
        let classes = classes.into_iter().map(|(class, numbers)| (class, Class::new(numbers, points))).collect();
        Some(Self { classes, len })
    }

    /// Memory it takes, bytes.
    pub fn bytes(&self) -> usize {
        self.classes.values().map(Class::bytes).sum()
    }

    /// The numbers of those in a shape, and of those whose radius reaches it.
    pub fn find(&self, shape: &Shape) -> Reach {
        let bits = || Bits::up_to(self.len.saturating_sub(1), u64::from(self.len));
        let (mut inside, mut near) = (bits(), bits());
        for class in self.classes.values() {
            let all = 0..class.keys.len();
            Search { shape, class, inside: &mut inside, near: &mut near }.run(all);
        }
        Reach { inside: inside.into_bitmap(), near: near.into_bitmap() }
    }
}

impl Class {
    fn new(mut numbers: Vec<(u64, u32)>, points: &[Point]) -> Self {
        numbers.sort_unstable();
        let of = |number: u32| points[number as usize];
        let radius_m = |number: u32| of(number).radius_km.abs() * 1_000.0;
        let radii = || numbers.iter().map(|(_, number)| radius_m(*number));
        let (least_m, most_m) = (radii().fold(f64::INFINITY, f64::min), radii().fold(0.0, f64::max));
        let place = |number: u32| (of(number).lat, folded(&of(number)).unwrap_or(of(number).lon));
        Self {
            least_m,
            most_m,
            keys: numbers.iter().map(|(key, _)| *key).collect(),
            numbers: numbers.iter().map(|(_, number)| *number).collect(),
            places: numbers.iter().map(|(_, number)| place(*number)).collect(),
            radii_m: if least_m < most_m { radii().collect() } else { Box::default() },
        }
    }

    fn bytes(&self) -> usize {
        size_of_val(&*self.keys)
            + size_of_val(&*self.numbers)
            + size_of_val(&*self.places)
            + size_of_val(&*self.radii_m)
    }
}

/// The longitude in −180…180; `None` for a point that is none.
fn folded(point: &Point) -> Option<f64> {
    let is_one = (-90.0..=90.0).contains(&point.lat)
        && (-180.0..=360.0).contains(&point.lon)
        && point.radius_km.is_finite()
        && point.radius_km >= 0.0;
    is_one.then_some(if point.lon > 180.0 { point.lon - 360.0 } else { point.lon })
}

/// One class against one shape.
struct Search<'a> {
    shape: &'a Shape,
    class: &'a Class,
    inside: &'a mut Bits,
    near: &'a mut Bits,
}

impl Search<'_> {
    fn run(&mut self, run: std::ops::Range<usize>) {
        let keys = &self.class.keys[run.clone()];
        let (Some(first), Some(last)) = (keys.first(), keys.last()) else { return };
        let quad = Quad::around(*first, *last);
        if keys.len() <= ASKED_ONE_BY_ONE_MAX || quad.level == 0 {
            return run.for_each(|nth| self.one(nth));
        }
        let rect = quad.rect_of_points();
        match self.shape.relation(rect, self.class.most_m) {
            Relation::Apart => {}
            Relation::Inside => self.inside.insert_runs(&[Run { keys, slots: &self.class.numbers[run] }], 0),
            // What is near by the longest radius need not be so by the shortest.
            Relation::Near if self.is_near_by_all(rect) => {
                self.near.insert_runs(&[Run { keys, slots: &self.class.numbers[run] }], 0)
            }
            Relation::Near | Relation::Mixed => {
                let mut from = run.start;
                for quarter in quad.quarters() {
                    let rest = &self.class.keys[from..run.end];
                    let to = from + rest.partition_point(|key| *key <= quarter.last());
                    self.run(from..to);
                    from = to;
                }
            }
        }
    }

    fn is_near_by_all(&self, rect: Rect) -> bool {
        let Class { least_m, most_m, .. } = self.class;
        least_m == most_m || self.shape.relation(rect, *least_m) == Relation::Near
    }

    fn one(&mut self, nth: usize) {
        let (lat, lon) = self.class.places[nth];
        let radius_m = self.class.radii_m.get(nth).copied().unwrap_or(self.class.most_m);
        if self.shape.contains(lat, lon) {
            self.inside.insert(self.class.numbers[nth]);
        } else if radius_m > 0.0 && self.shape.within(Rect::point(lat, lon), radius_m) {
            self.near.insert(self.class.numbers[nth]);
        }
    }
}

/// Pieces of ground, known by their numbers from 0 on.
#[derive(Debug, Default)]
pub struct Grounds {
    /// By the bits of their radius, metres.
    rects: BTreeMap<u64, (Boxes, Vec<(Rect, u32)>)>,
    regions: (Boxes, Vec<(Region, u32)>),
}

impl Grounds {
    /// `None` when there are more than 2^32 − 1.
    pub fn new(grounds: impl IntoIterator<Item = Ground>) -> Option<Self> {
        let mut all = Self::default();
        for (number, ground) in grounds.into_iter().enumerate() {
            let number = u32::try_from(number).ok()?;
            match ground {
                Ground::Rect { rect, radius_km } => {
                    let radius_m = (radius_km * 1_000.0).max(0.0);
                    all.rects.entry(radius_m.to_bits()).or_default().1.push((rect, number));
                }
                Ground::Region(region) => all.regions.1.push((region, number)),
            }
        }
        for (boxes, rects) in all.rects.values_mut() {
            *boxes = Boxes::over(rects, |(rect, _)| *rect);
        }
        all.regions.0 = Boxes::over(&mut all.regions.1, |(region, _)| region.bounds());
        Some(all)
    }

    /// Memory it takes, bytes.
    pub fn bytes(&self) -> usize {
        let rects = self.rects.values().map(|(boxes, rects)| boxes.bytes() + size_of_val(&**rects));
        let regions = self.regions.1.iter().map(|(region, _)| region.bytes());
        self.regions.0.bytes() + rects.sum::<usize>() + regions.sum::<usize>()
    }

    /// The numbers of those that a shape touches, and of those whose radius reaches it.
    pub fn find(&self, shape: &Shape) -> Reach {
        let mut reach = Reach::default();
        for (radius_bits, (boxes, rects)) in &self.rects {
            let radius_m = f64::from_bits(*radius_bits);
            boxes.search(&|rect| shape.relation(rect, radius_m), &mut |relation, run| {
                for (rect, number) in &rects[run] {
                    if relation == Relation::Inside || shape.touches_cell(*rect) {
                        reach.inside.insert(*number);
                    } else if relation == Relation::Near || shape.within(*rect, radius_m) {
                        reach.near.insert(*number);
                    }
                }
            });
        }
        let (boxes, regions) = &self.regions;
        boxes.search(&|rect| shape.relation(rect, 0.0), &mut |relation, run| {
            let touched =
                regions[run].iter().filter(|(region, _)| relation == Relation::Inside || shape.touches_region(region));
            reach.inside.extend(touched.map(|(_, number)| *number));
        });
        reach
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audience::tests::{cases, shapes};
    use proptest::prelude::*;
    use roaring::RoaringBitmap;

    fn points() -> impl Strategy<Value = Point> {
        let near =
            |lat: f64, lon: f64| (-0.9..0.9_f64, -0.9..0.9_f64).prop_map(move |(up, right)| (lat + up, lon + right));
        let poles =
            prop::sample::select(vec![(90.0, 0.0), (-90.0, 180.0), (0.0, -180.0), (-17.0, 180.0), (50.6, 363.0 - 3.0)]);
        let places = prop_oneof![6 => near(50.6, 3.0), 4 => near(-17.0, 180.0), 1 => poles];
        let radii = prop_oneof![Just(0.0), Just(5.0), 0.0..60.0_f64];
        (places, radii).prop_map(|((lat, lon), radius_km)| Point { lat, lon, radius_km })
    }

    proptest! {
        #![proptest_config(cases(40))]

        #[test]
        fn points_are_found_exactly_as_a_scan_finds_them(
            points in prop::collection::vec(points(), 0..500), shape in shapes(),
        ) {
            let found = Points::new(&points).expect("points").find(&shape);
            let mut wanted = Reach::default();
            for (number, point) in (0..).zip(&points) {
                if shape.contains(point.lat, point.lon) {
                    wanted.inside.insert(number);
                } else if shape.within(Rect::point(point.lat, point.lon), point.radius_km * 1_000.0) {
                    wanted.near.insert(number);
                }
            }
            prop_assert_eq!(found, wanted);
        }

        #[test]
        fn grounds_are_found_exactly_as_a_scan_finds_them(
            points in prop::collection::vec((points(), 0.0..0.3_f64), 0..200), shape in shapes(),
        ) {
            let rects: Vec<(Rect, f64)> = points
                .iter()
                .map(|(point, size)| (Rect::point(point.lat, point.lon).inflated(*size), point.radius_km))
                .collect();
            let grounds = rects.iter().map(|&(rect, radius_km)| Ground::Rect { rect, radius_km });
            let found = Grounds::new(grounds).expect("grounds").find(&shape);
            let inside: RoaringBitmap = (0..).zip(&rects).filter(|(_, (r, _))| shape.touches_cell(*r)).map(|(n, _)| n).collect();
            let near = (0..).zip(&rects).filter(|(_, (r, km))| shape.within(*r, km * 1_000.0)).map(|(n, _)| n);
            prop_assert_eq!(&found.near, &(near.collect::<RoaringBitmap>() - &inside));
            prop_assert_eq!(found.inside, inside);
        }
    }

    #[test]
    fn what_is_no_point_is_refused() {
        let point = |lat, lon, radius_km| Points::new(&[Point { lat, lon, radius_km }]).is_some();
        assert!(point(90.0, 360.0, 0.0) && point(-90.0, -180.0, 20_000.0));
        assert!(!point(90.1, 0.0, 0.0) && !point(0.0, 360.1, 0.0) && !point(0.0, -180.1, 0.0));
        assert!(!point(f64::NAN, 0.0, 0.0) && !point(0.0, 0.0, -1.0) && !point(0.0, 0.0, f64::INFINITY));
    }
}
