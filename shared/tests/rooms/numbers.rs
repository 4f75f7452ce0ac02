//! Numbers that run out while a room is busy: a game of balls that are thrown, fly and disappear.

use crate::games::throwers::*;
use tickwire_shared::client::ClientEvent;
use tickwire_shared::harness::{ClientIndex, Harness, LinkProfile, check_prediction};
use tickwire_shared::prelude::*;
use tickwire_shared::room::FirstNumbers;

fn play(harness: &mut Harness<Throwers>, name: &str) -> ClientIndex {
    let client = harness.join(name);
    let mut held = Button::default();
    harness.drive(client, move |_, rng| {
        held = Button::after(held, rng.chance(8));
        Throw { walk: rng.range(-50, 50) as i8, ball: held }
    });
    client
}

/// Two minutes of a busy room on bad links, with disconnects and commands, whose numbers start at `first`.
fn two_minutes(field: Field, first: FirstNumbers) -> Harness<Throwers> {
    let mut harness = Harness::<Throwers>::new(field, 11);
    harness.start_at(first);
    harness.audit_leaks();
    let clients: Vec<_> = (0..5).map(|at| play(&mut harness, &format!("p{at}"))).collect();
    harness.link(clients[1], LinkProfile::MOBILE_4G);
    harness.run_ticks(30);
    let mut heard = vec![Vec::new(); clients.len()];
    for second in 0..120 {
        for (client, heard) in clients.iter().zip(&mut heard) {
            if harness.client(*client).is_playing() {
                harness.client_mut(*client).command(second).unwrap();
            }
            heard.extend(harness.take_events(*client).into_iter().filter_map(|event| match event {
                ClientEvent::Game(news) => Some(news),
                _ => None,
            }));
        }
        if second % 20 == 7 {
            harness.cut(clients[2]);
            harness.run_ticks(40);
            harness.resume(clients[2]);
        }
        harness.run_ticks(30);
    }
    harness.settle();
    harness.assert_in_sync();
    for (client, heard) in clients.iter().zip(&heard) {
        let stats = harness.client(*client).stats();
        assert_eq!((stats.events_lost, stats.hash_mismatches, stats.decode_errors), (0, 0, 0));
        assert_eq!(stats.commands, stats.commands_confirmed);
        let thrown: Vec<_> = heard
            .iter()
            .filter_map(|news| if let News::Thrown(_, number) = news { Some(*number) } else { None })
            .collect();
        assert!(thrown.len() > 1_000 && thrown.windows(2).all(|two| two[0] + 1 == two[1]), "{thrown:?}");
        let echoes =
            heard.iter().filter_map(|news| if let News::Echo(number) = news { Some(*number) } else { None });
        let echoes: Vec<_> = echoes.collect();
        assert!(echoes.len() > 110 && echoes.is_sorted_by(|a, b| a < b), "each command once, in order");
    }
    harness
}

#[test]
fn throwers_are_predicted() {
    check_prediction::<Throwers>(&Field::default(), 1, 300, 3).unwrap();
}

#[test]
fn a_room_does_not_notice_that_its_numbers_start_over() {
    for cells in [false, true] {
        let usual = two_minutes(Field { cells }, FirstNumbers::default());
        let first = FirstNumbers {
            entity: EntityId::LAST.0 - 500,
            event: u32::MAX - 500,
            command: u32::MAX - 50,
            player: u16::MAX - 3,
            ..FirstNumbers::default()
        };
        let again = two_minutes(Field { cells }, first);
        let newest = |harness: &Harness<Throwers>| {
            let things = harness.room().world().iter();
            things.filter(|(_, thing)| matches!(thing, Thing::Ball(_))).map(|(id, _)| id.0).max().unwrap()
        };
        assert!(newest(&again) < 2_000, "ids have started over: {}", newest(&again));
        let predicted_spawns = |harness: &Harness<Throwers>| {
            let stats = harness.client(ClientIndex(0)).stats();
            assert!(stats.predicted_spawns > 100);
            stats.predicted_spawns_withdrawn
        };
        assert!(
            predicted_spawns(&again) <= predicted_spawns(&usual) + 3,
            "{} of {}",
            predicted_spawns(&again),
            predicted_spawns(&usual)
        );
        let shown = again.client(ClientIndex(0)).view(again.now());
        assert!(shown.iter().any(|(_, thing)| matches!(thing, Thing::Ball(_))));
    }
}

#[test]
fn a_room_near_its_last_tick_plays_on_and_says_when_it_is_over() {
    let first = FirstNumbers { tick: Tick(Tick::LAST.0 - 600), ..FirstNumbers::default() };
    let mut harness = Harness::<Throwers>::new(Field::default(), 3);
    harness.start_at(first);
    let ada = play(&mut harness, "ada");
    harness.run_ticks(590);
    assert!(!harness.room().is_over());
    harness.assert_in_sync();
    assert!(harness.client(ada).stats().predictions > 300);
    assert_eq!(harness.client(ada).stats().clock_jumps, 0);
    harness.run_ticks(10);
    assert!(harness.room().is_over());
}
