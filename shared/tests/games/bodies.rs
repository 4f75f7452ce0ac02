//! Players control different bodies over time, a car, or nothing.

use serde::{Deserialize, Serialize};
use tickwire_shared::prelude::*;

#[derive(Clone, Debug, PartialEq, Entity)]
pub(crate) struct Soldier {
    #[entity(range = -4_000..=4_000, predict = linear(speed))]
    pub(crate) at: i32,
    #[entity(range = -50..=50)]
    pub(crate) speed: i32,
    /// Owner-only; it differs for each body.
    #[entity(range = 0..=200, owner_only)]
    pub(crate) ammo: u8,
}

#[derive(Clone, Debug, PartialEq, Entity)]
pub(crate) struct Car {
    #[entity(range = -4_000..=4_000, predict = linear(speed))]
    pub(crate) at: i32,
    #[entity(range = -200..=200)]
    pub(crate) speed: i32,
    #[entity(range = 0..=200, owner_only)]
    pub(crate) fuel: u8,
}

#[derive(Clone, Debug, PartialEq, Entity)]
pub(crate) enum Thing {
    Soldier(Soldier),
    Car(Car),
}

impl Thing {
    fn at(&self) -> i32 {
        let (Self::Soldier(Soldier { at, .. }) | Self::Car(Car { at, .. })) = self;
        *at
    }
}

#[derive(Clone, Debug, Default, PartialEq, Input)]
pub(crate) struct Walk {
    #[input(range = -5..=5)]
    pub(crate) push: i8,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Wish {
    /// Die, and return at once as another soldier.
    Respawn,
    /// Die and stay dead.
    Die,
    /// Enter the car, or leave it.
    Car,
    /// Despawn the body without telling the room.
    Vanish,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Ground {
    pub(crate) cells: bool,
    pub(crate) starts_dead: bool,
}

pub(crate) struct Bodies {
    players: Vec<(PlayerId, Option<EntityId>)>,
    car: EntityId,
    bodies: u8,
    starts_dead: bool,
}

impl Bodies {
    fn body(&mut self, world: &mut World<Thing>, at: i32) -> EntityId {
        self.bodies += 1;
        world.spawn(Thing::Soldier(Soldier { at, speed: 0, ammo: self.bodies })).unwrap()
    }
}

impl Game for Bodies {
    const FEATURES: Features<Self> = Features::new().with_interest();
    type Settings = Ground;
    type Scene = ();
    type Input = Walk;
    type Entity = Thing;
    type State = ();
    type Context = ();
    type Event = ();
    type Command = Wish;

    fn scene(_: &Ground, _: TickRate) -> Result<(), BadSettings> {
        Ok(())
    }

    fn new(setup: &Setup<'_, Self>, stage: &mut Stage<Self>) -> Self {
        let car = stage.world.spawn(Thing::Car(Car { at: 3_000, speed: 0, fuel: 150 })).unwrap();
        Self { players: Vec::new(), car, bodies: 0, starts_dead: setup.settings.starts_dead }
    }

    fn join(&mut self, stage: &mut Stage<Self>, joining: &Joining<'_, Self>) -> Result<EntityId, Refusal> {
        let body = (!self.starts_dead).then(|| self.body(&mut stage.world, -3_000));
        self.players.push((joining.player, body));
        Ok(body.unwrap_or(EntityId::NONE))
    }

    fn leave(&mut self, stage: &mut Stage<Self>, player: PlayerId, _: LeaveReason) {
        if let Some(at) = self.players.iter().position(|one| one.0 == player) {
            self.players.remove(at).1.map(|body| stage.world.despawn(body));
        }
    }

    fn step(&mut self, stage: &mut Stage<Self>, turn: &Turn<'_, Self>) {
        for player in turn.players {
            assert_eq!(stage.world.controlled(player.player).unwrap_or(EntityId::NONE), player.entity);
            if let Some(own) = stage.world.get_mut(player.entity) {
                Self::apply_input(own, &player.input, &turn.step());
            }
        }
        for (player, wish) in turn.commands {
            let at = self.players.iter().position(|one| one.0 == *player).unwrap();
            let body = self.players[at].1;
            match wish {
                Wish::Respawn => {
                    body.map(|body| stage.world.despawn(body));
                    let body = self.body(&mut stage.world, 1_000);
                    self.players[at].1 = Some(body);
                    stage.world.set_controlled(*player, Some(body));
                }
                Wish::Die => stage.world.set_controlled(*player, None),
                Wish::Car if stage.world.controlled(*player) == Some(self.car) => {
                    stage.world.set_controlled(*player, body)
                }
                Wish::Car => stage.world.set_controlled(*player, Some(self.car)),
                Wish::Vanish => {
                    body.map(|body| stage.world.despawn(body));
                    self.players[at].1 = None;
                }
            }
        }
    }

    fn apply_input(own: &mut Thing, input: &Walk, _: &Step<'_, Self>) {
        match own {
            Thing::Soldier(Soldier { at, speed, ammo }) => {
                *speed = (i32::from(input.push) * 2).clamp(-50, 50);
                *at = (*at + *speed).clamp(-4_000, 4_000);
                *ammo = ammo.wrapping_add(u8::from(*at % 7 == 0)) % 200;
            }
            Thing::Car(Car { at, speed, fuel }) => {
                *speed = (*speed + i32::from(input.push)).clamp(-200, 200);
                *at = (*at + *speed).clamp(-4_000, 4_000);
                *fuel = fuel.saturating_sub(u8::from(*at % 5 == 0));
            }
        }
    }
}

impl InterestRules for Bodies {
    fn interest(ground: &Ground) -> Interest {
        let cells =
            Cells { origin: IVec2::new(-4_000, 0), size: 500, columns: 16, rows: 1, radius: 400, slack: 50 };
        if ground.cells { Interest::Cells(cells) } else { Interest::Whole }
    }

    fn location(thing: &Thing) -> Location {
        Location { at: Some(IVec2::new(thing.at(), 0)), group: Group::PUBLIC }
    }

    fn spectator_view(&self, world: &World<Thing>, follows: Option<(PlayerId, EntityId)>) -> View {
        let nothing = View { reach: Reach::Nowhere, groups: Groups::PUBLIC };
        follows.map_or(nothing, |(player, entity)| self.view(world, player, entity))
    }
}
