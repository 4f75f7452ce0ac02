//! A small game, whose rooms are quick to make.

use tickwire_shared::prelude::*;

/// An entity that turns, accelerates and moves.
#[derive(Clone, Debug, PartialEq, Entity)]
pub struct Craft {
    #[entity(range = -100_000..=100_000, predict = linear(velocity))]
    place: IVec2,
    #[entity(range = -1_000..=1_000, predict = steer(target, 100))]
    velocity: IVec2,
    #[entity(range = -1_000..=1_000)]
    target: IVec2,
    #[entity(angle = 256)]
    heading: u16,
}

/// An entity that does not move.
#[derive(Clone, Debug, PartialEq, Entity)]
pub struct Rock {
    #[entity(range = 0..=9)]
    size: u8,
}

#[derive(Clone, Debug, PartialEq, Entity)]
pub enum Thing {
    Craft(Craft),
    Rock(Rock),
}

#[derive(Clone, Debug, Default, PartialEq, Input)]
pub struct Stick {
    #[input(range = -1_000..=1_000)]
    to: i16,
    fire: Button,
}

pub struct Small;

impl Game for Small {
    type Settings = u8;
    type Scene = ();
    type Input = Stick;
    type Entity = Thing;
    type State = ();
    type Context = ();
    type Event = u32;
    type Command = u32;

    fn scene(_: &u8, _: TickRate) -> Result<(), BadSettings> {
        Ok(())
    }

    fn new(_: &Setup<'_, Self>, _: &mut Stage<Self>) -> Self {
        Self
    }

    fn join(&mut self, stage: &mut Stage<Self>, _: &Joining<'_, Self>) -> Result<EntityId, Refusal> {
        Ok(stage.world.spawn(Thing::Rock(Rock { size: 1 }))?)
    }

    fn leave(&mut self, _: &mut Stage<Self>, _: PlayerId, _: LeaveReason) {}

    fn step(&mut self, _: &mut Stage<Self>, _: &Turn<'_, Self>) {}

    fn apply_input(own: &mut Thing, input: &Stick, _: &Step<'_, Self>) {
        if let Thing::Craft(craft) = own {
            craft.target.x = i32::from(input.to);
            craft.velocity += (craft.target - craft.velocity) / 4;
            craft.place += craft.velocity;
        }
    }
}
