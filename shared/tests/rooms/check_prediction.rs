//! `check_prediction` finds games whose players cannot be predicted, and accepts those of this repository.
//!
//! `rules/tests/code.rs` sees every game.

#[path = "../../../fuzz/src/game.rs"]
#[allow(dead_code, unreachable_pub)]
mod fuzzed;

use crate::games::walk::*;
use tickwire_shared::harness::{Allowed, check_prediction, check_prediction_within};

#[test]
fn a_sound_game_passes_alone_and_with_others_though_its_controls_are_analog() {
    for players in [1, 3] {
        let passed = check_prediction::<Walk>(&Fault::Nothing, 1, 600, players).unwrap();
        assert!(passed.compared > 400 * u64::from(players) && passed.wrong == 0, "{passed:?}");
    }
}

#[test]
fn a_step_that_does_more_than_apply_input_is_named_with_both_values_and_the_usual_causes() {
    let wrong = check_prediction::<Walk>(&Fault::Platform, 1, 300, 1).unwrap_err();
    assert!(wrong.tick.is_some_and(|tick| (25..60).contains(&tick.0)), "{wrong}");
    let text = wrong.to_string();
    for part in ["seed 1", "walker", "field `pos.x`", " against ", " units", "usual causes", "`apply_input`"]
    {
        assert!(text.contains(part), "{part} is not in: {text}");
    }
    assert!(!text.contains("pos.y"), "{text}");
    assert_eq!(format!("{wrong:?}"), text, "a test that unwraps shows the causes too");
    check_prediction::<Walk>(&Fault::Skips, 1, 300, 1).unwrap_err();
}

#[test]
fn a_game_says_what_only_its_server_changes_and_how_much_it_pushes() {
    let wrong = check_prediction::<Walk>(&Fault::Scores, 1, 300, 1).unwrap_err();
    assert!(wrong.what.contains("field `score`"), "{wrong}");
    let scores = Allowed { server_fields: &["score"], ..Allowed::default() };
    check_prediction_within::<Walk>(&Fault::Scores, 1, 300, 1, scores).unwrap();
    let misspelt = Allowed { server_fields: &["pos", "scroe"], ..Allowed::default() };
    let wrong = check_prediction_within::<Walk>(&Fault::Nothing, 1, 300, 1, misspelt).unwrap_err();
    assert!(wrong.what.contains("names `scroe`"), "{wrong}");

    let pushes = |wrong_per_mille| Allowed { wrong_per_mille, ..Allowed::default() };
    check_prediction_within::<Walk>(&Fault::Blink, 1, 300, 1, pushes(10)).unwrap_err();
    let passed = check_prediction_within::<Walk>(&Fault::Blink, 1, 300, 1, pushes(50)).unwrap();
    assert!((8..=12).contains(&passed.wrong), "one a second: {passed:?}");
    check_prediction_within::<Walk>(&Fault::Platform, 1, 300, 1, pushes(500)).unwrap_err();
}

#[test]
fn the_fuzzed_games_player_is_predicted() {
    check_prediction::<fuzzed::Small>(&0, 1, 300, 1).unwrap();
}
