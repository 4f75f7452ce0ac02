//! Step 4: a wide field of which nobody sees everything. 800 sheep graze on it, and dogs, the players, herd
//! them. The field is divided into cells. A client gets those near its dog, and at most a budget of bytes.
//!
//!     cargo run --release -p tickwire-examples --example 04-cells
//!
//! and then open the printed address, and in a second tab `/hosted.html`: a spectator sees the whole field.
#![allow(missing_docs)]

use std::process::ExitCode;
use tickwire_server::{GameOptions, cli};
use tickwire_shared::prelude::*;

/// Lengths are in centimetres: the field is 320 m wide.
const SIDE: i32 = 32_000;
/// A dog sees this far.
pub const RADIUS: i32 = 4_600;
/// A cell's side is a little below the radius, and a cell contains a dozen sheep.
const CELL: i32 = 4_000;
pub const SHEEP: usize = 800;
/// A sheep runs from a dog that is nearer than this.
const FEAR: i32 = 1_000;
/// What one client gets, bytes/s. If that is too little, far cells wait longer than near ones.
pub const BUDGET_BYTES_PER_S: u32 = 4_000;

fn main() -> ExitCode {
    let mut options = GameOptions::default();
    options.client_bytes_per_s = BUDGET_BYTES_PER_S;
    let assets = env!("CARGO_MANIFEST_DIR");
    cli::run(|s| s.game::<Pasture>("pasture", options).default_assets(assets).front_page("play.html"))
}

#[derive(Clone, Debug, PartialEq, Entity)]
pub enum Animal {
    Dog(Dog),
    Sheep(Sheep),
}

/// A player. Velocities are per tick.
#[derive(Clone, Debug, PartialEq, Entity)]
pub struct Dog {
    #[entity(range = 0..=SIDE, predict = linear(vel))]
    pub pos: IVec2,
    #[entity(range = -100..=100)]
    pub vel: IVec2,
}

#[derive(Clone, Debug, PartialEq, Entity)]
pub struct Sheep {
    #[entity(range = 0..=SIDE, predict = linear(vel))]
    pub pos: IVec2,
    #[entity(range = -100..=100)]
    pub vel: IVec2,
}

#[derive(Clone, Debug, Default, PartialEq, Input)]
pub struct Pad {
    #[input(range = -1..=1)]
    pub way: IVec2,
}

pub struct Pasture {
    rng: Rng,
}

/// A player's view is the default: everything public around its entity.
impl InterestRules for Pasture {
    fn interest(_: &()) -> Interest {
        let (origin, columns, rows) = (IVec2::ZERO, 8, 8);
        Interest::Cells(Cells { origin, size: CELL, columns, rows, radius: RADIUS, slack: 200 })
    }

    fn location(animal: &Animal) -> Location {
        let (Animal::Dog(Dog { pos, .. }) | Animal::Sheep(Sheep { pos, .. })) = animal;
        Location::at(*pos)
    }
}

impl Game for Pasture {
    const FEATURES: Features<Self> = Features::new().with_interest();
    type Settings = ();
    type Scene = ();
    type Input = Pad;
    type Entity = Animal;
    type State = ();
    type Context = ();
    type Event = ();
    type Command = ();

    fn scene(_: &(), _: TickRate) -> Result<(), BadSettings> {
        Ok(())
    }

    fn new(setup: &Setup<'_, Self>, stage: &mut Stage<Self>) -> Self {
        let mut game = Self { rng: Rng::new(setup.seed) };
        for _ in 0..SHEEP {
            stage.world.spawn(Sheep { pos: game.anywhere(), vel: IVec2::ZERO }.into()).ok();
        }
        game
    }

    fn join(&mut self, stage: &mut Stage<Self>, _: &Joining<'_, Self>) -> Result<EntityId, Refusal> {
        Ok(stage.world.spawn(Dog { pos: self.anywhere(), vel: IVec2::ZERO }.into())?)
    }

    fn leave(&mut self, stage: &mut Stage<Self>, player: PlayerId, _: LeaveReason) {
        stage.world.controlled(player).and_then(|dog| stage.world.despawn(dog));
    }

    fn step(&mut self, stage: &mut Stage<Self>, turn: &Turn<'_, Self>) {
        for player in turn.players {
            if let Some(dog) = stage.world.get_mut(player.entity) {
                Self::apply_input(dog, &player.input, &turn.step());
            }
        }
        let dogs: Vec<IVec2> = stage.world.iter_as::<Dog>().map(|(_, dog)| dog.pos).collect();
        for (_, sheep) in stage.world.iter_as_mut::<Sheep>() {
            self.graze(sheep, &dogs, turn.tick_rate);
        }
    }

    fn apply_input(own: &mut Animal, input: &Pad, step: &Step<'_, Self>) {
        if let Animal::Dog(dog) = own {
            dog.vel = input.way * step.tick_rate.per_tick(800);
            dog.pos = moved(dog.pos, dog.vel);
        }
    }
}

impl Pasture {
    /// A sheep runs from dogs. Otherwise it ambles, and thinks of another way every four seconds or so.
    fn graze(&mut self, sheep: &mut Sheep, dogs: &[IVec2], rate: TickRate) {
        let amble = rate.per_tick(60);
        let near = dogs.iter().map(|dog| sheep.pos - dog).find(|way| way.abs().max_element() < FEAR);
        if let Some(away) = near {
            sheep.vel = away.signum() * rate.per_tick(500);
        } else if self.rng.chance(4 * u32::from(rate.hz())) {
            sheep.vel = IVec2::new(self.rng.range(-amble, amble), self.rng.range(-amble, amble));
        }
        sheep.pos = moved(sheep.pos, sheep.vel);
    }

    fn anywhere(&mut self) -> IVec2 {
        IVec2::new(self.rng.range(0, SIDE), self.rng.range(0, SIDE))
    }
}

/// As `linear` declares it: on by the velocity, up to the ends of the range.
fn moved(pos: IVec2, vel: IVec2) -> IVec2 {
    (pos + vel).clamp(IVec2::ZERO, IVec2::splat(SIDE))
}
