//! FCM without sockets: *device, letter and access token → request* (Google, "REST Resource: projects.messages"),
//! *response → what it means* ("FCM Error Codes").
//!
//! Messages are those of `fcm_v1`; docs/adr/0017 says why no more of it.

mod account;
mod message;
mod reason;

pub use account::{FcmAccount, FcmAccountError};
pub use message::MESSAGE_BYTES_MAX;
pub(super) use message::message;
pub use reason::read;

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method, Request, Uri};
use url::Url;

/// Headers of a request, with the one that transport adds.
const HEADERS: usize = 3;

/// Where messages of a project go. `None`: its name can never be put into an address.
pub fn address(base_url: &Url, project: &str) -> Option<Uri> {
    let base = base_url.as_str().trim_end_matches('/');
    Uri::try_from(format!("{base}/v1/projects/{project}/messages:send")).ok()
}

/// The request of one push.
pub fn request(address: Uri, message: Bytes, authorization: HeaderValue) -> Request<Bytes> {
    let mut request = Request::new(message);
    *request.method_mut() = Method::POST;
    *request.uri_mut() = address;
    let mut headers = HeaderMap::with_capacity(HEADERS);
    headers.insert(AUTHORIZATION, authorization);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    *request.headers_mut() = headers;
    request
}
