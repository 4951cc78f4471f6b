//! Where a citizen wants to be warned: never a point, always cells of a plain grid or a named area.

use crate::cap::alert::Point;
use crate::geo::code::AreaCode;
use crate::geo::rect::Rect;

/// Cells per degree. Each is a size a citizen may choose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// 1/720 degree, about 150 m.
    Fine,
    /// 1/180 degree, about 600 m: the default.
    Medium,
    /// 1/20 degree, about 5 km.
    Coarse,
}

impl Step {
    pub const ALL: [Self; 3] = [Self::Fine, Self::Medium, Self::Coarse];

    /// Cells per degree.
    pub const fn per_degree(self) -> u16 {
        match self {
            Self::Fine => 720,
            Self::Medium => 180,
            Self::Coarse => 20,
        }
    }

    pub fn from_per_degree(cells: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|step| i64::from(step.per_degree()) == cells)
    }
}

/// How far around its cell a place listens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Radius(u8);

impl Radius {
    /// The radii a citizen may choose, kilometres.
    pub const ALL_KM: [u8; 7] = [0, 1, 2, 5, 10, 25, 50];

    pub fn from_km(km: i64) -> Option<Self> {
        Self::ALL_KM.into_iter().find(|known| i64::from(*known) == km).map(Self)
    }

    pub const fn km(self) -> u8 {
        self.0
    }

    pub const fn m(self) -> f64 {
        self.0 as f64 * 1_000.0
    }
}

/// A cell of the grid of 1/step degree: row `floor(lat × step)`, column `floor(lon × step)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cell {
    step: Step,
    row: i32,
    column: i32,
}

/// How far a coordinate may be from a cell's centre and still name it, degrees.
pub const CENTRE_TOLERANCE_DEG: f64 = 1e-6;

impl Cell {
    /// `None` outside −90…90 by −180…180.
    pub fn new(step: Step, row: i32, column: i32) -> Option<Self> {
        let per_degree = i32::from(step.per_degree());
        let rows = -90 * per_degree..90 * per_degree;
        let columns = -180 * per_degree..180 * per_degree;
        (rows.contains(&row) && columns.contains(&column)).then_some(Self { step, row, column })
    }

    /// The cell that a point lies in. The poles and ±180° belong to the last cell before them.
    pub fn containing(step: Step, lat: f64, lon: f64) -> Option<Self> {
        if !(-90.0..=90.0).contains(&lat) || !(-180.0..=180.0).contains(&lon) {
            return None;
        }
        let per_degree = f64::from(step.per_degree());
        let row = (lat * per_degree).floor().min(90.0 * per_degree - 1.0);
        let column = (lon * per_degree).floor().min(180.0 * per_degree - 1.0);
        Self::new(step, row as i32, column as i32)
    }

    /// The cell that is named by its centre, and only by its centre: `None` for any other point, which would tell
    /// where someone is more exactly than a cell does.
    pub fn named_by_centre(step: Step, lat: f64, lon: f64) -> Option<Self> {
        let cell = Self::containing(step, lat, lon)?;
        let (centre_lat, centre_lon) = cell.centre();
        let near = |a: f64, b: f64| (a - b).abs() <= CENTRE_TOLERANCE_DEG;
        (near(lat, centre_lat) && near(lon, centre_lon)).then_some(cell)
    }

    pub const fn step(self) -> Step {
        self.step
    }

    pub const fn row(self) -> i32 {
        self.row
    }

    pub const fn column(self) -> i32 {
        self.column
    }

    /// Latitude and longitude of the centre, degrees.
    pub fn centre(self) -> (f64, f64) {
        let per_degree = f64::from(self.step.per_degree());
        ((f64::from(self.row) + 0.5) / per_degree, (f64::from(self.column) + 0.5) / per_degree)
    }

    /// South, west, north, east, degrees.
    pub fn bounds(self) -> (f64, f64, f64, f64) {
        let per_degree = f64::from(self.step.per_degree());
        (
            f64::from(self.row) / per_degree,
            f64::from(self.column) / per_degree,
            f64::from(self.row + 1) / per_degree,
            f64::from(self.column + 1) / per_degree,
        )
    }
}

/// The closed cell as a rectangle.
impl From<Cell> for Rect {
    fn from(cell: Cell) -> Self {
        let (south, west, north, east) = cell.bounds();
        Self { south, west, north, east }
    }
}

