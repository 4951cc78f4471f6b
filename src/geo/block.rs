//! The parts of a shape: what each CAP `<area>` draws and names, and at which heights.

use super::code::AreaCode;
use super::disc::Disc;
use super::hole::{self, Hole, IgnoredHole};
use super::rect::Rect;
use super::region::{Pole, Region, Remnant};
use super::ring::Ring;
use super::shape::EDGE_MARGIN_DEG;
use super::tree::Framed;
use crate::cap::alert::Area;
use crate::cap::ring::Work;
use std::sync::Arc;

/// Metres in a foot, which CAP measures heights in.
const METRES_PER_FOOT: f64 = 0.3048;

/// A named area and what it is called.
#[derive(Debug, Clone, PartialEq)]
pub struct Named {
    pub code: AreaCode,
    pub region: Arc<Region>,
}

/// One CAP `<area>`, with the named areas that its geocodes stand for.
#[derive(Debug, Clone)]
pub struct Block<'a> {
    pub area: &'a Area,
    pub named: Vec<Named>,
}

/// One polygon, circle or named area.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Part {
    pub ground: Ground,
    pub source: Source,
    /// `None`: all heights.
    pub heights: Option<Heights>,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Ground {
    Region(Arc<Region>),
    Disc(Disc),
}

/// How a part came to be one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Source {
    Drawn,
    Named(AreaCode),
    /// What holes left of a named area.
    Remnant,
}

/// A span of heights, metres above mean sea level.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Heights {
    low_m: f64,
    high_m: f64,
}

impl Framed for Part {
    fn frame(&self) -> Rect {
        match &self.ground {
            Ground::Region(region) => region.frame(),
            Ground::Disc(disc) => disc.bounds(),
        }
    }
}

impl Part {
    /// What holes leave of it.
    fn without(self, holes: &[Hole], work: &mut Work) -> Option<Self> {
        let remnant = match &self.ground {
            Ground::Region(region) => region.without(holes, work),
            Ground::Disc(disc) => disc.without(holes, work),
        };
        let source = match self.source {
            Source::Drawn => Source::Drawn,
            Source::Named(_) | Source::Remnant => Source::Remnant,
        };
        match remnant {
            Remnant::Whole => Some(self),
            Remnant::Part(region) => Some(Self { ground: Ground::Region(Arc::new(region)), source, ..self }),
            Remnant::Nothing => None,
        }
    }

    /// By how much what is asked must be taken wider, so that rounding never parts what touches, degrees.
    pub fn margin_deg(&self) -> f64 {
        match &self.ground {
            Ground::Region(region) => region.margin_deg(),
            Ground::Disc(_) => EDGE_MARGIN_DEG,
        }
    }

    /// Whether its ground is a polygon at a pole. Circles know their distance from it.
    pub fn at_pole(&self, pole: Pole) -> bool {
        match &self.ground {
            Ground::Region(region) => region.at_pole(pole),
            Ground::Disc(_) => false,
        }
    }
}

impl Heights {
    /// Those that an area speaks of (CAP 1.2 §3.2.4): from `altitude` to `ceiling`, in either order; from `altitude` up
    /// where there is no ceiling, as it is "the specific or minimum altitude". `None`: all, as a ceiling alone means
    /// nothing.
    pub fn of(area: &Area) -> Option<Self> {
        let altitude_m = area.altitude_ft.filter(|feet| feet.is_finite())? * METRES_PER_FOOT;
        Some(match area.ceiling_ft.filter(|feet| feet.is_finite()) {
            Some(feet) => {
                let ceiling_m = feet * METRES_PER_FOOT;
                Self { low_m: altitude_m.min(ceiling_m), high_m: altitude_m.max(ceiling_m) }
            }
            None if area.ceiling_ft.is_none() => Self { low_m: altitude_m, high_m: f64::INFINITY },
            None => return None,
        })
    }

    /// Whether any height of a span is among them; the ends count.
    pub fn meet(&self, low_m: f64, high_m: f64) -> bool {
        self.low_m <= high_m && low_m <= self.high_m
    }
}

/// The parts of one block, without its holes. What was ignored of them is told.
pub(super) fn parts(nth: usize, block: &Block<'_>, work: &mut Work, ignored: &mut Vec<IgnoredHole>) -> Vec<Part> {
    let heights = Heights::of(block.area);
    let polygons = block.area.polygons.iter().filter_map(|polygon| Region::of_ring(Ring::new(polygon.ring())?));
    let discs = block.area.circles.iter().filter_map(Disc::new);
    let drawn = polygons.map(|region| Ground::Region(Arc::new(region))).chain(discs.map(Ground::Disc));
    let named = block.named.iter();
    let named = named.map(|named| (Ground::Region(Arc::clone(&named.region)), Source::Named(named.code.clone())));
    let parts = drawn.map(|ground| (ground, Source::Drawn)).chain(named);
    let parts = parts.map(|(ground, source)| Part { ground, source, heights });
    let mut left_out = Vec::new();
    let holes = hole::holes(block.area, &mut left_out);
    let parts =
        if holes.is_empty() { parts.collect() } else { parts.filter_map(|part| part.without(&holes, work)).collect() };
    left_out.extend(hole::ignored(&holes));
    ignored.extend(left_out.into_iter().map(|(geocode, why)| IgnoredHole { area: nth, geocode, why }));
    parts
}
