//! A plain TCP socket that a session shares with its room.
//!
//! Frames never mix, because each side sees when the other is inside one.

use super::lease::{Lease, Outcome};
use super::reading::Reading;
use super::socket::Socket;
use bytes::{Buf, Bytes};
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Instant;

/// A socket that a session shares with its room. For the room this is all of it.
#[derive(Clone, Debug)]
pub(crate) struct Handle(Arc<SharedSocket>);

#[derive(Debug)]
struct SharedSocket {
    shared: Mutex<Shared>,
    /// The session has nothing to write.
    free: AtomicBool,
    /// The room has asked the session to read.
    requested: AtomicBool,
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
    /// The session has ended: the room writes nothing more.
    ended: bool,
    /// Updates that the room has sent whole.
    updates_sent: u64,
    /// Wakes the session.
    waker: Option<Waker>,
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

/// What a room does.
impl Handle {
    /// Reads what arrived, and hands each message to `take`; at intervals with the time of arrival.
    pub(super) fn receive_ready(
        &self,
        reading: &mut Reading,
        take: impl FnMut(Option<Instant>, &[u8]),
    ) -> Outcome {
        let Shared { socket, lease, .. } = &mut *self.shared();
        match lease {
            Some(lease) => lease.receive_ready(reading, socket, take),
            None if socket.is_on_tick() => Outcome::Session,
            None => Outcome::Done,
        }
    }

    /// Asks the session to read.
    pub(super) fn request(&self) {
        self.0.requested.store(true, Ordering::Release);
        let waker = self.shared().waker.clone();
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Whether the session has nothing to write.
    pub(crate) fn is_free(&self) -> bool {
        self.0.free.load(Ordering::Acquire)
    }

    /// Writes a frame if the socket takes it now.
    ///
    /// An error of the socket is left to the session, which will see it too.
    pub(crate) fn try_send(&self, frame: &[u8]) -> Sent {
        let mut shared = self.shared();
        if shared.held || shared.ended || !shared.tail.is_empty() {
            return Sent::Not;
        }
        match shared.socket.try_write(frame) {
            Ok(written) if written == frame.len() => {
                shared.updates_sent += 1;
                Sent::Whole
            }
            Ok(written) if written > 0 => {
                shared.tail = Bytes::copy_from_slice(frame.get(written..).unwrap_or_default());
                Sent::Begun
            }
            Ok(_) | Err(_) => Sent::Not,
        }
    }
}

/// What a session does.
impl Handle {
    /// Sets whether the session has nothing to write, so that a room's update would overtake nothing.
    pub(crate) fn set_free(&self, free: bool) {
        self.0.free.store(free, Ordering::Release);
    }

    fn shared(&self) -> MutexGuard<'_, Shared> {
        self.0.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on arriving bytes wake no task. Returns whether this is so: not every system can do it.
    pub(super) fn poll_on_tick(&self) -> io::Result<bool> {
        self.shared().socket.poll_on_tick()
    }

    /// From now on arriving bytes wake the session.
    pub(super) fn poll_on_wake(&self) -> io::Result<()> {
        self.shared().socket.poll_on_wake()
    }

    /// From now on the room writes nothing, except for the rest of what it has begun.
    pub(super) fn end_writing(&self) {
        self.shared().ended = true;
    }

    /// Lets the room read.
    pub(super) fn lend(&self, lease: Lease) {
        self.shared().lease = Some(lease);
    }

    /// Takes back the right to read, if the room has it.
    pub(super) fn reclaim(&self) -> Option<Lease> {
        self.shared().lease.take()
    }

    /// Sets which task reads for the session.
    pub(super) fn register(&self, waker: &Waker) {
        self.shared().waker = Some(waker.clone());
    }

    /// Whether the room has asked the session to read since this was last called.
    pub(super) fn take_request(&self) -> bool {
        let requested = &self.0.requested;
        requested.load(Ordering::Acquire) && requested.swap(false, Ordering::AcqRel)
    }

