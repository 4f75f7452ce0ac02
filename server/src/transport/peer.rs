//! Who is at the far end of a connection.

use std::fmt;
use std::net::IpAddr;

/// The far end of a connection, for logs and for limits per address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Peer {
    /// A client behind this address (behind a trusted proxy, the address that the proxy named).
    Address(IpAddr),
    /// A client in this process.
    Memory,
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(ip) => write!(f, "{ip}"),
            Self::Memory => f.write_str("memory"),
        }
    }
}
