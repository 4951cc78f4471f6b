//! Ground bounded by rings, with holes: a drawn polygon, or a named area of many islands. Prepared once, asked often.

use super::hole::{self, Hole, Remains};
use super::meeting;
use super::patch::Patch;
use super::reach::Reach;
use super::rect::{Rect, around_all};
use super::ring::{Ring, Standing};
use super::shape::EDGE_MARGIN_DEG;
use super::tree::{Framed, Tree};
use crate::cap::alert::Point;
use crate::cap::ring::{MOVED_DEG_MAX, Work};
use std::cell::Cell;

/// The union of polygons with holes. Its borders, those of holes too, belong to it.
///
/// A ring may run in either direction, be closed or not, jump at ±180° (its edges go the short way), go around a pole
/// or cross itself: it means all that it goes around. A hole takes away from its own polygon alone, so polygons that
/// overlap never lose ground to each other.
#[derive(Debug, Clone, PartialEq)]
pub struct Region {
    patches: Tree<Patch>,
    bounds: Rect,
    /// By how much what is asked must be taken wider, so that rounding never parts what touches, degrees.
    margin_deg: f64,
}

/// What holes leave of ground.
#[derive(Debug)]
pub(super) enum Remnant {
    /// All of it: no hole meets it, or those that do are ignored.
    Whole,
    Part(Region),
    Nothing,
}

impl Framed for Region {
    fn frame(&self) -> Rect {
        self.patches.frame().unwrap_or(self.bounds)
    }
}

impl Region {
    /// Each polygon: its outer ring, then its holes. `None` when nothing of it lies anywhere: polygons without a ring,
    /// with an outer ring in which something is no number, or wholly taken away by their holes. A hole in which
    /// something is no number is left out.
    pub fn new(polygons: &[Vec<Vec<Point>>]) -> Option<Self> {
        let mut work = Work::for_holes();
        let remains = polygons.iter().filter_map(|rings| {
            let (outer, holes) = rings.split_first()?;
            let holes = holes.iter().enumerate().filter_map(|(nth, hole)| Some(Hole::new(Ring::new(hole)?, nth)));
            let holes: Vec<Hole> = holes.collect();
            Some(hole::polygon(Ring::new(outer)?, &holes, &mut work))
        });
        Self::of(remains.collect(), EDGE_MARGIN_DEG)
    }

    /// What one ring goes around.
    pub(super) fn of_ring(ring: Ring) -> Option<Self> {
        let patches = vec![Patch::new(ring, Vec::new())];
        Self::of(vec![Remains { patches, moved: false }], EDGE_MARGIN_DEG)
    }

    fn of(remains: Vec<Remains>, margin_deg: f64) -> Option<Self> {
        let moved = remains.iter().any(|remains| remains.moved);
        let patches: Vec<Patch> = remains.into_iter().flat_map(|remains| remains.patches).collect();
        let bounds = around_all(patches.iter().map(Framed::frame))?;
        let margin_deg = margin_deg + if moved { MOVED_DEG_MAX } else { 0.0 };
        Some(Self { patches: Tree::new(patches), bounds, margin_deg })
    }

    /// What holes leave of it.
    pub(super) fn without(&self, holes: &[Hole], work: &mut Work) -> Remnant {
        let mut is_cut = false;
        let remains: Vec<Remains> = self
            .patches()
            .iter()
            .map(|patch| {
                let left = hole::without(patch, holes, work);
                is_cut |= left.is_some();
                left.unwrap_or_else(|| Remains { patches: vec![patch.clone()], moved: false })
            })
            .collect();
        match Self::of(remains, self.margin_deg) {
            _ if !is_cut => Remnant::Whole,
            Some(region) => Remnant::Part(region),
            None => Remnant::Nothing,
        }
    }

    /// By how much what is asked must be taken wider, so that rounding never parts what touches.
    pub(super) fn margin_deg(&self) -> f64 {
        self.margin_deg
    }

    /// The smallest rectangle around it, its western end in −180…180; `east` is above 180 where it crosses ±180°.
    pub fn bounds(&self) -> Rect {
        self.bounds
    }

    /// How many corners it has in all.
    pub fn vertices(&self) -> usize {
        self.patches().iter().flat_map(Patch::rings).map(|ring| ring.vertices().len() - 1).sum()
    }

    /// Memory it takes, bytes.
    pub fn bytes(&self) -> usize {
        size_of::<Self>() + self.patches.bytes() + self.patches().iter().map(Patch::bytes).sum::<usize>()
    }

    /// Each polygon: its outer ring, then its holes, closed. Longitudes run on beyond ±180 where a ring crosses it.
    pub fn to_polygons(&self) -> Vec<Vec<Vec<Point>>> {
        let points = |ring: &Ring| ring.vertices().iter().map(|v| Point { lat: v.lat, lon: v.lon }).collect();
        self.patches().iter().map(|patch| patch.rings().map(points).collect()).collect()
    }

    /// Whether any point of a closed rectangle is in it.
    pub fn touches(&self, rect: impl Into<Rect>) -> bool {
        self.at_all_turns(&rect.into().inflated(self.margin_deg), Standing::Crossed)
    }

    /// Whether a whole closed rectangle is in it. May say no where borders of its polygons run through the inside.
    pub fn covers(&self, rect: impl Into<Rect>) -> bool {
        self.at_all_turns(&rect.into().inflated(self.margin_deg), Standing::Around)
    }

    /// Whether the two share a point; borders count.
    pub fn meets(&self, other: &Self) -> bool {
        meeting::touch(self, other, self.margin_deg.max(other.margin_deg))
    }

    pub(super) fn patches(&self) -> &[Patch] {
        self.patches.things()
    }

    pub(super) fn patch_tree(&self) -> &Tree<Patch> {
        &self.patches
    }

    /// What a rectangle has to do with it, longitudes taken as they are. `Crossed` is enough where that was asked.
    pub(super) fn standing(&self, rect: &Rect, enough: Standing) -> Standing {
        let found = Cell::new(Standing::Apart);
        self.patches.any(&|node| found.get().opens(node, rect), &mut |patch| {
            found.set(found.get().or(patch.standing(rect)));
            found.get() == Standing::Around || found.get() == enough
        });
        found.get()
    }

    /// Whether a border of it is within reach.
    pub(super) fn is_reached(&self, reach: &Reach) -> bool {
        self.patches.any(&|node| reach.may_meet(node), &mut |patch| reach.meets(patch))
    }

    /// Whether it holds a pole.
    pub(super) fn at_pole(&self, pole: Pole) -> bool {
        self.patches().iter().any(|patch| pole.is_in(&patch.frame()))
    }

    fn at_all_turns(&self, rect: &Rect, enough: Standing) -> bool {
        let at_pole = |pole: Pole| enough == Standing::Crossed && pole.is_in(rect) && self.at_pole(pole);
        at_pole(Pole::South)
            || at_pole(Pole::North)
            || rect.turns_to(&self.frame()).any(|turn| match self.standing(&rect.shifted(turn), enough) {
                Standing::Apart => false,
                Standing::Crossed => enough == Standing::Crossed,
                Standing::Around => true,
            })
    }
}

/// A pole is one point, whatever its longitude.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pole {
    South,
    North,
}

impl Pole {
    pub fn is_in(self, rect: &Rect) -> bool {
        match self {
            Self::South => rect.south <= -90.0,
            Self::North => rect.north >= 90.0,
        }
    }
}
