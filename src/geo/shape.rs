//! An alert's area: the union of the polygons and circles of its areas, and what a cell has to do with it.

use super::disc::Disc;
use super::map;
use super::reach::Reach;
use super::rect::Rect;
use super::ring::Ring;
use crate::cap::alert::{Alert, Area};
use serde_json::Value;

/// By how much cells are taken wider on each side, so that rounding never parts what touches: 0.1 mm.
pub const EDGE_MARGIN_DEG: f64 = 1e-9;

/// What is left of a radius when it is asked of a whole quad at once, metres: more than any rounding.
const QUAD_MARGIN_M: f64 = 2.0;

/// Everything of an alert's areas that lies somewhere. A point is in it when it is in any polygon or any circle; a
/// border belongs to it.
///
/// A ring may jump at ±180° (its edges go the short way), use 0…360°, go around a pole or cross itself: what it goes
/// around is inside. Geocodes are not looked at here.
#[derive(Debug, Clone, PartialEq)]
pub struct Shape {
    rings: Vec<Ring>,
    discs: Vec<Disc>,
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
    /// The union of all polygons and circles; `None` when there is none that lies anywhere.
    pub fn of_areas(areas: &[Area]) -> Option<Self> {
        let rings: Vec<Ring> =
            areas.iter().flat_map(|area| &area.polygons).filter_map(|polygon| Ring::new(polygon.ring())).collect();
        let discs: Vec<Disc> = areas.iter().flat_map(|area| &area.circles).filter_map(Disc::new).collect();
        (!rings.is_empty() || !discs.is_empty()).then_some(Self { rings, discs })
    }

    /// Everywhere an alert speaks of. Languages repeat the same areas in the same order: each is taken once.
    pub fn of_alert(alert: &Alert) -> Option<Self> {
        let infos = &alert.infos;
        let is_new = |nth: usize, at: usize, area: &Area| {
            let earlier = infos[..nth].iter().filter_map(|info| info.areas.get(at));
            !earlier.clone().any(|known| known.polygons == area.polygons && known.circles == area.circles)
        };
        let areas: Vec<Area> = infos
            .iter()
            .enumerate()
            .flat_map(|(nth, info)| info.areas.iter().enumerate().map(move |(at, area)| (nth, at, area)))
            .filter(|(nth, at, area)| is_new(*nth, *at, area))
            .map(|(_, _, area)| area.clone())
            .collect();
        Self::of_areas(&areas)
    }

    /// Whether someone in the cell could be in the area: any point of the closed cell is in it.
    pub fn touches_cell(&self, cell: impl Into<Rect>) -> bool {
        self.touches(&cell.into().inflated(EDGE_MARGIN_DEG))
    }

    /// Whether someone within `radius_m` metres of any point of the cell could be in the area: the geodesic distance
    /// is no more than that. Never no where it is; yes up to [`super::reach::EXCESS_M_MAX`] beyond the radius.
    ///
    /// Meant for cells and radii of kilometres: right for any, but slow for large rectangles.
    pub fn within(&self, cell: impl Into<Rect>, radius_m: f64) -> bool {
        let rect = cell.into().inflated(EDGE_MARGIN_DEG);
        if self.touches(&rect) || self.discs.iter().any(|disc| disc.within(&rect, radius_m)) {
            return true;
        }
        radius_m > 0.0 && {
            let reach = Reach::new(rect, radius_m);
            self.rings.iter().any(|ring| reach.meets(ring))
        }
    }

    /// Whether a point is in the area. A border counts.
    pub fn contains(&self, lat: f64, lon: f64) -> bool {
        self.touches_cell(Rect::point(lat, lon))
    }

    /// What all cells in a quad, each grown by a radius, have to do with the area. What is not [`Relation::Mixed`]
    /// agrees with [`Shape::touches_cell`] and [`Shape::within`] of every cell in it.
    pub fn relation(&self, quad: Rect, radius_m: f64) -> Relation {
        let rect = quad.inflated(EDGE_MARGIN_DEG);
        if self.rings.iter().any(|ring| ring.covers(&rect)) || self.discs.iter().any(|disc| disc.covers(&rect)) {
            return Relation::Inside;
        }
        if !self.is_apart(&rect, 0.0) {
            return Relation::Mixed;
        }
        if radius_m <= 0.0 || self.is_apart(&rect, radius_m) {
            return Relation::Apart;
        }
        let (lat, lon) = quad.centre();
        let left_m = radius_m - quad.half_diagonal_m() - QUAD_MARGIN_M;
        if left_m > 0.0 && self.within(Rect::point(lat, lon), left_m) { Relation::Near } else { Relation::Mixed }
    }

    /// The smallest rectangle around it, its western end in −180…180; `east` is above 180 where it crosses ±180°.
    pub fn bounds(&self) -> Rect {
        let mut parts: Vec<Rect> =
            self.rings.iter().map(Ring::bounds).chain(self.discs.iter().map(Disc::bounds)).collect();
        for part in &mut parts {
            *part = part.shifted(-360.0 * ((part.west + 180.0) / 360.0).floor());
        }
        let (west, east) = longitudes(&mut parts);
        let joined = parts.iter().fold(parts[0], |around, part| around.joined(part));
        Rect { west, east, ..joined }
    }

    /// A GeoJSON MultiPolygon for maps (RFC 7946): cut at ±180°, circles as 64-gons.
    pub fn to_geojson(&self) -> Value {
        map::multi_polygon(&self.rings, &self.discs)
    }

    fn touches(&self, rect: &Rect) -> bool {
        self.rings.iter().any(|ring| ring.touches(rect)) || self.discs.iter().any(|disc| disc.within(rect, 0.0))
    }

    /// Whether no cell in a rectangle is within a radius. May say no.
    fn is_apart(&self, rect: &Rect, radius_m: f64) -> bool {
        let grown = if radius_m > 0.0 { rect.grown(radius_m) } else { *rect };
        !self.rings.iter().any(|ring| ring.touches(&grown))
            && self.discs.iter().all(|disc| disc.is_beyond(rect, radius_m))
    }
}

/// The shortest run of longitudes that holds all parts: what is left of the circle without its widest gap. Parts begin
/// in −180…180.
fn longitudes(parts: &mut [Rect]) -> (f64, f64) {
    parts.sort_by(|a, b| a.west.total_cmp(&b.west));
    let first = parts[0].west;
    let mut reached = parts[0].east;
    let mut widest = (0.0, first, 0.0);
    for part in parts.iter() {
        if part.west - reached > widest.0 {
            widest = (part.west - reached, part.west, reached);
        }
        reached = reached.max(part.east);
    }
    if first + 360.0 - reached >= widest.0 || reached >= first + 360.0 {
        return (first, reached.min(first + 360.0));
    }
    (widest.1, widest.2 + 360.0)
}
