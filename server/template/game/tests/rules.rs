//! The rules, without a server.

use game::{Coin, MyGame, Runner};
use tickwire_shared::harness::{Sandbox, check_determinism, check_prediction};
use tickwire_shared::prelude::*;

#[test]
fn a_room_comes_out_equal_for_the_same_seed_and_inputs() {
    check_determinism::<MyGame>(&(), 1, 300, 4).unwrap();
}

#[test]
fn a_client_predicts_its_own_runner_exactly() {
    check_prediction::<MyGame>(&(), 1, 300, 4).unwrap();
}

#[test]
fn a_runner_that_stands_on_a_coin_takes_it() {
    let mut room = Sandbox::<MyGame>::new(&(), TickRate::DEFAULT, 1).unwrap();
    let runner = room.join(PlayerId(1)).unwrap();
    let coin = room.stage.world.iter_as_mut::<Coin>().next().unwrap().1.pos;
    for (_, runner) in room.stage.world.iter_as_mut::<Runner>() {
        runner.pos = coin;
    }
    let before = room.stage.state.coins;
    room.step();
    assert!(room.stage.world.get_as::<Runner>(runner).is_some());
    assert_eq!(room.stage.state.coins, before + 1);
}
