//! `POST /api/v1/estimate`: whom a draft would reach. For operators and for keys; stores nothing, sends nothing.

use super::estimate_body::{self, Body as Draft};
use super::post::MEDIA_TYPES;
use super::{body, key};
use crate::cap::Axes;
use crate::pipeline::bell::Estimated;
use crate::pipeline::estimate::Share;
use crate::web::console::session;
use crate::web::error::WebError;
use crate::web::state::AppState;
use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::{AUTHORIZATION, CACHE_CONTROL};
use http::{HeaderMap, Request};
use serde_json::{Value, json};
use tower_sessions::Session;

pub async fn post(
    State(state): State<AppState>,
    session: Session,
    request: Request<Body>,
) -> Result<Response, WebError> {
    let (axes, drills_only) = allow(&state, &session, request.headers()).await?;
    let media_type = body::media_type(request.headers()).unwrap_or_default();
    let is_cap = MEDIA_TYPES.contains(&media_type.as_str());
    if !is_cap && media_type != "application/json" {
        return Err(WebError::MediaType {
            accepted: "application/json, application/cap+xml, text/xml, application/xml",
        });
    }
    let bytes = body::read(request, state.config.alerts.body_bytes_max).await?;
    let drafts = if is_cap {
        state.bell.drafts(&bytes, axes)?
    } else {
        let Draft(draft) = estimate_body::read(&bytes)?;
        vec![draft]
    };
    if drills_only && drafts.iter().any(|draft| !draft.drill) {
        return Err(WebError::TestKey);
    }
    let estimated = state.bell.estimate(drafts).await.map_err(WebError::internal)?;
    Ok(([(CACHE_CONTROL, "no-store")], Json(render(&estimated))).into_response())
}

/// How the caller writes coordinates, and whether it may only speak of drills.
async fn allow(state: &AppState, session: &Session, headers: &HeaderMap) -> Result<(Axes, bool), WebError> {
    if !headers.contains_key(AUTHORIZATION) {
        let operator = session::operator(state, session).await?.ok_or(WebError::Unauthorized)?;
        state.limits.estimates.knock(&operator.id)?;
        return Ok((Axes::LatitudeFirst, false));
    }
    let credential = key::of(headers, state).await?;
    state.limits.estimates.knock(&credential.id)?;
    Ok((credential.axes, credential.test))
}

fn render(estimated: &Estimated) -> Value {
    let found = &estimated.estimation;
    let list = |shares: &[Share], name: &str| -> Vec<Value> {
        shares.iter().map(|share| json!({name: share.name, "people": share.people})).collect()
    };
    let unknown: Vec<Value> =
        found.unknown.iter().map(|area| json!({"scheme": &*area.scheme, "code": &*area.code})).collect();
    json!({
        "inside": found.people.inside,
        "near": found.people.near,
        "by_channel": list(&found.by_channel, "channel"),
        "by_language": list(&found.by_language, "language"),
        "has_ground": !found.shapes.is_empty(),
        "unknown_geocodes": unknown,
        "population": found.population,
        "share_percent": found.share_percent(),
        "match_us": estimated.match_us,
    })
}
