//! The programming interface: `/api/v1`, health and metrics. What it answers is fixed by docs/INTEGRATORS.md.

mod account_json;
mod alert_json;
mod alerts;
mod areas;
pub mod body;
mod broadcast;
mod channel_body;
mod estimate;
pub mod estimate_body;
mod fields;
mod filter;
mod health;
mod key;
mod place_body;
mod post;
mod receipts;
mod repairs;
pub mod subscription_body;
mod subscriptions;

pub use alert_json::geometry;

use super::console::session;
use super::error::WebError;
use super::state::AppState;
use axum::Router;
use axum::routing::{get, post};

/// Every route for programs.
pub fn router(state: &AppState) -> Router<AppState> {
    let for_operators_too = Router::new()
        .route("/api/v1/alerts/{id}", get(alerts::one))
        .route("/api/v1/alerts/{id}/broadcast", get(broadcast::show))
        .route("/api/v1/estimate", post(estimate::post))
        .layer(session::layer(state));
    Router::new()
        .route("/api/v1/alerts", get(alerts::list).post(post::post))
        .route("/api/v1/alerts.geojson", get(alerts::list_geojson))
        .merge(for_operators_too)
        .route("/api/v1/subscriptions", post(subscriptions::create))
        .route(
            "/api/v1/subscriptions/{id}",
            get(subscriptions::show).put(subscriptions::replace).delete(subscriptions::delete),
        )
        .route("/api/v1/receipts", post(receipts::tell))
        .route("/api/v1/areas", get(areas::find))
        .route("/api/v1/repairs", get(repairs::show))
        .route("/api/v1/vapid-public-key", get(subscriptions::vapid_public_key))
        .route("/health/live", get(health::live))
        .route("/health/ready", get(health::ready))
        .route("/metrics", get(health::metrics))
        .method_not_allowed_fallback(async || WebError::MethodNotAllowed)
}
