//! Step 8: a thousand entities that move, and what they cost. Every fish declares how it goes on: its
//! velocity follows its wish, its position follows its velocity. So a fish costs bytes only when it wishes
//! something else.
//!
//!     cargo run --release -p tickwire-examples --example 08-thousand
//!
//! It prints what one client costs (1.9 kB/s), and then hosts the pond: open the printed address.
#![allow(missing_docs)]

use std::process::ExitCode;
use tickwire_server::{GameOptions, cli};
use tickwire_shared::harness::Harness;
use tickwire_shared::prelude::*;

pub const FISH: usize = 1_000;
/// Millimetres.
const SIDE: i32 = 60_000;
/// The most that a velocity can be, mm per tick.
const SPEED: i32 = 400;
/// How far a velocity lags behind the wish.
const LAG_MS: u16 = 300;
/// The grid of `Fish::vel`, as its attributes declare it.
const VELOCITY: Grid = Grid::integers(-SPEED, SPEED);

fn main() -> ExitCode {
    let cost = cost();
    eprintln!("{FISH} fish: {:.0} bytes/s a client, {:.2} bytes a fish and tick", cost.0, cost.1);
    cli::run(|server| {
        let server = server.default_assets(env!("CARGO_MANIFEST_DIR")).front_page("play.html");
        server.game::<Pond>("pond", GameOptions::default())
    })
}

/// What one client gets in ten seconds, in virtual time and without a socket: bytes/s, and bytes per fish and
/// tick.
pub fn cost() -> (f64, f64) {
    let (seconds, hz) = (10, u32::from(TickRate::DEFAULT.hz()));
    let mut pond = Harness::<Pond>::new((), 1);
    let client = pond.join("ada");
    pond.run_ticks(2 * hz);
    let before = pond.client(client).stats().message_bytes;
    pond.run_ticks(seconds * hz);
    let bytes = (pond.client(client).stats().message_bytes - before) as f64;
    (bytes / f64::from(seconds), bytes / f64::from(seconds * hz) / FISH as f64)
}

/// A fish of the pond, or a player's.
#[derive(Clone, Debug, Default, PartialEq, Entity)]
pub struct Fish {
    #[entity(range = 0..=SIDE, predict = linear(vel))]
    pub pos: IVec2,
    /// Per tick.
    #[entity(range = -SPEED..=SPEED, predict = steer(wish, LAG_MS))]
    pub vel: IVec2,
    #[entity(range = -SPEED..=SPEED)]
    pub wish: IVec2,
}

#[derive(Clone, Debug, Default, PartialEq, Input)]
pub struct Pad {
    #[input(range = -1..=1)]
    pub way: IVec2,
}

pub struct Pond {
    rng: Rng,
    shoal: Vec<EntityId>,
}

impl Game for Pond {
    type Settings = ();
    type Scene = ();
    type Input = Pad;
    type Entity = Fish;
    type State = ();
    type Context = ();
    type Event = ();
    type Command = ();

    fn scene(_: &(), _: TickRate) -> Result<(), BadSettings> {
        Ok(())
    }

    fn new(setup: &Setup<'_, Self>, stage: &mut Stage<Self>) -> Self {
        let mut rng = Rng::new(setup.seed);
        let mut fish = || {
            let pos = IVec2::new(rng.range(0, SIDE), rng.range(0, SIDE));
            // A room takes far more entities than these.
            stage.world.spawn(Fish { pos, ..Fish::default() }).ok()
        };
        let shoal = (0..FISH).filter_map(|_| fish()).collect();
        Self { rng, shoal }
    }

    fn join(&mut self, stage: &mut Stage<Self>, _: &Joining<'_, Self>) -> Result<EntityId, Refusal> {
        Ok(stage.world.spawn(Fish { pos: IVec2::splat(SIDE / 2), ..Fish::default() })?)
    }

    fn leave(&mut self, stage: &mut Stage<Self>, player: PlayerId, _: LeaveReason) {
        stage.world.controlled(player).and_then(|fish| stage.world.despawn(fish));
    }

    fn step(&mut self, stage: &mut Stage<Self>, turn: &Turn<'_, Self>) {
        for player in turn.players {
            if let Some(fish) = stage.world.get_mut(player.entity) {
                Self::apply_input(fish, &player.input, &turn.step());
            }
        }
        for id in &self.shoal {
            if let Some(fish) = stage.world.get_mut(*id) {
                let wish = next_wish(fish, &mut self.rng, turn.tick_rate);
                swim(fish, wish, turn.tick_rate);
            }
        }
    }

    fn apply_input(own: &mut Fish, input: &Pad, step: &Step<'_, Self>) {
        swim(own, input.way * step.tick_rate.per_tick(3_000), step.tick_rate);
    }
}

/// A fish of the shoal turns at the shore, and otherwise wishes something else every five seconds or so.
fn next_wish(fish: &Fish, rng: &mut Rng, rate: TickRate) -> IVec2 {
    let ahead = fish.pos + fish.vel * i32::from(rate.hz());
    if ahead.cmplt(IVec2::ZERO).any() || ahead.cmpgt(IVec2::splat(SIDE)).any() {
        (IVec2::splat(SIDE / 2) - fish.pos).signum() * rate.per_tick(1_500)
    } else if rng.chance(5 * u32::from(rate.hz())) {
        let speed = rate.per_tick(1_500);
        IVec2::new(rng.range(-speed, speed), rng.range(-speed, speed))
    } else {
        fish.wish
    }
}

/// One tick of any fish: exactly what the attributes of `Fish` declare.
fn swim(fish: &mut Fish, wish: IVec2, rate: TickRate) {
    let divisor = steer_divisor(LAG_MS, rate);
    fish.wish = wish;
    fish.vel.x = steer_once(fish.vel.x, wish.x, divisor, &VELOCITY);
    fish.vel.y = steer_once(fish.vel.y, wish.y, divisor, &VELOCITY);
    fish.pos = (fish.pos + fish.vel).clamp(IVec2::ZERO, IVec2::splat(SIDE));
}
