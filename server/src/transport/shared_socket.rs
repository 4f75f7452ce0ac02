//! A plain TCP socket that a session shares with its room.
//!
//! A room that has an update for an idle session writes it here at once. While it holds the [`Lease`], it
//! also reads here, at the start of its tick, what has arrived. This saves waking a task for each. Frames
//! never mix, because each side sees when the other is inside one.

use super::frame::{HEAD_BYTES_MAX, Head};
use super::lease::{Harvest, Lease, Reading};
use super::socket::Socket;
use bytes::{Buf, Bytes};
use socket2::SockRef;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use tickwire_shared::wire::Close;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Instant;
use tokio_rustls::server::TlsStream;

/// A stream that can carry a session.
pub(crate) trait ByteStream: AsyncRead + AsyncWrite + Unpin + Send + 'static {
    /// What a room may write to and read from. `None` if only the session can.
    fn shared_socket(&self) -> Option<Arc<SharedSocket>> {
        None
    }

    /// A session begins: from now on the kernel holds little unsent data.
    ///
    /// # Errors
    /// The socket no longer exists.
    fn keep_little_unsent(&self) -> io::Result<()> {
        Ok(())
    }
}

/// Bytes that the kernel may hold for one session. They are few, because data waiting there hides a slow
/// reader. (Pages are faster with the buffer that the system chooses.)
const SEND_BUFFER_BYTES: usize = 32 * 1024;
/// Below this many unsent bytes, the kernel calls a socket writable again.
#[cfg(any(target_os = "android", target_os = "linux"))]
const NOT_SENT_BYTES: u32 = 16 * 1024;

fn keep_little_unsent(socket: &TcpStream) -> io::Result<()> {
    let socket = SockRef::from(socket);
    socket.set_send_buffer_size(SEND_BUFFER_BYTES)?;
    #[cfg(any(target_os = "android", target_os = "linux"))]
    socket.set_tcp_notsent_lowat(NOT_SENT_BYTES)?;
    Ok(())
}

impl ByteStream for TlsStream<TcpStream> {
    fn keep_little_unsent(&self) -> io::Result<()> {
        keep_little_unsent(self.get_ref().0)
    }
}

#[cfg(test)]
impl ByteStream for tokio::io::DuplexStream {}

/// A shared socket.
#[derive(Debug)]
pub(crate) struct SharedSocket {
    shared: Mutex<Shared>,
}

#[derive(Debug)]
struct Shared {
    socket: Socket,
    /// The room's right to read.
    lease: Option<Lease>,
    /// The part of a room's frame that the socket did not take.
    tail: Bytes,
    /// The socket did not take all that the session wrote last: it may be inside one of the session's frames.
    held: bool,
}

/// The result of sending a room's message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sent {
    /// It is written.
    Whole,
    /// A part is written; the session has to flush the rest.
    Begun,
    /// Nothing is written: the session has to write it.
    Not,
}

impl SharedSocket {
    fn shared(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on arriving bytes wake no task; a room reads them, or tells the session to. Returns whether
    /// this is so: not every system can do it.
    pub(super) fn poll_on_tick(&self) -> io::Result<bool> {
        self.shared().socket.poll_on_tick()
    }

    /// From now on arriving bytes wake the session.
    pub(super) fn poll_on_wake(&self) -> io::Result<()> {
        self.shared().socket.poll_on_wake()
    }

    /// Lets the room read.
    pub(super) fn lend(&self, lease: Lease) {
        self.shared().lease = Some(lease);
    }

    /// Takes back the right to read, if the room has it.
    pub(super) fn reclaim(&self) -> Option<Lease> {
        self.shared().lease.take()
    }

    /// Reads what arrived, and hands each message to `take`, which may end the session; at intervals with the
    /// time of arrival.
    pub(crate) fn receive_ready(
        &self,
        reading: &mut Reading,
        take: impl FnMut(Option<Instant>, &[u8]) -> Result<(), Close>,
    ) -> Harvest {
        let Shared { socket, lease, .. } = &mut *self.shared();
        match lease {
            Some(lease) => lease.receive_ready(reading, socket, take),
            None if socket.is_clocked() => Harvest::Session,
            None => Harvest::Done,
        }
    }

    /// Writes `message` as one frame if the socket takes it now. `scratch` is memory to build it in.
    ///
    /// An error of the socket is left to the session, which will see it too.
    pub(crate) fn try_send(&self, message: &[u8], scratch: &mut Vec<u8>) -> Sent {
        scratch.clear();
        scratch.reserve(HEAD_BYTES_MAX + message.len());
        scratch.extend_from_slice(Head::of(message.len()).bytes());
        scratch.extend_from_slice(message);
        let mut shared = self.shared();
        if shared.held || !shared.tail.is_empty() {
            return Sent::Not;
        }
        match shared.socket.try_write(scratch) {
            Ok(written) if written == scratch.len() => Sent::Whole,
            Ok(written) if written > 0 => {
                shared.tail = Bytes::copy_from_slice(scratch.get(written..).unwrap_or_default());
                Sent::Begun
            }
            Ok(_) | Err(_) => Sent::Not,
        }
    }
}

impl Shared {
    fn poll_tail(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.tail.is_empty() {
            match ready!(self.socket.poll_write(cx, &[IoSlice::new(&self.tail)]))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                written => self.tail.advance(written),
            }
        }
        Poll::Ready(Ok(()))
    }

