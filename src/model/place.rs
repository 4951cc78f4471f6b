//! Where a citizen wants to be warned: never a point, always a cell of a plain grid.

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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
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

/// A place a citizen follows: anyone in the cell, and as far around it as the radius.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Place {
    pub cell: Cell,
    pub radius: Radius,
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
}
