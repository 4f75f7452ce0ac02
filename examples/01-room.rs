//! Step 1: a room. Every player is a dot on a square field, and moves it.
//!
//!     cargo run --release -p tickwire-examples --example 01-room
//!
//! and then open the printed address in two tabs. The game is what begins with `Dot`: about 40 lines.
#![allow(missing_docs)]

use std::process::ExitCode;
use tickwire_server::{GameOptions, cli};
use tickwire_shared::prelude::*;

/// A whole server, with all its flags (`-- --help`). The page is `examples/web/play.html`.
fn main() -> ExitCode {
    cli::run(|server| {
        let server = server.default_assets(env!("CARGO_MANIFEST_DIR")).front_page("play.html");
        server.game::<Dots>("dots", GameOptions::default())
    })
}

/// What every client sees of a player.
#[derive(Clone, Debug, PartialEq, Entity)]
pub struct Dot {
    #[entity(range = 0..=1000)]
    pub pos: IVec2,
}

/// What a player controls: the way in which its dot goes.
#[derive(Clone, Debug, Default, PartialEq, Input)]
pub struct Pad {
    #[input(range = -1..=1)]
    pub way: IVec2,
}

pub struct Dots;

impl Game for Dots {
    type Settings = ();
    type Scene = ();
    type Input = Pad;
    type Entity = Dot;
    type State = ();
    type Context = ();
    type Event = ();
    type Command = ();

    fn scene(_: &(), _: TickRate) -> Result<(), BadSettings> {
        Ok(())
    }

    fn new(_: &Setup<'_, Self>, _: &mut Stage<Self>) -> Self {
        Self
    }

    fn join(&mut self, stage: &mut Stage<Self>, _: &Joining<'_, Self>) -> Result<EntityId, Refusal> {
        Ok(stage.world.spawn(Dot { pos: IVec2::splat(500) })?)
    }

    fn leave(&mut self, stage: &mut Stage<Self>, player: PlayerId, _: LeaveReason) {
        stage.world.controlled(player).and_then(|dot| stage.world.despawn(dot));
    }

    /// One tick on the server.
    fn step(&mut self, stage: &mut Stage<Self>, turn: &Turn<'_, Self>) {
        for player in turn.players {
            if let Some(dot) = stage.world.get_mut(player.entity) {
                Self::apply_input(dot, &player.input, &turn.step());
            }
        }
    }

    /// A player's part of the tick. Its client runs it too, so its dot moves without waiting for the server.
    fn apply_input(own: &mut Dot, input: &Pad, step: &Step<'_, Self>) {
        let speed = step.tick_rate.per_tick(300);
        own.pos = (own.pos + input.way * speed).clamp(IVec2::ZERO, IVec2::splat(1_000));
    }
}
