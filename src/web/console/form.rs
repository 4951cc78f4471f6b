//! Forms that people send: bounded in bytes and in time.

use crate::web::api::body;
use crate::web::error::WebError;
use axum::Form;
use axum::body::Body;
use axum::extract::{FromRequest, Request};
use serde::de::DeserializeOwned;

/// Largest form, bytes.
const FORM_BYTES_MAX: usize = 16_384;

/// Largest form with an area in it, bytes: a border of some thousand corners.
pub const GROUND_FORM_BYTES_MAX: usize = 1_048_576;

/// The fields of a form; one that cannot be read is told as our errors are.
pub struct Fields<T, const BYTES_MAX: usize = FORM_BYTES_MAX>(pub T);

impl<T: DeserializeOwned, S: Send + Sync, const BYTES_MAX: usize> FromRequest<S> for Fields<T, BYTES_MAX> {
    type Rejection = WebError;

    async fn from_request(request: Request, _state: &S) -> Result<Self, WebError> {
        read_within(request, BYTES_MAX).await.map(Self)
    }
}

/// The fields of a form, where something must be asked before its body is read.
///
/// # Errors
/// It is too large, too slow, or not a form with these fields.
pub async fn read<T: DeserializeOwned>(request: Request) -> Result<T, WebError> {
    read_within(request, FORM_BYTES_MAX).await
}

async fn read_within<T: DeserializeOwned>(request: Request, bytes_max: usize) -> Result<T, WebError> {
    let (head, body) = request.into_parts();
    let mut whole = Request::from_parts(head.clone(), Body::empty());
    *whole.body_mut() = Body::from(body::read(Request::from_parts(head, body), bytes_max).await?);
    match Form::<T>::from_request(whole, &()).await {
        Ok(Form(fields)) => Ok(fields),
        Err(rejection) => Err(WebError::Malformed { detail: rejection.body_text() }),
    }
}
