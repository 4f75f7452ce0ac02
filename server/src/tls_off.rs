//! In place of the folder `tls` in a build without the feature `tls`: a configuration with a certificate is
//! refused.

use crate::config::ConfigError;
use std::convert::Infallible;
use std::io;
use std::path::Path;
use tokio::net::TcpStream;

/// No TLS.
#[derive(Clone, Debug)]
pub(crate) struct Tls(Infallible);

impl Tls {
    /// # Errors
    /// Always: names the feature.
    pub(crate) fn from_files(_: &Path, _: &Path) -> Result<Self, ConfigError> {
        Err(ConfigError::about(
            &["tls_cert"],
            "this program was built without TLS; build tickwire-server with its feature `tls`, or leave out \
             tls_cert and tls_key and let a proxy do TLS",
        ))
    }
}

impl Tls {
    pub(crate) fn replace_by(&self, _: &Self) {
        match self.0 {}
    }
}

/// No handshakes.
#[derive(Debug)]
pub(crate) struct Handshakes(Infallible);

/// Permission for a handshake: there is none.
#[derive(Debug)]
pub(crate) struct HandshakePermit(Infallible);

impl Handshakes {
    pub(crate) fn start(tls: Tls, _: u32) -> io::Result<Self> {
        match tls.0 {}
    }

    pub(crate) fn turn(&self) -> Option<HandshakePermit> {
        match self.0 {}
    }

    #[expect(clippy::unused_async, reason = "the other is")]
    pub(crate) async fn run(&self, turn: HandshakePermit, _: TcpStream) -> Result<TcpStream, String> {
        match turn.0 {}
    }
}

/// Nothing is known of a certificate.
pub(crate) fn expiry_of(_: &Path) -> Option<i64> {
    None
}
