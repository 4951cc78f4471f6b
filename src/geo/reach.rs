//! How far it is: from points and edges to a cell, on WGS 84.
//!
//! Short distances come from straight lines through the Earth between points of the ellipsoid: a geodesic is longer
//! than its chord by a share that its curvature fixes, and that lies between the curvatures of WGS 84. Taking the
//! smallest curvature gives a distance that is never too long and at 50 km at most 3 mm too short, for a tenth of what
//! an inverse geodesic costs. Beyond 200 km, where only exact points ask, it is the inverse geodesic.
//!
//! The distance from a cell to an edge is the least along the edge. Edges are halved until the sides are told apart:
//! by the least and the most that a degree can measure around the cell, by the distances at an edge's ends and middle
//! (a distance to something convex is convex along a geodesic, from which a short edge strays by no more than its
//! curvature allows), and where it stays undecided within [`EXCESS_M_MAX`], the answer is yes.

use super::patch::Patch;
use super::rect::{
    METRES_PER_DEGREE_LAT_MAX, METRES_PER_DEGREE_LAT_MIN, METRES_PER_DEGREE_LON_MAX, METRES_PER_DEGREE_LON_MIN, Rect,
};
use super::ring::{Vertex, edge_meets};
use ::geo::{Distance, Geodesic, Point as GeoPoint};
use std::cell::Cell;

/// How far beyond its radius a point may be told to reach a polygon, or a cell for radii up to 200 km, metres. Never
/// short of it.
pub const EXCESS_M_MAX: f64 = 1.5;

/// Beyond this a chord tells too little, and the geodesic itself is asked, metres.
const CHORD_M_MAX: f64 = 200_000.0;

/// Where an edge is halved no more, because all that is undecided lies this close to the radius, metres.
const UNDECIDED_M: f64 = 0.5;
/// Up to this length an edge strays from its geodesic as its curvature says, metres.
const BENT_EDGE_M_MAX: f64 = 20_000.0;
/// Beyond this latitude edges are halved by length alone, degrees: parallels bend too much.
const BENT_EDGE_LATITUDE_MAX: f64 = 85.0;
/// The largest radius of curvature of WGS 84 (at the poles), more by a hair, metres.
const CURVATURE_RADIUS_M_MAX: f64 = 6_400_000.0;
/// The smallest one (a meridian at the equator), less a hair, metres.
const CURVATURE_RADIUS_M_MIN: f64 = 6_335_000.0;
/// Equatorial radius of WGS 84, metres.
const EQUATORIAL_RADIUS_M: f64 = 6_378_137.0;
/// First eccentricity of WGS 84, squared.
const ECCENTRICITY_SQUARED: f64 = 0.006_694_379_990_141_316;
/// The ellipsoid moves the foot of a perpendicular by less than this share of its offset in latitude, twice over, and
/// less towards the poles: by the squared cosine of the latitude.
const FOOT_ERROR_SHARE: f64 = 0.015;
/// What is left of that share at the poles.
const FOOT_ERROR_AT_POLES: f64 = 0.05;

/// The point of a rectangle that is nearest to a point on a sphere.
#[derive(Debug, Clone, Copy)]
pub(super) struct Foot {
    pub lat: f64,
    /// Longitude from the point to the foot, without its sign, degrees.
    pub gap: f64,
    /// On the ellipsoid the perpendicular meets the side's meridian within this, metres.
    error_m: f64,
    /// How far along the side that may move the foot, metres: nowhere from an end that it lies well beyond.
    moved_m: f64,
}

/// The nearest point of a rectangle. At one's own longitudes it lies due north or south; else on the nearer side,
/// where the great circle square to that meridian meets it, or at the end of the side that is nearer to there.
pub(super) fn foot(lat: f64, lon: f64, rect: &Rect) -> Foot {
    let (_, middle) = rect.centre();
    let away = (lon - middle).rem_euclid(360.0);
    let gap = (away.min(360.0 - away) - (rect.east - rect.west) / 2.0).max(0.0);
    if gap == 0.0 {
        return Foot { lat: lat.clamp(rect.south, rect.north), gap, error_m: 0.0, moved_m: 0.0 };
    }
    let (sine, cosine) = lat.to_radians().sin_cos();
    let free = sine.atan2(cosine * gap.to_radians().cos()).to_degrees();
    let error = FOOT_ERROR_SHARE * (cosine * cosine + FOOT_ERROR_AT_POLES) * (free - lat).abs();
    let apart = |end: f64, free: f64| (free - end).abs().min(360.0 - (free - end).abs());
    let nearest = |free: f64| {
        if (rect.south..=rect.north).contains(&free) {
            free
        } else if apart(rect.south, free) < apart(rect.north, free) {
            rect.south
        } else {
            rect.north
        }
    };
    let lat = nearest(free);
    let moved = (nearest(free - error) - lat).abs().max((nearest(free + error) - lat).abs());
    Foot { lat, gap, error_m: error * METRES_PER_DEGREE_LAT_MAX, moved_m: moved * METRES_PER_DEGREE_LAT_MAX }
}

