//! The other opinion: nothing here knows how `beffroi::geo` works.

use beffroi::geo::rect::Rect;
use geo::{
    Area, BooleanOps, Destination, Distance, Geodesic, Haversine, Intersects, LineString, MultiPolygon, Point, Polygon,
};

/// Samples along each line in the first, rough look at both.
const ROUGH: usize = 40;
/// Samples along a line whose nearest point is looked for: between two of them the distance has one valley.
const COARSE: usize = 24;
/// Samples in later rounds, which zoom in on the nearest: each shrinks the step to a quarter.
const FINE: usize = 8;
/// Rounds along the line that is longer as a rule, and along the other: to millimetres.
const ROUNDS: usize = 12;
const OUTER_ROUNDS: usize = 6;
/// A degree is nowhere longer, metres.
const DEGREE_M_MAX: f64 = 111_700.0;
/// How much too long a distance on a sphere may be.
const SPHERE_SHARE: f64 = 0.02;

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

/// For each of many points along `b` the nearest point of `a`, then again around the best of them. What is nearest is
/// looked for on `a` anew each time: beside a sample of `a` that lies a little to one side, the wrong end of `b` looks
/// nearer.
fn lines_apart(a: Line, b: Line, known: f64) -> f64 {
    if at_least_apart(a, b) > known {
        return known;
    }
    nearest(OUTER_ROUNDS, FINE, |share| point_apart(a, along(b, share))).min(known)
}

/// Never more than the distance. On a sphere, to be quick.
fn at_least_apart(a: Line, b: Line) -> f64 {
    let samples = || (0..=ROUGH).map(|index| index as f64 / ROUGH as f64);
    let pairs = samples().flat_map(|s| samples().map(move |t| (s, t)));
    let rough = pairs.map(|(s, t)| Haversine.distance(along(a, s), along(b, t))).fold(f64::INFINITY, f64::min);
    // Between its samples a line is no longer than this.
    let length = |line: Line| (line.0.0 - line.1.0).hypot(line.0.1 - line.1.1) * DEGREE_M_MAX;
    rough * (1.0 - SPHERE_SHARE) - (length(a) + length(b)) / ROUGH as f64
}

/// The geodesic distance from a point to a line.
fn point_apart(line: Line, point: Point) -> f64 {
    nearest(ROUNDS, COARSE, |share| Geodesic.distance(along(line, share), point))
}

/// The least value along a line: of samples, then of others around the least of them, and so on.
fn nearest(rounds: usize, samples: usize, distance: impl Fn(f64) -> f64) -> f64 {
    let (mut low, mut high, mut samples, mut least) = (0.0, 1.0, samples, f64::INFINITY);
    for _ in 0..=rounds {
        let step = (high - low) / samples as f64;
        let sampled = (0..=samples).map(|index| low + step * index as f64).map(|share| (distance(share), share));
        let (found, best) = sampled.min_by(|one, other| one.0.total_cmp(&other.0)).expect("there are samples");
        least = least.min(found);
        (low, high, samples) = ((best - step).max(0.0), (best + step).min(1.0), FINE);
    }
    least
}

fn along((from, to): Line, share: f64) -> Point {
    Point::new(from.1 + share * (to.1 - from.1), from.0 + share * (to.0 - from.0))
}
