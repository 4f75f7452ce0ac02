//! A running server as its host sees it.

use crate::config::ConfigError;
use crate::directory::{DirectoryError, RoomRecord};
use crate::http::HttpContext;
use crate::leak_audit::Balance;
use crate::listing::RoomView;
use crate::metrics::Form;
use crate::reload::Versions;
use crate::room_port::SendError;
use crate::session;
use crate::transport::memory::MemoryConnection;
use crate::transport::peer::Peer;
use serde::Serialize;
use std::net::IpAddr;
use std::sync::Arc;
use tickwire_shared::game::{AccountId, HostMessage};
use tickwire_shared::id::RoomId;
use tickwire_shared::wire::Close;
use tickwire_shared::wire::control::Options;

/// A view of a server from outside.
#[derive(Clone, Debug)]
pub struct ServerHandle {
    front: Arc<HttpContext>,
}

impl ServerHandle {
    pub(crate) fn new(front: Arc<HttpContext>) -> Self {
        Self { front }
    }

    /// Reads the certificate with its key, keys, secrets and bans again, and uses them for new connections
    /// and joins. Nobody is disconnected but those who are banned now. Says what it read. The program does
    /// this at SIGHUP, and when a file changes.
    ///
    /// # Errors
    /// A file cannot be used: nothing has changed, and what was read before stays in use.
    pub fn reload(&self) -> Result<Vec<&'static str>, ConfigError> {
        let read = self.front.reloader.reload()?;
        let banned = self.front.hub.enforce_bans();
        if banned > 0 {
            tracing::info!(sessions = banned, "the sessions of banned players are ended");
        }
        Ok(read)
    }

    #[cfg_attr(not(feature = "cli"), allow(dead_code, reason = "only the program watches its files"))]
    pub(crate) fn file_versions(&self) -> Versions {
        self.front.reloader.versions()
    }

    #[cfg_attr(not(feature = "cli"), allow(dead_code, reason = "only the program reminds of it"))]
    pub(crate) fn certificate_days_left(&self) -> Option<i64> {
        self.front.reloader.certificate_days_left()
    }

    /// The open rooms.
    #[must_use]
    pub fn rooms(&self) -> Vec<RoomView> {
        self.front.hub.rooms().iter().map(RoomView::new).collect()
    }

    /// The rooms of all servers that share this one's directory; its own rooms if it has none.
    ///
    /// # Errors
    /// The directory failed, or did not answer within 2 s.
    pub async fn rooms_in_directory(&self) -> Result<Vec<RoomRecord>, DirectoryError> {
        self.front.hub.rooms_of_all().await
    }

    /// Makes a room of `game` with these options, such as for a match that a service of the host's made. It
    /// stays open for at least a minute before anybody joins it. With a password, only who shows it, or is
    /// invited, comes in.
    ///
    /// # Errors
    /// No room can be made with these options, or none now: what a client would be told.
    pub async fn create_room(
        &self,
        game: &str,
        options: &Options,
        password: Option<&str>,
    ) -> Result<RoomId, Close> {
        self.front.hub.create_for_host(game, options, password).await
    }

    /// Sends a message to a room's game, which gets it in its next step:
    /// [`Turn::messages`](tickwire_shared::game::Turn::messages).
    ///
    /// # Errors
    /// The message cannot be sent, or the room does not take it.
    pub fn send(&self, room: RoomId, message: &impl Serialize) -> Result<(), SendError> {
        let message = HostMessage::of(message)?;
        let room = self.front.hub.context().rooms.get(room).ok_or(SendError::NoSuchRoom)?;
        room.send(message)
    }

    /// Ends a room at its next tick; its players are told that the operator closed it. `false` if there is no
    /// such room on this server. Needs a runtime.
    pub fn close_room(&self, room: RoomId) -> bool {
        self.front.hub.close_room(room)
    }

    /// Ends all sessions that play under this account, with 4014. Returns how many there were.
    pub fn kick(&self, account: &AccountId) -> usize {
        self.front.hub.kick_account(account)
    }

    /// A connection without a socket, for clients in this process. Needs a runtime, but no running listener.
    #[must_use]
    pub fn connect_memory(&self) -> MemoryConnection {
        session::connect_memory(&self.front.hub, Peer::Memory)
    }

    /// As [`ServerHandle::connect_memory`], but what the client does is charged to an address: for tests of a
    /// server's limits.
    #[doc(hidden)] // For the tests of this crate; a host's clients have no address here.
    #[must_use]
    pub fn connect_memory_from(&self, address: IpAddr) -> MemoryConnection {
        session::connect_memory(&self.front.hub, Peer::Address(address))
    }

    /// What is alive now.
    #[must_use]
    pub fn balance(&self) -> Balance {
        self.front.hub.balance()
    }

    /// The text of `/metrics`, as OpenMetrics.
    #[doc(hidden)] // For the tests of this crate; an operator asks `/metrics`.
    #[must_use]
    pub fn metrics_text(&self) -> String {
        self.front.metrics.render(Form::OpenMetrics)
    }
}
