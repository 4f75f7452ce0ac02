//! Hosts the game, with all flags of `tickwire-server` (`--help`).

use game::MyGame;
use std::process::ExitCode;
use tickwire_server::{GameOptions, cli};

fn main() -> ExitCode {
    // The page is in `assets`, unless another folder is named.
    let mut args: Vec<_> = std::env::args_os().collect();
    if !args.iter().any(|arg| arg.to_string_lossy().starts_with("--assets")) {
        args.extend(["--assets".into(), concat!(env!("CARGO_MANIFEST_DIR"), "/../assets").into()]);
    }
    cli::run_from(args, |server| server.game::<MyGame>("@name@", GameOptions::default()))
}
