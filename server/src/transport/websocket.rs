//! The WebSocket link. The only file that names tungstenite.
//!
//! The HTTP part is over when a link is made: it starts on the bare stream, with the bytes that came glued to the
//! request. Inbound bytes are counted below the WebSocket, because a peer can send frames that never become a
//! message.

use super::allowance::{Allowance, Verdict};
use super::{Link, LinkError, Received};
use bytes::Bytes;
use futures_util::{Sink, Stream};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tickwire_shared::limits::INBOUND_BYTES_MAX;
use tickwire_shared::wire::{Close, CloseCode};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message, error::ProtocolError};

/// Frames of an honest client are some 30 bytes; a longer message is read in pieces. Each connection has one.
const READ_BUFFER_BYTES: usize = 1024;
const WRITE_BUFFER_BYTES_MAX: usize = 256 * 1024;
/// A longer message is rare (Joined, a keyframe) or it is what the room sends every tick. tungstenite's write buffer
/// never shrinks, so the first [`LONG_MESSAGES_CUT`] of them leave in fragments of this size, one write each; from
/// then on they count as what the room sends, and leave whole, in one write.
const FRAGMENT_BYTES: usize = 1024;
const LONG_MESSAGES_CUT: u8 = 4;
/// What is read and dropped from a peer that was told to go, before it is cut.
const DRAIN_BYTES_MAX: usize = 256 * 1024;

const _: () = assert!(WRITE_BUFFER_BYTES_MAX > tickwire_shared::limits::OUTBOUND_BYTES_MAX + 1024);

fn config() -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER_BYTES)
        .write_buffer_size(0)
        .max_write_buffer_size(WRITE_BUFFER_BYTES_MAX)
        .max_message_size(Some(INBOUND_BYTES_MAX))
        .max_frame_size(Some(INBOUND_BYTES_MAX))
}

/// What `Sec-WebSocket-Accept` answers to a client's key.
pub(crate) fn accept_key(key: &[u8]) -> String {
    derive_accept_key(key)
}

