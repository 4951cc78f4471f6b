//! Thousands of requests to a push service that refuses, resets, says good-bye and hangs up as it likes.

use super::Client;
use crate::support::wire::{INTERNAL_ERROR, MAX_CONCURRENT_STREAMS, NO_ERROR, Peer, REFUSED_STREAM, Wire};
use beffroi::push::transport::{Limits, TransportError};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What the push service did with each body, and what the transport said of it.
#[tokio::test(flavor = "multi_thread")]
async fn whatever_happens_nothing_processed_is_sent_again_and_nothing_unsent_is_called_sent() {
    const REQUESTS: usize = 3_000;
    let wire = Arc::new(Wire::start().await);
    let client = Client::with(&wire, Limits::default(), |settings| settings.connections_per_origin_max = 3);
    let processed: Arc<Vec<AtomicUsize>> = Arc::new((0..REQUESTS).map(|_| AtomicUsize::new(0)).collect());
    let server = tokio::spawn(chaos(wire.clone(), processed.clone()));
    let mut outcomes = Vec::new();
    for some in (0..REQUESTS).collect::<Vec<_>>().chunks(200) {
        let sent: Vec<_> = some.iter().map(|number| client.send(number.to_string())).collect();
        for one in sent {
            outcomes.push(one.await.expect("it ran"));
        }
    }
    server.abort();
    let (mut answered, mut unsent, mut lost) = (0, 0, 0);
    for (outcome, times) in outcomes.iter().zip(processed.iter()) {
        let times = times.load(Ordering::SeqCst);
        match outcome {
            Ok(answer) => {
                assert_eq!(answer.as_ref().expect("sent").status, 201);
                assert_eq!(times, 1);
                answered += 1;
            }
            Err(TransportError::Unavailable) => {
                assert_eq!(times, 0);
                unsent += 1;
            }
            Err(error) => {
                assert!(times <= 1, "{times} times: {error:?}");
                lost += 1;
            }
        }
    }
    assert!(answered > REQUESTS / 2 && lost > 0, "{answered} answered, {unsent} unsent, {lost} lost");
}

async fn chaos(wire: Arc<Wire>, processed: Arc<Vec<AtomicUsize>>) {
    for seed in 1_u64.. {
        let peer = wire.accept(&[(MAX_CONCURRENT_STREAMS, 50)]).await;
        tokio::spawn(misbehave(peer, processed.clone(), seed.wrapping_mul(0x9E37_79B9_7F4A_7C15)));
    }
}

/// Processes most requests; refuses, resets, says good-bye or hangs up on some.
async fn misbehave(mut peer: Peer, processed: Arc<Vec<AtomicUsize>>, mut random: u64) {
    let mut last = u32::MAX;
    loop {
        let Some((stream, body)) = peer.next_request().await else { return };
        if stream > last {
            continue;
        }
        // xorshift64, Marsaglia 2003.
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        let process = || processed[body.parse::<usize>().expect("a number")].fetch_add(1, Ordering::SeqCst);
        match random % 200 {
            0..6 => peer.reset(stream, REFUSED_STREAM).await,
            6..8 => {
                process();
                peer.reset(stream, INTERNAL_ERROR).await;
            }
            8 => {
                process();
                return;
            }
            9 if last == u32::MAX => {
                last = stream;
                peer.go_away(last, NO_ERROR).await;
                process();
                peer.answer(stream, 201).await;
            }
            _ => {
                process();
                peer.answer(stream, 201).await;
            }
        }
    }
}
