//! Push services of our own, for tests, demos and integrators: Web Push, APNs and FCM behind one TLS listener, over
//! HTTP/2, Web Push and FCM over HTTP/1.1 too. It plays push service and device at once: it hands out subscriptions and
//! credentials, checks every push as strictly as the services' rules allow, decrypts it with code of its own, remembers
//! it, counts what came twice or in the wrong order, and answers as it was told to.
//!
//! | request | does |
//! |---|---|
//! | `POST /push/{id}` | a push, as RFC 8030 has it |
//! | `POST /3/device/{token}` | a push, as Apple has it |
//! | `POST /v1/projects/{project}/messages:send`, `POST /token` | a message, as Firebase has it, and the token for it |
//! | `POST /subscriptions?channel=…&count=N&status=…&reason=…&retry_after=…&delay_ms=…&times=…` | new subscriptions, all with that behaviour |
//! | `PUT /subscriptions/{id}?status=…&…` | another behaviour for one of them |
//! | `PUT /faults?fault=…&channel=…&share=0.3&seed=…&times=…&duration_ms=…&retry_after=…&delay_ms=…&reason=…` | a fault for a share of all recipients; `GET`, `DELETE /faults` |
//! | `GET /credentials` | a key for APNs and a service account for FCM that it takes |
//! | `DELETE /tokens` | no access token for FCM holds any more |
//! | `GET /messages?after=N&limit=M` | what was received, oldest first |
//! | `GET /waiting/{id}` | what of it would still wait for a device that was away: what the services keep |
//! | `DELETE /messages` | forgets them and sets the counts to zero |
//! | `GET /counts` | how much was received, accepted, twice, in the wrong order and wrong, by channel, tier and message, and (unless `?each=false`) accepted for each subscription |
//! | `GET /told?alert=…&then=…` | how many accepted an alert, how often again, when last, and how many of them have not accepted another one |
//! | `PUT /settings?decrypt_every=N&quota_per_minute=N&token_update_s=N` | how many pushes are decrypted and kept, Firebase's quota, how often Apple takes another token |
//!
//! `status` is a status code, `reset`, `drop` or `goaway`; `reason` a service's own word, as `BadDeviceToken` or
//! `UNREGISTERED`, which has a status of its own; `times` makes only the first so many pushes go wrong. `fault` is
//! `gone`, `throttled`, `unavailable`, `stall`, `reset`, `drop`, `goaway`, `unauthorized` or `bad-token`. With
//! `compact=true` new subscriptions come as a prefix, a count and (Web Push, `keys=K`) K key pairs that they share in
//! turn: an id is the prefix and the number in eight hexadecimal digits.
//!
//! It keeps nothing on disk but its certificate authority and credentials, and nobody should reach it from outside: its
//! management needs no password.

mod apns;
mod apns_payload;
mod authority;
mod away;
mod behaviour;
mod check;
mod credentials;
mod fcm;
mod fcm_schema;
mod jwt;
mod limit;
mod manage;
mod oauth;
mod provider;
mod recipients;
mod reply;
mod routes;
mod server;
mod service;
mod state;
mod tally;
mod webpush;

pub use authority::{Authority, AuthorityError};
pub use credentials::{APNS_KEY_FILE, CredentialFiles, CredentialsError, FCM_ACCOUNT_FILE, write_credentials};
pub use recipients::SUBSCRIPTIONS_MAX;
pub use state::MESSAGES_KEPT_MAX;

use crate::clock::Clock;
use state::State;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

/// Most connections at a time.
const CONNECTIONS_MAX: usize = 1_024;
/// Pause after a connection could not be accepted, for lack of file descriptors for example.
const ACCEPT_PAUSE_MS: u64 = 50;

/// What a sandbox needs.
pub struct SandboxOptions {
    pub authority: Authority,
    /// Only its real time is used.
    pub clock: Clock,
    /// Whether to offer HTTP/1.1 only, as a push service behind an old proxy would.
    pub http1_only: bool,
    /// Of so many pushes, one is decrypted and kept to be looked at, besides the first of each chain; the others are
    /// only counted. 1: all of them.
    pub decrypt_every: u64,
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
    let state = Arc::new(State::new(origin(address), options.clock, &options.authority));
    state.read_every(options.decrypt_every);
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
                        // Peers come and go as they like, and some are told to be reset.
                        if let Err(error) = server::connection(tcp, acceptor, state).await {
                            tracing::debug!(%error, "a connection to the sandbox ended");
                        }
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
