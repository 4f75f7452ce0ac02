//! The entity that the client's player controls.

use super::ClientGame;
use super::known_game::RoomRules;
use super::predicted_spawns::PredictedSpawns;
use super::prediction::Prediction;
use crate::entity::Entity;
use crate::id::EntityId;
use crate::snapshot::OwnTold;
use crate::tick::TickRate;

/// What a client knows and predicts of its player's own entity.
pub(super) struct OwnEntity<E> {
    /// `None` if the player controls no entity, or the game's step is not known.
    pub(super) prediction: Option<Prediction<E>>,
    pub(super) spawns: PredictedSpawns,
    /// The owner-only fields, as received.
    pub(super) told: OwnTold,
    /// The whole row; its memory is reused.
    pub(super) row: Vec<i32>,
}

impl<E: Entity> OwnEntity<E> {
    pub(super) fn new<G: ClientGame<Entity = E>>(
        rules: Option<&RoomRules<G>>,
        entity: EntityId,
        rate: TickRate,
    ) -> Self {
        let mut own = Self {
            prediction: None,
            spawns: PredictedSpawns::new(rate),
            told: OwnTold::default(),
            row: Vec::new(),
        };
        own.control(rules, entity, rate);
        own
    }

    /// From now on the player controls `entity`, which may be [`EntityId::NONE`].
    pub(super) fn control<G: ClientGame<Entity = E>>(
        &mut self,
        rules: Option<&RoomRules<G>>,
        entity: EntityId,
        rate: TickRate,
    ) {
        let is_predicted = entity != EntityId::NONE && rules.is_some();
        self.prediction = is_predicted.then(|| Prediction::new(entity, rate));
    }
}
