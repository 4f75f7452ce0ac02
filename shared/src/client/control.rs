//! Which entity each player controls.

use super::known_game::RoomRules;
use super::prediction::Prediction;
use super::{Client, ClientError, ClientEvent, ClientGame};
use crate::id::{EntityId, PlayerId};
use crate::tick::TickRate;
use crate::wire::control::RosterEntry;

/// The prediction of the entity that the player controls, if it controls one and the game's step is known.
pub(super) fn prediction_of<G: ClientGame>(
    rules: Option<&RoomRules<G>>,
    entity: EntityId,
    rate: TickRate,
) -> Option<Prediction<G::Entity>> {
    (entity != EntityId::NONE && rules.is_some()).then(|| Prediction::new(entity, rate))
}

impl<G: ClientGame> Client<G> {
    /// From the update that is being processed on, the client's own player controls `entity`.
    pub(super) fn control(&mut self, entity: EntityId) -> Result<(), ClientError> {
        let place = self.place.as_mut().ok_or(ClientError::Unexpected)?;
        let (player, own) = place.player.as_mut().ok_or(ClientError::Unexpected)?;
        *own = entity;
        let player = *player;
        place.prediction = prediction_of(place.rules.as_ref(), entity, place.tick_rate);
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
