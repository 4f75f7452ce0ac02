//! Even motion is drawn evenly: on a fast display, on coarse grids, with and without declared velocities.

use crate::games::moving::*;
use core::time::Duration;
use std::cell::RefCell;
use std::f64::consts::TAU;
use std::rc::Rc;
use tickwire_shared::client::RenderedFrame;
use tickwire_shared::harness::{Harness, LinkProfile};

/// What is seen of all entities at `hz` rendered frames a second.
struct Seen {
    entities: Vec<Vec<Thing>>,
    /// The fields of the kinds in grid steps, as JavaScript gets them.
    rows: Vec<Vec<(u8, Vec<f64>)>>,
}

fn watch(hz: u16, ticks: u32) -> Seen {
    let mut harness = Harness::<Moving>::new((), 7);
    let ada = harness.join("ada");
    harness.link(ada, LinkProfile::delayed(Duration::from_millis(30)));
    harness.set_input(ada, Pad { x: 1, look: 0.0 });
    harness.run_ticks(120);
    let seen = Rc::new(RefCell::new(Seen { entities: Vec::new(), rows: Vec::new() }));
    let into = seen.clone();
    harness.render_at(ada, hz, move |client, now| {
        let mut frame = RenderedFrame::default();
        client.render_into(now, &mut frame);
        let rows = frame.rows().map(|row| (row.kind, row.values.to_vec())).collect();
        let entities = client.view(now).into_iter().map(|(_, entity)| entity).collect();
        into.borrow_mut().rows.push(rows);
        into.borrow_mut().entities.push(entities);
    });
    harness.run_ticks(ticks);
    harness.assert_in_sync();
    drop(harness);
    Rc::try_unwrap(seen).ok().unwrap().into_inner()
}

impl Seen {
    /// The steps from one rendered frame to the next of a value that grows, and wraps at `whole`.
    fn steps(&self, whole: f64, pick: impl Fn(&Thing) -> Option<f64>) -> Vec<f64> {
        let values: Vec<f64> =
            self.entities.iter().map(|things| things.iter().find_map(&pick).unwrap()).collect();
        Self::differences(&values, whole)
    }

    fn row_steps(&self, kind: u8, field: usize, whole: f64) -> Vec<f64> {
        let value = |rows: &Vec<(u8, Vec<f64>)>| rows.iter().find(|row| row.0 == kind).unwrap().1[field];
        Self::differences(&self.rows.iter().map(value).collect::<Vec<_>>(), whole)
    }

    fn differences(values: &[f64], whole: f64) -> Vec<f64> {
        let half = whole / 2.0;
        values.windows(2).map(|two| (two[1] - two[0] + half).rem_euclid(whole) - half).collect()
    }
}

#[track_caller]
fn assert_even(name: &str, hz: u16, steps: &[f64], ideal_per_tick: f64) {
    let ideal = ideal_per_tick * 30.0 / f64::from(hz);
    let (least, most) = steps.iter().fold((f64::MAX, f64::MIN), |(a, b), step| (a.min(*step), b.max(*step)));
    assert!(steps.len() > 100, "{name}: {} rendered frames", steps.len());
    assert!(most <= 1.5 * ideal, "{name} at {hz} Hz: a step of {most}, ideal is {ideal}");
    assert!(least >= 0.4 * ideal, "{name} at {hz} Hz: a step of {least}, ideal is {ideal}");
}

const ENDLESS: f64 = 1e9;

#[test]
fn others_glide_whatever_predicts_them_on_any_grid() {
    for hz in [60, 144, 240] {
        let seen = watch(hz, 150);
        let even = |name, whole, ideal, pick: &dyn Fn(&Thing) -> Option<f64>| {
            assert_even(name, hz, &seen.steps(whole, pick), ideal);
        };
        let held = |thing: &Thing| if let Thing::Held(held) = thing { Some(held.clone()) } else { None };
        even("a held position", ENDLESS, 0.125, &|thing| Some(held(thing)?.pos.x.into()));
        even("a held angle", TAU, 0.3, &|thing| Some(held(thing)?.aim.into()));
        even("a grid of 1/4", ENDLESS, 0.25, &|thing| match thing {
            Thing::Coarse(coarse) => Some(coarse.pos.x.into()),
            _ => None,
        });
        assert_even("integers on whole tiles", hz, &seen.row_steps(3, 0, ENDLESS), 1.0);
        assert_even("a torus", hz, &seen.row_steps(4, 0, 64.0), 1.0);
        assert_even("a spinner", hz, &seen.row_steps(4, 2, 1024.0), 700.0);
        let still = seen.steps(ENDLESS, |thing| Some(held(thing)?.exact.x.into()));
        let still = still.iter().filter(|step| **step == 0.0).count() as f64 / still.len() as f64;
        assert!((still - (1.0 - 30.0 / f64::from(hz))).abs() < 0.05, "switched off at {hz} Hz: {still}");
        let numbers = seen.row_steps(5, 0, 256.0);
        assert!(numbers.iter().all(|step| step % 3.0 == 0.0), "a number has nothing between its values");
    }
}

#[test]
fn a_players_entity_moves_evenly_on_whole_tiles_and_its_turret_turns_evenly() {
    for hz in [60, 144, 240] {
        let seen = watch(hz, 150);
        let me = |thing: &Thing| if let Thing::Me(me) = thing { Some(me.clone()) } else { None };
        assert_even("its own position", hz, &seen.steps(ENDLESS, |thing| Some(me(thing)?.pos.x.into())), 1.0);
        let turret = TAU * (0.2 * 64.0 / TAU).round() / 64.0;
        assert_even("the turret", hz, &seen.steps(TAU, |thing| Some(me(thing)?.turret.into())), turret);
    }
}

#[test]
fn what_the_controls_set_shows_in_the_next_frame_whole() {
    let mut harness = Harness::<Moving>::new((), 7);
    let ada = harness.join("ada");
    harness.run_ticks(60);
    harness.set_input(ada, Pad { x: 0, look: 1.0 });
    let now = harness.now() + Duration::from_millis(3);
    let view = harness.client(ada).view(now);
    let me = view.iter().find_map(|(_, thing)| if let Thing::Me(me) = thing { Some(me) } else { None });
    assert!((me.unwrap().look - 1.0).abs() < 0.02, "{view:?}");
}

#[test]
fn its_players_are_predicted() {
    tickwire_shared::harness::check_prediction::<Moving>(&(), 1, 300, 2).unwrap();
}
