//! The connections to one push service: few, warm, opened when needed, dropped when they die.

use super::connect::{Connector, Wire};
use super::together::Together;
use super::{Exchanged, Failure, Limits, TransportError, http1, http2};
use bytes::Bytes;
use http::{Request, Uri};
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::time::Sleep;

/// How long nothing more is opened after a further connection could not be made, seconds.
const GROWTH_PAUSE_S: u64 = 5;

/// One push service.
pub(super) struct Origin {
    name: String,
    /// Requests in flight.
    pub(super) permits: Semaphore,
    in_flight_max: usize,
    connections_max: usize,
    /// Streams on every connection before another one is opened.
    streams_wanted: usize,
    limits: Limits,
    /// Connections beyond the first of each push service, all of them together.
    further: Arc<Semaphore>,
    together: Arc<Together>,
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Default)]
struct State {
    http2: Vec<Arc<http2::Connection>>,
    http1_idle: Vec<http1::Sending>,
    http1_busy: usize,
    /// It speaks HTTP/1.1 only, as far as is known.
    is_http1: bool,
    /// Connections being made by requests that have none.
    opening: usize,
    /// One more is being made, beside those in use.
    growing: bool,
    /// Counts failed attempts to connect, so that those who waited for one share its failure.
    failures: u64,
}

/// A connection for one request.
pub(super) enum Loan {
    Http2 { origin: Arc<Origin>, connection: Arc<http2::Connection> },
    Http1 { origin: Arc<Origin>, sending: Option<http1::Sending> },
}

enum Pick {
    Take(Loan),
    Open(Option<OwnedSemaphorePermit>),
    Wait,
    GiveUp,
}

impl Origin {
    pub(super) fn new(
        name: &str,
        in_flight_max: usize,
        connections_max: usize,
        limits: Limits,
        further: Arc<Semaphore>,
    ) -> Self {
        Self {
            name: name.to_owned(),
            permits: Semaphore::new(in_flight_max),
            in_flight_max,
            connections_max,
            streams_wanted: in_flight_max.div_ceil(connections_max).max(1),
            limits,
            further,
            together: Arc::default(),
            state: Mutex::default(),
            changed: Notify::new(),
        }
    }

    /// A connection to put one request on: a warm one, or a new one while there may be more.
    pub(super) async fn borrow(
        self: &Arc<Self>,
        connector: &Arc<Connector>,
        uri: &Uri,
    ) -> Result<Loan, TransportError> {
        let mut failures_seen = None;
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            // Listens from here on, so that nothing between the look and the wait is missed.
            changed.as_mut().enable();
            match self.pick(connector, uri, &mut failures_seen) {
                Pick::Take(loan) => return Ok(loan),
                // Apart: seldom needed, and large. Every request's future would have room for it.
                Pick::Open(permit) => return Box::pin(self.open(connector, uri, permit)).await,
                Pick::Wait => changed.await,
                Pick::GiveUp => return Err(TransportError::Unavailable),
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no one panics while holding it")
    }

    /// What to do for one more request. `failures_seen` is the count of failures when it began to wait.
    fn pick(self: &Arc<Self>, connector: &Arc<Connector>, uri: &Uri, failures_seen: &mut Option<u64>) -> Pick {
        let mut state = self.lock();
        state.http2.retain(|one| one.is_open());
        state.http1_idle.retain(|one| !one.is_closed());
        if !state.http2.is_empty() {
            self.grow(&mut state, connector, uri);
            let free = state.http2.iter().filter(|one| one.has_room()).min_by_key(|one| one.in_flight());
            return free.map_or(Pick::Wait, |one| Pick::Take(self.lend(one)));
        }
        if let Some(sending) = state.http1_idle.pop() {
            state.http1_busy += 1;
            return Pick::Take(Loan::Http1 { origin: Arc::clone(self), sending: Some(sending) });
        }
        let open = state.http1_busy + state.opening;
        if open == 0 && failures_seen.is_some_and(|seen| seen != state.failures) {
            // The attempt it waited for failed. Its own would only do the same, one after the other.
            return Pick::GiveUp;
        }
        failures_seen.get_or_insert(state.failures);
        let wanted = if state.is_http1 { 1 } else { self.streams_wanted };
        if open >= self.connections_max || state.opening * wanted >= self.in_use() {
            return Pick::Wait;
        }
        let permit = if open == 0 { Ok(None) } else { Arc::clone(&self.further).try_acquire_owned().map(Some) };
        match permit {
            Ok(permit) => {
                state.opening += 1;
                Pick::Open(permit)
            }
            Err(_) => Pick::Wait,
        }
    }

    fn lend(self: &Arc<Self>, connection: &Arc<http2::Connection>) -> Loan {
        connection.begin();
        Loan::Http2 { origin: Arc::clone(self), connection: Arc::clone(connection) }
    }

    /// Requests under way and waiting.
    fn in_use(&self) -> usize {
        self.in_flight_max - self.permits.available_permits()
    }

    /// Opens one more connection beside those there are, when they do not suffice. Nobody waits for just this one.
    fn grow(self: &Arc<Self>, state: &mut State, connector: &Arc<Connector>, uri: &Uri) {
        let capacity: usize = state.http2.iter().map(|one| one.capacity(self.streams_wanted)).sum();
        let open = state.http2.len() + state.opening;
        if state.growing || open >= self.connections_max || self.in_use() <= capacity {
            return;
        }
        let Ok(permit) = Arc::clone(&self.further).try_acquire_owned() else { return };
        state.growing = true;
        let (origin, connector, uri) = (Arc::clone(self), Arc::clone(connector), uri.clone());
        tokio::spawn(async move {
            if let Err(error) = origin.connect(&connector, &uri, Some(permit)).await {
                tracing::warn!(
                    origin = origin.name,
                    error = &error as &dyn std::error::Error,
                    "no further connection to {}",
                    origin.name
                );
                tokio::time::sleep(Duration::from_secs(GROWTH_PAUSE_S)).await;
            }
            origin.lock().growing = false;
        });
    }

    async fn open(
        self: &Arc<Self>,
        connector: &Connector,
        uri: &Uri,
        permit: Option<OwnedSemaphorePermit>,
    ) -> Result<Loan, TransportError> {
        let mut opening = Opening { origin: self, failed: false };
        let connected = self.connect(connector, uri, permit).await;
        opening.failed = connected.is_err();
        // Its loan is taken before anyone else looks.
        connected
    }

    /// Makes a connection, keeps it, and lends it.
    async fn connect(
        self: &Arc<Self>,
        connector: &Connector,
        uri: &Uri,
        permit: Option<OwnedSemaphorePermit>,
    ) -> Result<Loan, TransportError> {
        let wire = tokio::time::timeout(self.limits.connect_max, connector.connect(uri));
        match wire.await.unwrap_or(Err(TransportError::ConnectTimeout))? {
            Wire::Http2(stream) => {
                let (connection, driver) = http2::handshake(stream, self.limits, Arc::clone(&self.together)).await?;
                let origin = Arc::downgrade(self);
                let changed = move || origin.upgrade().iter().for_each(Self::look_again);
                self.drive(driver.run(changed), permit);
                let connection = Arc::new(connection);
                let loan = self.lend(&connection);
                let mut state = self.lock();
                state.is_http1 = false;
                state.http2.push(connection);
                Ok(loan)
            }
            Wire::Http1(stream) => self.connect_http1(stream, permit).await,
            Wire::Plain(stream) => self.connect_http1(stream, permit).await,
        }
    }

    async fn connect_http1<S>(
        self: &Arc<Self>,
        stream: S,
        permit: Option<OwnedSemaphorePermit>,
    ) -> Result<Loan, TransportError>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let (sending, driven) = http1::handshake(stream).await?;
        let origin = Arc::downgrade(self);
        let driven = async move {
            driven.await;
            origin.upgrade().iter().for_each(Self::look_again);
        };
        self.drive(driven, permit);
        let mut state = self.lock();
        state.is_http1 = true;
        state.http1_busy += 1;
        Ok(Loan::Http1 { origin: Arc::clone(self), sending: Some(sending) })
    }

