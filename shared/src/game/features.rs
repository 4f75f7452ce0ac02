//! The optional parts of a game: [`Features`], which a game lists in [`Game::FEATURES`].

use super::Game;
use crate::entity::{CustomStep, Entity, GameSchema, PacketProfile, Schema, SchemaError};
use crate::hitbox::{Hitbox, Hitboxes};
use crate::id::{EntityId, PlayerId};
use crate::predicted_spawn::{SpawnContext, SpawnMotion};
use crate::snapshot::{Group, Groups, Interest, Location, Reach, View};
use crate::tick::{Tick, TickRate};
use crate::world::World;
use std::sync::Arc;

/// One tick of a player on its own client, for [`PredictsSpawns::predict_spawns`].
pub type SpawnPrediction<'a, G> =
    SpawnContext<'a, <G as Game>::Entity, <G as Game>::Input, <G as Game>::Scene, <G as Game>::State>;

/// One tick of a predicted spawn's motion, for [`PredictsSpawns::predicted_spawn_continues`].
pub type PredictedSpawn<'a, G> = SpawnMotion<'a, <G as Game>::Entity, <G as Game>::Scene>;

/// How a room is divided, and who sees what of it. List it with [`Features::with_interest`]; without it every
/// client sees everything.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say how its rooms are divided",
    label = "`InterestRules` is not implemented for this game",
    note = "`.with_interest()` needs `impl InterestRules` with `interest` and `location`"
)]
pub trait InterestRules: Game {
    /// How a room is divided into streams. Each stream is encoded once per tick for all clients that see it.
    #[must_use]
    fn interest(settings: &Self::Settings) -> Interest;

    /// Where an entity belongs in a divided room: a function of its replicated state.
    #[must_use]
    fn location(entity: &Self::Entity) -> Location;

    /// What a player may see in a divided room; called each tick. By default everything public around its
    /// entity or, without an entity, around its last location. A player always sees the stream that contains
    /// its entity.
    #[must_use]
    fn view(&self, world: &World<Self::Entity>, _player: PlayerId, entity: EntityId) -> View {
        let at = world.get(entity).and_then(|own| Self::location(own).at);
        View { reach: Reach::around(at), groups: Groups::PUBLIC }
    }

    /// What a spectator may see in a divided room; called each tick. By default everything public. `follows`
    /// is the player whose view the spectator asks for, with that player's entity: a game that allows this
    /// returns what [`InterestRules::view`] returns.
    #[must_use]
    fn spectator_view(&self, _world: &World<Self::Entity>, _follows: Option<(PlayerId, EntityId)>) -> View {
        View { reach: Reach::Everywhere, groups: Groups::PUBLIC }
    }

    /// How important a group is, from 1 to 1,000, when a client's byte budget is too small for everything
    /// that it sees.
    #[must_use]
    fn importance(_group: Group) -> u32 {
        1
    }
}

/// Hits are tested where the player saw the others: see [`Turn::rewind`](super::Turn::rewind). List it with
/// [`Features::with_lag_compensation`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say what of its entities can be hit",
    label = "`LagCompensation` is not implemented for this game",
    note = "`.with_lag_compensation()` needs `impl LagCompensation` with `hitbox`"
)]
pub trait LagCompensation: Game {
    /// The maximum rewind for a player's hits, ms. The shooter's advantage is the target's disadvantage.
    const REWIND_MS_MAX: u32 = 250;

    /// The part of an entity that can be hit, kept for the rewind.
    #[must_use]
    fn hitbox(entity: &Self::Entity) -> Option<Hitbox>;
}

