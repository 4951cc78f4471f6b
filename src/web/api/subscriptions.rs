//! `/api/v1/subscriptions`: a citizen's own, by the secret given at creation.
//!
//! An unknown id and a wrong secret get the same answer: nobody learns which ids exist.

use super::{body, subscription_body};
use crate::clock;
use crate::geo::code::AreaCode;
use crate::model::id::SubscriberId;
use crate::model::place::Place;
use crate::model::subscriber::Subscriber;
use crate::store::subscriber::{self, Creation, NewSubscriber, Replacement};
use crate::web::auth;
use crate::web::error::WebError;
use crate::web::limit::Network;
use crate::web::path::Id;
use crate::web::state::AppState;
use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, LOCATION};
use http::{Extensions, HeaderMap, HeaderValue, Request, StatusCode};
use serde_json::{Value, json};

/// Largest body, bytes.
const BODY_BYTES_MAX: usize = 32_768;
/// What the hash of a secret is compared with when there is no such subscription.
const NOBODY: [u8; 32] = [0; 32];

/// `POST /api/v1/subscriptions`: 201 with the id and the secret, which is never told again.
pub async fn create(State(state): State<AppState>, request: Request<Body>) -> Result<Response, WebError> {
    count(&state, request.extensions(), request.headers())?;
    let value = read_json(request).await?;
    let body = subscription_body::read(&value, &state.endpoints, &|area| knows(&state, area))?;
    let secret = clock::random_id();
    let new = NewSubscriber {
        id: SubscriberId(clock::random_id()),
        secret_hash: auth::hash(&secret),
        channel: body.channel,
        origin: body.origin,
        preferences: body.preferences,
        created: state.clock.now(),
    };
    let mut tx = state.db.begin().await.map_err(WebError::internal)?;
    let id = match subscriber::create(&mut tx, &state.vault, &new).await.map_err(WebError::internal)? {
        Creation::Created { .. } => new.id,
        Creation::Replaced { id, .. } => id,
        Creation::EndpointTaken => return Err(WebError::EndpointTaken),
    };
    tx.commit().await.map_err(WebError::internal)?;
    tell(&state).await?;
    let location = HeaderValue::from_str(&format!("/api/v1/subscriptions/{id}")).expect("ids are plain");
    let headers = [(LOCATION, location), (CACHE_CONTROL, HeaderValue::from_static("no-store"))];
    Ok((StatusCode::CREATED, headers, Json(json!({"id": id, "secret": secret}))).into_response())
}

fn knows(state: &AppState, area: &AreaCode) -> bool {
    state.audience.snapshot().gazetteer().get(area).is_some()
}

/// `GET /api/v1/subscriptions/{id}`.
pub async fn show(State(state): State<AppState>, Id(id): Id, headers: HeaderMap) -> Result<Response, WebError> {
    let subscriber = owned(&state, id, &headers).await?;
    Ok(([(CACHE_CONTROL, "no-store")], Json(subscription_body::show(&subscriber))).into_response())
}

/// `PUT /api/v1/subscriptions/{id}`: replaces everything, the channel too.
pub async fn replace(State(state): State<AppState>, Id(id): Id, request: Request<Body>) -> Result<Response, WebError> {
    count(&state, request.extensions(), request.headers())?;
    let subscriber = owned(&state, id, request.headers()).await?;
    let value = read_json(request).await?;
    // An area that is known no more may stay: nobody is kept from changing the rest by it.
    let followed =
        |area: &AreaCode| knows(&state, area) || subscriber.preferences.places.contains(&Place::Named(area.clone()));
    let body = subscription_body::read(&value, &state.endpoints, &followed)?;
    let mut tx = state.db.begin().await.map_err(WebError::internal)?;
    let (id, now) = (&subscriber.id, state.clock.now());
    let replaced =
        subscriber::replace(&mut tx, &state.vault, id, &body.channel, &body.origin, &body.preferences, now).await;
    match replaced.map_err(WebError::internal)? {
        Replacement::Replaced => {}
        Replacement::NotFound => return Err(WebError::NotFound),
        Replacement::EndpointTaken => return Err(WebError::EndpointTaken),
    }
    tx.commit().await.map_err(WebError::internal)?;
    tell(&state).await?;
    let changed = Subscriber { channel: body.channel.kind(), preferences: body.preferences, ..subscriber };
    Ok(([(CACHE_CONTROL, "no-store")], Json(subscription_body::show(&changed))).into_response())
}

/// `DELETE /api/v1/subscriptions/{id}`: everything about it is erased at once.
pub async fn delete(State(state): State<AppState>, Id(id): Id, request: Request<Body>) -> Result<Response, WebError> {
    count(&state, request.extensions(), request.headers())?;
    let subscriber = owned(&state, id, request.headers()).await?;
    let mut tx = state.db.begin().await.map_err(WebError::internal)?;
    if !subscriber::delete(&mut tx, &subscriber.id).await.map_err(WebError::internal)? {
        return Err(WebError::NotFound);
    }
    tx.commit().await.map_err(WebError::internal)?;
    tell(&state).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// `GET /api/v1/vapid-public-key`: what a browser subscribes with.
pub async fn vapid_public_key(State(state): State<AppState>) -> Json<Value> {
    Json(json!({"key": &*state.vapid_public_key}))
}

fn count(state: &AppState, extensions: &Extensions, headers: &HeaderMap) -> Result<(), WebError> {
    state.limits.subscriptions.knock(Network::of(extensions, headers, &state.config.server.trusted_proxies))
}

/// The subscription of this id, if the request bears its secret.
async fn owned(state: &AppState, id: String, headers: &HeaderMap) -> Result<Subscriber, WebError> {
    let secret = auth::bearer(headers).unwrap_or_default();
    let found = subscriber::get(&state.db, &SubscriberId(id)).await.map_err(WebError::internal)?;
    let (subscriber, stored) = match found {
        Some((subscriber, stored)) => (Some(subscriber), stored),
        None => (None, NOBODY),
    };
    let is_owner = auth::is_secret(secret, &stored);
    subscriber.filter(|_| is_owner).ok_or(WebError::NotFound)
}

async fn read_json(request: Request<Body>) -> Result<Value, WebError> {
    if body::media_type(request.headers()).as_deref() != Some("application/json") {
        return Err(WebError::MediaType { accepted: "application/json" });
    }
    let bytes = body::read(request, BODY_BYTES_MAX).await?;
    serde_json::from_slice(&bytes).map_err(|error| WebError::Malformed {
        detail: format!("Not JSON: line {}, column {}.", error.line(), error.column()),
    })
}

/// The next match must know of the change when the citizen has the answer.
async fn tell(state: &AppState) -> Result<(), WebError> {
    state.bell.audience_changed().await.map_err(WebError::internal)
}
