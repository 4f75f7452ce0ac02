//! Which entity each player controls.

use super::{Client, ClientError, ClientEvent, ClientGame};
use crate::id::{EntityId, PlayerId};
use crate::wire::control::RosterEntry;

impl<G: ClientGame> Client<G> {
    /// From the update that is being processed on, the client's own player controls `entity`.
    pub(super) fn control(&mut self, entity: EntityId) -> Result<(), ClientError> {
        let room = self.room.as_mut().ok_or(ClientError::Unexpected)?;
        let (player, own) = room.player.as_mut().ok_or(ClientError::Unexpected)?;
        *own = entity;
        let player = *player;
        room.own.control(room.rules.as_ref(), entity, room.tick_rate);
        self.change(player, entity)
    }

    /// Records in the roster that a player controls another entity.
    pub(super) fn change(&mut self, player: PlayerId, entity: EntityId) -> Result<(), ClientError> {
        let changed = |entry: &&mut RosterEntry| entry.player == player && entry.entity != entity;
        let Some(entry) = self.roster.iter_mut().find(changed) else { return Ok(()) };
        entry.entity = entity;
        let entry = entry.clone();
        self.push_event(ClientEvent::PlayerChanged(entry))
    }
}
