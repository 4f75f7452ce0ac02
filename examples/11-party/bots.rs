//! Bots that play step 11. All flags are those of `tickwire-client-bot`, `attack` too.
//!
//!     cargo run --release -p tickwire-examples --example 11-party-bots -- --bots 4 --duration 1min
#![allow(missing_docs)]

#[path = "main.rs"]
#[allow(dead_code, reason = "its main is the server's")]
pub mod party;

use core::time::Duration;
use party::{Command, Gem, Pad, Party, Phase, Runner};
use std::process::ExitCode;
use tickwire_client_bot::cli::Bots;
use tickwire_client_bot::{Behaviour, Idle};
use tickwire_shared::client::Client;
use tickwire_shared::prelude::*;

/// Gets ready, and runs to the nearest gem.
pub struct Collector;

impl Behaviour<Party> for Collector {
    fn decide(&mut self, client: &Client<Party>, now: Duration, _: &mut Rng) -> Pad {
        let own = client.own().and_then(|(_, own)| Runner::of(own)).map(|runner| runner.pos);
        let seen = client.view(now);
        let gems = seen.iter().filter_map(|(_, thing)| Gem::of(thing)).map(|gem| gem.pos);
        let ways = own.into_iter().flat_map(|from| gems.clone().map(move |gem| gem - from));
        let nearest = ways.min_by_key(|way| way.abs().max_element()).unwrap_or_default();
        // Less than half a step beside it is straight.
        Pad { way: IVec2::new(nearest.x / 20, nearest.y / 20).signum() }
    }

    fn command(&mut self, client: &Client<Party>, _: &mut Rng) -> Option<Command> {
        let is_ready = client.own().and_then(|(_, own)| Runner::of(own)).is_some_and(|runner| runner.ready);
        let in_lobby = client.room_state().is_some_and(|board| board.phase == Phase::Lobby);
        (in_lobby && !is_ready).then_some(Command::Ready(true))
    }
}

/// The program with its behaviours.
pub fn bots() -> Bots<Party> {
    Bots::new("party-bots", "party")
        .behaviour("collect", |_| Box::new(Collector) as Box<dyn Behaviour<Party>>)
        .behaviour("idle", |_| Box::new(Idle) as Box<dyn Behaviour<Party>>)
}

fn main() -> ExitCode {
    bots().run()
}
