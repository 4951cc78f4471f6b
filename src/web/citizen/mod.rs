//! Citizens' pages: what is active, one alert, subscribing, and what Beffroi keeps. They work without JavaScript as far
//! as a page can; maps, "near me" and push are islands.

pub mod about;
pub mod alert;
pub mod data;
pub mod home;
pub mod manifest;
pub mod problem;
mod receipt;
pub mod subscribe;
pub mod view;

use super::state::AppState;
use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};

/// The edition of the privacy text that subscribers agree to: recorded with their consent.
pub const CONSENT_EDITION: &str = "2026-11";

/// Every page of citizens.
pub fn router(state: &AppState) -> Router<AppState> {
    Router::new()
        .route("/", get(home::show))
        .route("/alerts/{id}", get(alert::show))
        .route("/alerts/{id}/not-relevant", post(receipt::not_relevant))
        .route("/subscribe", get(subscribe::show))
        .route("/privacy", get(about::privacy))
        .route("/accessibility", get(about::accessibility))
        .layer(from_fn_with_state(state.clone(), problem::as_page))
        .route("/manifest.webmanifest", get(manifest::show))
}
