//! Step 1.

#[path = "../../01-room.rs"]
#[expect(dead_code, unreachable_pub, reason = "its main is not called here")]
mod step;

use crate::playing::{play_anything, server};
use step::{Dots, Pad};
use tickwire_server::GameOptions;
use tickwire_shared::harness::{Sandbox, check_determinism, check_prediction};
use tickwire_shared::prelude::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn four_bots_move_their_dots() {
    play_anything::<Dots>("dots", server().game::<Dots>("dots", GameOptions::default())).await;
}

#[test]
fn dots_are_deterministic_and_predicted() {
    check_determinism::<Dots>(&(), 1, 300, 4).expect("the same twice");
    check_prediction::<Dots>(&(), 1, 300, 4).expect("nothing pushes a dot");
}

#[test]
fn a_dot_goes_where_its_player_points_and_stops_at_the_border() {
    for hz in [10, 30, 60] {
        let mut game = Sandbox::<Dots>::new(&(), TickRate::new(hz).expect("a rate"), 1).expect("it starts");
        let ada = game.join(PlayerId(1)).expect("there is room");
        *game.input(PlayerId(1)) = Pad { way: IVec2::new(1, 0) };
        game.run_ticks(hz.into());
        assert_eq!(game.stage.world.get(ada).map(|dot| dot.pos), Some(IVec2::new(800, 500)), "{hz} Hz");
        game.run_ticks(u32::from(hz) * 2);
        assert_eq!(game.stage.world.get(ada).map(|dot| dot.pos.x), Some(1_000));
        game.leave(PlayerId(1));
        assert!(game.stage.world.is_empty());
    }
}
