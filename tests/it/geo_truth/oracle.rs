//! The other opinion: nothing here knows how `beffroi::geo` works.

use beffroi::geo::rect::Rect;
use geo::{
    Area, BooleanOps, Destination, Distance, Geodesic, Haversine, Intersects, LineString, MultiPolygon, Point, Polygon,
};

/// Samples along each line in the first round.
const COARSE: usize = 120;
/// Samples of the first round lie no further apart than this, metres.
const COARSE_STEP_M_MAX: f64 = 20_000.0;
/// Samples along each line in later rounds, which zoom in on the nearest pair.
const FINE: usize = 16;
/// Each round looks at two steps of the one before, so the step shrinks eightfold: to millimetres.
const ROUNDS: usize = 8;

/// A straight line in latitude and longitude.
type Line = ((f64, f64), (f64, f64));

/// Whether a simple polygon and a rectangle share a point on the plane. Corners are unwrapped.
pub fn polygon_meets(corners: &[(f64, f64)], rect: &Rect) -> bool {
    let outline = LineString::from_iter(corners.iter().map(|&(lat, lon)| (lon, lat)));
    let rect = geo::Rect::new((rect.west, rect.south), (rect.east, rect.north));
    Polygon::new(outline, Vec::new()).intersects(&rect)
}

/// Corners of a circle's polygon here.
const CIRCLE_CORNERS: u32 = 1_440;
/// How far borders may be moved by the integers that the oracle of ground calculates in, degrees: 11 cm.
const GROUND_ERROR_DEG: f64 = 1e-6;
/// Less ground than this, in square degrees, is rounding.
const GROUND_DEG2_MIN: f64 = 1e-10;

/// Ground on the plane, made by another hand than ours.
#[derive(Debug, Clone)]
pub struct Plane(MultiPolygon);

impl Plane {
    pub fn ring(corners: &[(f64, f64)]) -> Self {
        let outline = LineString::from_iter(corners.iter().map(|&(lat, lon)| (lon, lat)));
        Self(MultiPolygon::new(vec![Polygon::new(outline, Vec::new())]))
    }

    /// A polygon whose corners lie so far beyond a circle's rim. Its edges bend away from the circle's arcs by less than
    /// a metre up to 100 km.
    pub fn circle(lat: f64, lon: f64, radius_m: f64, beyond_m: f64) -> Self {
        let corner = |nth: u32| {
            let bearing = 360.0 * f64::from(nth) / f64::from(CIRCLE_CORNERS);
            let at = Geodesic.destination(Point::new(lon, lat), bearing, radius_m + beyond_m);
            (at.y(), lon + (at.x() - lon + 180.0).rem_euclid(360.0) - 180.0)
        };
        Self::ring(&(0..CIRCLE_CORNERS).map(corner).collect::<Vec<_>>())
    }

    pub fn with(&self, other: &Self) -> Self {
        Self(self.0.union(&other.0))
    }

    pub fn without(&self, other: &Self) -> Self {
        Self(self.0.difference(&other.0))
    }

    /// Whether a rectangle touches it for certain, and whether it perhaps does.
    pub fn meets(&self, rect: &Rect) -> (bool, bool) {
        let meets = |rect: Rect| {
            rect.west < rect.east
                && self.0.intersects(&geo::Rect::new((rect.west, rect.south), (rect.east, rect.north)))
        };
        (meets(rect.inflated(-GROUND_ERROR_DEG)), meets(rect.inflated(GROUND_ERROR_DEG)))
    }

    pub fn shares_ground(&self, other: &Self) -> bool {
        self.0.intersection(&other.0).unsigned_area() > GROUND_DEG2_MIN
    }

    pub fn touches(&self, other: &Self) -> bool {
        self.0.intersects(&other.0)
    }

    pub fn is_nothing(&self) -> bool {
        self.0.unsigned_area() <= GROUND_DEG2_MIN
    }

    /// The corners of all its rings, none repeated.
    pub fn outlines(&self) -> Vec<Vec<(f64, f64)>> {
        let rings = self.0.iter().flat_map(|polygon| std::iter::once(polygon.exterior()).chain(polygon.interiors()));
        rings.map(|ring| ring.coords().skip(1).map(|at| (at.y, at.x)).collect()).collect()
    }
}

/// The geodesic distance from a rectangle to the outline of a polygon, metres: at most millimetres too long.
pub fn distance_to_outline(corners: &[(f64, f64)], rect: &Rect) -> f64 {
    let edges = (0..corners.len()).map(|index| (corners[index], corners[(index + 1) % corners.len()]));
    edges.fold(f64::INFINITY, |nearest, edge| distance_to_line(edge, rect, nearest))
}

/// The same to a point.
pub fn distance_to_point(lat: f64, lon: f64, rect: &Rect) -> f64 {
    distance_to_line(((lat, lon), (lat, lon)), rect, f64::INFINITY)
}

/// The geodesic distance of two points, metres.
pub fn distance((lat, lon): (f64, f64), to: (f64, f64)) -> f64 {
    Geodesic.distance(Point::new(lon, lat), Point::new(to.1, to.0))
}

/// Where a geodesic ends.
pub fn destination((lat, lon): (f64, f64), bearing: f64, metres: f64) -> (f64, f64) {
    let at = Geodesic.destination(Point::new(lon, lat), bearing, metres);
    (at.y(), at.x())
}

fn distance_to_line(line: Line, rect: &Rect, nearest: f64) -> f64 {
    let corners = [(rect.south, rect.west), (rect.south, rect.east), (rect.north, rect.east), (rect.north, rect.west)];
    let sides = (0..4).map(|index| (corners[index], corners[(index + 1) % 4]));
    sides.fold(nearest, |nearest, side| lines_apart(line, side, nearest))
}

/// Samples both lines, then again around the nearest pair, unless the first round finds nothing near what is known.
/// That round is spherical, to be quick.
fn lines_apart(a: Line, b: Line, known: f64) -> f64 {
    let ((mut a_low, mut a_high), (mut b_low, mut b_high)) = ((0.0, 1.0), (0.0, 1.0));
    let (mut samples, mut nearest) = (COARSE, known);
    for round in 0..ROUNDS {
        let mut best = (f64::INFINITY, 0.0, 0.0);
        for i in 0..=samples {
            for j in 0..=samples {
                let s = a_low + (a_high - a_low) * i as f64 / samples as f64;
                let t = b_low + (b_high - b_low) * j as f64 / samples as f64;
                let (p, q) = (along(a, s), along(b, t));
                let distance = if round == 0 { Haversine.distance(p, q) } else { Geodesic.distance(p, q) };
                if distance < best.0 {
                    best = (distance, s, t);
                }
            }
        }
        let (a_step, b_step) = ((a_high - a_low) / samples as f64, (b_high - b_low) / samples as f64);
        (a_low, a_high) = ((best.1 - a_step).max(0.0), (best.1 + a_step).min(1.0));
        (b_low, b_high) = ((best.2 - b_step).max(0.0), (best.2 + b_step).min(1.0));
        samples = FINE;
        if round > 0 {
            nearest = nearest.min(best.0);
        } else if best.0 > known * 1.02 + COARSE_STEP_M_MAX {
            return known;
        }
    }
    nearest
}

fn along((from, to): Line, share: f64) -> Point {
    Point::new(from.1 + share * (to.1 - from.1), from.0 + share * (to.0 - from.0))
}
