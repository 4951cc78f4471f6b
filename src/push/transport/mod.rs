//! The only sockets towards push services: HTTP/2 by ALPN, HTTP/1.1 where the other side has no more, a few warm
//! connections to each origin, bounds on what is in flight, and a deadline for everything.
//!
//! Deliberately absent: redirects, proxies, cookies, automatic retries of anything that may have begun, and any log
//! line with a path in it.

mod connect;
mod pool;

use crate::config;
use bytes::{Bytes, BytesMut};
use connect::Connector;
use http::header::HOST;
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode, Uri, Version};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use pool::{Loan, Origin};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::Semaphore;

/// Most push services with a pool of their own at a time.
pub const ORIGINS_MAX: usize = 256;
/// Most of an answer's body that is read. A longer one is cut here, and its connection given up.
pub const ANSWER_BYTES_MAX: usize = 16 * 1_024;
/// Connections that turn out to be closed before a request went on them, before it is given up.
const STALE_MAX: usize = 3;
/// How long a new connection may take, TLS included.
const CONNECT_MS_MAX: u64 = 5_000;

/// Why a request has no answer. All of them mean: try again later.
#[derive(Debug, thiserror::Error)]
pub enum TransportError {
    #[error("the file of certificate authorities cannot be read")]
    CaFile(#[source] rustls::pki_types::pem::Error),
    #[error("TLS cannot be set up")]
    TlsSettings(#[source] rustls::Error),
    #[error("the request's address cannot be connected to")]
    Address,
    #[error("more than {ORIGINS_MAX} push services are busy")]
    Origins,
    #[error("the push service's name cannot be resolved")]
    Resolve(#[source] std::io::Error),
    #[error("the push service's name has no address")]
    NoAddress,
    #[error("the push service's name leads into a private network")]
    PrivateAddress,
    #[error("no connection to the push service")]
    Connect(#[source] std::io::Error),
    #[error("no connection to the push service in time")]
    ConnectTimeout,
    #[error("no connection to the push service: another request failed to make one just now")]
    Unavailable,
    #[error("TLS with the push service failed")]
    Tls(#[source] std::io::Error),
    #[error("HTTP with the push service failed")]
    Handshake(#[source] hyper::Error),
    #[error("the push service closed the connection")]
    Exchange(#[source] hyper::Error),
    #[error("the push service did not answer in time")]
    Timeout,
}

/// What a push service answered.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    /// At most [`ANSWER_BYTES_MAX`] bytes; what came of it, where it broke off.
    pub body: Bytes,
    pub version: Version,
}

/// The pools of all push services.
pub struct Transport {
    connector: Connector,
    permits: Semaphore,
    origins: Mutex<HashMap<String, Arc<Origin>>>,
    in_flight_per_origin_max: usize,
    connections_per_origin_max: usize,
    timeout: Duration,
}

impl std::fmt::Debug for Transport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Transport(…)")
    }
}

impl Transport {
    /// Pools after the settings. Connects to nothing yet.
    ///
    /// # Errors
    /// `push.ca_file` cannot be read, or there is no certificate authority at all.
    pub fn new(settings: &config::Push) -> Result<Self, TransportError> {
        Ok(Self {
            connector: Connector::new(settings.ca_file.as_deref(), settings.allow_private_endpoints)?,
            permits: Semaphore::new(settings.in_flight_max),
            origins: Mutex::default(),
            in_flight_per_origin_max: settings.in_flight_per_origin_max,
            connections_per_origin_max: settings.connections_per_origin_max,
            timeout: settings.request_timeout,
        })
    }

    /// Sends a request and waits for its answer. `origin` names the pool.
    ///
    /// `may_start` is asked when all waiting is over and the bytes are about to go; `None` when it says no.
    ///
    /// # Errors
    /// There was no answer; the request may or may not have arrived.
    pub async fn send(
        &self,
        origin: &str,
        request: Request<Bytes>,
        may_start: &(dyn Fn() -> bool + Send + Sync),
    ) -> Result<Option<Answer>, TransportError> {
        let pool = self.pool(origin)?;
        let _all = self.permits.acquire().await.expect("never closed");
        let _here = pool.permits.acquire().await.expect("never closed");
        let connect_timeout = self.timeout.min(Duration::from_millis(CONNECT_MS_MAX));
        let uri = request.uri().clone();
        let mut request = request.map(Full::new);
        let mut stale = 0;
        loop {
            let loan = tokio::time::timeout(self.timeout, pool.borrow(&self.connector, &uri, connect_timeout))
                .await
                .map_err(|_| TransportError::ConnectTimeout)??;
            if !may_start() {
                // Nothing went on it.
                loan.give_back();
                return Ok(None);
            }
            match self.exchange(loan, request, &uri).await {
                Ok(answer) => return Ok(Some(answer)),
                Err(Failure::Stale(unsent)) if stale < STALE_MAX => {
                    stale += 1;
                    request = *unsent;
                    uri.clone_into(request.uri_mut());
                    request.headers_mut().remove(HOST);
                }
                Err(Failure::Stale(_)) => return Err(TransportError::Unavailable),
                Err(Failure::Lost(error)) => return Err(error),
            }
        }
    }

    /// Makes a connection to an origin, TLS included, and drops it.
    ///
    /// # Errors
    /// Why none can be made.
    pub async fn reach(&self, origin: &str) -> Result<(), TransportError> {
        let uri = origin.parse::<Uri>().map_err(|_| TransportError::Address)?;
        let connect_timeout = self.timeout.min(Duration::from_millis(CONNECT_MS_MAX));
        tokio::time::timeout(connect_timeout, self.connector.connect(&uri))
            .await
            .map_err(|_| TransportError::ConnectTimeout)?
            .map(drop)
    }

    fn pool(&self, origin: &str) -> Result<Arc<Origin>, TransportError> {
        let mut origins = self.origins.lock().expect("no one panics while holding it");
        if let Some(pool) = origins.get(origin) {
            return Ok(Arc::clone(pool));
        }
        if origins.len() >= ORIGINS_MAX {
            // Those that nothing is sent to lose their connections.
            origins.retain(|_, pool| Arc::strong_count(pool) > 1);
        }
        if origins.len() >= ORIGINS_MAX {
            return Err(TransportError::Origins);
        }
        let pool = Arc::new(Origin::new(self.in_flight_per_origin_max, self.connections_per_origin_max));
        origins.insert(origin.to_owned(), Arc::clone(&pool));
        Ok(pool)
    }

    async fn exchange(&self, mut loan: Loan, request: Request<Full<Bytes>>, uri: &Uri) -> Result<Answer, Failure> {
        let deadline = tokio::time::sleep(self.timeout);
        tokio::pin!(deadline);
        let response = tokio::select! {
            sent = start(&mut loan, request, uri) => sent?,
            () = &mut deadline => {
                loan.unanswered();
                return Err(Failure::Lost(TransportError::Timeout));
            }
        };
        let (parts, body) = Response::into_parts(response);
        // What counts most is known; a body that breaks off only costs the connection.
        let mut bytes = BytesMut::new();
        let complete = tokio::select! {
            complete = read(body, &mut bytes) => complete,
            () = &mut deadline => false,
        };
        if complete {
            loan.give_back();
        }
        Ok(Answer { status: parts.status, headers: parts.headers, body: bytes.freeze(), version: parts.version })
    }
}

async fn start(loan: &mut Loan, request: Request<Full<Bytes>>, uri: &Uri) -> Result<Response<Incoming>, Failure> {
    let sent = match loan {
        Loan::H2(loan) => loan.sending().try_send_request(request).await,
        Loan::H1(loan) => {
            let sending = loan.sending();
            if sending.ready().await.is_err() {
                return Err(Failure::Stale(Box::new(request)));
            }
            sending.try_send_request(for_http1(request, uri)?).await
        }
    };
    sent.map_err(|mut failed| match failed.take_message() {
        Some(unsent) => Failure::Stale(Box::new(unsent)),
        None => Failure::Lost(TransportError::Exchange(failed.into_error())),
    })
}

/// HTTP/1.1 has the host in a header and only the path in its first line (RFC 9112 §3.2.1).
fn for_http1(mut request: Request<Full<Bytes>>, uri: &Uri) -> Result<Request<Full<Bytes>>, Failure> {
    let wrong = || Failure::Lost(TransportError::Address);
    let authority = uri.authority().ok_or_else(wrong)?;
    let host = HeaderValue::from_str(authority.as_str()).map_err(|_| wrong())?;
    let path = uri.path_and_query().cloned().ok_or_else(wrong)?;
    *request.uri_mut() = Uri::from(path);
    request.headers_mut().insert(HOST, host);
    Ok(request)
}

enum Failure {
    /// The connection was closed before anything went on it.
    Stale(Box<Request<Full<Bytes>>>),
    Lost(TransportError),
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
