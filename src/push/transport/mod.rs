//! The only sockets towards push services: HTTP/2 by ALPN, HTTP/1.1 where the other side has no more, a few warm
//! connections to each origin, bounds on what is in flight, and a deadline for everything.
//!
//! A request goes on the wire when there is room for all of it; until then it is with us, and may be called off. It is
//! sent again at once only when it is certain that nobody processed it. What may have arrived is left to the caller's
//! schedule.
//!
//! Deliberately absent: redirects, proxies, cookies, and any log line with a path in it.

mod address;
mod connect;
mod cork;
mod http1;
mod http2;
mod pool;
mod together;

use crate::config;
use bytes::Bytes;
use connect::Connector;
use http::header::CONTENT_LENGTH;
use http::{HeaderMap, HeaderValue, Request, StatusCode, Uri, Version};
use pool::Origin;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::Semaphore;

/// Most push services with a pool of their own at a time.
pub const ORIGINS_MAX: usize = 256;
/// Most of an answer's body that is read. A longer one is cut here.
pub const ANSWER_BYTES_MAX: usize = 16 * 1_024;
/// Most connections beyond the first one of each push service, all of them together: with [`ORIGINS_MAX`] the bound on
/// file descriptors. No push service ever waits for another one's.
pub const FURTHER_CONNECTIONS_MAX: usize = 512;
/// How often a request that nobody processed is sent again at once.
const RESENDS_MAX: usize = 4;
/// How long a new connection may take, TLS included.
const CONNECT_MS_MAX: u64 = 5_000;
/// How often a connection is asked whether it still lives: keeps it warm, and finds a dead one.
const PING_EVERY_S: u64 = 20;
/// How long the answer to that may take.
const PONG_S_MAX: u64 = 5;
/// How long a connection may lie idle before it is closed. Long: what is warm is quick when it counts.
const IDLE_S_MAX: u64 = 1_800;

/// Who waited longer than this for an answer when their connection is cut has a failure of their own, milliseconds: nobody
/// answers there.
const CUT_OFF_MS_MAX: u64 = 1_000;

/// The times that a connection lives by.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// From the name to the end of TLS.
    pub connect_max: Duration,
    pub ping_every: Duration,
    pub pong_max: Duration,
    /// Counted in steps of `ping_every`.
    pub idle_max: Duration,
    /// Until when a request may blame another one for the end of their connection.
    pub cut_off_max: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect_max: Duration::from_millis(CONNECT_MS_MAX),
            ping_every: Duration::from_secs(PING_EVERY_S),
            pong_max: Duration::from_secs(PONG_S_MAX),
            idle_max: Duration::from_secs(IDLE_S_MAX),
            cut_off_max: Duration::from_millis(CUT_OFF_MS_MAX),
        }
    }
}

/// What went wrong with HTTP.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    #[error(transparent)]
    Http2(#[from] h2::Error),
    #[error(transparent)]
    Http1(#[from] hyper::Error),
}

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
    #[error(
        "no connection to the push service: another request failed to make one just now, or it closes each at once"
    )]
    Unavailable,
    #[error("TLS with the push service failed")]
    Tls(#[source] std::io::Error),
    #[error("HTTP with the push service failed, or it closed the connection")]
    Exchange(#[source] HttpError),
    #[error("the connection was cut, and other requests on it with this one")]
    CutOff,
    #[error("too many requests to the push service were before this one")]
    Busy,
    #[error("the push service did not take the request in time")]
    Stalled,
    #[error("the push service did not answer in time")]
    Timeout,
}

impl TransportError {
    /// Whether it is the push service that fails, or the way there: what its breaker counts. The rest is about our
    /// settings, about one address, about how much we send, or was counted with another request.
    pub const fn is_services(&self) -> bool {
        match self {
            Self::CaFile(_)
            | Self::TlsSettings(_)
            | Self::Address
            | Self::Origins
            | Self::PrivateAddress
            | Self::CutOff
            | Self::Busy => false,
            Self::Resolve(_)
            | Self::NoAddress
            | Self::Connect(_)
            | Self::ConnectTimeout
            | Self::Unavailable
            | Self::Tls(_)
            | Self::Exchange(_)
            | Self::Stalled
            | Self::Timeout => true,
        }
    }
}

/// What a push service answered.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    /// At most [`ANSWER_BYTES_MAX`] bytes; what came of it, where it broke off.
    pub body: Bytes,
    pub version: Version,
    /// What it came on, where that takes further requests.
    line: Option<http2::Line>,
}

