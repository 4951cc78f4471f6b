//! `/`: what is in force, most urgent first; near the reader, if the reader says where.

use super::data::{self, Shown};
use super::view::{self, Card};
use crate::cap::code::{MsgType, Severity, Status};
use crate::cap::time::DateTime;
use crate::i18n;
use crate::model::broadcast::AlertState;
use crate::model::place::{Cell, Step};
use crate::store::StoreError;
use crate::store::alert::{self as stored, PUBLIC_ALERTS_MAX, PublicFilter};
use crate::web::error::WebError;
use crate::web::page::{Page, Section, Visit, respond};
use crate::web::state::AppState;
use askama::Template;
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use jiff::{SignedDuration, Timestamp};

/// How far around the reader's cell an alert counts as near, metres.
pub const NEAR_M: f64 = 25_000.0;

/// Alerts looked through for those that are over.
const LATEST_MAX: u32 = 50;
/// Alerts over that are still listed.
const RECENT_MAX: usize = 8;
/// How long after its end an alert is still listed.
const RECENT: SignedDuration = SignedDuration::from_hours(72);
/// Alerts in force that are listed, near and elsewhere each.
const ACTIVE_MAX: usize = 50;

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

/// Answers with the page.
///
/// # Errors
/// The database failed.
pub async fn show(State(state): State<AppState>, visit: Visit) -> Result<Response, WebError> {
    let cell = visit.parameter("at").and_then(cell_of);
    let key = if cell.is_some() { "home-title-near" } else { "home-title" };
    let title = i18n::text(visit.language, key, &[]);
    let page = Page::new(&visit, &state.config, Section::Alerts, title).with_script("home.js");
    let (active, latest) = load(&state).await.map_err(WebError::internal)?;
    let last_received = latest.iter().map(|shown| shown.received).max().map(view::utc);
    let since = state.clock.now().saturating_sub(RECENT).unwrap_or(Timestamp::MIN);
    let recent: Vec<Shown> = latest.into_iter().filter(|shown| shown.expires >= since).collect();
    let home = Home::new(page, cell, &active, &recent, last_received);
    Ok(respond(&home.page, StatusCode::OK, &home))
}

/// What is in force, and what came last.
async fn load(state: &AppState) -> Result<(Vec<Shown>, Vec<Shown>), StoreError> {
    let mut filter = PublicFilter { now: state.clock.now(), active: true, limit: PUBLIC_ALERTS_MAX, before: None };
    let active = stored::list_public(&state.db, &filter).await?;
    filter.active = false;
    filter.limit = LATEST_MAX;
    let latest = stored::list_public(&state.db, &filter).await?;
    let audience = state.audience.snapshot();
    let read = |alerts| data::read_all(&state.originals, audience.gazetteer(), alerts);
    Ok((read(active), read(latest)))
}

impl Home {
    /// Sorts what is in force by urgency and, when the reader said where, by whether it is near.
    pub fn new(
        page: Page,
        cell: Option<Cell>,
        active: &[Shown],
        recent: &[Shown],
        last_received: Option<DateTime>,
    ) -> Self {
        let language = page.language;
        let mut in_force: Vec<&Shown> = active
            .iter()
            .filter(|shown| shown.state == AlertState::Active && shown.alert.msg_type != MsgType::Cancel)
            .collect();
        in_force.sort_by_cached_key(|shown| (shown.tier(), std::cmp::Reverse(shown.received)));
        let (near, elsewhere): (Vec<&Shown>, Vec<&Shown>) = match cell {
            Some(cell) => in_force.into_iter().partition(|shown| shown.is_near(cell, NEAR_M)),
            None => (Vec::new(), in_force),
        };
        let over = recent.iter().filter(|shown| {
            matches!(shown.state, AlertState::Ended | AlertState::Cancelled) && shown.alert.msg_type != MsgType::Cancel
        });
        Self {
            cut: near.len() > ACTIVE_MAX || elsewhere.len() > ACTIVE_MAX || active.len() >= PUBLIC_ALERTS_MAX as usize,
            near: cell.map(|_| near.iter().take(ACTIVE_MAX).filter_map(|shown| shown.card(language)).collect()),
            active: elsewhere.iter().take(ACTIVE_MAX).filter_map(|shown| shown.card(language)).collect(),
            recent: over.take(RECENT_MAX).filter_map(|shown| shown.card(language)).collect(),
            last_received,
            page,
        }
    }
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
