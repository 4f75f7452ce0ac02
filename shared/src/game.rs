//! The trait that a host implements: [`Game`].

mod access;
mod account;
mod features;
mod idle_limits;
mod requests;
mod stage;

pub use features::{
    CustomPrediction, Features, InterestRules, LagCompensation, PredictedSpawn, PredictsSpawns,
    SpawnPrediction,
};
pub(crate) use features::{PredictionFeatures, SpawnFunctions, capture_hitboxes, hitboxes_of};

use crate::entity::{Entity, Input};
pub use crate::events::Events;
use crate::hitbox::{Hitboxes, Rewind, Rewound};
use crate::id::{EntityId, PlayerId};
pub use crate::json::{BadJson, Json};
use crate::limits::HOST_MESSAGE_BYTES_MAX;
use crate::tick::{Tick, TickRate};
use crate::wire::control::Options;
use crate::wire::terms::Parameters;
use crate::wire::{Close, CloseCode, Text};
pub use access::Access;
pub use account::{
    ACCOUNT_ID_BYTES_MAX, ACCOUNT_ROLES_MAX, Account, AccountId, AccountRole, CLAIMS_BYTES_MAX, Claims,
    ROLE_BYTES_MAX,
};
use core::fmt::Debug;
use core::time::Duration;
pub use idle_limits::IdleLimits;
pub use requests::Report;
pub(crate) use requests::{Ending, Kick};
use serde::Serialize;
use serde::de::DeserializeOwned;
pub use stage::{BadReport, Stage};

/// Values that cross the wire through the codec: settings, events and commands.
pub trait Data: Serialize + DeserializeOwned + Clone + Debug + Send + Sync + 'static {}
impl<T: Serialize + DeserializeOwned + Clone + Debug + Send + Sync + 'static> Data for T {}

/// The rules of a game: an authoritative simulation at a fixed tick rate.
///
/// The same type runs at both ends. The server calls [`Game::step`]; a client predicts its own entity with
/// [`Game::apply_input`]. Both must be deterministic: no clock, no global state and no hash-map order;
/// randomness only from the seed (see [`crate::Rng`]). [`crate::harness::check_determinism`] tests this.
pub trait Game: Sized + Send + 'static {
    /// Increase it when rules, events or commands change but the entities do not: it is part of the schema
    /// hash.
    const VERSION: u32 = 1;

    /// Optional features: divided rooms, lag compensation, predictions of its own, a table. None by default.
    const FEATURES: Features<Self> = Features::new();

    /// What a host sets for a room. Every client receives it when it joins. The room uses the settings as
    /// clients receive them: a field that serde skips has its default at both ends.
    type Settings: Data + Default;
    /// What is computed once from the settings and never changes, such as a map with its walls. `()` if there
    /// is none. Rooms with equal settings may share it.
    type Scene: Send + Sync + 'static;
    /// A player's controls for one tick. Both ends use them quantized to their grids, as they cross the wire.
    type Input: Input;
    /// The replicated entities.
    type Entity: Entity;
    /// One replicated value of the room besides its entities, such as phase, score and clock:
    /// [`Stage::state`]. Every client has it, whatever it sees. A type with `#[derive(Entity)]`, without
    /// owner-only and `custom` fields; `()` if there is none.
    type State: Entity + Default;
    /// What the host hands to each of its rooms, such as a database handle or a channel: [`Setup::context`].
    /// No client sees it. `()` if there is nothing.
    type Context: Clone + Send + Sync + 'static;
    /// Reliable news from the server to clients.
    type Event: Data;
    /// Reliable requests from a client to the server that do not belong to one tick's controls: chat,
    /// choices.
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

    /// The constant scene that follows from the settings and the room's tick rate. A client calls it with the
    /// settings that the server sent. Values that depend on the rate, such as a speed per tick, are computed
    /// here once for both ends.
    ///
    /// # Errors
    /// Settings that make no sense, or a rate at which the game cannot run. The text tells a host what to
    /// correct.
    fn scene(settings: &Self::Settings, tick_rate: TickRate) -> Result<Self::Scene, BadSettings>;

    /// How many players a room takes.
    #[must_use]
    fn players_max(_settings: &Self::Settings) -> u16 {
        64
    }

    /// What room lists say about a room with these settings, in addition to the options that it was made
    /// with: its map's name, for example. Nothing by default.
    #[must_use]
    fn metadata(_settings: &Self::Settings) -> Options {
        Options::none()
    }

    /// When idle members lose their seats. An operator may override it.
    #[must_use]
    fn idle_limits(_settings: &Self::Settings) -> IdleLimits {
        IdleLimits::default()
    }

    /// A new room: fills the stage with what exists before the first player joins.
    fn new(setup: &Setup<'_, Self>, stage: &mut Stage<Self>) -> Self;

    /// A player joins: makes its entity and returns the id, or [`EntityId::NONE`] if it controls nothing yet.
    /// To give it another entity later, see [`World::set_controlled`](crate::World::set_controlled).
    ///
    /// # Errors
    /// The game does not accept the player now.
    fn join(&mut self, stage: &mut Stage<Self>, joining: &Joining<'_, Self>) -> Result<EntityId, Refusal>;

    /// A player leaves for good: removes what belongs to it.
    fn leave(&mut self, stage: &mut Stage<Self>, player: PlayerId, reason: LeaveReason);

    /// One tick. Calls [`Game::apply_input`] for each player's entity, then does everything else.
    fn step(&mut self, stage: &mut Stage<Self>, turn: &Turn<'_, Self>);

    /// Whether an event may be dropped when too much is waiting for a client that is disconnected or slow.
    /// Suitable for events that are worth little when they arrive late, such as an effect or a line of a
    /// feed. The client learns how many are missing and where. By default no event may be dropped.
    #[must_use]
    fn is_droppable(_event: &Self::Event) -> bool {
        false
    }

    /// A player's part of a tick. Its client uses it for prediction, and [`Game::step`] calls it for each
    /// player's entity. It is a function of its arguments alone; everything that it reads of `own` is
    /// replicated.
    fn apply_input(own: &mut Self::Entity, input: &Self::Input, step: &Step<'_, Self>);
}

/// A player who asks to join: see [`Game::join`].
#[derive(Debug)]
#[non_exhaustive]
pub struct Joining<'a, G: Game> {
    /// The id that the player has in this room.
    pub player: PlayerId,
    /// Who the player is: name, account, roles, claims.
    pub account: &'a Account,
    /// What the client says for the game, such as a team or a character. Nothing of it is proven: read it as
    /// a type that permits only what any player may choose.
    pub parameters: &'a Parameters,
    /// The room's scene.
    pub scene: &'a G::Scene,
    /// The tick of the last step.
    pub tick: Tick,
    /// How often the room steps.
    pub tick_rate: TickRate,
}

/// Why a player leaves for good: see [`Game::leave`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LeaveReason {
    /// The player asked to leave.
    Left,
    /// Its connection was cut and its time to resume is over, or its seat went to another player.
    TimedOut,
    /// It was removed: it broke the protocol, did nothing for too long, or an operator wished it.
    Removed,
    /// The game kicked it: see [`Stage::kick`].
    Kicked,
    /// A newer session of the same account took its place.
    Replaced,
    /// The room ends: the game ended it ([`Stage::end`]), an operator closed it, or the server stops. A room
    /// that panics calls nothing.
    RoomClosed,
}

/// What a new room is made from.
#[non_exhaustive]
pub struct Setup<'a, G: Game> {
    /// What the host hands to the room.
    pub context: &'a G::Context,
    /// The room's settings.
    pub settings: &'a G::Settings,
    /// The scene that follows from them.
    pub scene: &'a G::Scene,
    /// How often the room steps.
    pub tick_rate: TickRate,
    /// The source of all randomness.
    pub seed: u64,
}

