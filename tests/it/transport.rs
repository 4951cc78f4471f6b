//! The transport against a push service whose frames the test writes: what is sent, when, on which connection, and what
//! is said to have become of it.

mod chaos;

use super::support::wire::{
    CANCEL, DATA, END_STREAM, GOAWAY, HEADERS, INITIAL_WINDOW_SIZE, INTERNAL_ERROR, MAX_CONCURRENT_STREAMS, NO_ERROR,
    Peer, REFUSED_STREAM, RST_STREAM, Wire,
};
use beffroi::config::{Config, Push};
use beffroi::push::transport::{Answer, Limits, Transport, TransportError};
use bytes::Bytes;
use http::Request;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::task::JoinHandle;

type Sent = Result<Option<Answer>, TransportError>;

/// A sender with one connection, unless told otherwise.
struct Client {
    transport: Arc<Transport>,
    origin: String,
}

impl Client {
    fn new(wire: &Wire) -> Self {
        Self::with(wire, Limits::default(), |settings| settings.connections_per_origin_max = 1)
    }

    fn with(wire: &Wire, limits: Limits, change: impl FnOnce(&mut Push)) -> Self {
        let mut settings = Config::load(None).expect("the defaults").push;
        settings.allow_private_endpoints = true;
        settings.ca_file = Some(wire.ca_file());
        change(&mut settings);
        let transport = Arc::new(Transport::with_limits(&settings, limits).expect("a transport"));
        Self { transport, origin: wire.origin() }
    }

    /// Sends a request with this body, which may start while the flag is set.
    fn send_while(&self, body: impl Into<String>, may_start: &Arc<AtomicBool>) -> JoinHandle<Sent> {
        let (transport, origin, may_start) = (self.transport.clone(), self.origin.clone(), may_start.clone());
        let mut request = Request::post(format!("{origin}/push/a")).body(Bytes::from(body.into())).expect("a request");
        tokio::spawn(async move { transport.send(&origin, &mut request, &|| may_start.load(Ordering::SeqCst)).await })
    }

    fn send(&self, body: impl Into<String>) -> JoinHandle<Sent> {
        self.send_while(body, &Arc::new(AtomicBool::new(true)))
    }

    /// Many, begun in this order.
    fn send_all(&self, bodies: &[&str]) -> Vec<JoinHandle<Sent>> {
        bodies.iter().map(|body| self.send(*body)).collect()
    }

    /// Its first connection, past its first answer.
    async fn primed(&self, wire: &Wire, settings: &[(u16, u32)]) -> Peer {
        let first = self.send("first");
        let mut peer = wire.accept(settings).await;
        let (stream, _) = peer.request().await;
        peer.answer(stream, 201).await;
        assert_eq!(status(first).await, 201);
        peer
    }
}

async fn status(sent: JoinHandle<Sent>) -> u16 {
    sent.await.expect("it ran").expect("an answer").expect("it was sent").status.as_u16()
}

async fn failed(sent: JoinHandle<Sent>) -> TransportError {
    sent.await.expect("it ran").expect_err("no answer")
}

fn bodies(requests: &[(u32, String)]) -> BTreeSet<&str> {
    requests.iter().map(|(_, body)| body.as_str()).collect()
}

/// Nothing of a request: neither headers nor body.
async fn nothing_more(peer: &mut Peer) {
    assert_eq!(peer.so_far().await, []);
}

#[tokio::test]
async fn a_new_connection_carries_one_request_until_an_answer_that_is_no_refusal_of_our_key() {
    let wire = Wire::start().await;
    let client = Client::new(&wire);
    let sent = client.send_all(&["a", "b", "c", "d", "e"]);
    let mut peer = wire.accept(&[(MAX_CONCURRENT_STREAMS, 100)]).await;
    for refused in [401, 403] {
        let (stream, _) = peer.request().await;
        nothing_more(&mut peer).await;
        peer.answer(stream, refused).await;
    }
    let (stream, _) = peer.request().await;
    nothing_more(&mut peer).await;
    peer.answer(stream, 410).await;
    for (stream, _) in peer.requests(2).await {
        peer.answer(stream, 201).await;
    }
    let mut statuses = Vec::new();
    for one in sent {
        statuses.push(status(one).await);
    }
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 201, 401, 403, 410]);
}

