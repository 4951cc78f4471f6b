//! `/manifest.webmanifest`: what lets a phone put the page on its home screen. On iOS nothing is pushed without that.

use crate::web::assets;
use crate::web::page::Visit;
use crate::web::state::AppState;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header;
use serde_json::json;

/// Answers with the web application manifest.
pub async fn show(State(state): State<AppState>, visit: Visit) -> Response {
    let icon = |name: &str, purpose: &str, size: &str| {
        assets::href(name).map(|src| json!({ "src": src, "sizes": size, "type": "image/png", "purpose": purpose }))
    };
    let icons = [
        icon("icon-192.png", "any", "192x192"),
        icon("icon-512.png", "any", "512x512"),
        icon("icon-maskable-512.png", "maskable", "512x512"),
    ];
    let manifest = json!({
        "id": "/",
        "start_url": "/",
        "scope": "/",
        "display": "standalone",
        "name": state.config.server.name,
        "short_name": state.config.server.name,
        "lang": visit.language.tag(),
        "background_color": "#f6f5f1",
        "theme_color": "#14304f",
        "icons": icons.into_iter().flatten().collect::<Vec<_>>(),
    });
    let headers = [
        (header::CONTENT_TYPE, "application/manifest+json"),
        (header::CACHE_CONTROL, "no-cache"),
        (header::VARY, "Accept-Language, Cookie"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, manifest.to_string()).into_response()
}
