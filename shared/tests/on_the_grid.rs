//! Both ends compute with what crosses the wire: inputs on their grids, settings as clients receive them.

#![allow(clippy::unwrap_used)]

use core::time::Duration;
use serde::{Deserialize, Serialize};
use tickwire_shared::client::ClientStats;
use tickwire_shared::harness::{Harness, LinkProfile, check_prediction};
use tickwire_shared::prelude::*;
use tickwire_shared::room::{Room, RoomConfig, RoomError};

#[derive(Clone, Debug, PartialEq, Entity)]
struct Body {
    #[entity(range = -512.0..=512.0, grid = 1024, predict = linear(vel))]
    pos: Vec2,
    #[entity(range = -2.0..=2.0, grid = 1024)]
    vel: Vec2,
    #[entity(angle = 65536)]
    aim: f32,
    gear: u8,
}

#[derive(Clone, Debug, Default, PartialEq, Input)]
struct Stick {
    #[input(range = -1.0..=1.0, grid = 127)]
    push: Vec2,
    #[input(angle = 1024)]
    aim: f32,
    #[input(range = 0.0..=1.0, grid = 100)]
    throttle: f32,
    /// Its default, 0, is not on its grid.
    #[input(range = 1..=5)]
    gear: u8,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Rules {
    #[serde(skip)]
    boost: f32,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<u8>,
    last: u8,
}

struct Drive(Vec<(PlayerId, EntityId)>);

impl Game for Drive {
    type Settings = Rules;
    type Scene = f32;
    type Input = Stick;
    type Entity = Body;
    type State = ();
    type Context = ();
    type Event = ();
    type Command = ();

    fn scene(rules: &Rules, _: TickRate) -> Result<f32, BadSettings> {
        Ok(0.3 + rules.boost)
    }

    fn new(_: &Setup<'_, Self>, _: &mut Stage<Self>) -> Self {
        Self(Vec::new())
    }

    fn join(&mut self, stage: &mut Stage<Self>, joining: &Joining<'_, Self>) -> Result<EntityId, Refusal> {
        let own = stage.world.spawn(Body { pos: Vec2::ZERO, vel: Vec2::ZERO, aim: 0.0, gear: 1 })?;
        self.0.push((joining.player, own));
        Ok(own)
    }

    fn leave(&mut self, stage: &mut Stage<Self>, player: PlayerId, _: LeaveReason) {
        self.0.retain(|(of, own)| *of != player || stage.world.despawn(*own).is_none());
    }

    fn step(&mut self, stage: &mut Stage<Self>, turn: &Turn<'_, Self>) {
        for player in turn.players {
            if let Some(own) = stage.world.get_mut(player.entity) {
                Self::apply_input(own, &player.input, &turn.step());
            }
        }
    }

    fn apply_input(own: &mut Body, input: &Stick, step: &Step<'_, Self>) {
        own.gear = input.gear;
        own.vel = input.push * *step.scene * input.throttle * f32::from(input.gear) / 5.0;
        own.pos += own.vel;
        own.aim = input.aim;
    }
}

fn settings(boost: f32) -> Rules {
    Rules { boost, note: Some(1), last: 7 }
}

/// A lone player in an empty room, 40 ms away.
fn alone(boost: f32, drive: impl FnMut() -> Stick + 'static) -> ClientStats {
    let mut harness = Harness::<Drive>::new(settings(boost), 7);
    let ada = harness.join("ada");
    let mut drive = drive;
    harness.drive(ada, move |_, _| drive());
    harness.link(ada, LinkProfile::delayed(Duration::from_millis(40)));
    harness.run_ticks(900);
    harness.client(ada).stats().clone()
}

#[test]
fn analog_controls_are_predicted_as_the_server_gets_them() {
    let mut angle = 0.0_f32;
    let stats = alone(0.0, move || {
        angle += 0.05;
        let push = Vec2::new(angle.cos(), angle.sin());
        Stick { push, aim: angle * 3.0, throttle: 0.5 + angle.sin(), gear: 9 }
    });
    assert!(stats.predictions > 850, "{stats:?}");
    assert_eq!(stats.predictions_wrong, 0, "{stats:?}");
}

#[test]
fn whatever_is_pressed_nothing_is_predicted_wrongly() {
    for players in [1, 3] {
        check_prediction::<Drive>(&settings(0.0), 2, 300, players).unwrap();
    }
}

#[test]
fn controls_that_lie_outside_their_range_by_default_are_predicted_too() {
    let stats = alone(0.0, Stick::default);
    assert!(stats.predictions > 30, "{stats:?}");
    assert_eq!(stats.predictions_wrong, 0, "{stats:?}");
}

#[test]
fn a_room_steps_with_the_settings_that_its_clients_get() {
    let stats = alone(0.2, || Stick { push: Vec2::X, throttle: 1.0, gear: 5, ..Stick::default() });
    assert!(stats.predictions > 30, "{stats:?}");
    assert_eq!(stats.predictions_wrong, 0, "{stats:?}");
}

#[test]
fn settings_that_no_client_could_read_are_refused() {
    let config = RoomConfig {
        id: tickwire_shared::id::RoomId::from_bits(1),
        tick_rate: TickRate::DEFAULT,
        spectators_max: 0,
        resume_grace: Duration::ZERO,
        client_bytes_per_s: 0,
    };
    let unreadable = Rules { note: None, ..settings(0.0) };
    let refused = Room::<Drive>::new(config, unreadable, 1).map(|_| ());
    assert_eq!(refused, Err(RoomError::SettingsUnreadable));
}
