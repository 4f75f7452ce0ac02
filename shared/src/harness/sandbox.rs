//! A game without a room: its rules called as a room calls them, with no client, no message and no clock.

use crate::entity::Entity;
use crate::events::Receivers;
use crate::game::{
    Account, BadSettings, Game, HostMessage, Joining, LeaveReason, PlayerTurn, Refusal, Report, Setup, Stage,
    Turn, capture_hitboxes, hitboxes_of,
};
use crate::hitbox::{Hitboxes, Rewind, Rewound};
use crate::id::{EntityId, PlayerId};
use crate::snapshot::{Groups, Interest};
use crate::tick::{Tick, TickRate};
use crate::wire::Text;
use crate::wire::terms::Parameters;
use serde::Serialize;

/// View ticks are counted in these parts of a tick.
const FRACTIONS: f64 = 256.0;

/// A game without a room, for unit tests of its rules.
///
/// ```text
/// let mut game = Sandbox::<MyGame>::new(settings, TickRate::DEFAULT, seed)?;
/// let ada = game.join(PlayerId(1))?;
/// game.input(PlayerId(1)).fire = Button { down: true, pressed: true };
/// game.step();
/// assert_eq!(game.heard(PlayerId(1)), [MyEvent::Fired]);
/// ```
///
/// Entities and the state are put on their grids after each step, as in a room. Test with a
/// [`Harness`](super::Harness) what clients see of it.
pub struct Sandbox<G: Game> {
    /// The part of the game that is not replicated.
    pub game: G,
    /// What the game shows, and its decisions about its room.
    pub stage: Stage<G>,
    scene: G::Scene,
    rate: TickRate,
    tick: Tick,
    players: Vec<PlayerTurn<G::Input>>,
    commands: Vec<(PlayerId, G::Command)>,
    events: Vec<(Receivers, G::Event)>,
    hitboxes: Hitboxes,
    kicked: Vec<(PlayerId, String)>,
    messages: Vec<HostMessage>,
    reports: Vec<Report>,
}

impl<G: Game> Sandbox<G> {
    /// A game without players.
    ///
    /// # Errors
    /// The game refuses the settings.
    pub fn new(settings: &G::Settings, tick_rate: TickRate, seed: u64) -> Result<Self, BadSettings>
    where
        G::Context: Default,
    {
        Self::with_context(settings, tick_rate, seed, &G::Context::default())
    }

    /// As [`Sandbox::new`], with what a host hands to its rooms.
    ///
    /// # Errors
    /// The game refuses the settings.
    pub fn with_context(
        settings: &G::Settings,
        tick_rate: TickRate,
        seed: u64,
        context: &G::Context,
    ) -> Result<Self, BadSettings> {
        let scene = G::scene(settings, tick_rate)?;
        let mut stage = Stage::new((G::FEATURES.interest.interest)(settings) != Interest::Whole, seed);
        let game = G::new(&Setup { context, settings, scene: &scene, tick_rate, seed }, &mut stage);
        Ok(Self {
            game,
            stage,
            scene,
            rate: tick_rate,
            tick: Tick(0),
            players: Vec::new(),
            commands: Vec::new(),
            events: Vec::new(),
            hitboxes: hitboxes_of::<G>(tick_rate),
            kicked: Vec::new(),
            messages: Vec::new(),
            reports: Vec::new(),
        })
    }

    /// A player joins. Its input is the neutral one until [`input`](Self::input) changes it.
    ///
    /// # Errors
    /// The game refuses the player.
    pub fn join(&mut self, player: PlayerId) -> Result<EntityId, Refusal> {
        self.join_as(player, &Account::guest(Text::cut(&format!("player {player}"))))
    }

    /// As [`Sandbox::join`], with this account.
    ///
    /// # Errors
    /// As [`Sandbox::join`].
    pub fn join_as(&mut self, player: PlayerId, account: &Account) -> Result<EntityId, Refusal> {
        self.join_with(player, account, &Parameters::default())
    }

