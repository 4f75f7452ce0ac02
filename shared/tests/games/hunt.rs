//! Hunters shoot at one target that moves evenly.

use tickwire_shared::prelude::*;

/// The speed of the one target, grid units per tick.
const SPEED: i32 = 60;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Entity)]
pub(crate) enum Thing {
    Target(Target),
    Hunter(Hunter),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Entity)]
pub(crate) struct Target {
    #[entity(range = 0..=1_000_000, predict = linear(vel))]
    pub(crate) x: i32,
    #[entity(range = -60..=60)]
    pub(crate) vel: i32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Entity)]
pub(crate) struct Hunter {
    #[entity(range = 0..=9)]
    pub(crate) shots: u8,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Input)]
pub(crate) struct Trigger {
    pub(crate) pull: Button,
    #[input(range = 0..=255)]
    pub(crate) aim: u8,
}

pub(crate) struct Hunt(EntityId);

impl Game for Hunt {
    const FEATURES: Features<Self> = Features::new().with_lag_compensation();
    type Settings = ();
    type Scene = ();
    type Input = Trigger;
    type Entity = Thing;
    type State = ();
    type Context = ();
    /// Where the room saw the target for the player who pulled the trigger.
    type Event = i32;
    type Command = ();

    fn scene((): &(), _: TickRate) -> Result<(), BadSettings> {
        Ok(())
    }

    fn new(_: &Setup<'_, Self>, stage: &mut Stage<Self>) -> Self {
        Self(stage.world.spawn(Thing::Target(Target { x: 0, vel: SPEED })).unwrap())
    }

    fn join(&mut self, stage: &mut Stage<Self>, _: &Joining<'_, Self>) -> Result<EntityId, Refusal> {
        Ok(stage.world.spawn(Thing::Hunter(Hunter { shots: 0 }))?)
    }

    fn leave(&mut self, _: &mut Stage<Self>, _: PlayerId, _: LeaveReason) {}

    fn step(&mut self, stage: &mut Stage<Self>, turn: &Turn<'_, Self>) {
        if let Some(Thing::Target(target)) = stage.world.get_mut(self.0) {
            target.x += SPEED * turn.passed_ticks as i32;
        }
        for player in turn.players {
            let Some(own) = stage.world.get_mut(player.entity) else { continue };
            Self::apply_input(own, &player.input, &turn.step());
            if player.input.pull.pressed {
                let seen = turn.rewind(player).hitbox(self.0).unwrap();
                stage.events.to(player.player, seen.centre.x).unwrap();
            }
        }
    }

    fn apply_input(own: &mut Thing, input: &Trigger, _: &Step<'_, Self>) {
        if let Thing::Hunter(hunter) = own {
            hunter.shots = (hunter.shots + u8::from(input.pull.pressed)) % 10;
        }
    }
}

impl LagCompensation for Hunt {
    fn hitbox(thing: &Thing) -> Option<Hitbox> {
        let Thing::Target(target) = thing else { return None };
        Some(Hitbox { centre: IVec3::new(target.x, 0, 0), half: IVec3::ONE, life: 0 })
    }
}