    /// Lets a connection run until it is over.
    fn drive(&self, driven: impl Future<Output = ()> + Send + 'static, permit: Option<OwnedSemaphorePermit>) {
        let counted = Counted::new(&self.name);
        tokio::spawn(async move {
            driven.await;
            drop((counted, permit));
        });
    }

    /// Forgets connections that are over, and wakes those who wait for room.
    fn look_again(self: &Arc<Self>) {
        let over: Vec<_> = self.lock().http2.extract_if(.., |one| !one.is_open()).collect();
        drop(over);
        self.changed.notify_waiters();
    }
}

/// One connection in the metrics, as long as it lives.
struct Counted(metrics::Gauge);

impl Counted {
    fn new(origin: &str) -> Self {
        let gauge = metrics::gauge!("beffroi_push_connections", "origin" => origin.to_owned());
        gauge.increment(1.0);
        Self(gauge)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.decrement(1.0);
    }
}

/// An attempt to connect, counted until it is over, however it ends: made, failed, or given up by its caller.
struct Opening<'a> {
    origin: &'a Origin,
    failed: bool,
}

impl Drop for Opening<'_> {
    fn drop(&mut self) {
        {
            let mut state = self.origin.lock();
            state.opening -= 1;
            state.failures += u64::from(self.failed);
        }
        self.origin.changed.notify_waiters();
    }
}

impl Loan {
    /// Sends one request on it, and waits for the answer.
    pub(super) async fn exchange(
        mut self,
        request: &Request<Bytes>,
        may_start: &(dyn Fn() -> bool + Send + Sync),
        deadline: &mut Pin<&mut Sleep>,
    ) -> Result<Exchanged, Failure> {
        match &mut self {
            Self::Http2 { origin, connection } => {
                let (exchanged, primed) = connection.exchange(request, may_start, deadline).await?;
                if primed {
                    origin.changed.notify_waiters();
                }
                Ok(exchanged)
            }
            Self::Http1 { origin, sending } => {
                let taken = sending.as_mut().expect("there until it is given back");
                let exchange = Box::pin(http1::exchange(taken, request, may_start, deadline));
                let (exchanged, reusable) = exchange.await?;
                if reusable && let Some(sending) = sending.take().filter(|sending| !sending.is_closed()) {
                    origin.lock().http1_idle.push(sending);
                }
                Ok(exchanged)
            }
        }
    }
}

impl Drop for Loan {
    fn drop(&mut self) {
        match self {
            Self::Http2 { origin, connection } => {
                connection.end();
                origin.changed.notify_one();
                if origin.together.is_narrow() {
                    // An answer makes room for one more.
                    origin.changed.notify_one();
                }
            }
            Self::Http1 { origin, .. } => {
                origin.lock().http1_busy -= 1;
                origin.changed.notify_waiters();
            }
        }
    }
}
