//! A circle of CAP: all points within a geodesic distance of its centre. Radius 0 is the centre itself.

use super::hole::{Hole, Ignored};
use super::reach::{foot, length_m_max};
use super::rect::Rect;
use super::region::{Pole, Region, Remnant};
use super::ring::{Ring, Standing, Vertex, around};
use super::shape::EDGE_MARGIN_DEG;
use crate::cap::alert::Circle;
use crate::cap::alert::Point;
use crate::cap::ring::Work;
use ::geo::{Destination, Distance, Geodesic, Point as GeoPoint};
use std::cell::Cell;

/// The mean radius of the Earth, metres (IUGG).
const SPHERE_RADIUS_M: f64 = 6_371_008.8;
/// A distance on that sphere is within this share of the geodesic one; 0.56 % at worst, and some.
const SPHERE_ERROR_SHARE: f64 = 0.01;
/// Beyond this the ellipsoid may move the nearest point of a cell far along its side, metres.
const FAR_M: f64 = 5_000_000.0;
/// How closely the nearest point of a side is sought there, degrees.
const SIDE_TOLERANCE_DEG: f64 = 1e-9;
/// An edge is halved no more when it is this short, metres.
const EDGE_M_MIN: f64 = 0.5;
/// How often the edges of one region are halved. What is not told apart by then runs along the rim.
const BORDER_HALVINGS_MAX: usize = 100_000;
/// Larger circles are not cut: holes in them are ignored. Metres.
const OUTLINE_RADIUS_M_MAX: f64 = 1_000_000.0;
/// How far beyond a circle's rim the polygon around it runs, metres. Distances to that polygon are forgiven some more, and
/// both together stay below a metre.
const OUTLINE_M: std::ops::RangeInclusive<f64> = 0.1..=0.4;
/// How many pairs of boxes a distance on the ellipsoid counts as, where holes are cut: by the time it takes.
const GEODESIC_PAIRS: usize = 40;
/// The same for whether a box is beyond a circle.
const BEYOND_PAIRS: usize = 4;
/// Geodesics that an arc of an outline takes.
const ARC_GEODESICS: usize = 5;
/// Arcs that are drawn first, and halved until each edge fits.
const OUTLINE_PARTS: u32 = 8;
/// How often: more is needed only where a pole lies on the rim.
const OUTLINE_HALVINGS_MAX: u32 = 14;
/// Longest edge of an outline in longitude, degrees.
const OUTLINE_EDGE_DEG_MAX: f64 = 45.0;
/// Share of an interval that golden-section search keeps.
const GOLDEN: f64 = 0.618_033_988_749_894_8;

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Disc {
    lat: f64,
    lon: f64,
    radius_m: f64,
}

/// The least and the most a distance can be, metres.
#[derive(Debug, Clone, Copy)]
struct Span {
    least: f64,
    most: f64,
}

impl Span {
    fn around(sphere_m: f64) -> Self {
        Self { least: sphere_m * (1.0 - SPHERE_ERROR_SHARE), most: sphere_m * (1.0 + SPHERE_ERROR_SHARE) }
    }
}

impl Disc {
    /// `None` when a number is none, or the radius is below 0.
    pub fn new(circle: &Circle) -> Option<Self> {
        let (lat, lon, radius_m) = (circle.center.lat, circle.center.lon, circle.radius_km * 1_000.0);
        let usable = lat.is_finite() && lon.is_finite() && radius_m.is_finite() && radius_m >= 0.0;
        let lon = (lon + 180.0).rem_euclid(360.0) - 180.0;
        usable.then_some(Self { lat: lat.clamp(-90.0, 90.0), lon, radius_m })
    }

    /// Tells it apart from other discs.
    pub fn bits(&self) -> [u64; 3] {
        [self.lat, self.lon, self.radius_m].map(f64::to_bits)
    }

    /// A box around it.
    pub fn bounds(&self) -> Rect {
        Rect::point(self.lat, self.lon).grown(self.radius_m)
    }

    /// A point on its edge, degrees: latitude and longitude. `at_least_m` makes small circles visible on a map.
    pub fn rim(&self, bearing: f64, at_least_m: f64) -> (f64, f64) {
        let point = Geodesic.destination(GeoPoint::new(self.lon, self.lat), bearing, self.radius_m.max(at_least_m));
        (point.y(), point.x())
    }