/// A place a citizen follows.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// Anyone in a cell, and as far around it as the radius.
    Around(Around),
    /// Anyone in a polygon drawn on corners of cells.
    Drawn(Drawn),
    /// Anyone in a named area: a commune, a county.
    Named(AreaCode),
}

/// A cell and how far around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Around {
    pub cell: Cell,
    pub radius: Radius,
    /// How high it lies, for alerts that speak of some heights only; `None`: not told, and warned at any height.
    pub altitude: Option<Altitude>,
}

/// A height above the sea, told as its hundred metres so that it gives nobody away: `floor(metres / 100)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Altitude(i16);

impl Altitude {
    /// Metres in one step.
    pub const STEP_M: i16 = 100;
    /// The lowest and the highest step: −500 m (below the Dead Sea) to 8,999 m.
    pub const STEPS: std::ops::RangeInclusive<i16> = -5..=89;

    /// The step of this number, `floor(metres / 100)`.
    pub fn from_step(step: i64) -> Option<Self> {
        i16::try_from(step).ok().filter(|step| Self::STEPS.contains(step)).map(Self)
    }

    /// The step that a height in metres lies in; `None` outside the steps.
    pub fn containing(metres: f64) -> Option<Self> {
        let step = (metres / f64::from(Self::STEP_M)).floor();
        let known = f64::from(*Self::STEPS.start())..=f64::from(*Self::STEPS.end());
        known.contains(&step).then_some(Self(step as i16))
    }

    /// The middle of the step, metres: as it is shown.
    pub const fn middle_m(self) -> i16 {
        self.0 * Self::STEP_M + Self::STEP_M / 2
    }

    /// The number of the step.
    pub const fn step(self) -> i16 {
        self.0
    }

    /// From where to where it reaches, metres.
    pub fn span_m(self) -> (f64, f64) {
        (f64::from(self.0) * f64::from(Self::STEP_M), f64::from(self.0 + 1) * f64::from(Self::STEP_M))
    }
}

/// The most corners a drawn polygon may have.
pub const DRAWN_CORNERS_MAX: usize = 64;
/// The fewest cells a drawn polygon may cover: fewer would tell too exactly where someone is.
pub const DRAWN_CELLS_MIN: f64 = 16.0;

/// A polygon whose corners are corners of cells: row `lat × step`, column `lon × step`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Drawn {
    step: Step,
    /// Row and column of each corner, the first not repeated. Columns never jump at ±180°: the western end lies in
    /// −180…180, and what lies east of 180° goes on counting.
    corners: Vec<(i32, i32)>,
}

/// Why corners are no polygon to follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DrawnFault {
    /// Fewer than 3 corners, or more than [`DRAWN_CORNERS_MAX`].
    Corners,
    /// A corner lies outside −90…90 by −180…180.
    OutOfRange,
    /// It covers fewer than [`DRAWN_CELLS_MIN`] cells.
    TooSmall,
    /// Two edges cross or touch.
    Crossing,
    /// It goes around a pole or around the world, so that nobody can tell which side is meant.
    AroundWorld,
}

impl Drawn {
    /// A simple polygon of rows and columns, the first corner not repeated. From one corner to the next it goes the
    /// short way around the world, so that it may lie across ±180°.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn new(step: Step, mut corners: Vec<(i32, i32)>) -> Result<Self, DrawnFault> {
        if corners.len() < 3 || corners.len() > DRAWN_CORNERS_MAX {
            return Err(DrawnFault::Corners);
        }
        let half_turn = 180 * i32::from(step.per_degree());
        // What is kept counts on beyond 180°, so that one more turn is known here.
        if corners.iter().any(|(row, column)| row.abs() > half_turn / 2 || column.abs() > 3 * half_turn) {
            return Err(DrawnFault::OutOfRange);
        }
        unwrap_columns(&mut corners, half_turn)?;
        if crosses_itself(&corners) {
            return Err(DrawnFault::Crossing);
        }
        if cells(&corners) < DRAWN_CELLS_MIN {
            return Err(DrawnFault::TooSmall);
        }
        Ok(Self { step, corners })
    }

    pub const fn step(&self) -> Step {
        self.step
    }

    /// Row and column of each corner, the first not repeated; columns never jump at ±180°.
    pub fn corners(&self) -> &[(i32, i32)] {
        &self.corners
    }

    /// How many cells it covers.
    pub fn cells(&self) -> f64 {
        cells(&self.corners)
    }

    /// The corners in −90…90 by −180…180, degrees, the first not repeated. Longitudes jump at ±180°, as in CAP.
    pub fn points(&self) -> Vec<Point> {
        let per_degree = i32::from(self.step.per_degree());
        let degrees = |number: i32| f64::from(number) / f64::from(per_degree);
        let folded = |column: i32| if column > 180 * per_degree { column - 360 * per_degree } else { column };
        self.corners.iter().map(|&(row, column)| Point { lat: degrees(row), lon: degrees(folded(column)) }).collect()
    }
}

