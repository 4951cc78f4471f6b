//! One connection. HTTP/2 stands on the `h2` crate itself: resets, GOAWAY and how many streams may be open are part of
//! what a push service says. HTTP/1.1 is hyper's.

use super::limit::Limited;
use super::reply::{Cut, Effect, Reply};
use super::routes;
use super::state::State;
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use h2::server::{Connection, SendResponse};
use h2::{Reason, RecvStream};
use http::{HeaderValue, Request, Response, header};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::future::poll_fn;
use std::io;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;

/// Most requests at a time on one HTTP/2 connection, once the sender is known.
const STREAMS_MAX: u32 = 1_000;
/// What one HTTP/2 connection may send before we have read it, bytes.
const WINDOW_BYTES: u32 = 4 * 1_024 * 1_024;
/// What one stream may send before we have read it, bytes: HTTP/2's own default, said again when the limit rises.
const STREAM_WINDOW_BYTES: u32 = 65_535;
/// Most of a body that is read, bytes: more than any push may have, so that what is too long is seen to be.
const BODY_BYTES_MAX: usize = 32 * 1_024;
/// Largest block of request headers read, bytes.
const HEADER_BYTES_MAX: u32 = 16 * 1_024;
/// How HTTP/2 begins (RFC 9113 §3.4), and nothing else does.
const HTTP2_BEGIN: &[u8; 3] = b"PRI";
/// How long TLS may take to set up.
const HANDSHAKE_S_MAX: u64 = 10;

