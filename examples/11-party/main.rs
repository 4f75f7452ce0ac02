//! Step 11: a private match, from the door to the result. Players come with a team that they wish for, get
//! ready in the lobby, and collect gems; whoever spoils it is voted out. A room may be private: then friends
//! come by invitation. The match ends the room, with a result for your own systems (step 12 takes it).
//!
//!     cargo run --release -p tickwire-examples --example 11-party
//!     cargo run --release -p tickwire-examples --example 11-party-bots -- --bots 3
//!
//! and then open the printed address. The page is `examples/web/party.js`. With `--auth tickets` players have
//! accounts, and those with the role `moderator` may kick alone (`tickwire-server ticket --role moderator`).
#![allow(missing_docs)]

mod field;
mod lobby;
pub mod outcome;
mod rules;
mod things;

pub use rules::Party;
use serde::{Deserialize, Serialize};
use std::process::ExitCode;
pub use things::{Board, Gem, Phase, Runner, Team, Thing};
use tickwire_server::{GameOptions, cli};
use tickwire_shared::prelude::*;

/// The field's side, cm.
pub const SIDE: i32 = 4_000;

fn main() -> ExitCode {
    cli::run(|server| {
        let server = server.default_assets(env!("CARGO_MANIFEST_DIR")).front_page("party.html");
        server.game::<Party>("party", GameOptions::default())
    })
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Settings {
    /// Seats of each team.
    pub team_max: u16,
    /// Gems with which a team wins.
    pub goal: u16,
    pub match_s: u16,
    /// Between the last "ready" and the start.
    pub countdown_s: u16,
    /// Only those with an invitation come in. The option `private=true` of a new room sets it.
    pub private: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self { team_max: 4, goal: 20, match_s: 120, countdown_s: 3, private: false }
    }
}

/// What a player may say when it joins: `{"team":"red"}`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wish {
    pub team: Team,
}

#[derive(Clone, Debug, Default, PartialEq, Input)]
pub struct Pad {
    #[input(range = -1..=1)]
    pub way: IVec2,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Command {
    Ready(bool),
    /// This player should go.
    Kick(PlayerId),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum News {
    Started,
    Kicked { whom: PlayerId, by_moderator: bool },
    Ended { red: u16, blue: u16 },
}
