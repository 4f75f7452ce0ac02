//! The WebSocket link. The only file that names tungstenite.
//!
//! The HTTP part is over when a link is made: it starts on the bare stream, with the bytes that arrived
//! together with the request. Inbound bytes are counted below the WebSocket, because a peer can send frames
//! that never become a message.
//!
//! Only one task ever uses a link, so tungstenite is driven directly: an adapter that serves a reader and a
//! writer in two tasks registers four wakers per poll.

#[cfg(feature = "direct-io")]
use super::direct;
use super::inbound::{Inbound, NextMessage};
use super::metered::{Metered, is_rate_exceeded};
use super::stream::ByteStream;
use super::{Link, LinkError, Received};
use bytes::Bytes;
use std::io;
use std::ops::Range;
use std::task::{Context, Poll, ready};
use tickwire_shared::limits::INBOUND_BYTES_MAX;
use tickwire_shared::wire::{Close, CloseCode};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message, WebSocket, error::ProtocolError};

/// Frames of an honest client are some 30 bytes; a longer message is read in pieces. Each connection has such
/// a buffer.
const READ_BUFFER_BYTES: usize = 512;
const WRITE_BUFFER_BYTES_MAX: usize = 256 * 1024;
/// A longer message bypasses tungstenite, whose write buffer copies each message and never shrinks.
const COPIED_BYTES_MAX: usize = 1024;
/// How much is read and dropped from a closed peer before it is cut.
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

/// The `Sec-WebSocket-Accept` value for a client's key.
pub(crate) fn accept_key(key: &[u8]) -> String {
    derive_accept_key(key)
}

/// A server's end of a WebSocket over any byte stream.
#[derive(Debug)]
pub(crate) struct WebSocketLink<S> {
    socket: WebSocket<Metered<S>>,
    /// `None` while a room reads in this link's place.
    inbound: Option<Box<Inbound>>,
    /// What a room may write to and read from.
    #[cfg(feature = "direct-io")]
    handle: Option<direct::Handle>,
    /// Frames are read in `inbound`: tungstenite holds no part of one.
    in_place: bool,
    /// Bytes of the frames that tungstenite has delivered, each head counted at its shortest.
    taken: u64,
    /// The message that tungstenite delivered last.
    received: Bytes,
    drained: usize,
    shut: bool,
}

impl<S: ByteStream> WebSocketLink<S> {
    /// Takes over the stream after the HTTP upgrade. `already_read` are the bytes that arrived after the
    /// request's head.
    pub(crate) fn open(io: S, already_read: &Bytes, bytes_per_s: u32) -> Box<Self> {
        #[cfg(feature = "direct-io")]
        let handle = io.direct();
        let mut metered = Metered::new(io, bytes_per_s);
        metered.meter.count(already_read.len() as u64);
        metered.leave(already_read);
        let in_place = already_read.is_empty();
        let socket = WebSocket::from_raw_socket(metered, Role::Server, Some(config()));
        Box::new(Self {
            socket,
            inbound: Some(Box::default()),
            #[cfg(feature = "direct-io")]
            handle,
            in_place,
            taken: 0,
            received: Bytes::new(),
            drained: 0,
            shut: false,
        })
    }

    fn start(&mut self, message: Message) -> Result<(), LinkError> {
        match self.socket.write(message) {
            // What could not be written waits in the write buffer for the next flush.
            Err(Error::Io(error)) if error.kind() == io::ErrorKind::WouldBlock => Ok(()),
            written => written.map_err(|error| map_error(&error)),
        }
    }

    /// Whether everything that tungstenite took is written.
    fn is_flushed(&mut self) -> bool {
        self.socket.can_write() && self.socket.flush().is_ok()
    }
}

