//! Step 7.

#[path = "../../07-physics/main.rs"]
#[expect(dead_code, unreachable_pub, reason = "its main is not called here")]
mod step;

use crate::playing::{play_anything, server};
use step::{Cart, Crate, Pad, SIZE, YARD, Yard};
use tickwire_server::GameOptions;
use tickwire_shared::harness::{Sandbox, check_determinism, check_prediction};
use tickwire_shared::prelude::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn four_carts_push_crates() {
    play_anything::<Yard>("yard", server().game::<Yard>("yard", GameOptions::default())).await;
}

#[test]
fn the_yard_is_deterministic_and_carts_are_predicted() {
    check_determinism::<Yard>(&(), 1, 300, 4).expect("the same twice");
    check_prediction::<Yard>(&(), 1, 300, 4).expect("nothing pushes a cart");
}

/// A yard with one cart, left of the first crate.
fn beside_a_crate(hz: u16) -> (Sandbox<Yard>, EntityId) {
    let mut game = Sandbox::<Yard>::new(&(), TickRate::new(hz).expect("a rate"), 1).expect("it starts");
    let cart = game.join(PlayerId(1)).expect("there is room");
    let (first, pos) =
        game.stage.world.iter_as::<Crate>().map(|(id, found)| (id, found.pos)).next().expect("a crate");
    game.stage.world.get_as_mut::<Cart>(cart).expect("a cart").pos = pos - Vec2::new(2.0, 0.0);
    (game, first)
}

#[test]
fn a_cart_pushes_a_crate_which_then_comes_to_rest() {
    for hz in [10, 30, 60] {
        let (mut game, pushed) = beside_a_crate(hz);
        let crate_now =
            |game: &Sandbox<Yard>| game.stage.world.get_as::<Crate>(pushed).expect("it stays").clone();
        let before = crate_now(&game);
        game.run_ticks(hz.into());
        assert_eq!(crate_now(&game), before, "nobody pushed it");
        *game.input(PlayerId(1)) = Pad { way: IVec2::new(1, 0) };
        game.run_ticks(u32::from(hz) / 2);
        *game.input(PlayerId(1)) = Pad::default();
        game.run_ticks(u32::from(hz) * 5);
        let after = crate_now(&game);
        assert!(after.pos.x > before.pos.x + 1.0, "{hz} Hz: {before:?} {after:?}");
        game.run_ticks(hz.into());
        assert_eq!(crate_now(&game), after, "{hz} Hz: it rests");
    }
}

#[test]
fn crates_stay_in_the_yard() {
    for way in [IVec2::X, IVec2::Y, -IVec2::X, -IVec2::Y] {
        let (mut game, _) = beside_a_crate(30);
        // From the middle, through the crates there, to the wall.
        let cart = game.stage.world.controlled(PlayerId(1)).expect("it plays");
        game.stage.world.get_as_mut::<Cart>(cart).expect("a cart").pos = Vec2::splat(YARD / 2.0);
        *game.input(PlayerId(1)) = Pad { way };
        game.run_ticks(30 * 5);
        let inside = |pos: Vec2| pos.min_element() > SIZE / 4.0 && pos.max_element() < YARD - SIZE / 4.0;
        let crates: Vec<Vec2> = game.stage.world.iter_as::<Crate>().map(|(_, found)| found.pos).collect();
        assert!(crates.iter().all(|pos| inside(*pos)), "{way}: {crates:?}");
        assert!(crates.iter().any(|pos| (*pos - Vec2::splat(YARD / 2.0)).dot(way.as_vec2()) > 8.0), "{way}");
    }
}

#[test]
fn a_cart_that_left_is_in_nobodys_way() {
    let (mut game, pushed) = beside_a_crate(30);
    let start = game.stage.world.get_as::<Crate>(pushed).expect("it is there").pos;
    // Another cart stands at the crate's other side, and leaves.
    let bob = game.join(PlayerId(2)).expect("there is room");
    game.stage.world.get_as_mut::<Cart>(bob).expect("a cart").pos = start + Vec2::new(SIZE, 0.0);
    game.step();
    game.leave(PlayerId(2));
    *game.input(PlayerId(1)) = Pad { way: IVec2::new(1, 0) };
    game.run_ticks(10);
    let end = game.stage.world.get_as::<Crate>(pushed).expect("it stays").pos;
    let (_, cart) = game.stage.world.iter_as::<Cart>().next().expect("one cart");
    assert!((end.x - cart.pos.x - SIZE).abs() < 0.1 && (end.y - start.y).abs() < 0.1, "{cart:?} {end}");
}
