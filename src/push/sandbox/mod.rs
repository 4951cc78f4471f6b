//! A push service of our own, for tests, demos and integrators: Web Push over TLS with HTTP/2 and HTTP/1.1. It plays
//! push service and browser at once: it hands out subscriptions, checks every push as strictly as the RFCs allow,
//! decrypts it with code of its own, remembers it, and answers as it was told to.
//!
//! | request | does |
//! |---|---|
//! | `POST /push/{id}` | a push |
//! | `POST /subscriptions?count=N&status=…&retry_after=…&delay_ms=…&times=…` | new subscriptions, all with that behaviour |
//! | `PUT /subscriptions/{id}?status=…&…` | another behaviour for one of them |
//! | `GET /messages?after=N&limit=M` | what was received, oldest first |
//! | `DELETE /messages` | forgets them and sets the counts to zero |
//! | `GET /counts` | how much was received, accepted, wrong, and (unless `?each=false`) accepted for each subscription |
//!
//! `status` is a status code or `reset`; `times` makes only the first so many pushes go wrong. It keeps nothing on
//! disk but its certificate authority, and nobody should reach it from outside: its management needs no password.

mod authority;
mod check;
mod routes;
mod state;

pub use authority::{Authority, AuthorityError};
pub use state::{MESSAGES_KEPT_MAX, SUBSCRIPTIONS_MAX};

use crate::clock::Clock;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use state::State;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

/// Most connections at a time.
const CONNECTIONS_MAX: usize = 1_024;
/// Most requests at a time on one HTTP/2 connection.
const STREAMS_MAX: u32 = 1_024;
/// What one HTTP/2 connection may send before we have read it, bytes.
const WINDOW_BYTES: u32 = 4 * 1_024 * 1_024;
/// How long TLS may take to set up.
const HANDSHAKE_S_MAX: u64 = 10;
/// Pause after a connection could not be accepted, for lack of file descriptors for example.
const ACCEPT_PAUSE_MS: u64 = 50;

/// What a sandbox needs.
pub struct SandboxOptions {
    pub authority: Authority,
    /// Only its real time is used.
    pub clock: Clock,
    /// Whether to offer HTTP/1.1 only, as a push service behind an old proxy would.
    pub http1_only: bool,
}

/// Serves until `shutdown` comes true; connections are then dropped.
///
/// # Errors
/// The listener has no address, or no certificate could be made for it.
pub async fn serve(
    listener: TcpListener,
    options: SandboxOptions,
    shutdown: impl Future<Output = ()>,
) -> Result<(), AuthorityError> {
    let address = listener.local_addr().map_err(AuthorityError::Listen)?;
    let acceptor = TlsAcceptor::from(Arc::new(options.authority.server_config(options.http1_only)?));
    let state = Arc::new(State::new(origin(address), options.clock));
    let connections = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let mut tasks = JoinSet::new();
    tokio::pin!(shutdown);
    loop {
        let permit = Arc::clone(&connections).acquire_owned().await.expect("never closed");
        tokio::select! {
            () = &mut shutdown => break,
            accepted = listener.accept() => match accepted {
                Ok((tcp, _)) => {
                    let (acceptor, state) = (acceptor.clone(), Arc::clone(&state));
                    tasks.spawn(async move {
                        connection(tcp, acceptor, state).await;
                        drop(permit);
                    });
                }
                Err(error) => {
                    tracing::warn!(%error, "a connection to the sandbox was not accepted");
                    tokio::time::sleep(Duration::from_millis(ACCEPT_PAUSE_MS)).await;
                }
            },
            Some(ended) = tasks.join_next() => {
                if let Err(error) = ended {
                    tracing::error!(%error, "a connection of the sandbox ended badly");
                }
            }
        }
    }
    tasks.shutdown().await;
    Ok(())
}

/// The address that subscriptions name: a listener on all addresses is reached on this machine.
pub fn origin(address: SocketAddr) -> String {
    if address.ip().is_unspecified() {
        format!("https://localhost:{}", address.port())
    } else {
        format!("https://{address}")
    }
}

async fn connection(tcp: TcpStream, acceptor: TlsAcceptor, state: Arc<State>) {
    let served = async {
        tcp.set_nodelay(true)?;
        let tls = tokio::time::timeout(Duration::from_secs(HANDSHAKE_S_MAX), acceptor.accept(tcp)).await??;
        let service = service_fn(move |request| routes::answer(Arc::clone(&state), request));
        let mut builder = Builder::new(TokioExecutor::new());
        builder.http1().timer(TokioTimer::new());
        builder
            .http2()
            .timer(TokioTimer::new())
            .max_concurrent_streams(STREAMS_MAX)
            .initial_connection_window_size(WINDOW_BYTES);
        builder.serve_connection(TokioIo::new(tls), service).await
    };
    // Peers come and go as they like, and some are told to be reset.
    if let Err(error) = served.await {
        tracing::debug!(%error, "a connection to the sandbox ended");
    }
}
