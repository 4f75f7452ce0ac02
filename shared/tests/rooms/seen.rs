//! Lag compensation rewinds to the rendered frame that the player saw.

use crate::games::hunt::*;
use core::time::Duration;
use std::cell::RefCell;
use std::rc::Rc;
use tickwire_shared::client::ClientEvent;
use tickwire_shared::harness::{Harness, LinkProfile, check_prediction};
use tickwire_shared::prelude::*;

const PULL: Trigger = Trigger { pull: Button { down: false, pressed: true }, aim: 0 };

#[test]
fn the_room_sees_the_target_where_the_last_frame_before_the_trigger_showed_it() {
    for frames_hz in [20, 60, 144, 240] {
        let mut harness = Harness::<Hunt>::new((), 2);
        let ada = harness.join("ada");
        harness.link(ada, LinkProfile::delayed(Duration::from_millis(40)));
        harness.run_ticks(30);
        let drawn = Rc::new(RefCell::new(0.0_f64));
        let last = drawn.clone();
        harness.render_at(ada, frames_hz, move |client, now| {
            let mut frame = tickwire_shared::client::RenderedFrame::default();
            client.render_into(now, &mut frame);
            let x = frame.rows().find(|row| row.kind == 0).map(|row| row.values[0]);
            *last.borrow_mut() = x.unwrap_or_default();
        });
        harness.run_ticks(90);
        let mut off = Vec::new();
        for shot in 0..40 {
            harness.set_input(ada, PULL);
            let seen = *drawn.borrow();
            let mut looked = None;
            while looked.is_none() {
                harness.run_ticks(1);
                looked = harness.take_events(ada).into_iter().find_map(|event| match event {
                    ClientEvent::Game(x) => Some(x),
                    _ => None,
                });
            }
            off.push(f64::from(looked.unwrap()) - seen);
            harness.run_ticks(3 + shot % 5);
        }
        let worst = off.iter().copied().fold(0.0, |worst: f64, off| worst.max(off.abs()));
        assert!(worst <= 1.0, "{frames_hz} rendered frames a second: {off:?}");
    }
}

#[test]
fn the_hunters_are_predicted() {
    check_prediction::<Hunt>(&(), 5, 600, 1).unwrap();
}
