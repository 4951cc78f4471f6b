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
use http::{HeaderValue, Request};
use url::Url;

/// The request of one push. `None`: the project's name can never be put into one.
pub fn request(base_url: &Url, project: &str, message: String, authorization: HeaderValue) -> Option<Request<Bytes>> {
    let base = base_url.as_str().trim_end_matches('/');
    Request::post(format!("{base}/v1/projects/{project}/messages:send"))
        .header(AUTHORIZATION, authorization)
        .header(CONTENT_TYPE, HeaderValue::from_static("application/json"))
        .body(Bytes::from(message))
        .ok()
}