#[tokio::test]
async fn no_more_streams_than_the_push_service_allows_and_more_as_soon_as_it_does() {
    let wire = Wire::start().await;
    let client = Client::new(&wire);
    let mut peer = client.primed(&wire, &[(MAX_CONCURRENT_STREAMS, 1)]).await;
    let sent = client.send_all(&["a", "b", "c", "d"]);
    let (first, _) = peer.request().await;
    nothing_more(&mut peer).await;
    peer.settings(&[(MAX_CONCURRENT_STREAMS, 3)]).await;
    let more = peer.requests(2).await;
    nothing_more(&mut peer).await;
    peer.answer(first, 201).await;
    let (last, _) = peer.request().await;
    for stream in more.iter().map(|(stream, _)| *stream).chain([last]) {
        peer.answer(stream, 201).await;
    }
    for one in sent {
        assert_eq!(status(one).await, 201);
    }
}

#[tokio::test]
async fn when_all_streams_are_used_another_connection_is_opened_up_to_a_bound() {
    let wire = Wire::start().await;
    let client = Client::with(&wire, Limits::default(), |settings| settings.connections_per_origin_max = 2);
    let mut first = client.primed(&wire, &[(MAX_CONCURRENT_STREAMS, 2)]).await;
    let sent = client.send_all(&["a", "b", "c", "d", "e"]);
    let on_first = first.requests(2).await;
    let mut second = wire.accept(&[(MAX_CONCURRENT_STREAMS, 2)]).await;
    let (stream, _) = second.request().await;
    nothing_more(&mut second).await;
    second.answer(stream, 201).await;
    let on_second = second.requests(2).await;
    nothing_more(&mut first).await;
    for (stream, _) in on_first {
        first.answer(stream, 201).await;
    }
    for (stream, _) in on_second {
        second.answer(stream, 201).await;
    }
    for one in sent {
        assert_eq!(status(one).await, 201);
    }
}

#[tokio::test]
async fn what_a_goaway_leaves_out_goes_again_on_another_connection_and_the_rest_ends_where_it_is() {
    let wire = Wire::start().await;
    let client = Client::new(&wire);
    let mut old = client.primed(&wire, &[]).await;
    let sent = client.send_all(&["a", "b", "c", "d"]);
    let requests = old.requests(4).await;
    old.go_away(requests[1].0, NO_ERROR).await;
    let mut new = wire.accept(&[]).await;
    let (stream, again) = new.request().await;
    new.answer(stream, 202).await;
    let (stream, last) = new.request().await;
    new.answer(stream, 202).await;
    assert_eq!(BTreeSet::from([again.as_str(), last.as_str()]), bodies(&requests[2..]));
    for (stream, _) in &requests[..2] {
        old.answer(*stream, 201).await;
    }
    let mut statuses = Vec::new();
    for one in sent {
        statuses.push(status(one).await);
    }
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 201, 202, 202]);
    let after = client.send("after");
    let (stream, body) = new.request().await;
    assert_eq!(body, "after", "nothing is sent twice, and nothing new on the old connection");
    new.answer(stream, 201).await;
    assert_eq!(status(after).await, 201);
}

#[tokio::test]
async fn a_refused_stream_goes_again_on_another_connection() {
    let wire = Wire::start().await;
    let client = Client::new(&wire);
    let mut old = client.primed(&wire, &[]).await;
    let sent = client.send_all(&["a", "b"]);
    let requests = old.requests(2).await;
    old.reset(requests[0].0, REFUSED_STREAM).await;
    let mut new = wire.accept(&[]).await;
    let (stream, body) = new.request().await;
    assert_eq!(body, requests[0].1);
    new.answer(stream, 201).await;
    old.answer(requests[1].0, 201).await;
    for one in sent {
        assert_eq!(status(one).await, 201);
    }
}

#[tokio::test]
async fn a_push_service_that_takes_no_request_is_given_up_after_a_few_connections() {
    let wire = Wire::start().await;
    let client = Client::new(&wire);
    let sent = client.send("a");
    let refusing = async {
        let mut peers = Vec::new();
        loop {
            let mut peer = wire.accept(&[]).await;
            peer.request().await;
            peer.go_away(0, NO_ERROR).await;
            peers.push(peer);
        }
    };
    tokio::select! {
        () = refusing => {}
        error = failed(sent) => assert!(matches!(error, TransportError::Unavailable), "{error:?}"),
    }
}