impl<G: Game> Debug for Setup<'_, G> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let Self { settings, tick_rate, seed, .. } = self;
        let mut to = f.debug_struct("Setup");
        to.field("settings", settings).field("tick_rate", tick_rate).field("seed", seed);
        to.finish_non_exhaustive()
    }
}

/// The tick in which a player's entity moves; the same at both ends. See [`Game::apply_input`].
#[derive(Debug)]
#[non_exhaustive]
pub struct Step<'a, G: Game> {
    /// The tick that the step leads to.
    pub tick: Tick,
    /// How often the room steps.
    pub tick_rate: TickRate,
    /// The room's scene.
    pub scene: &'a G::Scene,
}

impl<'a, G: Game> Step<'a, G> {
    /// A step to `tick`, for a test of [`Game::apply_input`] alone.
    #[must_use]
    pub fn new(tick: Tick, tick_rate: TickRate, scene: &'a G::Scene) -> Self {
        Self { tick, tick_rate, scene }
    }
}

// Deriving these would require a game that can be copied.
impl<G: Game> Clone for Step<'_, G> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<G: Game> Copy for Step<'_, G> {}

/// The arguments of a step.
#[derive(Debug)]
#[non_exhaustive]
pub struct Turn<'a, G: Game> {
    /// The tick that the step leads to. Tick numbers follow real time: see `passed_ticks`.
    pub tick: Tick,
    /// Ticks since the last step: 1, or more when the server lost time (it was paused or overloaded) and the
    /// room skipped tick numbers. Nothing moved in the meantime; clocks and countdowns advance by this many
    /// ticks.
    pub passed_ticks: u32,
    /// How often the room steps. A step covers one period, whatever `passed_ticks` says.
    pub tick_rate: TickRate,
    /// The room's scene.
    pub scene: &'a G::Scene,
    /// Every player with its input, sorted by id.
    pub players: &'a [PlayerTurn<G::Input>],
    /// The commands that are due, each player's in the order in which they were given: each in the step of
    /// the input that was made with it, or later. At most
    /// [`COMMANDS_PER_TICK_MAX`](crate::limits::COMMANDS_PER_TICK_MAX) of a player in one step; the others
    /// wait for the next.
    pub commands: &'a [(PlayerId, G::Command)],
    /// What the host sent to the room since the last step, oldest first: see [`Json::read`].
    pub messages: &'a [HostMessage],
    pub(crate) hitboxes: &'a Hitboxes,
}