impl Foot {
    /// How much nearer than the foot the rectangle may be, metres, where the foot is `distance_m` away: sideways the
    /// distance grows with the square, and where it is another end of the side, by twice the error at most.
    pub fn slack_m(&self, distance_m: f64) -> f64 {
        // Sliding moves it by the error at most, and by rounding.
        let to_other_end = self.moved_m > 1.01 * self.error_m;
        if to_other_end {
            self.moved_m.min(2.0 * self.error_m)
        } else if distance_m > self.error_m {
            self.moved_m * self.error_m / distance_m
        } else {
            self.moved_m
        }
    }
}

/// The geodesic distance from a point to a rectangle, metres: never more than it is.
fn distance_m(lat: f64, lon: f64, rect: &Rect) -> f64 {
    let foot = foot(lat, lon, rect);
    let a = on_ellipsoid(lat, 0.0);
    let b = on_ellipsoid(foot.lat, foot.gap);
    let chord = (a[0] - b[0]).hypot(a[1] - b[1]).hypot(a[2] - b[2]);
    let along = if chord > CHORD_M_MAX {
        // As at the poles, latitudes may be a hair beyond them.
        Geodesic
            .distance(GeoPoint::new(0.0, lat.clamp(-90.0, 90.0)), GeoPoint::new(foot.gap, foot.lat.clamp(-90.0, 90.0)))
    } else {
        2.0 * CURVATURE_RADIUS_M_MAX * (chord / (2.0 * CURVATURE_RADIUS_M_MAX)).asin()
    };
    (along - foot.slack_m(along)).max(0.0)
}

/// A point of the ellipsoid in metres from the middle of the Earth.
fn on_ellipsoid(lat: f64, lon: f64) -> [f64; 3] {
    let (sine, cosine) = lat.to_radians().sin_cos();
    let (east, ahead) = lon.to_radians().sin_cos();
    let normal = EQUATORIAL_RADIUS_M / (1.0 - ECCENTRICITY_SQUARED * sine * sine).sqrt();
    [normal * cosine * ahead, normal * cosine * east, normal * (1.0 - ECCENTRICITY_SQUARED) * sine]
}

/// A cell and how far around it is asked.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reach {
    rect: Rect,
    radius_m: f64,
    /// Holds every point within the radius.
    grown: Rect,
    /// Metres per degree of latitude and of longitude: no less, anywhere within the radius.
    least: (f64, f64),
    /// The same: no more.
    most: (f64, f64),
    /// How far the cell's sides are from being geodesics, metres.
    rect_bend_m: f64,
}

impl Reach {
    pub fn new(rect: Rect, radius_m: f64) -> Self {
        let grown = rect.grown(radius_m);
        let shortest = grown.latitude_far().to_radians().cos().max(0.0);
        let longest = grown.latitude_near().to_radians().cos();
        let width_m = (rect.east - rect.west) * METRES_PER_DEGREE_LON_MAX * rect.latitude_near().to_radians().cos();
        Self {
            rect,
            radius_m,
            grown,
            least: (METRES_PER_DEGREE_LAT_MIN, METRES_PER_DEGREE_LON_MIN * shortest),
            most: (METRES_PER_DEGREE_LAT_MAX, METRES_PER_DEGREE_LON_MAX * longest),
            rect_bend_m: bend_m(width_m, rect.latitude_far()),
        }
    }

    /// The same, asked a number of degrees further east.
    pub fn shifted(&self, degrees: f64) -> Self {
        Self { rect: self.rect.shifted(degrees), grown: self.grown.shifted(degrees), ..*self }
    }

    /// Holds every point within the radius.
    pub fn grown(&self) -> &Rect {
        &self.grown
    }

    /// Whether anything in a box could be within the radius. Longitudes are taken as they are.
    pub fn may_meet(&self, node: &Rect) -> bool {
        node.meets(&self.grown) && rects_apart_squared(node, &self.rect, self.least) <= self.radius_m * self.radius_m
    }

    /// Whether the geodesic distance from the cell to an edge of a patch is within the radius. Longitudes are taken as
    /// they are.
    pub fn meets(&self, patch: &Patch) -> bool {
        let grown = &self.grown;
        // Where a whole box is within the radius, so are the edges in it.
        let is_sure = Cell::new(false);
        let open = |node: &Rect| {
            if !is_sure.get() && self.holds(node) {
                is_sure.set(true);
            }
            !is_sure.get() && self.may_meet(node)
        };
        patch.any_edge(&open, &mut |a, b| edge_meets(a, b, grown) && self.meets_edge(a, b)) || is_sure.get()
    }

