//! WebSocket connections of bots, each from its own address of this machine.

use super::{Addresses, Connect, ConnectError, Sources, TlsRoots, Url, WebSocketLink};
use tickwire_client_native::transport::Endpoint;

/// Connects to a WebSocket server.
#[derive(Clone, Debug)]
pub struct WebSocketConnect {
    endpoint: Endpoint,
    sources: Sources,
}

impl WebSocketConnect {
    /// Connections to `url`, whose name was resolved to `addresses`.
    ///
    /// # Errors
    /// The URL asks for TLS and there are no roots, or its host is not a valid name for a certificate.
    pub fn new(
        url: Url,
        addresses: impl Into<Addresses>,
        sources: Sources,
        roots: Option<TlsRoots>,
    ) -> Result<Self, ConnectError> {
        Ok(Self { endpoint: Endpoint::new(url, addresses, roots)?, sources })
    }

    /// Checks that a server answers at the address.
    ///
    /// # Errors
    /// Why not.
    pub async fn probe(&self) -> Result<(), ConnectError> {
        self.endpoint.probe_from(|address| self.sources.of(0, address)).await
    }
}

impl Connect for WebSocketConnect {
    type Link = WebSocketLink;

    async fn connect(&self, bot: u32) -> Result<WebSocketLink, ConnectError> {
        self.endpoint.connect_from(|address| self.sources.of(bot, address)).await
    }
}
