//! An alert's area: the union of the polygons, circles and named areas of its `<area>` blocks, and what a cell has to do
//! with it.

pub use super::block::{Block, Named};
use super::block::{Ground, Part, Source, parts};
use super::code::AreaCode;
use super::distinct::distinct;
pub use super::hole::{Ignored, IgnoredHole};
use super::map;
use super::meeting;
use super::reach::Reach;
use super::rect::{METRES_PER_DEGREE_LAT_MIN, Rect, around_all};
use super::region::{Pole, Region};
use super::ring::Standing;
use super::tree::{Framed, Tree};
use crate::cap::alert::Area;
pub use crate::cap::exclude::EXCLUDE_POLYGON;
use crate::cap::ring::Work;
use serde_json::Value;
use std::cell::Cell;
use std::collections::BTreeSet;

/// By how much cells are taken wider on each side, so that rounding never parts what touches: 0.1 mm.
pub const EDGE_MARGIN_DEG: f64 = 1e-9;

/// What is left of a radius when it is asked of a whole quad at once, metres: more than any rounding.
const QUAD_MARGIN_M: f64 = 2.0;

/// Everything of an alert's areas that lies somewhere. A point is in it when it is in any polygon, circle or named area
/// of a block, and not within a hole of that block ([`EXCLUDE_POLYGON`]); a border belongs to it, a hole's too.
///
/// A ring may jump at ±180° (its edges go the short way), use 0…360°, go around a pole or cross itself: what it goes
/// around is inside, but for holes that it goes around the other way.
#[derive(Debug, Clone, PartialEq)]
pub struct Shape {
    parts: Tree<Part>,
    /// The box around all parts, longitudes as they are.
    frame: Rect,
    /// The poles that polygons hold.
    poles: Vec<Pole>,
    /// By how much cells are taken wider on each side: more where holes moved borders, degrees.
    margin_deg: f64,
    /// What its named areas are called.
    names: BTreeSet<AreaCode>,
}

/// What all cells in a quad have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relation {
    /// None of them is within the radius.
    Apart,
    /// None of them touches the shape, and all are within the radius.
    Near,
    /// Nothing: each must be asked.
    Mixed,
    /// All of them touch the shape.
    Inside,
}

impl Shape {
    /// The union of all that is drawn; `None` when nothing of it lies anywhere.
    pub fn of_areas(areas: &[Area]) -> Option<Self> {
        Self::of_blocks(areas.iter().map(|area| Block { area, named: Vec::new() }))
    }

