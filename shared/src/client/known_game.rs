//! A game as a client knows it.

use crate::entity::{CustomStep, Entity, GameSchema, Input, Schema, SchemaError};
use crate::game::{BadSettings, Data, Game, PredictionFeatures, Step};
use crate::tick::{Tick, TickRate};
use std::sync::Arc;

/// What a client needs of a game. Every [`Game`] is one, with its types and rules;
/// [`AnyGame`](super::generic::AnyGame) is one of which only the schema is known.
pub trait ClientGame: Sized + 'static {
    /// What the server sends to each client that joins.
    type Settings: Data;
    /// What follows from the settings and never changes.
    type Scene: Send + Sync + 'static;
    /// A player's controls for one tick.
    type Input: Input;
    /// The replicated entities.
    type Entity: Entity;
    /// The replicated state of the room itself; `()` if it has none.
    type State: Entity;
    /// Reliable news from the server.
    type Event: Data;
    /// Reliable requests to the server.
    type Command: Data;

    /// The rules that the client was built with. `None`: it reads by the schema that the server sends, and
    /// predicts nothing.
    const RULES: Option<ClientRules<Self>>;
}

impl<G: Game> ClientGame for G {
    type Settings = G::Settings;
    type Scene = G::Scene;
    type Input = G::Input;
    type Entity = G::Entity;
    type State = G::State;
    type Event = G::Event;
    type Command = G::Command;

    const RULES: Option<ClientRules<Self>> = Some(ClientRules {
        version: G::VERSION,
        scene: G::scene,
        apply_input: |own, input, tick, tick_rate, scene| {
            G::apply_input(own, input, &Step { tick, tick_rate, scene });
        },
        prediction: G::FEATURES.prediction,
    });
}

/// The part of a game's rules that a client runs. Only a [`Game`] has them.
pub struct ClientRules<G: ClientGame> {
    pub(super) version: u32,
    scene: fn(&G::Settings, TickRate) -> Result<G::Scene, BadSettings>,
    apply_input: fn(&mut G::Entity, &G::Input, Tick, TickRate, &G::Scene),
    pub(super) prediction: PredictionFeatures<G::Entity, G::Input, G::Scene, G::State>,
}

impl<G: ClientGame> ClientRules<G> {
    /// The schema before the client has joined: there is no scene yet, and so no step, but whether the game's
    /// types are valid is known already.
    pub(super) fn schema(&self) -> Result<Schema, SchemaError> {
        let GameSchema { kinds, state_kinds, .. } = self.types();
        let schema = match self.prediction.predict {
            Some(_) => Schema::with_step(kinds, CustomStep::new(|_| {}), TickRate::DEFAULT),
            None => Schema::new(kinds, TickRate::DEFAULT),
        };
        schema?.with_state(usize::from(state_kinds))
    }

    /// The game's types.
    pub(super) fn types(&self) -> GameSchema {
        GameSchema::of::<G::Entity, G::State, G::Input>(self.version)
    }

    /// These rules in a room.
    pub(super) fn in_room(self, settings: &G::Settings, rate: TickRate) -> Result<RoomRules<G>, BadSettings> {
        let scene = Arc::new((self.scene)(settings, rate)?);
        Ok(RoomRules { rules: self, scene, rate })
    }
}

impl<G: ClientGame> core::fmt::Debug for ClientRules<G> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("ClientRules").field("version", &self.version).finish_non_exhaustive()
    }
}

/// A game's rules in the room that the client has joined.
pub(super) struct RoomRules<G: ClientGame> {
    rules: ClientRules<G>,
    scene: Arc<G::Scene>,
    rate: TickRate,
}

impl<G: ClientGame> RoomRules<G> {
    pub(super) fn scene(&self) -> &G::Scene {
        &self.scene
    }

    pub(super) fn schema(&self) -> Result<Schema, SchemaError> {
        self.rules.prediction.schema(&self.rules.types(), &self.scene, self.rate)
    }

    /// The player's part of the step that leads to `tick`.
    pub(super) fn apply_input(&self, own: &mut G::Entity, input: &G::Input, tick: Tick) {
        (self.rules.apply_input)(own, input, tick, self.rate, &self.scene);
    }

    pub(super) fn has_teleported(&self, before: &G::Entity, after: &G::Entity) -> bool {
        self.rules.prediction.teleported.is_some_and(|teleported| teleported(before, after))
    }
}
