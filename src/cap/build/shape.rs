//! Polygons and circles (CAP 1.2 §3.2.4). A ring that crosses itself becomes simple ones over the same ground.

use super::extent::{Extent, Known};
use super::number::{self, decimal};
use super::{Builder, NodeId};
use crate::cap::alert::{Circle, Point, Polygon};
use crate::cap::limits::RING_WINDING_MAX_DEG;
use crate::cap::report::quote;
use crate::cap::ring::{self, Judged, Mended};
use crate::cap::rules;
use crate::cap::tree::is_space;

impl Builder<'_, '_> {
    /// A polygon, or several where its ring crosses itself. None when it is empty or cannot be read.
    ///
    /// Each language mostly repeats the polygons of the first: those without a fault are read once.
    pub(super) fn polygon(&mut self, id: NodeId) -> Vec<Polygon> {
        let text = self.trimmed(id);
        let room = self.limits.vertices_max.saturating_sub(self.vertices);
        if let Some(Known { polygon, extent }) = self.known_polygons.get(text).cloned()
            && polygon.ring().len() <= room
        {
            self.vertices += polygon.ring().len();
            self.check_extent(id, extent);
            return vec![polygon];
        }
        let found_before = self.report.found();
        let polygons = self.ring(id).map_or_else(Vec::new, |polygon| self.simple(id, polygon));
        let sound = self.report.found() == found_before;
        let extent = Extent::of(text, &polygons);
        self.check_extent(id, extent);
        if let ([polygon], true) = (polygons.as_slice(), sound) {
            self.known_polygons.insert(text, Known { polygon: polygon.clone(), extent });
        }
        polygons
    }

    fn ring(&mut self, id: NodeId) -> Option<Polygon> {
        let text = self.trimmed(id);
        if text.is_empty() {
            self.find(&rules::POLYGON_EMPTY, id, "The polygon is empty; it is read as absent.");
            return None;
        }
        let room = self.limits.vertices_max.saturating_sub(self.vertices);
        let ring = match read_points(text, room) {
            Points::Read(ring) => ring,
            Points::Joined(ring) => {
                self.find(&rules::POLYGON_SPACES, id, "There is white space inside a pair; it is left out.");
                ring
            }
            Points::Unreadable { nth, pair, count } => {
                let message = format!("Pair {nth} is `{}`, not lat,lon in degrees ({count} such pairs).", quote(pair));
                self.find(&rules::POLYGON_PAIR, id, message);
                return None;
            }
            Points::TooMany => {
                let message = format!("There are more than {} polygon points.", self.limits.vertices_max);
                self.find(&rules::TOO_MANY_VERTICES, id, message);
                self.vertices = self.limits.vertices_max;
                return None;
            }
        };
        self.vertices += ring.len();
        let ring = self.placed(id, ring)?;
        if let Some(&first) = ring.first() {
            self.compare_places(id, first);
        }
        self.close(id, ring)
    }

    /// Leaves out points written twice running, and closes the ring.
    fn close(&mut self, id: NodeId, mut ring: Vec<Point>) -> Option<Polygon> {
        let written = ring.len();
        ring.dedup();
        let duplicates = written - ring.len();
        let (first, last) = (*ring.first()?, *ring.last()?);
        let open = first != last;
        if open {
            ring.push(first);
        }
        let points = ring.len();
        let Some(polygon) = Polygon::new(ring) else {
            let message = format!(
                "A polygon needs at least four pairs, the last like the first; here are {written}, {} different in turn.",
                points.saturating_sub(1)
            );
            self.find(&rules::POLYGON_FEW, id, message);
            return None;
        };
        if winding_deg(polygon.ring()) > RING_WINDING_MAX_DEG {
            let message = format!("The ring goes around the Earth more than {} times.", RING_WINDING_MAX_DEG / 360.0);
            self.find(&rules::POLYGON_WINDS, id, message);
            return None;
        }
        if duplicates > 0 {
            let message = format!("{duplicates} points are the same as the one before; they are left out.");
            self.find(&rules::POLYGON_DUPLICATE, id, message);
        }
        if open {
            self.find(&rules::POLYGON_OPEN, id, "The last point is not the first; the ring is closed.");
        }
        Some(polygon)
    }

