//! The console: where people of the authority watch, release, refuse and stop.
//!
//! Every page but setup and sign-in needs a session; every act is a POST form from this very site (`Sec-Fetch-Site`,
//! `Origin`, `SameSite=Strict`). Nothing needs JavaScript; live progress is an island.

mod act;
mod alert;
mod audit;
mod estimate;
mod figures;
mod form;
mod frame;
mod live;
mod login;
pub mod session;
pub mod setup;
mod situation;
mod sources;
mod subject;
mod view;

use super::error::{Shown, WebError};
use super::page::Visit;
use super::state::AppState;
use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use http::HeaderValue;
use http::header::{CACHE_CONTROL, ORIGIN, REFERRER_POLICY};
use tower_http::csrf::CsrfLayer;
use tower_http::set_header::SetResponseHeaderLayer;

/// Where a browser says that a request comes from (Fetch Metadata).
const SEC_FETCH_SITE: &str = "sec-fetch-site";

/// Every page under `/console`.
pub fn router(state: &AppState) -> Router<AppState> {
    Router::new()
        .route("/console", get(situation::show))
        .route("/console/setup", get(setup::show).post(setup::submit))
        .route("/console/login", get(login::show).post(login::submit))
        .route("/console/logout", post(login::sign_out))
        .route("/console/audit", get(audit::show))
        .route("/console/estimate", get(estimate::show).post(estimate::ask))
        .route("/console/sources", get(sources::show))
        .route("/console/alerts/{id}", get(alert::show))
        .route("/console/alerts/{id}/area.geojson", get(alert::area))
        .route("/console/alerts/{id}/original.xml", get(alert::original))
        .route("/console/alerts/{id}/live", get(live::stream))
        .route("/console/alerts/{id}/release", get(act::ask_release).post(act::release))
        .route("/console/alerts/{id}/refuse", get(act::ask_refuse).post(act::refuse))
        .route("/console/alerts/{id}/stop", get(act::ask_stop).post(act::stop))
        .layer(session::layer(state))
        .layer(middleware::from_fn(with_origin))
        .layer(csrf(state))
        .layer(middleware::from_fn_with_state(state.clone(), errors_as_pages))
        .layer(SetResponseHeaderLayer::overriding(CACHE_CONTROL, HeaderValue::from_static("no-store")))
        // With `no-referrer` browsers would send `Origin: null` with our own forms.
        .layer(SetResponseHeaderLayer::overriding(REFERRER_POLICY, HeaderValue::from_static("same-origin")))
}

/// Writes come from our own pages alone. The origin of the public address counts as ours even where a proxy changes
/// the `Host`.
fn csrf(state: &AppState) -> CsrfLayer<impl Fn(tower_http::csrf::ProtectionError) -> Response + Clone + use<>> {
    let origin = state.public_url.origin().ascii_serialization();
    CsrfLayer::new()
        .add_trusted_origin(origin)
        .expect("the settings allow only http and https addresses")
        .with_rejection_response(|_| WebError::CrossSite.into_response())
}

/// Refuses acts that do not say where they come from; `CsrfLayer` alone lets them pass, taking them for programs.
async fn with_origin(request: Request, next: Next) -> Response {
    let says = request.headers().contains_key(ORIGIN) || request.headers().contains_key(SEC_FETCH_SITE);
    if request.method().is_safe() || says { next.run(request).await } else { WebError::CrossSite.into_response() }
}

/// Shows an error as a page of the console.
async fn errors_as_pages(State(state): State<AppState>, visit: Visit, request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    match response.extensions().get::<Shown>() {
        Some(shown) => frame::error_page(&state, &visit, shown),
        None => response,
    }
}
