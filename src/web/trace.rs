//! One span and one count for each request: method, route and status. Never the address of the client, never the path
//! itself (it may hold an id that is a capability), never the query.

use axum::extract::{MatchedPath, Request};
use axum::middleware::Next;
use axum::response::Response;
use tracing::Instrument;

/// What stands for the route of a request that fits none.
const NO_ROUTE: &str = "none";

pub async fn trace(request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().map_or(NO_ROUTE, MatchedPath::as_str).to_owned();
    let span = tracing::info_span!("request", method = %request.method(), route);
    let response = next.run(request).instrument(span.clone()).await;
    let status = response.status().as_u16();
    span.in_scope(|| tracing::debug!(status, "answered {status}"));
    metrics::counter!("beffroi_http_requests_total", "route" => route, "status" => status.to_string()).increment(1);
    response
}