impl Answer {
    /// Nothing more goes on the connection that this came on; what is on it may end.
    pub fn leave(&self) {
        if let Some(line) = &self.line {
            line.leave();
        }
    }
}

/// What came of a request on a connection.
enum Exchanged {
    Answered(Answer),
    /// It was called off before it went.
    NotStarted,
}

/// Why nothing came of it.
enum Failure {
    /// It is certain that nobody processed it.
    Unsent,
    /// Not so certain, or there is no use in trying again at once.
    Lost(TransportError),
}

/// The pools of all push services.
pub struct Transport {
    connector: Arc<Connector>,
    limits: Limits,
    further: Arc<Semaphore>,
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
        Self::with_limits(settings, Limits::default())
    }

    /// The same with other times; tests cannot wait for the usual ones.
    ///
    /// # Errors
    /// As [`Transport::new`].
    pub fn with_limits(settings: &config::Push, limits: Limits) -> Result<Self, TransportError> {
        Ok(Self {
            connector: Arc::new(Connector::new(settings.ca_file.as_deref(), settings.allow_private_endpoints)?),
            limits: Limits { connect_max: limits.connect_max.min(settings.request_timeout), ..limits },
            further: Arc::new(Semaphore::new(FURTHER_CONNECTIONS_MAX)),
            origins: Mutex::default(),
            in_flight_per_origin_max: settings.in_flight_per_origin_max,
            connections_per_origin_max: settings.connections_per_origin_max,
            timeout: settings.request_timeout,
        })
    }

    /// Sends a request and waits for its answer, all within `push.request_timeout_ms`. `origin` names the pool, the
    /// request's URI says where to connect.
    ///
    /// HTTP/2 remembers headers from request to request and sends them short. One whose value is another each time
    /// (`apns-id`) should be marked sensitive, or it pushes the others out; `h2` itself spares paths and
    /// `Authorization`.
    ///
    /// `may_start` is asked, for the last time, when all waiting is over and the bytes are about to go, together with
    /// those of others who are ready to; `None` when it says no.
    ///
    /// # Errors
    /// There was no answer; the request may or may not have arrived.
    pub async fn send(
        &self,
        origin: &str,
        request: &mut Request<Bytes>,
        may_start: &(dyn Fn() -> bool + Send + Sync),
    ) -> Result<Option<Answer>, TransportError> {
        let pool = self.pool(origin)?;
        let deadline = tokio::time::sleep(self.timeout);
        tokio::pin!(deadline);
        let _turn = tokio::select! {
            biased;
            turn = pool.permits.acquire() => turn.expect("never closed"),
            () = deadline.as_mut() => return Err(TransportError::Busy),
        };
        tell_length(request);
        for _ in 0..=RESENDS_MAX {
            let loan = tokio::select! {
                biased;
                loan = pool.borrow(&self.connector, request.uri()) => loan?,
                () = deadline.as_mut() => return Err(TransportError::Busy),
            };
            match loan.exchange(request, may_start, &mut deadline).await {
                Ok(Exchanged::Answered(answer)) => return Ok(Some(answer)),
                Ok(Exchanged::NotStarted) => return Ok(None),
                Err(Failure::Unsent) => {}
                Err(Failure::Lost(error)) => return Err(error),
            }
        }
        Err(TransportError::Unavailable)
    }

    /// Makes a connection to an origin, TLS included, and drops it.
    ///
    /// # Errors
    /// Why none can be made.
    pub async fn reach(&self, origin: &str) -> Result<(), TransportError> {
        let uri = origin.parse::<Uri>().map_err(|_| TransportError::Address)?;
        tokio::time::timeout(self.limits.connect_max, self.connector.connect(&uri))
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
        let (in_flight_max, connections_max) = (self.in_flight_per_origin_max, self.connections_per_origin_max);
        let pool = Origin::new(origin, in_flight_max, connections_max, self.limits, Arc::clone(&self.further));
        let pool = Arc::new(pool);
        origins.insert(origin.to_owned(), Arc::clone(&pool));
        Ok(pool)
    }
}

/// HTTP/2 could do without a length; not every push service need take that.
fn tell_length(request: &mut Request<Bytes>) {
    let length = request.body().len();
    if length > 0 {
        request.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(length));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_tells_how_long_its_body_is() {
        let (mut long, mut empty) = (Request::new(Bytes::from_static(b"twelve bytes")), Request::new(Bytes::new()));
        tell_length(&mut long);
        assert_eq!(long.headers()["content-length"], "12");
        tell_length(&mut empty);
        assert!(empty.headers().is_empty());
    }
}
