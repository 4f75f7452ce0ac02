//! How whole binary messages are sent and received. Defines the interface between a session and what carries
//! it; knows no message of the protocol and no game.
//!
//! A [`Link`] is polled, so that one task serves both directions. A session has it as a type parameter, not
//! as a trait object: nothing is boxed per message. There are two links: [`websocket`] and [`memory`].

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
    /// A heartbeat without content: a ping or a pong.
    Heartbeat,
}

/// Why a link ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum LinkError {
    /// The peer closed properly, with its code if it gave one.
    ClosedByPeer(Option<u16>),
    /// The connection broke: nothing can be sent any more.
    Cut,
    /// The peer broke a rule of the transport. It can still get a close reason.
    Broken(Close),
}

impl LinkError {
    pub(crate) fn broken(code: CloseCode, text: &str) -> Self {
        Self::Broken(Close::new(code, text))
    }
}

/// One connection that carries whole binary messages in order.
///
/// After any `Err` of receiving, only the sending half may be used, and only to close.
pub(crate) trait Link: Unpin + Send {
    /// The next message, in order.
    fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Result<Received<'_>, LinkError>>;

    /// Takes a message and tries to write it at once. Call it only when flushed.
    ///
    /// # Errors
    /// The connection no longer exists.
    fn start_send(&mut self, message: Bytes) -> Result<(), LinkError>;

    /// Asks the peer for a heartbeat. It is sent with the next flush.
    ///
    /// # Errors
    /// The connection no longer exists.
    fn start_ping(&mut self) -> Result<(), LinkError>;

    /// Writes what the link has taken.
    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), LinkError>>;

    /// Takes the transport's own close. It is sent with the next flush.
    fn start_close(&mut self, close: &Close);

    /// Shuts the sending half down, then reads and drops what still arrives until the peer is done.
    fn poll_finish(&mut self, cx: &mut Context<'_>) -> Poll<()>;

    /// Bytes that arrived so far, including framing where the link has any. Changes with every heartbeat.
    fn bytes_in(&self) -> u64;

    /// The direct path: what a room may write to and read from without this link. `None` if only the link
    /// can.
    fn shared_socket(&self) -> Option<Arc<SharedSocket>> {
        None
    }

    /// From now on arriving bytes wake no task, until [`Link::poll_on_wake`]: the room says at its ticks when
    /// to receive, or receives itself while it has the lease. Returns whether this is so.
    ///
    /// # Errors
    /// The connection no longer exists.
    fn poll_on_tick(&mut self) -> Result<bool, LinkError> {
        Ok(false)
    }

    /// From now on arriving bytes wake the receiving task. What the room holds must have been reclaimed.
    fn poll_on_wake(&mut self) {}

    /// Lets the room receive up to `messages`. It stops at the first one that a room cannot read.
    fn lend(&mut self, _messages: u32) {}

    /// Ends the lease: the link receives again.
    fn reclaim(&mut self) {}
}
