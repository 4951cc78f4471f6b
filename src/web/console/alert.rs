//! `/console/alerts/{id}`: one alert whole: what people see, where, who, what became of it.

use super::figures::{self, PartRow};
use super::frame::{Desk, Entry, titled};
use super::session::SignedIn;
use super::subject::{Notification, Subject};
use super::view;
use crate::cap::code::{MsgType, Severity, Status};
use crate::cap::finding::Finding;
use crate::geo::shape::Shape;
use crate::i18n::{self, Language};
use crate::web::api::geometry;
use crate::web::citizen::view::{self as public, Section, sections};
use crate::web::error::WebError;
use crate::web::page::{Page, Visit, respond};
use crate::web::path::Id;
use crate::web::replies::{self, Reply};
use crate::web::state::AppState;
use askama::Template;
use axum::Json;
use axum::extract::State as Shared;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use serde_json::json;
use std::collections::BTreeMap;

#[derive(Template)]
#[template(path = "console/alert.html")]
struct AlertPage {
    page: Page,
    desk: Desk,
    subject: Subject,
    /// Counts and times of its broadcast, by name.
    figures: BTreeMap<String, String>,
    part_rows: Vec<PartRow>,
    /// Whether they may still move.
    live: bool,
    headline: String,
    language: String,
    severity: Option<Severity>,
    sections: Vec<Section>,
    notifications: Vec<Notification>,
    findings: Option<Vec<Finding>>,
    /// Acks and Errors.
    replies: Vec<Reply>,
    /// Where it lies, in degrees.
    bounds: Option<String>,
    /// Codes of its areas that nobody here knows.
    unknown_codes: Vec<String>,
    own: bool,
    /// What was just done.
    done: Option<&'static str>,
    tile_url: String,
    tile_attribution: String,
}

pub async fn show(
    Shared(state): Shared<AppState>,
    SignedIn(operator): SignedIn,
    Id(id): Id,
    visit: Visit,
) -> Result<Response, WebError> {
    let subject = Subject::load(&state, id).await?;
    let sections = sections(&subject.words.speaking, visit.language);
    let (headline, language) = match sections.first() {
        Some(section) => (section.info.headline.clone(), section.info.language.clone()),
        None => (subject.words.alert.key.identifier.clone(), String::new()),
    };
    let done = match visit.parameter("done") {
        Some("released") => Some("done-released"),
        Some("refused") => Some("done-refused"),
        Some("stopped") => Some("done-stopped"),
        Some(_) | None => None,
    };
    let map = &state.config.map;
    let page = AlertPage {
        page: titled(&state, &visit, headline.clone()).with_script("alert.js").with_script("console.js"),
        desk: Desk::new(&state, Some(&operator), Entry::Other),
        headline,
        language,
        severity: sections.first().map(|section| section.severity),
        sections,
        notifications: subject.notifications(&state),
        findings: subject.findings(),
        replies: replies::replies(&state, &subject.stored).await?,
        bounds: subject.shape().map(|shape| bounds(&shape, visit.language)),
        unknown_codes: subject.unknown_codes(),
        figures: figures::figures(visit.language, &subject.account),
        part_rows: figures::part_rows(visit.language, &subject.account),
        live: figures::may_move(&subject.broadcast, &subject.ledger, state.clock.now()),
        own: subject.is_owned_by(&operator),
        done,
        tile_url: map.tile_url.clone(),
        tile_attribution: map.tile_attribution.clone(),
        subject,
    };
    Ok(respond(&page.page, StatusCode::OK, &page))
}

/// The area for the map, also of what the public does not see.
pub async fn area(Shared(state): Shared<AppState>, SignedIn(_): SignedIn, Id(id): Id) -> Result<Response, WebError> {
    let subject = Subject::load(&state, id).await?;
    let feature = json!({"type": "Feature", "geometry": geometry(&subject.words.speaking, subject.audience.gazetteer()), "properties": {}});
    Ok(([(CONTENT_TYPE, "application/geo+json")], Json(feature)).into_response())
}

/// The original bytes, also of what the public does not see. Whatever a browser makes of them, it runs nothing.
pub async fn original(
    Shared(state): Shared<AppState>,
    SignedIn(_): SignedIn,
    Id(id): Id,
) -> Result<Response, WebError> {
    let subject = Subject::load(&state, id).await?;
    let headers = [
        (CONTENT_TYPE, "application/cap+xml"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox"),
    ];
    Ok((headers, subject.stored.original).into_response())
}

fn bounds(shape: &Shape, language: Language) -> String {
    let around = shape.bounds();
    let degrees = |value: f64| i18n::Value::from(format!("{value:.2}°"));
    let args = [
        ("south", degrees(around.south)),
        ("north", degrees(around.north)),
        ("west", degrees(around.west)),
        ("east", degrees(around.east)),
    ];
    i18n::text(language, "console-alert-bounds", &args)
}
