//! The replicated state: three kinds of entities, and the round as the room's state. Every field is an
//! integer on its grid.
//!
//! Positions are in 1/1024 tile, velocities in 1/1024 tile per tick. The declared predictors are the game's
//! own motion, so a decoder that runs them is right until a ship turns, bumps into something or is hit.

use tickwire_shared::prelude::*;
use tickwire_shared::{Choice, Entity};

/// The most hit points of a ship.
pub const HP_MAX: u8 = 100;
/// The highest score and number of deaths that a ship shows.
pub const SCORE_MAX: u16 = 999;
/// Steps of a full turn. Step 0 points along `x`, step 64 along `y`, which grows with the rows of the map.
pub const HEADING_STEPS: u16 = 256;

/// An entity of the arena.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Entity)]
pub enum ArenaEntity {
    /// A player's ship. It exists while the player is in the room, even while it is destroyed.
    Ship(Ship),
    /// A shot under way.
    Shot(Shot),
    /// An item that a ship takes when it flies over it.
    Pickup(Pickup),
}

/// A player's ship.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Entity)]
pub struct Ship {
    /// The centre.
    #[entity(range = 0..=131071, grid = 1024, predict = linear(vel))]
    pub pos: IVec2,
    /// Per tick; approaches `target`.
    #[entity(range = -640..=640, grid = 1024, predict = steer(target, 100))]
    pub vel: IVec2,
    /// The velocity that the player asks for; 0 on an axis on which a wall stops the ship.
    #[entity(range = -640..=640, grid = 1024)]
    pub target: IVec2,
    /// Where it aims.
    #[entity(angle = 256)]
    pub heading: u16,
    /// Hit points; 0 exactly while it is destroyed.
    #[entity(range = 0..=100)]
    pub hp: u8,
    /// Whether it flies. A destroyed ship waits until it returns.
    pub alive: bool,
    /// It has just joined or returned, and hits do not damage it.
    pub shielded: bool,
    /// Its weapon.
    pub weapon: Weapon,
    /// Seconds until rapid fire is over, rounded up. Only its player gets it.
    #[entity(range = 0..=8, owner_only)]
    pub rapid_s: u8,
    /// Ships that it destroyed in this round.
    #[entity(range = 0..=999)]
    pub score: u16,
    /// How often it was destroyed in this round.
    #[entity(range = 0..=999)]
    pub deaths: u16,
    /// Its player: the number of the [`PlayerId`].
    pub player: u16,
}

/// A ship's weapon.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Choice)]
pub enum Weapon {
    /// The default.
    #[default]
    Blaster,
    /// Shoots more than twice as fast, for a while.
    Rapid,
}

/// A shot under way. It flies straight until it hits something or its time is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Entity)]
pub struct Shot {
    /// The centre.
    #[entity(range = 0..=131071, grid = 1024, predict = linear(vel))]
    pub pos: IVec2,
    /// Per tick.
    #[entity(range = -1700..=1700, grid = 1024)]
    pub vel: IVec2,
    /// The player who shot it: the number of the [`PlayerId`].
    pub owner: u16,
}

/// An item that a ship takes when it flies over it. It never moves; after a while it returns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Entity)]
pub struct Pickup {
    /// The centre.
    #[entity(range = 0..=131071, grid = 1024)]
    pub pos: IVec2,
    /// What it gives.
    pub gift: Gift,
    /// Whether a ship can take it now.
    pub ready: bool,
}

/// What a pickup gives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Choice, serde::Serialize, serde::Deserialize)]
pub enum Gift {
    /// Hit points.
    #[default]
    Health,
    /// [`Weapon::Rapid`] for a while.
    Rapid,
}

/// The room's state: the round and its clock, in whole seconds so that it costs little.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Entity)]
pub struct Round {
    /// Counts from 1.
    pub number: u16,
    /// Whether ships may shoot.
    pub phase: Phase,
    /// Seconds until the phase ends, rounded up.
    #[entity(range = 0..=3600)]
    pub seconds_left: u16,
}

impl Round {
    /// Whether ships may shoot.
    #[must_use]
    pub fn is_playing(&self) -> bool {
        self.phase == Phase::Playing
    }
}

/// The phase of a round.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Choice)]
pub enum Phase {
    /// Ships shoot and score.
    #[default]
    Playing,
    /// The round is over and the next one starts soon. Ships fly but do not shoot.
    Break,
}

impl ArenaEntity {
    /// The ship, if it is one.
    #[must_use]
    pub const fn as_ship(&self) -> Option<&Ship> {
        if let Self::Ship(ship) = self { Some(ship) } else { None }
    }
}

impl Ship {
    /// A ship that has just spawned at `pos`.
    #[must_use]
    pub const fn fresh(player: PlayerId, pos: IVec2) -> Self {
        Self {
            pos,
            vel: IVec2::ZERO,
            target: IVec2::ZERO,
            heading: 0,
            hp: HP_MAX,
            alive: true,
            shielded: true,
            weapon: Weapon::Blaster,
            rapid_s: 0,
            score: 0,
            deaths: 0,
            player: player.0,
        }
    }
}
