//! Step 2: a whole game, tag. The player who is "it" passes that on by touching another player; all others
//! score every second. `docs/hosting-a-game.md` builds it step by step. The page is `examples/web/tag.js`.
//!
//!     cargo run --release -p tickwire-examples --example 02-tag
#![allow(missing_docs)]

use core::time::Duration;
use serde::{Deserialize, Serialize};
use std::process::ExitCode;
use tickwire_arena::Arena;
use tickwire_server::{GameOptions, cli};
use tickwire_shared::prelude::*;

/// Hosts tag beside the built-in arena.
fn main() -> ExitCode {
    cli::run(|server| {
        let server = server.default_assets(env!("CARGO_MANIFEST_DIR")).front_page("tag.html");
        let server = server.game::<Tag>("tag", GameOptions::default());
        server.game::<Arena>("arena", GameOptions::default())
    })
}

/// A player on the field, in units of its own size.
#[derive(Clone, Debug, PartialEq, Entity)]
pub struct Runner {
    #[entity(range = -64.0..=64.0, grid = 1024, predict = linear(vel))]
    pub pos: Vec2,
    #[entity(range = -2.0..=2.0, grid = 1024, predict = steer(wish, 100))]
    pub vel: Vec2,
    #[entity(range = -2.0..=2.0, grid = 1024)]
    pub wish: Vec2,
    pub it: bool,
    #[entity(range = 0..=9999)]
    pub score: u16,
}

#[derive(Clone, Debug, Default, PartialEq, Input)]
pub struct Pad {
    #[input(range = -1..=1)]
    pub x: i8,
    #[input(range = -1..=1)]
    pub y: i8,
    pub dash: Button,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Settings {
    /// Half the side of the square field, units.
    pub half_side: f32,
}

impl Default for Settings {
    fn default() -> Self {
        Self { half_side: 24.0 }
    }
}

/// News that every client gets exactly once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum News {
    Tagged { by: PlayerId, whom: PlayerId },
}

pub struct Tag {
    rng: Rng,
    runners: Vec<(PlayerId, EntityId)>,
    /// Ticks until the next tag counts, so that it is not handed straight back.
    safe_ticks: u32,
}

impl Game for Tag {
    type Settings = Settings;
    type Scene = Settings;
    type Input = Pad;
    type Entity = Runner;
    type State = ();
    type Context = ();
    type Event = News;
    type Command = ();

    fn scene(settings: &Settings, _: TickRate) -> Result<Settings, BadSettings> {
        let fits = (4.0..=64.0).contains(&settings.half_side);
        if fits { Ok(settings.clone()) } else { Err(BadSettings("half_side must be 4 to 64 units".into())) }
    }

    fn new(setup: &Setup<'_, Self>, _: &mut Stage<Self>) -> Self {
        Self { rng: Rng::new(setup.seed), runners: Vec::new(), safe_ticks: 0 }
    }

    fn join(&mut self, stage: &mut Stage<Self>, joining: &Joining<'_, Self>) -> Result<EntityId, Refusal> {
        let half = joining.scene.half_side;
        let pos = Vec2::new(self.rng.unit() * 2.0 - 1.0, self.rng.unit() * 2.0 - 1.0) * half;
        let it = self.runners.is_empty();
        let runner = Runner { pos, vel: Vec2::ZERO, wish: Vec2::ZERO, it, score: 0 };
        let entity = stage.world.spawn(runner)?;
        self.runners.push((joining.player, entity));
        Ok(entity)
    }

    fn leave(&mut self, stage: &mut Stage<Self>, player: PlayerId, _: LeaveReason) {
        let Some(at) = self.runners.iter().position(|(id, _)| *id == player) else { return };
        let was_it = stage.world.despawn(self.runners.remove(at).1).is_some_and(|runner| runner.it);
        let next = self.runners.first().filter(|_| was_it);
        if let Some(next) = next.and_then(|(_, id)| stage.world.get_mut(*id)) {
            next.it = true;
        }
    }

    fn step(&mut self, stage: &mut Stage<Self>, turn: &Turn<'_, Self>) {
        for player in turn.players {
            let Some(runner) = stage.world.get_mut(player.entity) else { continue };
            Self::apply_input(runner, &player.input, &turn.step());
            if !runner.it && turn.is_every(Duration::from_secs(1)) {
                runner.score += 1;
            }
        }
        self.safe_ticks = self.safe_ticks.saturating_sub(turn.passed_ticks);
        if self.safe_ticks == 0 {
            self.hand_on(stage, turn);
        }
    }

    fn apply_input(own: &mut Runner, input: &Pad, step: &Step<'_, Self>) {
        let speed = if input.dash.active() { 12.0 } else { 7.5 } / f32::from(step.tick_rate.hz());
        own.wish = Vec2::new(f32::from(input.x), f32::from(input.y)).normalize_or_zero() * speed;
        // As `steer(wish, 100)` on a grid of 1024 declares it.
        own.vel = steer_toward(own.vel, own.wish, steer_divisor(100, step.tick_rate), 1024);
        let side = Vec2::splat(step.scene.half_side);
        own.pos = (own.pos + own.vel).clamp(-side, side);
    }
}

impl Tag {
    /// The first runner who touches whoever is it, is it from now on.
    fn hand_on(&mut self, stage: &mut Stage<Self>, turn: &Turn<'_, Self>) {
        let world = &mut stage.world;
        let it = self.runners.iter().find(|(_, id)| world.get(*id).is_some_and(|runner| runner.it));
        let Some(&(by, from)) = it else { return };
        let Some(place) = world.get(from).map(|runner| runner.pos) else { return };
        let touches = |id| id != from && world.get(id).is_some_and(|other| other.pos.distance(place) < 1.0);
        let Some(&(whom, to)) = self.runners.iter().find(|(_, id)| touches(*id)) else { return };
        world.iter_mut().for_each(|(id, runner)| runner.it = id == to);
        self.safe_ticks = turn.tick_rate.hz().into();
        // So short and rare an event always fits.
        stage.events.all(News::Tagged { by, whom }).ok();
    }
}
