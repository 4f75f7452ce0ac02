//! Views that do not get everything at once, because of a byte budget or because they are too wide: no entity
//! is lost, no dead entity returns, and entities at rest cost no more than without a bound.

use crate::games::depot::*;
use std::collections::{BTreeMap, BTreeSet};
use tickwire_shared::harness::{ClientIndex, Harness, LinkProfile, check_prediction};
use tickwire_shared::prelude::*;

/// The side of a cell.
const CELL: i32 = SIDE / 8;

fn crate_at(x: i32, y: i32, tag: u32) -> Crate {
    Crate { pos: IVec2::new(x, y), vel: IVec2::ZERO, tag }
}

/// Spawns crates all over the yard in the first step.
fn strew(world: &mut World<Crate>, count: u32, speed: i32) {
    let mut rng = Rng::new(5);
    for tag in 0..count {
        let pos = IVec2::new(rng.range(0, SIDE), rng.range(0, SIDE));
        let vel = IVec2::new(rng.range(-speed, speed), rng.range(-speed, speed));
        let _ = world.spawn(Crate { pos, vel, tag });
    }
}

fn depot(yard: Yard, budget: u32) -> (Harness<Depot>, ClientIndex) {
    let mut harness = Harness::<Depot>::new(yard, 3);
    let ada = harness.join("ada");
    harness.run_ticks(150);
    harness.budget(budget);
    (harness, ada)
}

fn ghosts(harness: &Harness<Depot>, client: ClientIndex) -> usize {
    let world = harness.room().world();
    harness.client(client).rows().iter().filter(|row| world.get(row.id).is_none()).count()
}

#[test]
fn crates_are_predicted() {
    check_prediction::<Depot>(&Yard::default(), 3, 100, 2).unwrap();
}

#[test]
fn a_world_at_rest_costs_no_more_with_a_budget_and_keeps_nobody_waiting() {
    let cost = |budget| {
        script(|world, tick, _| {
            if tick == 1 {
                strew(world, 600, 0)
            }
        });
        let (mut harness, ada) = depot(Yard { radius: 4_000, ..Yard::default() }, budget);
        harness.run_ticks(300);
        let (room, client) = (harness.room().stats().clone(), harness.client(ada).stats().clone());
        let mut waiting = 0;
        for _ in 0..600 {
            harness.run_ticks(1);
            waiting += harness.client(ada).streams_waiting();
        }
        let keyframes = harness.client(ada).stats().keyframes - client.keyframes;
        assert_eq!((keyframes, waiting), (0, 0), "budget {budget}");
        harness.assert_in_sync();
        harness.room().stats().update_bytes - room.update_bytes
    };
    let free = cost(0);
    for budget in [8_000, 4_000, 1_000] {
        assert!(cost(budget) <= free, "{} with {budget}, {free} without", cost(budget));
    }
}

#[test]
fn a_repair_that_finds_nothing_any_more_is_told() {
    for budget in [0, 600] {
        script(|world, tick, _| match tick {
            1 => (0..8).for_each(|n| _ = world.spawn(crate_at(4_700 + n, 5_500, n as u32))),
            195 => {
                let crates: Vec<EntityId> =
                    world.iter().filter(|(_, one)| one.tag < 8).map(|(id, _)| id).collect();
                crates.into_iter().for_each(|id| _ = world.despawn(id));
            }
            _ => {}
        });
        let mut harness = Harness::<Depot>::new(Yard::default(), 3);
        let ada = harness.join("ada");
        harness.run_ticks(188);
        harness.budget(budget);
        assert!(harness.lose_rows(ada) && harness.corrupt(ada));
        harness.run_ticks(300);
        assert_eq!(ghosts(&harness, ada), 0, "budget {budget}");
        harness.assert_in_sync();
    }
}

#[test]
fn who_is_cut_looks_where_its_body_died_meanwhile() {
    script(|world, tick, own| match tick {
        1 => [(500, 500), (4_400, 4_400)].iter().for_each(|(x, y)| _ = world.spawn(crate_at(*x, *y, 7))),
        200 => own.iter().for_each(|own| _ = world.get_mut(*own).map(|own| own.pos = IVec2::splat(600))),
        220 => own.iter().for_each(|own| _ = world.despawn(*own)),
        _ => {}
    });
    let (mut harness, ada) = depot(Yard::default(), 0);
    harness.run_ticks(30);
    harness.cut(ada);
    harness.run_ticks(60);
    assert!(harness.resume(ada));
    harness.run_ticks(30);
    let seen: Vec<i32> = harness.client(ada).rows().iter().map(|row| row.values[0]).collect();
    assert_eq!(seen, [500]);
}

#[test]
fn after_a_resume_the_view_is_as_it_was_until_the_server_tells() {
    for budget in [0, 2_000] {
        script(|world, tick, _| {
            if tick == 1 {
                strew(world, 400, 0)
            }
        });
        let (mut harness, ada) = depot(Yard { radius: 2_500, ..Yard::default() }, budget);
        harness.run_ticks(200);
        let before = harness.client(ada).view(harness.now()).len();
        harness.cut(ada);
        harness.run_ticks(6);
        assert!(harness.resume(ada));
        for tick in 0..120 {
            harness.run_ticks(1);
            let (view, rows) =
                (harness.client(ada).view(harness.now()).len(), harness.client(ada).rows().len());
            assert!(
                view >= before && rows >= before,
                "budget {budget}, tick {tick}: {view}, {rows} of {before}"
            );
        }
        harness.assert_in_sync();
    }
}

