//! A game that predicts with its own step: balls that push each other, seen by clients that run this step.

use crate::fixtures::config;
use crate::fixtures::table::client;
use crate::games::balls::*;
use core::time::Duration;
use tickwire_shared::byte_profile::{ByteProfile, UpdateFollower};
use tickwire_shared::harness::{Allowed, ClientIndex, Harness, check_prediction_within};
use tickwire_shared::room::Room;
use tickwire_shared::wire::control::Role;

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
    let mut follower = UpdateFollower::of(harness.room().schema().clone());
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
    let mut client = client::<Balls<false>>(Role::Player);
    let error = client.receive(Duration::ZERO, &[]).unwrap_err().to_string();
    assert!(error.contains("with_custom_prediction"), "{error}");
}
