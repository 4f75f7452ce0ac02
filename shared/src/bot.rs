//! How a bot plays: an interface that each game implements.

use crate::client::Client;
use crate::game::Game;
use crate::rng::Rng;
use core::time::Duration;

/// A simulated player. It sees what a real player sees: its client.
pub trait Behaviour<G: Game>: Send {
    /// The controls from now until the next decision, about a tenth of a second later.
    fn decide(&mut self, client: &Client<G>, now: Duration, rng: &mut Rng) -> G::Input;

    /// A command to send besides the controls; called after each decision.
    fn command(&mut self, _client: &Client<G>, _rng: &mut Rng) -> Option<G::Command> {
        None
    }
}

/// Gives each bot its behaviour. Any function of a bot's number implements this.
pub trait Behaviours<G: Game>: Send + Sync + 'static {
    /// The behaviour of bot number `bot`.
    fn of(&self, bot: u32) -> Box<dyn Behaviour<G>>;
}

impl<G: Game, F: Fn(u32) -> Box<dyn Behaviour<G>> + Send + Sync + 'static> Behaviours<G> for F {
    fn of(&self, bot: u32) -> Box<dyn Behaviour<G>> {
        self(bot)
    }
}

/// Does nothing in any game: its input is the neutral one.
#[derive(Clone, Copy, Debug, Default)]
pub struct Idle;

impl<G: Game> Behaviour<G> for Idle {
    fn decide(&mut self, _: &Client<G>, _: Duration, _: &mut Rng) -> G::Input {
        G::Input::default()
    }
}
