//! Players run over a field and take coins.

use serde::{Deserialize, Serialize};
use tickwire_shared::prelude::*;

/// Half the side of the square field, units.
const HALF_SIDE: f32 = 24.0;
/// Coins that lie on the field.
const COINS: usize = 12;

/// A player on the field. It wishes, and its velocity and position follow.
#[derive(Clone, Debug, PartialEq, Entity)]
pub struct Runner {
    #[entity(range = -64.0..=64.0, grid = 1024, predict = linear(vel))]
    pub pos: Vec2,
    /// Units per tick.
    #[entity(range = -2.0..=2.0, grid = 1024, predict = steer(wish, 100))]
    pub vel: Vec2,
    #[entity(range = -2.0..=2.0, grid = 1024)]
    pub wish: Vec2,
}

/// What runners look for.
#[derive(Clone, Debug, PartialEq, Entity)]
pub struct Coin {
    #[entity(range = -64.0..=64.0, grid = 16)]
    pub pos: Vec2,
}

/// Everything that is replicated.
#[derive(Clone, Debug, PartialEq, Entity)]
pub enum Thing {
    Runner(Runner),
    Coin(Coin),
}

/// A player's controls.
#[derive(Clone, Debug, Default, PartialEq, Input)]
pub struct Pad {
    #[input(range = -1..=1)]
    pub x: i8,
    #[input(range = -1..=1)]
    pub y: i8,
}

/// The state of the room itself.
#[derive(Clone, Debug, Default, PartialEq, Entity)]
pub struct Score {
    #[entity(range = 0..=9999)]
    pub coins: u16,
}

/// News that every client gets exactly once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum News {
    Took { player: PlayerId },
}

/// What the room knows besides the stage.
pub struct MyGame {
    rng: Rng,
    runners: Vec<(PlayerId, EntityId)>,
}

impl Game for MyGame {
    type Settings = ();
    type Scene = ();
    type Input = Pad;
    type Entity = Thing;
    type State = Score;
    type Context = ();
    type Event = News;
    type Command = ();

    fn scene((): &(), _: TickRate) -> Result<(), BadSettings> {
        Ok(())
    }

    fn new(setup: &Setup<'_, Self>, stage: &mut Stage<Self>) -> Self {
        let mut rng = Rng::new(setup.seed);
        for _ in 0..COINS {
            let coin = Coin { pos: anywhere(&mut rng) };
            // So few entities always fit.
            stage.world.spawn(coin.into()).ok();
        }
        Self { rng, runners: Vec::new() }
    }

    fn join(&mut self, stage: &mut Stage<Self>, joining: &Joining<'_, Self>) -> Result<EntityId, Refusal> {
        let runner = Runner { pos: anywhere(&mut self.rng), vel: Vec2::ZERO, wish: Vec2::ZERO };
        let entity = stage.world.spawn(runner.into())?;
        self.runners.push((joining.player, entity));
        Ok(entity)
    }

    fn leave(&mut self, stage: &mut Stage<Self>, player: PlayerId, _: LeaveReason) {
        let Some(at) = self.runners.iter().position(|(id, _)| *id == player) else { return };
        stage.world.despawn(self.runners.remove(at).1);
    }

    fn step(&mut self, stage: &mut Stage<Self>, turn: &Turn<'_, Self>) {
        for player in turn.players {
            if let Some(own) = stage.world.get_mut(player.entity) {
                Self::apply_input(own, &player.input, &turn.step());
            }
        }
        for (player, entity) in &self.runners {
            let Some(at) = stage.world.get_as::<Runner>(*entity).map(|runner| runner.pos) else { continue };
            for (_, coin) in stage.world.iter_as_mut::<Coin>() {
                if coin.pos.distance(at) < 1.0 {
                    coin.pos = anywhere(&mut self.rng);
                    stage.state.coins = (stage.state.coins + 1).min(9999);
                    // So short and rare an event always fits.
                    stage.events.all(News::Took { player: *player }).ok();
                }
            }
        }
    }

    fn apply_input(own: &mut Thing, input: &Pad, step: &Step<'_, Self>) {
        let Thing::Runner(own) = own else { return };
        let speed = 8.0 / f32::from(step.tick_rate.hz());
        own.wish = Vec2::new(f32::from(input.x), f32::from(input.y)).normalize_or_zero() * speed;
        // As `steer(wish, 100)` on a grid of 1024 declares it.
        own.vel = steer_toward(own.vel, own.wish, steer_divisor(100, step.tick_rate), 1024);
        own.pos = (own.pos + own.vel).clamp(Vec2::splat(-HALF_SIDE), Vec2::splat(HALF_SIDE));
    }
}

fn anywhere(rng: &mut Rng) -> Vec2 {
    Vec2::new(rng.unit() * 2.0 - 1.0, rng.unit() * 2.0 - 1.0) * HALF_SIDE
}
