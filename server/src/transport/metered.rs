//! A byte stream that counts inbound bytes and limits their rate, with the blocking interface that
//! tungstenite needs.
//!
//! Long messages are written here, without a copy: while one is being written, tungstenite's own writes wait.

use super::allowance::{Allowance, Verdict};
use super::frame::Head;
use bytes::{Buf, Bytes};
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, Waker, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep};

/// Marks an I/O error as a peer that sent too much for too long.
#[derive(Debug, thiserror::Error)]
#[error("too many bytes per second")]
struct RateExceeded;

/// Whether `error` says that a peer sent too much for too long.
pub(super) fn is_rate_exceeded(error: &io::Error) -> bool {
    error.get_ref().is_some_and(|inner| inner.is::<RateExceeded>())
}

/// Counts what arrived, and what may.
#[derive(Debug)]
pub(super) struct Meter {
    /// Bytes that arrived so far.
    pub(super) bytes_in: u64,
    /// Bytes that may arrive.
    pub(super) allowance: Allowance,
}

impl Meter {
    /// Counts bytes that arrived, through the stream or past it.
    pub(super) fn count(&mut self, bytes: u64) {
        self.bytes_in += bytes;
        self.allowance.spend(u32::try_from(bytes).unwrap_or(u32::MAX));
    }
}

/// A stream for one task. Reads and writes that would wait return [`io::ErrorKind::WouldBlock`] and later
/// wake the task that was set last.
#[derive(Debug)]
pub(super) struct Metered<S> {
    io: S,
    waker: Waker,
    /// Bytes that were received before; tungstenite reads them first.
    carry: Bytes,
    /// Bytes that tungstenite has read.
    read: u64,
    pub(super) meter: Meter,
    /// Made for a pause and kept until reading continues.
    pause: Option<Pin<Box<Sleep>>>,
    frame: Option<Frame>,
}

/// A binary message that is being written.
#[derive(Debug)]
struct Frame {
    head: Head,
    message: Bytes,
    /// Bytes of head and message that are written.
    written: usize,
}

impl Frame {
    fn new(message: Bytes) -> Self {
        Self { head: Head::of(message.len()), message, written: 0 }
    }

    /// The rest of the head and of the message; `None` if everything is written.
    fn rest(&self) -> Option<[IoSlice<'_>; 2]> {
        let head = self.head.bytes();
        let message = self.message.get(self.written.saturating_sub(head.len())..)?;
        let head = head.get(self.written.min(head.len())..)?;
        if head.is_empty() && message.is_empty() {
            return None;
        }
        Some([IoSlice::new(head), IoSlice::new(message)])
    }
}

impl<S> Metered<S> {
    pub(super) fn new(io: S, bytes_per_s: u32) -> Self {
        Self {
            io,
            waker: Waker::noop().clone(),
            carry: Bytes::new(),
            read: 0,
            meter: Meter { bytes_in: 0, allowance: Allowance::new(bytes_per_s) },
            pause: None,
            frame: None,
        }
    }

    /// Sets the task that is woken after an operation would have blocked, from now on.
    #[inline]
    pub(super) fn set_waker(&mut self, cx: &Context<'_>) {
        if !self.waker.will_wake(cx.waker()) {
            self.waker.clone_from(cx.waker());
        }
    }

    /// Leaves received bytes to tungstenite, ahead of everything that arrives later.
    pub(super) fn leave(&mut self, bytes: &[u8]) {
        self.carry = Bytes::copy_from_slice(bytes);
    }

    /// Bytes that tungstenite has read so far; `None` while it has not read all bytes that were left to it.
    pub(super) fn bytes_read(&self) -> Option<u64> {
        self.carry.is_empty().then_some(self.read)
    }

