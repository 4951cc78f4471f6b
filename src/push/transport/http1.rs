//! Requests on HTTP/1.1 connections, one at a time, for push services that have no more.

use super::{ANSWER_BYTES_MAX, Answer, Exchanged, Failure, TransportError};
use bytes::{Bytes, BytesMut};
use http::header::HOST;
use http::{HeaderValue, Request, Uri};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use std::future::Future;
use std::pin::Pin;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::Sleep;

/// Largest block of answer headers read.
const HEADER_BYTES_MAX: usize = 16 * 1_024;

pub(super) type Sending = http1::SendRequest<Full<Bytes>>;

/// The end that requests go into, and what runs until the connection is over.
pub(super) async fn handshake<S>(stream: S) -> Result<(Sending, impl Future<Output = ()>), TransportError>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (sending, connection) = http1::Builder::new()
        .max_buf_size(HEADER_BYTES_MAX)
        .handshake(TokioIo::new(stream))
        .await
        .map_err(|error| TransportError::Exchange(error.into()))?;
    let driven = async {
        // Why it ended is told to the request on it.
        if let Err(error) = connection.await {
            tracing::debug!(%error, "an HTTP/1.1 connection to a push service ended");
        }
    };
    Ok((sending, driven))
}

/// One request and its answer. `true` beside the answer: the connection can be used again.
pub(super) async fn exchange(
    sending: &mut Sending,
    request: &Request<Bytes>,
    may_start: &(dyn Fn() -> bool + Send + Sync),
    deadline: &mut Pin<&mut Sleep>,
) -> Result<(Exchanged, bool), Failure> {
    let request = with_host(request)?;
    let response = tokio::select! {
        biased;
        ready = sending.ready() => {
            if ready.is_err() {
                return Err(Failure::Unsent);
            }
            if !may_start() {
                return Ok((Exchanged::NotStarted, true));
            }
            let exchange = sending.try_send_request(request);
            tokio::select! {
                biased;
                response = exchange => response,
                () = deadline.as_mut() => return Err(Failure::Lost(TransportError::Timeout)),
            }
        }
        () = deadline.as_mut() => return Err(Failure::Lost(TransportError::Stalled)),
    };
    let response = response.map_err(|mut failed| match failed.take_message() {
        Some(_) => Failure::Unsent,
        None => Failure::Lost(TransportError::Exchange(failed.into_error().into())),
    })?;
    let (parts, body) = response.into_parts();
    // What counts most is known; a body that breaks off only costs the connection.
    let mut bytes = BytesMut::new();
    let complete = tokio::select! {
        biased;
        complete = read(body, &mut bytes) => complete,
        () = deadline.as_mut() => false,
    };
    let (status, headers, version) = (parts.status, parts.headers, parts.version);
    let answer = Answer { status, headers, body: bytes.freeze(), version, line: None };
    Ok((Exchanged::Answered(answer), complete))
}

/// HTTP/1.1 has the host in a header and only the path in its first line (RFC 9112 §3.2.1).
fn with_host(request: &Request<Bytes>) -> Result<Request<Full<Bytes>>, Failure> {
    let wrong = || Failure::Lost(TransportError::Address);
    let mut whole = Request::new(Full::new(request.body().clone()));
    let authority = request.uri().authority().ok_or_else(wrong)?;
    let host = HeaderValue::from_str(authority.as_str()).map_err(|_| wrong())?;
    *whole.method_mut() = request.method().clone();
    *whole.uri_mut() = Uri::from(request.uri().path_and_query().cloned().ok_or_else(wrong)?);
    *whole.headers_mut() = request.headers().clone();
    whole.headers_mut().insert(HOST, host);
    Ok(whole)
}

/// Reads the body to its end; `false` when it is too long or breaks off.
async fn read(mut body: Incoming, bytes: &mut BytesMut) -> bool {
    while let Some(frame) = body.frame().await {
        let Ok(frame) = frame else { return false };
        let Some(data) = frame.data_ref() else { continue };
        let room = ANSWER_BYTES_MAX - bytes.len();
        bytes.extend_from_slice(&data[..data.len().min(room)]);
        if data.len() > room {
            return false;
        }
    }
    true
}
