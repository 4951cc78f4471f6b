//! `/alerts/{id}`: what to do first, then what happens, where, until when, and how it went on.

use super::data::{self, Shown};
use super::{receipt, view};
use crate::cap::alert::Alert;
use crate::cap::code::{MsgType, Severity, Status};
use crate::cap::time::DateTime;
use crate::i18n::{self, Language};
use crate::model::broadcast::AlertState;
use crate::model::id::AlertId;
use crate::store::alert as stored;
use crate::web::error::WebError;
use crate::web::page::{Page, Section, Visit, respond};
use crate::web::path::Id;
use crate::web::state::AppState;
use askama::Template;
use axum::extract::State;
use axum::response::Response;
use http::{Extensions, HeaderMap, StatusCode, Uri};
use std::sync::Arc;

/// The page.
#[derive(Template)]
#[template(path = "citizen/alert.html")]
pub struct AlertPage {
    pub page: Page,
    pub id: String,
    pub alert: Arc<Alert>,
    pub state: AlertState,
    pub cancels: bool,
    pub sections: Vec<view::Section>,
    /// The message that replaced or cancelled this one.
    pub newer: Option<String>,
    /// All public messages of the chain, oldest first.
    pub timeline: Vec<Step>,
    pub has_shape: bool,
    pub tiles: Tiles,
    pub answer: Answer,
}

/// What the reader may say, or has just said, of being told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// They did not come by a notification.
    None,
    /// That it is not about them.
    Asked,
    Noted,
}

/// A message of the chain.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    pub id: String,
    pub sent: DateTime,
    pub msg_type: MsgType,
    pub language: String,
    pub headline: String,
    pub current: bool,
}

/// Where the map's background comes from; empty: our own outlines.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Tiles {
    pub url: String,
    pub attribution: String,
}

/// Answers with the page; 404 where the public sees nothing.
///
/// # Errors
/// No such public alert, or the database failed.
pub async fn show(
    State(state): State<AppState>,
    Id(id): Id,
    visit: Visit,
    uri: Uri,
    extensions: Extensions,
    headers: HeaderMap,
) -> Result<Response, WebError> {
    let id = AlertId(id);
    if let Some(elsewhere) = receipt::opened(&state, &id, &uri, &extensions, &headers) {
        return Ok(elsewhere);
    }
    let now = state.clock.now();
    let public = stored::get_public(&state.db, &id, now).await.map_err(WebError::internal)?;
    let public = public.ok_or(WebError::NotFound)?;
    let chain = stored::public_in_chain(&state.db, &public.alert.chain, now).await.map_err(WebError::internal)?;
    let audience = state.audience.snapshot();
    let gazetteer = audience.gazetteer();
    let shown = Shown::read(&state.originals, gazetteer, public).ok_or(WebError::NotFound)?;
    let frame = |title| Page::new(&visit, &state.config, Section::Alerts, title).with_script("alert.js");
    let map = &state.config.map;
    let tiles = Tiles { url: map.tile_url.clone(), attribution: map.tile_attribution.clone() };
    let mut page =
        AlertPage::new(shown, &data::read_all(&state.originals, gazetteer, chain), tiles, visit.language, frame);
    page.answer = match visit.parameter("noted") {
        Some(_) => Answer::Noted,
        None if receipt::may_answer(&headers) => Answer::Asked,
        None => Answer::None,
    };
    Ok(respond(&page.page, StatusCode::OK, &page))
}

impl AlertPage {
    /// The page of one alert; `frame` makes the frame for a title.
    pub fn new(
        shown: Shown,
        chain: &[Shown],
        tiles: Tiles,
        language: Language,
        frame: impl FnOnce(String) -> Page,
    ) -> Self {
        let sections = view::sections(&shown.alert, language);
        let title = sections
            .first()
            .map_or_else(|| i18n::text(language, "alert-about", &[]), |section| section.info.headline.clone());
        Self {
            page: frame(title),
            has_shape: shown.shape().is_some(),
            cancels: shown.alert.msg_type == MsgType::Cancel,
            sections,
            timeline: chain.iter().map(|other| step(other, &shown.id, language)).collect(),
            newer: shown.newer,
            state: shown.state,
            id: shown.id,
            alert: shown.alert,
            tiles,
            answer: Answer::None,
        }
    }
}

fn step(shown: &Shown, current: &str, language: Language) -> Step {
    let card = shown.card(language);
    let (tag, headline) = card.map(|card| (card.language, card.headline)).unwrap_or_default();
    Step {
        id: shown.id.clone(),
        sent: shown.alert.key.sent,
        msg_type: shown.alert.msg_type,
        language: tag,
        headline: if headline.is_empty() { shown.alert.key.identifier.clone() } else { headline },
        current: shown.id == current,
    }
}
