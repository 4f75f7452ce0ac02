//! Hosts the game, with all flags of `tickwire-server` (`--help`).

use game::MyGame;
use std::process::ExitCode;
use tickwire_server::GameOptions;
use tickwire_server::cli::Program;

fn main() -> ExitCode {
    Program::new("@name@-server", env!("CARGO_PKG_VERSION")).run(|server| {
        // The page of this repository, unless the configuration names another folder.
        let server = server.default_assets(concat!(env!("CARGO_MANIFEST_DIR"), "/../assets"));
        server.game::<MyGame>("@name@", GameOptions::default())
    })
}
