//! One HTTP/2 connection (RFC 9113), on the `h2` crate itself.

use super::cork::{Corked, Opener, cork};
use super::together::Together;
use super::{ANSWER_BYTES_MAX, Answer, Exchanged, Failure, Limits, TransportError};
use bytes::{Bytes, BytesMut};
use h2::client::{ResponseFuture, SendRequest};
use h2::{Ping, PingPong, Reason, RecvStream, SendStream};
use http::{Request, Response, StatusCode, Version};
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Instant, Sleep};

/// Largest block of answer headers read.
const HEADER_BYTES_MAX: u32 = 16 * 1_024;
/// What a push service may send on one connection before we have read it, bytes.
const WINDOW_BYTES: u32 = 1_024 * 1_024;
/// A connection on which this many requests in a row had no answer is given up: its other end may be gone.
const UNANSWERED_MAX: u32 = 8;
/// After this time a connection whose first answer has not come no longer keeps others from being opened, milliseconds.
const PRIME_MS_PATIENCE: u64 = 1_000;

/// The end that requests go into.
pub(super) struct Connection {
    sending: SendRequest<Bytes>,
    known: Arc<Known>,
    together: Arc<Together>,
    cut_off_max: Duration,
}

/// What is known of a connection, by its requests and by its driver.
#[derive(Default)]
struct Known {
    in_flight: AtomicUsize,
    /// Requests begun so far.
    begun: AtomicU64,
    unanswered: AtomicU32,
    /// What the push service allows.
    streams_max: AtomicUsize,
    /// An answer came that was no refusal of our key. Until then there is one request at a time: Apple allows no more
    /// before it has accepted a token, and the first answer tells whether the connection is any good.
    primed: AtomicBool,
    /// The first answer is long in coming.
    late: AtomicBool,
    /// Takes no more requests; those on it may end.
    closing: AtomicBool,
    /// It broke under the requests on it.
    cut: AtomicBool,
    /// One of them has answered for that.
    blamed: AtomicBool,
}

/// The connection that an answer came on.
#[derive(Clone)]
pub(super) struct Line(Arc<Known>);

impl Line {
    /// Takes no more requests; those on it may end.
    pub(super) fn leave(&self) {
        self.0.closing.store(true, Ordering::Relaxed);
    }
}

impl std::fmt::Debug for Line {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Line(…)")
    }
}

/// Runs the connection.
pub(super) struct Driver<S> {
    connection: h2::client::Connection<Corked<S>>,
    opener: Opener<S>,
    /// What is kept has waited for its turn to go.
    waited: bool,
    pings: PingPong,
    known: Arc<Known>,
    limits: Limits,
}

/// Begins to speak HTTP/2. The preface goes out with the first request.
pub(super) async fn handshake<S>(
    stream: S,
    limits: Limits,
    together: Arc<Together>,
) -> Result<(Connection, Driver<S>), TransportError>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let (corked, opener) = cork(stream);
    let (sending, mut connection) = h2::client::Builder::new()
        .initial_max_send_streams(1)
        .initial_connection_window_size(WINDOW_BYTES)
        .max_header_list_size(HEADER_BYTES_MAX)
        .enable_push(false)
        .handshake(corked)
        .await
        .map_err(|error| TransportError::Exchange(error.into()))?;
    let known = Arc::new(Known { streams_max: AtomicUsize::new(1), ..Known::default() });
    let pings = connection.ping_pong().expect("it is taken once");
    let driver = Driver { connection, opener, waited: false, pings, known: Arc::clone(&known), limits };
    Ok((Connection { sending, known, together, cut_off_max: limits.cut_off_max }, driver))
}

impl Connection {
    pub(super) fn is_open(&self) -> bool {
        !self.known.closing.load(Ordering::Relaxed)
    }

    pub(super) fn in_flight(&self) -> usize {
        self.known.in_flight.load(Ordering::Relaxed)
    }

    pub(super) fn has_room(&self) -> bool {
        self.in_flight() < if self.is_primed() { self.streams_max() } else { 1 }
    }

