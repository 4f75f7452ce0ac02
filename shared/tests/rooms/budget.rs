//! The byte budget is a bound: how much a client gets in any two seconds, what is sent first, and how long
//! the rest waits.

use crate::games::war::*;
use tickwire_shared::client::ClientEvent;
use tickwire_shared::harness::{ClientIndex, Harness, check_prediction};
use tickwire_shared::prelude::*;
use tickwire_shared::wire::update::Update;

#[test]
fn units_are_predicted() {
    check_prediction::<War>(&Field::default(), 3, 300, 3).unwrap();
}

fn war(field: &Field, budget: u32) -> (Harness<War>, ClientIndex) {
    let mut harness = Harness::<War>::new(field.clone(), 8);
    harness.budget(budget);
    let ada = harness.join("ada");
    harness.drive(ada, |_, rng| Pad { x: rng.range(-1, 1) as i8, y: rng.range(-1, 1) as i8 });
    harness.run_ticks(300);
    (harness, ada)
}

/// Bytes of each tick: all of them, and those that are always sent.
fn run(harness: &mut Harness<War>, ticks: u32) -> Vec<(u64, u64)> {
    let mut before = harness.room().stats().clone();
    let ran = (0..ticks).map(|_| {
        harness.run_ticks(1);
        let now = harness.room().stats().clone();
        let went = (now.update_bytes - before.update_bytes, now.floor_bytes - before.floor_bytes);
        before = now;
        went
    });
    ran.collect()
}

fn largest_packet(harness: &mut Harness<War>) -> u64 {
    let messages = harness.take_recorded();
    let updates = messages.iter().filter_map(|message| Update::decode(message).ok());
    updates.flat_map(|update| update.streams).map(|packet| packet.payload.len() as u64 + 9).max().unwrap_or(0)
}

#[test]
fn in_any_two_seconds_a_client_gets_no_more_than_its_budget_or_its_floor() {
    for (units, radius, speed) in [(3_000, 9_000, 90), (3_000, 9_000, 10), (1_000, 20_000, 20)] {
        for budget in [300, 2_000, 8_000, 20_000] {
            let (mut harness, ada) = war(&Field { units, speed, radius, deadly: false }, budget);
            harness.record(ada);
            let before = harness.client(ada).stats().clone();
            let ticks = run(&mut harness, 450);
            let (stats, packet) = (harness.client(ada).stats().clone(), largest_packet(&mut harness));
            let case = format!("{units} units, speed {speed}, radius {radius}, budget {budget}");
            for (at, window) in ticks.windows(60).enumerate() {
                let (all, floor) = window.iter().fold((0, 0), |sum, tick| (sum.0 + tick.0, sum.1 + tick.1));
                let most = u64::from(budget) * 22 / 10;
                let floor = floor + (u64::from(budget) / 2).max(packet);
                assert!(all <= most.max(floor), "{case}, tick {at}: {all} bytes, floor {floor}");
            }
            let compared = stats.predictions - before.predictions;
            let wrong = stats.predictions_wrong - before.predictions_wrong;
            assert!(compared >= 445 && wrong == 0, "{case}: {wrong} of {compared} predictions are wrong");
            assert_eq!(stats.hash_mismatches, 0, "{case}");
            harness.assert_in_sync();
        }
    }
}

#[test]
fn a_budget_is_used_and_the_near_is_newer_than_the_far() {
    let (mut harness, ada) = war(&Field { units: 3_000, speed: 10, radius: 9_000, deadly: false }, 6_000);
    harness.record(ada);
    let (mut ages, mut counts, mut oldest, mut spent, mut asked) = ([0_i64; 2], [0_i64; 2], 0, 0, 0);
    for _ in 0..600 {
        let (all, floor) = run(&mut harness, 1)[0];
        spent += all;
        asked += all - floor;
        let client = harness.client(ada);
        let Some((_, own)) = client.own() else { panic!("a player has a unit") };
        for (_, state) in client.streams() {
            let age = harness.tick().since(state.tick);
            oldest = oldest.max(age);
            for row in state.rows() {
                let far = (IVec2::new(row.values[0], row.values[1]) - own.pos).length_squared() > CELL * CELL;
                ages[usize::from(far)] += age;
                counts[usize::from(far)] += 1;
            }
        }
    }
    assert!((5_000..=6_600).contains(&(spent / 20)), "{} bytes/s", spent / 20);
    let means = [0, 1].map(|at| ages[at] as f64 / counts[at] as f64);
    assert!(means[0] * 1.5 < means[1], "near streams are {} ticks old, far ones {}", means[0], means[1]);
    let messages = harness.take_recorded();
    let updates: Vec<_> = messages.iter().filter_map(|message| Update::decode(message).ok()).collect();
    // Each update contains the player's own stream, which does not ask.
    let packets = updates.iter().map(|update| update.streams.len()).sum::<usize>() - updates.len();
    let all_bytes = asked as usize / packets * harness.client(ada).streams().count();
    // Every other stream is sent once, at the rate that the player's own stream leaves, and the farthest ones
    // take at most twice as long.
    let turn_s = all_bytes as f64 / (asked as f64 / 20.0);
    assert!(
        oldest as f64 <= turn_s * 30.0 * 2.0,
        "a stream waits for {oldest} ticks, a turn takes {turn_s} s"
    );
}

