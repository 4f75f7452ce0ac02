//! Rooms in which nothing surprising happens: nothing is sent, and nothing is lost.

use tickwire_arena::{Arena, ArenaInput, Command, Settings};
use tickwire_shared::harness::{ClientIndex, Harness};

fn arena(seed: u64, players: usize) -> (Harness<Arena>, Vec<ClientIndex>) {
    let mut harness = Harness::<Arena>::new(Settings::default(), seed);
    harness.audit_leaks();
    let clients = (0..players).map(|_| harness.join("ada")).collect();
    harness.run_ticks(10);
    (harness, clients)
}

#[test]
fn while_everything_goes_as_predicted_either_side_speaks_a_few_times_a_second() {
    let (mut harness, clients) = arena(5, 8);
    harness.set_input(clients[0], ArenaInput { move_x: 127, ..ArenaInput::default() });
    harness.run_ticks(60);
    let counts = |harness: &Harness<Arena>| {
        clients.iter().map(|&client| harness.client(client).stats().clone()).collect::<Vec<_>>()
    };
    let before = counts(&harness);
    harness.run_ticks(300);
    for (client, (before, after)) in before.iter().zip(counts(&harness)).enumerate() {
        let (down, up) = (after.messages - before.messages, after.messages_sent - before.messages_sent);
        assert!((40..=80).contains(&down), "client {client}: {down} messages in 10 s");
        assert!((35..=50).contains(&up), "client {client}: {up} frames in 10 s");
        let told = down + after.quiet_ticks - before.quiet_ticks;
        // The first message covers ticks before the first count, and the last one has not arrived yet.
        assert!((290..=310).contains(&told), "client {client}: {told} ticks reported");
        assert_eq!(after.inputs, before.inputs, "client {client}: nothing is late or missing");
        assert_eq!((after.predictions_wrong, after.hash_mismatches), (before.predictions_wrong, 0));
    }
    harness.assert_caught_up(8);
}

#[test]
fn what_changes_after_a_quiet_time_is_told_in_its_tick() {
    let (mut harness, clients) = arena(6, 2);
    harness.run_ticks(90);
    let before = harness.client(clients[0]).stats().clone();
    assert!(before.quiet_ticks > 30, "{}", before.quiet_ticks);
    for change in 0..20 {
        let way = if change % 2 == 0 { 127 } else { 0 };
        harness.set_input(clients[0], ArenaInput { move_x: way, ..ArenaInput::default() });
        harness.run_ticks(11);
        harness.assert_in_sync();
    }
    let after = harness.client(clients[0]).stats();
    assert_eq!((after.inputs, after.predictions_wrong), (before.inputs, before.predictions_wrong));
}

#[test]
fn acknowledgements_between_inputs_leave_the_input_clock_alone() {
    let (mut harness, clients) = arena(7, 4);
    for round in 0..60 {
        let client = clients[round % clients.len()];
        let _ = harness.client_mut(client).command(Command::Emote(1));
        harness.run_ticks(10);
    }
    for &client in &clients {
        let stats = harness.client(client).stats();
        assert!(stats.events > 10, "{} events", stats.events);
        assert!((0.3..2.0).contains(&stats.margin_ticks), "a margin of {} ticks", stats.margin_ticks);
    }
}