#[tokio::test]
async fn what_may_have_been_processed_is_not_sent_again() {
    let wire = Wire::start().await;
    let client = Client::new(&wire);
    let mut peer = client.primed(&wire, &[]).await;
    let reset = client.send("reset");
    let (stream, _) = peer.request().await;
    peer.reset(stream, INTERNAL_ERROR).await;
    let error = failed(reset).await;
    assert!(matches!(error, TransportError::Exchange(_)), "{error:?}");
    let broken = client.send("broken");
    assert_eq!(peer.request().await.1, "broken", "a reset stream costs the connection nothing");
    drop(peer);
    let error = failed(broken).await;
    assert!(matches!(error, TransportError::Exchange(_)), "{error:?}");
    let after = client.send("after");
    let mut peer = wire.accept(&[]).await;
    let (stream, body) = peer.request().await;
    assert_eq!(body, "after");
    peer.answer(stream, 201).await;
    assert_eq!(status(after).await, 201);
}

#[tokio::test]
async fn those_cut_off_together_are_one_failure_and_fewer_share_the_next_connection() {
    let wire = Wire::start().await;
    // However long this machine takes to cut it.
    let limits = Limits { cut_off_max: Duration::from_secs(60), ..Limits::default() };
    let client = Client::with(&wire, limits, |settings| settings.connections_per_origin_max = 1);
    let mut peer = client.primed(&wire, &[]).await;
    let sent = client.send_all(&["a", "b", "c", "d", "e", "f", "g", "h"]);
    peer.requests(8).await;
    drop(peer);
    let mut errors = Vec::new();
    for one in sent {
        errors.push(failed(one).await);
    }
    let failures = errors.iter().filter(|error| error.is_services()).count();
    let along = errors.iter().filter(|error| matches!(error, TransportError::CutOff)).count();
    assert_eq!((failures, along), (1, 7), "{errors:?}");

    // Half as many, and one more for each answer; the first answer tells that the connection is any good.
    let sent = client.send_all(&["a", "b", "c", "d", "e", "f", "g", "h"]);
    let mut peer = wire.accept(&[]).await;
    let (first, _) = peer.request().await;
    nothing_more(&mut peer).await;
    peer.answer(first, 201).await;
    let mut under_way = peer.requests(5).await;
    nothing_more(&mut peer).await;
    peer.answer(under_way.remove(0).0, 201).await;
    under_way.extend(peer.requests(2).await);
    for (stream, _) in under_way {
        peer.answer(stream, 201).await;
    }
    for one in sent {
        assert_eq!(status(one).await, 201);
    }
}

#[tokio::test]
async fn whoever_waited_in_vain_when_the_connection_is_cut_is_a_failure_each() {
    let wire = Wire::start().await;
    let limits = Limits { cut_off_max: Duration::ZERO, ..Limits::default() };
    let client = Client::with(&wire, limits, |settings| settings.connections_per_origin_max = 1);
    let mut peer = client.primed(&wire, &[]).await;
    let sent = client.send_all(&["a", "b", "c"]);
    peer.requests(3).await;
    drop(peer);
    for one in sent {
        assert!(failed(one).await.is_services());
    }
}

#[tokio::test]
async fn without_room_in_the_window_nothing_starts_and_it_can_still_be_called_off() {
    let wire = Wire::start().await;
    let client = Client::new(&wire);
    let mut peer = client.primed(&wire, &[]).await;
    peer.settings(&[(INITIAL_WINDOW_SIZE, 0)]).await;
    nothing_more(&mut peer).await;
    let may_start = Arc::new(AtomicBool::new(true));
    let called_off = client.send_while("called off", &may_start);
    let goes = client.send("goes");
    let headers = [peer.next_of(HEADERS).await.stream, peer.next_of(HEADERS).await.stream];
    nothing_more(&mut peer).await;
    may_start.store(false, Ordering::SeqCst);
    for stream in headers {
        peer.more_window(stream, 100).await;
    }
    assert!(called_off.await.expect("it ran").expect("no failure").is_none());
    let mut frames = [peer.next().await.expect("a frame"), peer.next().await.expect("a frame")];
    frames.sort_by_key(|frame| frame.kind);
    assert_eq!((frames[0].kind, frames[0].payload.as_slice()), (DATA, b"goes".as_slice()));
    assert_eq!((frames[1].kind, frames[1].payload.as_slice()), (RST_STREAM, CANCEL.to_be_bytes().as_slice()));
    peer.answer(frames[0].stream, 201).await;
    assert_eq!(status(goes).await, 201);
}

