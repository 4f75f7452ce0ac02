//! Both ends compute with what crosses the wire: inputs on their grids, settings as clients receive them.

use crate::fixtures::config;
use crate::games::drive::*;
use core::time::Duration;
use tickwire_shared::client::ClientStats;
use tickwire_shared::harness::{Harness, LinkProfile, check_prediction};
use tickwire_shared::prelude::*;
use tickwire_shared::room::{Room, RoomError};

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
    let unreadable = Rules { note: None, ..settings(0.0) };
    let refused = Room::<Drive>::new(config(0), unreadable, 1).map(|_| ());
    assert_eq!(refused, Err(RoomError::SettingsUnreadable));
}
