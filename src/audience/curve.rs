//! Morton order: a cell's row and column, bit by bit in turn. What lies in one quad of the grid lies in one run of it.

use crate::geo::rect::Rect;
use crate::model::place::{Cell, Step};

/// The key of a cell; rows and columns are counted from the south-west corner of the grid.
pub(super) fn key(cell: Cell) -> u64 {
    let (row, column) = (cell.row() + rows(cell.step()) / 2, cell.column() + rows(cell.step()));
    spread(row.unsigned_abs()) << 1 | spread(column.unsigned_abs())
}

/// The key of an exact point on the finest curve that 64 bits hold: −90…90, −180…180.
pub(super) fn point_key(lat: f64, lon: f64) -> u64 {
    // The north pole and 180° belong to the last row and column: the conversion stops there.
    let (row, column) = ((lat + 90.0) / 180.0 * POINT_ROWS, (lon + 180.0) / 360.0 * POINT_ROWS);
    spread(row as u32) << 1 | spread(column as u32)
}

/// Rows, and columns, of the finest curve: 2^32.
const POINT_ROWS: f64 = 4_294_967_296.0;

/// The cell of a key that [`key`] gave.
pub(super) fn cell(step: Step, key: u64) -> Cell {
    let row = gathered(key >> 1).cast_signed() - rows(step) / 2;
    let column = gathered(key).cast_signed() - rows(step);
    Cell::new(step, row, column).expect("keys are made from cells")
}

/// Rows of the grid; it has twice as many columns.
fn rows(step: Step) -> i32 {
    180 * i32::from(step.per_degree())
}

/// The bits of a number, each with room before it.
fn spread(number: u32) -> u64 {
    let mut bits = u64::from(number);
    for (shift, mask) in SPREADING {
        bits = (bits | bits << shift) & mask;
    }
    bits
}

/// Every other bit, closed up.
fn gathered(bits: u64) -> u32 {
    let mut number = bits & SPREADING[4].1;
    for (index, (shift, _)) in SPREADING.iter().enumerate().rev() {
        let mask = if index == 0 { u64::from(u32::MAX) } else { SPREADING[index - 1].1 };
        number = (number | number >> shift) & mask;
    }
    number as u32
}

/// All bits in which keys within a quad of this level differ.
fn keys_within(level: u32) -> u64 {
    1_u64.checked_shl(2 * level).map_or(u64::MAX, |end| end - 1)
}

const SPREADING: [(u32, u64); 5] = [
    (16, 0x0000_ffff_0000_ffff),
    (8, 0x00ff_00ff_00ff_00ff),
    (4, 0x0f0f_0f0f_0f0f_0f0f),
    (2, 0x3333_3333_3333_3333),
    (1, 0x5555_5555_5555_5555),
];

/// A square of 2^level × 2^level cells.
#[derive(Debug, Clone, Copy)]
pub(super) struct Quad {
    pub level: u32,
    /// The key of its south-western cell: all its keys begin like it.
    pub first: u64,
}

impl Quad {
    /// The smallest that holds both keys.
    pub fn around(a: u64, b: u64) -> Self {
        let level = (u64::BITS - (a ^ b).leading_zeros()).div_ceil(2);
        Self { level, first: a & !keys_within(level) }
    }

    /// Its four quarters in the order of their keys; only for a level above 0.
    pub fn quarters(self) -> [Self; 4] {
        let level = self.level - 1;
        [0, 1, 2, 3].map(|quarter| Self { level, first: self.first | quarter << (2 * level) })
    }

    /// The key of its north-eastern cell.
    pub fn last(self) -> u64 {
        self.first | keys_within(self.level)
    }

    /// The rectangle of its cells, where they are those of [`point_key`].
    pub fn rect_of_points(self) -> Rect {
        let (row, column) = (f64::from(gathered(self.first >> 1)), f64::from(gathered(self.first)));
        let size = f64::from(self.level).exp2();
        Rect {
            south: row / POINT_ROWS * 180.0 - 90.0,
            west: column / POINT_ROWS * 360.0 - 180.0,
            north: (row + size) / POINT_ROWS * 180.0 - 90.0,
            east: (column + size) / POINT_ROWS * 360.0 - 180.0,
        }
    }

    /// The rectangle of its cells, as far as the grid goes; `None` where it lies outside. Its sides are the very
    /// numbers that its cells' sides are.
    pub fn rect(self, step: Step) -> Option<Rect> {
        let rows = rows(step);
        let (row, column) = (gathered(self.first >> 1).cast_signed(), gathered(self.first).cast_signed());
        let size = 1 << self.level;
        if row >= rows || column >= 2 * rows {
            return None;
        }
        let degrees = |cells: i32| f64::from(cells) / f64::from(step.per_degree());
        Some(Rect {
            south: degrees(row - rows / 2),
            west: degrees(column - rows),
            north: degrees((row + size).min(rows) - rows / 2),
            east: degrees((column + size).min(2 * rows) - rows),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_quad_holds_the_cells_whose_keys_begin_like_it() {
        for (step, lat, lon) in [(Step::Fine, -90.0, -180.0), (Step::Medium, 50.6, 3.1), (Step::Coarse, 90.0, 180.0)] {
            let wanted = Cell::containing(step, lat, lon).expect("a cell");
            assert_eq!(cell(step, key(wanted)), wanted);
            // Every cell of the finest grid, 259,200 columns, has a key below this one.
            let mut quad = Quad::around(0, (1 << 36) - 1);
            assert_eq!((quad.level, quad.first), (18, 0));
            while quad.level > 0 {
                quad = quad.quarters().into_iter().find(|q| (q.first..=q.last()).contains(&key(wanted))).expect("one");
                let (around, inner) = (quad.rect(step).expect("on the grid"), Rect::from(wanted));
                assert_eq!(around.joined(&inner), around);
                let (first, last) = (quad.first, quad.last());
                assert_eq!((Quad::around(first, last).level, Quad::around(last, first).first), (quad.level, first));
            }
            assert_eq!(quad.rect(step), Some(wanted.into()));
        }
    }
    #[test]
    fn points_lie_in_the_quads_of_their_keys_and_ends_belong_to_the_last() {
        let all = Quad::around(0, u64::MAX);
        assert_eq!((all.level, all.last()), (32, u64::MAX));
        assert_eq!(all.rect_of_points(), Rect { south: -90.0, west: -180.0, north: 90.0, east: 180.0 });
        for (lat, lon) in [(-90.0, -180.0), (90.0, 180.0), (50.636_2, 3.063_9), (-0.000_1, 179.999_999_99)] {
            let mut quad = all;
            while quad.level > 0 {
                let key = point_key(lat, lon);
                quad = quad.quarters().into_iter().find(|q| (q.first..=q.last()).contains(&key)).expect("one");
                let wide = quad.rect_of_points().inflated(1e-12);
                assert!(wide.meets(&Rect::point(lat, lon)), "{lat} {lon} {quad:?}");
            }
        }
    }
}
