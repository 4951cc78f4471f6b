//! Shapes that lie upon each other (CAP 1.2 §3.2.4). Whoever asks who is in them looks at every shape whose box holds a
//! place: thousands of slivers across one country would make each of its people cost thousands of questions.

use super::Builder;
use crate::cap::alert::{Area, Circle, Info, Polygon};
use crate::cap::exclude::excluded;
use crate::cap::ring::{Vertex, overlap_more_than, unwrapped};
use crate::cap::rules;
use std::collections::{BTreeMap, BTreeSet};

/// Metres in a degree of latitude, at least.
const METRES_PER_DEGREE_MIN: f64 = 110_574.0;

/// What makes the same shape another one in another area: its heights, in bits, and its holes.
type Kind<'a> = ([Option<u64>; 2], Vec<&'a str>);

impl Builder<'_, '_> {
    /// Whether shapes overlap more often than anyone's do. Those that are the same in everything count once, as languages
    /// repeat them.
    pub(super) fn check_overlaps(&mut self, infos: &[Info]) {
        let mut kinds: BTreeMap<Kind<'_>, usize> = BTreeMap::new();
        let mut known: BTreeSet<(usize, Vec<u64>)> = BTreeSet::new();
        let mut boxes = Vec::new();
        for area in infos.iter().flat_map(|info| &info.areas) {
            let next = kinds.len();
            let kind = *kinds.entry(kind(area)).or_insert(next);
            let polygons = area.polygons.iter().map(|polygon| (polygon_bits(polygon), around_polygon(polygon)));
            let circles = area.circles.iter().map(|circle| (circle_bits(circle), around_circle(circle)));
            let new = polygons.chain(circles).filter(|(bits, _)| known.insert((kind, bits.clone())));
            boxes.extend(new.map(|(_, around)| around));
        }
        let pairs = self.limits.overlaps_max;
        if overlap_more_than(pairs, boxes) {
            let message = format!("More than {pairs} pairs of polygons and circles lie upon each other.");
            self.find(&rules::AREAS_OVERLAP, self.root, message);
        }
    }
}

fn kind(area: &Area) -> Kind<'_> {
    let holes = excluded(area).map(|(_, hole)| hole);
    ([area.altitude_ft, area.ceiling_ft].map(|feet| feet.map(f64::to_bits)), holes.collect())
}

fn polygon_bits(polygon: &Polygon) -> Vec<u64> {
    polygon.ring().iter().flat_map(|point| [point.lat.to_bits(), point.lon.to_bits()]).collect()
}

fn circle_bits(circle: &Circle) -> Vec<u64> {
    [circle.center.lat, circle.center.lon, circle.radius_km].map(f64::to_bits).into()
}

fn around_polygon(polygon: &Polygon) -> (Vertex, Vertex) {
    let ring = unwrapped(polygon.ring());
    ring.iter().fold((ring[0], ring[0]), |(low, high), at| {
        (
            Vertex { lat: low.lat.min(at.lat), lon: low.lon.min(at.lon) },
            Vertex { lat: high.lat.max(at.lat), lon: high.lon.max(at.lon) },
        )
    })
}

/// The box around a circle: over a pole it is as wide as the Earth.
fn around_circle(circle: &Circle) -> (Vertex, Vertex) {
    let up = circle.radius_km * 1_000.0 / METRES_PER_DEGREE_MIN;
    let furthest = circle.center.lat.abs() + up;
    let across = if furthest < 90.0 { (up / furthest.to_radians().cos()).min(180.0) } else { 180.0 };
    let corner = |sign: f64| Vertex { lat: circle.center.lat + sign * up, lon: circle.center.lon + sign * across };
    (corner(-1.0), corner(1.0))
}
