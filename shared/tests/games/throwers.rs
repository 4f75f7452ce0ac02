//! Balls that are thrown, fly and disappear; their throwers predict them.

use serde::{Deserialize, Serialize};
use tickwire_shared::prelude::*;

const SIDE: i32 = 4_000;
/// How long a ball flies, ticks.
const FLIGHT: u8 = 40;

#[derive(Clone, Debug, PartialEq, Entity)]
pub(crate) struct Thrower {
    #[entity(range = -4_000..=4_000, predict = linear(speed))]
    pub(crate) at: i32,
    #[entity(range = -50..=50)]
    pub(crate) speed: i32,
}

#[derive(Clone, Debug, PartialEq, Entity)]
pub(crate) struct Ball {
    #[entity(range = -4_000..=4_000, predict = linear(speed))]
    pub(crate) at: i32,
    #[entity(range = -200..=200)]
    pub(crate) speed: i32,
    #[entity(range = 0..=65_535)]
    pub(crate) owner: u16,
}

#[derive(Clone, Debug, PartialEq, Entity)]
pub(crate) struct Tree {
    #[entity(range = -4_000..=4_000)]
    pub(crate) at: i32,
}

#[derive(Clone, Debug, PartialEq, Entity)]
pub(crate) enum Thing {
    Thrower(Thrower),
    Ball(Ball),
    Tree(Tree),
}

#[derive(Clone, Debug, Default, PartialEq, Input)]
pub(crate) struct Throw {
    #[input(range = -50..=50)]
    pub(crate) walk: i8,
    pub(crate) ball: Button,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Field {
    pub(crate) cells: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum News {
    Thrown(PlayerId, u32),
    Echo(u32),
}

pub(crate) struct Throwers {
    throwers: Vec<(PlayerId, EntityId)>,
    /// Throwers with the ticks that they have left to fly.
    flying: Vec<(EntityId, u8)>,
    trees: Vec<EntityId>,
    thrown: u32,
}

impl Game for Throwers {
    const FEATURES: Features<Self> = Features::new().with_interest().with_predicted_spawns();
    type Settings = Field;
    type Scene = ();
    type Input = Throw;
    type Entity = Thing;
    type State = ();
    type Context = ();
    type Event = News;
    type Command = u32;

    fn scene(_: &Field, _: TickRate) -> Result<(), BadSettings> {
        Ok(())
    }

    fn new(_: &Setup<'_, Self>, stage: &mut Stage<Self>) -> Self {
        let trees =
            (0..20).map(|n| stage.world.spawn(Thing::Tree(Tree { at: n * 300 - 3_000 })).unwrap()).collect();
        Self { throwers: Vec::new(), flying: Vec::new(), trees, thrown: 0 }
    }

    fn join(&mut self, stage: &mut Stage<Self>, joining: &Joining<'_, Self>) -> Result<EntityId, Refusal> {
        let thrower = stage
            .world
            .spawn(Thing::Thrower(Thrower { at: i32::from(joining.player.0 % 7) * 200, speed: 0 }))?;
        self.throwers.push((joining.player, thrower));
        Ok(thrower)
    }

    fn leave(&mut self, stage: &mut Stage<Self>, player: PlayerId, _: LeaveReason) {
        if let Some(at) = self.throwers.iter().position(|one| one.0 == player) {
            stage.world.despawn(self.throwers.remove(at).1);
        }
    }

    fn step(&mut self, stage: &mut Stage<Self>, turn: &Turn<'_, Self>) {
        for ball in &mut self.flying {
            ball.1 -= 1;
            if ball.1 == 0 {
                stage.world.despawn(ball.0);
            } else if let Some(Thing::Ball(Ball { at, speed, .. })) = stage.world.get_mut(ball.0) {
                *at = (*at + *speed).clamp(-SIDE, SIDE);
            }
        }
        self.flying.retain(|ball| ball.1 > 0);
        for player in turn.players {
            let Some(thrower) = stage.world.get_mut(player.entity) else { continue };
            Self::apply_input(thrower, &player.input, &turn.step());
            let Thing::Thrower(Thrower { at, .. }) = *thrower else { continue };
            if player.input.ball.pressed {
                let ball = Thing::Ball(Ball { at, speed: 150, owner: player.player.0 });
                self.flying.push((stage.world.spawn(ball).unwrap(), FLIGHT));
                self.thrown += 1;
                stage.events.all(News::Thrown(player.player, self.thrown)).unwrap();
            }
        }
        for (player, number) in turn.commands {
            stage.events.to(*player, News::Echo(*number)).unwrap();
        }
        // From time to time an old tree falls and a new one grows.
        if turn.tick.0.is_multiple_of(50) {
            let old = self.trees.remove(0);
            stage.world.despawn(old).unwrap();
            self.trees
                .push(stage.world.spawn(Thing::Tree(Tree { at: (turn.tick.0 % 3_000) as i32 })).unwrap());
        }
    }

    fn apply_input(own: &mut Thing, input: &Throw, _: &Step<'_, Self>) {
        if let Thing::Thrower(Thrower { at, speed }) = own {
            *speed = i32::from(input.walk);
            *at = (*at + *speed).clamp(-SIDE, SIDE);
        }
    }
}

impl InterestRules for Throwers {
    fn interest(field: &Field) -> Interest {
        let cells = Cells {
            origin: IVec2::new(-SIDE, 0),
            size: 1_000,
            columns: 8,
            rows: 1,
            radius: 1_500,
            slack: 100,
        };
        if field.cells { Interest::Cells(cells) } else { Interest::Whole }
    }

    fn location(thing: &Thing) -> Location {
        let (Thing::Thrower(Thrower { at, .. }) | Thing::Ball(Ball { at, .. }) | Thing::Tree(Tree { at })) =
            thing;
        Location { at: Some(IVec2::new(*at, 0)), group: Group::PUBLIC }
    }
}

impl PredictsSpawns for Throwers {
    fn predict_spawns(spawn: &SpawnPrediction<'_, Self>, spawned: &mut Vec<Thing>) {
        if let (Thing::Thrower(Thrower { at, .. }), true) = (spawn.own, spawn.input.ball.pressed) {
            spawned.push(Thing::Ball(Ball { at: *at, speed: 150, owner: spawn.player.0 }));
        }
    }

    fn is_predicted_spawn(predicted_spawns: &Thing, real: &Thing) -> bool {
        let owner =
            |thing: &Thing| if let Thing::Ball(Ball { owner, .. }) = thing { Some(*owner) } else { None };
        owner(predicted_spawns) == owner(real)
    }
}
