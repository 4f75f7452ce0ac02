//! Step 8.

#[path = "../../08-thousand.rs"]
#[expect(dead_code, unreachable_pub, reason = "its main is not called here")]
mod step;

use crate::playing::{play_anything, server};
use step::{FISH, Pond};
use tickwire_server::GameOptions;
use tickwire_shared::harness::{Harness, check_determinism, check_prediction};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn four_bots_swim_with_a_thousand_fish() {
    play_anything::<Pond>("pond", server().game::<Pond>("pond", GameOptions::default())).await;
}

#[test]
fn the_pond_is_deterministic_and_fish_are_predicted() {
    check_determinism::<Pond>(&(), 1, 100, 3).expect("the same twice");
    check_prediction::<Pond>(&(), 1, 100, 3).expect("fish do not push each other");
}

#[test]
fn a_fish_that_moves_costs_far_less_than_a_byte_a_tick() {
    let (bytes_per_s, bytes_per_fish) = step::cost();
    assert!(bytes_per_fish > 0.0 && bytes_per_fish < 0.1, "{bytes_per_fish}, {bytes_per_s} bytes/s");
}

#[test]
fn the_fish_move() {
    let mut pond = Harness::<Pond>::new((), 1);
    pond.run_ticks(30);
    let start: Vec<_> = pond.room().world().iter().map(|(_, fish)| fish.pos).collect();
    pond.run_ticks(300);
    let moved = pond.room().world().iter().zip(&start).filter(|((_, fish), start)| fish.pos != **start);
    assert!(moved.count() > FISH * 3 / 4);
}
