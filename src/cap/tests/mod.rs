//! Tests of reading as a whole; small parts are tested beside their code.

mod advice;
mod hostile;
mod profile;
mod profile_edges;
mod reading;
mod rules;
mod wellformed;
mod wrapped;
mod writing;

pub(super) const STORM: &str = include_str!("../../../tests/fixtures/cap/storm.xml");
pub(super) const EVERY_ELEMENT: &str = include_str!("../../../tests/fixtures/cap/every-element.xml");
pub(super) const OLDER: &str = include_str!("../../../tests/fixtures/cap/older-1.0.xml");
pub(super) const FEED: &str = include_str!("../../../tests/fixtures/cap/feed.atom");
