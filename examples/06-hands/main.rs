//! Step 6: a card game with hidden hands. Players take turns, the suit that was led must be followed, and the
//! highest card of that suit takes the trick. A player's cards are `owner_only` fields, which no other client
//! gets. A move is a command, and the rules may refuse it. The room's state says whose turn it is.
//!
//!     cargo run --release -p tickwire-examples --example 06-hands
//!
//! and then open the printed address in two tabs. The page is `examples/web/hands.js`.
#![allow(missing_docs)]

pub mod cards;
mod rules;

use cards::{Card, Hand, Suit, Why};
use core::time::Duration;
use rules::hand_of;
use serde::{Deserialize, Serialize};
use std::process::ExitCode;
use tickwire_server::{GameOptions, cli};
use tickwire_shared::prelude::*;

const TURN_S: u16 = 20;
/// How long a trick stays on the table.
const PAUSE_S: u16 = 2;

fn main() -> ExitCode {
    cli::run(|server| {
        let server = server.default_assets(env!("CARGO_MANIFEST_DIR")).front_page("hands.html");
        server.game::<Tricks>("tricks", GameOptions::default())
    })
}

/// The room's state, which every client has.
#[derive(Clone, Debug, Default, PartialEq, Entity)]
pub struct Table {
    /// The number of the player whose turn it is; 0 between two tricks.
    pub turn: u16,
    /// Until the turn or the pause is over. It falls by itself, so it costs nothing.
    #[entity(range = 0..=9999, predict = linear(pace))]
    pub ticks_left: i32,
    #[entity(range = -1..=0)]
    pub pace: i32,
}

/// What a player asks for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Command {
    Play(Card),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum News {
    Taken {
        by: PlayerId,
    },
    /// To the one player who asked for it.
    Refused(Why),
}

/// A card game needs no controls.
#[derive(Clone, Debug, Default, PartialEq, Input)]
pub struct NoControls;

pub struct Tricks {
    rng: Rng,
    /// The suit of the trick's first card.
    led: Option<Suit>,
}

impl Game for Tricks {
    type Settings = ();
    type Scene = ();
    type Input = NoControls;
    type Entity = Hand;
    type State = Table;
    type Context = ();
    type Event = News;
    type Command = Command;

    fn scene(_: &(), _: TickRate) -> Result<(), BadSettings> {
        Ok(())
    }

    fn players_max(_: &()) -> u16 {
        6
    }

    /// Players think, and that looks like doing nothing.
    fn idle_limits(_: &()) -> IdleLimits {
        let minutes = |minutes: u64| Some(Duration::from_secs(60 * minutes));
        let mut limits = IdleLimits::default();
        limits.player = minutes(15);
        limits.hidden = minutes(30);
        limits
    }

    fn new(setup: &Setup<'_, Self>, stage: &mut Stage<Self>) -> Self {
        stage.state.pace = -1;
        Self { rng: Rng::new(setup.seed), led: None }
    }

    /// A player who joins has no cards until the next deal.
    fn join(&mut self, stage: &mut Stage<Self>, _: &Joining<'_, Self>) -> Result<EntityId, Refusal> {
        Ok(stage.world.spawn(Hand::default())?)
    }

    fn leave(&mut self, stage: &mut Stage<Self>, player: PlayerId, _: LeaveReason) {
        stage.world.controlled(player).and_then(|hand| stage.world.despawn(hand));
    }

    fn step(&mut self, stage: &mut Stage<Self>, turn: &Turn<'_, Self>) {
        for (player, Command::Play(card)) in turn.commands {
            if let Err(why) = self.play(stage, turn, *player, *card) {
                // So short an event always fits.
                stage.events.to(*player, News::Refused(why)).ok();
            }
        }
        stage.state.ticks_left -= turn.passed_ticks as i32;
        let (player, is_over) = (PlayerId(stage.state.turn), stage.state.ticks_left <= 0);
        let hand = hand_of(&mut stage.world, player);
        match hand {
            None if player.0 != 0 => self.pass_turn(stage, turn),
            None if is_over => self.end_trick(stage, turn),
            // The table does not wait for ever: it plays a card for the player.
            Some(hand) if is_over => {
                let card = hand.cards().find(|card| hand.may_play(*card, self.led).is_ok());
                card.and_then(|card| self.play(stage, turn, player, card).ok());
            }
            _ => {}
        }
    }

    fn apply_input(_: &mut Hand, _: &NoControls, _: &Step<'_, Self>) {}
}
