//! Views of a whole map, and the view of a player whose body no longer exists: nothing ends silently.

use tickwire_shared::harness::{Harness, check_prediction};
use tickwire_shared::id::StreamId;
use tickwire_shared::prelude::*;

const CELL: i32 = 100;

#[derive(Clone, Copy, Debug, Default, PartialEq, Input)]
struct Still;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Entity)]
struct Tree {
    #[entity(range = 0..=32_767)]
    pos: IVec2,
    /// 0 is visible to all, 1 to those who have the group, and such members have all groups.
    #[entity(range = 0..=1)]
    group: u8,
    #[entity(range = 0..=1000)]
    age: u16,
}

#[derive(Clone, Copy, Debug, serde::Serialize, serde::Deserialize)]
struct Map {
    /// Cells along each side.
    side: u16,
    radius: i32,
    players_see_all: bool,
}

impl Default for Map {
    fn default() -> Self {
        Self { side: 8, radius: 250, players_see_all: false }
    }
}

/// A player dies with this command.
#[derive(Clone, Copy, Debug, serde::Serialize, serde::Deserialize)]
struct Die;

struct Forest {
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

#[test]
fn trees_are_predicted() {
    check_prediction::<Forest>(&Map::default(), 3, 100, 2).unwrap();
}

fn forest(map: Map) -> Harness<Forest> {
    let mut harness = Harness::<Forest>::new(map, 4);
    harness.audit_leaks();
    harness
}

#[test]
fn a_spectator_sees_a_map_of_any_number_of_cells_and_one_stream_of_it() {
    for side in [15, 32, 60] {
        let mut harness = forest(Map { side, ..Map::default() });
        let eve = harness.spectate("eve");
        harness.run_ticks(60);
        let public = harness.room().world().iter().filter(|(_, tree)| tree.group == 0).count();
        assert_eq!(harness.client(eve).rows().len(), public, "{side} x {side}");
        assert_eq!(harness.client(eve).streams().count(), 1);
        harness.assert_in_sync();
        harness.assert_caught_up(8);
    }
}

#[test]
fn one_encoding_serves_all_who_see_everything() {
    let encoded = |spectators| {
        let mut harness = forest(Map { side: 40, ..Map::default() });
        (0..spectators).for_each(|_| _ = harness.spectate("eve"));
        harness.run_ticks(20);
        let before = harness.room().stats().entities_encoded;
        harness.run_ticks(60);
        harness.room().stats().entities_encoded - before
    };
    assert_eq!(encoded(1), encoded(16));
}

#[test]
fn who_goes_from_a_part_to_the_whole_and_back_sees_all_of_each() {
    let mut harness = forest(Map { side: 30, ..Map::default() });
    let (ada, eve) = (harness.join("ada"), harness.spectate("eve"));
    harness.run_ticks(30);
    let whole = harness.client(eve).rows().len();
    let player = harness.client(ada).player();
    for _ in 0..3 {
        harness.client_mut(eve).follow(player);
        harness.run_ticks(40);
        harness.assert_in_sync();
        assert_eq!(harness.client(eve).rows().len(), harness.client(ada).rows().len());
        harness.client_mut(eve).follow(None);
        harness.run_ticks(40);
        harness.assert_in_sync();
        assert_eq!(harness.client(eve).rows().len(), whole);
    }
    harness.cut(eve);
    harness.run_ticks(10);
    assert!(harness.resume(eve));
    harness.run_ticks(30);
    assert_eq!(harness.client(eve).rows().len(), whole, "after a disconnect as well");
}

#[test]
fn a_player_may_see_everything_with_a_byte_budget_and_without() {
    for budget in [0, 4_000] {
        let mut harness = forest(Map { side: 20, players_see_all: true, ..Map::default() });
        harness.budget(budget);
        let ada = harness.join("ada");
        harness.run_ticks(200);
        assert_eq!(harness.client(ada).rows().len(), harness.room().world().len(), "budget {budget}");
        let streams: Vec<StreamId> = harness.client(ada).streams().map(|(id, _)| id).collect();
        assert!(streams.len() <= 3, "{streams:?}: one of each group, and its own if that is sent first");
        assert!(harness.client(ada).own().is_some());
        harness.assert_in_sync();
    }
}

#[test]
fn a_player_whose_body_is_gone_goes_on_seeing_where_it_was() {
    let mut harness = forest(Map { side: 30, ..Map::default() });
    let ada = harness.join("ada");
    harness.run_ticks(30);
    let before = harness.client(ada).rows().len();
    assert!(before > 20, "{before}");
    assert!(harness.client_mut(ada).command(Die).is_ok());
    harness.run_ticks(60);
    assert_eq!(harness.client(ada).rows().len(), before - 1, "all except its own body");
    harness.cut(ada);
    harness.run_ticks(5);
    assert!(harness.resume(ada));
    harness.run_ticks(30);
    assert_eq!(harness.client(ada).rows().len(), before - 1, "after a disconnect as well");
}

#[test]
fn a_view_that_does_not_change_is_not_looked_up_again() {
    let mut harness = forest(Map { side: 30, ..Map::default() });
    harness.join("ada");
    harness.run_ticks(60);
    let before = harness.room().stats().views_found;
    harness.run_ticks(300);
    assert_eq!(harness.room().stats().views_found, before, "no entity moved");
}
