//! `GET /api/v1/alerts/{id}/broadcast`: where every recipient stands, for operators and for the key that posted it.

use super::{account_json, key};
use crate::model::account::Account;
use crate::model::broadcast::Broadcast;
use crate::model::id::AlertId;
use crate::store;
use crate::store::alert::StoredAlert;
use crate::web::console::session;
use crate::web::error::WebError;
use crate::web::path::Id;
use crate::web::state::AppState;
use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::HeaderMap;
use http::header::{AUTHORIZATION, CACHE_CONTROL};
use serde_json::{Map, Value, json};
use tower_sessions::Session;

pub async fn show(
    State(state): State<AppState>,
    Id(id): Id,
    session: Session,
    headers: HeaderMap,
) -> Result<Response, WebError> {
    let id = AlertId(id);
    allow(&state, &id, &session, &headers).await?;
    let broadcast = store::broadcast::by_alert(&state.db, &id).await.map_err(WebError::internal)?;
    let broadcast = broadcast.ok_or(WebError::NotFound)?;
    let account = store::account::account(&state.db, &broadcast.id, state.clock.now()).await;
    let account = account.map_err(WebError::internal)?;
    Ok(([(CACHE_CONTROL, "no-store")], Json(render(&broadcast, &account))).into_response())
}

/// Whether a request comes from an operator, or with the key that posted this alert. Whoever is neither is no error.
pub(super) async fn is_insider(
    state: &AppState,
    alert: &StoredAlert,
    session: &Session,
    headers: &HeaderMap,
) -> Result<bool, WebError> {
    if !headers.contains_key(AUTHORIZATION) {
        return Ok(session::operator(state, session).await?.is_some());
    }
    match key::of(headers, state).await {
        Ok(credential) => Ok(alert.credential.as_ref() == Some(&credential.id)),
        Err(WebError::Unauthorized) => Ok(false),
        Err(error) => Err(error),
    }
}

/// A key sees only what it posted: everything else is not there for it.
async fn allow(state: &AppState, id: &AlertId, session: &Session, headers: &HeaderMap) -> Result<(), WebError> {
    if !headers.contains_key(AUTHORIZATION) {
        return match session::operator(state, session).await? {
            Some(_) => Ok(()),
            None => Err(WebError::Unauthorized),
        };
    }
    let credential = key::of(headers, state).await?;
    let alert = store::alert::get(&state.db, id).await.map_err(WebError::internal)?;
    match alert {
        Some(alert) if alert.credential.as_ref() == Some(&credential.id) => Ok(()),
        Some(_) | None => Err(WebError::NotFound),
    }
}

fn render(broadcast: &Broadcast, account: &Account) -> Map<String, Value> {
    let members = [
        ("id", json!(broadcast.id)),
        ("alert", json!(broadcast.alert)),
        ("state", json!(broadcast.state)),
        ("reason", json!(broadcast.reason)),
        ("tier", json!(broadcast.tier)),
        ("expires", json!(broadcast.expires)),
        ("received", json!(broadcast.received)),
        ("approved", json!(broadcast.approved)),
        ("planned", json!(broadcast.planned)),
        ("finished", json!(broadcast.finished)),
        ("inside", json!(broadcast.inside)),
        ("near", json!(broadcast.near)),
        ("merged_with", json!(broadcast.merged_with)),
    ];
    let mut object: Map<_, _> = members.map(|(name, value)| (name.to_owned(), value)).into_iter().collect();
    account_json::extend(&mut object, account);
    object
}
