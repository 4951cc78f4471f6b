//! A rectangle of latitudes and longitudes: a cell of the grid, a quad of cells, a bounding box, a single point.

/// Metres per degree along a meridian where it is shortest (WGS 84 at the equator), less a hair.
pub(super) const METRES_PER_DEGREE_LAT_MIN: f64 = 110_574.0;
/// Metres per degree along a meridian where it is longest (WGS 84 at the poles), more by a hair.
pub(super) const METRES_PER_DEGREE_LAT_MAX: f64 = 111_695.0;
/// A degree along a parallel has at least this × cos(latitude) metres (WGS 84 at the equator, less a hair).
pub(super) const METRES_PER_DEGREE_LON_MIN: f64 = 111_319.0;
/// A degree along a parallel has at most this × cos(latitude) metres (WGS 84 at the poles, more by a hair).
pub(super) const METRES_PER_DEGREE_LON_MAX: f64 = 111_695.0;

/// How much more longitude [`Rect::grown`] takes than a sphere would need: covers the ellipsoid (0.7 %) and rounding.
const LON_GROWTH_MARGIN: f64 = 1.01;

/// A closed rectangle, degrees. `west <= east`; both may lie outside −180…180 and then mean the same as 360° away.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rect {
    pub south: f64,
    pub west: f64,
    pub north: f64,
    pub east: f64,
}

impl Rect {
    /// The rectangle that is one point.
    pub const fn point(lat: f64, lon: f64) -> Self {
        Self { south: lat, west: lon, north: lat, east: lon }
    }

    /// Latitude and longitude of the middle.
    pub fn centre(&self) -> (f64, f64) {
        (self.south.midpoint(self.north), self.west.midpoint(self.east))
    }

    /// Wider by the same angle on all four sides.
    #[must_use]
    pub fn inflated(&self, degrees: f64) -> Self {
        Self {
            south: self.south - degrees,
            west: self.west - degrees,
            north: self.north + degrees,
            east: self.east + degrees,
        }
    }

    /// The same, a number of degrees further east.
    #[must_use]
    pub fn shifted(&self, degrees: f64) -> Self {
        Self { west: self.west + degrees, east: self.east + degrees, ..*self }
    }

    /// The smallest rectangle around both, longitudes taken as they are.
    #[must_use]
    pub fn joined(&self, other: &Self) -> Self {
        Self {
            south: self.south.min(other.south),
            west: self.west.min(other.west),
            north: self.north.max(other.north),
            east: self.east.max(other.east),
        }
    }

    /// The latitude furthest from the equator, without its sign: where parallels are shortest.
    pub fn latitude_far(&self) -> f64 {
        self.south.abs().max(self.north.abs())
    }

    /// The latitude nearest to the equator, without its sign: where parallels are longest.
    pub fn latitude_near(&self) -> f64 {
        if self.south <= 0.0 && self.north >= 0.0 { 0.0 } else { self.south.abs().min(self.north.abs()) }
    }

    /// No point of it is further than this from its centre, metres.
    pub fn half_diagonal_m(&self) -> f64 {
        let height = (self.north - self.south) * METRES_PER_DEGREE_LAT_MAX;
        let width = (self.east - self.west) * METRES_PER_DEGREE_LON_MAX * self.latitude_near().to_radians().cos();
        height.hypot(width) / 2.0
    }

    /// A rectangle that holds every point within a distance of this one, never too small. Where that reaches a pole
    /// it holds all longitudes, 180° to either side of this one's middle.
    ///
    /// On a sphere the points within an angle δ of a point at latitude φ lie within asin(sin δ / cos φ) of longitude.
    #[must_use]
    pub fn grown(&self, metres: f64) -> Self {
        let angle = metres / METRES_PER_DEGREE_LAT_MIN;
        let (south, north) = ((self.south - angle).max(-90.0), (self.north + angle).min(90.0));
        let cosine = self.latitude_far().to_radians().cos();
        let wide = angle * LON_GROWTH_MARGIN;
        let sine = wide.to_radians().sin();
        let turn = if south <= -90.0 || north >= 90.0 || wide >= 90.0 || sine >= cosine {
            360.0
        } else {
            (sine / cosine).asin().to_degrees()
        };
        if self.east - self.west + 2.0 * turn >= 360.0 {
            let (_, middle) = self.centre();
            return Self { south, north, west: middle - 180.0, east: middle + 180.0 };
        }
        Self { south, north, west: self.west - turn, east: self.east + turn }
    }