    fn poll_allowance(&mut self) -> Poll<io::Result<()>> {
        loop {
            if let Some(pause) = &mut self.pause {
                ready!(pause.as_mut().poll(&mut Context::from_waker(&self.waker)));
                self.pause = None;
            }
            match self.meter.allowance.renew(Instant::now()) {
                Verdict::Go => return Poll::Ready(Ok(())),
                Verdict::Pause(until) => self.pause = Some(Box::pin(tokio::time::sleep_until(until))),
                Verdict::Over => return Poll::Ready(Err(io::Error::other(RateExceeded))),
            }
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Metered<S> {
    /// Starts to write `message` as one frame. Call only when nothing else is being written.
    pub(super) fn start_frame(&mut self, message: Bytes) -> io::Result<()> {
        self.frame = Some(Frame::new(message));
        match self.poll_frame() {
            Poll::Ready(Err(error)) => Err(error),
            _ => Ok(()),
        }
    }

    /// Whether a frame is being written.
    #[inline]
    pub(super) fn has_frame(&self) -> bool {
        self.frame.is_some()
    }

    /// Writes the rest of that frame.
    pub(super) fn poll_frame(&mut self) -> Poll<io::Result<()>> {
        let cx = &mut Context::from_waker(&self.waker);
        while let Some(frame) = &mut self.frame {
            let Some(rest) = frame.rest() else {
                self.frame = None;
                break;
            };
            match ready!(Pin::new(&mut self.io).poll_write_vectored(cx, &rest))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                bytes => frame.written += bytes,
            }
        }
        Poll::Ready(Ok(()))
    }

    /// Shuts the sending half down. An error means that it is down already.
    pub(super) fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        Pin::new(&mut self.io).poll_shutdown(cx).map(|_| ())
    }

    /// Reads without regard to the allowance and drops the bytes. 0 at the end of the stream or at an error.
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

impl<S: AsyncRead + Unpin> Metered<S> {
    /// Reads what arrives, bypassing tungstenite.
    pub(super) fn receive(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        if self.meter.allowance.is_empty() {
            or_would_block(self.poll_allowance())?;
        }
        let mut buffer = ReadBuf::new(bytes);
        let cx = &mut Context::from_waker(&self.waker);
        or_would_block(Pin::new(&mut self.io).poll_read(cx, &mut buffer))?;
        let count = buffer.filled().len();
        self.meter.count(count as u64);
        Ok(count)
    }
}

impl<S: AsyncRead + Unpin> io::Read for Metered<S> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let count = if self.carry.is_empty() {
            self.receive(bytes)?
        } else {
            let count = self.carry.len().min(bytes.len());
            self.carry.copy_to_slice(bytes.get_mut(..count).unwrap_or_default());
            count
        };
        self.read += count as u64;
        Ok(count)
    }
}

impl<S: AsyncWrite + Unpin> io::Write for Metered<S> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.frame.is_some() {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        or_would_block(Pin::new(&mut self.io).poll_write(&mut Context::from_waker(&self.waker), bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        or_would_block(Pin::new(&mut self.io).poll_flush(&mut Context::from_waker(&self.waker)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::poll_fn;
    use tokio::io::AsyncReadExt;

    #[tokio::test]
    async fn a_frame_of_any_length_is_written_whole_through_a_narrow_stream() {
        for (length, head) in [
            (0, vec![0x82, 0]),
            (125, vec![0x82, 125]),
            (126, vec![0x82, 126, 0, 126]),
            (0xffff, vec![0x82, 126, 0xff, 0xff]),
            (0x1_0000, vec![0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0]),
        ] {
            let (near, mut far) = tokio::io::duplex(100);
            let mut metered = Metered::new(near, 1);
            let message: Bytes = (0..length).map(|at| at as u8).collect::<Vec<_>>().into();
            let written = tokio::spawn({
                let message = message.clone();
                async move {
                    metered.start_frame(message).unwrap();
                    poll_fn(|cx| {
                        metered.set_waker(cx);
                        metered.poll_frame()
                    })
                    .await
                    .unwrap();
                    assert!(!metered.has_frame());
                }
            });
            let mut got = Vec::new();
            far.read_to_end(&mut got).await.unwrap();
            written.await.unwrap();
            assert_eq!(got, [&head[..], &message].concat(), "{length}");
        }
    }

    #[tokio::test]
    async fn other_writes_wait_for_a_frame_under_way() {
        use std::io::Write;
        let (near, _far) = tokio::io::duplex(100);
        let mut metered = Metered::new(near, 1);
        metered.start_frame(vec![0; 500].into()).unwrap();
        assert_eq!(metered.write(&[1]).unwrap_err().kind(), io::ErrorKind::WouldBlock);
    }
}
