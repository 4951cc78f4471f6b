//! The programming interface: `/api/v1`, health and metrics. What it answers is fixed by docs/INTEGRATORS.md.

mod alert_json;
mod alerts;
mod body;
mod fields;
mod filter;
pub mod subscription_body;

use super::state::AppState;
use axum::Router;
use axum::routing::get;

pub fn router(_state: &AppState) -> Router<AppState> {
    Router::new()
        .route("/api/v1/alerts", get(alerts::list))
        .route("/api/v1/alerts.geojson", get(alerts::list_geojson))
        .route("/api/v1/alerts/{id}", get(alerts::one))
}
