//! A game that predicts with its own step: balls that push each other, seen by clients that run this step.

mod fixtures;

use core::time::Duration;
use fixtures::config;
use serde::{Deserialize, Serialize};
use tickwire_shared::byte_profile::{ByteProfile, Follower};
use tickwire_shared::client::{Client, ClientConfig};
use tickwire_shared::harness::{Allowed, ClientIndex, Harness, check_prediction_within};
use tickwire_shared::prelude::*;
use tickwire_shared::room::Room;
use tickwire_shared::wire::control::{Credential, GameName, Name, Role, Target};

const SIDE: i32 = 8_000;
const WIDTH: i32 = 400;

#[derive(Clone, Copy, Debug, Default, PartialEq, Input)]
struct Push {
    #[input(range = -90..=90)]
    x: i16,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Entity)]
struct Ball {
    #[entity(range = 0..=8000, predict = custom)]
    pos: i32,
    #[entity(range = -200..=200, predict = custom)]
    vel: i32,
    /// What its player wants; 0 for a ball without a player.
    #[entity(range = -90..=90)]
    wish: i16,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Nothing;

/// Unless `LISTED`, it forgets to list the step that its fields declare.
struct Balls<const LISTED: bool = true> {
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

fn table(seed: u64, players: usize) -> (Harness<Balls>, Vec<ClientIndex>) {
    let mut harness = Harness::<Balls>::new(Nothing, seed);
    let clients = (0..players).map(|_| harness.join("ada")).collect();
    harness.run_ticks(40);
    (harness, clients)
}

#[test]
fn a_player_predicts_its_own_ball_until_another_one_hits_it() {
    // The others, close to each other, hit it repeatedly.
    let allowed = Allowed { wrong_per_mille: 500, ..Allowed::default() };
    check_prediction_within::<Balls>(&Nothing, 5, 900, 1, allowed).unwrap();
}

#[test]
fn while_nobody_does_anything_new_collisions_cost_no_message() {
    let (mut harness, clients) = table(3, 2);
    harness.run_ticks(60);
    let before = harness.client(clients[1]).stats().clone();
    harness.run_ticks(300);
    let after = harness.client(clients[1]).stats();
    assert!(after.messages - before.messages < 80, "{} messages", after.messages - before.messages);
    let moving: i32 = harness.room().world().iter().map(|(_, ball)| ball.vel.abs()).sum();
    assert!(moving > 100, "the balls still move");
    harness.assert_in_sync();
}

#[test]
fn the_bytes_of_a_game_with_a_step_of_its_own_are_profiled_with_its_schema() {
    let (mut harness, clients) = table(8, 2);
    harness.record(clients[0]);
    harness.cut(clients[0]);
    assert!(harness.resume(clients[0]));
    harness.run_ticks(100);
    harness.set_input(clients[1], Push { x: 60 });
    harness.run_ticks(200);
    let mut follower = Follower::of(harness.room().schema().clone());
    let mut profile = ByteProfile::new();
    for message in harness.take_recorded() {
        assert_eq!(follower.profile(&message, &mut profile), Ok(()));
    }
    let report = profile.report(harness.room().schema().kinds());
    let of = |name: &str| {
        report.kinds[0].fields.iter().find(|field| field.field == name).map(|field| field.changed_bytes)
    };
    assert!(of("wish") > Some(0.0), "{report:?}");
    let whole: f64 = report.parts.iter().map(|part| part.bytes).sum();
    assert!((whole - report.bytes as f64).abs() < 1e-3, "{whole} of {}", report.bytes);
}

#[test]
fn clients_see_what_the_server_has_whatever_players_and_links_do() {
    for seed in 0..6 {
        let (mut harness, clients) = table(seed, 4);
        for &client in &clients {
            let (mut push, mut left) = (Push::default(), 0);
            harness.drive(client, move |_, rng| {
                if left == 0 {
                    left = rng.range(1, 20);
                    push = Push { x: rng.range(-90, 90) as i16 };
                }
                left -= 1;
                push
            });
        }
        for round in 0..12 {
            let client = clients[round % clients.len()];
            match round % 3 {
                0 => harness.stall(client, Duration::from_millis(700)),
                1 => harness.cut(client),
                _ => harness.block_slot(client),
            }
            harness.run_ticks(45);
            harness.settle();
            harness.assert_caught_up(8);
        }
        let stats = harness.client(clients[0]).stats();
        assert!(stats.hash_checks > 10 && stats.hash_mismatches == 0, "seed {seed}: {stats:?}");
    }
}

#[test]
fn a_room_and_a_client_say_that_a_game_forgot_to_list_its_step() {
    let room = Room::<Balls<false>>::new(config(0), Nothing, 1).unwrap_err().to_string();
    assert!(room.contains("kind `ball`, field `pos`") && room.contains("with_custom_prediction"), "{room}");
    let mut client = Client::<Balls<false>>::new(ClientConfig {
        name: Name::cut("ada"),
        credential: Credential::Guest,
        game: GameName::cut("balls"),
        role: Role::Player,
        target: Target::Match(Options::none()),
    });
    let error = client.receive(Duration::ZERO, &[]).unwrap_err().to_string();
    assert!(error.contains("with_custom_prediction"), "{error}");
}
