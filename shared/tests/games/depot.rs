//! Crates in a room of cells; the test that plays it scripts what happens.

use std::cell::RefCell;
use tickwire_shared::prelude::*;

/// The side of the yard.
pub(crate) const SIDE: i32 = 8_000;

#[derive(Clone, Copy, Debug, Default, PartialEq, Input)]
pub(crate) struct Still;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Entity)]
pub(crate) struct Crate {
    #[entity(range = 0..=8000, predict = linear(vel))]
    pub(crate) pos: IVec2,
    #[entity(range = -90..=90)]
    pub(crate) vel: IVec2,
    #[entity(range = 0..=60_000)]
    pub(crate) tag: u32,
}

#[derive(Clone, Copy, Debug, serde::Serialize, serde::Deserialize)]
pub(crate) struct Yard {
    pub(crate) radius: i32,
    /// Cells along each side.
    pub(crate) cells: u16,
    pub(crate) sees_all: bool,
}

impl Default for Yard {
    fn default() -> Self {
        Self { radius: 1_000, cells: 8, sees_all: false }
    }
}

/// What happens in each step besides the players: the world, the tick, and the players' entities.
pub(crate) type Script = Box<dyn FnMut(&mut World<Crate>, u32, &[EntityId])>;

thread_local! {
    static SCRIPT: RefCell<Option<Script>> = const { RefCell::new(None) };
}

/// Sets what happens in each step of the depots of this thread.
pub(crate) fn script(step: impl FnMut(&mut World<Crate>, u32, &[EntityId]) + 'static) {
    SCRIPT.set(Some(Box::new(step)));
}

pub(crate) struct Depot {
    players: Vec<(PlayerId, EntityId)>,
    sees_all: bool,
}

impl Game for Depot {
    const FEATURES: Features<Self> = Features::new().with_interest();
    type Settings = Yard;
    type Scene = ();
    type Input = Still;
    type Entity = Crate;
    type State = ();
    type Context = ();
    type Event = ();
    type Command = ();

    fn scene(_: &Yard, _: TickRate) -> Result<(), BadSettings> {
        Ok(())
    }

    fn new(setup: &Setup<'_, Self>, _: &mut Stage<Self>) -> Self {
        Self { players: Vec::new(), sees_all: setup.settings.sees_all }
    }

    fn join(&mut self, stage: &mut Stage<Self>, joining: &Joining<'_, Self>) -> Result<EntityId, Refusal> {
        let entity = stage.world.spawn(Crate { pos: IVec2::splat(4_300), vel: IVec2::ZERO, tag: 60_000 })?;
        self.players.push((joining.player, entity));
        Ok(entity)
    }

    fn leave(&mut self, stage: &mut Stage<Self>, player: PlayerId, _: LeaveReason) {
        for (_, entity) in self.players.extract_if(.., |(other, _)| *other == player) {
            stage.world.despawn(entity);
        }
    }

    fn step(&mut self, stage: &mut Stage<Self>, turn: &Turn<'_, Self>) {
        for (_, thing) in stage.world.iter_mut() {
            let on = thing.pos + thing.vel;
            thing.pos = on.clamp(IVec2::ZERO, IVec2::splat(SIDE));
            thing.vel = if on == thing.pos { thing.vel } else { -thing.vel };
        }
        let own: Vec<EntityId> = self.players.iter().map(|(_, entity)| *entity).collect();
        SCRIPT.with_borrow_mut(|script| {
            script.iter_mut().for_each(|script| script(&mut stage.world, turn.tick.0, &own))
        });
    }

    fn apply_input(_: &mut Crate, _: &Still, _: &Step<'_, Self>) {}
}

impl InterestRules for Depot {
    fn interest(yard: &Yard) -> Interest {
        let size = SIDE / i32::from(yard.cells);
        let (columns, rows, radius) = (yard.cells, yard.cells, yard.radius);
        Interest::Cells(Cells { origin: IVec2::ZERO, size, columns, rows, radius, slack: 20 })
    }

    fn location(thing: &Crate) -> Location {
        Location::at(thing.pos)
    }

    fn view(&self, world: &World<Crate>, _: PlayerId, entity: EntityId) -> View {
        let reach = match self.sees_all {
            true => Reach::Everywhere,
            false => Reach::around(world.get(entity).map(|own| own.pos)),
        };
        View { reach, groups: Groups::PUBLIC }
    }
}