    /// The union of all that is drawn and named; `None` when nothing of it lies anywhere.
    pub fn of_blocks<'a>(blocks: impl IntoIterator<Item = Block<'a>>) -> Option<Self> {
        Self::of_blocks_told(blocks).0
    }

    /// The same, and the holes that could not be cut out of it: more people are warned by what was ignored.
    pub fn of_blocks_told<'a>(blocks: impl IntoIterator<Item = Block<'a>>) -> (Option<Self>, Vec<IgnoredHole>) {
        let (mut work, mut ignored) = (Work::for_holes(), Vec::new());
        let blocks = blocks.into_iter().enumerate();
        let parts = blocks.flat_map(|(nth, block)| parts(nth, &block, &mut work, &mut ignored));
        (Self::of_parts(distinct(parts)), ignored)
    }

    fn of_parts(parts: Vec<Part>) -> Option<Self> {
        let holds = |pole: &Pole| parts.iter().any(|part| part.at_pole(*pole));
        let poles = [Pole::South, Pole::North].into_iter().filter(holds).collect();
        let margin_deg = parts.iter().map(Part::margin_deg).fold(EDGE_MARGIN_DEG, f64::max);
        let names = parts.iter().filter_map(|part| match &part.source {
            Source::Named(name) => Some(name.clone()),
            Source::Drawn | Source::Remnant => None,
        });
        let names = names.collect();
        let parts = Tree::new(parts);
        Some(Self { frame: parts.frame()?, parts, poles, margin_deg, names })
    }

    /// Whether someone in the cell could be in the area: any point of the closed cell is in it.
    pub fn touches_cell(&self, cell: impl Into<Rect>) -> bool {
        self.touches(&cell.into().inflated(self.margin_deg))
    }

    /// Whether someone within `radius_m` metres of any point of the cell could be in the area: the geodesic distance
    /// is no more than that. Never no where it is; yes up to [`super::reach::EXCESS_M_MAX`] beyond the radius.
    ///
    /// Meant for cells and radii of kilometres: right for any, but slow for large rectangles.
    pub fn within(&self, cell: impl Into<Rect>, radius_m: f64) -> bool {
        let rect = cell.into().inflated(self.margin_deg);
        if self.is_south_or_north_of(&rect, radius_m) {
            return false;
        }
        self.touches(&rect) || (radius_m > 0.0 && self.is_reached(&Reach::new(rect, radius_m), &rect, radius_m))
    }

    /// Whether a point is in the area. A border counts.
    pub fn contains(&self, lat: f64, lon: f64) -> bool {
        self.touches_cell(Rect::point(lat, lon))
    }

    /// What all cells in a quad, each grown by a radius, have to do with the area. What is not [`Relation::Mixed`]
    /// agrees with [`Shape::touches_cell`] and [`Shape::within`] of every cell in it.
    pub fn relation(&self, quad: Rect, radius_m: f64) -> Relation {
        let rect = quad.inflated(self.margin_deg);
        if self.is_south_or_north_of(&rect, radius_m) {
            return Relation::Apart;
        }
        match self.standing(&rect, Standing::Around) {
            Standing::Around => return Relation::Inside,
            Standing::Crossed => return Relation::Mixed,
            Standing::Apart if radius_m <= 0.0 || self.is_beyond(&rect, radius_m) => return Relation::Apart,
            Standing::Apart => {}
        }
        let (lat, lon) = quad.centre();
        let left_m = radius_m - quad.half_diagonal_m() - QUAD_MARGIN_M;
        if left_m > 0.0 && self.within(Rect::point(lat, lon), left_m) { Relation::Near } else { Relation::Mixed }
    }

    /// What of it can matter to the cells in a quad and within a radius around them: asked about these, it answers as
    /// this one does, and sooner. `None` where that is more than half of it. Without its names.
    pub fn excerpt(&self, quad: Rect, radius_m: f64) -> Option<Self> {
        let grown = quad.inflated(self.margin_deg).grown(radius_m).inflated(self.margin_deg);
        let all = self.parts.things().len();
        // A pole is near whatever comes to it, wherever that lies.
        if all < 2 || self.poles.iter().any(|pole| pole.is_in(&grown)) {
            return None;
        }
        let mut parts = Vec::new();
        for turn in grown.turns_to(&self.frame) {
            let grown = grown.shifted(turn);
            let is_enough = self.parts.any(&|node| node.meets(&grown), &mut |part| {
                parts.push(part.clone());
                parts.len() > all / 2
            });
            if is_enough {
                return None;
            }
        }
        let parts = Tree::new(parts);
        Some(Self {
            frame: parts.frame()?,
            parts,
            poles: Vec::new(),
            margin_deg: self.margin_deg,
            names: BTreeSet::new(),
        })
    }

    /// Whether it shares a point with a region; borders count.
    pub fn touches_region(&self, region: &Region) -> bool {
        self.any_part_of(region, |part| part.touches_region(region))
    }

    /// Whether a followed named area is meant: what is drawn touches it; what is named is it or shares ground with it,
    /// a millimetre wide at least. A shared border alone is not enough: the next commune is not meant.
    pub fn reaches_named(&self, code: &AreaCode, region: &Region) -> bool {
        self.names.contains(code)
            || self.any_part_of(region, |part| match (&part.source, &part.ground) {
                (Source::Named(_) | Source::Remnant, Ground::Region(named)) => meeting::share_ground(named, region),
                (Source::Drawn, _) | (_, Ground::Disc(_)) => part.touches_region(region),
            })
    }

    /// The codes of the named areas it was made of.
    pub fn named(&self) -> impl Iterator<Item = &AreaCode> {
        self.names.iter()
    }

    /// Whether any part speaks of some heights only.
    pub fn has_altitudes(&self) -> bool {
        self.parts.things().iter().any(|part| part.heights.is_some())
    }

    /// What speaks of any height of a span, metres above mean sea level; the ends count.
    pub fn at_altitude(&self, low_m: f64, high_m: f64) -> Option<Self> {
        let there = |part: &&Part| part.heights.is_none_or(|heights| heights.meet(low_m, high_m));
        Self::of_parts(self.parts.things().iter().filter(there).cloned().collect())
    }

    /// The smallest rectangle around it, its western end in −180…180; `east` is above 180 where it crosses ±180°.
    pub fn bounds(&self) -> Rect {
        let bounds = self.parts.things().iter().map(|part| match &part.ground {
            Ground::Region(region) => region.bounds(),
            Ground::Disc(disc) => disc.bounds(),
        });
        around_all(bounds).unwrap_or(self.frame)
    }

    /// A GeoJSON MultiPolygon for maps (RFC 7946): cut at ±180°, circles as 64-gons.
    pub fn to_geojson(&self) -> Value {
        map::multi_polygon(self.parts.things().iter().map(|part| &part.ground))
    }

    fn touches(&self, rect: &Rect) -> bool {
        self.standing(rect, Standing::Crossed) != Standing::Apart
    }

    /// What a rectangle has to do with it. `Crossed` is enough where that was asked.
    fn standing(&self, rect: &Rect, enough: Standing) -> Standing {
        let at_pole = self.poles.iter().any(|pole| pole.is_in(rect));
        let found = Cell::new(if at_pole { Standing::Crossed } else { Standing::Apart });
        let is_enough = || found.get() == Standing::Around || found.get() == enough;
        for turn in rect.turns_to(&self.frame) {
            if is_enough() {
                break;
            }
            let rect = rect.shifted(turn);
            self.parts.any(&|node| found.get().opens(node, &rect), &mut |part| {
                found.set(found.get().or(part.standing(&rect, enough)));
                is_enough()
            });
        }
        found.get()
    }

    fn is_reached(&self, reach: &Reach, rect: &Rect, radius_m: f64) -> bool {
        reach.grown().turns_to(&self.frame).any(|turn| {
            let reach = reach.shifted(turn);
            self.parts.any(&|node| reach.may_meet(node), &mut |part| match &part.ground {
                Ground::Region(region) => region.is_reached(&reach),
                Ground::Disc(disc) => disc.within(rect, radius_m),
            })
        })
    }

    /// Whether no cell in a rectangle is within a radius. May say no.
    fn is_beyond(&self, rect: &Rect, radius_m: f64) -> bool {
        let grown = rect.grown(radius_m);
        !grown.turns_to(&self.frame).any(|turn| {
            let grown = grown.shifted(turn);
            self.parts.any(&|node| node.meets(&grown), &mut |part| match &part.ground {
                Ground::Region(region) => region.standing(&grown, Standing::Crossed) != Standing::Apart,
                Ground::Disc(disc) => !disc.is_beyond(rect, radius_m),
            })
        })
    }

    /// Whether latitudes alone part them by more than a radius: most quads of the world end here.
    fn is_south_or_north_of(&self, rect: &Rect, radius_m: f64) -> bool {
        let gap = (self.frame.south - rect.north).max(rect.south - self.frame.north);
        gap > 0.0 && gap * METRES_PER_DEGREE_LAT_MIN > radius_m
    }

    /// Whether a part passes whose box comes near a region's.
    fn any_part_of(&self, region: &Region, mut pass: impl FnMut(&Part) -> bool) -> bool {
        let frame = region.frame().inflated(self.margin_deg);
        let at_pole = self.poles.iter().any(|pole| pole.is_in(&frame));
        if at_pole {
            return self.parts.things().iter().any(pass);
        }
        let turns = frame.turns_to(&self.frame);
        turns.map(|turn| frame.shifted(turn)).any(|frame| self.parts.any(&|node| node.meets(&frame), &mut pass))
    }
}

impl Part {
    fn standing(&self, rect: &Rect, enough: Standing) -> Standing {
        match &self.ground {
            Ground::Region(region) => region.standing(rect, enough),
            Ground::Disc(disc) => disc.standing(rect, enough),
        }
    }

    fn touches_region(&self, region: &Region) -> bool {
        match &self.ground {
            Ground::Region(own) => own.meets(region),
            Ground::Disc(disc) => disc.touches_region(region),
        }
    }
}
