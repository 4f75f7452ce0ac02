//! `tickwire-client-bot`: bots that play the arena.

use std::process::ExitCode;
use tickwire_arena::Arena;
use tickwire_arena::bots::ArenaBehaviour;
use tickwire_client_bot::cli::Bots;

fn main() -> ExitCode {
    Bots::<Arena>::new("tickwire-client-bot", "arena")
        .behaviour("mixed", ArenaBehaviour::Mixed)
        .behaviour("wander", ArenaBehaviour::Wander)
        .behaviour("hunt", ArenaBehaviour::Hunt)
        .behaviour("idle", ArenaBehaviour::Idle)
        .run()
}
