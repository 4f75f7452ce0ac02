//! `tickwire-server`: hosts the built-in game.

use std::process::ExitCode;
use tickwire_arena::Arena;
use tickwire_server::{GameOptions, cli};

fn main() -> ExitCode {
    cli::run(|server| server.game::<Arena>("arena", GameOptions::default()))
}
