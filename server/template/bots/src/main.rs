//! Headless players of the game, with all flags of `tickwire-client-bot` (`--help`).

use core::time::Duration;
use game::{MyGame, Pad};
use std::process::ExitCode;
use tickwire_client_bot::Behaviour;
use tickwire_client_bot::cli::Bots;
use tickwire_shared::Rng;
use tickwire_shared::client::Client;

/// Runs in a direction for a while, then in another.
#[derive(Default)]
struct Runs(Pad);

impl Behaviour<MyGame> for Runs {
    fn decide(&mut self, _: &Client<MyGame>, _: Duration, rng: &mut Rng) -> Pad {
        if rng.chance(10) {
            (self.0.x, self.0.y) = (rng.range(-1, 1) as i8, rng.range(-1, 1) as i8);
        }
        self.0.clone()
    }
}

fn main() -> ExitCode {
    Bots::<MyGame>::new("@name@-bots", "@name@")
        .behaviour("run", |_| Box::new(Runs::default()) as Box<dyn Behaviour<MyGame>>)
        .run()
}