    /// Whether a rectangle comes within a distance of the disc: of its centre, by the radius more.
    pub fn within(&self, rect: &Rect, distance_m: f64) -> bool {
        let limit = self.radius_m + distance_m;
        let span = self.sphere_distance(rect);
        span.most <= limit || (span.least <= limit && self.reaches_exactly(rect, limit))
    }

    /// Whether no point of a rectangle, or of any rectangle in it, is within a distance of the disc. May say no.
    pub fn is_beyond(&self, rect: &Rect, distance_m: f64) -> bool {
        self.sphere_distance(rect).least > self.radius_m + distance_m + 1.0
    }

    /// Whether a whole rectangle is in it. May say no near the rim.
    pub fn covers(&self, rect: &Rect) -> bool {
        let (lat, lon) = rect.centre();
        self.sphere_distance(&Rect::point(lat, lon)).most + rect.half_diagonal_m() < self.radius_m
    }

    /// What a rectangle has to do with it. Where `Crossed` is enough, exactly whether they touch; else `Crossed` may be
    /// said of what lies near the rim.
    pub fn standing(&self, rect: &Rect, enough: Standing) -> Standing {
        match enough {
            Standing::Crossed if self.within(rect, 0.0) => Standing::Crossed,
            Standing::Crossed => Standing::Apart,
            Standing::Around | Standing::Apart if self.covers(rect) => Standing::Around,
            Standing::Around | Standing::Apart if self.is_beyond(rect, 0.0) => Standing::Apart,
            Standing::Around | Standing::Apart => Standing::Crossed,
        }
    }

    /// Whether it shares a point with a region; borders count. Never no where it does; yes up to half a metre beyond.
    pub fn touches_region(&self, region: &Region) -> bool {
        region.touches(Rect::point(self.lat, self.lon)) || self.meets_border(region, BORDER_HALVINGS_MAX)
    }

    /// What holes leave of it: of a polygon around it, less than half a metre larger.
    pub fn without(&self, holes: &[Hole], work: &mut Work) -> Remnant {
        let mut met = Vec::new();
        for hole in holes {
            let spend = |pairs: usize| work.spend_pairs(pairs).is_ok();
            let border = self.meets_ring(hole.ring(), &spend);
            if work.allows_pairs().is_err() {
                hole.ignore(Ignored::Work);
            } else if border {
                met.push(hole);
            } else if self.is_centred_in(hole.ring()) {
                return Remnant::Nothing;
            }
        }
        if met.is_empty() {
            return Remnant::Whole;
        }
        let around = self.outline(&|pairs| work.spend_pairs(pairs).is_ok());
        let Some(region) = around.and_then(|points| Region::of_ring(Ring::new(&points)?)) else {
            let why = if work.allows_pairs().is_ok() { Ignored::Circle } else { Ignored::Work };
            met.iter().for_each(|hole| hole.ignore(why));
            return Remnant::Whole;
        };
        region.without(holes, work)
    }

    /// Corners of a polygon that holds it and is less than half a metre larger everywhere. `None` for circles too large
    /// to be cut, or with a pole on their rim, and when `spend` says that it takes too long.
    fn outline(&self, spend: &impl Fn(usize) -> bool) -> Option<Vec<Point>> {
        if self.radius_m > OUTLINE_RADIUS_M_MAX {
            return None;
        }
        let mut points = Vec::new();
        let bearing = |part: u32| 360.0 * f64::from(part) / f64::from(OUTLINE_PARTS);
        for part in 0..OUTLINE_PARTS {
            self.arc((bearing(part), bearing(part + 1)), OUTLINE_HALVINGS_MAX, &mut points, spend)?;
        }
        Some(points)
    }

