//! Beasts in a room of cells; each herd may hide from the others.

use serde::{Deserialize, Serialize};
use tickwire_shared::prelude::*;

const SIDE: i32 = 4_000;
pub(crate) const RADIUS: i32 = 700;
pub(crate) const CELLS: Cells =
    Cells { origin: IVec2::ZERO, size: 400, columns: 10, rows: 10, radius: RADIUS, slack: 40 };

#[derive(Clone, Copy, Debug, Default, PartialEq, Input)]
pub(crate) struct Walk {
    #[input(range = -60..=60)]
    pub(crate) x: i16,
    #[input(range = -60..=60)]
    pub(crate) y: i16,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Entity)]
pub(crate) enum Thing {
    Beast(Beast),
    Weather(Weather),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Entity)]
pub(crate) struct Beast {
    #[entity(range = 0..=4000, predict = linear(vel))]
    pub(crate) pos: IVec2,
    #[entity(range = -60..=60)]
    pub(crate) vel: IVec2,
    #[entity(range = 0..=15)]
    pub(crate) herd: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Entity)]
pub(crate) struct Weather {
    #[entity(range = 0..=100)]
    pub(crate) rain: u8,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Nothing;

pub(crate) struct Plain {
    rng: Rng,
    players: Vec<(PlayerId, EntityId)>,
    weather: Option<EntityId>,
}

impl Game for Plain {
    const FEATURES: Features<Self> = Features::new().with_interest();
    type Settings = Nothing;
    type Scene = ();
    type Input = Walk;
    type Entity = Thing;
    type State = ();
    type Context = ();
    type Event = Nothing;
    type Command = Nothing;

    fn scene(_: &Nothing, _: TickRate) -> Result<(), BadSettings> {
        Ok(())
    }

    fn new(setup: &Setup<'_, Self>, stage: &mut Stage<Self>) -> Self {
        let mut rng = Rng::new(setup.seed);
        let weather = stage.world.spawn(Thing::Weather(Weather { rain: 3 })).ok();
        for number in 0..300 {
            let pos = IVec2::new(rng.range(0, SIDE), rng.range(0, SIDE));
            let vel = IVec2::new(rng.range(-60, 60), rng.range(-60, 60));
            let _ = stage.world.spawn(Thing::Beast(Beast {
                pos,
                vel,
                herd: if number % 4 == 0 { 5 } else { 0 },
            }));
        }
        Self { rng, players: Vec::new(), weather }
    }

    fn join(&mut self, stage: &mut Stage<Self>, joining: &Joining<'_, Self>) -> Result<EntityId, Refusal> {
        let herd = if joining.player.0.is_multiple_of(2) { 5 } else { 7 };
        let pos = IVec2::new(self.rng.range(0, SIDE), self.rng.range(0, SIDE));
        let entity = stage.world.spawn(Thing::Beast(Beast { pos, vel: IVec2::ZERO, herd }))?;
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
                Self::apply_input(own, &player.input, &turn.step());
            }
        }
        let owned: Vec<_> = self.players.iter().map(|(_, entity)| *entity).collect();
        for (id, thing) in stage.world.iter_mut() {
            let Thing::Beast(beast) = thing else { continue };
            if owned.contains(&id) {
                continue;
            }
            if self.rng.chance(40) {
                beast.vel = IVec2::new(self.rng.range(-60, 60), self.rng.range(-60, 60));
            }
            beast.pos = (beast.pos + beast.vel).clamp(IVec2::ZERO, IVec2::splat(SIDE));
        }
        if let Some(Thing::Weather(weather)) = self.weather.and_then(|id| stage.world.get_mut(id)) {
            weather.rain = (turn.tick.0 / 50 % 100) as u8;
        }
    }

    fn apply_input(own: &mut Thing, input: &Walk, _: &Step<'_, Self>) {
        if let Thing::Beast(beast) = own {
            beast.vel = IVec2::new(i32::from(input.x), i32::from(input.y));
            beast.pos = (beast.pos + beast.vel).clamp(IVec2::ZERO, IVec2::splat(SIDE));
        }
    }
}

impl InterestRules for Plain {
    fn interest(_: &Nothing) -> Interest {
        Interest::Cells(CELLS)
    }

    fn location(thing: &Thing) -> Location {
        match thing {
            Thing::Beast(beast) => {
                Location { at: Some(beast.pos), group: Group::new(beast.herd).unwrap_or_default() }
            }
            Thing::Weather(_) => Location::EVERYWHERE,
        }
    }

    fn view(&self, world: &World<Thing>, _: PlayerId, entity: EntityId) -> View {
        let Some(Thing::Beast(own)) = world.get(entity) else { return View::default() };
        let groups = Groups::PUBLIC.with(Group::new(own.herd).unwrap_or_default());
        View { reach: Reach::Around(own.pos), groups }
    }

    fn spectator_view(&self, world: &World<Thing>, follows: Option<(PlayerId, EntityId)>) -> View {
        match follows {
            Some((player, entity)) => self.view(world, player, entity),
            None => View { reach: Reach::Everywhere, groups: Groups::PUBLIC },
        }
    }
}
