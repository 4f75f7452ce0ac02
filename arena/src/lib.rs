//! A game: ships in a walled arena shoot at each other.
//!
//! It comes with Tickwire but is a game like any other: it uses only public names of `tickwire-shared`. So it
//! is also an example for your own game.
//!
//! # Rules
//! - A ship accelerates towards the velocity that its player asks for (at most [`ship_speed`]), stops at
//!   walls, slides along them, and is pushed away by other ships.
//! - A ship aims in any direction. It shoots while the button is down, every 0.3 s (every 0.13 s with rapid
//!   fire), with at most 12 shots under way.
//! - A shot flies straight for 1.5 s and ends at the first wall or ship of another player. It begins where
//!   and when its player saw it begin: up to 250 ms ago, among the ships as they were then.
//! - A hit costs 20 of 100 hit points. The player that takes the last ones scores. After some seconds the
//!   destroyed ship returns, at the spawn whose nearest ship is farthest away. It is shielded for 1.5 s or
//!   until it shoots.
//! - A pickup gives 40 hit points or 8 s of rapid fire to the ship that flies over it, and returns after
//!   12 s.
//! - A round ends when its time is over or a ship reaches the score limit. The best score wins; if scores are
//!   equal, fewer deaths win. After a break the next round starts from zero.
//!
//! The game is the same at every tick rate: speeds and times are defined per second and converted to ticks.
//!
//! # What a client knows
//! A ship's own step reads only its input, its row and the [`Map`], so a client predicts its ship exactly,
//! except for pushes and hits. The exact timers stay on the server and are never sent. A fight of 32 ships
//! costs about 60 bytes and 5 microseconds per tick.
//!
//! For bots, [`Map::is_clear`] checks a line of sight and [`lead`] aims. For tests, [`invariants`] checks
//! that a match is still sound.

pub mod bots;
mod combat;
mod entities;
mod events;
mod heading;
mod input;
mod invariants;
mod map;
mod movement;
mod pickups;
mod predict_spawns;
mod rounds;
mod seats;
mod settings;
mod tempo;
#[cfg(test)]
mod tests;

pub use combat::{HIT_DAMAGE, SHOTS_PER_PLAYER_MAX, distance_squared, lead};
pub use entities::{
    ArenaEntity, Gift, HEADING_STEPS, HP_MAX, Phase, Pickup, Round, SCORE_MAX, Ship, Shot, Weapon,
};
pub use events::{EMOTES, Event, STANDINGS_MAX, Standing};
pub use heading::{DIRECTION_UNIT, along, direction, heading_of};
pub use input::{ArenaInput, Command};
pub use invariants::{Broken, invariants};
pub use map::{MAP_SIDE_MAX, MAP_SIDE_MIN, Map, PICKUPS_MAX, TILE, centre_of, tile_of};
pub use movement::SHIP_RADIUS;
pub use pickups::{HEALTH_GIFT, PICKUP_S, RAPID_S};
pub use settings::{DUEL_PLAYERS_MAX, MAP_FILES, MAP_NAMES, PLAYERS_MAX, Settings, built_in_map};
pub use tempo::{ship_speed, shot_speed, shot_ticks};

use combat::{CaughtUp, LiveShot};
use events::News;
use pickups::Spot;
use rounds::{RoundClock, Turned};
use seats::Seat;
use tempo::ticks_in_s;
use tickwire_shared::prelude::*;

/// The shortest time between two emotes of one player, s.
const EMOTE_S: u16 = 3;
/// The shortest time between two emotes in a room, s. Keeps the event queue of a disconnected player within
/// its limit while the room waits for the player.
const ROOM_EMOTE_S: u16 = 1;

/// The server's part of an arena: the state that is not replicated.
#[derive(Debug)]
pub struct Arena {
    rng: Rng,
    tick_rate: TickRate,
    players_max: u16,
    respawn_ticks: u32,
    emote_ticks: u32,
    clock: RoundClock,
    /// Sorted by player id.
    seats: Vec<Seat>,
    /// The ships of `seats`, in the same order during a step. A field so that its memory is reused.
    ships: Vec<Ship>,
    shots: Vec<LiveShot>,
    /// New shots that hit at once: shooter and target, as indices of `seats`. A field so that its memory is
    /// reused.
    hits: Vec<(usize, usize)>,
    spots: Vec<Spot>,
}

impl Game for Arena {
    const FEATURES: Features<Self> = Features::new()
        .with_lag_compensation()
        .with_predicted_spawns()
        .with_table(include_bytes!("../arena.twt"))
        .with_teleports(Self::teleported);
    type Settings = Settings;
    type Scene = Map;
    type Input = ArenaInput;
    type Entity = ArenaEntity;
    type State = Round;
    type Context = ();
    type Event = Event;
    type Command = Command;

