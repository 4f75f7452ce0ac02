//! A byte stream whose inbound bytes are counted and held to a rate, with the blocking face that tungstenite wants.

use super::allowance::{Allowance, Verdict};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, Waker, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep};

/// The mark of an I/O error that stands for a peer which sent too much for too long.
#[derive(Debug, thiserror::Error)]
#[error("too many bytes per second")]
struct RateExceeded;

/// Whether `error` says that a peer sent too much for too long.
pub(super) fn is_rate_exceeded(error: &io::Error) -> bool {
    error.get_ref().is_some_and(|inner| inner.is::<RateExceeded>())
}

/// A stream for one task. Reads and writes that would wait answer with [`io::ErrorKind::WouldBlock`] and wake the
/// task that was set last.
#[derive(Debug)]
pub(super) struct Metered<S> {
    io: S,
    waker: Waker,
    bytes_in: u64,
    allowance: Allowance,
    /// Made for a pause and kept until reading goes on.
    pause: Option<Pin<Box<Sleep>>>,
}

impl<S> Metered<S> {
    pub(super) fn new(io: S, bytes_per_s: u32) -> Self {
        Self {
            io,
            waker: Waker::noop().clone(),
            bytes_in: 0,
            allowance: Allowance::new(bytes_per_s),
            pause: None,
        }
    }

    /// Who is woken by what would block from now on.
    #[inline]
    pub(super) fn set_waker(&mut self, cx: &Context<'_>) {
        if !self.waker.will_wake(cx.waker()) {
            self.waker.clone_from(cx.waker());
        }
    }

    /// Bytes that came so far.
    pub(super) fn bytes_in(&self) -> u64 {
        self.bytes_in
    }

    pub(super) fn count(&mut self, bytes: usize) {
        self.bytes_in += bytes as u64;
        self.allowance.spend(u32::try_from(bytes).unwrap_or(u32::MAX));
    }

    fn poll_allowance(&mut self) -> Poll<io::Result<()>> {
        loop {
            if let Some(pause) = &mut self.pause {
                ready!(pause.as_mut().poll(&mut Context::from_waker(&self.waker)));
                self.pause = None;
            }
            match self.allowance.renew(Instant::now()) {
                Verdict::Go => return Poll::Ready(Ok(())),
                Verdict::Pause(until) => self.pause = Some(Box::pin(tokio::time::sleep_until(until))),
                Verdict::Over => return Poll::Ready(Err(io::Error::other(RateExceeded))),
            }
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Metered<S> {
    /// Shuts the sending half down. An error means that it is down already.
    pub(super) fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        Pin::new(&mut self.io).poll_shutdown(cx).map(|_| ())
    }

    /// Reads past the allowance and drops what came. 0 at the end of the stream or at an error.
    pub(super) fn poll_drain(&mut self, cx: &mut Context<'_>, scratch: &mut [u8]) -> Poll<usize> {
        let mut buffer = ReadBuf::new(scratch);
        Pin::new(&mut self.io)
            .poll_read(cx, &mut buffer)
            .map(|read| read.map_or(0, |()| buffer.filled().len()))
    }
}

fn or_would_block<T>(poll: Poll<io::Result<T>>) -> io::Result<T> {
    match poll {
        Poll::Ready(result) => result,
        Poll::Pending => Err(io::ErrorKind::WouldBlock.into()),
    }
}

impl<S: AsyncRead + Unpin> io::Read for Metered<S> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        if self.allowance.is_empty() {
            or_would_block(self.poll_allowance())?;
        }
        let mut buffer = ReadBuf::new(bytes);
        let cx = &mut Context::from_waker(&self.waker);
        or_would_block(Pin::new(&mut self.io).poll_read(cx, &mut buffer))?;
        let count = buffer.filled().len();
        self.count(count);
        Ok(count)
    }
}

impl<S: AsyncWrite + Unpin> io::Write for Metered<S> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        or_would_block(Pin::new(&mut self.io).poll_write(&mut Context::from_waker(&self.waker), bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        or_would_block(Pin::new(&mut self.io).poll_flush(&mut Context::from_waker(&self.waker)))
    }
}