/// How many cells a simple ring covers.
fn cells(corners: &[(i32, i32)]) -> f64 {
    let ends = corners.iter().zip(corners.iter().cycle().skip(1));
    let twice: i64 = ends.map(|(a, b)| i64::from(a.1) * i64::from(b.0) - i64::from(b.1) * i64::from(a.0)).sum();
    twice.abs() as f64 / 2.0
}

/// Moves columns by whole turns until each is less than half a turn from the one before and the westernmost lies in
/// −180…180.
fn unwrap_columns(corners: &mut [(i32, i32)], half_turn: i32) -> Result<(), DrawnFault> {
    let turn = 2 * half_turn;
    let mut before = corners[0].1;
    for (_, column) in corners.iter_mut() {
        let way = *column - before;
        *column -= (way + half_turn).div_euclid(turn) * turn;
        before = *column;
    }
    let columns = || corners.iter().map(|(_, column)| *column);
    let (west, east) = (columns().min().unwrap_or_default(), columns().max().unwrap_or_default());
    let mut ways = columns().zip(columns().cycle().skip(1)).map(|(from, to)| (to - from).abs());
    // Half a turn has two short ways.
    if ways.any(|way| way >= half_turn) || east - west >= turn {
        return Err(DrawnFault::AroundWorld);
    }
    let shift = (west + half_turn).div_euclid(turn) * turn;
    for (_, column) in corners {
        *column -= shift;
    }
    Ok(())
}

/// Whether two edges of a closed ring share a point, other than neighbours their common end.
fn crosses_itself(corners: &[(i32, i32)]) -> bool {
    let count = corners.len();
    let edge = |nth: usize| (corners[nth], corners[(nth + 1) % count]);
    (0..count).any(|a| {
        (a + 1..count).any(|b| {
            let ((p, q), (r, s)) = (edge(a), edge(b));
            if b == a + 1 {
                return turn(p, q, s) == 0 && runs_back(p, q, s);
            }
            if a == 0 && b == count - 1 {
                return turn(r, s, q) == 0 && runs_back(r, s, q);
            }
            let parted = |p, q, r, s| turn(p, q, r) * turn(p, q, s) > 0;
            let boxed = |range: fn((i32, i32)) -> i32| {
                range(p).max(range(q)) >= range(r).min(range(s)) && range(r).max(range(s)) >= range(p).min(range(q))
            };
            boxed(|at| at.0) && boxed(|at| at.1) && !parted(p, q, r, s) && !parted(r, s, p, q)
        })
    })
}

/// The sign of the turn from a to b to c: 1 to the left, 0 straight.
fn turn(a: (i32, i32), b: (i32, i32), c: (i32, i32)) -> i64 {
    let across = |from: (i32, i32), to: (i32, i32)| (i64::from(to.0 - from.0), i64::from(to.1 - from.1));
    let ((u, v), (x, y)) = (across(a, b), across(a, c));
    (v * x - u * y).signum()
}