    /// As [`Sandbox::join_as`], with what the client says for the game.
    ///
    /// # Errors
    /// As [`Sandbox::join`].
    pub fn join_with(
        &mut self,
        player: PlayerId,
        account: &Account,
        parameters: &Parameters,
    ) -> Result<EntityId, Refusal> {
        if self.stage.requests.end.is_some() {
            return Err(Refusal::Rule(Text::cut("the room is ending")));
        }
        let (scene, tick, tick_rate) = (&self.scene, self.tick, self.rate);
        let joining = Joining { player, account, parameters, scene, tick, tick_rate };
        let entity = self.game.join(&mut self.stage, &joining)?;
        self.stage.world.set_controlled(player, Some(entity));
        self.players.push(PlayerTurn::new(player, entity, G::Input::default()));
        self.players.sort_by_key(|turn| turn.player);
        Ok(entity)
    }

    /// A player leaves.
    pub fn leave(&mut self, player: PlayerId) {
        self.leave_because(player, LeaveReason::Left);
    }

    /// A player leaves for this reason.
    pub fn leave_because(&mut self, player: PlayerId, reason: LeaveReason) {
        self.players.retain(|turn| turn.player != player);
        self.game.leave(&mut self.stage, player, reason);
        self.stage.world.forget_player(player);
    }

    /// The connection of a player is lost or is there again:
    /// [`PlayerTurn::is_connected`](crate::game::PlayerTurn::is_connected) from the next step on.
    ///
    /// # Panics
    /// The player did not join.
    pub fn set_connected(&mut self, player: PlayerId, is_connected: bool) {
        self.turn_of(player).is_connected = is_connected;
    }

    /// The players whom the game kicked so far, with its texts.
    #[must_use]
    pub fn kicked(&self) -> &[(PlayerId, String)] {
        &self.kicked
    }

    /// The text with which the game ended the room; `None` while it goes on. The sandbox goes on all the
    /// same.
    #[must_use]
    pub fn ended(&self) -> Option<&str> {
        self.stage.requests.end.as_ref().map(|ending| &*ending.text)
    }

    /// The result with which the game ended the room; nothing if it gave none.
    #[must_use]
    pub fn result(&self) -> Option<&Report> {
        self.stage.requests.end.as_ref().map(|ending| &ending.result)
    }

    /// What the game has reported to its host so far, oldest first.
    #[must_use]
    pub fn reports(&self) -> &[Report] {
        &self.reports
    }

    /// A message of the host, for the next step.
    ///
    /// # Panics
    /// It has no JSON form, or one that is too long.
    pub fn message(&mut self, message: &impl Serialize) {
        self.messages.push(HostMessage::of(message).unwrap_or_else(|error| panic!("a message: {error}")));
    }

    /// The input that a player gives in each step from now on.
    ///
    /// # Panics
    /// The player did not join.
    pub fn input(&mut self, player: PlayerId) -> &mut G::Input {
        &mut self.turn_of(player).input
    }

    /// A command of a player, for the next step.
    pub fn command(&mut self, player: PlayerId, command: G::Command) {
        self.commands.push((player, command));
    }

    /// From now on the player sees the others as they were this many ticks before the step; see
    /// [`Turn::rewind`].
    ///
    /// # Panics
    /// The player did not join.
    pub fn see_late(&mut self, player: PlayerId, ticks: f64) {
        self.turn_of(player).rewind.behind = Some((ticks * FRACTIONS) as i64);
    }