/// Why a connection ended otherwise than by its peer's wish.
#[derive(Debug, thiserror::Error)]
pub(super) enum ConnectionError {
    #[error("the socket failed")]
    Socket(#[from] io::Error),
    #[error("TLS was not set up in time")]
    Slow(#[from] tokio::time::error::Elapsed),
    #[error("HTTP/2 failed")]
    Http2(#[from] h2::Error),
    #[error("HTTP/1.1 failed")]
    Http1(#[from] hyper::Error),
}

/// Serves one connection to its end.
pub(super) async fn connection(
    tcp: TcpStream,
    acceptor: TlsAcceptor,
    state: Arc<State>,
) -> Result<(), ConnectionError> {
    tcp.set_nodelay(true)?;
    let mut tls = tokio::time::timeout(Duration::from_secs(HANDSHAKE_S_MAX), acceptor.accept(tcp)).await??;
    if let Some(protocol) = tls.get_ref().1.alpn_protocol() {
        let is_http2 = protocol == b"h2";
        return speak(is_http2, tls, state).await;
    }
    // Some senders know that Apple speaks HTTP/2 and do not ask.
    let mut first = [0; HTTP2_BEGIN.len()];
    tokio::time::timeout(Duration::from_secs(HANDSHAKE_S_MAX), tls.read_exact(&mut first)).await??;
    let (read, write) = tokio::io::split(tls);
    speak(&first == HTTP2_BEGIN, tokio::io::join(io::Cursor::new(first).chain(read), write), state).await
}

async fn speak<S>(is_http2: bool, io: S, state: Arc<State>) -> Result<(), ConnectionError>
where
    S: AsyncRead + AsyncWrite + Unpin + Send,
{
    if is_http2 {
        return Ok(http2(Limited::new(io, STREAMS_MAX), &state).await?);
    }
    let service = service_fn(move |request| http1(Arc::clone(&state), request));
    let mut builder = hyper::server::conn::http1::Builder::new();
    Ok(builder.timer(TokioTimer::new()).serve_connection(TokioIo::new(io), service).await?)
}

async fn http1(state: Arc<State>, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Cut> {
    let (parts, mut incoming) = request.into_parts();
    let mut body = BytesMut::new();
    while body.len() < BODY_BYTES_MAX
        && let Some(frame) = incoming.frame().await
    {
        // The peer took its request back, or the connection is over.
        let frame = frame.map_err(|_| Cut::Drop)?;
        body.extend_from_slice(frame.into_data().as_deref().unwrap_or_default());
    }
    let Reply { head, body, effect } = routes::answer(&state, &parts, &body.freeze()).await?;
    let mut response = head.map(|()| Full::new(body));
    if effect.goaway {
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    Ok(response)
}

type Accepted = Option<Result<(Request<RecvStream>, SendResponse<Bytes>), h2::Error>>;

async fn http2<S>(io: Limited<S>, state: &State) -> Result<(), h2::Error>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut connection = h2::server::Builder::new()
        .max_concurrent_streams(STREAMS_MAX)
        .initial_window_size(STREAM_WINDOW_BYTES)
        .initial_connection_window_size(WINDOW_BYTES)
        .max_header_list_size(HEADER_BYTES_MAX)
        .handshake(io)
        .await?;
    state.count_connection();
    let mut streams = FuturesUnordered::new();
    let mut limit = Limit::First;
    loop {
        tokio::select! {
            // Answers first: they go out together when the connection is driven on.
            biased;
            Some(ended) = streams.next(), if !streams.is_empty() => match ended {
                Ok(Effect { known, goaway }) => {
                    if known && limit == Limit::First {
                        limit = Limit::Rising;
                    }
                    if goaway {
                        connection.graceful_shutdown();
                    }
                }
                Err(Cut::Drop) => return Ok(()),
                Err(Cut::Reset) => {}
            },
            accepted = poll_fn(|context| poll(&mut connection, &mut limit, context)) => {
                let Some(accepted) = accepted else { return Ok(()) };
                let (request, respond) = accepted?;
                // A peer that has not read our SETTINGS yet may open more: they are counted, not refused.
                if limit != Limit::Raised && !streams.is_empty() && routes::is_apns(request.uri().path()) {
                    state.count_early_stream();
                }
                streams.push(stream(state, request, respond));
            }
        }
    }
}

/// How many streams may be open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Limit {
    First,
    /// The sender is known; the peer is told as soon as it has confirmed our first SETTINGS.
    Rising,
    Raised,
}

fn poll<S>(connection: &mut Connection<S, Bytes>, limit: &mut Limit, context: &mut Context<'_>) -> Poll<Accepted>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    loop {
        let accepted = connection.poll_accept(context);
        if *limit != Limit::Rising || accepted.is_ready() {
            return accepted;
        }
        // This fails while the first SETTINGS are not confirmed; their confirmation wakes us again.
        if connection.set_initial_window_size(STREAM_WINDOW_BYTES).is_err() {
            return Poll::Pending;
        }
        *limit = Limit::Raised;
    }
}

async fn stream(state: &State, request: Request<RecvStream>, mut respond: SendResponse<Bytes>) -> Result<Effect, Cut> {
    let (parts, mut incoming) = request.into_parts();
    let Ok(body) = read(&mut incoming).await else {
        // The peer took its request back, or the connection is over.
        return Ok(Effect::default());
    };
    let reply = match routes::answer(state, &parts, &body).await {
        Ok(reply) => reply,
        Err(cut) => {
            respond.send_reset(Reason::INTERNAL_ERROR);
            return Err(cut);
        }
    };
    let ends = reply.body.is_empty();
    let sent = respond
        .send_response(reply.head, ends)
        .and_then(|mut stream| if ends { Ok(()) } else { stream.send_data(reply.body, true) });
    if let Err(error) = sent {
        tracing::debug!(%error, "an answer of the sandbox found nobody");
    }
    Ok(reply.effect)
}

async fn read(incoming: &mut RecvStream) -> Result<Bytes, h2::Error> {
    let Some(first) = incoming.data().await.transpose()? else { return Ok(Bytes::new()) };
    incoming.flow_control().release_capacity(first.len())?;
    if incoming.is_end_stream() {
        return Ok(first);
    }
    let mut body = BytesMut::from(first);
    while body.len() < BODY_BYTES_MAX
        && let Some(part) = incoming.data().await.transpose()?
    {
        incoming.flow_control().release_capacity(part.len())?;
        body.extend_from_slice(&part);
    }
    Ok(body.freeze())
}