#[test]
fn who_crosses_cells_that_wait_for_more_than_two_seconds_is_always_shown() {
    script(|world, tick, _| {
        if tick == 1 {
            let mut rng = Rng::new(3);
            for n in 0..240 {
                let (x, y) = (rng.range(3_000, 5_999), rng.range(3_000, 5_999));
                world.spawn(crate_at(x, y, 30_000 + n)).unwrap();
            }
            (0..12).for_each(|n| _ = world.spawn(crate_at(3_000 + 40 * n, 5_500, n as u32)));
        }
        for (_, one) in world.iter_mut() {
            match one.tag {
                60_000 => {}
                30_000.. => one.tag = 30_000 + (one.tag * 7_919 + tick) % 30_000,
                _ if tick.is_multiple_of(180) => one.vel.x = -12,
                _ if tick.is_multiple_of(90) => one.vel.x = 12,
                _ => {}
            }
        }
    });
    let (mut harness, ada) = depot(Yard { radius: 2_000, ..Yard::default() }, 1_500);
    harness.run_ticks(300);
    for tick in 0..900 {
        harness.run_ticks(1);
        let shown: BTreeSet<EntityId> =
            harness.client(ada).view(harness.now()).iter().map(|(id, _)| *id).collect();
        let walkers = harness.room().world().iter().filter(|(_, one)| one.tag < 30_000);
        let missing = walkers.filter(|(id, _)| !shown.contains(id)).count();
        assert_eq!(missing, 0, "tick {tick}");
    }
}

#[test]
fn who_is_near_and_lives_is_shown_in_every_frame() {
    for (budget, speed, sees_all) in [(1_000, 15, false), (5_000, 40, false), (10_000, 90, true)] {
        script(move |world, tick, _| {
            if tick == 1 {
                strew(world, 1_500, speed);
            }
            // From time to time each changes something, so that cells wait, and are as predicted at times.
            let says = |one: &Crate| one.tag < 30_000 && (one.tag / 2 + tick).is_multiple_of(60);
            world.iter_mut().filter(|(_, one)| says(one)).for_each(|(_, one)| one.tag ^= 1);
        });
        let (mut harness, ada) = depot(Yard { radius: 2_500, sees_all, ..Yard::default() }, budget);
        harness.link(ada, LinkProfile::WIFI);
        harness.run_ticks(60);
        let mut shown = BTreeSet::new();
        for tick in 0..300 {
            harness.run_ticks(1);
            let frame = harness.client(ada).view(harness.now());
            let now: BTreeSet<EntityId> = frame.iter().map(|(id, _)| *id).collect();
            let near = |one: &Crate| (one.pos - IVec2::splat(4_300)).length_squared() < 2_000 * 2_000;
            let world = harness.room().world();
            let lost = world.iter().filter(|(id, one)| near(one) && shown.contains(id) && !now.contains(id));
            assert_eq!(lost.count(), 0, "budget {budget}, tick {tick}");
            shown = now;
        }
        assert_eq!(harness.room().stats().entities_not_held, 0, "budget {budget}");
    }
}

#[test]
fn the_dead_do_not_come_back_where_two_streams_overlap() {
    script(|world, tick, own| {
        if tick == 1 {
            strew(world, 200, 40);
        } else if tick > 150 && tick.is_multiple_of(5) {
            let near = |one: &Crate| (one.pos - IVec2::splat(4_500)).abs().max_element() < CELL / 2;
            let victim = world.iter().find(|(id, one)| !own.contains(id) && near(one)).map(|(id, _)| id);
            victim.into_iter().for_each(|victim| _ = world.despawn(victim));
        }
    });
    let (mut harness, ada) = depot(Yard { sees_all: true, ..Yard::default() }, 1_500);
    let (mut dead_shown, mut back) = (BTreeMap::<EntityId, bool>::new(), 0);
    for _ in 0..400 {
        harness.run_ticks(1);
        let world = harness.room().world();
        let rows: BTreeSet<EntityId> = harness.client(ada).rows().iter().map(|row| row.id).collect();
        for (id, is_shown) in dead_shown.iter_mut() {
            back += usize::from(!*is_shown && rows.contains(id));
            *is_shown = rows.contains(id);
        }
        rows.iter()
            .filter(|id| world.get(**id).is_none())
            .for_each(|id| _ = dead_shown.entry(*id).or_insert(true));
    }
    assert_eq!(back, 0, "of {} that died", dead_shown.len());
}

#[test]
fn who_goes_where_the_view_does_not_reach_is_not_held() {
    script(|world, tick, _| {
        if tick == 1 {
            strew(world, 800, 30)
        }
    });
    let (mut harness, ada) = depot(Yard { radius: 8_000, cells: 20, sees_all: false }, 0);
    harness.run_ticks(900);
    assert!(harness.client(ada).streams_waiting() > 0);
    let client = harness.client(ada);
    let told: usize = client.streams().map(|(_, state)| state.len()).sum();
    assert_eq!(client.rows().len(), told, "those in the streams, and no others");
}
