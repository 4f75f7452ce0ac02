//! How a client reaches a server: its URL, its addresses, TLS, the WebSocket. It knows only whole binary
//! messages and nothing of games. Programs that drive [`Client`](tickwire_shared::client::Client) themselves,
//! such as the bots, use this layer alone.

mod address;
mod error;
#[cfg(feature = "tls")]
mod tls;
#[cfg(not(feature = "tls"))]
#[path = "tls_off.rs"]
mod tls;
mod url;
mod websocket;

pub use address::Addresses;
pub use error::{ConnectError, LinkEnd, TlsError};
pub use tls::TlsRoots;
pub use url::{Url, UrlError};
pub use websocket::{Endpoint, WebSocketLink};

use bytes::Bytes;
use core::task::{Context, Poll};
use core::time::Duration;

/// A connection that carries whole messages in order.
pub trait Link: Send + Unpin + 'static {
    /// The next message from the server. After an error the link has ended.
    fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Result<Bytes, LinkEnd>>;

    /// Takes a message. Call only after [`Link::poll_flush`] was ready, so that at most one message waits
    /// here.
    ///
    /// # Errors
    /// The link has ended.
    fn send(&mut self, message: Vec<u8>) -> Result<(), LinkEnd>;

    /// Moves waiting data towards the server; ready when another message can be taken.
    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), LinkEnd>>;

    /// How late this link itself delivered the last message.
    fn lateness(&self) -> Duration {
        Duration::ZERO
    }
}