/// Entities that a player's step creates besides changing its own, such as a shot. The player's client shows
/// them at once, until the server's own arrive. List it with [`Features::with_predicted_spawns`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say what its players' steps spawn",
    label = "`PredictsSpawns` is not implemented for this game",
    note = "`.with_predicted_spawns()` needs `impl PredictsSpawns` with `predict_spawns`"
)]
pub trait PredictsSpawns: Game {
    /// The entities that the player's step creates. Called after [`Game::apply_input`], once per tick;
    /// entities beyond the eighth are ignored.
    fn predict_spawns(spawn: &SpawnPrediction<'_, Self>, spawned: &mut Vec<Self::Entity>);

    /// Whether a predicted spawn continues from one tick to the next; `after` is what its declared predictors
    /// computed.
    #[must_use]
    fn predicted_spawn_continues(
        _before: &Self::Entity,
        _after: &Self::Entity,
        _way: &PredictedSpawn<'_, Self>,
    ) -> bool {
        true
    }

    /// Whether an entity that the server made can be the one that was predicted.
    #[must_use]
    fn is_predicted_spawn(predicted: &Self::Entity, real: &Self::Entity) -> bool {
        predicted.kind() == real.kind()
    }
}

/// One tick of a stream's entities, with the scene: see [`Features::with_custom_prediction`].
pub type CustomPrediction<E, S> = fn(&mut [(EntityId, E)], &S);

/// The optional features of a game. A game that needs none has the default of [`Game::FEATURES`].
///
/// ```text
/// const FEATURES: Features<Self> = Features::new().with_interest().with_lag_compensation();
/// ```
pub struct Features<G: Game> {
    pub(crate) interest: InterestFunctions<G>,
    hits: Option<Hits<G::Entity>>,
    pub(crate) prediction: PredictionFeatures<G::Entity, G::Input, G::Scene, G::State>,
    pub(crate) profile: PacketProfile,
    table: Option<&'static [u8]>,
}

/// The functions of [`InterestRules`].
pub(crate) struct InterestFunctions<G: Game> {
    pub(crate) interest: fn(&G::Settings) -> Interest,
    pub(crate) location: fn(&G::Entity) -> Location,
    pub(crate) view: fn(&G, &World<G::Entity>, PlayerId, EntityId) -> View,
    pub(crate) spectator_view: SpectatorView<G>,
    pub(crate) importance: fn(Group) -> u32,
}

type SpectatorView<G> = fn(&G, &World<<G as Game>::Entity>, Option<(PlayerId, EntityId)>) -> View;

/// The functions of [`LagCompensation`].
struct Hits<E> {
    rewind_ms_max: u32,
    hitbox: fn(&E) -> Option<Hitbox>,
}

/// The features that a client needs, with a game's entities, inputs and scene.
pub(crate) struct PredictionFeatures<E, I, S, R> {
    pub(crate) predict: Option<CustomPrediction<E, S>>,
    pub(crate) spawns: Option<SpawnFunctions<E, I, S, R>>,
    pub(crate) teleported: Option<fn(&E, &E) -> bool>,
}

/// The functions of [`PredictsSpawns`].
pub(crate) struct SpawnFunctions<E, I, S, R> {
    pub(crate) predict: fn(&SpawnContext<'_, E, I, S, R>, &mut Vec<E>),
    pub(crate) continues: fn(&E, &E, &SpawnMotion<'_, E, S>) -> bool,
    pub(crate) is_same: fn(&E, &E) -> bool,
}

impl<G: Game> Features<G> {
    /// None: every client sees everything, nothing is rewound, only declared predictors run, and packets have
    /// profile 1 without a table.
    #[must_use]
    pub const fn new() -> Self {
        let interest = InterestFunctions {
            interest: |_| Interest::Whole,
            location: |_| Location::EVERYWHERE,
            view: |_, _, _, _| View { reach: Reach::around(None), groups: Groups::PUBLIC },
            spectator_view: |_, _, _| View { reach: Reach::Everywhere, groups: Groups::PUBLIC },
            importance: |_| 1,
        };
        let prediction = PredictionFeatures { predict: None, spawns: None, teleported: None };
        Self { interest, hits: None, prediction, profile: PacketProfile::Ranged, table: None }
    }

    /// The room is divided as [`InterestRules`] says.
    #[must_use]
    pub const fn with_interest(mut self) -> Self
    where
        G: InterestRules,
    {
        self.interest = InterestFunctions {
            interest: G::interest,
            location: G::location,
            view: G::view,
            spectator_view: G::spectator_view,
            importance: G::importance,
        };
        self
    }

    /// Hits are tested where the player saw the others: see [`LagCompensation`].
    #[must_use]
    pub const fn with_lag_compensation(mut self) -> Self
    where
        G: LagCompensation,
    {
        self.hits = Some(Hits { rewind_ms_max: G::REWIND_MS_MAX, hitbox: G::hitbox });
        self
    }

    /// A player's client shows at once what the player's step spawns: see [`PredictsSpawns`].
    #[must_use]
    pub const fn with_predicted_spawns(mut self) -> Self
    where
        G: PredictsSpawns,
    {
        self.prediction.spawns = Some(SpawnFunctions {
            predict: G::predict_spawns,
            continues: G::predicted_spawn_continues,
            is_same: G::is_predicted_spawn,
        });
        self
    }

    /// `predict` is one tick of the fields that are declared `predict = custom`, for all entities of a
    /// stream: what follows when no player does anything new. Both ends run it on the same rows to know what
    /// need not be sent, so it must be a function of its arguments alone. [`Game::step`] usually calls it for
    /// the same purpose. Changes to other fields are undone. It runs once per tick, however many ticks a room
    /// skipped; the scene knows the tick rate.
    #[must_use]
    pub const fn with_custom_prediction(mut self, predict: CustomPrediction<G::Entity, G::Scene>) -> Self {
        self.prediction.predict = Some(predict);
        self
    }

    /// `teleported` says whether an entity was moved elsewhere between one row and a later one, so that no
    /// motion between them is shown. A position that moved farther than its velocity's grid permits counts as
    /// a teleport in any case.
    #[must_use]
    pub const fn with_teleports(mut self, teleported: fn(&G::Entity, &G::Entity) -> bool) -> Self {
        self.prediction.teleported = Some(teleported);
        self
    }

    /// How packets are encoded. Profile 0 takes about twice the bytes and can be read by hand.
    #[must_use]
    pub const fn with_profile(mut self, profile: PacketProfile) -> Self {
        self.profile = profile;
        self
    }

    /// The table of profile 1 that was trained for this game's entities (see `docs/hosting-a-game.md`).
    /// Without one, built-in priors are used.
    #[must_use]
    pub const fn with_table(mut self, table: &'static [u8]) -> Self {
        self.table = Some(table);
        self
    }

    /// The game's own table, if it has one.
    #[must_use]
    pub const fn table(&self) -> Option<&'static [u8]> {
        self.table
    }

    /// Whether hits are tested where the player saw the others.
    pub(super) const fn has_lag_compensation(&self) -> bool {
        self.hits.is_some()
    }
}

impl<G: Game> Default for Features<G> {
    fn default() -> Self {
        Self::new()
    }
}

impl<G: Game> core::fmt::Debug for Features<G> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let Self { hits, prediction, profile, table, .. } = self;
        f.debug_struct("Features")
            .field("lag_compensation", &hits.is_some())
            .field("predicted_spawns", &prediction.spawns.is_some())
            .field("custom_prediction", &prediction.predict.is_some())
            .field("teleports", &prediction.teleported.is_some())
            .field("profile", profile)
            .field("table", &table.is_some())
            .finish_non_exhaustive()
    }
}

