//! Numbers that run out while a room is busy: a game of balls that are thrown, fly and disappear.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use serde::{Deserialize, Serialize};
use tickwire_shared::client::ClientEvent;
use tickwire_shared::harness::{ClientIndex, Harness, LinkProfile, check_prediction};
use tickwire_shared::prelude::*;
use tickwire_shared::room::FirstNumbers;

const SIDE: i32 = 4_000;
/// How long a ball flies, ticks.
const FLIGHT: u8 = 40;

#[derive(Clone, Debug, PartialEq, Entity)]
struct Thrower {
    #[entity(range = -4_000..=4_000, predict = linear(speed))]
    at: i32,
    #[entity(range = -50..=50)]
    speed: i32,
}

#[derive(Clone, Debug, PartialEq, Entity)]
struct Ball {
    #[entity(range = -4_000..=4_000, predict = linear(speed))]
    at: i32,
    #[entity(range = -200..=200)]
    speed: i32,
    #[entity(range = 0..=65_535)]
    owner: u16,
}

#[derive(Clone, Debug, PartialEq, Entity)]
struct Tree {
    #[entity(range = -4_000..=4_000)]
    at: i32,
}

#[derive(Clone, Debug, PartialEq, Entity)]
enum Thing {
    Thrower(Thrower),
    Ball(Ball),
    Tree(Tree),
}

#[derive(Clone, Debug, Default, PartialEq, Input)]
struct Throw {
    #[input(range = -50..=50)]
    walk: i8,
    ball: Button,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Field {
    cells: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum News {
    Thrown(PlayerId, u32),
    Echo(u32),
}

struct Balls {
    throwers: Vec<(PlayerId, EntityId)>,
    /// Balls with the ticks that they have left to fly.
    flying: Vec<(EntityId, u8)>,
    trees: Vec<EntityId>,
    thrown: u32,
}

impl Game for Balls {
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

impl InterestRules for Balls {
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

impl PredictsSpawns for Balls {
    fn predict_spawns(sight: &SpawnPrediction<'_, Self>, spawned: &mut Vec<Thing>) {
        if let (Thing::Thrower(Thrower { at, .. }), true) = (sight.own, sight.input.ball.pressed) {
            spawned.push(Thing::Ball(Ball { at: *at, speed: 150, owner: sight.player.0 }));
        }
    }

    fn is_predicted_spawn(predicted_spawns: &Thing, real: &Thing) -> bool {
        let owner =
            |thing: &Thing| if let Thing::Ball(Ball { owner, .. }) = thing { Some(*owner) } else { None };
        owner(predicted_spawns) == owner(real)
    }
}

fn play(harness: &mut Harness<Balls>, name: &str) -> ClientIndex {
    let client = harness.join(name);
    let mut held = Button::default();
    harness.drive(client, move |_, rng| {
        held = Button::after(held, rng.chance(8));
        Throw { walk: rng.range(-50, 50) as i8, ball: held }
    });
    client
}

/// Two minutes of a busy room on bad links, with disconnects and commands, whose numbers start at `first`.
fn two_minutes(field: Field, first: FirstNumbers) -> Harness<Balls> {
    let mut harness = Harness::<Balls>::new(field, 11);
    harness.start_at(first);
    harness.audit_leaks();
    let clients: Vec<_> = (0..5).map(|at| play(&mut harness, &format!("p{at}"))).collect();
    harness.link(clients[1], LinkProfile::MOBILE_4G);
    harness.run_ticks(30);
    let mut heard = vec![Vec::new(); clients.len()];
    for second in 0..120 {
        for (client, heard) in clients.iter().zip(&mut heard) {
            if harness.client(*client).is_playing() {
                harness.client_mut(*client).command(second).unwrap();
            }
            heard.extend(harness.take_events(*client).into_iter().filter_map(|event| match event {
                ClientEvent::Game(news) => Some(news),
                _ => None,
            }));
        }
        if second % 20 == 7 {
            harness.cut(clients[2]);
            harness.run_ticks(40);
            harness.resume(clients[2]);
        }
        harness.run_ticks(30);
    }
    harness.settle();
    harness.assert_in_sync();
    for (client, heard) in clients.iter().zip(&heard) {
        let stats = harness.client(*client).stats();
        assert_eq!((stats.events_lost, stats.hash_mismatches, stats.decode_errors), (0, 0, 0));
        assert_eq!(stats.commands, stats.commands_confirmed);
        let thrown: Vec<_> = heard
            .iter()
            .filter_map(|news| if let News::Thrown(_, number) = news { Some(*number) } else { None })
            .collect();
        assert!(thrown.len() > 1_000 && thrown.windows(2).all(|two| two[0] + 1 == two[1]), "{thrown:?}");
        let echoes =
            heard.iter().filter_map(|news| if let News::Echo(number) = news { Some(*number) } else { None });
        let echoes: Vec<_> = echoes.collect();
        assert!(echoes.len() > 110 && echoes.is_sorted_by(|a, b| a < b), "each command once, in order");
    }
    harness
}

#[test]
fn throwers_are_predicted() {
    check_prediction::<Balls>(&Field::default(), 1, 300, 3).unwrap();
}

#[test]
fn a_room_does_not_notice_that_its_numbers_begin_anew() {
    for cells in [false, true] {
        let usual = two_minutes(Field { cells }, FirstNumbers::default());
        let first = FirstNumbers {
            entity: EntityId::LAST.0 - 500,
            event: u32::MAX - 500,
            command: u32::MAX - 50,
            player: u16::MAX - 3,
            ..FirstNumbers::default()
        };
        let again = two_minutes(Field { cells }, first);
        let newest = |harness: &Harness<Balls>| {
            let things = harness.room().world().iter();
            things.filter(|(_, thing)| matches!(thing, Thing::Ball(_))).map(|(id, _)| id.0).max().unwrap()
        };
        assert!(newest(&again) < 2_000, "ids have started over: {}", newest(&again));
        let predicted_spawns = |harness: &Harness<Balls>| {
            let stats = harness.client(ClientIndex(0)).stats();
            assert!(stats.predicted_spawns > 100);
            stats.predicted_spawns_withdrawn
        };
        assert!(
            predicted_spawns(&again) <= predicted_spawns(&usual) + 3,
            "{} of {}",
            predicted_spawns(&again),
            predicted_spawns(&usual)
        );
        let shown = again.client(ClientIndex(0)).view(again.now());
        assert!(shown.iter().any(|(_, thing)| matches!(thing, Thing::Ball(_))));
    }
}

#[test]
fn a_room_near_its_last_tick_plays_on_and_says_when_it_is_over() {
    let first = FirstNumbers { tick: Tick(Tick::LAST.0 - 600), ..FirstNumbers::default() };
    let mut harness = Harness::<Balls>::new(Field::default(), 3);
    harness.start_at(first);
    let ada = play(&mut harness, "ada");
    harness.run_ticks(590);
    assert!(!harness.room().is_over());
    harness.assert_in_sync();
    assert!(harness.client(ada).stats().predictions > 300);
    assert_eq!(harness.client(ada).stats().clock_jumps, 0);
    harness.run_ticks(10);
    assert!(harness.room().is_over());
}
