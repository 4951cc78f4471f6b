//! Which request goes where.

use super::manage;
use super::reply::{Cut, Reply};
use super::state::State;
use super::{apns, fcm, oauth, webpush};
use bytes::Bytes;
use http::Method;
use http::request::Parts;

/// Whether a request is for Apple's service, which allows one stream until it knows the sender.
pub(super) fn is_apns(path: &str) -> bool {
    apns::is_path(path)
}

/// Answers one request.
pub(super) async fn answer(state: &State, parts: &Parts, body: &Bytes) -> Result<Reply, Cut> {
    let path = parts.uri.path();
    if apns::is_path(path) {
        return apns::push(state, parts, body).await;
    }
    if let (Some(id), &Method::POST) = (path.strip_prefix("/push/"), &parts.method) {
        return webpush::push(state, parts, id, body).await;
    }
    let project = path.strip_prefix("/v1/projects/").and_then(|rest| rest.strip_suffix("/messages:send"));
    if let Some(project) = project {
        return fcm::send(state, parts, project, body).await;
    }
    if path == "/token" {
        return Ok(oauth::token(state, parts, body));
    }
    Ok(manage::answer(state, parts))
}
