//! The authoritative end: a [`Room`] takes its members' messages, steps the game and fills an [`Outbox`].
//!
//! A pure state machine: time is an argument, and members are numbers. The code that drives it owns the
//! sockets, queues and clock. Data flows in one direction: `handle` (inputs in) -> `step` (game, snapshot) ->
//! outbox (one update per member).

mod about;
mod audit;
mod bars;
mod budget;
mod census;
mod closing;
mod commands;
mod connection;
mod delivery;
mod error;
mod event;
mod frames;
mod held;
mod idle;
mod inputs;
mod invites;
mod member;
mod news;
mod notices;
mod numbers;
mod outbox;
mod own;
mod pace;
mod places;
mod plan;
mod player_ids;
mod reliable;
mod reports;
mod sampler;
mod seats;
mod serve;
mod stats;
mod streams;
mod unacked;
mod view;

pub use audit::Leak;
use bars::Bars;
use closing::End;
use commands::Commands;
pub use error::RoomError;
pub use event::{Hold, JoinRequest, MemberEvent, MemberFrame, Way};
pub use notices::Notice;
#[doc(hidden)] // Only for `Room::start_at`.
pub use numbers::FirstNumbers;
pub use outbox::Outbox;
pub use plan::RoomPlan;
pub use stats::{InputTotals, Margins, RoomStats};

use crate::entity::GameSchema;
use crate::events::{Given, Receivers};
use crate::game::{
    Game, HostMessage, IdleLimits, PlayerTurn, Setup, Stage, Turn, capture_hitboxes, hitboxes_of,
};
use crate::hitbox::{Hitboxes, Rewind};
use crate::id::{EntityId, PlayerId, RoomId};
use crate::limits::RESUME_GRACE_MS;
use crate::snapshot::Interest;
use crate::tick::{Tick, TickRate};
use crate::wire::control::ReliableEvent;
use core::time::Duration;
use member::Member;
use news::Event;
use notices::Notices;
use own::OwnRow;
use places::HeldPlaces;
use player_ids::PlayerIds;
use sampler::Sampler;
use std::sync::Arc;
use streams::Streams;
use view::Work;

/// A host's decisions about a room besides the game's settings.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RoomConfig {
    /// The room's id.
    pub id: RoomId,
    /// How often it steps.
    pub tick_rate: TickRate,
    /// How many spectators it takes.
    pub spectators_max: u16,
    /// How long a disconnected player keeps its seat.
    pub resume_grace: Duration,
    /// Byte budget of one client, bytes/s; 0 for none. Over any two seconds the client gets at most 1.1 x the
    /// budget, or its floor (the stream of its entity and its private section) plus a quarter of the budget.
    /// The less urgent streams wait.
    pub client_bytes_per_s: u32,
}

impl RoomConfig {
    /// A room at the default rate, for players only, without a byte budget.
    #[must_use]
    pub fn new(id: RoomId) -> Self {
        Self {
            id,
            tick_rate: TickRate::DEFAULT,
            spectators_max: 0,
            resume_grace: Duration::from_millis(RESUME_GRACE_MS),
            client_bytes_per_s: 0,
        }
    }
}

/// The hash that a client's `Join` must contain to play `G`.
#[must_use]
pub fn game_schema_hash<G: Game>() -> u64 {
    game_schema::<G>().hash()
}

/// The types of `G` as both ends know them.
#[must_use]
pub fn game_schema<G: Game>() -> GameSchema {
    GameSchema::of::<G::Entity, G::State, G::Input>(G::VERSION)
}

/// A room of game `G`.
pub struct Room<G: Game> {
    config: RoomConfig,
    plan: Arc<RoomPlan<G>>,
    game: G,
    stage: Stage<G>,
    time: RoomTime,
    streams: Streams,
    /// Sorted by id: a new attachment is added at the end.
    members: Vec<Member<G::Input>>,
    /// The index of the member from whom the next frame is expected: they arrive in the members' order.
    next_sender: usize,
    player_ids: PlayerIds,
    /// When a report of a differing state last counted.
    reported_at: Option<Tick>,
    first: FirstNumbers,
    commands: Commands<G::Command>,
    hitboxes: Hitboxes,
    scratch: TickScratch<G>,
    keeps_states: bool,
    sampler: Option<Box<Sampler>>,
    stats: RoomStats,
    idle_limits: IdleLimits,
    bars: Bars,
    /// Set once the game wishes the room's end.
    end: Option<End>,
    places: HeldPlaces,
    notices: Notices,
    /// What the host sent since the last step.
    messages: Vec<HostMessage>,
}