impl<S: ByteStream> WebSocketLink<S> {
    /// Where the next message is in `inbound`; `None` if tungstenite has to continue.
    fn poll_in_place(&mut self) -> Poll<Result<Option<Range<usize>>, LinkError>> {
        let Some(inbound) = &mut self.inbound else { return Poll::Pending };
        loop {
            match inbound.take() {
                NextMessage::Message(at) => return Poll::Ready(Ok(Some(at))),
                NextMessage::Part => {}
                NextMessage::Other => {
                    self.socket.get_mut().leave(inbound.pending());
                    inbound.start_with(&[]);
                    self.in_place = false;
                    return Poll::Ready(Ok(None));
                }
            }
            let received = self.socket.get_mut().receive(inbound.space()).map_err(Error::Io);
            match ready!(would_block(received)) {
                Ok(0) => return Poll::Ready(Err(LinkError::Cut)),
                Ok(bytes) => inbound.filled(bytes),
                Err(error) => return Poll::Ready(Err(map_error(&error))),
            }
        }
    }

    /// Notes a message from tungstenite. If tungstenite holds nothing more, frames can be read in place
    /// again: heads that were longer than necessary make `taken` too small, never too large. The answer to a
    /// ping is sent when it reads on.
    fn took(&mut self, message: &Message) {
        let length = message.len() as u64;
        self.taken += if length < 126 { 6 + length } else { 8 + length };
        self.in_place = message.is_binary() && self.socket.get_ref().bytes_read() == Some(self.taken);
    }

    fn poll_tungstenite(&mut self) -> Poll<Result<Received<'_>, LinkError>> {
        let read = ready!(would_block(self.socket.read()));
        if let Ok(message) = &read {
            self.took(message);
        }
        let received = match read {
            Ok(Message::Binary(bytes)) => {
                self.received = bytes;
                Ok(Received::Message(&self.received))
            }
            Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_)) => Ok(Received::Heartbeat),
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
}

