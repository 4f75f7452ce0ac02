//! `tickwire-server`: hosts the built-in game, or writes the repository of a new one (`new`).

mod new;

use std::process::ExitCode;
use tickwire_arena::{Arena, MAP_FILES};
use tickwire_server::GameOptions;
use tickwire_server::cli::Program;

fn main() -> ExitCode {
    let mut words = std::env::args_os().skip(1);
    if words.next().is_some_and(|word| word == "new") {
        return new::main(words);
    }
    let mut options = GameOptions::default();
    options.files = MAP_FILES;
    Program::new(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"))
        .about("Hosts multiplayer game rooms; `tickwire-server new DIR` writes a game of your own")
        .run(|server| server.game::<Arena>("arena", options).front_page("arena.html"))
}