impl<'a, G: Game> Turn<'a, G> {
    /// The argument for [`Game::apply_input`] in this turn.
    #[must_use]
    pub fn step(&self) -> Step<'a, G> {
        Step { tick: self.tick, tick_rate: self.tick_rate, scene: self.scene }
    }

    /// The time since the room's first tick, which goes on while a room loses time.
    #[must_use]
    pub fn time(&self) -> Duration {
        self.tick_rate.time_of(self.tick)
    }

    /// Whether a multiple of `period`, counted from tick 0, was reached since the last step: true once per
    /// period at any tick rate, and once after the room skipped several periods. A period shorter than a tick
    /// is reached in every step.
    #[must_use]
    pub fn is_every(&self, period: Duration) -> bool {
        let periods = |tick| self.tick_rate.time_of(tick).as_nanos() / period.as_nanos().max(1);
        periods(self.tick) > periods(self.tick.offset(-i64::from(self.passed_ticks)))
    }
}

impl<G: LagCompensation> Turn<'_, G> {
    /// The others as a player saw them when it gave its input of this tick, at most
    /// [`LagCompensation::REWIND_MS_MAX`] ago: where [`LagCompensation::hitbox`] put them. Each use counts in
    /// the room's statistics.
    ///
    /// A game that forgot to list the feature does not compile.
    #[must_use]
    pub fn rewind(&self, player: &PlayerTurn<G::Input>) -> Rewound<'_> {
        const {
            assert!(
                G::FEATURES.has_lag_compensation(),
                "no hitboxes are kept: add `.with_lag_compensation()` to the game's `FEATURES`"
            );
        }
        player.rewind.used.set(true);
        Rewound::new(self.hitboxes, self.tick, &player.rewind)
    }
}

/// A message of the host to a room: a value of a type that the game reads.
pub type HostMessage = Json<HOST_MESSAGE_BYTES_MAX>;

/// A player in a step.
#[derive(Clone, Debug, PartialEq)]
pub struct PlayerTurn<I> {
    /// The player.
    pub player: PlayerId,
    /// The entity that it controls. [`EntityId::NONE`], which no world contains, if it controls none.
    pub entity: EntityId,
    /// Whether its client is connected. If it is not, the seat is held until it comes back or its time to
    /// resume is over.
    pub is_connected: bool,
    /// Its input for this tick. If none arrived, the last one is repeated; before the first, the neutral one.
    pub input: I,
    /// The floor of its client's byte budget, measured over the last two seconds, bytes/s: the stream of its
    /// entity and the private section, which are always sent. If the floor approaches the budget, a cell
    /// contains too much. 0 without a budget.
    pub floor_bytes_per_s: u32,
    pub(crate) rewind: Rewind,
}

impl<I> PlayerTurn<I> {
    /// A player that saw the others without delay; for tests of a game without a room.
    #[must_use]
    pub fn new(player: PlayerId, entity: EntityId, input: I) -> Self {
        let rewind = Rewind::default();
        Self { player, entity, is_connected: true, input, floor_bytes_per_s: 0, rewind }
    }
}

/// Why a game accepts no player or no room.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// No seat is free.
    #[error("the room is full")]
    Full,
    /// A rule of the game; the client gets the text.
    #[error("{0}")]
    Rule(Text<100>),
}

impl Refusal {
    /// An option that the game does not know, or a value that it does not permit.
    #[must_use]
    pub fn bad_option(key: &str) -> Self {
        Self::Rule(Text::cut(&format!("unknown option or value not permitted: {key}")))
    }
}

impl From<crate::world::WorldFull> for Refusal {
    fn from(_: crate::world::WorldFull) -> Self {
        Self::Full
    }
}

/// A game that cannot read what a client brings does not let it in.
impl From<BadJson> for Refusal {
    fn from(error: BadJson) -> Self {
        Self::Rule(Text::cut(&format!("the game cannot read what the client brings: {error}")))
    }
}

impl From<&Refusal> for Close {
    fn from(refusal: &Refusal) -> Self {
        match refusal {
            Refusal::Full => Close::new(
                CloseCode::Full,
                "the room has no seat for another player; join another room, or try again",
            ),
            Refusal::Rule(text) => Close::new(CloseCode::Policy, text),
        }
    }
}

/// Settings from which no scene can be made. The text names the setting and the remedy.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadSettings(pub String);
