//! The link without a socket, for a bot fleet or a test in the server's process.
//!
//! Two bounded queues of whole messages. A full queue makes the sender wait, as a full socket does.

use super::{Link, LinkError, Received};
use bytes::Bytes;
use futures_util::task::AtomicWaker;
use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use tickwire_shared::limits::INBOUND_BYTES_MAX;
use tickwire_shared::wire::{Close, CloseCode};

/// Messages that may wait in one direction.
pub(crate) const QUEUE_MESSAGES_MAX: usize = 16;

/// The two ends of a new connection: the server's and the client's.
pub(crate) fn pair() -> (MemoryLink, MemoryConnection) {
    let (up, down) = (Arc::new(Pipe::default()), Arc::new(Pipe::default()));
    let link = MemoryLink {
        from_client: up.clone(),
        to_client: down.clone(),
        waiting: None,
        received: Bytes::new(),
        bytes_in: 0,
    };
    (link, MemoryConnection { to_server: up, from_server: down })
}

/// One direction: a bounded queue, its end, and the tasks that wait for it.
#[derive(Debug, Default)]
struct Pipe {
    state: Mutex<State>,
    reader: AtomicWaker,
    writer: AtomicWaker,
}

#[derive(Debug, Default)]
struct State {
    queue: VecDeque<Bytes>,
    end: Option<End>,
}

/// How a direction ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// Closed properly, with a close code.
    Closed(u16),
    /// One of the two ends no longer exists.
    Cut,
}

/// The other end no longer exists, or has closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the connection is closed")]
pub struct Disconnected;

impl Pipe {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn poll_push(&self, cx: &mut Context<'_>, message: &mut Option<Bytes>) -> Poll<Result<(), Disconnected>> {
        self.writer.register(cx.waker());
        let result = self.try_push(message);
        if result.is_ok() && message.is_some() { Poll::Pending } else { Poll::Ready(result) }
    }

    /// Takes `message` if there is room for it.
    fn try_push(&self, message: &mut Option<Bytes>) -> Result<(), Disconnected> {
        let mut state = self.state();
        if state.end.is_some() {
            return Err(Disconnected);
        }
        if state.queue.len() < QUEUE_MESSAGES_MAX {
            state.queue.extend(message.take());
            drop(state);
            self.reader.wake();
        }
        Ok(())
    }

    /// The next message; queued messages still arrive after an end.
    fn poll_pop(&self, cx: &mut Context<'_>) -> Poll<Result<Bytes, End>> {
        self.reader.register(cx.waker());
        let mut state = self.state();
        match (state.queue.pop_front(), state.end) {
            (Some(message), _) => {
                drop(state);
                self.writer.wake();
                Poll::Ready(Ok(message))
            }
            (None, Some(end)) => Poll::Ready(Err(end)),
            (None, None) => Poll::Pending,
        }
    }

    fn end(&self, end: End) {
        self.state().end.get_or_insert(end);
        self.reader.wake();
        self.writer.wake();
    }
}

/// The server's end.
#[derive(Debug)]
pub(crate) struct MemoryLink {
    from_client: Arc<Pipe>,
    to_client: Arc<Pipe>,
    waiting: Option<Bytes>,
    /// The message that was received last.
    received: Bytes,
    bytes_in: u64,
}

