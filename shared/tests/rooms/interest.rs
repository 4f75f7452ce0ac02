//! A room divided into cells and groups: every member sees what it should and nothing else, without flicker.

use crate::fixtures::{Kept, config, join};
use crate::games::clicks::Clicks;
use crate::games::plain::*;
use core::time::Duration;
use std::collections::VecDeque;
use tickwire_shared::harness::{ClientIndex, Harness, LinkProfile, check_prediction};
use tickwire_shared::id::{MemberId, StreamId};
use tickwire_shared::prelude::*;
use tickwire_shared::room::{Leak, Room};
use tickwire_shared::tick::Tick;
use tickwire_shared::wire::control::Role;

#[test]
fn players_predict_their_own_beasts() {
    check_prediction::<Plain>(&Nothing, 3, 300, 3).unwrap();
}

fn field(seed: u64, players: usize) -> (Harness<Plain>, Vec<ClientIndex>) {
    let mut harness = Harness::<Plain>::new(Nothing, seed);
    harness.audit_leaks();
    let clients: Vec<_> = (0..players).map(|_| harness.join("ada")).collect();
    for &client in &clients {
        let (mut walk, mut left) = (Walk::default(), 0);
        harness.drive(client, move |_, rng| {
            if left == 0 {
                left = rng.range(5, 40);
                walk = Walk { x: rng.range(-60, 60) as i16, y: rng.range(-60, 60) as i16 };
            }
            left -= 1;
            walk
        });
    }
    harness.run_ticks(8);
    (harness, clients)
}

fn beast(thing: &Thing) -> Option<&Beast> {
    if let Thing::Beast(beast) = thing { Some(beast) } else { None }
}

/// The world at the last ticks: a client lags behind.
#[derive(Default)]
struct Past(VecDeque<(Tick, World<Thing>)>);

impl Past {
    fn run_tick(&mut self, harness: &mut Harness<Plain>) {
        harness.run_ticks(1);
        self.0.push_front((harness.tick(), harness.room().world().clone()));
        self.0.truncate(12);
    }

    fn at(&self, tick: Tick) -> Option<&World<Thing>> {
        self.0.iter().find(|(at, _)| *at == tick).map(|(_, world)| world)
    }
}

/// Compares what a client sees with what it must and may see. `false`: it is too far behind, so nothing was
/// compared.
fn assert_view(harness: &Harness<Plain>, past: &Past, client: ClientIndex) -> bool {
    let client = harness.client(client);
    let Some(world) = client.newest_tick().and_then(|tick| past.at(tick)) else { return false };
    let Some(own) = client.own_id().and_then(|id| world.get(id)).and_then(beast) else { return false };
    let rows = client.rows();
    let sees = |id: EntityId| rows.binary_search_by_key(&id, |row| row.id).is_ok();
    // An entity may be beyond its cell by the slack, and a cell leaves the view a slack later than it
    // entered.
    let farthest = f64::from(RADIUS + 3 * CELLS.slack) + f64::from(CELLS.size) * 2_f64.sqrt();
    for (id, thing) in world.iter() {
        let Some(other) = beast(thing) else {
            assert!(sees(id), "the weather is everywhere");
            continue;
        };
        let distance = f64::from((other.pos - own.pos).length_squared()).sqrt();
        let permitted = other.herd == 0 || other.herd == own.herd;
        if permitted && distance <= f64::from(RADIUS) {
            assert!(sees(id), "seed {}: {id:?} at {distance} is not seen", harness.seed());
        } else if !permitted || distance > farthest {
            assert!(!sees(id), "seed {}: {id:?} at {distance} is seen", harness.seed());
        }
    }
    true
}

#[test]
fn everyone_sees_what_is_near_and_permitted_and_nothing_else_tick_by_tick() {
    for seed in 0..3 {
        let (mut harness, clients) = field(seed, 6);
        let (mut past, mut compared) = (Past::default(), 0);
        for _ in 0..400 {
            past.run_tick(&mut harness);
            compared += clients.iter().filter(|&&client| assert_view(&harness, &past, client)).count();
            harness.assert_in_sync();
        }
        let stats = harness.client(clients[0]).stats();
        assert!(stats.hash_checks > 20 && stats.keyframes > 10 && stats.hash_mismatches == 0, "{stats:?}");
        assert_eq!(stats.predictions_wrong, 0);
        assert!(compared > 390 * clients.len(), "seed {seed}: {compared}");
    }
}

