//! Places as a device names them, and an oracle of its own for who is inside an area: plain ray casting in latitude
//! and longitude, distances on a sphere. It shares no code with what it checks.

/// A cell of the grid by its centre, as `POST /api/v1/subscriptions` wants it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Place {
    pub lat: f64,
    pub lon: f64,
    pub step: u16,
    pub radius_km: u8,
}

/// The finest grid, cells per degree.
pub const FINE: u16 = 720;
/// A cell of the finest grid is no wider than this, kilometres.
const CELL_KM_MAX: f64 = 0.2;
/// The mean radius of the Earth, kilometres.
const EARTH_KM: f64 = 6_371.0;
/// Candidates for a point well inside, per side of the bounding box.
const CANDIDATES: u32 = 24;

impl Place {
    /// The cell around a point.
    pub fn around(lat: f64, lon: f64, step: u16, radius_km: u8) -> Self {
        let centre = |degrees: f64| ((degrees * f64::from(step)).floor() + 0.5) / f64::from(step);
        Self { lat: centre(lat), lon: centre(lon), step, radius_km }
    }

    pub fn json(self) -> serde_json::Value {
        serde_json::json!({ "lat": self.lat, "lon": self.lon, "step": self.step, "radius_km": self.radius_km })
    }

    fn corners(self) -> [(f64, f64); 4] {
        let half = 0.5 / f64::from(self.step);
        let (south, north, west, east) = (self.lat - half, self.lat + half, self.lon - half, self.lon + half);
        [(south, west), (south, east), (north, east), (north, west)]
    }
}

/// Latitude and longitude, degrees.
pub type Point = (f64, f64);

/// One polygon or circle of an alert.
#[derive(Debug, Clone, PartialEq)]
pub enum Figure {
    /// Closed: the last point is the first.
    Polygon(Vec<Point>),
    /// Centre and radius in kilometres.
    Circle(Point, f64),
}

impl Figure {
    /// South, west, north, east.
    pub fn bounds(&self) -> (f64, f64, f64, f64) {
        match self {
            Self::Polygon(points) => points.iter().fold(
                (f64::INFINITY, f64::INFINITY, f64::NEG_INFINITY, f64::NEG_INFINITY),
                |(south, west, north, east), (lat, lon)| {
                    (south.min(*lat), west.min(*lon), north.max(*lat), east.max(*lon))
                },
            ),
            Self::Circle((lat, lon), km) => {
                let dlat = (km / EARTH_KM).to_degrees();
                let dlon = dlat / lat.to_radians().cos();
                (lat - dlat, lon - dlon, lat + dlat, lon + dlon)
            }
        }
    }

    pub fn contains(&self, point: Point) -> bool {
        match self {
            Self::Polygon(points) => {
                let (lat, lon) = point;
                let crossings = points.windows(2).filter(|edge| {
                    let ((a_lat, a_lon), (b_lat, b_lon)) = (edge[0], edge[1]);
                    (a_lat > lat) != (b_lat > lat) && lon < (b_lon - a_lon) * (lat - a_lat) / (b_lat - a_lat) + a_lon
                });
                crossings.count() % 2 == 1
            }
            Self::Circle(centre, km) => distance_km(*centre, point) <= *km,
        }
    }

    /// How far a point is from the border, kilometres, taking degrees as flat around the point.
    pub fn border_km(&self, point: Point) -> f64 {
        match self {
            Self::Polygon(points) => {
                points.windows(2).map(|edge| segment_km(point, edge[0], edge[1])).fold(f64::INFINITY, f64::min)
            }
            Self::Circle(centre, km) => (distance_km(*centre, point) - km).abs(),
        }
    }

    /// The point inside that is farthest from the border, of a grid of candidates.
    fn middle(&self) -> Option<(Point, f64)> {
        if let Self::Circle(centre, km) = self {
            return Some((*centre, *km));
        }
        let inside = self.candidates().filter(|point| self.contains(*point));
        inside.map(|point| (point, self.border_km(point))).max_by(|a, b| a.1.total_cmp(&b.1))
    }

    fn candidates(&self) -> impl Iterator<Item = Point> {
        let (south, west, north, east) = self.bounds();
        let at =
            |low: f64, high: f64, index: u32| low + (high - low) * (f64::from(index) + 0.5) / f64::from(CANDIDATES);
        (0..CANDIDATES)
            .flat_map(move |row| (0..CANDIDATES).map(move |column| (at(south, north, row), at(west, east, column))))
    }
}

/// A cell of the finest grid that lies wholly in the area, as deep inside its roomiest figure as can be. A circle too
/// small to hold a cell is reached by whoever is in the cell of its centre.
pub fn inside(area: &[Figure]) -> Option<Place> {
    let mut middles: Vec<_> = area.iter().filter_map(Figure::middle).collect();
    middles.sort_by(|a, b| b.1.total_cmp(&a.1));
    middles.into_iter().find_map(|((lat, lon), km)| {
        let place = Place::around(lat, lon, FINE, 0);
        let whole = |figure: &Figure| place.corners().iter().all(|corner| figure.contains(*corner));
        let point = Figure::Circle((lat, lon), km);
        (area.iter().any(whole) || (km < CELL_KM_MAX && area.contains(&point))).then_some(place)
    })
}

/// A cell north of everything (south of it near the pole), at least 30 km away.
pub fn outside(all: &[Figure]) -> Place {
    let north = all.iter().map(|figure| figure.bounds().2).fold(f64::NEG_INFINITY, f64::max);
    let south = all.iter().map(|figure| figure.bounds().0).fold(f64::INFINITY, f64::min);
    let (_, west, _, east) = all[0].bounds();
    let lat = if north < 89.0 { north + 0.3 } else { south - 0.3 };
    Place::around(lat, (west + east) / 2.0, FINE, 0)
}

/// A cell in the bounding box of a polygon but at least a kilometre outside of everything, where the polygon leaves
/// room for one: who trusts the box alone warns it.
pub fn in_the_box_but_outside(all: &[Figure]) -> Option<Place> {
    all.iter().flat_map(Figure::candidates).find_map(|point| {
        let clear = all.iter().all(|figure| !figure.contains(point) && figure.border_km(point) > 1.0);
        clear.then(|| Place::around(point.0, point.1, FINE, 0))
    })
}

fn distance_km(a: Point, b: Point) -> f64 {
    let (a_lat, b_lat) = (a.0.to_radians(), b.0.to_radians());
    let half = |angle: f64| (angle / 2.0).sin().powi(2);
    let h = half(b_lat - a_lat) + a_lat.cos() * b_lat.cos() * half((b.1 - a.1).to_radians());
    2.0 * EARTH_KM * h.sqrt().asin()
}

fn segment_km(point: Point, a: Point, b: Point) -> f64 {
    let scale = point.0.to_radians().cos();
    let flat = |(lat, lon): Point| ((lon - point.1) * scale, lat - point.0);
    let ((ax, ay), (bx, by)) = (flat(a), flat(b));
    let (dx, dy) = (bx - ax, by - ay);
    let length = dx * dx + dy * dy;
    let along = if length == 0.0 { 0.0 } else { (-(ax * dx + ay * dy) / length).clamp(0.0, 1.0) };
    (ax + along * dx).hypot(ay + along * dy).to_radians() * EARTH_KM
}
