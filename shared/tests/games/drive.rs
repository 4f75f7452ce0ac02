//! Analog controls, and settings that change on the wire.

use serde::{Deserialize, Serialize};
use tickwire_shared::prelude::*;

#[derive(Clone, Debug, PartialEq, Entity)]
pub(crate) struct Body {
    #[entity(range = -512.0..=512.0, grid = 1024, predict = linear(vel))]
    pub(crate) pos: Vec2,
    #[entity(range = -2.0..=2.0, grid = 1024)]
    pub(crate) vel: Vec2,
    #[entity(angle = 65536)]
    pub(crate) aim: f32,
    pub(crate) gear: u8,
}

#[derive(Clone, Debug, Default, PartialEq, Input)]
pub(crate) struct Stick {
    #[input(range = -1.0..=1.0, grid = 127)]
    pub(crate) push: Vec2,
    #[input(angle = 1024)]
    pub(crate) aim: f32,
    #[input(range = 0.0..=1.0, grid = 100)]
    pub(crate) throttle: f32,
    /// Its default, 0, is not on its grid.
    #[input(range = 1..=5)]
    pub(crate) gear: u8,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Rules {
    #[serde(skip)]
    pub(crate) boost: f32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) note: Option<u8>,
    pub(crate) last: u8,
}

pub(crate) struct Drive(Vec<(PlayerId, EntityId)>);

impl Game for Drive {
    type Settings = Rules;
    type Scene = f32;
    type Input = Stick;
    type Entity = Body;
    type State = ();
    type Context = ();
    type Event = ();
    type Command = ();

    fn scene(rules: &Rules, _: TickRate) -> Result<f32, BadSettings> {
        Ok(0.3 + rules.boost)
    }

    fn new(_: &Setup<'_, Self>, _: &mut Stage<Self>) -> Self {
        Self(Vec::new())
    }

    fn join(&mut self, stage: &mut Stage<Self>, joining: &Joining<'_, Self>) -> Result<EntityId, Refusal> {
        let own = stage.world.spawn(Body { pos: Vec2::ZERO, vel: Vec2::ZERO, aim: 0.0, gear: 1 })?;
        self.0.push((joining.player, own));
        Ok(own)
    }

    fn leave(&mut self, stage: &mut Stage<Self>, player: PlayerId, _: LeaveReason) {
        self.0.retain(|(of, own)| *of != player || stage.world.despawn(*own).is_none());
    }

    fn step(&mut self, stage: &mut Stage<Self>, turn: &Turn<'_, Self>) {
        for player in turn.players {
            if let Some(own) = stage.world.get_mut(player.entity) {
                Self::apply_input(own, &player.input, &turn.step());
            }
        }
    }

    fn apply_input(own: &mut Body, input: &Stick, step: &Step<'_, Self>) {
        own.gear = input.gear;
        own.vel = input.push * *step.scene * input.throttle * f32::from(input.gear) / 5.0;
        own.pos += own.vel;
        own.aim = input.aim;
    }
}
