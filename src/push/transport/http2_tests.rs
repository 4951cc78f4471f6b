use super::*;
use tokio::io::{DuplexStream, ReadBuf};

/// Requests that are ready to go at once.
const REQUESTS: usize = 32;

/// A wire that counts what is written to it at once.
struct Counting {
    stream: DuplexStream,
    writes: Arc<AtomicUsize>,
}

impl AsyncRead for Counting {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Counting {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<std::io::Result<usize>> {
        self.writes.fetch_add(1, Ordering::Relaxed);
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

async fn exchange(connection: Arc<Connection>) -> StatusCode {
    let deadline = tokio::time::sleep(Duration::from_secs(30));
    tokio::pin!(deadline);
    let request = Request::post("https://push.example/one").body(Bytes::from_static(b"a message")).expect("a request");
    match connection.exchange(&request, &|| true, &mut deadline).await {
        Ok((Exchanged::Answered(answer), _)) => answer.status,
        Ok((Exchanged::NotStarted, _)) => panic!("it may start"),
        Err(_) => panic!("there is an answer"),
    }
}

/// Answers when so many requests are there.
async fn answer(server: &mut h2::server::Connection<DuplexStream, Bytes>, count: usize) {
    let mut waiting = Vec::new();
    while waiting.len() < count {
        waiting.push(server.accept().await.expect("a request").expect("a request").1);
    }
    for mut respond in waiting {
        let answer = Response::builder().status(201).body(()).expect("an answer");
        respond.send_response(answer, true).expect("somebody waits for it");
    }
}

/// Writes of as many requests as are ready together, on a wire that takes so many bytes at a time.
async fn writes(wire_bytes: usize) -> usize {
    let (stream, other_end) = tokio::io::duplex(wire_bytes);
    let writes = Arc::new(AtomicUsize::new(0));
    let stream = Counting { stream, writes: Arc::clone(&writes) };
    let (connection, driver) =
        handshake(stream, Limits::default(), Arc::default()).await.expect("nobody was asked yet");
    tokio::spawn(driver.run(|| {}));
    let connection = Arc::new(connection);
    let first = tokio::spawn(exchange(Arc::clone(&connection)));
    let mut server = h2::server::handshake(other_end).await.expect("a preface");
    answer(&mut server, 1).await;
    let serving = tokio::spawn(async move {
        // What was said to the first goes out with what is read next.
        answer(&mut server, REQUESTS).await;
        _ = poll_fn(|cx| server.poll_closed(cx)).await;
    });
    assert_eq!(first.await.expect("it does not panic"), 201);
    let before = writes.load(Ordering::Relaxed);
    let together = Arc::clone(&connection);
    let all = tokio::spawn(async move {
        let all = (0..REQUESTS).map(|_| tokio::spawn(exchange(Arc::clone(&together))));
        futures_util::future::join_all(all).await
    });
    for status in all.await.expect("it does not panic") {
        assert_eq!(status.expect("it does not panic"), 201);
    }
    let written = writes.load(Ordering::Relaxed) - before;
    drop(connection);
    serving.await.expect("it does not panic");
    written
}

// A worker of this kind runs next whatever the last task woke.
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn requests_that_are_ready_together_leave_in_one_write() {
    // One for all of them; what HTTP/2 says of itself may need another.
    let writes = writes(1_024 * 1_024).await;
    assert!((1..=3).contains(&writes), "{writes} writes for {REQUESTS} requests");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_wire_that_takes_little_at_a_time_gets_everything() {
    assert!(writes(16).await > REQUESTS);
}
