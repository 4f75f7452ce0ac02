//! How whole binary messages come and go. Owns the seam between a session and what carries it; knows no message
//! of the protocol and no game.
//!
//! A [`Link`] is polled, so that one task serves both directions. It is a type parameter of a session, not a trait
//! object: nothing is boxed per message. Two links exist: [`websocket`] and [`memory`].

pub(crate) mod allowance;
mod frame;
mod inbound;
pub(crate) mod lease;
pub(crate) mod memory;
mod metered;
pub(crate) mod peer;
pub(crate) mod shared_socket;
mod socket;
pub(crate) mod websocket;

use bytes::Bytes;
use shared_socket::SharedSocket;
use std::sync::Arc;
use std::task::{Context, Poll};
use tickwire_shared::wire::{Close, CloseCode};

/// What a link received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Received<'a> {
    /// A whole binary message.
    Message(&'a [u8]),
    /// A sign of life without content: a ping or a pong.
    Heartbeat,
}

/// Why a link is at its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum LinkError {
    /// The peer closed in good order, with its code if it gave one.
    ClosedByPeer(Option<u16>),
    /// The connection broke: nothing can be sent any more.
    Cut,
    /// The peer broke a rule of the transport. It can still be told.
    Broken(Close),
}

impl LinkError {
    pub(crate) fn broken(code: CloseCode, text: &str) -> Self {
        Self::Broken(Close::new(code, text))
    }
}

/// One connection that carries whole binary messages in order.
///
/// After any `Err` of receiving only the sending half may be used, and only to close.
pub(crate) trait Link: Unpin + Send {
    /// The next message, in order.
    fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Result<Received<'_>, LinkError>>;

    /// Hands a message over and tries to write it at once. Call only when flushed.
    ///
    /// # Errors
    /// The connection is no longer there.
    fn start_send(&mut self, message: Bytes) -> Result<(), LinkError>;

    /// Asks the peer for a sign of life. It leaves with the next flush.
    ///
    /// # Errors
    /// The connection is no longer there.
    fn start_ping(&mut self) -> Result<(), LinkError>;

    /// Writes what was handed over.
    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), LinkError>>;

    /// Hands the transport's own closing over. It leaves with the next flush.
    fn start_close(&mut self, close: &Close);

    /// Shuts the sending half down, then reads and drops what still comes until the peer is done.
    fn poll_finish(&mut self, cx: &mut Context<'_>) -> Poll<()>;

    /// Bytes that came so far, framing included where the link has any. Changes with every sign of life.
    fn bytes_in(&self) -> u64;

    /// What a room may write to past this link, and read from. `None` where only the link can.
    fn shared_socket(&self) -> Option<Arc<SharedSocket>> {
        None
    }

    /// From now on nobody is woken by what comes, until [`Link::poll_on_wake`]: the room says at its ticks when to receive, or
    /// receives itself while it has the lease. Returns whether this is so.
    ///
    /// # Errors
    /// The connection is no longer there.
    fn poll_on_tick(&mut self) -> Result<bool, LinkError> {
        Ok(false)
    }

    /// From now on whoever receives is woken by what comes. What the room holds must have been reclaimed.
    fn poll_on_wake(&mut self) {}

    /// Lets the room receive up to so many messages. It does not if the next one is none of those that a room can read.
    fn lend(&mut self, _messages: u32) {}

    /// Ends what was lent: the link receives again.
    fn reclaim(&mut self) {}
}