    /// How many requests it carries, or will soon, when `wanted` are enough.
    pub(super) fn capacity(&self, wanted: usize) -> usize {
        match (self.is_primed(), self.known.late.load(Ordering::Relaxed)) {
            (true, _) => wanted.min(self.streams_max()),
            (false, true) => 1,
            (false, false) => wanted,
        }
    }

    fn is_primed(&self) -> bool {
        self.known.primed.load(Ordering::Relaxed)
    }

    fn streams_max(&self) -> usize {
        self.known.streams_max.load(Ordering::Relaxed).min(self.together.max())
    }

    /// Counts a request that is about to go on it.
    pub(super) fn begin(&self) {
        self.known.in_flight.fetch_add(1, Ordering::Relaxed);
        self.known.begun.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts its end.
    pub(super) fn end(&self) {
        self.known.in_flight.fetch_sub(1, Ordering::Relaxed);
    }

    /// One request and its answer. `true` beside the answer: from now on it carries more than one at a time.
    pub(super) async fn exchange(
        &self,
        request: &Request<Bytes>,
        may_start: &(dyn Fn() -> bool + Send + Sync),
        deadline: &mut Pin<&mut Sleep>,
    ) -> Result<(Exchanged, bool), Failure> {
        if !may_start() {
            return Ok((Exchanged::NotStarted, false));
        }
        let exchanged = self.try_exchange(request, may_start, deadline).await;
        match &exchanged {
            Ok(Exchanged::Answered(answer)) => {
                self.known.unanswered.store(0, Ordering::Relaxed);
                self.together.answered();
                let refused = matches!(answer.status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN);
                let primes = !refused && !self.is_primed();
                if primes {
                    self.known.primed.store(true, Ordering::Relaxed);
                }
                return exchanged.map(|answered| (answered, primes));
            }
            Ok(Exchanged::NotStarted) | Err(Failure::Lost(_)) => {}
            Err(Failure::Unsent) => self.known.closing.store(true, Ordering::Relaxed),
        }
        if matches!(exchanged, Err(Failure::Lost(TransportError::Timeout | TransportError::Stalled))) {
            let in_a_row = self.known.unanswered.fetch_add(1, Ordering::Relaxed) + 1;
            if in_a_row >= UNANSWERED_MAX || !self.is_primed() {
                self.known.closing.store(true, Ordering::Relaxed);
            }
        }
        exchanged.map(|not_started| (not_started, false))
    }

    async fn try_exchange(
        &self,
        request: &Request<Bytes>,
        may_start: &(dyn Fn() -> bool + Send + Sync),
        deadline: &mut Pin<&mut Sleep>,
    ) -> Result<Exchanged, Failure> {
        let body = request.body();
        let began = self.sending.clone().send_request(head(request), body.is_empty());
        let (mut response, mut stream) = began.map_err(|error| self.failure(error, None))?;
        let room = if body.is_empty() {
            Room::All(Bytes::new())
        } else {
            // The body waits for room in the windows of stream and connection, and only then is asked whether it may go:
            // nothing waits in a queue with a yes from long ago. Without its body no request is processed.
            tokio::select! {
                biased;
                room = room(&mut stream, &mut response, body.clone()) => room,
                () = deadline.as_mut() => return Err(Failure::Lost(TransportError::Stalled)),
            }
        };
        let (answered, sent_at) = match room {
            Room::All(_) if !may_start() => {
                stream.send_reset(Reason::CANCEL);
                return Ok(Exchanged::NotStarted);
            }
            Room::All(rest) => {
                let sent = rest.is_empty() || stream.send_data(rest, true).is_ok();
                let sent_at = sent.then(Instant::now);
                (wait(response, deadline).await?, sent_at)
            }
            Room::Never => (wait(response, deadline).await?, None),
            Room::Answered(answered) => (answered, None),
        };
        let (parts, body) = answered.map_err(|error| self.failure(error, sent_at))?.into_parts();
        // What counts most is known; of a body that breaks off what came is kept.
        let mut bytes = Bytes::new();
        tokio::select! {
            biased;
            () = read(body, &mut bytes) => {}
            () = deadline.as_mut() => {}
        }
        let line = Some(Line(Arc::clone(&self.known)));
        let answer = Answer { status: parts.status, headers: parts.headers, body: bytes, version: parts.version, line };
        Ok(Exchanged::Answered(answer))
    }

    /// What an error says of a request whose body was sent whole at that time, or was not.
    fn failure(&self, error: h2::Error, sent_at: Option<Instant>) -> Failure {
        // `h2` reports a GOAWAY only to streams above the last that the push service has looked at (RFC 9113 §6.8), and
        // a refused stream was not processed (§8.7).
        let untouched = error.is_remote() && (error.is_go_away() || error.reason() == Some(Reason::REFUSED_STREAM));
        let over = !error.is_reset();
        if over {
            self.known.closing.store(true, Ordering::Relaxed);
        }
        if over && !untouched && !self.known.cut.swap(true, Ordering::Relaxed) {
            self.together.cut(self.in_flight());
        }
        let waited = sent_at.is_some_and(|at| at.elapsed() >= self.cut_off_max);
        if untouched || (sent_at.is_none() && over) {
            Failure::Unsent
        } else if over && self.known.blamed.swap(true, Ordering::Relaxed) && !waited {
            Failure::Lost(TransportError::CutOff)
        } else {
            Failure::Lost(TransportError::Exchange(error.into()))
        }
    }
}

/// What goes before the body.
fn head(request: &Request<Bytes>) -> Request<()> {
    let mut head = Request::new(());
    *head.method_mut() = request.method().clone();
    *head.uri_mut() = request.uri().clone();
    *head.version_mut() = Version::HTTP_2;
    *head.headers_mut() = request.headers().clone();
    head
}

/// Whether there is room for a body.
enum Room {
    /// For all of it, or for this rest of it.
    All(Bytes),
    /// There will be none: the stream is over. The answer says why.
    Never,
    /// The answer came first.
    Answered(Result<Response<RecvStream>, h2::Error>),
}

/// Waits for room. Where the window is smaller than the body, its beginning goes already.
async fn room(stream: &mut SendStream<Bytes>, response: &mut ResponseFuture, mut rest: Bytes) -> Room {
    stream.reserve_capacity(rest.len());
    poll_fn(|cx| {
        while let Poll::Ready(capacity) = stream.poll_capacity(cx) {
            match capacity {
                Some(Ok(bytes)) if bytes >= rest.len() => return Poll::Ready(Room::All(std::mem::take(&mut rest))),
                Some(Ok(bytes)) => {
                    if bytes > 0 && stream.send_data(rest.split_to(bytes), false).is_err() {
                        return Poll::Ready(Room::Never);
                    }
                    stream.reserve_capacity(rest.len());
                }
                Some(Err(_)) | None => return Poll::Ready(Room::Never),
            }
        }
        Pin::new(&mut *response).poll(cx).map(Room::Answered)
    })
    .await
}

type Answered = Result<Response<RecvStream>, h2::Error>;

async fn wait(response: ResponseFuture, deadline: &mut Pin<&mut Sleep>) -> Result<Answered, Failure> {
    tokio::select! {
        biased;
        answered = response => Ok(answered),
        () = deadline.as_mut() => Err(Failure::Lost(TransportError::Timeout)),
    }
}

/// Reads a body up to [`ANSWER_BYTES_MAX`].
async fn read(mut body: RecvStream, bytes: &mut Bytes) {
    let mut more = BytesMut::new();
    while !body.is_end_stream()
        && let Some(Ok(data)) = body.data().await
    {
        // Only fails when the stream is over.
        let _ = body.flow_control().release_capacity(data.len());
        let room = ANSWER_BYTES_MAX - bytes.len();
        let data = data.slice(..data.len().min(room));
        if bytes.is_empty() {
            *bytes = data;
        } else {
            more.clear();
            more.extend_from_slice(bytes);
            more.extend_from_slice(&data);
            *bytes = more.split().freeze();
        }
        if bytes.len() == ANSWER_BYTES_MAX {
            return;
        }
    }
}

/// Why a connection is over.
#[derive(Debug, thiserror::Error)]
enum End {
    #[error("it was closed")]
    Closed,
    #[error("it broke")]
    Broken(#[source] h2::Error),
    #[error("it could not be written to")]
    Write(#[source] std::io::Error),
    #[error("a ping was not answered")]
    Dead,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Driver<S> {
    /// Runs until the connection is over. `changed` is called when requests that wait may look again.
    pub(super) async fn run(mut self, changed: impl Fn()) {
        let end = self.drive(&changed).await;
        // What it means is told to the requests on it.
        tracing::debug!(error = &end as &dyn std::error::Error, "an HTTP/2 connection to a push service ended");
        self.known.closing.store(true, Ordering::Relaxed);
        // Requests on it learn of it before others look for a connection.
        drop(self);
        changed();
    }

    async fn drive(&mut self, changed: &impl Fn()) -> End {
        let beat = tokio::time::sleep(Duration::from_millis(PRIME_MS_PATIENCE));
        tokio::pin!(beat);
        let mut next = Beat::Patience;
        let (mut quiet, mut begun) = (Duration::ZERO, 0);
        poll_fn(|cx| {
            loop {
                if let Poll::Ready(end) = self.poll_wire(cx, changed) {
                    return Poll::Ready(end);
                }
                if next == Beat::Pong
                    && let Poll::Ready(pong) = self.pings.poll_pong(cx)
                {
                    if let Err(error) = pong {
                        return Poll::Ready(End::Broken(error));
                    }
                    next = Beat::Ping;
                    beat.set(tokio::time::sleep(self.limits.ping_every));
                }
                ready!(beat.as_mut().poll(cx));
                match next {
                    Beat::Patience => {
                        self.known.late.store(true, Ordering::Relaxed);
                        changed();
                        next = Beat::Ping;
                        beat.set(tokio::time::sleep(self.limits.ping_every));
                    }
                    Beat::Ping => {
                        let so_far = self.known.begun.load(Ordering::Relaxed);
                        let idle = so_far == begun && self.known.in_flight.load(Ordering::Relaxed) == 0;
                        quiet = if idle { quiet + self.limits.ping_every } else { Duration::ZERO };
                        begun = so_far;
                        if quiet >= self.limits.idle_max {
                            // It ends by itself when nobody holds its other end any more.
                            self.known.closing.store(true, Ordering::Relaxed);
                            changed();
                        }
                        if let Err(error) = self.pings.send_ping(Ping::opaque()) {
                            return Poll::Ready(End::Broken(error));
                        }
                        next = Beat::Pong;
                        beat.set(tokio::time::sleep(self.limits.pong_max));
                    }
                    Beat::Pong => return Poll::Ready(End::Dead),
                }
            }
        })
        .await
    }

    /// Lets the connection do what it can, then what it wrote go: after those who are about to write more, since a
    /// request woke it before others that are ready to go had their turn.
    fn poll_wire(&mut self, cx: &mut Context<'_>, changed: &impl Fn()) -> Poll<End> {
        if let Poll::Ready(over) = Pin::new(&mut self.connection).poll(cx) {
            return Poll::Ready(over.map_or_else(End::Broken, |()| End::Closed));
        }
        let streams_max = self.connection.max_concurrent_send_streams();
        if self.known.streams_max.swap(streams_max, Ordering::Relaxed) < streams_max {
            changed();
        }
        self.waited = self.opener.holds_any() && !self.waited;
        if self.waited {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        match self.opener.poll_open(cx) {
            Poll::Ready(Err(error)) => Poll::Ready(End::Write(error)),
            Poll::Ready(Ok(())) | Poll::Pending => Poll::Pending,
        }
    }
}

/// What the heart of a connection beats for next.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Beat {
    /// The first answer should be there.
    Patience,
    /// Time to ask whether the other end still lives.
    Ping,
    /// The answer to that should be there.
    Pong,
}

#[cfg(test)]
#[path = "http2_tests.rs"]
mod tests;
