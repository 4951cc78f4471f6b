//! `/`: what is in force, most urgent first; near the reader, if the reader says where.

use super::view::{self, Card};
use crate::cap::code::{Severity, Status};
use crate::cap::time::DateTime;
use crate::model::broadcast::AlertState;
use crate::model::place::{Cell, Step};
use crate::web::page::Page;
use askama::Template;

/// How far around the reader's cell an alert counts as near, metres.
pub const NEAR_M: f64 = 25_000.0;

/// The page.
#[derive(Template)]
#[template(path = "citizen/home.html")]
pub struct Home {
    pub page: Page,
    /// In force near the reader; `None` when the reader did not say where.
    pub near: Option<Vec<Card>>,
    /// In force, without those in `near`.
    pub active: Vec<Card>,
    /// Whether more are in force than are shown.
    pub cut: bool,
    /// Over, latest first.
    pub recent: Vec<Card>,
    /// When the last alert came in.
    pub last_received: Option<DateTime>,
}

/// The cell that `at=LAT,LON` lies in. Whatever is given, no more than a cell of about 600 m is used of it.
pub fn cell_of(at: &str) -> Option<Cell> {
    let (lat, lon) = coordinates(at)?;
    Cell::containing(Step::Medium, lat, lon)
}

/// Reads `LAT,LON` in degrees.
pub fn coordinates(text: &str) -> Option<(f64, f64)> {
    let (lat, lon) = text.split_once(',')?;
    let (lat, lon) = (lat.trim().parse::<f64>().ok()?, lon.trim().parse::<f64>().ok()?);
    ((-90.0..=90.0).contains(&lat) && (-180.0..=180.0).contains(&lon)).then_some((lat, lon))
}
