//! `tickwire-server`: hosts the built-in game.

use std::process::ExitCode;
use tickwire_arena::{Arena, MAP_FILES};
use tickwire_server::{GameOptions, cli};

fn main() -> ExitCode {
    let options = GameOptions { files: MAP_FILES, ..GameOptions::default() };
    cli::run(|server| server.game::<Arena>("arena", options).front_page("arena.html"))
}
