//! Who is signed in, for how long. Sessions live in the database, known there by hash; real time rules them.

use crate::model::id::OperatorId;
use crate::model::operator::Operator;
use crate::store;
use crate::web::error::WebError;
use crate::web::state::AppState;
use axum::extract::FromRequestParts;
use axum::response::{IntoResponse, Redirect, Response};
use http::Method;
use http::request::Parts;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use tower_sessions::cookie::{SameSite, time};
use tower_sessions::{Expiry, Session, SessionManagerLayer};
use url::form_urlencoded;

/// A session that nobody used for this long is over.
const IDLE_MAX: SignedDuration = SignedDuration::from_mins(30);
/// A session is over after this, used or not.
const AGE_MAX: SignedDuration = SignedDuration::from_hours(12);
/// How long a use may go unrecorded: a write for each request would be too many.
const SEEN_LAG_MAX: SignedDuration = SignedDuration::from_mins(1);
/// The name of the cookie.
const COOKIE: &str = "beffroi_console";
/// Where it is in the session's data.
const DATA: &str = "signed-in";

/// What a session knows.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct SignIn {
    operator: OperatorId,
    since: Timestamp,
    seen: Timestamp,
}

impl SignIn {
    fn is_over(&self, now: Timestamp) -> bool {
        now.duration_since(self.since) >= AGE_MAX || now.duration_since(self.seen) >= IDLE_MAX
    }
}

/// Gives handlers the [`Session`] of the request.
pub fn layer(state: &AppState) -> SessionManagerLayer<store::session::Sessions> {
    SessionManagerLayer::new(store::session::Sessions::new(state.db.clone(), state.clock))
        .with_name(COOKIE)
        .with_http_only(true)
        .with_same_site(SameSite::Strict)
        .with_secure(state.public_url.scheme() == "https")
        .with_path("/")
        .with_expiry(Expiry::OnInactivity(time::Duration::seconds(IDLE_MAX.as_secs())))
}

/// Begins a session under a new id.
///
/// # Errors
/// The database failed.
pub async fn begin(state: &AppState, session: &Session, operator: &Operator) -> Result<(), WebError> {
    let now = state.clock.real();
    let sign_in = SignIn { operator: operator.id.clone(), since: now, seen: now };
    // An id that was there before signing in may be known to someone else.
    session.flush().await.map_err(WebError::internal)?;
    session.insert(DATA, sign_in).await.map_err(WebError::internal)
}

/// Forgets sessions that ended long ago without signing out. Done at each sign-in: nothing else makes them.
///
/// # Errors
/// The database failed.
pub async fn clear_expired(state: &AppState) -> Result<(), WebError> {
    let sessions = store::session::Sessions::new(state.db.clone(), state.clock);
    sessions.delete_expired().await.map(drop).map_err(WebError::internal)
}

/// Ends the session.
///
/// # Errors
/// The database failed.
pub async fn end(session: &Session) -> Result<(), WebError> {
    session.flush().await.map_err(WebError::internal)
}

/// The person of a session that is not over, whom nobody has disabled.
///
/// # Errors
/// The database failed.
pub async fn operator(state: &AppState, session: &Session) -> Result<Option<Operator>, WebError> {
    Ok(look(state, session).await?.map(|(operator, _)| operator))
}

async fn look(state: &AppState, session: &Session) -> Result<Option<(Operator, SignIn)>, WebError> {
    let Some(sign_in) = session.get::<SignIn>(DATA).await.map_err(WebError::internal)? else { return Ok(None) };
    let operator = if sign_in.is_over(state.clock.real()) {
        None
    } else {
        store::operator::get(&state.db, &sign_in.operator).await.map_err(WebError::internal)?
    };
    match operator {
        Some(operator) => Ok(Some((operator, sign_in))),
        None => {
            end(session).await?;
            Ok(None)
        }
    }
}

/// The person signed in. Without one a page leads to the sign-in, and an act is not done.
pub struct SignedIn(pub Operator);

impl FromRequestParts<AppState> for SignedIn {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Response> {
        let (session, operator, sign_in) = require(parts, state).await?;
        refresh(state, &session, sign_in).await.map_err(IntoResponse::into_response)?;
        Ok(Self(operator))
    }
}

/// The person signed in, where a page asks by itself: nobody is there who uses the session, so it does not live longer.
pub struct LookingOn(pub Operator);

impl FromRequestParts<AppState> for LookingOn {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Response> {
        let (_, operator, _) = require(parts, state).await?;
        Ok(Self(operator))
    }
}

async fn require(parts: &Parts, state: &AppState) -> Result<(Session, Operator, SignIn), Response> {
    let session = parts.extensions.get::<Session>().cloned().ok_or_else(|| WebError::Unauthorized.into_response())?;
    match look(state, &session).await.map_err(IntoResponse::into_response)? {
        Some((operator, sign_in)) => Ok((session, operator, sign_in)),
        None => Err(to_sign_in(parts).into_response()),
    }
}

/// Records the use. The id stays: of two requests at once, one would come with an id that is gone.
async fn refresh(state: &AppState, session: &Session, mut sign_in: SignIn) -> Result<(), WebError> {
    let now = state.clock.real();
    if now.duration_since(sign_in.seen) < SEEN_LAG_MAX {
        return Ok(());
    }
    sign_in.seen = now;
    session.insert(DATA, sign_in).await.map_err(WebError::internal)
}

/// Leads to the sign-in and then back: to the page itself, or for an act to the page that asks about it.
fn to_sign_in(parts: &Parts) -> Redirect {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("next", parts.uri.path());
    if parts.method != Method::GET {
        query.append_pair("again", "1");
    }
    Redirect::to(&format!("/console/login?{}", query.finish()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sign_in(since: &str, seen: &str) -> SignIn {
        let time = |text: &str| text.parse().expect("a time");
        SignIn { operator: OperatorId("o".to_owned()), since: time(since), seen: time(seen) }
    }

    #[test]
    fn a_session_ends_by_idleness_and_by_age() {
        let now: Timestamp = "2026-11-22T20:00:00Z".parse().expect("a time");
        assert!(!sign_in("2026-11-22T08:00:01Z", "2026-11-22T19:59:00Z").is_over(now));
        assert!(sign_in("2026-11-22T08:00:00Z", "2026-11-22T19:59:00Z").is_over(now));
        assert!(sign_in("2026-11-22T19:00:00Z", "2026-11-22T19:30:00Z").is_over(now));
    }
}
