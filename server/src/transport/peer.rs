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

/// What the transport knows of a client when its connection is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Caller {
    pub(crate) peer: Peer,
    pub(crate) upgrade: Upgrade,
}

/// What a client's upgrade request says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Upgrade {
    /// Its `Origin`, if it is a browser.
    pub(crate) origin: Option<Box<str>>,
    /// The headers that the authenticator reads, as often as they came.
    pub(crate) headers: Vec<(Box<str>, Box<str>)>,
}

impl From<Peer> for Caller {
    fn from(peer: Peer) -> Self {
        Self { peer, upgrade: Upgrade::default() }
    }
}

impl Peer {
    /// Its address; `None` within this process.
    pub(crate) const fn address(self) -> Option<IpAddr> {
        match self {
            Self::Address(address) => Some(address),
            Self::Memory => None,
        }
    }
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(ip) => write!(f, "{ip}"),
            Self::Memory => f.write_str("memory"),
        }
    }
}