    /// Lets the session write. What the socket does not take, the session will offer again, whole, before
    /// anything else.
    fn poll_session(&mut self, cx: &mut Context<'_>, parts: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        self.held = true;
        ready!(self.poll_tail(cx))?;
        let written = ready!(self.socket.poll_write(cx, parts))?;
        self.held = written < parts.iter().map(|part| part.len()).sum();
        Poll::Ready(Ok(written))
    }
}

/// The session's interface to a shared socket.
#[derive(Debug)]
pub(crate) struct DirectTcp {
    shared_socket: Arc<SharedSocket>,
}

impl From<TcpStream> for DirectTcp {
    fn from(socket: TcpStream) -> Self {
        let socket = Socket::Woken(socket);
        let shared = Shared { socket, lease: None, tail: Bytes::new(), held: false };
        Self { shared_socket: Arc::new(SharedSocket { shared: Mutex::new(shared) }) }
    }
}

impl ByteStream for DirectTcp {
    fn shared_socket(&self) -> Option<Arc<SharedSocket>> {
        Some(self.shared_socket.clone())
    }

    fn keep_little_unsent(&self) -> io::Result<()> {
        match &self.shared_socket.shared().socket {
            Socket::Woken(socket) => keep_little_unsent(socket),
            // Only a session polls on the tick.
            _ => Ok(()),
        }
    }
}

impl AsyncRead for DirectTcp {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.shared_socket.shared().socket.poll_read(cx, buffer)
    }
}

impl AsyncWrite for DirectTcp {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.shared_socket.shared().poll_session(cx, &[IoSlice::new(bytes)])
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.shared_socket.shared().poll_session(cx, parts)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.shared_socket.shared().poll_tail(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.shared_socket.shared().socket.poll_shutdown(cx)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    /// A socket with the smallest send buffer, and its peer.
    pub(crate) async fn pair() -> (DirectTcp, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let peer = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (socket, _) = listener.accept().await.unwrap();
        socket2::SockRef::from(&socket).set_send_buffer_size(1).unwrap();
        socket.writable().await.unwrap();
        (socket.into(), peer)
    }

    #[tokio::test]
    async fn a_rooms_frames_and_a_sessions_never_mix() {
        let (mut session, mut peer) = pair().await;
        let shared_socket = session.shared_socket().unwrap();
        let (mut scratch, mut sent) = (Vec::new(), [0; 3]);
        // A session's "frame" is 3,000 times 7; a room's is a head and 3,000 times 1. The narrow socket cuts
        // some of them.
        let reader = tokio::spawn(async move {
            let mut bytes = Vec::new();
            let mut piece = [0; 977];
            loop {
                tokio::task::yield_now().await;
                match peer.read(&mut piece).await.unwrap() {
                    0 => return bytes,
                    count => bytes.extend_from_slice(&piece[..count]),
                }
            }
        });
        let (mut rooms, mut sessions) = (0, 0);
        for round in 0..400 {
            let became = shared_socket.try_send(&[1; 3000], &mut scratch);
            sent[became as usize] += 1;
            rooms += usize::from(became != Sent::Not);
            if round % 3 == 0 {
                session.write_all(&[7; 3000]).await.unwrap();
                sessions += 1;
            } else if round % 7 == 0 {
                session.flush().await.unwrap();
            }
        }
        session.flush().await.unwrap();
        session.shutdown().await.unwrap();
        drop((session, shared_socket));
        let bytes = reader.await.unwrap();
        let mut rest = &bytes[..];
        let head = Head::of(3000);
        while !rest.is_empty() {
            if let Some(after) = rest.strip_prefix(&[7; 3000]) {
                rest = after;
                sessions -= 1;
            } else {
                let after = rest.strip_prefix(head.bytes()).and_then(|rest| rest.strip_prefix(&[1; 3000]));
                rest = after.expect("a frame of the room is whole");
                rooms -= 1;
            }
        }
        assert_eq!((rooms, sessions), (0, 0));
        assert!(sent.iter().all(|&count| count > 0), "whole, begun, not: {sent:?}");
    }

    #[tokio::test]
    async fn a_frame_that_is_begun_is_ended_before_another_begins() {
        let (mut session, mut peer) = pair().await;
        let shared_socket = session.shared_socket().unwrap();
        let mut scratch = Vec::new();
        assert_eq!(shared_socket.try_send(&[1; 300_000], &mut scratch), Sent::Begun);
        let total = scratch.len();
        // The socket has room again, and the `shared_socket` is still inside the frame.
        let mut bytes = vec![0; 1 << 20];
        let mut got = peer.read(&mut bytes).await.unwrap();
        std::future::poll_fn(|cx| session.shared_socket.shared().socket.poll_write(cx, &[])).await.unwrap();
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        assert_eq!(shared_socket.try_send(b"another", &mut scratch), Sent::Not);
        let read = async {
            while got < total {
                got += peer.read(&mut bytes).await.unwrap();
            }
        };
        tokio::join!(async { session.flush().await.unwrap() }, read);
        assert_eq!(got, total);
        assert_eq!(shared_socket.try_send(b"another", &mut scratch), Sent::Whole);
    }

    #[tokio::test]
    async fn while_the_session_holds_bytes_back_the_room_writes_nothing() {
        let (mut session, _peer) = pair().await;
        let shared_socket = session.shared_socket().unwrap();
        let full = std::future::poll_fn(|cx| {
            while Pin::new(&mut session).poll_write(cx, &[0; 4096]).is_ready() {}
            Poll::Ready(())
        });
        full.await;
        assert_eq!(shared_socket.try_send(b"update", &mut Vec::new()), Sent::Not);
    }
}
