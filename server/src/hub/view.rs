//! What the outside gets to see: peers and rooms.

use std::fmt;
use std::net::IpAddr;
use tickwire_shared::id::RoomId;
use tickwire_shared::wire::control::{GameName, Options};

/// The far end of a connection, for logs and for bounds per address.
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

/// A room as listed to the public and the operator.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct RoomListing {
    pub(crate) id: RoomId,
    pub(crate) game: GameName,
    pub(crate) players: u16,
    pub(crate) players_max: u16,
    pub(crate) spectators: u16,
    pub(crate) tick_rate_hz: u16,
    pub(crate) options: Options,
    pub(crate) age_s: u64,
}