    /// Updates that the room has sent whole.
    pub(super) fn updates_sent(&self) -> u64 {
        self.shared().updates_sent
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

/// A plain connection, as its session sees it.
#[derive(Debug)]
pub(crate) struct Stream(Handle);

/// The room may look at the socket until its next tick, or for as long as its game hangs. The connection ends
/// with the session all the same.
impl Drop for Stream {
    fn drop(&mut self) {
        self.0.shared().socket = Socket::Lost;
    }
}

/// A plain connection over this socket.
pub(crate) fn stream(socket: TcpStream) -> Stream {
    let shared = Shared {
        socket: Socket::OnWake(socket),
        lease: None,
        tail: Bytes::new(),
        held: false,
        ended: false,
        updates_sent: 0,
        waker: None,
    };
    let shared = SharedSocket {
        shared: Mutex::new(shared),
        free: AtomicBool::new(false),
        requested: AtomicBool::new(false),
    };
    Stream(Handle(Arc::new(shared)))
}

impl Stream {
    /// What its room may write to and read from.
    pub(in crate::transport) fn handle(&self) -> Handle {
        self.0.clone()
    }

    /// Runs `set` on the socket, unless it is polled on ticks, which only a session that has begun does.
    pub(in crate::transport) fn set(&self, set: impl FnOnce(&TcpStream) -> io::Result<()>) -> io::Result<()> {
        match &self.0.shared().socket {
            Socket::OnWake(socket) => set(socket),
            _ => Ok(()),
        }
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.0.shared().socket.poll_read(cx, buffer)
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.0.shared().poll_session(cx, &[IoSlice::new(bytes)])
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.0.shared().poll_session(cx, parts)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.shared().poll_tail(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.shared().socket.poll_shutdown(cx)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::transport::frame::Head;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    /// A socket with the smallest send buffer, and its peer.
    pub(in super::super) async fn pair() -> (Stream, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let peer = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (socket, _) = listener.accept().await.unwrap();
        socket2::SockRef::from(&socket).set_send_buffer_size(1).unwrap();
        socket.writable().await.unwrap();
        (stream(socket), peer)
    }

    fn framed(message: &[u8]) -> Vec<u8> {
        [Head::of(message.len()).bytes(), message].concat()
    }

    #[tokio::test]
    async fn a_rooms_frames_and_a_sessions_never_mix() {
        let (mut session, mut peer) = pair().await;
        let room = session.handle();
        let (room_frame, mut sent) = (framed(&[1; 3000]), [0; 3]);
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
            let became = room.try_send(&room_frame);
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
        drop((session, room));
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
        let room = session.handle();
        let long = framed(&[1; 300_000]);
        assert_eq!(room.try_send(&long), Sent::Begun);
        let total = long.len();
        // The socket has room again, and the room is still inside the frame.
        let mut bytes = vec![0; 1 << 20];
        let mut got = peer.read(&mut bytes).await.unwrap();
        std::future::poll_fn(|cx| session.0.shared().socket.poll_write(cx, &[])).await.unwrap();
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        assert_eq!(room.try_send(&framed(b"another")), Sent::Not);
        let read = async {
            while got < total {
                got += peer.read(&mut bytes).await.unwrap();
            }
        };
        tokio::join!(async { session.flush().await.unwrap() }, read);
        assert_eq!(got, total);
        assert_eq!(room.try_send(&framed(b"another")), Sent::Whole);
    }

    #[tokio::test]
    async fn the_connection_ends_with_its_session_though_a_room_still_holds_it() {
        for on_tick in [false, true] {
            let (session, mut peer) = pair().await;
            let room = session.handle();
            if on_tick {
                room.poll_on_tick().unwrap();
            }
            drop(session);
            let mut rest = [0; 8];
            let end = tokio::time::timeout(std::time::Duration::from_secs(3), peer.read(&mut rest));
            assert_eq!(end.await.expect("the peer is told").unwrap(), 0);
            assert_eq!(room.try_send(&framed(b"update")), Sent::Not);
            room.receive_ready(&mut Reading::new(), |_, _| panic!("nothing arrived"));
        }
    }

    #[tokio::test]
    async fn while_the_session_holds_bytes_back_the_room_writes_nothing() {
        let (mut session, _peer) = pair().await;
        let room = session.handle();
        let full = std::future::poll_fn(|cx| {
            while Pin::new(&mut session).poll_write(cx, &[0; 4096]).is_ready() {}
            Poll::Ready(())
        });
        full.await;
        assert_eq!(room.try_send(&framed(b"update")), Sent::Not);
    }
}
