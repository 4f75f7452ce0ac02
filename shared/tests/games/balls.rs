//! Balls that push each other, predicted by the step of the game.

use serde::{Deserialize, Serialize};
use tickwire_shared::prelude::*;

const SIDE: i32 = 8_000;
const WIDTH: i32 = 400;

#[derive(Clone, Copy, Debug, Default, PartialEq, Input)]
pub(crate) struct Push {
    #[input(range = -90..=90)]
    pub(crate) x: i16,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Entity)]
pub(crate) struct Ball {
    #[entity(range = 0..=8000, predict = custom)]
    pub(crate) pos: i32,
    #[entity(range = -200..=200, predict = custom)]
    pub(crate) vel: i32,
    /// What its player wants; 0 for a ball without a player.
    #[entity(range = -90..=90)]
    pub(crate) wish: i16,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Nothing;

/// Unless `LISTED`, it forgets to list the step that its fields declare.
pub(crate) struct Balls<const LISTED: bool = true> {
    players: Vec<(PlayerId, EntityId)>,
}

impl<const LISTED: bool> Game for Balls<LISTED> {
    const FEATURES: Features<Self> = match LISTED {
        true => Features::new().with_custom_prediction(predict),
        false => Features::new(),
    };
    type Settings = Nothing;
    /// The position of the wall.
    type Scene = i32;
    type Input = Push;
    type Entity = Ball;
    type State = ();
    type Context = ();
    type Event = Nothing;
    type Command = Nothing;

    fn scene(_: &Nothing, _: TickRate) -> Result<i32, BadSettings> {
        Ok(SIDE)
    }

    fn new(setup: &Setup<'_, Self>, stage: &mut Stage<Self>) -> Self {
        let mut rng = Rng::new(setup.seed);
        for _ in 0..12 {
            let ball = Ball { pos: rng.range(0, SIDE), vel: rng.range(-120, 120), wish: 0 };
            let _ = stage.world.spawn(ball);
        }
        Self { players: Vec::new() }
    }

    fn join(&mut self, stage: &mut Stage<Self>, joining: &Joining<'_, Self>) -> Result<EntityId, Refusal> {
        let entity = stage.world.spawn(Ball { pos: SIDE / 2, vel: 0, wish: 0 })?;
        self.players.push((joining.player, entity));
        Ok(entity)
    }

    fn leave(&mut self, stage: &mut Stage<Self>, player: PlayerId, _: LeaveReason) {
        for (_, entity) in self.players.extract_if(.., |(other, _)| *other == player) {
            stage.world.despawn(entity);
        }
    }

    fn step(&mut self, stage: &mut Stage<Self>, turn: &Turn<'_, Self>) {
        for player in turn.players {
            if let Some(own) = stage.world.get_mut(player.entity) {
                own.wish = player.input.x;
            }
        }
        let mut balls: Vec<_> = stage.world.iter().map(|(id, ball)| (id, *ball)).collect();
        predict(&mut balls, turn.scene);
        for (id, moved) in balls {
            if let Some(ball) = stage.world.get_mut(id) {
                *ball = moved;
            }
        }
    }

    fn apply_input(own: &mut Ball, input: &Push, step: &Step<'_, Self>) {
        own.wish = input.x;
        let mut alone = [(EntityId(0), *own)];
        predict(&mut alone, step.scene);
        let [(_, moved)] = alone;
        *own = moved;
    }
}

fn predict(balls: &mut [(EntityId, Ball)], side: &i32) {
    for (_, ball) in balls.iter_mut() {
        if ball.wish != 0 {
            ball.vel += (i32::from(ball.wish) - ball.vel) / 3;
        }
        ball.pos += ball.vel;
        if ball.pos < 0 || ball.pos > *side {
            (ball.pos, ball.vel) = (ball.pos.clamp(0, *side), -ball.vel);
        }
    }
    for first in 0..balls.len() {
        for second in first + 1..balls.len() {
            let way = balls[second].1.pos - balls[first].1.pos;
            if way.abs() < WIDTH && way.signum() * (balls[second].1.vel - balls[first].1.vel) < 0 {
                let vel = balls[first].1.vel;
                balls[first].1.vel = balls[second].1.vel;
                balls[second].1.vel = vel;
            }
        }
    }
}
