//! Trees, one for each cell and in two groups; a player may die.

use tickwire_shared::prelude::*;

const CELL: i32 = 100;

#[derive(Clone, Copy, Debug, Default, PartialEq, Input)]
pub(crate) struct Still;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Entity)]
pub(crate) struct Tree {
    #[entity(range = 0..=32_767)]
    pub(crate) pos: IVec2,
    /// 0 is visible to all, 1 to those who have the group, and such members have all groups.
    #[entity(range = 0..=1)]
    pub(crate) group: u8,
    #[entity(range = 0..=1000)]
    pub(crate) age: u16,
}

#[derive(Clone, Copy, Debug, serde::Serialize, serde::Deserialize)]
pub(crate) struct Map {
    /// Cells along each side.
    pub(crate) side: u16,
    pub(crate) radius: i32,
    pub(crate) players_see_all: bool,
}

impl Default for Map {
    fn default() -> Self {
        Self { side: 8, radius: 250, players_see_all: false }
    }
}

/// A player dies with this command.
#[derive(Clone, Copy, Debug, serde::Serialize, serde::Deserialize)]
pub(crate) struct Die;

pub(crate) struct Forest {
    players: Vec<(PlayerId, EntityId)>,
    grows: bool,
    players_see_all: bool,
}

impl Forest {
    fn around(&self, world: &World<Tree>, entity: EntityId) -> View {
        View { reach: Reach::around(world.get(entity).map(|tree| tree.pos)), groups: Groups::PUBLIC }
    }
}

impl Game for Forest {
    const FEATURES: Features<Self> = Features::new().with_interest();
    type Settings = Map;
    type Scene = ();
    type Input = Still;
    type Entity = Tree;
    type State = ();
    type Context = ();
    type Event = ();
    type Command = Die;

    fn scene(_: &Map, _: TickRate) -> Result<(), BadSettings> {
        Ok(())
    }

    fn new(setup: &Setup<'_, Self>, stage: &mut Stage<Self>) -> Self {
        let side = i32::from(setup.settings.side);
        for at in 0..side * side {
            let pos = IVec2::new(at % side, at / side) * CELL + IVec2::splat(CELL / 2);
            let _ = stage.world.spawn(Tree { pos, group: u8::from(at % 10 == 9), age: 0 });
        }
        Self { players: Vec::new(), grows: true, players_see_all: setup.settings.players_see_all }
    }

    fn join(&mut self, stage: &mut Stage<Self>, joining: &Joining<'_, Self>) -> Result<EntityId, Refusal> {
        let entity = stage.world.spawn(Tree { pos: IVec2::splat(4 * CELL + 50), group: 0, age: 1 })?;
        self.players.push((joining.player, entity));
        Ok(entity)
    }

    fn leave(&mut self, stage: &mut Stage<Self>, player: PlayerId, _: LeaveReason) {
        for (_, entity) in self.players.extract_if(.., |(other, _)| *other == player) {
            stage.world.despawn(entity);
        }
    }

    fn step(&mut self, stage: &mut Stage<Self>, turn: &Turn<'_, Self>) {
        for (player, Die) in turn.commands {
            self.players
                .iter()
                .filter(|(other, _)| other == player)
                .for_each(|(_, entity)| _ = stage.world.despawn(*entity));
        }
        if self.grows && turn.tick.0.is_multiple_of(4) {
            let bodies: Vec<EntityId> = self.players.iter().map(|(_, body)| *body).collect();
            let trees = stage.world.iter_mut().filter(|(id, _)| !bodies.contains(id));
            for (_, tree) in trees.skip(turn.tick.0 as usize % 7).step_by(7) {
                tree.age = (tree.age + 1) % 1_000;
            }
        }
    }

    fn apply_input(_: &mut Tree, _: &Still, _: &Step<'_, Self>) {}
}

impl InterestRules for Forest {
    fn interest(map: &Map) -> Interest {
        let (columns, radius) = (map.side, map.radius);
        Interest::Cells(Cells { origin: IVec2::ZERO, size: CELL, columns, rows: columns, radius, slack: 10 })
    }

    fn location(tree: &Tree) -> Location {
        Location { at: Some(tree.pos), group: Group::new(tree.group).unwrap_or_default() }
    }

    fn view(&self, world: &World<Tree>, _: PlayerId, entity: EntityId) -> View {
        if self.players_see_all {
            return View { reach: Reach::Everywhere, groups: Groups::ALL };
        }
        self.around(world, entity)
    }

    fn spectator_view(&self, world: &World<Tree>, follows: Option<(PlayerId, EntityId)>) -> View {
        match follows {
            Some((_, entity)) => self.around(world, entity),
            None => View { reach: Reach::Everywhere, groups: Groups::PUBLIC },
        }
    }
}