    /// Adds the corners from one bearing to before another.
    fn arc(
        &self,
        (from, to): (f64, f64),
        halvings: u32,
        points: &mut Vec<Point>,
        spend: &impl Fn(usize) -> bool,
    ) -> Option<()> {
        if !spend(ARC_GEODESICS * GEODESIC_PAIRS) {
            return None;
        }
        let (a, b) = (self.beyond_rim(from), self.beyond_rim(to));
        let width = (b.lon - a.lon + 180.0).rem_euclid(360.0) - 180.0;
        let fits = |share: f64| {
            let at = Vertex { lat: a.lat + share * (b.lat - a.lat), lon: a.lon + share * width };
            OUTLINE_M.contains(&(self.centre_m(at) - self.radius_m))
        };
        if width.abs() <= OUTLINE_EDGE_DEG_MAX && [0.25, 0.5, 0.75].into_iter().all(fits) {
            points.push(a);
            return Some(());
        }
        let halvings = halvings.checked_sub(1)?;
        let middle = from.midpoint(to);
        self.arc((from, middle), halvings, points, spend)?;
        self.arc((middle, to), halvings, points, spend)
    }

    fn beyond_rim(&self, bearing: f64) -> Point {
        let distance_m = self.radius_m + OUTLINE_M.start().midpoint(*OUTLINE_M.end());
        let at = Geodesic.destination(GeoPoint::new(self.lon, self.lat), bearing % 360.0, distance_m);
        Point { lat: at.y(), lon: at.x() }
    }

    /// Whether an edge of a region is in it; yes where so many halvings do not tell.
    fn meets_border(&self, region: &Region, halvings_max: usize) -> bool {
        let left = Cell::new(halvings_max);
        let spend = |_| left.replace(left.get().saturating_sub(1)) > 0;
        let open = |node: &Rect| !self.is_beyond(node, 0.0);
        let meets = region.patch_tree().any(&open, &mut |patch| {
            patch.any_edge(&open, &mut |a, b| self.meets_edge((a, self.centre_m(a)), (b, self.centre_m(b)), &spend))
        });
        meets || left.get() == 0
    }

    /// Whether an edge of a ring is in it; no as soon as `spend` says that it takes too long.
    fn meets_ring(&self, ring: &Ring, spend: &impl Fn(usize) -> bool) -> bool {
        ring.any_edge(&|node| spend(BEYOND_PAIRS) && !self.is_beyond(node, 0.0), &mut |a, b| {
            spend(2 * GEODESIC_PAIRS) && self.meets_edge((a, self.centre_m(a)), (b, self.centre_m(b)), spend)
        })
    }

    /// Whether its centre is in what a ring goes around.
    fn is_centred_in(&self, ring: &Ring) -> bool {
        let (centre, bounds) = (Rect::point(self.lat, self.lon).inflated(EDGE_MARGIN_DEG), ring.bounds());
        let at_pole = |pole: Pole| pole.is_in(&centre) && pole.is_in(&bounds);
        at_pole(Pole::South)
            || at_pole(Pole::North)
            || centre.turns_to(&bounds).any(|turn| ring.standing(&centre.shifted(turn)) != Standing::Apart)
    }

    /// Halves an edge whose ends are at known distances.
    fn meets_edge(
        &self,
        (a, from_a): (Vertex, f64),
        (b, from_b): (Vertex, f64),
        spend: &impl Fn(usize) -> bool,
    ) -> bool {
        if from_a <= self.radius_m || from_b <= self.radius_m {
            return true;
        }
        let length_m = length_m_max(a, b);
        if (from_a + from_b - length_m) / 2.0 > self.radius_m {
            return false;
        }
        if length_m <= EDGE_M_MIN {
            return true;
        }
        // Around a pole an edge may run along the rim for thousands of kilometres, and only its box tells.
        if !self.within(&around(&[a, b]), 0.0) || !spend(GEODESIC_PAIRS) {
            return false;
        }
        let middle = Vertex { lat: a.lat.midpoint(b.lat), lon: a.lon.midpoint(b.lon) };
        let middle = (middle, self.centre_m(middle));
        self.meets_edge((a, from_a), middle, spend) || self.meets_edge(middle, (b, from_b), spend)
    }

    fn centre_m(&self, at: Vertex) -> f64 {
        self.geodesic_m(at.lat, at.lon - self.lon)
    }

    fn sphere_distance(&self, rect: &Rect) -> Span {
        let foot = foot(self.lat, self.lon, rect);
        let up = ((foot.lat - self.lat).to_radians() / 2.0).sin();
        let across = (foot.gap.to_radians() / 2.0).sin();
        let cosines = foot.lat.to_radians().cos() * self.lat.to_radians().cos();
        let square = up * up + cosines * across * across;
        Span::around(2.0 * SPHERE_RADIUS_M * square.sqrt().min(1.0).asin())
    }

