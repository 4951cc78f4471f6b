//! Which places a shape reaches.

use super::places::{Cell, Places};
use crate::geo::rect::Rect;
use crate::geo::shape::Shape;

/// One that is reached, by its number among its kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    Point(usize),
    Cell(usize),
}

/// Everything within its radius of the shape.
pub fn search(places: &Places, shape: &Shape) -> Vec<Found> {
    let mut nearness = Nearness { shape, grown: Vec::new() };
    let mut found = Vec::new();
    for (index, point) in places.points.iter().enumerate() {
        let rect = Rect::point(point.lat, point.lon);
        if nearness.holds(&Cell { rect, radius_m: point.radius_m }) {
            found.push(Found::Point(index));
        }
    }
    let cells = places.cells.iter().enumerate();
    found.extend(cells.filter(|(_, cell)| nearness.holds(cell)).map(|(index, _)| Found::Cell(index)));
    found
}

/// Radii for which the surroundings of a shape are kept; files mostly have a handful.
const RADII_MAX: usize = 64;

/// What is meant 360° away is the same: bounds may reach beyond ±180°.
const TURNS_DEG: [f64; 3] = [0.0, 360.0, -360.0];

struct Nearness<'a> {
    shape: &'a Shape,
    /// What lies around the shape, for each radius seen.
    grown: Vec<(f64, Rect)>,
}

impl Nearness<'_> {
    fn holds(&mut self, cell: &Cell) -> bool {
        let around = match self.grown.iter().find(|(radius_m, _)| *radius_m == cell.radius_m) {
            Some((_, around)) => *around,
            None => {
                let around = self.shape.bounds().grown(cell.radius_m + 1.0);
                if self.grown.len() < RADII_MAX {
                    self.grown.push((cell.radius_m, around));
                }
                around
            }
        };
        let close = TURNS_DEG.iter().any(|&turn| cell.rect.shifted(turn).meets(&around));
        close && self.shape.within(cell.rect, cell.radius_m)
    }
}
