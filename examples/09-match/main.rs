//! Step 9: from lobby to result. Players gather in the lobby; when all are ready, the room locks and a match
//! of two teams runs; then everyone sees the result, and the lobby opens again. The room's state is an enum
//! of these phases. Each team looks for a treasure that only its own players see, and hears its own news.
//!
//!     cargo run --release -p tickwire-examples --example 09-match
//!
//! and then open the printed address in two tabs. The page is `examples/web/match.js`.
#![allow(missing_docs)]

mod rules;
mod teams;

pub use rules::Hunt;
use serde::{Deserialize, Serialize};
use std::process::ExitCode;
pub use teams::Team;
use tickwire_server::{GameOptions, cli};
use tickwire_shared::prelude::*;

/// Decimetres: the field is 100 m wide.
pub const SIDE: i32 = 1_000;

fn main() -> ExitCode {
    cli::run(|server| {
        let server = server.default_assets(env!("CARGO_MANIFEST_DIR")).front_page("match.html");
        server.game::<Hunt>("hunt", GameOptions::default())
    })
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Settings {
    pub match_s: u16,
    pub result_s: u16,
}

impl Default for Settings {
    fn default() -> Self {
        Self { match_s: 60, result_s: 8 }
    }
}

/// The room's state: the phase, with what belongs to it.
#[derive(Clone, Debug, PartialEq, Entity)]
pub enum Phase {
    Lobby(Lobby),
    Running(Running),
    Result(Outcome),
}

#[derive(Clone, Debug, Default, PartialEq, Entity)]
pub struct Lobby {
    pub ready: u8,
    pub players: u8,
}

#[derive(Clone, Debug, Default, PartialEq, Entity)]
pub struct Running {
    pub red: u8,
    pub blue: u8,
    /// Falls by itself, so a running clock costs nothing.
    #[entity(range = 0..=500000, predict = linear(pace))]
    pub ticks_left: i32,
    #[entity(range = -1..=0)]
    pub pace: i32,
}

#[derive(Clone, Debug, Default, PartialEq, Entity)]
pub struct Outcome {
    pub red: u8,
    pub blue: u8,
    #[entity(range = 0..=500000, predict = linear(pace))]
    pub ticks_left: i32,
    #[entity(range = -1..=0)]
    pub pace: i32,
}

impl Default for Phase {
    fn default() -> Self {
        Self::Lobby(Lobby::default())
    }
}

#[derive(Clone, Debug, PartialEq, Entity)]
pub enum Thing {
    Hunter(Hunter),
    Treasure(Treasure),
}

/// A player.
#[derive(Clone, Debug, Default, PartialEq, Entity)]
pub struct Hunter {
    #[entity(range = 0..=SIDE, predict = linear(vel))]
    pub pos: IVec2,
    #[entity(range = -20..=20)]
    pub vel: IVec2,
    pub team: Team,
    pub ready: bool,
}

/// Only the team that looks for it sees it.
#[derive(Clone, Debug, PartialEq, Entity)]
pub struct Treasure {
    #[entity(range = 0..=SIDE)]
    pub pos: IVec2,
    pub team: Team,
}

#[derive(Clone, Debug, Default, PartialEq, Input)]
pub struct Pad {
    #[input(range = -1..=1)]
    pub way: IVec2,
}

/// In the lobby a player says whether it is ready.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Command {
    Ready(bool),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum News {
    Started,
    /// To the team alone.
    Found {
        by: PlayerId,
    },
    /// With the treasures that each team found.
    Ended {
        red: u8,
        blue: u8,
    },
}
