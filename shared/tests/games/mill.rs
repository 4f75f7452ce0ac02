//! A moving platform and a timed door: a world that depends on the tick alone.

use tickwire_shared::prelude::*;

/// The platform moves from 0 to here and back, in grid units, and how far in a tick.
const TURN: i32 = 900;
const SPEED: i32 = 17;
/// Beyond it is a door, which is open for two of every five seconds.
const DOOR: i32 = 1_400;
const WALL: i32 = 2_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Entity)]
pub(crate) struct Walker {
    #[entity(range = 0..=2_000)]
    pub(crate) x: i32,
    pub(crate) riding: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Input)]
pub(crate) struct Pad {
    #[input(range = -40..=40)]
    pub(crate) walk: i8,
    pub(crate) jump: Button,
}

/// The position of the platform's left end at a tick, the same for every caller.
fn platform(tick: Tick) -> i32 {
    let way = (i64::from(tick.0) * i64::from(SPEED)).rem_euclid(2 * i64::from(TURN)) as i32;
    way.min(2 * TURN - way)
}

fn is_open(tick: Tick, rate: TickRate) -> bool {
    tick.0 % (5 * u32::from(rate.hz())) < 2 * u32::from(rate.hz())
}

pub(crate) struct Mill;

impl Game for Mill {
    type Settings = ();
    type Scene = ();
    type Input = Pad;
    type Entity = Walker;
    type State = ();
    type Context = ();
    type Event = ();
    type Command = ();

    fn scene((): &(), _: TickRate) -> Result<(), BadSettings> {
        Ok(())
    }

    fn new(_: &Setup<'_, Self>, _: &mut Stage<Self>) -> Self {
        Self
    }

    fn join(&mut self, stage: &mut Stage<Self>, _: &Joining<'_, Self>) -> Result<EntityId, Refusal> {
        Ok(stage.world.spawn(Walker { x: 1_000, riding: false })?)
    }

    fn leave(&mut self, _: &mut Stage<Self>, _: PlayerId, _: LeaveReason) {}

    fn step(&mut self, stage: &mut Stage<Self>, turn: &Turn<'_, Self>) {
        for player in turn.players {
            if let Some(own) = stage.world.get_mut(player.entity) {
                Self::apply_input(own, &player.input, &turn.step());
            }
        }
    }

    fn apply_input(own: &mut Walker, input: &Pad, step: &Step<'_, Self>) {
        let before = Tick(step.tick.0.saturating_sub(1));
        if own.riding {
            own.x += platform(step.tick) - platform(before);
        }
        let to = (own.x + i32::from(input.walk)).clamp(0, WALL);
        let through_door = (own.x < DOOR) != (to < DOOR);
        if !through_door || is_open(step.tick, step.tick_rate) {
            own.x = to;
        }
        let left = platform(step.tick);
        own.riding = !input.jump.active() && (left..left + 300).contains(&own.x);
    }
}
