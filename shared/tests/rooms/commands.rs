//! Commands: each in the step of the input that was made with it, in order, none lost.

use crate::fixtures::{Kept, config, join};
use crate::games::clicks::*;
use core::time::Duration;
use tickwire_shared::client::{ClientEvent, CommandError};
use tickwire_shared::entity::OnGrid;
use tickwire_shared::harness::{Allowed, ClientIndex, Harness, LinkProfile, check_prediction_within};
use tickwire_shared::id::MemberId;
use tickwire_shared::room::{MemberEvent, MemberFrame, Room};
use tickwire_shared::tick::Tick;
use tickwire_shared::wire::control::Role;
use tickwire_shared::wire::frame::{ClientFrame, Numbered};

fn taken(harness: &mut Harness<Clicks>, of: ClientIndex) -> Vec<u16> {
    let arrow = |event| match event {
        ClientEvent::Game(arrow) => Some(arrow),
        _ => None,
    };
    harness.take_events(of).into_iter().filter_map(arrow).collect()
}

#[test]
fn a_command_counts_in_the_step_of_the_input_that_was_made_with_it() {
    for (name, profile) in LinkProfile::NAMED {
        let mut harness = Harness::<Clicks>::new((), 3);
        let ada = harness.join("ada");
        harness.link(ada, profile);
        harness.run_ticks(150);
        for arrow in 1..=200 {
            harness.client_mut(ada).command(arrow).unwrap();
            harness.set_input(ada, CLICK);
            harness.run_ticks(7);
        }
        harness.settle();
        assert!(taken(&mut harness, ada).into_iter().eq(1..=200), "{name}");
        let client = harness.client(ada);
        let row = client.latest().and_then(|state| state.get(client.own_id()?)).unwrap();
        // If two inputs arrive late together, their presses are folded into one.
        assert!(row.values[1] > 180, "{name}: {:?}", row.values);
        assert_eq!(row.values[2], 0, "{name}: {:?}", row.values);
    }
}

#[test]
fn the_last_commands_of_who_leaves_reach_the_game_and_the_seat_is_free_after_them() {
    for (name, profile) in LinkProfile::NAMED {
        for before in 0..4 {
            let mut harness = Harness::<Clicks>::new((), 3);
            let (ada, bob) = (harness.join("ada"), harness.join("bob"));
            harness.link(ada, profile);
            harness.run_ticks(90);
            for arrow in 1_000..1_100 {
                harness.client_mut(ada).command(arrow).unwrap();
            }
            harness.run_ticks(before);
            harness.leave(ada);
            harness.run_ticks(90);
            harness.settle();
            let taken = taken(&mut harness, bob);
            assert!(taken.iter().copied().eq(1_000..1_100), "{name}, {before} ticks before: {taken:?}");
            assert_eq!(harness.room().players(), 1, "{name}, {before} ticks before");
        }
    }
}

#[test]
fn what_is_given_before_the_room_is_joined_is_kept_and_a_spectator_and_an_ended_session_are_told() {
    let mut harness = Harness::<Clicks>::new((), 4);
    let (ada, bob) = (harness.join("ada"), harness.spectate("bob"));
    for arrow in 1..=40 {
        harness.client_mut(ada).command(arrow).unwrap();
    }
    assert_eq!(harness.client_mut(bob).command(1), Err(CommandError::Spectator));
    harness.run_ticks(60);
    assert!(taken(&mut harness, ada).into_iter().eq(1..=40));
    harness.cut(ada);
    harness.client_mut(ada).command(41).unwrap();
    harness.run_ticks(30);
    assert!(harness.resume(ada));
    harness.run_ticks(60);
    assert_eq!(taken(&mut harness, ada), [41], "commands given while disconnected are sent afterwards");
    harness.leave(ada);
    harness.run_ticks(10);
    assert_eq!(harness.client_mut(ada).command(1), Err(CommandError::Ended));
}

/// A frame with an input for `tick` and a command, as another client implementation sends it.
fn frame(tick: Tick) -> MemberEvent<Clicks> {
    let commands = Numbered { first: 1, items: Vec::new() };
    let inputs = [(tick, OnGrid::neutral())].into();
    let frame = ClientFrame { commands, inputs, ..ClientFrame::default() };
    MemberEvent::Frame(MemberFrame { frame, commands: vec![7], timed: true })
}

#[test]
fn commands_with_an_input_that_is_refused_are_given_at_once() {
    let mut room = Room::<Clicks>::new(config(0), (), 1).unwrap();
    let mut outbox = Kept::default();
    join(&mut room, 1, Role::Player, &mut outbox);
    room.handle(Duration::ZERO, MemberId(1), frame(Tick(u32::MAX - 1)), &mut outbox);
    room.step(Duration::ZERO, &mut outbox);
    assert_eq!(room.stats().events_encoded, 1);
}

#[test]
fn clicks_are_predicted_except_for_what_only_the_room_counts() {
    let server_fields = &["together", "apart", "seconds", "passed"];
    let allowed = Allowed { server_fields, ..Allowed::default() };
    for players in [1, 2] {
        check_prediction_within::<Clicks>(&(), 5, 600, players, allowed).unwrap();
    }
}
