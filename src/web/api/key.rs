//! Integrators' keys in requests.

use crate::model::credential::Credential;
use crate::store;
use crate::web::auth;
use crate::web::error::WebError;
use crate::web::state::AppState;
use http::HeaderMap;

/// The key that a request bears.
///
/// # Errors
/// [`WebError::Unauthorized`] for none, an unknown or a revoked one: the three are told apart by nobody.
pub async fn of(headers: &HeaderMap, state: &AppState) -> Result<Credential, WebError> {
    let token = auth::bearer(headers).ok_or(WebError::Unauthorized)?;
    if !token.starts_with(auth::KEY_LIVE_PREFIX) && !token.starts_with(auth::KEY_TEST_PREFIX) {
        return Err(WebError::Unauthorized);
    }
    let credential = store::credential::by_hash(&state.db, &auth::hash(token)).await.map_err(WebError::internal)?;
    credential.filter(|credential| credential.revoked.is_none()).ok_or(WebError::Unauthorized)
}
