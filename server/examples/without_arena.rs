//! A host without the built-in arena: two games and no page of its own. So `/` shows what is hosted and lets
//! anyone watch.
//!
//!     cargo run --release -p tickwire-server --example without_arena
//!
//! One of them is the tag of `examples/02-tag.rs`, the other a board of tokens, with a kind of entity that
//! has no position.
#![allow(missing_docs)]

#[path = "../../examples/02-tag.rs"]
#[allow(dead_code, unreachable_pub)]
mod tag;

use core::time::Duration;
use serde::{Deserialize, Serialize};
use std::process::ExitCode;
use tag::Tag;
use tickwire_server::{GameOptions, cli};
use tickwire_shared::prelude::*;
use tickwire_shared::tick::TickRate;

fn main() -> ExitCode {
    cli::run(|server| {
        // The ladder's pages, such as `/tag.html`.
        let server = server.default_assets(concat!(env!("CARGO_MANIFEST_DIR"), "/../examples"));
        server.game::<Tag>("tag", GameOptions::default()).game::<Board>("board", GameOptions::default())
    })
}

/// Squares per side.
const SIDE: i32 = 8;
const STONES: [(u8, u8); 4] = [(3, 3), (4, 3), (3, 4), (4, 4)];

/// What is on the board. The clock has no position.
#[derive(Clone, Debug, PartialEq, Entity)]
pub enum Thing {
    Token(Token),
    Stone(Stone),
    Clock(Clock),
}

/// A player's token.
#[derive(Clone, Debug, PartialEq, Entity)]
pub struct Token {
    #[entity(range = 0..=7)]
    pub square: IVec2,
}

/// An obstacle in the middle.
#[derive(Clone, Debug, PartialEq, Entity)]
pub struct Stone {
    #[entity(range = 0..=7)]
    pub x: u8,
    #[entity(range = 0..=7)]
    pub y: u8,
}

#[derive(Clone, Debug, PartialEq, Entity)]
pub struct Clock {
    pub seconds: u16,
}

/// One press moves one square: along the rows, from the first to the last.
#[derive(Clone, Debug, Default, PartialEq, Input)]
pub struct Press {
    pub next: Button,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Rules {}

pub struct Board {
    clock: Option<EntityId>,
    tokens: Vec<(PlayerId, EntityId)>,
}

impl Game for Board {
    type Settings = Rules;
    type Scene = ();
    type Input = Press;
    type Entity = Thing;
    type State = ();
    type Context = ();
    type Event = ();
    type Command = ();

    fn scene(_: &Rules, _: TickRate) -> Result<(), BadSettings> {
        Ok(())
    }

    fn new(_: &Setup<'_, Self>, stage: &mut Stage<Self>) -> Self {
        for (x, y) in STONES {
            let _ = stage.world.spawn(Thing::Stone(Stone { x, y }));
        }
        Self { clock: stage.world.spawn(Thing::Clock(Clock { seconds: 0 })).ok(), tokens: Vec::new() }
    }

    fn join(&mut self, stage: &mut Stage<Self>, joining: &Joining<'_, Self>) -> Result<EntityId, Refusal> {
        let token = stage.world.spawn(Thing::Token(Token { square: IVec2::ZERO }))?;
        self.tokens.push((joining.player, token));
        Ok(token)
    }

    fn leave(&mut self, stage: &mut Stage<Self>, player: PlayerId, _: LeaveReason) {
        if let Some(at) = self.tokens.iter().position(|(id, _)| *id == player) {
            stage.world.despawn(self.tokens.swap_remove(at).1);
        }
    }

    fn step(&mut self, stage: &mut Stage<Self>, turn: &Turn<'_, Self>) {
        for player in turn.players {
            if let Some(token) = stage.world.get_mut(player.entity) {
                Self::apply_input(token, &player.input, &turn.step());
            }
        }
        if let Some(Thing::Clock(clock)) = self.clock.and_then(|id| stage.world.get_mut(id))
            && turn.is_every(Duration::from_secs(1))
        {
            clock.seconds = clock.seconds.saturating_add(1);
        }
    }

    fn apply_input(own: &mut Thing, input: &Press, _: &Step<'_, Self>) {
        let Thing::Token(Token { square }) = own else { return };
        if input.next.pressed {
            let number = (square.y * SIDE + square.x + 1) % (SIDE * SIDE);
            *square = IVec2::new(number % SIDE, number / SIDE);
        }
    }
}
