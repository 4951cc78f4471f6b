//! A rectangle of latitudes and longitudes: a cell of the grid, a quad of cells, a bounding box, a single point.

/// Metres per degree along a meridian where it is shortest (the equator of WGS 84), less a hair.
pub(crate) const METRES_PER_DEGREE_LAT_MIN: f64 = 110_574.0;
/// Metres per degree along a meridian where it is longest (the poles of WGS 84), more by a hair.
pub(crate) const METRES_PER_DEGREE_LAT_MAX: f64 = 111_695.0;
/// Metres per degree along the equator of WGS 84, less a hair; along a parallel it is at least this × cos(latitude).
pub(crate) const METRES_PER_DEGREE_LON_MIN: f64 = 111_319.0;
/// No parallel has more than this × cos(latitude): its radius is at most the polar radius of curvature × cos(latitude).
pub(crate) const METRES_PER_DEGREE_LON_MAX: f64 = 111_695.0;

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

    /// The smallest latitude of largest size in it: where its parallels are shortest.
    pub fn highest_latitude(&self) -> f64 {
        self.south.abs().max(self.north.abs())
    }

    /// A rectangle that holds every point within a distance of this one; all longitudes where that reaches a pole.
    ///
    /// A point at distance d from a parallel's point at latitude φ differs from it by at most
    /// asin(sin δ / cos φ) of longitude, δ = d as an angle. The angle is taken a little too large, never too small.
    #[must_use]
    pub fn grown(&self, metres: f64) -> Self {
        let angle = metres / METRES_PER_DEGREE_LAT_MIN;
        let (south, north) = (self.south - angle, self.north + angle);
        let cosine = self.highest_latitude().to_radians().cos();
        let sine = (angle * LON_GROWTH_MARGIN).to_radians().sin();
        if north >= 90.0 || south <= -90.0 || angle >= 90.0 || sine >= cosine {
            return Self { south: south.max(-90.0), north: north.min(90.0), west: -180.0, east: 180.0 };
        }
        let turn = (sine / cosine).asin().to_degrees();
        if self.east - self.west + 2.0 * turn >= 360.0 {
            return Self { south, north, west: -180.0, east: 180.0 };
        }
        Self { south, north, west: self.west - turn, east: self.east + turn }
    }

    /// Whether two rectangles share a point; longitudes are taken as they are, not modulo 360°.
    pub fn meets(&self, other: &Self) -> bool {
        self.south <= other.north && other.south <= self.north && self.west <= other.east && other.west <= self.east
    }
}

/// How much more longitude [`Rect::grown`] takes than a sphere would need: covers the ellipsoid (0.7 %) and rounding.
const LON_GROWTH_MARGIN: f64 = 1.01;
