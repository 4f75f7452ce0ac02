//! How whole binary messages are sent and received. Defines the interface between a session and what carries
//! it; knows no message of the protocol and no game.
//!
//! A [`Link`] is polled, so that one task serves both directions. A session has it as a type parameter, not
//! as a trait object: nothing is boxed per message. There are two links: [`websocket`] and [`memory`]. How a
//! room reads and writes without a session's task is in [`direct`]. A stream may begin with a header of the
//! [`proxy_protocol`].

pub(crate) mod allowance;
#[cfg(feature = "direct-io")]
pub(crate) mod direct;
#[cfg(not(feature = "direct-io"))]
#[path = "direct_off.rs"]
pub(crate) mod direct;
pub(crate) mod frame;
mod inbound;
pub(crate) mod memory;
mod metered;
pub(crate) mod peer;
pub(crate) mod proxy_protocol;
pub(crate) mod stream;
pub(crate) mod websocket;

use bytes::Bytes;
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

    /// What a room needs for reading and writing past this link. `None` if only the link can.
    #[cfg(feature = "direct-io")]
    fn direct(&mut self) -> Option<direct::Parts<'_>> {
        None
    }
}
