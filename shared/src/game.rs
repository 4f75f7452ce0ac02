//! The one thing that a host implements: a [`Game`].

use crate::entity::{CustomStep, Entity, Input, PacketProfile, Schema, SchemaError};
pub use crate::events::Events;
use crate::hitbox::{Hitbox, Hitboxes, Rewind, Rewound};
use crate::id::{EntityId, PlayerId};
use crate::predicted_spawn::{PredictedSpawn, SpawnPrediction};
use crate::room::IdleLimits;
use crate::snapshot::{Group, Groups, Interest, Location, Reach, View};
use crate::tick::{Tick, TickRate};
use crate::wire::control::{Name, Options};
use crate::wire::{Close, CloseCode, Text};
use crate::world::World;
use core::fmt::Debug;
use core::time::Duration;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::sync::Arc;

/// Values that cross the wire through the codec: settings, events, commands.
pub trait Data: Serialize + DeserializeOwned + Clone + Debug + Send + Sync + 'static {}
impl<T: Serialize + DeserializeOwned + Clone + Debug + Send + Sync + 'static> Data for T {}

/// The rules of a game: an authoritative simulation at a fixed tick rate.
///
/// The same type serves both ends. The server calls [`Game::step`]; a client predicts its own entity with
/// [`Game::apply_input`]. Both must be deterministic: no clock, no global state, no hash-map order; chance only from
/// the seed (see [`crate::Rng`]). [`crate::harness::check_determinism`] tests that.
pub trait Game: Sized + Send + 'static {
    /// Raise it when rules, events or commands change while the entities stay: it is part of the schema hash.
    const VERSION: u32 = 1;

    /// How packets are coded. Profile 0 takes about twice the bytes, and can be read by hand.
    const PACKETS: PacketProfile = PacketProfile::Ranged;

    /// The types say nothing of the game: a client reads it by the schema that the server sends. See
    /// [`crate::client::generic`].
    #[doc(hidden)]
    const BY_SCHEMA: bool = false;

    /// How far back a player's hits are tested at most, ms: see [`Turn::rewind`]. What a player gains by it, the one who is
    /// hit loses.
    const REWIND_MS_MAX: u32 = 250;

    /// What a host sets for a room and every client learns when it joins. The room uses them as clients get them: a field that
    /// serde skips has its default at both ends.
    type Settings: Data + Default;
    /// What is computed once from the settings and never changes: a map with its walls, say. `()` if nothing is.
    type Scene: Send + Sync + 'static;
    /// A player's controls for one tick. Both ends use them on their grids, as they cross the wire.
    type Input: Input;
    /// What is replicated.
    type Entity: Entity;
    /// Reliable news from the server to clients.
    type Event: Data;
    /// Reliable requests from a client to the server, for what is no control of a tick: chat, choices.
    type Command: Data;

    /// The settings of a room that is made with `options`. By default a room has no options.
    ///
    /// # Errors
    /// An option that the game does not know, or a value that it does not permit.
    fn settings(base: &Self::Settings, options: &Options) -> Result<Self::Settings, Refusal> {
        match options.iter().next() {
            None => Ok(base.clone()),
            Some((key, _)) => Err(Refusal::bad_option(key)),
        }
    }

    /// The unchanging scene that follows from the settings and the room's tick rate. A client calls it with what the
    /// server sent. What depends on the rate, such as a speed per tick, is computed here once for both ends.
    ///
    /// # Errors
    /// Settings that make no sense, or a rate at which the game cannot run; the text tells a host what to mend.
    fn scene(settings: &Self::Settings, tick_rate: TickRate) -> Result<Self::Scene, BadSettings>;

    /// How many players a room takes.
    #[must_use]
    fn players_max(_settings: &Self::Settings) -> u16 {
        64
    }

    /// What lists of rooms say of a room with these settings beside the options that it was made with: its map's name, say.
    /// By default nothing.
    #[must_use]
    fn metadata(_settings: &Self::Settings) -> Options {
        Options::none()
    }

    /// The table of profile 1 that was trained for this game's entities (see `docs/hosting-a-game.md`); without one there are
    /// built-in priors.
    #[must_use]
    fn table() -> Option<&'static [u8]> {
        None
    }

    /// How a room is cut into streams, each encoded once per tick for all who see it. By default everybody sees everything.
    #[must_use]
    fn interest(_settings: &Self::Settings) -> Interest {
        Interest::Whole
    }

    /// Where an entity belongs in a room that is cut: a function of what is replicated of it.
    #[must_use]
    fn location(_entity: &Self::Entity) -> Location {
        Location::EVERYWHERE
    }

    /// What a player may see in a room that is cut; asked each tick. By default all that is public around its
    /// entity, or around the last place of that. It always sees the stream that contains its entity.
    #[must_use]
    fn view(&self, world: &World<Self::Entity>, _player: PlayerId, entity: EntityId) -> View {
        let at = world.get(entity).and_then(|own| Self::location(own).at);
        View { reach: Reach::around(at), groups: Groups::PUBLIC }
    }

    /// What a spectator may see in a room that is cut; asked each tick. By default all that is public. `follows` is the player
    /// whose view it asks for, with its entity: a game that allows it answers as [`Game::view`] does.
    #[must_use]
    fn spectator_view(&self, _world: &World<Self::Entity>, _follows: Option<(PlayerId, EntityId)>) -> View {
        View { reach: Reach::Everywhere, groups: Groups::PUBLIC }
    }

    /// When members that do nothing lose their places. An operator may set it otherwise.
    #[must_use]
    fn idle_limits(_settings: &Self::Settings) -> IdleLimits {
        IdleLimits::default()
    }

    /// How important a group is, from 1 to 1,000, when a client's byte budget does not suffice for all that it sees.
    #[must_use]
    fn importance(_group: Group) -> u32 {
        1
    }

    /// A new room: fills the world with what is there before the first player.
    fn new(setup: &Setup<'_, Self>, world: &mut World<Self::Entity>) -> Self;

    /// A player comes: makes its entity and returns the id, or [`EntityId::NONE`] if it controls nothing yet. See
    /// [`World::set_controlled`] for another one later.
    ///
    /// # Errors
    /// The game takes no player now.
    fn join(
        &mut self,
        world: &mut World<Self::Entity>,
        scene: &Self::Scene,
        player: PlayerId,
        profile: &Profile,
    ) -> Result<EntityId, Refusal>;

    /// A player goes (or its time to resume is over): removes what belongs to it.
    fn leave(&mut self, world: &mut World<Self::Entity>, player: PlayerId);

    /// One tick. Calls [`Game::apply_input`] for each player's entity, then does all else.
    fn step(&mut self, world: &mut World<Self::Entity>, turn: &Turn<'_, Self>, out: &mut Events<Self::Event>);

    /// Whether an event may be dropped when a client, cut off or slow, has too much waiting: what is worth little when it
    /// comes late, such as an effect or a line of a feed. The client is told how many are missing and where. By default
    /// no event may be.
    #[must_use]
    fn is_droppable(_event: &Self::Event) -> bool {
        false
    }

    /// One tick of the fields that are declared `predict = custom`, for all entities of a stream: what follows when nobody
    /// does anything new. Both ends run it on the same rows to know what need not be sent, so it must be a function of its
    /// arguments alone. Usually it is what [`Game::step`] calls for the same purpose. Other fields that it changes are set
    /// back. It is run once per tick, however many ticks a room skipped; the scene knows the tick rate.
    fn predict(_entities: &mut [(EntityId, Self::Entity)], _scene: &Self::Scene) {}

    /// A player's part of a tick, with which its client predicts: [`Game::step`] calls it for each player's entity. A
    /// function of its arguments alone; all that it reads of `own` is replicated.
    fn apply_input(own: &mut Self::Entity, input: &Self::Input, step: &Step<'_, Self>);

    /// What of an entity can be hit, kept for [`Turn::rewind`]. By default nothing is kept.
    #[must_use]
    fn hitbox(_entity: &Self::Entity) -> Option<Hitbox> {
        None
    }

    /// Whether an entity was put elsewhere from one row to a later one, so that nothing is to be shown between them. A place
    /// that went farther than its velocity's grid permits counts as such in any case.
    #[must_use]
    fn teleported(_before: &Self::Entity, _after: &Self::Entity) -> bool {
        false
    }

    /// What a player's step brings forth besides its own entity, such as a shot: its client shows it at once, until the
    /// server's own comes. Asked after [`Game::apply_input`], once per tick; of more than eight the rest is left out. By default
    /// nothing.
    fn predict_spawns(_sight: &SpawnPrediction<'_, Self>, _spawned: &mut Vec<Self::Entity>) {}

    /// Whether something predicted goes on from one tick to the next; `after` is what its declared predictors make of it.
    #[must_use]
    fn predicted_spawn_continues(
        _before: &Self::Entity,
        _after: &Self::Entity,
        _way: &PredictedSpawn<'_, Self>,
    ) -> bool {
        true
    }

    /// Whether an entity that the server made may be the one that was predicted.
    #[must_use]
    fn is_predicted_spawn(predicted: &Self::Entity, real: &Self::Entity) -> bool {
        predicted.kind() == real.kind()
    }
}

/// The schema of a game's entities in a room with this scene and rate.
pub(crate) fn schema_of<G: Game>(scene: &Arc<G::Scene>, rate: TickRate) -> Result<Schema, SchemaError> {
    let scene = scene.clone();
    let step = CustomStep::of::<G::Entity>(move |entities| G::predict(entities, &scene));
    Schema::with_step(G::Entity::kinds(), step, rate)
}

/// Who comes into a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// The name that others see.
    pub name: Name,
}

/// What a new room is made from.
#[derive(Debug)]
pub struct Setup<'a, G: Game> {
    /// The room's settings.
    pub settings: &'a G::Settings,
    /// The scene that follows from them.
    pub scene: &'a G::Scene,
    /// How often the room steps.
    pub tick_rate: TickRate,
    /// Where all chance comes from.
    pub seed: u64,
}

/// The tick in which a player's entity moves, the same at both ends: see [`Game::apply_input`].
#[derive(Debug)]
pub struct Step<'a, G: Game> {
    /// The tick that the step leads to.
    pub tick: Tick,
    /// How often the room steps.
    pub tick_rate: TickRate,
    /// The room's scene.
    pub scene: &'a G::Scene,
}

