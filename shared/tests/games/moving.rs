//! Things that move evenly, on all sorts of grids.

use tickwire_shared::prelude::*;

#[derive(Clone, Debug, PartialEq, Entity)]
pub(crate) enum Thing {
    Me(Me),
    Held(Held),
    Coarse(Coarse),
    Tile(Tile),
    Ring(Ring),
    Sign(Sign),
}

/// The player's own entity, on whole tiles; the controls set its look direction, and its turret turns.
#[derive(Clone, Debug, PartialEq, Entity)]
pub(crate) struct Me {
    #[entity(range = 0.0..=4095.0, grid = 1, predict = linear(vel))]
    pub(crate) pos: Vec2,
    #[entity(range = -4.0..=4.0, grid = 1)]
    pub(crate) vel: Vec2,
    #[entity(angle = 256)]
    pub(crate) look: f32,
    #[entity(angle = 64)]
    pub(crate) turret: f32,
}

/// Moved by something other than a declared velocity.
#[derive(Clone, Debug, PartialEq, Entity)]
pub(crate) struct Held {
    #[entity(range = -1000.0..=1000.0, grid = 256)]
    pub(crate) pos: Vec2,
    #[entity(angle = 1024)]
    pub(crate) aim: f32,
    /// Like `pos`, but with interpolation off.
    #[entity(range = -1000.0..=1000.0, grid = 256, interpolate = false)]
    pub(crate) exact: Vec2,
}

/// A quarter of a unit is fine enough for the rules.
#[derive(Clone, Debug, PartialEq, Entity)]
pub(crate) struct Coarse {
    #[entity(range = -1000.0..=1000.0, grid = 4, predict = linear(vel))]
    pub(crate) pos: Vec2,
    #[entity(range = -4.0..=4.0, grid = 4)]
    pub(crate) vel: Vec2,
}

/// Whole tiles, as integers.
#[derive(Clone, Debug, PartialEq, Entity)]
pub(crate) struct Tile {
    #[entity(range = 0..=4095, predict = linear(vel))]
    pub(crate) pos: IVec2,
    #[entity(range = -1..=1)]
    pub(crate) vel: IVec2,
}

/// On a torus of 64 tiles; a spinner that turns most of a turn in a tick.
#[derive(Clone, Debug, PartialEq, Entity)]
pub(crate) struct Ring {
    #[entity(angle = 64, predict = linear(vel))]
    pub(crate) pos: u8,
    #[entity(range = -9..=9, grid = 64)]
    pub(crate) vel: i8,
    #[entity(angle = 1024, predict = linear(spin))]
    pub(crate) blade: u16,
    #[entity(range = -1023..=1023, grid = 1024)]
    pub(crate) spin: i16,
}

/// Values that are not positions are not drawn between their steps.
#[derive(Clone, Debug, PartialEq, Entity)]
pub(crate) struct Sign {
    pub(crate) number: u8,
    pub(crate) lit: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Input)]
pub(crate) struct Pad {
    #[input(range = -1..=1)]
    pub(crate) x: i8,
    #[input(angle = 1024)]
    pub(crate) look: f32,
}

pub(crate) struct Moving;

impl Game for Moving {
    type Settings = ();
    type Scene = ();
    type Input = Pad;
    type Entity = Thing;
    type State = ();
    type Context = ();
    type Event = ();
    type Command = ();

    fn scene((): &(), _: TickRate) -> Result<(), BadSettings> {
        Ok(())
    }

    fn new(_: &Setup<'_, Self>, stage: &mut Stage<Self>) -> Self {
        let start = Vec2::splat(-900.0);
        let things = [
            Thing::Held(Held { pos: start, aim: 0.0, exact: start }),
            Thing::Coarse(Coarse { pos: start, vel: Vec2::new(0.25, 0.0) }),
            Thing::Tile(Tile { pos: IVec2::ZERO, vel: IVec2::new(1, 0) }),
            Thing::Ring(Ring { pos: 0, vel: 1, blade: 0, spin: 700 }),
            Thing::Sign(Sign { number: 0, lit: false }),
        ];
        for thing in things {
            stage.world.spawn(thing).unwrap();
        }
        Self
    }

    fn join(&mut self, stage: &mut Stage<Self>, _: &Joining<'_, Self>) -> Result<EntityId, Refusal> {
        Ok(stage.world.spawn(Thing::Me(Me { pos: Vec2::ZERO, vel: Vec2::ZERO, look: 0.0, turret: 0.0 }))?)
    }

    fn leave(&mut self, _: &mut Stage<Self>, _: PlayerId, _: LeaveReason) {}

    fn step(&mut self, stage: &mut Stage<Self>, turn: &Turn<'_, Self>) {
        for player in turn.players {
            Self::apply_input(stage.world.get_mut(player.entity).unwrap(), &player.input, &turn.step());
        }
        for (_, thing) in stage.world.iter_mut() {
            match thing {
                Thing::Held(held) => {
                    held.pos.x += 0.125;
                    held.exact.x += 0.125;
                    held.aim += 0.3;
                }
                Thing::Coarse(coarse) => coarse.pos += coarse.vel,
                Thing::Tile(tile) => tile.pos += tile.vel,
                Thing::Ring(ring) => {
                    ring.pos = (ring.pos + 1) % 64;
                    ring.blade = (ring.blade + 700) % 1024;
                }
                Thing::Sign(sign) => {
                    sign.number = sign.number.wrapping_add(3);
                    sign.lit = !sign.lit;
                }
                Thing::Me(_) => {}
            }
        }
    }

    fn apply_input(own: &mut Thing, input: &Pad, _: &Step<'_, Self>) {
        let Thing::Me(me) = own else { return };
        me.vel = Vec2::new(f32::from(input.x), 0.0);
        me.pos += me.vel;
        me.look = input.look;
        me.turret += 0.2 * f32::from(input.x);
    }
}
