//! Several HTTP/2 frames in one write. `h2` flushes after every body; each flush would be a TLS record and a system call
//! of its own. Here what it writes is kept until its connection lets it go, or until there is [`CORK_BYTES`] of it.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// So much is kept at most before it is written.
const CORK_BYTES: usize = 64 * 1_024;

struct Inner<S> {
    stream: S,
    kept: Vec<u8>,
    /// How much of it was written.
    written: usize,
}

/// The end that `h2` reads and writes.
pub(super) struct Corked<S>(Arc<Mutex<Inner<S>>>);

/// The end that lets what was kept go.
pub(super) struct Opener<S>(Arc<Mutex<Inner<S>>>);

/// Puts the cork on.
pub(super) fn cork<S>(stream: S) -> (Corked<S>, Opener<S>) {
    let inner = Inner { stream, kept: Vec::new(), written: 0 };
    let inner = Arc::new(Mutex::new(inner));
    (Corked(Arc::clone(&inner)), Opener(inner))
}

fn lock<S>(inner: &Mutex<Inner<S>>) -> MutexGuard<'_, Inner<S>> {
    inner.lock().expect("no one panics while holding it")
}

impl<S: AsyncWrite + Unpin> Inner<S> {
    fn poll_write_kept(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.written < self.kept.len() {
            let count = ready!(Pin::new(&mut self.stream).poll_write(cx, &self.kept[self.written..]))?;
            if count == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.written += count;
        }
        self.kept.clear();
        self.written = 0;
        Poll::Ready(Ok(()))
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_write_kept(cx))?;
        Pin::new(&mut self.stream).poll_flush(cx)
    }
}

impl<S> Opener<S> {
    /// Whether something is kept.
    pub(super) fn holds_any(&self) -> bool {
        !lock(&self.0).kept.is_empty()
    }
}

impl<S: AsyncWrite + Unpin> Opener<S> {
    /// Writes what was kept.
    pub(super) fn poll_open(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        lock(&self.0).poll_flush(cx)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Corked<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut lock(&self.0).stream).poll_read(cx, buf)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Corked<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let mut inner = lock(&self.0);
        if inner.kept.len() >= CORK_BYTES {
            ready!(inner.poll_write_kept(cx))?;
        }
        let count = bytes.len().min(CORK_BYTES - inner.kept.len());
        inner.kept.extend_from_slice(&bytes[..count]);
        Poll::Ready(Ok(count))
    }

    /// Only says yes: [`Opener`] flushes.
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut inner = lock(&self.0);
        ready!(inner.poll_flush(cx))?;
        Pin::new(&mut inner.stream).poll_shutdown(cx)
    }
}
