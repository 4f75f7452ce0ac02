//! The WebSocket link. The only file that names tungstenite.
//!
//! The HTTP part is over when a link is made: it starts on the bare stream, with the bytes that came glued to the
//! request. Inbound bytes are counted below the WebSocket, because a peer can send frames that never become a
//! message.
//!
//! One task uses a link, and it stays the same, so tungstenite is driven directly: an adapter that serves a reader and
//! a writer in two tasks registers four wakers per poll.

use super::metered::{Metered, is_rate_exceeded};
use super::{Link, LinkError, Received};
use bytes::Bytes;
use std::io;
use std::task::{Context, Poll, ready};
use tickwire_shared::limits::INBOUND_BYTES_MAX;
use tickwire_shared::wire::{Close, CloseCode};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message, WebSocket, error::ProtocolError};

/// Frames of an honest client are some 30 bytes; a longer message is read in pieces. Each connection has one.
const READ_BUFFER_BYTES: usize = 1024;
const WRITE_BUFFER_BYTES_MAX: usize = 256 * 1024;
/// A longer message goes past tungstenite, whose write buffer copies each message and never shrinks.
const COPIED_BYTES_MAX: usize = 1024;
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
    socket: WebSocket<Metered<S>>,
    drained: usize,
    shut: bool,
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> WebSocketLink<S> {
    /// Takes the stream over behind the HTTP upgrade. `already_read` is what came behind the request's head.
    pub(crate) fn open(io: S, already_read: &Bytes, bytes_per_s: u32) -> Box<Self> {
        let mut metered = Metered::new(io, bytes_per_s);
        metered.count(already_read.len());
        let part = already_read.to_vec();
        let socket = WebSocket::from_partially_read(metered, part, Role::Server, Some(config()));
        Box::new(Self { socket, drained: 0, shut: false })
    }

    fn start(&mut self, message: Message) -> Result<(), LinkError> {
        match self.socket.write(message) {
            // What could not be written waits in the write buffer for the next flush.
            Err(Error::Io(error)) if error.kind() == io::ErrorKind::WouldBlock => Ok(()),
            written => written.map_err(|error| map_error(&error)),
        }
    }

    /// Whether nothing that tungstenite took waits to be written.
    fn is_flushed(&mut self) -> bool {
        self.socket.can_write() && self.socket.flush().is_ok()
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Link for WebSocketLink<S> {
    fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Result<Received, LinkError>> {
        self.socket.get_mut().set_waker(cx);
        let received = match ready!(would_block(self.socket.read())) {
            Ok(Message::Binary(bytes)) => Ok(Received::Message(bytes)),
            Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_)) => Ok(Received::Sign),
            Ok(Message::Text(_)) => {
                Err(LinkError::broken(CloseCode::TextMessage, "send binary messages only"))
            }
            Ok(Message::Close(frame)) => {
                Err(LinkError::ClosedByPeer(frame.map(|frame| u16::from(frame.code))))
            }
            Err(error) => Err(map_error(&error)),
        };
        Poll::Ready(received)
    }

    fn start_send(&mut self, message: Bytes) -> Result<(), LinkError> {
        if message.len() > COPIED_BYTES_MAX && self.is_flushed() {
            return self.socket.get_mut().start_frame(message).map_err(|_| LinkError::Cut);
        }
        self.start(Message::Binary(message))
    }

    fn start_ping(&mut self) -> Result<(), LinkError> {
        self.start(Message::Ping(Bytes::new()))
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), LinkError>> {
        let io = self.socket.get_mut();
        io.set_waker(cx);
        if io.has_frame() && ready!(io.poll_frame()).is_err() {
            return Poll::Ready(Err(LinkError::Cut));
        }
        would_block(self.socket.flush()).map(|flushed| match flushed {
            // The closing handshake is done, and all was written.
            Ok(()) | Err(Error::ConnectionClosed) => Ok(()),
            Err(error) => Err(map_error(&error)),
        })
    }

    fn start_close(&mut self, close: &Close) {
        let frame = CloseFrame { code: close.code.code().into(), reason: close.code.reason().into() };
        // An error here means that the connection is gone, which finishing finds out too.
        let _ = self.start(Message::Close(Some(frame)));
    }

    fn poll_finish(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let io = self.socket.get_mut();
        if !self.shut {
            ready!(io.poll_shutdown(cx));
            self.shut = true;
        }
        let mut scratch = [0; 1024];
        while self.drained < DRAIN_BYTES_MAX {
            match ready!(io.poll_drain(cx, &mut scratch)) {
                0 => break,
                bytes => self.drained += bytes,
            }
        }
        Poll::Ready(())
    }

    fn bytes_in(&self) -> u64 {
        self.socket.get_ref().bytes_in()
    }
}

fn would_block<T>(result: Result<T, Error>) -> Poll<Result<T, Error>> {
    match result {
        Err(Error::Io(error)) if error.kind() == io::ErrorKind::WouldBlock => Poll::Pending,
        result => Poll::Ready(result),
    }
}

fn map_error(error: &Error) -> LinkError {
    match error {
        Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => LinkError::Cut,
        Error::Protocol(problem) => LinkError::broken(CloseCode::Protocol, &problem.to_string()),
        Error::Utf8(problem) => LinkError::broken(CloseCode::BadUtf8, problem),
        Error::Capacity(problem) => LinkError::broken(CloseCode::TooBig, &problem.to_string()),
        Error::WriteBufferFull(_) => LinkError::broken(CloseCode::TooSlow, "the write buffer is full"),
        Error::Io(problem) if is_rate_exceeded(problem) => {
            LinkError::broken(CloseCode::RateLimited, "too many bytes per second for too long")
        }
        _ => LinkError::Cut,
    }
}
