//! Shapes that are legal, but larger, finer or busier than anyone means (CAP 1.2 §3.2.4).

use super::{Builder, NodeId};
use crate::cap::alert::{Circle, Polygon};
use crate::cap::rules;
use memchr::{memchr, memchr_iter};

/// Points of a polygon that are plenty (WMO's guideline).
const POINTS_PLENTY: usize = 100;
/// Widest polygon that anyone means, degrees of longitude.
const SPAN_MAX_DEG: f64 = 180.0;
/// Largest radius that anyone means, km.
const RADIUS_MAX_KM: f64 = 1_000.0;
/// Decimals of a degree that mean something: seven are a centimetre.
const DECIMALS_MAX: usize = 7;

/// How much there is of a polygon as it is written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Extent {
    points: usize,
    /// Of the widest of the rings that it is read as, degrees of longitude.
    span_deg: f64,
    precision: Precision,
}

impl Extent {
    /// Of a polygon that is read as one ring or several, or not at all.
    pub(super) fn of(text: &str, rings: &[Polygon]) -> Self {
        Self {
            // Each point has its comma.
            points: memchr_iter(b',', text.as_bytes()).count(),
            span_deg: rings.iter().map(span_deg).fold(0.0, f64::max),
            precision: Precision::of(text),
        }
    }
}

/// How finely numbers are written.
#[derive(Debug, Clone, Copy)]
struct Precision {
    has_plus: bool,
    /// The most digits that follow a point, where they are too many.
    excess_decimals: Option<usize>,
}

impl Precision {
    fn of(text: &str) -> Self {
        let bytes = text.as_bytes();
        let decimals = has_digits_in_row(bytes, DECIMALS_MAX + 1).then(|| decimals_max(bytes));
        let excess_decimals = decimals.filter(|&decimals| decimals > DECIMALS_MAX);
        Self { has_plus: memchr(b'+', bytes).is_some(), excess_decimals }
    }
}

/// A polygon that was read as it is, without a finding.
#[derive(Debug, Clone)]
pub(super) struct Known {
    pub(super) polygon: Polygon,
    pub(super) extent: Extent,
}

impl Builder<'_, '_> {
    /// What is doubtful about a polygon, read or not.
    pub(super) fn check_extent(&mut self, id: NodeId, extent: Extent) {
        self.check_precision(id, extent.precision);
        let points = extent.points;
        if points > POINTS_PLENTY {
            let message = format!("The polygon has {points} points; more than {POINTS_PLENTY} are hard on receivers.");
            self.find(&rules::POLYGON_POINTS, id, message);
        }
        let span = extent.span_deg;
        if span > SPAN_MAX_DEG {
            let message = format!("The polygon spans {span:.0}° of longitude: perhaps a sign or a digit is wrong.");
            self.find(&rules::POLYGON_SPAN, id, message);
        }
    }

    /// What is doubtful about a circle, read or not.
    pub(super) fn check_circle(&mut self, id: NodeId, circle: Option<&Circle>) {
        self.check_precision(id, Precision::of(self.trimmed(id)));
        let Some(circle) = circle else { return };
        let radius_km = circle.radius_km;
        if radius_km > RADIUS_MAX_KM {
            let message = format!("The radius is {radius_km} km: perhaps metres are meant.");
            self.find(&rules::CIRCLE_LARGE, id, message);
        }
    }

    fn check_precision(&mut self, id: NodeId, Precision { has_plus, excess_decimals }: Precision) {
        if has_plus {
            self.find(&rules::COORDINATE_PLUS, id, "There is a plus sign: north and east have none.");
        }
        if let Some(decimals) = excess_decimals {
            let message = format!("There are {decimals} decimals, finer than anyone measures.");
            self.find(&rules::COORDINATE_PRECISION, id, message);
        }
    }
}

/// Whether so many digits follow each other. Few are looked at: a row can only begin after the last byte that is none.
fn has_digits_in_row(bytes: &[u8], count: usize) -> bool {
    let mut begin = 0;
    while let Some(row) = bytes.get(begin..begin + count) {
        match row.iter().rposition(|byte| !byte.is_ascii_digit()) {
            Some(last) => begin += last + 1,
            None => return true,
        }
    }
    false
}

/// The most digits that follow a point.
fn decimals_max(bytes: &[u8]) -> usize {
    let digits = |point: usize| bytes[point + 1..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    memchr_iter(b'.', bytes).map(digits).max().unwrap_or(0)
}

/// How far apart in longitude the points are, degrees, when every edge goes the short way: what crosses the date line is
/// not wide by that.
fn span_deg(polygon: &Polygon) -> f64 {
    let (mut at, mut west, mut east) = (0.0_f64, 0.0_f64, 0.0_f64);
    for edge in polygon.ring().windows(2) {
        let step = edge[1].lon - edge[0].lon;
        at += if step.abs() < 180.0 { step } else { step - 360.0 * (step / 360.0).round() };
        (west, east) = (west.min(at), east.max(at));
    }
    east - west
}
