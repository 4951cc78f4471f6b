//! For operations: whether the process lives, whether it can work, and its figures.

use crate::model::proof::Verdict;
use crate::web::error::WebError;
use crate::web::state::AppState;
use axum::extract::{ConnectInfo, State};
use axum::response::{IntoResponse, Response};
use http::HeaderMap;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use std::net::SocketAddr;
use std::time::Duration;

/// How long the database may take to answer before we are not ready.
const DATABASE_TIMEOUT: Duration = Duration::from_secs(2);
/// How long changes of subscriptions may be unreadable before we are not ready.
const BEHIND_MAX: Duration = Duration::from_secs(5);

/// What proxies say of themselves (RFC 7239 §4, RFC 9110 §7.6.3, and the older custom).
const FORWARDING_HEADERS: [&str; 3] = ["x-forwarded-for", "forwarded", "via"];

/// `GET /health/live`: the process answers. Nothing else is asked: a restart mends nothing else.
pub async fn live() -> Response {
    ([(CACHE_CONTROL, "no-store")], "live\n").into_response()
}

/// `GET /health/ready`: requests can be served: the database answers, the audience follows it and was not found to
/// disagree with it, and nobody asked us to stop. Where new named areas cannot be read, it rings by those known before.
pub async fn ready(State(state): State<AppState>) -> Result<Response, WebError> {
    if *state.closing.borrow() {
        return Err(WebError::NotReady);
    }
    if let Some(behind) = state.bell.audience_behind_for().filter(|behind| *behind > BEHIND_MAX) {
        tracing::warn!(behind_s = behind.as_secs(), "not ready: changes of subscriptions cannot be read");
        return Err(WebError::NotReady);
    }
    if state.bell.audience_proof().is_some_and(|proof| proof.verdict() == Verdict::Disagrees) {
        tracing::warn!("not ready: index and database disagree");
        return Err(WebError::NotReady);
    }
    match tokio::time::timeout(DATABASE_TIMEOUT, state.db.ping()).await {
        // Alerts still go out, by the areas known before: nobody is helped when this node takes none.
        Ok(Ok(())) if state.bell.areas_failed() => {
            tracing::warn!("ready, but named areas cannot be read: those known before are used");
            Ok(([(CACHE_CONTROL, "no-store")], "ready; named areas cannot be read\n").into_response())
        }
        Ok(Ok(())) => Ok(([(CACHE_CONTROL, "no-store")], "ready\n").into_response()),
        Ok(Err(error)) => {
            tracing::warn!(%error, "not ready: the database does not answer: {error}");
            Err(WebError::NotReady)
        }
        Err(_) => {
            tracing::warn!("not ready: the database takes too long");
            Err(WebError::NotReady)
        }
    }
}

/// `GET /metrics`: Prometheus text, small counts of people included, so for this machine alone: what comes from
/// elsewhere or through a proxy finds nothing.
pub async fn metrics(
    State(state): State<AppState>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
) -> Result<Response, WebError> {
    let is_forwarded = FORWARDING_HEADERS.iter().any(|name| headers.contains_key(*name));
    if is_forwarded || !peer.ip().to_canonical().is_loopback() {
        return Err(WebError::NotFound);
    }
    Ok(([(CONTENT_TYPE, "text/plain; version=0.0.4"), (CACHE_CONTROL, "no-store")], state.metrics.render())
        .into_response())
}
