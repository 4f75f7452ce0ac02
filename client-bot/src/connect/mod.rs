//! How bots reach a server. A bot knows only whole binary messages; [`Connect`] and [`Link`] hide what
//! carries them.
//!
//! The bots share [`tickwire_client_native::transport`] with native clients: URL, addresses, TLS, WebSocket.
//! They do not use its `Connection`, which runs one client in real time behind a lock. A bot is one future
//! among thousands on a thread, over any [`Link`] (simulated networks, recordings, servers in the same
//! process), and measures what happens between the link and its client.

mod channel;
mod source;
mod websocket;

pub use channel::ChannelLink;
pub use source::Sources;
pub use tickwire_client_native::transport::{
    Addresses, ConnectError, Link, LinkEnd, TlsError, TlsRoots, Url, UrlError, WebSocketLink,
};
pub use websocket::WebSocketConnect;

use core::future::Future;

/// Makes connections to one server.
pub trait Connect: Send + Sync + 'static {
    /// A connection.
    type Link: Link;

    /// A new connection for bot number `bot`.
    fn connect(&self, bot: u32) -> impl Future<Output = Result<Self::Link, ConnectError>> + Send;
}