// Derived, these would ask for a game that can be copied.
impl<G: Game> Clone for Step<'_, G> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<G: Game> Copy for Step<'_, G> {}

/// What a step works with.
#[derive(Debug)]
pub struct Turn<'a, G: Game> {
    /// The tick that the step leads to. Tick numbers follow real time: see `passed_ticks`.
    pub tick: Tick,
    /// Ticks since the last step: 1, or more when the server lost time (it was paused or overloaded) and the room skipped
    /// their numbers. Nothing moved meanwhile; clocks and countdowns go on by this many ticks.
    pub passed_ticks: u32,
    /// How often the room steps. A step is worth one period of it, whatever `passed_ticks` says.
    pub tick_rate: TickRate,
    /// The room's scene.
    pub scene: &'a G::Scene,
    /// Every player with its input, in the order of their ids.
    pub players: &'a [PlayerTurn<G::Input>],
    /// The commands that are due, those of each player in the order in which they were given: each in the step of the input
    /// that was made with it, or later. At most [`COMMANDS_PER_TICK_MAX`](crate::limits::COMMANDS_PER_TICK_MAX) of a player in one
    /// step; the others wait for the next.
    pub commands: &'a [(PlayerId, G::Command)],
    pub(crate) hitboxes: &'a Hitboxes,
}

