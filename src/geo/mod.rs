//! Where: shapes on the Earth and what a grid cell has to do with them. Pure: no I/O, no clock.
//!
//! [`shape::Shape`] is an alert's area and the truth about it; [`region::Region`] is ground bounded by rings, a named
//! area most often; [`rect::Rect`] is a cell, or a quad of cells. Below them stand `block` (the parts of a shape),
//! `patch` (a polygon with its holes), `ring` (with an index over its edges), `disc` (a circle), `reach` (how far it is
//! from a cell to an edge), `meeting` (two regions) and `tree` (boxes over many of something). `map` draws a shape.
//! [`gazetteer::Gazetteer`] knows the areas that have names, and [`scheme`] how their codes are written.
//!
//! # What is exact, and where the bounds are
//! Edges are straight in latitude and longitude (RFC 7946 §3.1.1); distances are geodesics of WGS 84. Cells are
//! closed and taken [`shape::EDGE_MARGIN_DEG`] (0.1 mm) wider, so that rounding never parts what touches. Whether a
//! cell touches a polygon, a named area or a circle is exact but for that margin. Where a hole meets a border, borders
//! are moved by up to [`crate::cap::ring::MOVED_DEG_MAX`] (3 mm) and cells taken as much wider; a circle that a hole
//! meets is up to half a metre larger. Whether a cell is within a radius is never answered no wrongly, and wrongly yes only
//! [`reach::EXCESS_M_MAX`] beyond the radius at most: for points whatever the radius, for cells up to 200 km, which is
//! more than any place has. Named areas share ground when it is a millimetre wide.
//!
//! Holes that would be too much work ([`crate::cap::ring::Work::for_holes`]), and those in circles beyond 1,000 km, are
//! ignored and told ([`shape::IgnoredHole`]): more people are warned, none is missed. See docs/adr/0014-ground.md.

mod block;
pub mod code;
mod disc;
mod distinct;
pub mod gazetteer;
#[cfg(test)]
mod gazetteer_tests;
mod hole;
#[cfg(test)]
mod hole_tests;
mod map;
mod meeting;
pub mod names;
mod patch;
pub mod reach;
pub mod rect;
pub mod region;
mod ring;
pub mod scheme;
pub mod shape;
mod tree;