impl Link for MemoryLink {
    fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Result<Received<'_>, LinkError>> {
        self.from_client.poll_pop(cx).map(|popped| match popped {
            Ok(message) if message.len() > INBOUND_BYTES_MAX => {
                Err(LinkError::broken(CloseCode::TooBig, "the message is longer than permitted"))
            }
            Ok(message) => {
                self.bytes_in += message.len().max(1) as u64;
                self.received = message;
                Ok(Received::Message(&self.received))
            }
            Err(End::Closed(code)) => Err(LinkError::ClosedByPeer(Some(code))),
            Err(End::Cut) => Err(LinkError::Cut),
        })
    }

    fn start_send(&mut self, message: Bytes) -> Result<(), LinkError> {
        self.waiting = Some(message);
        self.to_client.try_push(&mut self.waiting).map_err(|Disconnected| LinkError::Cut)
    }

    fn start_ping(&mut self) -> Result<(), LinkError> {
        // Nothing can get lost between the ends: while the client exists, it is alive.
        self.bytes_in += 1;
        Ok(())
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), LinkError>> {
        if self.waiting.is_none() {
            return Poll::Ready(Ok(()));
        }
        self.to_client.poll_push(cx, &mut self.waiting).map_err(|Disconnected| LinkError::Cut)
    }

    fn start_close(&mut self, close: &Close) {
        self.to_client.end(End::Closed(close.code.code()));
    }

    fn poll_finish(&mut self, _cx: &mut Context<'_>) -> Poll<()> {
        Poll::Ready(())
    }

    fn bytes_in(&self) -> u64 {
        self.bytes_in
    }
}

impl Drop for MemoryLink {
    fn drop(&mut self) {
        self.to_client.end(End::Cut);
        self.from_client.end(End::Cut);
    }
}

/// The client's end. Dropping it cuts the connection.
#[derive(Debug)]
pub struct MemoryConnection {
    to_server: Arc<Pipe>,
    from_server: Arc<Pipe>,
}

impl MemoryConnection {
    /// Sends a whole message; waits while the queue is full.
    ///
    /// # Errors
    /// The server has closed. What it sent before can still be received.
    pub async fn send(&mut self, message: impl Into<Bytes>) -> Result<(), Disconnected> {
        let mut message = Some(message.into());
        poll_fn(|cx| self.to_server.poll_push(cx, &mut message)).await
    }

    /// Sends a whole message if the queue has room; otherwise returns it.
    ///
    /// # Errors
    /// The server has closed.
    pub fn try_send(&mut self, message: impl Into<Bytes>) -> Result<Option<Bytes>, Disconnected> {
        let mut message = Some(message.into());
        self.to_server.try_push(&mut message)?;
        Ok(message)
    }

    /// The next message; `None` when the server has closed and all was received.
    pub async fn recv(&mut self) -> Option<Bytes> {
        poll_fn(|cx| self.poll_recv(cx)).await
    }

    /// [`MemoryConnection::recv`] as a poll function.
    pub fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Option<Bytes>> {
        self.from_server.poll_pop(cx).map(Result::ok)
    }

    /// The code of the server's close frame, once it has arrived.
    #[must_use]
    pub fn close_code(&self) -> Option<u16> {
        match self.from_server.state().end {
            Some(End::Closed(code)) => Some(code),
            _ => None,
        }
    }

    /// Closes properly.
    pub fn close(self) {
        self.to_server.end(End::Closed(CloseCode::Normal.code()));
    }
}

impl Drop for MemoryConnection {
    fn drop(&mut self) {
        self.to_server.end(End::Cut);
        self.from_server.end(End::Cut);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_full_queue_makes_the_sender_wait() {
        let (mut link, mut client) = pair();
        for _ in 0..QUEUE_MESSAGES_MAX {
            assert_eq!(client.try_send(vec![1]), Ok(None));
        }
        assert_eq!(client.try_send(vec![2]), Ok(Some(Bytes::from_static(&[2]))));
        let first = poll_fn(|cx| link.poll_recv(cx).map(|got| assert_eq!(got, Ok(Received::Message(&[1])))));
        first.await;
        assert_eq!(client.try_send(vec![2]), Ok(None));
    }

    #[tokio::test]
    async fn what_was_sent_before_a_close_still_arrives() {
        let (mut link, mut client) = pair();
        link.start_send(Bytes::from_static(b"last")).unwrap();
        link.start_close(&CloseCode::Kicked.into());
        assert_eq!(client.recv().await.as_deref(), Some(&b"last"[..]));
        assert_eq!(client.recv().await, None);
        assert_eq!(client.close_code(), Some(4014));
    }
}
