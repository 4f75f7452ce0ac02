//! A seat that outlives its client: after a page is reloaded, or a program restarted.

use super::reliable::CommandQueue;
use super::{Client, ClientConfig, ClientGame, EventNumbers};
use crate::coding::codec;
use crate::id::{ResumeSecret, RoomId};
use crate::limits::{RELIABLE_BYTES_MAX, RELIABLE_QUEUE_MAX, SCHEMA_BYTES_MAX};
use crate::wire::DecodeError;
use crate::wire::control::{Credential, List, Role, Target};
use core::fmt;
use serde::{Deserialize, Serialize};

/// What a new client needs to take a player's seat again, within the time for which the room keeps it.
///
/// It contains a secret: whoever has it can take the seat. Keep it where only the player's own programs can
/// read it, never in a URL or a log, and use it once: after that the seat has another secret.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedSeat {
    secret: ResumeSecret,
    /// The number of the last event received: the server sends those after it.
    events_received: u32,
    /// The number of the first command that the server did not confirm, and these commands.
    commands_first: u32,
    commands: List<List<u8, RELIABLE_BYTES_MAX>, RELIABLE_QUEUE_MAX>,
    /// The schema, for a client that got it from the server, which sends it only once.
    schema: Option<List<u8, SCHEMA_BYTES_MAX>>,
}

impl fmt::Debug for SavedSeat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SavedSeat").field("room", &self.room()).finish_non_exhaustive()
    }
}

impl SavedSeat {
    /// The room that keeps the seat.
    #[must_use]
    pub fn room(&self) -> RoomId {
        self.secret.room
    }

    /// As bytes; a few hundred at most while the server confirms commands.
    ///
    /// # Errors
    /// None for the result of [`Client::save_seat`].
    pub fn to_bytes(&self) -> Result<Vec<u8>, DecodeError> {
        codec::encode(self)
    }

    /// Decodes the bytes of [`Self::to_bytes`].
    ///
    /// # Errors
    /// The bytes are something else.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        codec::decode(bytes)
    }
}

impl<G: ClientGame> Client<G> {
    /// What a new client needs to take this one's seat; `None` if there is no seat to come back to. It is
    /// valid as of now: take all events first, and call this again after each later one.
    #[must_use]
    pub fn save_seat(&self) -> Option<SavedSeat> {
        let room = self.room.as_ref().filter(|room| room.may_return)?;
        let (commands_first, commands) = self.reliable.commands.unconfirmed();
        let commands: Option<Vec<_>> = commands.map(|bytes| List::try_from(bytes.to_vec()).ok()).collect();
        Some(SavedSeat {
            secret: room.secret?,
            events_received: self.reliable.events.received(),
            commands_first,
            commands: List::try_from(commands?).ok()?,
            schema: match &self.types.schema_bytes {
                None => None,
                Some(bytes) => Some(List::try_from(bytes.clone()).ok()?),
            },
        })
    }

    /// Creates a client that takes the seat of another one and becomes its player. `config` names the game,
    /// and says who joins if the seat no longer exists. Its `Hello` waits in [`Client::poll_transmit`]. If
    /// the seat no longer exists, the session ends with
    /// [`CloseCode::BadResume`](crate::wire::CloseCode::BadResume); then a [`Client::new`] has to join.
    #[must_use]
    pub fn resume(config: ClientConfig, saved: &SavedSeat) -> Self {
        let target = Target::Room(saved.room());
        let mut client = Self::new(ClientConfig { role: Role::Player, target, ..config });
        let SavedSeat { secret, events_received, commands_first, commands, schema } = saved.clone();
        client.outgoing.control.clear();
        client.resuming = true;
        client.reliable.events = EventNumbers::starting_after(events_received);
        client.reliable.commands =
            CommandQueue::unsent(commands_first, commands.iter().map(|bytes| bytes.to_vec().into()));
        client.types.schema_bytes = schema.map(|schema| schema.to_vec());
        client.say_hello(Credential::Resume { secret, events_received });
        client
    }
}