#[test]
fn stalls_cuts_and_blocked_slots_heal_in_a_room_of_cells() {
    for seed in 10..14 {
        let (mut harness, clients) = field(seed, 4);
        let mut past = Past::default();
        for round in 0..20 {
            let client = clients[round % clients.len()];
            match round % 4 {
                0 => harness.stall(client, Duration::from_millis(900)),
                1 => harness.cut(client),
                2 => harness.block_slot(client),
                _ => harness.link(client, LinkProfile::BAD_HOTEL),
            }
            harness.run_ticks(45);
            harness.settle();
            harness.assert_caught_up(8);
            (0..8).for_each(|_| past.run_tick(&mut harness));
            for &client in &clients {
                assert!(assert_view(&harness, &past, client), "seed {seed}, round {round}: {client:?}");
            }
        }
    }
}

#[test]
fn what_is_in_view_never_flickers_on_the_screen() {
    let (mut harness, clients) = field(21, 3);
    let client = clients[1];
    let mut near_before: Vec<EntityId> = Vec::new();
    for _ in 0..300 {
        harness.run_ticks(1);
        let world = harness.room().world();
        let Some(own) = harness.client(client).own_id().and_then(|id| world.get(id)).and_then(beast) else {
            continue;
        };
        // Half the radius: it has been in view for longer than the display lags.
        let near: Vec<_> = world
            .iter()
            .filter(|(_, thing)| {
                beast(thing).is_some_and(|other| {
                    (other.herd == 0) && (other.pos - own.pos).length_squared() < RADIUS * RADIUS / 4
                })
            })
            .map(|(id, _)| id)
            .collect();
        let shown = harness.client(client).view(harness.now());
        for id in near.iter().filter(|id| near_before.contains(id)) {
            let times = shown.iter().filter(|(shown, _)| shown == id).count();
            assert_eq!(times, 1, "tick {}: {id:?}", harness.tick());
        }
        near_before = near;
    }
}

#[test]
fn a_stream_is_encoded_once_however_many_see_it() {
    let encoded = |players| {
        let mut harness = Harness::<Plain>::new(Nothing, 5);
        for _ in 0..players {
            harness.spectate("eye");
        }
        harness.run_ticks(20);
        let before = harness.room().stats().entities_encoded;
        harness.run_ticks(100);
        harness.assert_caught_up(1);
        harness.room().stats().entities_encoded - before
    };
    assert_eq!(encoded(1), encoded(24));
}

#[test]
fn under_a_byte_budget_the_near_comes_first_and_nothing_starves() {
    let (mut harness, clients) = field(31, 2);
    harness.run_ticks(60);
    let bytes = |harness: &Harness<Plain>| harness.client(clients[0]).stats().message_bytes;
    let before = bytes(&harness);
    harness.run_ticks(300);
    let (free, budget) = ((bytes(&harness) - before) / 10, 900_u32);
    assert!(free > 2 * u64::from(budget), "{free} bytes/s without a budget");
    harness.budget(budget);
    harness.run_ticks(60);
    let before = bytes(&harness);
    let (mut ages, mut oldest) = ([0_i64; 2], 0);
    for _ in 0..300 {
        harness.run_ticks(1);
        let client = harness.client(clients[0]);
        let own = client.own_id().and_then(|id| client.rows().into_iter().find(|row| row.id == id));
        let Some(own) = own.map(|row| IVec2::new(row.values[0], row.values[1])) else { continue };
        for (_, state) in client.streams() {
            let age = harness.tick().since(state.tick);
            for row in state.rows().filter(|row| row.values.len() > 2) {
                let distance = (IVec2::new(row.values[0], row.values[1]) - own).length_squared();
                ages[usize::from(distance > RADIUS * RADIUS / 2)] += age;
            }
            oldest = oldest.max(age);
        }
        harness.assert_in_sync();
    }
    let spent = (bytes(&harness) - before) / 10;
    assert!(spent <= u64::from(budget) * 11 / 10, "{spent} bytes/s of {budget}");
    let stats = harness.client(clients[0]).stats();
    assert!(stats.streams_waiting > 300 && stats.hash_mismatches == 0, "{stats:?}");
    assert!(oldest < 45, "a stream waits for {oldest} ticks");
    assert!(ages[0] < ages[1], "near streams are older than far ones: {ages:?}");
    harness.budget(0);
    let mut past = Past::default();
    (0..4).for_each(|_| past.run_tick(&mut harness));
    assert!(assert_view(&harness, &past, clients[0]));
}

