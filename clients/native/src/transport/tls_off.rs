//! In place of TLS, in programs that are built without the feature `tls`: there are no roots, so nothing can
//! ask for it.

use super::{ConnectError, TlsError, Url};
use std::path::Path;
use tokio::net::TcpStream;

/// The certificates that a TLS connection trusts. Without the feature `tls` there are none.
#[derive(Clone, Debug)]
pub enum TlsRoots {}

impl TlsRoots {
    /// The roots for a connection to `url`; `None` without TLS.
    ///
    /// # Errors
    /// The URL asks for TLS.
    pub fn for_url(url: &Url, _: Option<&Path>) -> Result<Option<Self>, TlsError> {
        if url.is_tls() { Err(TlsError::NotBuilt) } else { Ok(None) }
    }
}

/// As TLS to one server would be.
pub(super) type Tls = TlsRoots;

impl Tls {
    pub(super) fn new(roots: TlsRoots, _: &str) -> Result<Self, ConnectError> {
        Ok(roots)
    }

    pub(super) async fn over(&self, _: TcpStream) -> Result<MaybeTls, ConnectError> {
        match *self {}
    }
}

/// A stream that is never encrypted.
pub(super) type MaybeTls = TcpStream;

/// A stream without TLS.
pub(super) fn unencrypted(tcp: TcpStream) -> MaybeTls {
    tcp
}
