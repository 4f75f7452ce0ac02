//! What a connection is to do.

use core::fmt;
use core::future::Future;
use core::pin::Pin;
use std::path::PathBuf;
use std::sync::Arc;
use tickwire_shared::client::{ClientConfig, SavedSeat};
use tickwire_shared::id::RoomId;
use tickwire_shared::wire::control::{Credential, GameName, ListError, Name, Role, Target};

type Asked = Pin<Box<dyn Future<Output = Result<Vec<u8>, String>> + Send>>;

/// A function that gets a ticket.
#[derive(Clone)]
pub(crate) struct Tickets(Arc<dyn Fn() -> Asked + Send + Sync>);

impl Tickets {
    /// A new ticket, as what a client shows.
    pub(crate) async fn credential(&self) -> Result<Credential, String> {
        let ticket = (self.0)().await?.try_into();
        ticket.map(Credential::Ticket).map_err(|error: ListError| format!("the ticket: {error}"))
    }
}

impl fmt::Debug for Tickets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tickets")
    }
}

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
    /// Where tickets come from; without it, `client` has its one credential.
    pub(crate) tickets: Option<Tickets>,
    /// How many attempts in a row may fail before the connection ends; `u32::MAX` for no bound. By default 8,
    /// which take about 20 s: a seat is held for 30 s.
    pub attempts_max: u32,
}

impl Config {
    /// A connection of `client`.
    #[must_use]
    pub fn new(client: ClientConfig) -> Self {
        Self { client, saved: None, ca: None, tickets: None, attempts_max: 8 }
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

    /// The same with a ticket for each join: the function is asked when one begins, and once more if its
    /// ticket is refused. The error is for people.
    #[must_use]
    pub fn with_tickets<F>(mut self, tickets: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<Vec<u8>, String>> + Send + 'static,
    {
        self.tickets = Some(Tickets(Arc::new(move || Box::pin(tickets()))));
        self
    }

    fn guest(game: &str, name: &str, role: Role) -> Self {
        let mut client = ClientConfig::new(GameName::cut(game), Name::cut(name));
        client.role = role;
        Self::new(client)
    }
}
