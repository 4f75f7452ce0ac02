//! A server that loses time: tick numbers follow real time, so players' actions count as soon as the server
//! continues.

use crate::games::clicks::*;
use core::time::Duration;
use tickwire_shared::harness::{ClientIndex, Harness, LinkProfile};
use tickwire_shared::link::PathProfile;
use tickwire_shared::prelude::*;

fn table(hz: u16, seed: u64) -> (Harness<Clicks>, ClientIndex) {
    let mut harness = Harness::<Clicks>::at_rate((), seed, TickRate::new(hz).unwrap());
    let ada = harness.join("ada");
    let way = PathProfile { delay: Duration::from_millis(20), ..PathProfile::CLEAN };
    harness.link(ada, LinkProfile::both(way));
    harness.run_ticks(5 * u32::from(hz));
    (harness, ada)
}

fn clicks(harness: &Harness<Clicks>, ada: ClientIndex) -> i32 {
    let client = harness.client(ada);
    client.latest().and_then(|state| state.get(client.own_id()?)).map_or(0, |row| row.values[0])
}

/// Clicks and waits until the server's state shows it; returns how long that took.
fn effect(harness: &mut Harness<Clicks>, ada: ClientIndex) -> Duration {
    let (before, pressed_at) = (clicks(harness, ada), harness.now());
    harness.set_input(ada, CLICK);
    while clicks(harness, ada) == before {
        harness.run_ticks(1);
        assert!(harness.now() < pressed_at + Duration::from_secs(90), "the click was lost");
    }
    harness.now() - pressed_at
}

/// The slowest effect of ten presses, after one second.
fn slowest_effect(harness: &mut Harness<Clicks>, ada: ClientIndex, hz: u16) -> Duration {
    harness.run_ticks(u32::from(hz));
    let press = |_| {
        harness.run_ticks(u32::from(hz) / 5);
        effect(harness, ada)
    };
    (0..10).map(press).max().unwrap()
}

#[test]
fn after_any_pause_of_the_server_an_input_has_its_effect_at_once() {
    for hz in [10, 30, 128] {
        for pause_ms in [200, 1_000, 10_000, 60_000] {
            let (mut harness, ada) = table(hz, 7);
            // At 10 Hz it always takes longer: up to three ticks.
            let usual = slowest_effect(&mut harness, ada, hz);
            let allowed = Duration::from_millis(250).max(usual + harness.room().config().tick_rate.period());
            harness.pause_room(Duration::from_millis(pause_ms));
            let slowest = slowest_effect(&mut harness, ada, hz);
            assert!(slowest < allowed, "{hz} Hz, {pause_ms} ms: {slowest:?}, usually {usual:?}");
            let stats = harness.client(ada).stats();
            assert_eq!((stats.events_lost, stats.hash_mismatches), (0, 0));
        }
    }
}

#[test]
fn after_a_pause_and_a_resume_too() {
    for pause_ms in [1_000, 20_000, 60_000] {
        let (mut harness, ada) = table(30, 8);
        harness.pause_room(Duration::from_millis(pause_ms));
        harness.run_ticks(1);
        harness.cut(ada);
        harness.run_ticks(3);
        assert!(harness.resume(ada));
        let slowest = slowest_effect(&mut harness, ada, 30);
        assert!(slowest < Duration::from_millis(250), "{pause_ms} ms: {slowest:?}");
    }
}

#[test]
fn a_player_that_was_cut_before_a_pause_keeps_its_seat_for_the_whole_grace() {
    let (mut harness, ada) = table(30, 9);
    harness.cut(ada);
    harness.run_ticks(10 * 30);
    harness.pause_room(Duration::from_secs(60));
    harness.run_ticks(15 * 30);
    assert!(harness.resume(ada));
    harness.run_ticks(30);
    assert!(harness.client(ada).is_playing(), "{:?}", harness.client(ada).state());
}

#[test]
fn hiccups_again_and_again_delay_little() {
    let (mut harness, ada) = table(30, 10);
    let mut effects = Vec::new();
    for second in 0..40 {
        harness.pause_room(Duration::from_millis(300));
        harness.run_ticks(4 + second % 11);
        effects.push(effect(&mut harness, ada));
        harness.run_ticks(8);
    }
    effects.sort();
    assert!(effects[20] < Duration::from_millis(120), "{effects:?}");
    assert!(effects[38] < Duration::from_millis(200), "{effects:?}");
    assert_eq!(harness.client(ada).stats().inputs.refused, 0);
}

#[test]
fn a_press_in_mid_pause_counts_within_the_window_and_is_refused_beyond_it() {
    for (pause_ms, counts) in [(500, 1), (1_500, 1), (5_000, 0)] {
        let (mut harness, ada) = table(30, 11);
        let before = clicks(&harness, ada);
        harness.pause_room(Duration::from_millis(pause_ms));
        harness.set_input(ada, CLICK);
        harness.run_ticks(pause_ms as u32 * 30 / 1_000 + 30);
        let told = harness.client(ada).stats().inputs;
        assert_eq!(clicks(&harness, ada), before + counts, "{pause_ms} ms: {told:?}");
        assert_eq!(told.refused == 0, counts == 1, "{pause_ms} ms: {told:?}");
    }
}

#[test]
fn tick_numbers_follow_real_time_and_the_game_is_told() {
    let (mut harness, ada) = table(30, 12);
    let row = |harness: &Harness<Clicks>| {
        let client = harness.client(ada);
        client.latest().unwrap().get(client.own_id().unwrap()).unwrap().values.to_vec()
    };
    let (before, tick) = (row(&harness), harness.tick());
    harness.pause_room(Duration::from_secs(10));
    harness.run_ticks(15 * 30);
    let (passed, seconds) = (row(&harness)[4] - before[4], row(&harness)[3] - before[3]);
    assert!(harness.tick().since(tick) >= 15 * 30);
    assert_eq!(harness.tick().0, harness.room().config().tick_rate.ticks_floor(harness.now()));
    assert!((i64::from(passed) - harness.tick().since(tick)).abs() < 8, "{passed} ticks passed");
    // What falls into the pause happens once.
    assert!((6..=7).contains(&seconds), "{seconds} seconds began");
}

#[test]
fn a_round_trip_of_two_seconds_is_played_without_loss_at_every_rate() {
    for hz in [10, 30, 60, 128] {
        let (mut harness, ada) = table(hz, 13);
        let way = PathProfile { delay: Duration::from_millis(1_000), ..PathProfile::CLEAN };
        harness.link(ada, LinkProfile::both(way));
        harness.run_ticks(30 * u32::from(hz));
        let before = harness.client(ada).stats().clone();
        for _ in 0..5 {
            let took = effect(&mut harness, ada);
            assert!(took < Duration::from_millis(2_500), "{hz} Hz: {took:?}");
        }
        let after = harness.client(ada).stats();
        assert_eq!(after.inputs.refused, before.inputs.refused, "{hz} Hz");
        assert_eq!(after.inputs_dropped, before.inputs_dropped, "{hz} Hz");
        assert_eq!(after.keyframes, before.keyframes, "{hz} Hz: a baseline was no longer stored");
        assert!(after.predictions - before.predictions > 5, "{hz} Hz: nothing was compared");
    }
}
