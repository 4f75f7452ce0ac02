//! Bots that play tag: what a host writes to fill its own game with players. All flags are those of
//! `tickwire-client-bot`.
//!
//!     cargo run --release -p tickwire-examples --example 02-tag
//!     cargo run --release -p tickwire-server --example own_bots -- --bots 20 --duration 1min

#[path = "../../examples/02-tag.rs"]
#[allow(dead_code, reason = "its main is the server's")]
pub mod tag;

use core::time::Duration;
use std::process::ExitCode;
use tag::{Pad, Tag};
use tickwire_client_bot::cli::Bots;
use tickwire_client_bot::{Behaviour, Idle};
use tickwire_shared::Rng;
use tickwire_shared::client::Client;
use tickwire_shared::entity::Button;

/// Runs around and dashes now and then.
#[derive(Default)]
pub struct Runs(Pad);

impl Behaviour<Tag> for Runs {
    fn decide(&mut self, client: &Client<Tag>, _: Duration, rng: &mut Rng) -> Pad {
        let is_it = client.own().is_some_and(|(_, runner)| runner.it);
        if rng.chance(10) {
            (self.0.x, self.0.y) = (rng.range(-1, 1) as i8, rng.range(-1, 1) as i8);
        }
        self.0.dash = Button::after(self.0.dash, is_it || rng.chance(5));
        self.0.clone()
    }
}

/// The program with its behaviours.
pub fn bots() -> Bots<Tag> {
    Bots::new("tag-bots", "tag")
        .behaviour("run", |_| Box::new(Runs::default()) as Box<dyn Behaviour<Tag>>)
        .behaviour("idle", |_| Box::new(Idle) as Box<dyn Behaviour<Tag>>)
}

fn main() -> ExitCode {
    bots().run()
}
