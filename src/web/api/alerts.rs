//! Alerts that anyone may read: what is public and was released, never held, refused, Draft, Restricted or Private.

use super::alert_json::{self, Detail};
use super::broadcast;
use super::filter::{Filter, Parameters, write_cursor};
use crate::cap::alert::Alert;
use crate::model::id::{AlertId, is_id};
use crate::store::StoreError;
use crate::store::alert::{self, PUBLIC_ALERTS_MAX, PublicAlert, PublicCursor, PublicFilter};
use crate::web::auth;
use crate::web::error::WebError;
use crate::web::replies::{self, Reply};
use crate::web::state::AppState;
use axum::Json;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_NONE_MATCH, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderMap, HeaderValue, StatusCode, Uri};
use serde_json::{Value, json};
use std::sync::Arc;
use tower_sessions::Session;

/// Stored alerts looked through for one page; a filter that fits few of them gives a short page and a cursor.
const SCANNED_MAX: usize = 1_000;
/// Bytes of a body's hash that stand in its ETag.
const ETAG_BYTES: usize = 16;

/// What an alert is asked for as: the end of its address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Json,
    Xml,
    Geojson,
}

impl Form {
    /// Parts `{id}`, `{id}.xml` and `{id}.geojson`. Ids have no dot.
    fn split(segment: &str) -> (&str, Self) {
        for (ending, form) in [(".geojson", Self::Geojson), (".xml", Self::Xml), (".json", Self::Json)] {
            if let Some(id) = segment.strip_suffix(ending) {
                return (id, form);
            }
        }
        (segment, Self::Json)
    }

    const fn media_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Xml => "application/cap+xml",
            Self::Geojson => "application/geo+json",
        }
    }
}

/// `GET /api/v1/alerts/{id}`, `.xml`, `.geojson`. Operators and the key that posted it see what was answered, too.
pub async fn one(
    State(state): State<AppState>,
    Path(segment): Path<String>,
    session: Session,
    headers: HeaderMap,
) -> Result<Response, WebError> {
    let (id, form) = Form::split(&segment);
    if !is_id(id) {
        return Err(WebError::NotFound);
    }
    let id = AlertId(id.to_owned());
    let public = alert::get_public(&state.db, &id, state.clock.now()).await.map_err(WebError::internal)?;
    let public = public.ok_or(WebError::NotFound)?;
    let body = match form {
        Form::Xml => return Ok(cached(form, public.alert.original, &headers)),
        Form::Json => {
            let alert = read(&state, &public)?;
            let mut shown = alert_json::show(&public, &alert, Detail::Full, &state.public_url);
            if broadcast::is_insider(&state, &public.alert, &session, &headers).await? {
                let replies = replies::replies(&state, &public.alert).await?;
                shown["replies"] = replies.iter().map(Reply::json).collect();
                return Ok(([(CACHE_CONTROL, "no-store")], Json(shown)).into_response());
            }
            shown
        }
        Form::Geojson => {
            let alert = read(&state, &public)?;
            alert_json::feature(&public, &alert, state.audience.snapshot().gazetteer(), &state.public_url)
        }
    };
    Ok(cached(form, body.to_string().into_bytes(), &headers))
}

/// `GET /api/v1/alerts`.
pub async fn list(State(state): State<AppState>, uri: Uri, headers: HeaderMap) -> Result<Response, WebError> {
    let page = page(&state, &uri).await?;
    let show =
        |(public, alert): &(PublicAlert, Arc<Alert>)| alert_json::show(public, alert, Detail::List, &state.public_url);
    let alerts: Vec<Value> = page.alerts.iter().map(show).collect();
    let body = json!({"alerts": alerts, "next_cursor": page.next.as_ref().map(write_cursor)});
    Ok(cached(Form::Json, body.to_string().into_bytes(), &headers))
}

/// `GET /api/v1/alerts.geojson`.
pub async fn list_geojson(State(state): State<AppState>, uri: Uri, headers: HeaderMap) -> Result<Response, WebError> {
    let page = page(&state, &uri).await?;
    let audience = state.audience.snapshot();
    let show = |(public, alert): &(PublicAlert, Arc<Alert>)| {
        alert_json::feature(public, alert, audience.gazetteer(), &state.public_url)
    };
    let features: Vec<Value> = page.alerts.iter().map(show).collect();
    let next = page.next.as_ref().map(write_cursor);
    let body = json!({"type": "FeatureCollection", "features": features, "next_cursor": next});
    Ok(cached(Form::Geojson, body.to_string().into_bytes(), &headers))
}

struct Page {
    alerts: Vec<(PublicAlert, Arc<Alert>)>,
    next: Option<PublicCursor>,
}

async fn page(state: &AppState, uri: &Uri) -> Result<Page, WebError> {
    let Query(parameters) = Query::<Parameters>::try_from_uri(uri)
        .map_err(|error| WebError::Malformed { detail: format!("The query cannot be read: {}", error.body_text()) })?;
    let filter = Filter::read(&parameters)?;
    scan(state, &filter).await.map_err(WebError::internal)
}

async fn scan(state: &AppState, filter: &Filter) -> Result<Page, StoreError> {
    let mut alerts = Vec::new();
    let mut scanned = 0;
    let mut before = filter.cursor.clone();
    let now = state.clock.now();
    let audience = state.audience.snapshot();
    while scanned < SCANNED_MAX {
        let asked = PublicFilter { now, active: filter.active, limit: PUBLIC_ALERTS_MAX, before: before.take() };
        let rows = alert::list_public(&state.db, &asked).await?;
        let last_page = rows.len() < PUBLIC_ALERTS_MAX as usize;
        scanned += rows.len();
        for public in rows {
            if filter.since.is_some_and(|since| public.alert.received < since) {
                return Ok(Page { alerts, next: None });
            }
            before = Some(PublicCursor { received: public.alert.received, id: public.alert.id.clone() });
            let Some(alert) = state.originals.read(&public.alert) else { continue };
            if !filter.fits(&alert, audience.gazetteer()) {
                continue;
            }
            alerts.push((public, alert));
            if alerts.len() == filter.limit {
                return Ok(Page { alerts, next: before });
            }
        }
        if last_page {
            return Ok(Page { alerts, next: None });
        }
    }
    Ok(Page { alerts, next: before })
}

fn read(state: &AppState, public: &PublicAlert) -> Result<Arc<Alert>, WebError> {
    state.originals.read(&public.alert).ok_or(WebError::NotFound)
}

/// An answer that a reader may keep and ask about again.
pub(super) fn cached(form: Form, body: Vec<u8>, headers: &HeaderMap) -> Response {
    let digits: String = auth::hash_bytes(&body).iter().take(ETAG_BYTES).map(|byte| format!("{byte:02x}")).collect();
    let etag = format!("\"{digits}\"");
    let known = headers.get_all(IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    let fresh = known
        .flat_map(|tags| tags.split(','))
        .any(|tag| matches!(tag.trim().trim_start_matches("W/"), tag if tag == etag || tag == "*"));
    let mut response =
        if fresh { StatusCode::NOT_MODIFIED.into_response() } else { (StatusCode::OK, body).into_response() };
    let answer = response.headers_mut();
    answer.insert(ETAG, HeaderValue::from_str(&etag).expect("hexadecimal digits"));
    answer.insert(CACHE_CONTROL, HeaderValue::from_static("public, no-cache"));
    answer.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    // An original is a stranger's document: whatever a browser makes of it, it runs nothing.
    answer.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; sandbox"));
    if !fresh {
        answer.insert(CONTENT_TYPE, HeaderValue::from_static(form.media_type()));
    }
    response
}