impl<E: Entity, I, S: Send + Sync + 'static, R> PredictionFeatures<E, I, S, R> {
    /// The schema of a game's entities in a room with this scene and rate.
    pub(crate) fn schema(
        &self,
        types: &GameSchema,
        scene: &Arc<S>,
        rate: TickRate,
    ) -> Result<Schema, SchemaError> {
        let kinds = types.kinds.clone();
        let state_kinds = usize::from(types.state_kinds);
        let Some(predict) = self.predict else { return Schema::new(kinds, rate)?.with_state(state_kinds) };
        let scene = scene.clone();
        let step = CustomStep::of::<E>(move |entities| predict(entities, &scene));
        Schema::with_step(kinds, step, rate)?.with_state(state_kinds)
    }
}

/// Memory for the hitboxes that a game wants to be kept.
pub(crate) fn hitboxes_of<G: Game>(rate: TickRate) -> Hitboxes {
    Hitboxes::new(G::FEATURES.hits.map_or(0, |hits| hits.rewind_ms_max), rate)
}

/// Keeps the hitboxes of `tick`.
pub(crate) fn capture_hitboxes<G: Game>(hitboxes: &mut Hitboxes, tick: Tick, world: &World<G::Entity>) {
    if let Some(hits) = G::FEATURES.hits {
        hitboxes.capture(tick, world, hits.hitbox);
    }
}
