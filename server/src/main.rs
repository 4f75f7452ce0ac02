//! `tickwire-server`: hosts the built-in game.

use std::process::ExitCode;
use tickwire_server::{GameOptions, cli};
use tickwire_shared::arena::Arena;

fn main() -> ExitCode {
    cli::run(|server| server.game::<Arena>("arena", GameOptions::default()))
}
