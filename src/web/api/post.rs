//! `POST /api/v1/alerts`: the way in for integrators.

use super::{body, key};
use crate::pipeline::{Answer, PostError, Posted};
use crate::web::error::WebError;
use crate::web::state::AppState;
use axum::Json;
use axum::body::Body;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use http::header::LOCATION;
use http::{HeaderValue, Request, StatusCode};
use serde::Deserialize;

/// What CAP documents come as (CAP 1.2 Appendix D, RFC 7303).
pub(super) const MEDIA_TYPES: [&str; 3] = ["application/cap+xml", "text/xml", "application/xml"];

/// A parameter that is not known is refused: a mistyped `dry_run` must not ring.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parameters {
    #[serde(default)]
    dry_run: DryRun,
}

/// `true` or `1`, `false` or `0`: anything else is refused, so that a slip of the pen never rings.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
enum DryRun {
    #[serde(rename = "true", alias = "1")]
    Yes,
    #[default]
    #[serde(rename = "false", alias = "0")]
    No,
}

/// Takes a document. The order of the checks is part of the interface: key, rate, type, size, document.
pub async fn post(State(state): State<AppState>, request: Request<Body>) -> Result<Response, WebError> {
    let credential = key::of(request.headers(), &state).await?;
    state.limits.posts.knock(&credential.id)?;
    let Query(parameters) = Query::<Parameters>::try_from_uri(request.uri())
        .map_err(|_| WebError::Malformed { detail: "The only parameter is dry_run, true or false.".to_owned() })?;
    if !body::media_type(request.headers()).is_some_and(|media_type| MEDIA_TYPES.contains(&media_type.as_str())) {
        return Err(WebError::MediaType { accepted: "application/cap+xml, text/xml, application/xml" });
    }
    let headers = request.headers().clone();
    let bytes = body::read(request, state.config.alerts.body_bytes_max).await?;
    // A body may be slow: a key that was revoked meanwhile rings nothing.
    let credential = key::of(&headers, &state).await?;
    let dry_run = matches!(parameters.dry_run, DryRun::Yes);
    let posted = state.bell.post(&bytes, &credential, dry_run).await.map_err(WebError::from)?;
    Ok(match posted {
        Posted::Stored(answer) => answered(StatusCode::ACCEPTED, answer),
        Posted::Repeated(answer) | Posted::Rehearsed(answer) => answered(StatusCode::OK, answer),
    })
}

fn answered(status: StatusCode, answer: Answer) -> Response {
    let location = (!answer.dry_run).then(|| HeaderValue::from_str(&format!("/api/v1/alerts/{}", answer.id)));
    let mut response = (status, Json(answer)).into_response();
    if let Some(Ok(location)) = location {
        response.headers_mut().insert(LOCATION, location);
    }
    response
}

impl From<PostError> for WebError {
    fn from(error: PostError) -> Self {
        match error {
            PostError::Invalid { findings } => Self::InvalidAlert { findings },
            PostError::Conflict { first } => Self::Conflict { first: first.0 },
            PostError::TestKey => Self::TestKey,
            PostError::Store(error) => Self::internal(error),
        }
    }
}
