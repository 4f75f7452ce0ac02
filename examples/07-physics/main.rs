//! Step 7: a physics engine. Crates stand in a yard, and carts, the players, push them. The engine moves the
//! crates; clients get them on the grid. A cart goes where `apply_input` puts it, so its player's client
//! predicts it exactly. The engine is only told where it is: crates give way to it, and nothing pushes it.
//!
//!     cargo run --release -p tickwire-examples --example 07-physics
//!
//! and then open the printed address in two tabs. The page is `examples/web/physics.js`.
#![allow(missing_docs)]

mod engine;

use engine::Engine;
use std::process::ExitCode;
use tickwire_server::{GameOptions, cli};
use tickwire_shared::prelude::*;

/// The side of the square yard, m.
pub const YARD: f32 = 20.0;
/// The side of a crate and the diameter of a cart, m.
pub const SIZE: f32 = 1.0;
/// How many rows and columns of crates there are.
const ROWS: u8 = 5;
/// How fast a cart goes, m/s.
const SPEED: f32 = 6.0;

fn main() -> ExitCode {
    cli::run(|server| {
        let server = server.default_assets(env!("CARGO_MANIFEST_DIR")).front_page("physics.html");
        server.game::<Yard>("yard", GameOptions::default())
    })
}

#[derive(Clone, Debug, PartialEq, Entity)]
pub enum Body {
    Cart(Cart),
    Crate(Crate),
}

/// A player. Velocities are in metres per tick.
#[derive(Clone, Debug, PartialEq, Entity)]
pub struct Cart {
    #[entity(range = 0.0..=20.0, grid = 1024, predict = linear(vel))]
    pub pos: Vec2,
    #[entity(range = -2.0..=2.0, grid = 1024)]
    pub vel: Vec2,
}

#[derive(Clone, Debug, PartialEq, Entity)]
pub struct Crate {
    #[entity(range = 0.0..=20.0, grid = 1024, predict = linear(vel))]
    pub pos: Vec2,
    #[entity(range = -2.0..=2.0, grid = 1024)]
    pub vel: Vec2,
    /// Radians.
    #[entity(angle = 256)]
    pub angle: f32,
}

#[derive(Clone, Debug, Default, PartialEq, Input)]
pub struct Pad {
    #[input(range = -1..=1)]
    pub way: IVec2,
}

pub struct Yard {
    rng: Rng,
    engine: Engine,
}

impl Game for Yard {
    type Settings = ();
    type Scene = ();
    type Input = Pad;
    type Entity = Body;
    type State = ();
    type Context = ();
    type Event = ();
    type Command = ();

    fn scene(_: &(), _: TickRate) -> Result<(), BadSettings> {
        Ok(())
    }

    fn new(setup: &Setup<'_, Self>, stage: &mut Stage<Self>) -> Self {
        let mut engine = Engine::new(setup.tick_rate);
        for number in 0..ROWS * ROWS {
            let pos = Vec2::new((number % ROWS).into(), (number / ROWS).into()) * 3.0 + Vec2::splat(4.0);
            let still = Crate { pos, vel: Vec2::ZERO, angle: 0.0 };
            // A room takes far more entities than these.
            if let Ok(crate_id) = stage.world.spawn(still.into()) {
                engine.add_crate(crate_id, pos);
            }
        }
        Self { rng: Rng::new(setup.seed), engine }
    }

    fn join(&mut self, stage: &mut Stage<Self>, _: &Joining<'_, Self>) -> Result<EntityId, Refusal> {
        let pos = Vec2::new(self.rng.unit(), self.rng.unit()) * YARD;
        let cart = stage.world.spawn(Cart { pos, vel: Vec2::ZERO }.into())?;
        self.engine.add_cart(cart, pos);
        Ok(cart)
    }

    fn leave(&mut self, stage: &mut Stage<Self>, player: PlayerId, _: LeaveReason) {
        if let Some(cart) = stage.world.controlled(player) {
            stage.world.despawn(cart);
            self.engine.remove_cart(cart);
        }
    }

    fn step(&mut self, stage: &mut Stage<Self>, turn: &Turn<'_, Self>) {
        for player in turn.players {
            if let Some(cart) = stage.world.get_mut(player.entity) {
                Self::apply_input(cart, &player.input, &turn.step());
            }
        }
        let world = &mut stage.world;
        let moved: Vec<_> = self.engine.step(|cart| Some(world.get_as::<Cart>(cart)?.pos)).collect();
        for moved in moved {
            if let Some(shown) = world.get_as_mut::<Crate>(moved.crate_id) {
                let vel = moved.vel / f32::from(turn.tick_rate.hz());
                *shown = Crate { pos: moved.pos, vel, angle: moved.angle };
            }
        }
    }

    fn apply_input(own: &mut Body, input: &Pad, step: &Step<'_, Self>) {
        if let Body::Cart(cart) = own {
            let (least, most) = (Vec2::splat(SIZE / 2.0), Vec2::splat(YARD - SIZE / 2.0));
            cart.vel = input.way.as_vec2().normalize_or_zero() * SPEED / f32::from(step.tick_rate.hz());
            cart.pos = (cart.pos + cart.vel).clamp(least, most);
        }
    }
}