    fn settings(base: &Settings, options: &Options) -> Result<Settings, Refusal> {
        base.with_options(options)
    }

    fn scene(settings: &Settings, _: TickRate) -> Result<Map, BadSettings> {
        settings.check()?;
        settings.parse_map()
    }

    fn players_max(settings: &Settings) -> u16 {
        settings.seats()
    }

    fn metadata(settings: &Settings) -> Options {
        let map = settings.map_name().map(|name| (Text::cut("map"), Text::cut(name)));
        Options::new(map.into_iter().collect()).unwrap_or_default()
    }

    fn new(setup: &Setup<'_, Self>, stage: &mut Stage<Self>) -> Self {
        let (settings, map) = (setup.settings, setup.scene);
        Self {
            rng: Rng::new(setup.seed),
            tick_rate: setup.tick_rate,
            players_max: Self::players_max(settings),
            respawn_ticks: ticks_in_s(settings.respawn_s.clamp(1, 30), setup.tick_rate),
            emote_ticks: 0,
            clock: RoundClock::start(&mut stage.state, settings, setup.tick_rate),
            seats: Vec::new(),
            ships: Vec::new(),
            shots: Vec::new(),
            hits: Vec::new(),
            spots: pickups::place(&mut stage.world, map),
        }
    }

    fn join(&mut self, stage: &mut Stage<Self>, joining: &Joining<'_, Self>) -> Result<EntityId, Refusal> {
        if self.seats.len() >= usize::from(self.players_max) {
            return Err(Refusal::Full);
        }
        self.load_ships(&stage.world);
        let pos = combat::best_spawn(joining.scene, self.ships.iter().copied(), &mut self.rng);
        let entity = stage.world.spawn(ArenaEntity::Ship(Ship::fresh(joining.player, pos)))?;
        let at = self.seats.partition_point(|seat| seat.player < joining.player);
        self.seats.insert(at, Seat::new(joining.player, entity, self.tick_rate));
        Ok(entity)
    }

    fn leave(&mut self, stage: &mut Stage<Self>, player: PlayerId, _: LeaveReason) {
        for shot in self.shots.extract_if(.., |shot| shot.owner == player) {
            stage.world.despawn(shot.id);
        }
        for seat in self.seats.extract_if(.., |seat| seat.player == player) {
            stage.world.despawn(seat.entity);
        }
    }

    fn is_droppable(event: &Event) -> bool {
        matches!(event, Event::Hit { .. } | Event::PickedUp { .. } | Event::Emoted { .. })
    }

    fn step(&mut self, stage: &mut Stage<Self>, turn: &Turn<'_, Self>) {
        let (map, mut news) = (turn.scene, News::new(&mut stage.events));
        self.take_commands(turn, &mut news);
        for player in turn.players {
            if let Some(ship) = stage.world.get_mut(player.entity) {
                Self::apply_input(ship, &player.input, &turn.step());
            }
        }
        self.load_ships(&stage.world);
        movement::push_apart(&mut self.ships, map);
        combat::fly(
            &mut self.shots,
            &mut stage.world,
            map,
            &mut self.seats,
            &mut self.ships,
            self.respawn_ticks,
            &mut news,
        );
        self.run_timers(turn);
        if stage.state.is_playing() {
            self.fire(&mut stage.world, turn, &mut news);
        }
        pickups::take(&mut self.spots, &mut stage.world, &mut self.seats, &mut self.ships, turn, &mut news);
        match self.clock.turn(turn.passed_ticks, &self.ships, &mut stage.state, &mut news) {
            Turned::Not => {}
            Turned::Ended(result) => {
                // One a round, of a few lines: a room takes it.
                stage.report(&result).ok();
                self.clear_shots(&mut stage.world);
            }
            Turned::Started => self.start_round(&mut stage.world, map),
        }
        self.store_ships(&mut stage.world);
    }

    fn apply_input(own: &mut ArenaEntity, input: &ArenaInput, step: &Step<'_, Self>) {
        if let ArenaEntity::Ship(ship) = own {
            movement::steer_and_move(ship, input, step.scene, step.tick_rate);
        }
    }
}

impl LagCompensation for Arena {
    fn hitbox(entity: &ArenaEntity) -> Option<Hitbox> {
        let ship = entity.as_ship().filter(|ship| ship.alive)?;
        let half = IVec2::splat(SHIP_RADIUS).extend(0);
        Some(Hitbox { centre: ship.pos.extend(0), half, life: u32::from(ship.deaths) })
    }
}

impl Arena {
    fn teleported(before: &ArenaEntity, after: &ArenaEntity) -> bool {
        let revived = |before: &Ship, after: &Ship| !before.alive && after.alive;
        before.as_ship().zip(after.as_ship()).is_some_and(|(before, after)| revived(before, after))
    }

