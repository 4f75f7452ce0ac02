//! Stands in for the inside of the server: takes sockets and closes them. To be replaced whole.

use crate::config::{GameOptions, Limits};
use crate::metrics::Metrics;
use bytes::Bytes;
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use tickwire_shared::game::{BadSettings, Game};
use tickwire_shared::id::{RoomId, SessionId};
use tickwire_shared::wire::Close;
use tickwire_shared::wire::control::{GameName, Options};
use tokio::io::{AsyncRead, AsyncWrite};

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

/// How a session ended. The hub has logged and counted it.
#[derive(Debug)]
pub(crate) struct SessionEnd {
    pub(crate) session: SessionId,
    pub(crate) close: Close,
}

/// A room as listed to the public and the operator.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub(crate) struct RoomListing {
    /// Shown as its eight characters.
    #[serde(serialize_with = "as_text")]
    pub(crate) id: RoomId,
    pub(crate) game: GameName,
    pub(crate) players: u16,
    pub(crate) players_max: u16,
    pub(crate) spectators: u16,
    pub(crate) tick_rate_hz: u16,
    pub(crate) options: Options,
    pub(crate) age_s: u64,
}

fn as_text<S: serde::Serializer>(id: &RoomId, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(id)
}

/// The games, the rooms and the sessions of a server.
#[derive(Debug)]
pub(crate) struct Hub {
    metrics: Arc<Metrics>,
}

impl Hub {
    /// No games, no rooms.
    pub(crate) fn new(_limits: Limits, metrics: Arc<Metrics>) -> Self {
        Self { metrics }
    }

    /// Hosts `G` under `name`. Called before the hub is shared; names differ (the builder has checked).
    ///
    /// # Errors
    /// Settings from which the game can make no scene.
    pub(crate) fn add_game<G: Game>(
        &mut self,
        _name: GameName,
        options: GameOptions<G::Settings>,
    ) -> Result<(), BadSettings> {
        G::scene(&options.settings).map(|_| ())
    }

    /// What the hub adds to.
    pub(crate) fn metrics(&self) -> &Arc<Metrics> {
        &self.metrics
    }

    /// Runs one session to its end. `already_read` holds the bytes that came glued to the handshake.
    pub(crate) async fn serve_websocket<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
        self: Arc<Self>,
        _io: S,
        _already_read: Bytes,
        _peer: Peer,
    ) -> SessionEnd {
        SessionEnd { session: SessionId(0), close: tickwire_shared::wire::CloseCode::TryLater.into() }
    }

    /// The open rooms.
    pub(crate) fn rooms(&self) -> Vec<RoomListing> {
        Vec::new()
    }

    /// Whether no further room may be made.
    pub(crate) fn is_full(&self) -> bool {
        false
    }

    /// Ends a session with 4014. `false` if there is none of this number.
    pub(crate) fn kick(&self, _session: SessionId) -> bool {
        false
    }

    /// Ends a room and its sessions. `false` if there is none of this id.
    pub(crate) fn close_room(&self, _room: RoomId) -> bool {
        false
    }

    /// Tells every session, refuses new ones.
    pub(crate) fn begin_shutdown(&self, _close: Close) {}

    /// Waits until no session and no room is left.
    pub(crate) async fn drained(&self) {}
}
