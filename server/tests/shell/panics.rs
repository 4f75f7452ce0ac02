//! A game that panics, in a whole program.

use crate::log::{ask, connect, full_pipe, terminate};
use crate::program::{Serving, serve_args};
use crate::running::get;
use crate::startup::{join, stop};
use std::io::Read;
use tickwire_server::{GameOptions, cli};
use tickwire_shared::prelude::*;

const LISTEN: &[&str] = &["--listen", "127.0.0.1:0", "--admin", "off"];

#[derive(Clone, Debug, PartialEq, Entity)]
struct Dot {
    #[entity(range = 0..=1)]
    x: i32,
}

#[derive(Clone, Debug, Default, PartialEq, Input)]
struct Nothing {
    #[input(range = 0..=1)]
    x: i8,
}

/// Panics at the first step with a player.
struct Fainting;

impl Game for Fainting {
    type Settings = ();
    type Scene = ();
    type Input = Nothing;
    type Entity = Dot;
    type State = ();
    type Context = ();
    type Event = ();
    type Command = ();

    fn scene((): &(), _: TickRate) -> Result<(), BadSettings> {
        Ok(())
    }

    fn new(_: &Setup<'_, Self>, _: &mut Stage<Self>) -> Self {
        Self
    }

    fn join(&mut self, stage: &mut Stage<Self>, _: &Joining<'_, Self>) -> Result<EntityId, Refusal> {
        Ok(stage.world.spawn(Dot { x: 0 })?)
    }

    fn leave(&mut self, _: &mut Stage<Self>, _: PlayerId, _: LeaveReason) {}

    fn step(&mut self, _: &mut Stage<Self>, turn: &Turn<'_, Self>) {
        assert!(turn.players.is_empty(), "the game faints");
    }

    fn apply_input(_: &mut Dot, _: &Nothing, _: &Step<'_, Self>) {}
}

#[test]
#[ignore = "serves; other tests run it as a program of their own"]
fn serve_a_game_that_panics() {
    if let Some(args) = serve_args() {
        let code = cli::run_from(args, |server| server.game::<Fainting>("faint", GameOptions::default()));
        assert_eq!(code, std::process::ExitCode::SUCCESS);
    }
}

/// A player joins; the room panics and ends the session.
fn panic_a_room(serving: &Serving) {
    let mut rest = Vec::new();
    join(serving.address(), "faint").read_to_end(&mut rest).unwrap();
    let close = 1011_u16.to_be_bytes();
    assert!(rest.windows(2).any(|two| two == close), "{rest:?}");
}

#[test]
fn a_panic_is_a_line_of_the_log() {
    let args = [LISTEN, &["--log", "json"]].concat();
    let serving = Serving::start_test("panics::serve_a_game_that_panics", &args, |_| {});
    panic_a_room(&serving);
    stop(serving, |_, log| {
        let line = log.lines().find(|line| line.contains("\"message\":\"panicked: the game faints\""));
        let line = line.unwrap_or_else(|| panic!("{log}"));
        assert!(line.starts_with('{') && line.contains("panics.rs:"), "{line}");
        assert!(
            line.contains("\"name\":\"room\"") && line.contains("\"game\":\"faint\""),
            "which room: {line}"
        );
    });
}

#[test]
fn a_game_that_panics_while_nobody_reads_the_log_stops_no_one_else() {
    let mut log = None;
    let mut serving = Serving::start_test("panics::serve_a_game_that_panics", LISTEN, |command| {
        log = Some(full_pipe(command));
    });
    for _ in 0..4 {
        panic_a_room(&serving);
    }
    assert!(ask(&mut connect(serving.address()), &get("/healthz")).starts_with("HTTP/1.1 200"));
    terminate(&mut serving);
    drop(log);
}
