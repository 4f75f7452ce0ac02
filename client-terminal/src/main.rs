//! `tickwire-client-terminal`: the arena in a terminal.

use std::process::ExitCode;
use tickwire_arena::Arena;

fn main() -> ExitCode {
    tickwire_client_terminal::run::<Arena>("tickwire-client-terminal", "arena")
}
