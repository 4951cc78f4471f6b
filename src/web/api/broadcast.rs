//! `GET /api/v1/alerts/{id}/broadcast`: where every recipient stands, for operators and for the key that posted it.

use super::key;
use crate::model::broadcast::Broadcast;
use crate::model::id::AlertId;
use crate::model::outcome::Ledger;
use crate::pipeline::answer::COUNT_SHOWN_MIN;
use crate::store;
use crate::web::console::session;
use crate::web::error::WebError;
use crate::web::path::Id;
use crate::web::state::AppState;
use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::HeaderMap;
use http::header::{AUTHORIZATION, CACHE_CONTROL};
use serde_json::{Value, json};
use tower_sessions::Session;

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reader {
    Operator,
    /// Sees no count of people below [`COUNT_SHOWN_MIN`].
    Integrator,
}

pub async fn show(
    State(state): State<AppState>,
    Id(id): Id,
    session: Session,
    headers: HeaderMap,
) -> Result<Response, WebError> {
    let id = AlertId(id);
    let reader = reader(&state, &id, &session, &headers).await?;
    let broadcast = store::broadcast::by_alert(&state.db, &id).await.map_err(WebError::internal)?;
    let broadcast = broadcast.ok_or(WebError::NotFound)?;
    let ledger = store::batch::ledger(&state.db, &broadcast.id).await.map_err(WebError::internal)?;
    Ok(([(CACHE_CONTROL, "no-store")], Json(render(&broadcast, &ledger, reader))).into_response())
}

/// A key sees only what it posted: everything else is not there for it.
async fn reader(state: &AppState, id: &AlertId, session: &Session, headers: &HeaderMap) -> Result<Reader, WebError> {
    if !headers.contains_key(AUTHORIZATION) {
        return match session::operator(state, session).await? {
            Some(_) => Ok(Reader::Operator),
            None => Err(WebError::Unauthorized),
        };
    }
    let credential = key::of(headers, state).await?;
    let alert = store::alert::get(&state.db, id).await.map_err(WebError::internal)?;
    match alert {
        Some(alert) if alert.credential.as_ref() == Some(&credential.id) => Ok(Reader::Integrator),
        Some(_) | None => Err(WebError::NotFound),
    }
}

fn render(broadcast: &Broadcast, ledger: &Ledger, reader: Reader) -> Value {
    let shown = |count: u64| match reader {
        Reader::Operator => json!(count),
        // Zero of many tells nothing of a person; zero of few would.
        Reader::Integrator if ledger.targeted >= COUNT_SHOWN_MIN && (count == 0 || count >= COUNT_SHOWN_MIN) => {
            json!(count)
        }
        Reader::Integrator => Value::Null,
    };
    json!({
        "id": broadcast.id,
        "alert": broadcast.alert,
        "state": broadcast.state,
        "reason": broadcast.reason,
        "tier": broadcast.tier,
        "expires": broadcast.expires,
        "received": broadcast.received,
        "approved": broadcast.approved,
        "planned": broadcast.planned,
        "finished": broadcast.finished,
        "inside": shown(broadcast.inside),
        "near": shown(broadcast.near),
        "targeted": shown(ledger.targeted),
        "accepted": shown(ledger.accepted),
        "gone": shown(ledger.gone),
        "rejected": shown(ledger.rejected),
        "expired": shown(ledger.expired),
        "stopped": shown(ledger.stopped),
        "withdrawn": shown(ledger.withdrawn),
        "waiting": shown(ledger.waiting),
    })
}
