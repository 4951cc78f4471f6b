//! Request bodies: bounded in bytes and in time.

use crate::web::error::WebError;
use axum::body::Body;
use bytes::{Bytes, BytesMut};
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, Request};
use http_body_util::BodyExt;
use std::time::Duration;

/// How long a whole body may take to come.
const BODY_READ_TIMEOUT: Duration = Duration::from_secs(30);

/// The body, if it has at most `bytes_max` bytes and comes in time.
///
/// # Errors
/// [`WebError::TooLarge`] as soon as it is known, [`WebError::Malformed`] when the client breaks off or is too slow.
pub async fn read(request: Request<Body>, bytes_max: usize) -> Result<Bytes, WebError> {
    let announced = request.headers().get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| length > bytes_max as u64) {
        return Err(WebError::TooLarge { bytes_max });
    }
    match tokio::time::timeout(BODY_READ_TIMEOUT, collect(request.into_body(), bytes_max)).await {
        Ok(read) => read,
        Err(_) => Err(WebError::Malformed { detail: "The body took too long to come.".to_owned() }),
    }
}

async fn collect(mut body: Body, bytes_max: usize) -> Result<Bytes, WebError> {
    let mut bytes = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let broken = |_| WebError::Malformed { detail: "The body ended before it was complete.".to_owned() };
        let Ok(data) = frame.map_err(broken)?.into_data() else { continue };
        if bytes.len() + data.len() > bytes_max {
            return Err(WebError::TooLarge { bytes_max });
        }
        bytes.extend_from_slice(&data);
    }
    Ok(bytes.freeze())
}

/// The media type of the body without its parameters, in lower case.
pub fn media_type(headers: &HeaderMap) -> Option<String> {
    let text = headers.get(CONTENT_TYPE)?.to_str().ok()?;
    text.split(';').next().map(|essence| essence.trim().to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_body_one_byte_too_long_is_refused_whether_announced_or_not() {
        let read_of = |body: Body, announced: Option<&str>| {
            let mut request = Request::new(body);
            if let Some(length) = announced {
                request.headers_mut().insert(CONTENT_LENGTH, length.parse().expect("a header"));
            }
            read(request, 3)
        };
        assert_eq!(read_of(Body::from("abc"), None).await.expect("a body"), "abc");
        assert!(matches!(read_of(Body::from("abcd"), None).await, Err(WebError::TooLarge { bytes_max: 3 })));
        assert!(matches!(read_of(Body::empty(), Some("4")).await, Err(WebError::TooLarge { bytes_max: 3 })));
    }
}
