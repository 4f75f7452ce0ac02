//! What is replicated.

use super::SIDE;
use serde::{Deserialize, Serialize};
use tickwire_shared::prelude::*;

#[derive(Clone, Copy, Debug, Default, PartialEq, Choice, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Team {
    #[default]
    Red,
    Blue,
}

impl Team {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Red => "red",
            Self::Blue => "blue",
        }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Choice)]
pub enum Phase {
    #[default]
    Lobby,
    /// All are ready.
    Countdown,
    Running,
    Over,
}

impl Phase {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Lobby => "lobby",
            Self::Countdown => "countdown",
            Self::Running => "running",
            Self::Over => "over",
        }
    }
}

/// The room's state.
#[derive(Clone, Debug, Default, PartialEq, Entity)]
pub struct Board {
    pub phase: Phase,
    pub ready: u8,
    pub players: u8,
    #[entity(range = 0..=9999)]
    pub red: u16,
    #[entity(range = 0..=9999)]
    pub blue: u16,
    /// To the start or to the end. Falls by itself, so a running clock costs nothing.
    #[entity(range = 0..=500000, predict = linear(pace))]
    pub ticks_left: i32,
    #[entity(range = -1..=0)]
    pub pace: i32,
}

#[derive(Clone, Debug, PartialEq, Entity)]
pub enum Thing {
    Runner(Runner),
    Gem(Gem),
}

/// A player.
#[derive(Clone, Debug, Default, PartialEq, Entity)]
pub struct Runner {
    #[entity(range = 0..=SIDE, predict = linear(vel))]
    pub pos: IVec2,
    #[entity(range = -100..=100)]
    pub vel: IVec2,
    pub team: Team,
    pub ready: bool,
    /// Its connection is cut; the seat is held.
    pub away: bool,
    #[entity(range = 0..=9999)]
    pub points: u16,
    /// How many of the others want it out.
    pub votes: u8,
}

/// Drifts from wall to wall until a runner takes it.
#[derive(Clone, Debug, PartialEq, Entity)]
pub struct Gem {
    #[entity(range = 0..=SIDE, predict = linear(vel))]
    pub pos: IVec2,
    #[entity(range = -30..=30)]
    pub vel: IVec2,
}
