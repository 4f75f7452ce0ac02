//! `check_prediction` finds games whose players cannot be predicted, and accepts those of this repository.
//!
//! `rules/tests/code.rs` sees every game.

#![allow(clippy::unwrap_used)]

#[path = "../../fuzz/src/game.rs"]
#[allow(dead_code, unreachable_pub)]
mod fuzzed;

use serde::{Deserialize, Serialize};
use tickwire_arena::{Arena, Settings};
use tickwire_shared::harness::{Allowed, check_prediction, check_prediction_within};
use tickwire_shared::prelude::*;

#[derive(Clone, Debug, PartialEq, Entity)]
struct Walker {
    #[entity(range = -4096.0..=4096.0, grid = 64, predict = linear(vel))]
    pos: Vec2,
    #[entity(range = -2.0..=2.0, grid = 64)]
    vel: Vec2,
    #[entity(angle = 256)]
    aim: f32,
    score: u8,
}

#[derive(Clone, Debug, Default, PartialEq, Input)]
struct Stick {
    #[input(range = -1.0..=1.0, grid = 100)]
    push: Vec2,
    #[input(angle = 512)]
    aim: f32,
}

/// What `step` does besides `apply_input`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
enum Fault {
    #[default]
    Nothing,
    /// All players stand on a moving platform.
    Platform,
    /// A point each second.
    Scores,
    /// Ticks without input are skipped.
    Skips,
    /// Each second all players are moved elsewhere.
    Blink,
}

struct Walk {
    fault: Fault,
    players: Vec<(PlayerId, EntityId)>,
}

impl Game for Walk {
    type Settings = Fault;
    type Scene = ();
    type Input = Stick;
    type Entity = Walker;
    type State = ();
    type Context = ();
    type Event = ();
    type Command = ();

    fn scene(_: &Fault, _: TickRate) -> Result<(), BadSettings> {
        Ok(())
    }

    fn new(setup: &Setup<'_, Self>, _: &mut Stage<Self>) -> Self {
        Self { fault: *setup.settings, players: Vec::new() }
    }

    fn join(&mut self, stage: &mut Stage<Self>, joining: &Joining<'_, Self>) -> Result<EntityId, Refusal> {
        let own = stage.world.spawn(Walker { pos: Vec2::ZERO, vel: Vec2::ZERO, aim: 0.0, score: 0 })?;
        self.players.push((joining.player, own));
        Ok(own)
    }

    fn leave(&mut self, stage: &mut Stage<Self>, player: PlayerId, _: LeaveReason) {
        self.players.retain(|(of, own)| *of != player || stage.world.despawn(*own).is_none());
    }

    fn step(&mut self, stage: &mut Stage<Self>, turn: &Turn<'_, Self>) {
        let on_the_second = turn.tick.0.is_multiple_of(30);
        for player in turn.players {
            let Some(own) = stage.world.get_mut(player.entity) else { continue };
            if self.fault != Fault::Skips || player.input.push != Vec2::ZERO {
                Self::apply_input(own, &player.input, &turn.step());
            }
            match self.fault {
                Fault::Platform => own.pos.x += 0.25,
                Fault::Scores if on_the_second => own.score = own.score.saturating_add(1),
                Fault::Blink if on_the_second => own.pos = Vec2::ZERO,
                _ => {}
            }
        }
    }

    fn apply_input(own: &mut Walker, input: &Stick, _: &Step<'_, Self>) {
        own.vel = input.push * 1.5;
        own.pos += own.vel;
        own.aim += input.aim / 8.0;
    }
}

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
    check_prediction::<Walk>(&Fault::Skips, 1, 300, 1).unwrap_err();
}

#[test]
fn a_game_says_what_only_its_server_changes_and_how_much_it_pushes() {
    let wrong = check_prediction::<Walk>(&Fault::Scores, 1, 300, 1).unwrap_err();
    assert!(wrong.what.contains("field `score`"), "{wrong}");
    let scores = Allowed { server_fields: &["score"], ..Allowed::default() };
    check_prediction_within::<Walk>(&Fault::Scores, 1, 300, 1, scores).unwrap();

    let pushes = |wrong_per_mille| Allowed { wrong_per_mille, ..Allowed::default() };
    check_prediction_within::<Walk>(&Fault::Blink, 1, 300, 1, pushes(10)).unwrap_err();
    let passed = check_prediction_within::<Walk>(&Fault::Blink, 1, 300, 1, pushes(50)).unwrap();
    assert!((8..=12).contains(&passed.wrong), "one a second: {passed:?}");
    check_prediction_within::<Walk>(&Fault::Platform, 1, 300, 1, pushes(500)).unwrap_err();
}

/// The fields of a ship that only the arena's server changes.
const SHIP: &[&str] = &["hp", "alive", "shielded", "weapon", "rapid_s", "score", "deaths"];

#[test]
fn the_arenas_players_predict_their_ships() {
    let alone = Allowed { server_fields: SHIP, ..Allowed::default() };
    check_prediction_within::<Arena>(&Settings::default(), 1, 900, 1, alone).unwrap();
    let crowd = Allowed { wrong_per_mille: 60, ..alone };
    check_prediction_within::<Arena>(&Settings::default(), 1, 900, 6, crowd).unwrap();
}

#[test]
fn the_fuzzed_games_player_is_predicted() {
    check_prediction::<fuzzed::Small>(&0, 1, 300, 1).unwrap();
}