impl<S: ByteStream> Link for WebSocketLink<S> {
    fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Result<Received<'_>, LinkError>> {
        self.socket.get_mut().set_waker(cx);
        if self.in_place
            && let Some(at) = ready!(self.poll_in_place())?
        {
            let message = self.inbound.as_ref().map_or(&[][..], |inbound| inbound.message(at));
            return Poll::Ready(Ok(Received::Message(message)));
        }
        self.poll_tungstenite()
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
            // The close handshake is done, and everything was written.
            Ok(()) | Err(Error::ConnectionClosed) => Ok(()),
            Err(error) => Err(map_error(&error)),
        })
    }

    fn start_close(&mut self, close: &Close) {
        let frame = CloseFrame { code: close.code.code().into(), reason: close.code.reason().into() };
        // An error here means that the connection no longer exists; finishing will find that out too.
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
        self.socket.get_ref().meter.bytes_in
    }

    #[cfg(feature = "direct-io")]
    fn direct(&mut self) -> Option<direct::Parts<'_>> {
        let (inbound, meter) = (&mut self.inbound, &mut self.socket.get_mut().meter);
        Some(direct::Parts { handle: self.handle.as_ref()?, inbound, meter, in_place: self.in_place })
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::future::poll_fn;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    #[derive(Clone, Debug)]
    enum Sent {
        Binary(Vec<u8>),
        Fragments(Vec<u8>, Vec<u8>),
        LongHead(u8),
        Ping,
        Text,
    }

    fn frame(first: u8, payload: &[u8], long: bool) -> Vec<u8> {
        let mask = [0x5a, 0, 0xff, 0x13];
        let mut bytes = vec![first];
        if payload.len() < 126 && !long {
            bytes.push(0x80 | payload.len() as u8);
        } else {
            bytes.push(0xfe);
            bytes.extend((payload.len() as u16).to_be_bytes());
        }
        bytes.extend(mask);
        bytes.extend(payload.iter().enumerate().map(|(at, byte)| byte ^ mask[at % 4]));
        bytes
    }

    impl Sent {
        fn bytes(&self) -> Vec<u8> {
            match self {
                Self::Binary(payload) => frame(0x82, payload, false),
                Self::Fragments(one, two) => [frame(0x02, one, false), frame(0x80, two, false)].concat(),
                Self::LongHead(byte) => frame(0x82, &[*byte], true),
                Self::Ping => frame(0x89, b"there?", false),
                Self::Text => frame(0x81, b"text", false),
            }
        }
    }

    fn sent() -> impl Strategy<Value = Sent> {
        let bytes = |most| proptest::collection::vec(any::<u8>(), 0..most);
        prop_oneof![
            10 => bytes(40).prop_map(Sent::Binary),
            2 => bytes(700).prop_map(Sent::Binary),
            1 => bytes(5000).prop_map(Sent::Binary),
            1 => (bytes(20), bytes(20)).prop_map(|(one, two)| Sent::Fragments(one, two)),
            1 => any::<u8>().prop_map(Sent::LongHead),
            2 => Just(Sent::Ping),
            1 => Just(Sent::Text),
        ]
    }

    /// Everything that a link reports for `pieces`, and what it answers. Reads past tungstenite,
    /// only if `in_place`.
    async fn hear(pieces: Vec<Vec<u8>>, in_place: bool) -> (Vec<String>, Vec<u8>) {
        let (near, mut far) = tokio::io::duplex(1 << 16);
        let mut link = WebSocketLink::open(near, &Bytes::new(), u32::MAX);
        link.in_place = in_place;
        let send = async move {
            // After an error the link no longer exists, and writing to it fails.
            for piece in pieces {
                let _ = far.write_all(&piece).await;
                tokio::task::yield_now().await;
            }
            let _ = far.shutdown().await;
            let mut answer = Vec::new();
            far.read_to_end(&mut answer).await.unwrap();
            answer
        };
        let listen = async move {
            let mut said = Vec::new();
            loop {
                let (text, over) = poll_fn(|cx| {
                    let received = ready!(link.poll_recv(cx));
                    Poll::Ready((format!("{received:?}"), received.is_err()))
                })
                .await;
                link.in_place &= in_place;
                said.push(text);
                if over {
                    return said;
                }
            }
        };
        let (said, answer) = tokio::join!(listen, send);
        (said, answer)
    }

    proptest! {
        #[test]
        fn frames_read_past_tungstenite_are_the_same_however_they_are_cut(
            messages in proptest::collection::vec(sent(), 0..20),
            cuts in proptest::collection::vec(1_usize..900, 0..30),
        ) {
            let stream: Vec<u8> = messages.iter().flat_map(Sent::bytes).collect();
            let (mut pieces, mut rest) = (Vec::new(), &stream[..]);
            for cut in cuts {
                let (piece, after) = rest.split_at(cut.min(rest.len()));
                pieces.push(piece.to_vec());
                rest = after;
            }
            pieces.push(rest.to_vec());
            let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
            let (in_place, plain) = runtime.block_on(async {
                (hear(pieces.clone(), true).await, hear(pieces, false).await)
            });
            prop_assert_eq!(in_place, plain);
        }
    }

    #[tokio::test]
    async fn short_frames_are_read_past_tungstenite_again_after_a_long_one() {
        let (near, mut far) = tokio::io::duplex(1 << 16);
        let mut link = WebSocketLink::open(near, &Bytes::new(), u32::MAX);
        let mut hear = async |expected: &[u8]| {
            poll_fn(|cx| link.poll_recv(cx).map(|got| assert_eq!(got, Ok(Received::Message(expected)))))
                .await;
            link.in_place
        };
        far.write_all(&frame(0x82, &[1; 30], false)).await.unwrap();
        assert!(hear(&[1; 30]).await);
        far.write_all(&frame(0x82, &[2; 3000], false)).await.unwrap();
        assert!(hear(&[2; 3000]).await);
        far.write_all(&frame(0x82, &[3], true)).await.unwrap();
        assert!(!hear(&[3]).await);
    }
}