    /// Copies the ships out of the world, one per seat.
    fn load_ships(&mut self, world: &World<ArenaEntity>) {
        self.ships.clear();
        let ship_of = |seat: &Seat| world.get(seat.entity).and_then(ArenaEntity::as_ship).copied();
        self.seats.retain(|seat| ship_of(seat).map(|ship| self.ships.push(ship)).is_some());
    }

    fn store_ships(&self, world: &mut World<ArenaEntity>) {
        for (seat, ship) in self.seats.iter().zip(&self.ships) {
            if let Some(entity) = world.get_mut(seat.entity) {
                *entity = ArenaEntity::Ship(*ship);
            }
        }
    }

    fn take_commands(&mut self, turn: &Turn<'_, Self>, news: &mut News<'_>) {
        self.emote_ticks = self.emote_ticks.saturating_sub(turn.passed_ticks);
        let pauses = (ticks_in_s(ROOM_EMOTE_S, turn.tick_rate), ticks_in_s(EMOTE_S, turn.tick_rate));
        for &(player, Command::Emote(emote)) in turn.commands {
            let Some(seat) = self.seats.iter_mut().find(|seat| seat.player == player) else { continue };
            if emote < EMOTES && self.emote_ticks == 0 && seat.emote_ticks == 0 {
                news.all(Event::Emoted { player, emote });
                (self.emote_ticks, seat.emote_ticks) = pauses;
            }
        }
    }

    /// Counts down, ends shields and rapid fire, and returns destroyed ships.
    fn run_timers(&mut self, turn: &Turn<'_, Self>) {
        for at in 0..self.seats.len() {
            let (Some(seat), Some(ship)) = (self.seats.get_mut(at), self.ships.get_mut(at)) else { break };
            seat.count_down(turn.passed_ticks);
            ship.shielded &= seat.shield_ticks > 0;
            ship.rapid_s = seat.rapid_s(turn.tick_rate);
            if seat.rapid_ticks == 0 {
                ship.weapon = Weapon::Blaster;
            }
            if !ship.alive && seat.respawn_ticks == 0 {
                self.revive(at, turn.scene);
            }
        }
    }

    fn revive(&mut self, at: usize, map: &Map) {
        let pos = combat::best_spawn(map, self.ships.iter().copied(), &mut self.rng);
        if let (Some(seat), Some(ship)) = (self.seats.get_mut(at), self.ships.get_mut(at)) {
            combat::revive(seat, ship, pos, self.tick_rate);
        }
    }

    /// The turn's players and the seats are both sorted by id.
    fn fire(&mut self, world: &mut World<ArenaEntity>, turn: &Turn<'_, Self>, news: &mut News<'_>) {
        let mut players = turn.players.iter().peekable();
        for at in 0..self.seats.len() {
            let (Some(seat), Some(ship)) = (self.seats.get_mut(at), self.ships.get_mut(at)) else { break };
            while players.next_if(|player| player.player < seat.player).is_some() {}
            let player = players.next_if(|player| player.player == seat.player);
            let Some(player) = player.filter(|player| player.input.fire.active()) else { continue };
            let Some(shot) = combat::fire(seat, ship, turn.scene, turn.tick_rate) else { continue };
            match combat::catch_up(shot, &self.seats, &turn.rewind(player), turn.scene, turn.tick_rate) {
                CaughtUp::Flies(shot, left) => self.launch(world, at, shot, left),
                CaughtUp::Hits(on) => self.hits.push((at, on)),
                CaughtUp::Ends => {}
            }
        }
        // All ships have fired before the first is damaged.
        for (by, on) in self.hits.drain(..) {
            combat::hit(Some(by), on, &mut self.seats, &mut self.ships, self.respawn_ticks, news);
        }
    }

    fn launch(&mut self, world: &mut World<ArenaEntity>, by: usize, shot: Shot, left: u32) {
        if let (Some(seat), Ok(id)) = (self.seats.get_mut(by), world.spawn(ArenaEntity::Shot(shot))) {
            self.shots.push(LiveShot { id, owner: seat.player, left });
            seat.shots += 1;
        }
    }

    fn clear_shots(&mut self, world: &mut World<ArenaEntity>) {
        for shot in self.shots.drain(..) {
            world.despawn(shot.id);
        }
        for seat in &mut self.seats {
            seat.shots = 0;
        }
    }

    fn start_round(&mut self, world: &mut World<ArenaEntity>, map: &Map) {
        pickups::restore(&mut self.spots, world);
        for ship in &mut self.ships {
            (ship.score, ship.deaths, ship.alive) = (0, 0, false);
        }
        for at in 0..self.ships.len() {
            self.revive(at, map);
        }
    }
}