    /// Whether all of a box is within the radius. May say no.
    fn holds(&self, node: &Rect) -> bool {
        let (per_lat, per_lon) = self.most;
        let up = (node.north - self.rect.north).max(self.rect.south - node.south).max(0.0) * per_lat;
        let across = (node.east - self.rect.east).max(self.rect.west - node.west).max(0.0) * per_lon;
        self.grown.holds(node) && up * up + across * across <= self.radius_m * self.radius_m
    }

    fn meets_edge(&self, a: Vertex, b: Vertex) -> bool {
        let rect = &self.rect;
        let limit = self.radius_m * self.radius_m;
        if edge_apart_squared(a, b, rect, self.least) > limit {
            return false;
        }
        edge_apart_squared(a, b, rect, self.most) <= limit
            || self.search((a, self.distance_m(a)), (b, self.distance_m(b)))
    }

    fn distance_m(&self, point: Vertex) -> f64 {
        distance_m(point.lat, point.lon, &self.rect)
    }

    /// Halves an edge whose ends are at known distances.
    fn search(&self, (a, from_a): (Vertex, f64), (b, from_b): (Vertex, f64)) -> bool {
        if from_a <= self.radius_m || from_b <= self.radius_m {
            return true;
        }
        let length = length_m_max(a, b);
        if (from_a + from_b - length) / 2.0 > self.radius_m {
            return false;
        }
        let middle = Vertex { lat: a.lat.midpoint(b.lat), lon: a.lon.midpoint(b.lon) };
        let from_middle = self.distance_m(middle);
        if from_middle <= self.radius_m || length <= 2.0 * UNDECIDED_M {
            return true;
        }
        let latitude = a.lat.abs().max(b.lat.abs());
        if length <= BENT_EDGE_M_MAX && latitude <= BENT_EDGE_LATITUDE_MAX {
            // Convex from the ends through the middle; the halves may differ in length by a quarter at most.
            let drop = 1.25 * (from_a.max(from_b) - from_middle).max(0.0);
            let least = from_middle - drop - 3.0 * bend_m(length, latitude) - self.rect_bend_m;
            if least > self.radius_m {
                return false;
            }
            if from_middle - least <= UNDECIDED_M {
                return true;
            }
        }
        self.search((a, from_a), (middle, from_middle)) || self.search((middle, from_middle), (b, from_b))
    }
}

/// How far a line that is straight in latitude and longitude strays from the geodesic between its ends, and how far
/// distances along it stray from convex, metres: its sagitta. Its geodesic curvature is at most 1.09 × tan φ / R.
fn bend_m(length_m: f64, latitude: f64) -> f64 {
    length_m * length_m * (1.1 * latitude.to_radians().tan() + 0.01) / (8.0 * CURVATURE_RADIUS_M_MIN)
}

/// An edge is no longer than this, metres.
pub(super) fn length_m_max(a: Vertex, b: Vertex) -> f64 {
    let latitude = if a.lat * b.lat <= 0.0 { 0.0 } else { a.lat.abs().min(b.lat.abs()) };
    let width = (b.lon - a.lon) * METRES_PER_DEGREE_LON_MAX * latitude.to_radians().cos();
    ((b.lat - a.lat) * METRES_PER_DEGREE_LAT_MAX).hypot(width)
}

/// The distance of two rectangles on a plane with this many metres per degree of latitude and of longitude, squared.
fn rects_apart_squared(a: &Rect, b: &Rect, (per_lat, per_lon): (f64, f64)) -> f64 {
    let gap = |a_low: f64, a_high: f64, b_low: f64, b_high: f64| (a_low - b_high).max(b_low - a_high).max(0.0);
    let up = gap(a.south, a.north, b.south, b.north) * per_lat;
    let across = gap(a.west, a.east, b.west, b.east) * per_lon;
    up * up + across * across
}

/// The distance of an edge and a rectangle that do not meet, on such a plane: of an end to the rectangle or of a
/// corner to the edge; squared.
fn edge_apart_squared(a: Vertex, b: Vertex, rect: &Rect, per_degree: (f64, f64)) -> f64 {
    let (per_lat, per_lon) = per_degree;
    let end = |v: Vertex| rects_apart_squared(&Rect::point(v.lat, v.lon), rect, per_degree);
    let (x, y) = ((b.lon - a.lon) * per_lon, (b.lat - a.lat) * per_lat);
    let square = x * x + y * y;
    let corner = |lat: f64, lon: f64| {
        let (to_x, to_y) = ((lon - a.lon) * per_lon, (lat - a.lat) * per_lat);
        let along = if square > 0.0 { ((to_x * x + to_y * y) / square).clamp(0.0, 1.0) } else { 0.0 };
        (to_x - along * x).powi(2) + (to_y - along * y).powi(2)
    };
    end(a)
        .min(end(b))
        .min(corner(rect.south, rect.west))
        .min(corner(rect.south, rect.east))
        .min(corner(rect.north, rect.west))
        .min(corner(rect.north, rect.east))
}
