//! The programming interface: `/api/v1`, health and metrics. What it answers is fixed by docs/INTEGRATORS.md.

mod fields;
pub mod subscription_body;

use super::state::AppState;
use axum::Router;

pub fn router(_state: &AppState) -> Router<AppState> {
    Router::new()
}