/// A server's end of a WebSocket over any byte stream.
#[derive(Debug)]
pub(crate) struct WebSocketLink<S> {
    stream: WebSocketStream<Metered<S>>,
    drained: usize,
    shut: bool,
    long_messages: u8,
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> WebSocketLink<S> {
    /// Takes the stream over behind the HTTP upgrade. `already_read` is what came behind the request's head.
    pub(crate) async fn open(io: S, already_read: Bytes, bytes_per_s: u32) -> Box<Self> {
        let mut metered = Metered::new(io, bytes_per_s);
        metered.count(already_read.len());
        let part = already_read.to_vec();
        let stream = WebSocketStream::from_partially_read(metered, part, Role::Server, Some(config())).await;
        Box::new(Self { stream, drained: 0, shut: false, long_messages: 0 })
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> WebSocketLink<S> {
    fn start(&mut self, message: Message) -> Result<(), LinkError> {
        Pin::new(&mut self.stream).start_send(message).map_err(|error| map_error(&error))
    }

    fn send_in_fragments(&mut self, mut message: Bytes) -> Result<(), LinkError> {
        let mut opcode = Data::Binary;
        while message.len() > FRAGMENT_BYTES {
            let fragment = message.split_to(FRAGMENT_BYTES);
            self.start(Message::Frame(Frame::message(fragment, OpCode::Data(opcode), false)))?;
            opcode = Data::Continue;
        }
        self.start(Message::Frame(Frame::message(message, OpCode::Data(opcode), true)))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Link for WebSocketLink<S> {
    fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Result<Received, LinkError>> {
        let received = match ready!(Pin::new(&mut self.stream).poll_next(cx)) {
            Some(Ok(Message::Binary(bytes))) => Ok(Received::Message(bytes)),
            Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => Ok(Received::Sign),
            Some(Ok(Message::Text(_))) => {
                Err(LinkError::broken(CloseCode::TextMessage, "send binary messages only"))
            }
            Some(Ok(Message::Close(frame))) => {
                Err(LinkError::ClosedByPeer(frame.map(|frame| u16::from(frame.code))))
            }
            Some(Err(error)) => Err(map_error(&error)),
            None => Err(LinkError::Cut),
        };
        Poll::Ready(received)
    }

    fn start_send(&mut self, message: Bytes) -> Result<(), LinkError> {
        if message.len() > FRAGMENT_BYTES && self.long_messages < LONG_MESSAGES_CUT {
            self.long_messages += 1;
            return self.send_in_fragments(message);
        }
        self.start(Message::Binary(message))
    }

    fn start_ping(&mut self) -> Result<(), LinkError> {
        self.start(Message::Ping(Bytes::new()))
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), LinkError>> {
        Pin::new(&mut self.stream).poll_flush(cx).map_err(|error| map_error(&error))
    }

    fn start_close(&mut self, close: &Close) {
        let frame = CloseFrame { code: close.code.code().into(), reason: close.code.reason().into() };
        // An error here means that the connection is gone, which finishing finds out too.
        let _ = Pin::new(&mut self.stream).start_send(Message::Close(Some(frame)));
    }

    fn poll_finish(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let io = &mut self.stream.get_mut().io;
        if !self.shut {
            let _ = ready!(Pin::new(&mut *io).poll_shutdown(cx));
            self.shut = true;
        }
        let mut scratch = [0; 1024];
        loop {
            let mut buffer = ReadBuf::new(&mut scratch);
            match ready!(Pin::new(&mut *io).poll_read(cx, &mut buffer)) {
                Ok(()) if !buffer.filled().is_empty() && self.drained < DRAIN_BYTES_MAX => {
                    self.drained += buffer.filled().len();
                }
                _ => return Poll::Ready(()),
            }
        }
    }

    fn bytes_in(&self) -> u64 {
        self.stream.get_ref().bytes_in
    }
}

fn map_error(error: &Error) -> LinkError {
    match error {
        Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => LinkError::Cut,
        Error::Protocol(problem) => LinkError::broken(CloseCode::Protocol, &problem.to_string()),
        Error::Utf8(problem) => LinkError::broken(CloseCode::BadUtf8, problem),
        Error::Capacity(problem) => LinkError::broken(CloseCode::TooBig, &problem.to_string()),
        Error::WriteBufferFull(_) => LinkError::broken(CloseCode::TooSlow, "the write buffer is full"),
        Error::Io(problem) if is_rate(problem) => {
            LinkError::broken(CloseCode::RateLimited, "too many bytes per second for too long")
        }
        _ => LinkError::Cut,
    }
}

/// The mark of an I/O error that stands for a peer which sent too much for too long.
#[derive(Debug, thiserror::Error)]
#[error("too many bytes per second")]
struct RateExceeded;

fn is_rate(error: &io::Error) -> bool {
    error.get_ref().is_some_and(|inner| inner.is::<RateExceeded>())
}

/// A byte stream whose inbound bytes are counted and held to a rate.
#[derive(Debug)]
struct Metered<S> {
    io: S,
    bytes_in: u64,
    allowance: Allowance,
    /// Made for the first pause and kept until reading goes on.
    pause: Option<Pin<Box<Sleep>>>,
}

impl<S> Metered<S> {
    fn new(io: S, bytes_per_s: u32) -> Self {
        Self { io, bytes_in: 0, allowance: Allowance::new(bytes_per_s), pause: None }
    }

    fn count(&mut self, bytes: usize) {
        self.bytes_in += bytes as u64;
        self.allowance.spend(u32::try_from(bytes).unwrap_or(u32::MAX));
    }

    fn poll_allowance(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            if let Some(pause) = &mut self.pause {
                ready!(pause.as_mut().poll(cx));
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

impl<S: AsyncRead + Unpin> AsyncRead for Metered<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.allowance.is_empty() {
            ready!(this.poll_allowance(cx))?;
        }
        let before = buffer.filled().len();
        ready!(Pin::new(&mut this.io).poll_read(cx, buffer))?;
        this.count(buffer.filled().len() - before);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Metered<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().io).poll_write(cx, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().io).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().io).poll_shutdown(cx)
    }
}
