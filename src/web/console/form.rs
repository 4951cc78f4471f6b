//! Forms that people send.

use crate::web::error::WebError;
use axum::Form;
use axum::extract::{FromRequest, Request};
use serde::de::DeserializeOwned;

/// The fields of a form; one that cannot be read is told as our errors are.
pub struct Fields<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Fields<T> {
    type Rejection = WebError;

    async fn from_request(request: Request, state: &S) -> Result<Self, WebError> {
        match Form::<T>::from_request(request, state).await {
            Ok(Form(fields)) => Ok(Self(fields)),
            Err(rejection) => Err(WebError::Malformed { detail: rejection.body_text() }),
        }
    }
}