#[test]
fn the_audit_finds_an_update_that_went_to_the_wrong_member() {
    let mut room = Room::<Plain>::new(config(0), Nothing, 9).unwrap();
    let mut kept = Kept::default();
    for member in [1, 2] {
        join(&mut room, member, Role::Player, &mut kept);
    }
    room.step(Duration::ZERO, &mut kept);
    let [(one, first), (two, second)] = &kept.updates[..] else { panic!("an update each") };
    assert_eq!((room.audit(*one, first), room.audit(*two, second)), (Ok(()), Ok(())));
    assert!(matches!(room.audit(*one, second), Err(Leak::Entity { .. })));
    assert!(matches!(room.audit(*one, &second[..20]), Err(Leak::Unknown(_))));
}

#[test]
fn the_audit_reads_the_bytes_of_packets() {
    let update_of = |players: u64| {
        let mut room = Room::<Clicks>::new(config(1), (), 1).unwrap();
        let mut kept = Kept::default();
        for player in 1..=players {
            join(&mut room, player, Role::Player, &mut kept);
        }
        room.step(Duration::ZERO, &mut kept);
        (room, kept.updates.remove(0).1)
    };
    let ((room, update), (_, other)) = (update_of(1), update_of(2));
    assert_eq!(room.audit(MemberId(1), &update), Ok(()));
    assert_eq!(room.audit(MemberId(1), &other), Err(Leak::Bytes { stream: StreamId::ROOM }));
}

#[test]
fn under_a_byte_budget_nobody_is_lost_between_two_streams() {
    for seed in 40..44 {
        let (mut harness, clients) = field(seed, 2);
        harness.run_ticks(60);
        harness.budget(1_200);
        let mut known: Vec<EntityId> = Vec::new();
        for _ in 0..600 {
            harness.run_ticks(1);
            let (client, world) = (harness.client(clients[0]), harness.room().world());
            let Some(own) = client.own_id().and_then(|id| world.get(id)).and_then(beast) else { continue };
            let rows: Vec<EntityId> = client.rows().iter().map(|row| row.id).collect();
            for id in known.iter().filter(|id| !rows.contains(id)) {
                let away = world.get(*id).and_then(beast).map(|other| (other.pos - own.pos).length_squared());
                let near = away.is_some_and(|away| away < RADIUS * RADIUS / 4);
                assert!(!near, "seed {seed}, tick {}: {id:?} is near and missing", harness.tick());
            }
            known = rows;
        }
        assert!(harness.client(clients[0]).stats().streams_waiting > 300);
    }
}

#[test]
fn a_spectator_sees_what_is_public_or_what_the_player_sees_whom_it_follows() {
    let (mut harness, players) = field(12, 3);
    let watcher = harness.spectate("eve");
    let public = |harness: &Harness<Plain>| {
        let world = harness.room().world();
        let seen: Vec<_> = harness.client(watcher).rows().iter().map(|row| row.id).collect();
        let public = world.iter().filter(|(_, thing)| beast(thing).is_none_or(|beast| beast.herd == 0));
        assert_eq!(seen, public.map(|(id, _)| id).collect::<Vec<_>>());
    };
    harness.run_ticks(30);
    public(&harness);
    for followed in &players[..2] {
        let player = harness.client(*followed).player();
        harness.client_mut(watcher).follow(player);
        // A spectator sends a frame at least four times a second.
        harness.run_ticks(12);
        for _ in 0..60 {
            harness.run_ticks(1);
            let own = harness.client(*followed).own_id().unwrap();
            let seen = harness.client(watcher).rows();
            assert!(seen.iter().any(|row| row.id == own), "its herd is hidden");
            assert!(seen.len() < 200, "of about 300 it sees only those around the player: {}", seen.len());
        }
        assert_eq!(harness.client(watcher).follows(), player);
    }
    harness.cut(watcher);
    harness.run_ticks(30);
    assert!(harness.resume(watcher));
    harness.run_ticks(30);
    let own = harness.client(players[1]).own_id().unwrap();
    let seen = harness.client(watcher).rows();
    assert!(seen.iter().any(|row| row.id == own), "after a disconnect it follows the same player");
    harness.leave(players[1]);
    harness.run_ticks(30);
    assert_eq!(harness.client(watcher).follows(), None, "the player has left");
    public(&harness);
    harness.assert_caught_up(1);
}