    /// What [`Turn::rewind`] gives for a player who sees the others this many ticks late.
    #[must_use]
    pub fn rewound(&self, ticks: f64) -> Rewound<'_> {
        let rewind = Rewind { behind: Some((ticks * FRACTIONS) as i64), ..Rewind::default() };
        Rewound::new(&self.hitboxes, self.tick, &rewind)
    }

    /// Steps the game once.
    ///
    /// # Panics
    /// The game gave an event that a room would refuse.
    pub fn step(&mut self) {
        self.tick = self.tick.next();
        let commands = core::mem::take(&mut self.commands);
        let messages = core::mem::take(&mut self.messages);
        let turn = Turn {
            tick: self.tick,
            passed_ticks: 1,
            tick_rate: self.rate,
            scene: &self.scene,
            players: &self.players,
            commands: &commands,
            messages: &messages,
            hitboxes: &self.hitboxes,
        };
        self.game.step(&mut self.stage, &turn);
        let events = &mut self.stage.events;
        assert_eq!(events.refused.total(), 0, "events that a room refuses: {:?}", events.refused);
        let events: Vec<_> = events.decoded().collect();
        self.stage.events.take();
        for (to, event) in events {
            let to = self.resolved(to);
            self.events.push((to, event));
        }
        self.stage.requests.graces.clear();
        self.reports.append(&mut self.stage.requests.reports);
        for kick in core::mem::take(&mut self.stage.requests.kicks) {
            if self.players.iter().any(|turn| turn.player == kick.player) {
                self.kicked.push((kick.player, kick.text.to_string()));
                self.leave_because(kick.player, LeaveReason::Kicked);
            }
        }
        self.settle();
        capture_hitboxes::<G>(&mut self.hitboxes, self.tick, &self.stage.world);
    }

    /// Steps the game this many times.
    ///
    /// # Panics
    /// As [`step`](Self::step).
    pub fn run_ticks(&mut self, ticks: u32) {
        (0..ticks).for_each(|_| self.step());
    }

    /// The events that a player was given so far, oldest first.
    #[must_use]
    pub fn heard(&self, player: PlayerId) -> Vec<G::Event>
    where
        G::Event: Clone,
    {
        let is_for = |to: &Receivers| to.contain(Some(player), || Groups::PUBLIC);
        self.events.iter().filter(|(to, _)| is_for(to)).map(|(_, event)| event.clone()).collect()
    }

    /// All events given so far, whoever gets them, oldest first.
    pub fn events(&self) -> impl Iterator<Item = &G::Event> {
        self.events.iter().map(|(_, event)| event)
    }

    /// The players, by their ids.
    pub fn players(&self) -> impl Iterator<Item = PlayerId> {
        self.players.iter().map(|turn| turn.player)
    }

    /// The entity that a player controls.
    #[must_use]
    pub fn entity_of(&self, player: PlayerId) -> Option<EntityId> {
        self.players.iter().find(|turn| turn.player == player).map(|turn| turn.entity)
    }

    /// The scene that follows from the settings.
    #[must_use]
    pub fn scene(&self) -> &G::Scene {
        &self.scene
    }

    /// The tick of the last step.
    #[must_use]
    pub fn tick(&self) -> Tick {
        self.tick
    }

    /// Everything replicated as numbers, to compare two runs: the row of the room's state, then per entity
    /// its id, its kind and its row.
    #[must_use]
    pub fn rows(&self) -> Vec<i32> {
        let mut rows = Vec::new();
        self.stage.state.write_row(&mut rows);
        for (id, entity) in self.stage.world.iter() {
            rows.extend([id.0 as i32, i32::from(entity.kind())]);
            entity.write_row(&mut rows);
        }
        rows
    }

    /// Names the players who see a group now.
    fn resolved(&self, to: Receivers) -> Receivers {
        let Receivers::Group(group) = to else { return to };
        let view = |turn: &PlayerTurn<_>| {
            (G::FEATURES.interest.view)(&self.game, &self.stage.world, turn.player, turn.entity)
        };
        let players = self.players.iter().filter(|turn| view(turn).groups.contains(group));
        Receivers::Each(players.map(|turn| turn.player).collect())
    }

    /// What a room does after a step: entities go to their grids, players to what they control.
    fn settle(&mut self) {
        let Stage { world, state, .. } = &mut self.stage;
        world.compact();
        let mut row = Vec::new();
        state.write_row(&mut row);
        if let Some(snapped) = G::State::read_row(state.kind(), &row) {
            *state = snapped;
        }
        for (_, entity) in world.iter_mut() {
            row.clear();
            entity.write_row(&mut row);
            if let Some(snapped) = G::Entity::read_row(entity.kind(), &row) {
                *entity = snapped;
            }
        }
        if world.take_controls_changed() {
            for turn in &mut self.players {
                turn.entity = world.controlled(turn.player).unwrap_or(EntityId::NONE);
            }
        }
    }

    fn turn_of(&mut self, player: PlayerId) -> &mut PlayerTurn<G::Input> {
        let turn = self.players.iter_mut().find(|turn| turn.player == player);
        turn.unwrap_or_else(|| panic!("player {} did not join", player.0))
    }
}
