//! Everything that speaks HTTP: the API, the console, the citizens' pages. Reads go through `store`; the state of
//! alerts and broadcasts changes only through `pipeline`.

pub mod api;
pub mod assets;
pub mod auth;
pub mod citizen;
pub mod console;
pub mod error;
pub mod limit;
pub mod originals;
pub mod page;
pub mod password;
pub mod path;
pub mod replies;
pub mod server;
pub mod state;
mod trace;

use axum::Router;
use axum::middleware;
use state::AppState;

/// Every route of the service.
pub fn router(state: AppState) -> Router {
    Router::new()
        .merge(api::router(&state))
        .merge(assets::router())
        .merge(console::router(&state))
        .merge(citizen::router(&state))
        .fallback(citizen::problem::not_found)
        .layer(middleware::from_fn(trace::trace))
        .with_state(state)
}