#[test]
fn on_the_screen_nobody_is_lost_or_shown_twice_on_its_way_between_two_streams() {
    let (mut harness, ada) = war(&Field { units: 1_000, speed: 60, radius: 9_000, deadly: false }, 5_000);
    let (mut known, mut held) = (Vec::new(), 0);
    for _ in 0..600 {
        harness.run_ticks(1);
        let Some((_, own)) = harness.client(ada).own() else { panic!("a player has a unit") };
        let shown = harness.client(ada).view(harness.now());
        let ids: Vec<EntityId> = shown.iter().map(|(id, _)| *id).collect();
        assert!(ids.is_sorted_by(|a, b| a < b), "no unit is shown twice");
        let world = harness.room().world();
        let near = |id: EntityId| {
            world.get(id).is_some_and(|unit| (unit.pos - own.pos).length_squared() < CELL * CELL)
        };
        let gone = known.iter().filter(|id| ids.binary_search(id).is_err() && near(**id)).count();
        assert_eq!(gone, 0, "tick {}", harness.tick());
        held += harness
            .client(ada)
            .rows()
            .len()
            .saturating_sub(harness.client(ada).streams().map(|(_, state)| state.len()).sum::<usize>());
        known = ids;
    }
    assert!(held > 0, "some were between two streams");
    assert_eq!(harness.room().stats().entities_not_held, 0);
    // With enough bytes everything matches the server.
    harness.budget(0);
    harness.run_ticks(60);
    harness.assert_caught_up(1);
    let streams: usize = harness.client(ada).streams().map(|(_, state)| state.len()).sum();
    assert_eq!(harness.client(ada).rows().len(), streams, "no entity is held any longer");
}

#[test]
fn who_dies_on_its_way_or_goes_out_of_view_is_no_ghost() {
    let (mut harness, ada) = war(&Field { units: 2_000, speed: 90, radius: 6_000, deadly: true }, 3_000);
    let mut shown_dead = 0;
    for _ in 0..300 {
        harness.run_ticks(1);
        // A dead unit may be shown while its stream waits.
        let alive = harness.room().world();
        shown_dead += harness.client(ada).rows().iter().filter(|row| alive.get(row.id).is_none()).count();
    }
    assert!(shown_dead < 300 * 40, "{shown_dead}");
    harness.budget(0);
    harness.run_ticks(30);
    let alive = harness.room().world();
    let ghosts = harness.client(ada).rows().iter().filter(|row| alive.get(row.id).is_none()).count();
    assert!(ghosts <= 2, "{ghosts}: except for those of the last ticks");
}

#[test]
fn the_floor_is_told_to_game_and_operator() {
    let (mut harness, ada) = war(&Field { units: 3_000, speed: 90, radius: 9_000, deadly: false }, 300);
    run(&mut harness, 120);
    let stats = harness.room().stats();
    assert!(stats.floor_bytes > 0 && stats.floors_above_budget > 100, "{stats:?}");
    let told = harness.take_events(ada).into_iter().filter_map(|event| match event {
        ClientEvent::Game(floor) => Some(floor),
        _ => None,
    });
    assert!(told.max() > Some(600));
    let (mut harness, _) = war(&Field { units: 100, speed: 10, radius: 9_000, deadly: false }, 6_000);
    run(&mut harness, 120);
    assert_eq!(harness.room().stats().floors_above_budget, 0);
}
