//! Ids in addresses.

use super::error::WebError;
use crate::model::id::is_id;
use axum::extract::{FromRequestParts, Path};
use http::request::Parts;

/// The id in the address. What cannot be an id is nobody's: the database is not asked.
pub struct Id(pub String);

impl<S: Send + Sync> FromRequestParts<S> for Id {
    type Rejection = WebError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, WebError> {
        match Path::<String>::from_request_parts(parts, state).await {
            Ok(Path(id)) if is_id(&id) => Ok(Self(id)),
            Ok(_) | Err(_) => Err(WebError::NotFound),
        }
    }
}
