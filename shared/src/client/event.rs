//! Events from the client for its driver.

use super::ClientGame;
use crate::id::PlayerId;
use crate::wire::Close;
use crate::wire::control::RosterEntry;
use crate::wire::terms::Invitation;
use core::time::Duration;

/// An event; events are delivered in order.
#[non_exhaustive]
pub enum ClientEvent<G: ClientGame> {
    /// The client is in the room, or is back in it, and has its first snapshot: a player's own entity and the
    /// room's state are there.
    Joined,
    /// A reliable event of the game.
    Game(G::Event),
    /// A player joined.
    PlayerJoined(RosterEntry),
    /// A player left permanently.
    PlayerLeft(PlayerId),
    /// A player, possibly the client's own, controls another entity than before, or none. This is its new
    /// entry.
    PlayerChanged(RosterEntry),
    /// This many droppable events of the game are missing here: too many waited while the client was away or
    /// slow.
    EventsDropped(u32),
    /// The client has been idle for long: if it stays idle, the server ends the session after this time.
    IdleWarning {
        /// Counted from now.
        closes_in: Duration,
    },
    /// The answer to [`Client::invite`](super::Client::invite); `None` if the room gives out no invitation.
    Invitation(Option<Invitation>),
    /// The server ended the session.
    Closed(Close),
}

impl<G: ClientGame> core::fmt::Debug for ClientEvent<G> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Joined => write!(f, "Joined"),
            Self::Game(event) => f.debug_tuple("Game").field(event).finish(),
            Self::PlayerJoined(entry) => f.debug_tuple("PlayerJoined").field(entry).finish(),
            Self::PlayerLeft(player) => f.debug_tuple("PlayerLeft").field(player).finish(),
            Self::PlayerChanged(entry) => f.debug_tuple("PlayerChanged").field(entry).finish(),
            Self::EventsDropped(count) => f.debug_tuple("EventsDropped").field(count).finish(),
            Self::IdleWarning { closes_in } => f.debug_tuple("IdleWarning").field(closes_in).finish(),
            // Who has it may enter.
            Self::Invitation(given) => write!(f, "Invitation({})", given.is_some()),
            Self::Closed(close) => f.debug_tuple("Closed").field(close).finish(),
        }
    }
}