/// Where a room is in time.
#[derive(Debug, Default)]
struct RoomTime {
    tick: Tick,
    /// Ticks that were skipped since the last step.
    skipped_ticks: u32,
    /// When `tick` was due, on the driver's clock.
    stepped_at: Duration,
    /// Steps so far; may be fewer than ticks, since a room may skip ticks.
    steps: u64,
}

/// What one tick works on. The memory is reused in the next.
struct TickScratch<G: Game> {
    turns: Vec<PlayerTurn<G::Input>>,
    due_commands: Vec<(PlayerId, G::Command)>,
    /// The member's update that is being written.
    message: Vec<u8>,
    /// The streams and packets of that update.
    work: Work,
    /// The member's own entity.
    own: OwnRow,
}

impl<G: Game> Default for TickScratch<G> {
    fn default() -> Self {
        let (turns, due_commands) = (Vec::new(), Vec::new());
        Self { turns, due_commands, message: Vec::new(), work: Work::default(), own: OwnRow::default() }
    }
}

impl<G: Game> core::fmt::Debug for Room<G> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let Self { config, time, members, .. } = self;
        write!(f, "Room {{ id: {}, tick: {}, members: {} }}", config.id, time.tick, members.len())
    }
}

impl<G: Game> Room<G> {
    /// A room at tick 0 without members.
    ///
    /// # Errors
    /// The game's types break a bound of the protocol, or no scene can be made from its settings.
    pub fn new(config: RoomConfig, settings: G::Settings, seed: u64) -> Result<Self, RoomError>
    where
        G::Context: Default,
    {
        let plan = RoomPlan::new(settings, config.tick_rate)?;
        Ok(Self::with_plan(config, Arc::new(plan), seed, &G::Context::default()))
    }

    /// A room of a plan, which other rooms may share, with what the host hands to its rooms. It steps at the
    /// plan's rate.
    #[must_use]
    pub fn with_plan(
        mut config: RoomConfig,
        plan: Arc<RoomPlan<G>>,
        seed: u64,
        context: &G::Context,
    ) -> Self {
        let rate = plan.tick_rate;
        config.tick_rate = rate;
        let mut streams = Streams::new(plan.interest, rate);
        streams.keep_crossings(config.client_bytes_per_s > 0);
        let mut stage = Stage::new(plan.interest != Interest::Whole, seed);
        let setup = Setup { context, settings: &plan.settings, scene: &*plan.scene, tick_rate: rate, seed };
        let game = G::new(&setup, &mut stage);
        Self {
            config,
            game,
            stage,
            time: RoomTime::default(),
            streams,
            members: Vec::new(),
            next_sender: 0,
            player_ids: PlayerIds::starting_at(FirstNumbers::default().player),
            first: FirstNumbers::default(),
            commands: Commands::default(),
            reported_at: None,
            hitboxes: hitboxes_of::<G>(rate),
            scratch: TickScratch::default(),
            keeps_states: false,
            sampler: None,
            stats: RoomStats::default(),
            idle_limits: plan.idle_limits,
            bars: Bars::default(),
            end: None,
            places: HeldPlaces::default(),
            notices: Notices::default(),
            messages: Vec::new(),
            plan,
        }
    }

    /// Skips tick numbers for which there was no time. Tick numbers follow real time: clients count them by
    /// their clocks, so a room that lost time must not continue where it stopped. Called before
    /// [`Room::handle`] gets the messages that arrived in the meantime. The members' countdowns (the time to
    /// resume, the time without an acknowledgement) do not advance.
    pub fn skip(&mut self, ticks: u32) {
        self.time.tick = self.time.tick.offset(i64::from(ticks));
        self.time.skipped_ticks = self.time.skipped_ticks.saturating_add(ticks);
        self.time.stepped_at += self.config.tick_rate.time_of(Tick(ticks));
        for member in &mut self.members {
            member.skip(ticks);
        }
    }

    /// Makes the room's numbers start elsewhere. For tests, before the first step and the first member.
    #[doc(hidden)] // Only tests of what happens when numbers run out need it.
    pub fn start_at(&mut self, first: FirstNumbers) {
        self.first = first;
        self.time.tick = first.tick;
        self.player_ids = PlayerIds::starting_at(first.player);
        self.stage.world.start_at(first.entity);
    }

