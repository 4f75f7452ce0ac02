//! What a connection is to do.

use std::path::PathBuf;
use tickwire_shared::client::{ClientConfig, SavedSeat};
use tickwire_shared::id::RoomId;
use tickwire_shared::wire::control::{GameName, Name, Role, Target};

/// Who joins, what, and how persistently.
///
/// ```
/// # use tickwire_client_native::Config;
/// # let room: tickwire_shared::id::RoomId = "4k7xw2mp".parse().unwrap();
/// let mut config = Config::player("arena", "Ada").in_room(room);
/// config.attempts_max = u32::MAX;
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Config {
    /// Who joins, and what.
    pub client: ClientConfig,
    /// The seat of an earlier client, to be taken again. If it no longer exists, `client` joins.
    pub saved: Option<SavedSeat>,
    /// Certificates to trust with `wss://` instead of the system's: a PEM file.
    pub ca: Option<PathBuf>,
    /// How many attempts in a row may fail before the connection ends; `u32::MAX` for no bound. By default 8,
    /// which take about 20 s: a seat is held for 30 s.
    pub attempts_max: u32,
}

impl Config {
    /// A connection of `client`.
    #[must_use]
    pub fn new(client: ClientConfig) -> Self {
        Self { client, saved: None, ca: None, attempts_max: 8 }
    }

    /// A guest who plays `game` in any open room. Names that are too long are cut.
    #[must_use]
    pub fn player(game: &str, name: &str) -> Self {
        Self::guest(game, name, Role::Player)
    }

    /// A guest who watches any room of `game`.
    #[must_use]
    pub fn spectator(game: &str, name: &str) -> Self {
        Self::guest(game, name, Role::Spectator)
    }

    /// The same in this room and no other.
    #[must_use]
    pub fn in_room(mut self, room: RoomId) -> Self {
        self.client.target = Target::Room(room);
        self
    }

    fn guest(game: &str, name: &str, role: Role) -> Self {
        let mut client = ClientConfig::new(GameName::cut(game), Name::cut(name));
        client.role = role;
        Self::new(client)
    }
}
