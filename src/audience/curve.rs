//! Morton order: a cell's row and column, bit by bit in turn. What lies in one quad of the grid lies in one run of it.

use crate::geo::rect::Rect;
use crate::model::place::{Cell, Step};

/// The key of a cell; rows and columns are counted from the south-west corner of the grid.
pub(super) fn key(cell: Cell) -> u64 {
    let (row, column) = (cell.row() + rows(cell.step()) / 2, cell.column() + rows(cell.step()));
    spread(row.unsigned_abs()) << 1 | spread(column.unsigned_abs())
}

/// The cell of a key that [`key`] gave.
pub(super) fn cell(step: Step, key: u64) -> Cell {
    let row = gathered(key >> 1) - rows(step) / 2;
    let column = gathered(key) - rows(step);
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
fn gathered(bits: u64) -> i32 {
    let mut number = bits & SPREADING[4].1;
    for (index, (shift, _)) in SPREADING.iter().enumerate().rev() {
        let mask = if index == 0 { u64::from(u32::MAX) } else { SPREADING[index - 1].1 };
        number = (number | number >> shift) & mask;
    }
    i32::try_from(number).expect("a row or column of 18 bits")
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
        Self { level, first: a >> (2 * level) << (2 * level) }
    }

    /// Its four quarters in the order of their keys; only for a level above 0.
    pub fn quarters(self) -> [Self; 4] {
        let level = self.level - 1;
        [0, 1, 2, 3].map(|quarter| Self { level, first: self.first | quarter << (2 * level) })
    }

    /// The key after its last.
    pub fn end(self) -> u64 {
        self.first + (1 << (2 * self.level))
    }

    /// The rectangle of its cells, as far as the grid goes; `None` where it lies outside. Its sides are the very
    /// numbers that its cells' sides are.
    pub fn rect(self, step: Step) -> Option<Rect> {
        let rows = rows(step);
        let (row, column, size) = (gathered(self.first >> 1), gathered(self.first), 1 << self.level);
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
                quad = quad.quarters().into_iter().find(|q| (q.first..q.end()).contains(&key(wanted))).expect("one");
                let (around, inner) = (quad.rect(step).expect("on the grid"), Rect::from(wanted));
                assert_eq!(around.joined(&inner), around);
                let (first, last) = (quad.first, quad.end() - 1);
                assert_eq!((Quad::around(first, last).level, Quad::around(last, first).first), (quad.level, first));
            }
            assert_eq!(quad.rect(step), Some(wanted.into()));
        }
    }
}
