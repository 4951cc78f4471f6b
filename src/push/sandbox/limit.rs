//! One stream at a time until the sender is known, as Apple has it for connections with provider tokens. The `h2`
//! crate announces its limit once and for all, so the SETTINGS it writes are altered on their way out: the first says
//! 1, and a later one, which h2 is asked for when the limit shall rise, says the real limit.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Length, type, flags and stream of a frame (RFC 9113 §4.1), bytes.
const HEAD_BYTES: usize = 9;
/// One setting: an id and a value (RFC 9113 §6.5.1), bytes.
const SETTING_BYTES: usize = 6;
const TYPE_SETTINGS: u8 = 4;
const FLAG_ACK: u8 = 1;
const MAX_CONCURRENT_STREAMS: u16 = 3;
const INITIAL_WINDOW_SIZE: u16 = 4;
/// What may be open before the limit rises.
pub(super) const STREAMS_FIRST: u32 = 1;

/// How far a connection is.
#[derive(Debug, PartialEq, Eq)]
enum Phase {
    /// Nothing was written.
    Fresh,
    /// The first SETTINGS went out; the next are those that raise the limit.
    Held,
    /// Everything passes as it is.
    Raised,
}

/// The writing side of a connection whose limit rises once.
pub(super) struct Limited<S> {
    inner: S,
    phase: Phase,
    /// The limit after it rose.
    streams_max: u32,
    /// What is left to write of the frame that was begun, its head included, bytes.
    frame_left: usize,
    altered: Vec<u8>,
}

impl<S> Limited<S> {
    pub(super) const fn new(inner: S, streams_max: u32) -> Self {
        Self { inner, phase: Phase::Fresh, streams_max, frame_left: 0, altered: Vec::new() }
    }

    /// A SETTINGS frame as it shall go out.
    fn alter(&mut self, frame: &[u8]) {
        self.altered.extend_from_slice(frame);
        let raising = self.phase == Phase::Held;
        for setting in self.altered[HEAD_BYTES..].chunks_exact_mut(SETTING_BYTES) {
            let id = u16::from_be_bytes([setting[0], setting[1]]);
            let value = match (raising, id) {
                (false, MAX_CONCURRENT_STREAMS) => STREAMS_FIRST,
                (true, INITIAL_WINDOW_SIZE) => self.streams_max,
                _ => continue,
            };
            setting[..2].copy_from_slice(&MAX_CONCURRENT_STREAMS.to_be_bytes());
            setting[2..].copy_from_slice(&value.to_be_bytes());
        }
        self.phase = if raising { Phase::Raised } else { Phase::Held };
    }
}

/// The length of the frame that begins here, its head included, and whether it is a SETTINGS frame of our own.
fn frame(buffer: &[u8]) -> Option<(usize, bool)> {
    let head: &[u8; HEAD_BYTES] = buffer.first_chunk()?;
    let length = u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize;
    Some((HEAD_BYTES + length, head[3] == TYPE_SETTINGS && head[4] & FLAG_ACK == 0))
}

impl<S: AsyncWrite + Unpin> Limited<S> {
    fn poll_altered(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.altered.is_empty() {
            let written = ready!(Pin::new(&mut self.inner).poll_write(context, &self.altered))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.altered.drain(..written);
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Limited<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &[u8]) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        ready!(this.poll_altered(context))?;
        if this.phase == Phase::Raised && this.frame_left == 0 {
            return Pin::new(&mut this.inner).poll_write(context, buffer);
        }
        if this.frame_left == 0 {
            let (length, is_settings) = frame(buffer).ok_or(io::ErrorKind::InvalidData)?;
            if is_settings {
                let whole = buffer.get(..length).ok_or(io::ErrorKind::InvalidData)?;
                this.alter(whole);
                // What does not go now goes before the next write or with the next flush.
                if let Poll::Ready(Err(error)) = this.poll_altered(context) {
                    return Poll::Ready(Err(error));
                }
                return Poll::Ready(Ok(length));
            }
            this.frame_left = length;
        }
        let part = &buffer[..buffer.len().min(this.frame_left)];
        let written = ready!(Pin::new(&mut this.inner).poll_write(context, part))?;
        this.frame_left -= written;
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_altered(context))?;
        Pin::new(&mut self.inner).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_altered(context))?;
        Pin::new(&mut self.inner).poll_shutdown(context)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Limited<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_read(context, buffer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    fn settings(flags: u8, pairs: &[(u16, u32)]) -> Vec<u8> {
        let length = u8::try_from(pairs.len() * SETTING_BYTES).expect("few");
        let mut frame = vec![0, 0, length, TYPE_SETTINGS, flags, 0, 0, 0, 0];
        for (id, value) in pairs {
            frame.extend(id.to_be_bytes());
            frame.extend(value.to_be_bytes());
        }
        frame
    }

    /// Whatever pieces it is written in, the same comes out.
    #[tokio::test]
    async fn the_first_settings_say_one_and_the_next_raise_it_and_nothing_else_changes() {
        let data = [0, 0, 12, 0, 1, 0, 0, 0, 1].iter().copied().chain(*b"twelve bytes").collect::<Vec<_>>();
        let given = [
            settings(0, &[(MAX_CONCURRENT_STREAMS, 1_000), (6, 16_384)]),
            settings(FLAG_ACK, &[]),
            data.clone(),
            settings(0, &[(INITIAL_WINDOW_SIZE, 65_535)]),
            data.clone(),
            settings(0, &[(INITIAL_WINDOW_SIZE, 65_535)]),
        ];
        let wanted = [
            settings(0, &[(MAX_CONCURRENT_STREAMS, 1), (6, 16_384)]),
            settings(FLAG_ACK, &[]),
            data.clone(),
            settings(0, &[(MAX_CONCURRENT_STREAMS, 1_000)]),
            data,
            settings(0, &[(INITIAL_WINDOW_SIZE, 65_535)]),
        ]
        .concat();
        for room in [1, 7, 64, 4_096] {
            let (near, mut far) = tokio::io::duplex(room);
            let mut limited = Limited::new(near, 1_000);
            let given = given.concat();
            let writing = async move {
                limited.write_all(&given).await.expect("written");
                limited.shutdown().await.expect("ended");
            };
            let mut got = Vec::new();
            let (_, read) = tokio::join!(writing, far.read_to_end(&mut got));
            read.expect("read");
            assert_eq!(got, wanted, "{room} bytes at a time");
        }
    }
}
