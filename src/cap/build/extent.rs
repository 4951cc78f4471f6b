//! Shapes that are legal, but larger, finer or busier than anyone means (CAP 1.2 §3.2.4).

use super::{Builder, NodeId};
use crate::cap::alert::{Circle, Polygon};
use crate::cap::rules;
use memchr::memchr_iter;

/// Points of a polygon that are plenty (WMO's guideline).
const POINTS_PLENTY: usize = 100;
/// Widest polygon that anyone means, degrees of longitude.
const SPAN_MAX_DEG: f64 = 180.0;
/// Largest radius that anyone means, km.
const RADIUS_MAX_KM: f64 = 1_000.0;
/// Decimals of a degree that mean something: seven are a centimetre.
const DECIMALS_MAX: usize = 7;

impl Builder<'_, '_> {
    /// What is doubtful about a polygon, read as one ring or several, or not at all.
    pub(super) fn check_polygon(&mut self, id: NodeId, rings: &[Polygon]) {
        self.check_precision(id);
        // As written: each point has its comma.
        let points = self.trimmed(id).bytes().filter(|&byte| byte == b',').count();
        if points > POINTS_PLENTY {
            let message = format!("The polygon has {points} points; more than {POINTS_PLENTY} are hard on receivers.");
            self.find(&rules::POLYGON_POINTS, id, message);
        }
        let span = rings.iter().map(span_deg).fold(0.0, f64::max);
        if span > SPAN_MAX_DEG {
            let message = format!("The polygon spans {span:.0}° of longitude: perhaps a sign or a digit is wrong.");
            self.find(&rules::POLYGON_SPAN, id, message);
        }
    }

    /// What is doubtful about a circle, read or not.
    pub(super) fn check_circle(&mut self, id: NodeId, circle: Option<&Circle>) {
        self.check_precision(id);
        let Some(circle) = circle else { return };
        let radius_km = circle.radius_km;
        if radius_km > RADIUS_MAX_KM {
            let message = format!("The radius is {radius_km} km: perhaps metres are meant.");
            self.find(&rules::CIRCLE_LARGE, id, message);
        }
    }

    fn check_precision(&mut self, id: NodeId) {
        let text = self.trimmed(id);
        if text.contains('+') {
            self.find(&rules::COORDINATE_PLUS, id, "There is a plus sign: north and east have none.");
        }
        let longest = decimals_max(text);
        if longest > DECIMALS_MAX {
            let message = format!("There are {longest} decimals, finer than anyone measures.");
            self.find(&rules::COORDINATE_PRECISION, id, message);
        }
    }
}

/// The most digits that follow a point.
fn decimals_max(text: &str) -> usize {
    let bytes = text.as_bytes();
    let digits = |point: usize| bytes[point + 1..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    memchr_iter(b'.', bytes).map(digits).max().unwrap_or(0)
}

/// How far apart in longitude the points are, degrees, when every edge goes the short way: what crosses the date line is
/// not wide by that.
fn span_deg(polygon: &Polygon) -> f64 {
    let (mut at, mut west, mut east) = (0.0_f64, 0.0_f64, 0.0_f64);
    for edge in polygon.ring().windows(2) {
        let step = edge[1].lon - edge[0].lon;
        at += step - 360.0 * (step / 360.0).round();
        (west, east) = (west.min(at), east.max(at));
    }
    east - west
}
