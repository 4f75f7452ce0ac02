//! In place of the folder `direct` in a build without the feature `direct-io`: sessions alone read and write.

use super::{Link, LinkError};
use crate::messages_in::MessagesIn;
use std::convert::Infallible;
use std::task::{Context, Waker};
use tokio::net::TcpStream;
use tokio::time::Instant;

/// A plain connection.
pub(crate) type Stream = TcpStream;

/// A plain connection over this socket.
pub(crate) fn stream(socket: TcpStream) -> Stream {
    socket
}

/// Nothing that a room could use.
#[derive(Clone, Debug)]
pub(crate) struct Handle(Infallible);

/// The result of sending a room's message.
#[expect(dead_code, reason = "nothing sends")]
pub(crate) enum Sent {
    Whole,
    Begun,
    Not,
}

impl Handle {
    pub(crate) fn set_free(&self, _: bool) {
        match self.0 {}
    }

    pub(crate) fn is_free(&self) -> bool {
        match self.0 {}
    }

    pub(crate) fn try_send(&self, _: &[u8]) -> Sent {
        match self.0 {}
    }
}

/// A room that reads nothing itself.
#[derive(Debug)]
pub(crate) struct Receiver;

impl Receiver {
    pub(crate) fn new() -> Self {
        Self
    }

    pub(crate) fn begin(&mut self, _: Instant) {}

    pub(crate) fn receive_ready(&mut self, handle: &Handle, _: impl FnMut(Option<Instant>, &[u8])) {
        match handle.0 {}
    }

    pub(crate) fn let_sessions_read(&mut self) {}
}

/// A session that reads whenever something arrives.
#[derive(Debug)]
pub(crate) struct Reader;

impl Reader {
    #[expect(clippy::unnecessary_wraps, reason = "the same interface as with the direct path")]
    pub(crate) fn start(_: &mut impl Link) -> Result<Self, LinkError> {
        Ok(Self)
    }

    pub(crate) fn handle(&self) -> Option<Handle> {
        None
    }

    pub(crate) fn register(&self, _: &Waker) {}

    pub(crate) fn may_read(&self) -> bool {
        true
    }

    pub(crate) fn read_on(&self, cx: &Context<'_>) {
        cx.waker().wake_by_ref();
    }

    pub(crate) fn begin(&self, _: &mut impl Link) -> MessagesIn {
        MessagesIn::default()
    }

    pub(crate) fn pause(&self, _: &mut impl Link, _: i64) {}

    pub(crate) fn stop(&self, _: &mut impl Link) -> (MessagesIn, u64) {
        (MessagesIn::default(), 0)
    }
}
