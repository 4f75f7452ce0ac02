//! What a connection reports to its program.

use crate::{Cause, End};
use core::fmt;
use core::time::Duration;
use tickwire_shared::client::{ClientEvent, ClientGame};

/// An event; events are delivered in order.
#[non_exhaustive]
pub enum Event<G: ClientGame> {
    /// News from the room: joined, an event of the game, a player who came or went. Never
    /// [`ClientEvent::Closed`]: that is [`Event::Retry`] or [`Event::Ended`].
    Client(ClientEvent<G>),
    /// There is no session now; the next attempt is made after `wait`. What the client knows about the room
    /// stays. If the player's seat could be taken again, the next [`ClientEvent::Joined`] is for the same
    /// player; otherwise for another one, which [`Client::player`](tickwire_shared::client::Client::player)
    /// tells.
    Retry {
        /// Why the session ended, or why there was none.
        cause: Cause,
        /// The pause before the next attempt.
        wait: Duration,
    },
    /// The connection has ended permanently. It is the last event.
    Ended(End),
}

impl<G: ClientGame> fmt::Debug for Event<G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Client(event) => f.debug_tuple("Client").field(event).finish(),
            Self::Retry { cause, wait } => {
                f.debug_struct("Retry").field("cause", cause).field("wait", wait).finish()
            }
            Self::Ended(end) => f.debug_tuple("Ended").field(end).finish(),
        }
    }
}
