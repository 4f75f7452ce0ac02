//! A player who walks, and mistakes that a `step` can make besides.

use serde::{Deserialize, Serialize};
use tickwire_shared::prelude::*;

#[derive(Clone, Debug, PartialEq, Entity)]
pub(crate) struct Walker {
    #[entity(range = -4096.0..=4096.0, grid = 64, predict = linear(vel))]
    pub(crate) pos: Vec2,
    #[entity(range = -2.0..=2.0, grid = 64)]
    pub(crate) vel: Vec2,
    #[entity(angle = 256)]
    pub(crate) aim: f32,
    pub(crate) score: u8,
}

#[derive(Clone, Debug, Default, PartialEq, Input)]
pub(crate) struct Stick {
    #[input(range = -1.0..=1.0, grid = 100)]
    pub(crate) push: Vec2,
    #[input(angle = 512)]
    pub(crate) aim: f32,
}

/// What `step` does besides `apply_input`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) enum Fault {
    #[default]
    Nothing,
    /// All players stand on a moving platform.
    Platform,
    /// A point each second.
    Scores,
    /// Ticks without input are skipped.
    Skips,
    /// Each second all players are moved elsewhere.
    Blink,
}

pub(crate) struct Walk {
    fault: Fault,
    players: Vec<(PlayerId, EntityId)>,
}

impl Game for Walk {
    type Settings = Fault;
    type Scene = ();
    type Input = Stick;
    type Entity = Walker;
    type State = ();
    type Context = ();
    type Event = ();
    type Command = ();

    fn scene(_: &Fault, _: TickRate) -> Result<(), BadSettings> {
        Ok(())
    }

    fn new(setup: &Setup<'_, Self>, _: &mut Stage<Self>) -> Self {
        Self { fault: *setup.settings, players: Vec::new() }
    }

    fn join(&mut self, stage: &mut Stage<Self>, joining: &Joining<'_, Self>) -> Result<EntityId, Refusal> {
        let own = stage.world.spawn(Walker { pos: Vec2::ZERO, vel: Vec2::ZERO, aim: 0.0, score: 0 })?;
        self.players.push((joining.player, own));
        Ok(own)
    }

    fn leave(&mut self, stage: &mut Stage<Self>, player: PlayerId, _: LeaveReason) {
        self.players.retain(|(of, own)| *of != player || stage.world.despawn(*own).is_none());
    }

    fn step(&mut self, stage: &mut Stage<Self>, turn: &Turn<'_, Self>) {
        let on_the_second = turn.tick.0.is_multiple_of(30);
        for player in turn.players {
            let Some(own) = stage.world.get_mut(player.entity) else { continue };
            if self.fault != Fault::Skips || player.input.push != Vec2::ZERO {
                Self::apply_input(own, &player.input, &turn.step());
            }
            match self.fault {
                Fault::Platform => own.pos.x += 0.25,
                Fault::Scores if on_the_second => own.score = own.score.saturating_add(1),
                Fault::Blink if on_the_second => own.pos = Vec2::ZERO,
                _ => {}
            }
        }
    }

    fn apply_input(own: &mut Walker, input: &Stick, _: &Step<'_, Self>) {
        own.vel = input.push * 1.5;
        own.pos += own.vel;
        own.aim += input.aim / 8.0;
    }
}
