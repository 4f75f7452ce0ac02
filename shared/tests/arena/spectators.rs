//! Spectators: no players, no input, bounded in number, and with the same state as players.

use crate::fixtures::{Kept, config, join};
use core::time::Duration;
use tickwire_arena::{Arena, ArenaInput, Settings};
use tickwire_shared::client::ClientEvent;
use tickwire_shared::entity::OnGrid;
use tickwire_shared::harness::{Harness, random_input};
use tickwire_shared::id::{MemberId, PlayerId};
use tickwire_shared::limits::MEMBERS_MAX;
use tickwire_shared::room::{Hold, MemberEvent, MemberFrame, Room};
use tickwire_shared::tick::Tick;
use tickwire_shared::wire::CloseCode;
use tickwire_shared::wire::control::Role;
use tickwire_shared::wire::frame::{ClientFrame, Numbered};

#[test]
fn a_spectator_has_the_state_of_a_player_at_every_tick() {
    let mut harness = Harness::<Arena>::new(Settings::default(), 4);
    let players: Vec<_> = ["ada", "bob", "cid"].map(|name| harness.join(name)).into();
    for &player in &players {
        harness.drive(player, |_, rng| random_input(rng));
    }
    let watcher = harness.spectate("eve");
    harness.run_ticks(30);
    let mut compared = 0;
    for _ in 0..300 {
        harness.run_ticks(1);
        let [ours, theirs] = [watcher, players[0]].map(|client| harness.client(client).latest().unwrap());
        if ours.tick == theirs.tick {
            assert_eq!(ours.hash(), theirs.hash(), "at tick {}", ours.tick);
            compared += 1;
        }
    }
    assert!(compared > 250, "{compared}");
    let (client, room) = (harness.client(watcher), harness.room());
    assert_eq!((room.players(), room.spectators()), (3, 1));
    assert_eq!((client.player(), client.own(), client.roster().len()), (None, None, 3));
    assert!(client.stats().hash_checks > 5 && client.stats().hash_mismatches == 0);
    assert_eq!(client.stats().inputs_made, 0);
    assert!(client.view(harness.now()).len() >= 4, "three ships and the clock at least");
    let heard = harness.take_events(players[0]);
    let came = |event: &ClientEvent<Arena>| {
        let ClientEvent::PlayerJoined(entry) = event else { return false };
        &*entry.name == "eve"
    };
    assert!(!heard.iter().any(came), "players do not hear of spectators");
}

#[test]
fn after_a_cut_it_is_back_in_the_same_room() {
    let mut harness = Harness::<Arena>::new(Settings::default(), 4);
    let player = harness.join("ada");
    harness.drive(player, |_, rng| random_input(rng));
    let watcher = harness.spectate("eve");
    harness.run_ticks(30);
    for cuts in 1..=3 {
        harness.cut(watcher);
        harness.run_ticks(90);
        assert_eq!(harness.room().spectators(), 0);
        assert!(harness.resume(watcher), "a spectator may come back");
        harness.run_ticks(30);
        harness.assert_caught_up(1);
        let client = harness.client(watcher);
        assert_eq!((client.player(), client.roster().len(), client.stats().resumes), (None, 1, cuts));
        assert_eq!((client.stats().hash_mismatches, client.stats().events_lost), (0, 0));
        assert!(client.view(harness.now()).len() >= 2, "a ship and the clock at least");
    }
    harness.leave(watcher);
    harness.run_ticks(30);
    assert!(!harness.resume(watcher), "it left");
}

fn room(spectators_max: u16, players_max: u16) -> Room<Arena> {
    Room::new(config(spectators_max), Settings { players_max, ..Settings::default() }, 1).unwrap()
}

fn frame(inputs: Vec<(Tick, ArenaInput)>) -> MemberEvent<Arena> {
    let frame = ClientFrame {
        stamp_ms: 0,
        steady: false,
        snapshot_ack: None,
        event_ack: None,
        view: None,
        commands: Numbered::default(),
        inputs: inputs.iter().map(|(tick, input)| (*tick, OnGrid::new(input))).collect(),
    };
    MemberEvent::Frame(MemberFrame { frame, commands: Vec::new(), timed: true })
}

#[test]
fn they_are_bounded_and_take_no_players_seat() {
    let (mut room, mut outbox) = (room(2, 1), Kept::default());
    for member in 1..=3 {
        join(&mut room, member, Role::Spectator, &mut outbox);
    }
    assert_eq!(outbox.take_closes(), [CloseCode::Full]);
    join(&mut room, 4, Role::Player, &mut outbox);
    assert_eq!((outbox.take_closes().len(), room.players(), room.spectators()), (0, 1, 2));
    room.handle(Duration::ZERO, MemberId(1), MemberEvent::Cut(Hold::Firm), &mut outbox);
    assert_eq!(room.spectators(), 1, "no seat is kept for a spectator");
}

#[test]
fn however_many_are_permitted_each_player_finds_a_seat() {
    let (mut room, mut outbox) = (room(u16::MAX, 64), Kept::default());
    assert_eq!(usize::from(room.spectators_max()), MEMBERS_MAX - 64);
    for member in 1..=MEMBERS_MAX as u64 {
        join(&mut room, member, Role::Spectator, &mut outbox);
    }
    assert_eq!(outbox.take_closes().len(), 64);
    for member in 0..64_u64 {
        join(&mut room, 1_000 + member, Role::Player, &mut outbox);
    }
    assert_eq!((outbox.take_closes().len(), room.players()), (0, 64));
}

#[test]
fn one_that_sends_input_is_closed_and_so_is_a_player_that_follows() {
    let (mut room, mut outbox) = (room(2, 2), Kept::default());
    join(&mut room, 1, Role::Spectator, &mut outbox);
    join(&mut room, 2, Role::Player, &mut outbox);
    for silent in [frame(Vec::new()), MemberEvent::Follow(Some(PlayerId(99))), MemberEvent::Follow(None)] {
        room.handle(Duration::ZERO, MemberId(1), silent, &mut outbox);
    }
    assert_eq!(outbox.take_closes(), []);
    room.handle(Duration::ZERO, MemberId(2), MemberEvent::Follow(None), &mut outbox);
    assert_eq!(outbox.take_closes(), [CloseCode::DecodeError]);
    room.handle(Duration::ZERO, MemberId(1), frame(vec![(Tick(2), ArenaInput::default())]), &mut outbox);
    assert_eq!(outbox.take_closes(), [CloseCode::DecodeError]);
    assert_eq!((room.players(), room.spectators()), (0, 0));
}