    /// Whether the room has reached [`Tick::LAST`] and must be ended now.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.time.tick >= Tick::LAST
    }

    /// One tick: inputs, the game's step, the snapshot, and an update for each member that is ready.
    ///
    /// `now` is when the tick was due on the driver's clock. That clock starts at 0 with the room and never
    /// goes back.
    pub fn step(&mut self, now: Duration, outbox: &mut impl Outbox) {
        self.time.stepped_at = now;
        self.time.steps += 1;
        self.expire_cut_players();
        self.time.tick = self.time.tick.next();
        let passed_ticks = core::mem::take(&mut self.time.skipped_ticks).saturating_add(1);
        self.gather_turns(passed_ticks);
        self.commands.take_due(self.time.tick, &mut self.scratch.due_commands);
        let turn = Turn {
            tick: self.time.tick,
            passed_ticks,
            tick_rate: self.config.tick_rate,
            scene: &*self.plan.scene,
            players: &self.scratch.turns,
            commands: &self.scratch.due_commands,
            messages: &self.messages,
            hitboxes: &self.hitboxes,
        };
        self.game.step(&mut self.stage, &turn);
        self.scratch.due_commands.clear();
        self.messages.clear();
        self.take_controls();
        self.count_rewinds();
        self.streams.capture(&self.plan.schema, self.time.tick, &mut self.stage);
        capture_hitboxes::<G>(&mut self.hitboxes, self.time.tick, &self.stage.world);
        self.queue_events();
        // An update fills the slot, so an invitation that came after it would wait while each tick has one.
        self.give_invitations(outbox);
        self.serve(now, outbox);
        self.carry_out_requests();
        self.carry_out_kicks(outbox);
        self.carry_out_end(outbox);
    }

    fn gather_turns(&mut self, passed_ticks: u32) {
        self.scratch.turns.clear();
        let hold_ticks_max = self
            .config
            .tick_rate
            .ticks_ceil(Duration::from_millis(u64::from(crate::limits::INPUT_HOLD_MS_MAX)));
        for member in &mut self.members {
            if let Some(player) = &mut member.player {
                let input = player.inputs.take(self.time.tick, passed_ticks, hold_ticks_max).into_inner();
                let rewind = Rewind { behind: player.inputs.behind, ..Rewind::default() };
                let is_connected = member.connection.is_some();
                let floor_bytes_per_s =
                    member.connection.as_ref().map_or(0, |connection| connection.view.floor_bytes_per_s());
                let (id, entity) = (player.id, player.entity);
                self.scratch.turns.push(PlayerTurn {
                    player: id,
                    entity,
                    is_connected,
                    input,
                    floor_bytes_per_s,
                    rewind,
                });
            }
        }
        self.scratch.turns.sort_unstable_by_key(|turn| turn.player);
    }

    /// Counts the rewinds that the game used in this step, by player.
    fn count_rewinds(&mut self) {
        for turn in self.scratch.turns.iter().filter(|turn| turn.rewind.used.get()) {
            self.stats.rewinds.add(&self.hitboxes, self.time.tick, &turn.rewind);
            let mut players = self.members.iter_mut().filter_map(|member| member.player.as_mut());
            if let Some(player) = players.find(|player| player.id == turn.player) {
                player.rewinds.add(&self.hitboxes, self.time.tick, &turn.rewind);
            }
        }
    }

    fn queue_events(&mut self) {
        let (given, refused) = self.stage.events.take();
        self.stats.events_refused.merge(refused);
        for Given { to, bytes, is_droppable } in given {
            self.stats.events_encoded += 1;
            let event = Event::of_game(bytes, is_droppable);
            for at in 0..self.members.len() {
                let Some(member) = self.members.get(at) else { break };
                let player = member.player.as_ref().map(|player| player.id);
                if !to.contain(player, || self.view_of(member).groups) {
                    continue;
                }
                if let Some(member) = self.members.get_mut(at) {
                    self.stats.events_dropped += member.events.push(&event);
                }
                if matches!(to, Receivers::One(_)) {
                    break;
                }
            }
        }
    }

    /// Records which player controls which entity after a step, and tells every member about changes.
    fn take_controls(&mut self) {
        if !self.stage.world.take_controls_changed() {
            return;
        }
        for at in 0..self.members.len() {
            let Some(player) = self.members.get_mut(at).and_then(|member| member.player.as_mut()) else {
                continue;
            };
            let (id, entity) = (player.id, self.stage.world.controlled(player.id).unwrap_or(EntityId::NONE));
            if core::mem::replace(&mut player.entity, entity) == entity {
                continue;
            }
            for follows in self.members.iter_mut().filter_map(|member| member.follows.as_mut()) {
                if follows.0 == id {
                    follows.1 = entity;
                }
            }
            if let Some(event) = Event::of_players(&ReliableEvent::PlayerControls { player: id, entity }) {
                self.tell_all(&event);
            }
        }
    }

    /// Queues an event about players for every member.
    fn tell_all(&mut self, event: &Event) {
        for member in &mut self.members {
            member.events.push(event);
        }
    }
}