    fn reaches_exactly(&self, rect: &Rect, limit_m: f64) -> bool {
        let foot = foot(self.lat, self.lon, rect);
        let distance = self.geodesic_m(foot.lat, foot.gap);
        if distance <= limit_m {
            return true;
        }
        if foot.gap == 0.0 || (distance < FAR_M && distance - foot.slack_m(distance) > limit_m) {
            return false;
        }
        self.nearest_on_side(rect, foot.gap) <= limit_m
    }

    /// The least distance to a side of a rectangle, `gap` degrees of longitude away. It falls and then rises along a
    /// meridian, or rises and then falls; so it is at an end, or where golden-section search finds it.
    fn nearest_on_side(&self, rect: &Rect, gap: f64) -> f64 {
        let (mut low, mut high) = (rect.south.max(-90.0), rect.north.min(90.0));
        let ends = self.geodesic_m(low, gap).min(self.geodesic_m(high, gap));
        while high - low > SIDE_TOLERANCE_DEG {
            let (lower, upper) = (high - GOLDEN * (high - low), low + GOLDEN * (high - low));
            if self.geodesic_m(lower, gap) < self.geodesic_m(upper, gap) {
                high = upper;
            } else {
                low = lower;
            }
        }
        ends.min(self.geodesic_m(low.midpoint(high), gap))
    }

    fn geodesic_m(&self, lat: f64, gap: f64) -> f64 {
        Geodesic.distance(GeoPoint::new(0.0, self.lat), GeoPoint::new(gap, lat.clamp(-90.0, 90.0)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn disc(lat: f64, lon: f64, radius_km: f64) -> Disc {
        Disc::new(&Circle { center: Point { lat, lon }, radius_km }).expect("a circle")
    }

    fn region(corners: &[(f64, f64)]) -> Region {
        let ring = corners.iter().map(|(lat, lon)| Point { lat: *lat, lon: *lon }).collect();
        Region::new(&[vec![ring]]).expect("a region")
    }

    /// Metres per degree of latitude at 54° north, within a thousandth.
    const METRES_PER_DEGREE: f64 = 111_300.0;

    /// Without a look at boxes this takes some ten million geodesics: each half a metre of the border for itself.
    #[test]
    fn a_border_along_the_rim_of_a_polar_circle_is_told_apart_at_once() {
        for pole in [90.0_f64, -90.0] {
            let polar = disc(pole, 20.0, 4_000.0);
            let (rim, _) = polar.rim(if pole > 0.0 { 180.0 } else { 0.0 }, 0.0);
            // Towards the equator from there.
            let beside = |metres: f64, slant_m: f64| {
                let along = |metres: f64| rim - (metres / METRES_PER_DEGREE).copysign(metres * pole);
                let equatorwards = rim - 5.0_f64.copysign(pole);
                region(&[
                    (along(metres), -80.0),
                    (along(metres + slant_m), 80.0),
                    (equatorwards, 80.0),
                    (equatorwards, -80.0),
                ])
            };
            for slant_m in [0.0, 3.0, 1_000.0] {
                assert!(!polar.touches_region(&beside(0.6, slant_m)), "{pole}, {slant_m} m aslant");
                assert!(polar.touches_region(&beside(-0.001, slant_m)), "{pole}, {slant_m} m aslant");
            }
        }
    }

    #[test]
    fn a_border_that_so_many_halvings_do_not_tell_apart_is_never_a_miss() {
        let round = disc(50.0, 3.0, 10.0);
        let (east, lon) = round.rim(90.0, 0.0);
        let beyond = lon + 0.001;
        let aslant = region(&[(east - 0.5, beyond - 0.001), (east + 0.5, beyond + 0.002), (east, beyond + 1.0)]);
        assert!(!round.meets_border(&aslant, BORDER_HALVINGS_MAX));
        assert!(round.meets_border(&aslant, 1), "what is not told apart may touch");
        let far = region(&[(10.0, 3.0), (11.0, 3.0), (11.0, 4.0)]);
        assert!(!round.meets_border(&far, 1), "what needs no halving is told as it is");
    }
}