    /// Whether two rectangles share a point, longitudes taken as they are.
    pub fn meets(&self, other: &Self) -> bool {
        self.meets_in_latitude(other) && self.west <= other.east && other.west <= self.east
    }

    /// Whether another lies wholly in this one, longitudes taken as they are.
    pub(super) fn holds(&self, other: &Self) -> bool {
        self.south <= other.south && other.north <= self.north && self.west <= other.west && other.east <= self.east
    }

    /// Whether two rectangles share a latitude.
    pub fn meets_in_latitude(&self, other: &Self) -> bool {
        self.south <= other.north && other.south <= self.north
    }

    /// By how many degrees this must be shifted east, in whole turns, to share a longitude with the other: every way.
    pub(super) fn turns_to(&self, other: &Self) -> impl Iterator<Item = f64> + use<> {
        let first = ((other.west - self.east) / 360.0).ceil() as i32;
        let last = ((other.east - self.west) / 360.0).floor() as i32;
        (first..=last).map(|turn| f64::from(turn) * 360.0)
    }
}

/// The smallest rectangle around all of them, its western end in −180…180; `east` is above 180 where it crosses ±180°.
pub(super) fn around_all(rects: impl Iterator<Item = Rect>) -> Option<Rect> {
    let home = |rect: Rect| rect.shifted(-360.0 * ((rect.west + 180.0) / 360.0).floor());
    let mut parts: Vec<Rect> = rects.map(home).collect();
    let joined = parts.iter().copied().reduce(|all, part| all.joined(&part))?;
    let (west, east) = longitudes(&mut parts);
    Some(Rect { west, east, ..joined })
}

/// The shortest run of longitudes that holds all parts: what is left of the circle without its widest gap. Parts begin
/// in −180…180.
fn longitudes(parts: &mut [Rect]) -> (f64, f64) {
    parts.sort_by(|a, b| a.west.total_cmp(&b.west));
    let first = parts[0].west;
    let last = parts.iter().fold(first, |last, part| last.max(part.east));
    // What runs on beyond a whole turn lies at the beginning too.
    let mut reached = parts[0].east.max(last - 360.0);
    let mut widest = (0.0, first, 0.0);
    for part in parts.iter() {
        if part.west - reached > widest.0 {
            widest = (part.west - reached, part.west, reached);
        }
        reached = reached.max(part.east);
    }
    if first + 360.0 - last >= widest.0 {
        return (first, last.min(first + 360.0));
    }
    (widest.1, widest.2 + 360.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn growing_over_a_pole_or_all_the_way_round_takes_all_longitudes() {
        let cell = Rect { south: 89.5, west: 10.0, north: 89.6, east: 10.1 };
        let grown = cell.grown(50_000.0);
        assert_eq!((grown.north, grown.east - grown.west), (90.0, 360.0));
        let band = Rect { south: 0.0, west: -180.0, north: 1.0, east: 179.9 };
        assert_eq!(band.grown(50_000.0).east - band.grown(50_000.0).west, 360.0);
    }

    #[test]
    fn turns_are_all_those_that_overlap_and_touching_counts() {
        let cell = Rect { south: 0.0, west: -180.0, north: 1.0, east: -179.0 };
        let at_180 = Rect { south: 0.0, west: 170.0, north: 1.0, east: 180.0 };
        assert_eq!(cell.turns_to(&at_180).collect::<Vec<_>>(), [360.0]);
        let band = Rect { south: 0.0, west: -180.0, north: 1.0, east: 180.0 };
        assert_eq!(cell.turns_to(&band).collect::<Vec<_>>(), [0.0, 360.0]);
        let elsewhere = Rect { south: 0.0, west: 10.0, north: 1.0, east: 20.0 };
        assert_eq!(cell.turns_to(&elsewhere).count(), 0);
    }
}
