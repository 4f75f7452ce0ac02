//! Commands: each in the step of the input that was made with it, in order, none lost.

#![allow(clippy::unwrap_used)]

mod fixtures;

use core::time::Duration;
use fixtures::{Kept, config, join};
use tickwire_shared::client::{ClientEvent, CommandError};
use tickwire_shared::entity::OnGrid;
use tickwire_shared::harness::{Allowed, ClientIndex, Harness, LinkProfile, check_prediction_within};
use tickwire_shared::id::MemberId;
use tickwire_shared::prelude::*;
use tickwire_shared::room::{MemberEvent, MemberFrame, Room};
use tickwire_shared::tick::Tick;
use tickwire_shared::wire::control::Role;
use tickwire_shared::wire::frame::{ClientFrame, Numbered};

/// An archer, who takes an arrow from the quiver (a command) and shoots (an input).
#[derive(Clone, Debug, PartialEq, Entity)]
struct Archer {
    #[entity(range = 0..=65_535)]
    shots: u16,
    /// Steps in which an arrow was taken and shot.
    #[entity(range = 0..=65_535)]
    together: u16,
    /// Steps in which only one of the two was done.
    #[entity(range = 0..=65_535)]
    apart: u16,
}

#[derive(Clone, Debug, Default, PartialEq, Input)]
struct Bow {
    shoot: Button,
}

struct Range(Vec<(PlayerId, EntityId)>);

impl Game for Range {
    type Settings = ();
    type Scene = ();
    type Input = Bow;
    type Entity = Archer;
    type State = ();
    type Context = ();
    type Event = u16;
    type Command = u16;

    fn scene((): &(), _: TickRate) -> Result<(), BadSettings> {
        Ok(())
    }

    fn new(_: &Setup<'_, Self>, _: &mut Stage<Self>) -> Self {
        Self(Vec::new())
    }

    fn join(&mut self, stage: &mut Stage<Self>, joining: &Joining<'_, Self>) -> Result<EntityId, Refusal> {
        let entity = stage.world.spawn(Archer { shots: 0, together: 0, apart: 0 })?;
        self.0.push((joining.player, entity));
        Ok(entity)
    }

    fn leave(&mut self, stage: &mut Stage<Self>, player: PlayerId, _: LeaveReason) {
        for (_, entity) in self.0.extract_if(.., |(id, _)| *id == player) {
            stage.world.despawn(entity);
        }
    }

    fn step(&mut self, stage: &mut Stage<Self>, turn: &Turn<'_, Self>) {
        for (player, arrow) in turn.commands {
            match arrow {
                ..1_000 => stage.events.to(*player, *arrow).unwrap(),
                _ => stage.events.all(*arrow).unwrap(),
            }
        }
        for player in turn.players {
            let Some(archer) = stage.world.get_mut(player.entity) else { continue };
            Self::apply_input(archer, &player.input, &turn.step());
            let takes = turn.commands.iter().any(|(by, _)| *by == player.player);
            match (takes, player.input.shoot.pressed) {
                (true, true) => archer.together += 1,
                (false, false) => {}
                _ => archer.apart += 1,
            }
        }
    }

    fn apply_input(own: &mut Archer, input: &Bow, _: &Step<'_, Self>) {
        own.shots += u16::from(input.shoot.pressed);
    }
}

const SHOOT: Bow = Bow { shoot: Button { down: false, pressed: true } };

fn taken(harness: &mut Harness<Range>, of: ClientIndex) -> Vec<u16> {
    let arrow = |event| match event {
        ClientEvent::Game(arrow) => Some(arrow),
        _ => None,
    };
    harness.take_events(of).into_iter().filter_map(arrow).collect()
}

#[test]
fn a_command_counts_in_the_step_of_the_input_that_was_made_with_it() {
    for (name, profile) in LinkProfile::NAMED {
        let mut harness = Harness::<Range>::new((), 3);
        let ada = harness.join("ada");
        harness.link(ada, profile);
        harness.run_ticks(150);
        for arrow in 1..=200 {
            harness.client_mut(ada).command(arrow).unwrap();
            harness.set_input(ada, SHOOT);
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
fn the_last_commands_of_who_leaves_reach_the_game_and_the_place_is_free_after_them() {
    for (name, profile) in LinkProfile::NAMED {
        for before in 0..4 {
            let mut harness = Harness::<Range>::new((), 3);
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
    let mut harness = Harness::<Range>::new((), 4);
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
fn frame(tick: Tick) -> MemberEvent<Range> {
    let commands = Numbered { first: 1, items: Vec::new() };
    let inputs = [(tick, OnGrid::neutral())].into();
    let frame = ClientFrame { commands, inputs, ..ClientFrame::default() };
    MemberEvent::Frame(MemberFrame { frame, commands: vec![7], timed: true })
}

#[test]
fn commands_with_an_input_that_is_refused_are_given_at_once() {
    let mut room = Room::<Range>::new(config(0), (), 1).unwrap();
    let mut outbox = Kept::default();
    join(&mut room, 1, Role::Player, &mut outbox);
    room.handle(Duration::ZERO, MemberId(1), frame(Tick(u32::MAX - 1)), &mut outbox);
    room.step(Duration::ZERO, &mut outbox);
    assert_eq!(room.stats().events_encoded, 1);
}

#[test]
fn the_range_is_predicted_right_but_for_what_commands_do() {
    let allowed = Allowed { server_fields: &["together", "apart"], ..Allowed::default() };
    check_prediction_within::<Range>(&(), 5, 600, 1, allowed).unwrap();
}