#[tokio::test]
async fn a_window_smaller_than_the_body_takes_it_in_pieces() {
    let wire = Wire::start().await;
    let client = Client::new(&wire);
    let mut peer = client.primed(&wire, &[(INITIAL_WINDOW_SIZE, 10)]).await;
    let sent = client.send("0123456789abcdef");
    let first = peer.next_of(DATA).await;
    assert_eq!((first.payload.as_slice(), first.flags), (b"0123456789".as_slice(), 0));
    peer.more_window(first.stream, 100).await;
    let rest = peer.next_of(DATA).await;
    assert_eq!((rest.payload.as_slice(), rest.flags), (b"abcdef".as_slice(), END_STREAM));
    peer.answer(rest.stream, 201).await;
    assert_eq!(status(sent).await, 201);
}

#[tokio::test]
async fn an_answer_that_comes_before_the_body_counts() {
    let wire = Wire::start().await;
    let client = Client::new(&wire);
    let mut peer = client.primed(&wire, &[(INITIAL_WINDOW_SIZE, 0)]).await;
    let sent = client.send("never asked for");
    let stream = peer.next_of(HEADERS).await.stream;
    peer.answer(stream, 413).await;
    assert_eq!(status(sent).await, 413);
}

#[tokio::test]
async fn what_is_called_off_while_it_waits_leaves_no_trace() {
    let wire = Wire::start().await;
    let client = Client::new(&wire);
    let mut peer = client.primed(&wire, &[(MAX_CONCURRENT_STREAMS, 1)]).await;
    let first = client.send("first");
    let (stream, _) = peer.request().await;
    let may_start = Arc::new(AtomicBool::new(true));
    let waiting = client.send_while("waiting", &may_start);
    nothing_more(&mut peer).await;
    may_start.store(false, Ordering::SeqCst);
    peer.answer(stream, 201).await;
    assert!(waiting.await.expect("it ran").expect("no failure").is_none());
    assert_eq!(status(first).await, 201);
    nothing_more(&mut peer).await;
}

fn soon(settings: &mut Push) {
    settings.connections_per_origin_max = 1;
    settings.request_timeout = Duration::from_millis(300);
}

#[tokio::test]
async fn every_request_has_a_deadline_wherever_it_stands() {
    let wire = Wire::start().await;
    let client = Client::with(&wire, Limits::default(), soon);
    let mut peer = client.primed(&wire, &[(MAX_CONCURRENT_STREAMS, 1)]).await;
    let unanswered = client.send("unanswered");
    peer.request().await;
    let waiting = client.send("waiting");
    let error = failed(unanswered).await;
    assert!(matches!(error, TransportError::Timeout), "{error:?}");
    let error = failed(waiting).await;
    assert!(matches!(error, TransportError::Busy | TransportError::Stalled | TransportError::Timeout), "{error:?}");

    peer.settings(&[(INITIAL_WINDOW_SIZE, 0)]).await;
    peer.so_far().await;
    let no_room = client.send("no room");
    let error = failed(no_room).await;
    assert!(matches!(error, TransportError::Stalled), "{error:?}");

    // The answer counts, even when its body never ends.
    peer.settings(&[(INITIAL_WINDOW_SIZE, 1_000)]).await;
    peer.so_far().await;
    let endless = client.send("endless");
    let (stream, _) = peer.request().await;
    peer.begin_answer(stream, 429).await;
    peer.send(DATA, 0, stream, b"wait").await;
    let answer = endless.await.expect("it ran").expect("an answer").expect("sent");
    assert_eq!((answer.status.as_u16(), &answer.body[..]), (429, b"wait".as_slice()));
}

