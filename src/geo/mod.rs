//! Where: shapes on the Earth and what a grid cell has to do with them. Pure: no I/O, no clock.
//!
//! [`shape::Shape`] is an alert's area and the truth about it; [`rect::Rect`] is a cell, or a quad of cells.

pub mod rect;
pub mod shape;
