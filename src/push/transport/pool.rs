//! The connections to one push service: few, warm, opened when needed, dropped when they die.

use super::TransportError;
use super::connect::{Connector, Driver, Sending};
use bytes::Bytes;
use http::Uri;
use http_body_util::Full;
use hyper::client::conn::{http1, http2};
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, Weak};
use std::time::Duration;
use tokio::sync::{Notify, Semaphore};

/// A connection on which this many requests in a row had no answer is given up: its other end may be gone.
const UNANSWERED_MAX: u32 = 8;

/// One push service.
pub(super) struct Origin {
    /// Requests in flight.
    pub(super) permits: Semaphore,
    connections_max: usize,
    /// Streams on every connection before another one is opened.
    streams_wanted: usize,
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Default)]
struct State {
    h2: Vec<Arc<Shared>>,
    h1_idle: Vec<http1::SendRequest<Full<Bytes>>>,
    h1_busy: usize,
    opening: usize,
    /// Counts failed attempts to connect, so that those who waited for one share its failure.
    failures: u64,
}

struct Shared {
    sending: http2::SendRequest<Full<Bytes>>,
    in_flight: AtomicUsize,
    unanswered: AtomicU32,
}

/// A connection for one request. Dropping it without [`Loan::give_back`] counts as no answer.
pub(super) enum Loan {
    H2(H2Loan),
    H1(H1Loan),
}

pub(super) struct H2Loan {
    connection: Arc<Shared>,
}

pub(super) struct H1Loan {
    origin: Arc<Origin>,
    sending: Option<http1::SendRequest<Full<Bytes>>>,
}

enum Pick {
    Take(Loan),
    Open,
    Wait,
    GiveUp,
}

impl Origin {
    pub(super) fn new(in_flight_max: usize, connections_max: usize) -> Self {
        Self {
            permits: Semaphore::new(in_flight_max),
            connections_max,
            streams_wanted: in_flight_max.div_ceil(connections_max).max(1),
            state: Mutex::default(),
            changed: Notify::new(),
        }
    }

    /// A connection to put one request on: a warm one, or a new one while there may be more.
    pub(super) async fn borrow(
        self: &Arc<Self>,
        connector: &Connector,
        uri: &Uri,
        timeout: Duration,
    ) -> Result<Loan, TransportError> {
        let mut failures_seen = None;
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            // Listens from here on, so that nothing between the look and the wait is missed.
            changed.as_mut().enable();
            match self.pick(&mut failures_seen) {
                Pick::Take(loan) => return Ok(loan),
                Pick::Open => return self.open(connector, uri, timeout).await,
                Pick::Wait => changed.await,
                Pick::GiveUp => return Err(TransportError::Unavailable),
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no one panics while holding it")
    }

    /// What to do for one more request. `failures_seen` is the count of failures when it began to wait.
    fn pick(self: &Arc<Self>, failures_seen: &mut Option<u64>) -> Pick {
        let mut state = self.lock();
        state.h2.retain(|one| one.is_alive());
        state.h1_idle.retain(|one| !one.is_closed());
        let open = state.h2.len() + state.h1_idle.len() + state.h1_busy + state.opening;
        let failures = state.failures;
        if open == 0 && failures_seen.is_some_and(|seen| seen != failures) {
            // The attempt it waited for failed. Its own would only do the same, one after the other.
            return Pick::GiveUp;
        }
        let least = state.h2.iter().min_by_key(|one| one.in_flight.load(Ordering::Relaxed)).cloned();
        let pick = match least {
            Some(one) if one.in_flight.load(Ordering::Relaxed) < self.streams_wanted => Pick::Take(one.loan()),
            Some(_) if open < self.connections_max => Self::will_open(&mut state),
            Some(_) if state.opening > 0 => Pick::Wait,
            Some(one) => Pick::Take(one.loan()),
            None => match state.h1_idle.pop() {
                Some(sending) => {
                    state.h1_busy += 1;
                    Pick::Take(Loan::H1(H1Loan { origin: Arc::clone(self), sending: Some(sending) }))
                }
                None if open < self.connections_max => Self::will_open(&mut state),
                None => Pick::Wait,
            },
        };
        if matches!(pick, Pick::Wait) {
            failures_seen.get_or_insert(failures);
        }
        pick
    }

    fn will_open(state: &mut State) -> Pick {
        state.opening += 1;
        Pick::Open
    }

    async fn open(
        self: &Arc<Self>,
        connector: &Connector,
        uri: &Uri,
        timeout: Duration,
    ) -> Result<Loan, TransportError> {
        let mut opening = Opening { origin: self, failed: false };
        let connected = tokio::time::timeout(timeout, connector.connect(uri)).await;
        let connected = connected.unwrap_or(Err(TransportError::ConnectTimeout));
        opening.failed = connected.is_err();
        let (sending, driver) = connected?;
        self.drive(driver);
        let loan = {
            let mut state = self.lock();
            match sending {
                Sending::H2(sending) => {
                    let one =
                        Arc::new(Shared { sending, in_flight: AtomicUsize::new(0), unanswered: AtomicU32::new(0) });
                    state.h2.push(Arc::clone(&one));
                    one.loan()
                }
                Sending::H1(sending) => {
                    state.h1_busy += 1;
                    Loan::H1(H1Loan { origin: Arc::clone(self), sending: Some(sending) })
                }
            }
        };
        drop(opening);
        Ok(loan)
    }

    /// Drives a connection until it ends, and wakes those who wait for room.
    fn drive(self: &Arc<Self>, driver: Driver) {
        let origin: Weak<Self> = Arc::downgrade(self);
        tokio::spawn(async move {
            // Why it ended is told to the requests on it.
            if let Err(error) = driver.await {
                tracing::debug!(%error, "a connection to a push service ended");
            }
            if let Some(origin) = origin.upgrade() {
                origin.changed.notify_waiters();
            }
        });
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

impl Shared {
    fn loan(self: Arc<Self>) -> Loan {
        self.in_flight.fetch_add(1, Ordering::Relaxed);
        Loan::H2(H2Loan { connection: self })
    }

    fn is_alive(&self) -> bool {
        !self.sending.is_closed() && self.unanswered.load(Ordering::Relaxed) < UNANSWERED_MAX
    }
}

impl H2Loan {
    pub(super) fn sending(&self) -> http2::SendRequest<Full<Bytes>> {
        self.connection.sending.clone()
    }
}

impl H1Loan {
    pub(super) fn sending(&mut self) -> &mut http1::SendRequest<Full<Bytes>> {
        self.sending.as_mut().expect("there until it is given back")
    }
}

impl Loan {
    /// The request had its whole answer: the connection is as good as before.
    pub(super) fn give_back(self) {
        match self {
            Self::H2(loan) => loan.connection.unanswered.store(0, Ordering::Relaxed),
            Self::H1(mut loan) => {
                if let Some(sending) = loan.sending.take()
                    && !sending.is_closed()
                {
                    loan.origin.lock().h1_idle.push(sending);
                }
            }
        }
    }

    /// The request had no answer in time.
    pub(super) fn unanswered(self) {
        match self {
            Self::H2(loan) => {
                loan.connection.unanswered.fetch_add(1, Ordering::Relaxed);
            }
            // Dropped: what else would come on it belongs to this request.
            Self::H1(_) => {}
        }
    }
}

impl Drop for H2Loan {
    fn drop(&mut self) {
        self.connection.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Drop for H1Loan {
    fn drop(&mut self) {
        self.origin.lock().h1_busy -= 1;
        self.origin.changed.notify_waiters();
    }
}
