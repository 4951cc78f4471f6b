//! The pure floors of Beffroi, built with coverage, and what is run on them.

extern crate self as beffroi;

#[path = "../../../src/cap/mod.rs"]
pub mod cap;
#[path = "../../../src/geo/mod.rs"]
pub mod geo;
#[path = "../targets.rs"]
pub mod targets;