/// Whether the way from a over b to c, which lie on one line, turns around at b.
fn runs_back(a: (i32, i32), b: (i32, i32), c: (i32, i32)) -> bool {
    let (u, v) = (i64::from(b.0 - a.0), i64::from(b.1 - a.1));
    let (x, y) = (i64::from(c.0 - b.0), i64::from(c.1 - b.1));
    u * x + v * y < 0 || (u, v) == (0, 0) || (x, y) == (0, 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_named_by_its_centre_alone() {
        let cell = Cell::named_by_centre(Step::Medium, 50.636_111_11, 3.063_888_89).expect("a centre");
        assert_eq!((cell.row(), cell.column()), (9_114, 551));
        assert_eq!(Cell::named_by_centre(Step::Medium, 50.636_2, 3.063_888_89), None);
    }

    #[test]
    fn poles_and_the_antimeridian_belong_to_the_last_cell() {
        let cell = Cell::containing(Step::Coarse, 90.0, 180.0).expect("a cell");
        assert_eq!((cell.row(), cell.column()), (1_799, 3_599));
        assert_eq!(Cell::containing(Step::Coarse, 90.1, 0.0), None);
        assert_eq!(Cell::containing(Step::Coarse, f64::NAN, 0.0), None);
    }

    #[test]
    fn an_altitude_is_known_by_its_hundred_metres_alone() {
        let step = |metres: f64| Altitude::containing(metres).map(Altitude::step);
        assert_eq!([0.0, 99.9, 100.0, -0.1].map(step), [Some(0), Some(0), Some(1), Some(-1)]);
        assert_eq!([-500.0, 8_999.9].map(step), [Some(-5), Some(89)]);
        assert_eq!([-500.1, 9_000.0, f64::NAN, f64::INFINITY].map(step), [None; 4]);
        for altitude in Altitude::STEPS.filter_map(|step| Altitude::from_step(step.into())) {
            assert_eq!(Altitude::containing(altitude.middle_m().into()), Some(altitude));
        }
    }

    #[test]
    fn a_drawn_polygon_is_simple_and_large_enough_to_hide_someone() {
        let drawn = |corners: &[(i32, i32)]| Drawn::new(Step::Medium, corners.to_vec()).map(drop);
        assert_eq!(drawn(&[(0, 0), (0, 4), (4, 4), (4, 0)]), Ok(()));
        assert_eq!(drawn(&[(4, 0), (4, 4), (0, 4), (0, 0)]), Ok(()), "either way around");
        assert_eq!(drawn(&[(0, 0), (0, 8), (4, 0)]), Ok(()));
        assert_eq!(drawn(&[(0, 0), (0, 7), (4, 0)]), Err(DrawnFault::TooSmall));
        assert_eq!(drawn(&[(0, 0), (9, 9)]), Err(DrawnFault::Corners));
        assert_eq!(drawn(&[(0, 0), (9, 9), (0, 9), (9, 0)]), Err(DrawnFault::Crossing), "a bow-tie");
        assert_eq!(drawn(&[(0, 0), (0, 9), (0, 4), (9, 4)]), Err(DrawnFault::Crossing), "back over itself");
        assert_eq!(drawn(&[(0, 0), (0, 9), (9, 9), (0, 5)]), Err(DrawnFault::Crossing), "a corner on an edge");
        assert_eq!(drawn(&[(0, 0), (0, 4), (0, 9), (9, 9)]), Ok(()), "straight on");
        assert_eq!(drawn(&[(0, 0), (0, 9), (16_201, 9)]), Err(DrawnFault::OutOfRange));
    }

    #[test]
    fn a_drawn_polygon_may_lie_across_the_antimeridian_and_is_the_same_from_either_side() {
        let fiji = [(-360, 3_590), (-360, -3_580), (-330, -3_580), (-330, 3_590)];
        let drawn = Drawn::new(Step::Coarse, fiji.to_vec()).expect("a polygon");
        assert_eq!(drawn.corners(), [(-360, 3_590), (-360, 3_620), (-330, 3_620), (-330, 3_590)]);
        assert_eq!(drawn.cells(), 900.0);
        let lons: Vec<f64> = drawn.points().iter().map(|point| point.lon).collect();
        assert_eq!(lons, [179.5, -179.0, -179.0, 179.5]);
        let again = Drawn::new(Step::Coarse, drawn.corners().to_vec());
        assert_eq!(again, Ok(drawn), "as it is stored");
        let touching = |column: i32| Drawn::new(Step::Coarse, vec![(0, column), (0, -3_590), (9, -3_590)]);
        assert_eq!(touching(3_600), touching(-3_600), "180° and −180° are one");
    }

    #[test]
    fn a_polygon_around_the_world_has_no_inside() {
        let drawn = |corners: &[(i32, i32)]| Drawn::new(Step::Coarse, corners.to_vec()).map(drop);
        assert_eq!(drawn(&[(-9, -3_600), (-9, 3_600), (9, 3_600), (9, -3_600)]), Err(DrawnFault::Crossing), "a seam");
        assert_eq!(drawn(&[(1_000, 0), (1_000, 2_400), (1_000, -2_400)]), Err(DrawnFault::AroundWorld), "a pole");
        assert_eq!(drawn(&[(0, 0), (0, 3_600), (9, 3_600), (9, 0)]), Err(DrawnFault::AroundWorld), "two short ways");
        assert_eq!(drawn(&[(0, 0), (0, 3_599), (9, 3_599), (9, 0)]), Ok(()));
    }
}