#[tokio::test]
async fn an_answer_that_breaks_off_keeps_what_came() {
    let wire = Wire::start().await;
    let client = Client::new(&wire);
    let mut peer = client.primed(&wire, &[]).await;
    let sent = client.send("a");
    let (stream, _) = peer.request().await;
    peer.begin_answer(stream, 400).await;
    peer.send(DATA, 0, stream, b"{\"reason\":").await;
    peer.send(DATA, 0, stream, b"\"BadDevice").await;
    peer.reset(stream, INTERNAL_ERROR).await;
    let answer = sent.await.expect("it ran").expect("an answer").expect("sent");
    assert_eq!(answer.status, 400);
    assert!(b"{\"reason\":\"BadDevice".starts_with(&answer.body), "{:?}", answer.body);
}

#[tokio::test]
async fn a_first_request_without_answer_costs_its_connection() {
    let wire = Wire::start().await;
    let client = Client::with(&wire, Limits::default(), soon);
    let unanswered = client.send("unanswered");
    let mut silent = wire.accept(&[]).await;
    silent.request().await;
    let error = failed(unanswered).await;
    assert!(matches!(error, TransportError::Timeout), "{error:?}");
    let after = client.send("after");
    let mut peer = wire.accept(&[]).await;
    let (stream, _) = peer.request().await;
    peer.answer(stream, 201).await;
    assert_eq!(status(after).await, 201);
}

#[tokio::test]
async fn slow_tls_has_an_end() {
    let wire = Wire::start().await;
    let limits = Limits { connect_max: Duration::from_millis(200), ..Limits::default() };
    let client = Client::with(&wire, limits, |_| {});
    let sent = client.send("a");
    let _silent = wire.tcp().await;
    let error = failed(sent).await;
    assert!(matches!(error, TransportError::ConnectTimeout), "{error:?}");
}

#[tokio::test]
async fn a_connection_that_answers_no_ping_is_dead() {
    let wire = Wire::start().await;
    let limits =
        Limits { ping_every: Duration::from_millis(50), pong_max: Duration::from_millis(100), ..Limits::default() };
    let client = Client::with(&wire, limits, |_| {});
    let mut silent = client.primed(&wire, &[]).await;
    silent.lives = false;
    let sent = client.send("a");
    silent.request().await;
    let reading = tokio::spawn(async move { while silent.next().await.is_some() {} });
    let error = failed(sent).await;
    assert!(matches!(error, TransportError::Exchange(_)), "{error:?}");
    reading.await.expect("the connection ended");
    let after = client.send("after");
    let mut peer = wire.accept(&[]).await;
    let (stream, _) = peer.request().await;
    peer.answer(stream, 201).await;
    assert_eq!(status(after).await, 201);
}

#[tokio::test]
async fn an_idle_connection_is_closed_with_a_word_and_replaced_when_needed() {
    let wire = Wire::start().await;
    let limits =
        Limits { ping_every: Duration::from_millis(20), idle_max: Duration::from_millis(40), ..Limits::default() };
    let client = Client::with(&wire, limits, |_| {});
    let mut peer = client.primed(&wire, &[]).await;
    assert_eq!(peer.next().await.map(|frame| frame.kind), Some(GOAWAY));
    assert_eq!(peer.next().await, None);
    let after = client.send("after");
    let mut peer = wire.accept(&[]).await;
    let (stream, _) = peer.request().await;
    peer.answer(stream, 201).await;
    assert_eq!(status(after).await, 201);
}

#[tokio::test]
async fn a_push_service_that_stands_still_takes_nothing_from_another() {
    let still = Wire::start().await;
    let well = still.beside().await;
    let client = Client::with(&still, Limits::default(), |settings| {
        settings.in_flight_per_origin_max = 4;
        settings.in_flight_max = 4;
    });
    let mut silent = client.primed(&still, &[]).await;
    let _waiting: Vec<_> = (0..50).map(|number| client.send(number.to_string())).collect();
    silent.requests(4).await;
    nothing_more(&mut silent).await;
    let other = Client { transport: client.transport.clone(), origin: well.origin() };
    other.primed(&well, &[]).await;
}