impl<'a, G: Game> Turn<'a, G> {
    /// What [`Game::apply_input`] is called with in this turn.
    #[must_use]
    pub fn step(&self) -> Step<'a, G> {
        Step { tick: self.tick, tick_rate: self.tick_rate, scene: self.scene }
    }

    /// Whether a multiple of `period`, counted from tick 0, was reached since the last step: true once per period at any
    /// tick rate, and once after the room skipped several. A period shorter than a tick is reached in each.
    #[must_use]
    pub fn is_every(&self, period: Duration) -> bool {
        let periods = |tick| self.tick_rate.time_of(tick).as_nanos() / period.as_nanos().max(1);
        periods(self.tick) > periods(self.tick.offset(-i64::from(self.passed_ticks)))
    }

    /// The others as a player saw them when it gave its input of this tick, at most [`Game::REWIND_MS_MAX`] ago: where
    /// [`Game::hitbox`] put them. Using it counts in the room's figures.
    #[must_use]
    pub fn rewind(&self, player: &PlayerTurn<G::Input>) -> Rewound<'_> {
        player.rewind.used.set(true);
        Rewound::new(self.hitboxes, self.tick, &player.rewind)
    }
}

/// A player in a step.
#[derive(Clone, Debug, PartialEq)]
pub struct PlayerTurn<I> {
    /// The player.
    pub player: PlayerId,
    /// The entity that it controls; [`EntityId::NONE`], which is in no world, if it controls none.
    pub entity: EntityId,
    /// Its input: its own for this tick, else the last one held, else neutral.
    pub input: I,
    /// The floor of its client's byte budget, measured over the last two seconds, bytes/s: the stream of its
    /// entity and the private section, which are always sent. If it comes near the budget, a cell contains
    /// too much. 0 without a budget.
    pub floor_bytes_per_s: u32,
    pub(crate) rewind: Rewind,
}

impl<I> PlayerTurn<I> {
    /// A player that saw the others as they are; for tests of a game without a room.
    #[must_use]
    pub fn new(player: PlayerId, entity: EntityId, input: I) -> Self {
        Self { player, entity, input, floor_bytes_per_s: 0, rewind: Rewind::default() }
    }
}

/// Why a game takes no player or no room.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// No place is free.
    #[error("the room is full")]
    Full,
    /// A rule of the game, told to the client.
    #[error("{0}")]
    Rule(Text<100>),
}

impl Refusal {
    /// An option that the game does not know or whose value it does not permit.
    #[must_use]
    pub fn bad_option(key: &str) -> Self {
        Self::Rule(Text::cut(&format!("the game has no option or permits no such value: {key}")))
    }
}

impl From<crate::world::WorldFull> for Refusal {
    fn from(_: crate::world::WorldFull) -> Self {
        Self::Full
    }
}

impl From<&Refusal> for Close {
    fn from(refusal: &Refusal) -> Self {
        match refusal {
            Refusal::Full => Close::new(
                CloseCode::Full,
                "the room has no place for another player; join another room, or try again",
            ),
            Refusal::Rule(text) => Close::new(CloseCode::Policy, text),
        }
    }
}

/// Settings from which no scene can be made. The text names the setting and the remedy.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadSettings(pub String);