    /// The polygon itself when its ring is simple, else simple ones over the same ground.
    fn simple(&mut self, id: NodeId, polygon: Polygon) -> Vec<Polygon> {
        let Ok(judged) = ring::judge(polygon.ring(), self.ring_work) else {
            let message = "The ring is too long or crosses itself too often to be looked at whole.";
            self.find(&rules::POLYGON_TANGLED, id, message);
            return Vec::new();
        };
        let Judged::Crossing { at, mended: Mended { rings, filled } } = judged else { return vec![polygon] };
        let polygons: Vec<Polygon> = rings.into_iter().filter_map(Polygon::new).collect();
        if polygons.is_empty() {
            self.find(&rules::POLYGON_FLAT, id, "The ring has no width: it goes around no ground.");
            return polygons;
        }
        let message = format!(
            "The ring crosses or touches itself at {:.6},{:.6}; it is read as {} over the same ground.",
            at.lat,
            at.lon,
            if polygons.len() == 1 { "one simple ring".to_owned() } else { format!("{} simple rings", polygons.len()) },
        );
        self.find(&rules::POLYGON_CROSSES, id, message);
        if filled > 0 {
            let message = format!("{filled} holes that the ring leaves in its ground are filled: more may be warned.");
            self.find(&rules::POLYGON_FILLED, id, message);
        }
        polygons
    }

    /// A circle. `None` when it is empty or cannot be read.
    pub(super) fn circle(&mut self, id: NodeId) -> Option<Circle> {
        let text = self.trimmed(id);
        if text.is_empty() {
            self.find(&rules::CIRCLE_EMPTY, id, "The circle is empty; it is read as absent.");
            return None;
        }
        let mut joined = false;
        let parsed = parse_circle(text).or_else(|| {
            joined = true;
            parse_circle(&join_pairs(text))
        });
        let Some(circle) = parsed else {
            self.find(&rules::CIRCLE_INVALID, id, format!("`{}` is not lat,lon and a radius in km.", quote(text)));
            return None;
        };
        if joined {
            self.find(&rules::CIRCLE_SPACES, id, "There is white space inside the pair; it is left out.");
        }
        if circle.radius_km == 0.0 {
            self.find(&rules::CIRCLE_POINT, id, "The radius is 0: the circle is a single point.");
        }
        let center = self.placed(id, vec![circle.center])?.into_iter().next()?;
        self.compare_places(id, center);
        Some(Circle { center, ..circle })
    }
}

/// What the text of a polygon gave.
enum Points<'t> {
    Read(Vec<Point>),
    /// Readable once white space inside pairs is left out.
    Joined(Vec<Point>),
    Unreadable {
        /// Number of the first bad pair, from 1.
        nth: usize,
        pair: &'t str,
        count: usize,
    },
    TooMany,
}

fn read_points(text: &str, points_max: usize) -> Points<'_> {
    if let Some(points) = number::points(text, points_max) {
        return Points::Read(points);
    }
    let tokens = || text.split(is_space).filter(|token| !token.is_empty());
    let mut points = Vec::new();
    let mut bad = None;
    let mut count = 0;
    for (index, token) in tokens().enumerate() {
        match number::pair(token) {
            Some(point) => points.push(point),
            None => {
                count += 1;
                bad.get_or_insert((index + 1, token));
            }
        }
        if points.len() > points_max {
            return Points::TooMany;
        }
    }
    let Some((nth, pair)) = bad else { return Points::Read(points) };
    // Every number is a token of its own or has its comma beside it: joining can mean only one thing.
    let joined: Option<Vec<Point>> =
        join_pairs(text).split(is_space).filter(|token| !token.is_empty()).map(number::pair).collect();
    match joined {
        Some(points) if points.len() > points_max => Points::TooMany,
        Some(points) => Points::Joined(points),
        None => Points::Unreadable { nth, pair, count },
    }
}

/// The text without the white space before and after commas.
fn join_pairs(text: &str) -> String {
    let mut joined = String::with_capacity(text.len());
    for (number, part) in text.split(',').enumerate() {
        joined.push_str(if number == 0 { "" } else { "," });
        joined.push_str(part.trim_matches(is_space));
    }
    joined
}

/// How far apart in longitude the points of a ring are when every edge goes the short way, degrees.
fn winding_deg(ring: &[Point]) -> f64 {
    let (mut at, mut west, mut east) = (0.0_f64, 0.0_f64, 0.0_f64);
    for edge in ring.windows(2) {
        let step = edge[1].lon - edge[0].lon;
        at += if step.abs() > 180.0 && step.abs() < 360.0 { step - 360.0 * step.signum() } else { step };
        (west, east) = (west.min(at), east.max(at));
    }
    east - west
}

fn parse_circle(text: &str) -> Option<Circle> {
    let mut tokens = text.split(is_space).filter(|token| !token.is_empty());
    let center = number::pair(tokens.next()?)?;
    let radius_km = decimal(tokens.next()?)?;
    (tokens.next().is_none() && radius_km >= 0.0).then_some(Circle { center, radius_km })
}
