//! `POST /api/v1/receipts`: what devices tell of pushes: shown, opened, not about them.
//!
//! The answer is the same for real and invented tokens, and comes before anyone has looked at them.

use super::body;
use crate::model::id::{AlertId, is_id};
use crate::model::receipt::Event;
use crate::web::error::{FieldProblem, WebError};
use crate::web::limit::Network;
use crate::web::state::AppState;
use axum::body::Body;
use axum::extract::State;
use http::{Request, StatusCode};
use serde::Deserialize;
use std::collections::BTreeSet;

/// Largest body, bytes.
const BODY_BYTES_MAX: usize = 16_384;
/// Receipts that one request may bring.
const RECEIPTS_MAX: usize = 64;
/// Alerts that they may be of. A device tells of few at once; who invents them would fill the memory with names.
const ALERTS_MAX: usize = 8;

#[derive(Deserialize)]
struct Receipts {
    receipts: Vec<Receipt>,
}

#[derive(Deserialize)]
struct Receipt {
    /// As the push names it: `beffroi.alert`.
    alert: String,
    /// As the push carries it: `beffroi.receipt`.
    token: String,
    event: Event,
}

/// 204, whatever the tokens are worth.
pub async fn tell(State(state): State<AppState>, request: Request<Body>) -> Result<StatusCode, WebError> {
    let proxies = &state.config.server.trusted_proxies;
    state.limits.receipts.knock(Network::of(request.extensions(), request.headers(), proxies))?;
    if body::media_type(request.headers()).as_deref() != Some("application/json") {
        return Err(WebError::MediaType { accepted: "application/json" });
    }
    let bytes = body::read(request, BODY_BYTES_MAX).await?;
    let told: Receipts = serde_json::from_slice(&bytes).map_err(|error| WebError::Malformed {
        detail: format!("No list of receipts: line {}, column {}.", error.line(), error.column()),
    })?;
    let alerts: BTreeSet<&str> = told.receipts.iter().map(|receipt| receipt.alert.as_str()).collect();
    if told.receipts.len() > RECEIPTS_MAX || alerts.len() > ALERTS_MAX {
        let detail = format!("One request may bring {RECEIPTS_MAX} receipts, of {ALERTS_MAX} alerts.");
        let problem = FieldProblem { pointer: "/receipts".to_owned(), code: "too-many", detail };
        return Err(WebError::InvalidFields { fields: vec![problem] });
    }
    for receipt in told.receipts {
        // What cannot be an id is nobody's, as an id that is unknown.
        let alert = if is_id(&receipt.alert) { receipt.alert } else { String::new() };
        state.inbox.tell(AlertId(alert), &receipt.token, receipt.event);
    }
    Ok(StatusCode::NO_CONTENT)
}
