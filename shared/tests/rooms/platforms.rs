//! A world that depends on the tick alone: entities on it are predicted correctly, because `apply_input` gets
//! the tick.

use crate::games::mill::*;
use tickwire_shared::harness::check_prediction;

#[test]
fn who_rides_a_platform_and_meets_a_timed_door_is_predicted_in_every_tick() {
    for players in [1, 4] {
        match check_prediction::<Mill>(&(), 11, 1_800, players) {
            Ok(predictions) => assert!(predictions.compared > 1_000, "{predictions:?}"),
            Err(wrong) => panic!("{wrong}"),
        }
    }
}
