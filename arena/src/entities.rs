//! What is replicated: four kinds of entity, every field an integer on the grid.
//!
//! Positions count 1/1024 tile, velocities 1/1024 tile per tick. The declared predictors are the game's own motion,
//! so a decoder that runs them is right until somebody turns, bumps into something or is hit.

use tickwire_shared::prelude::*;
use tickwire_shared::{Choice, Entity};

/// Hit points of a ship in full health.
pub const HP_MAX: u8 = 100;
/// The greatest score and number of deaths that a ship shows.
pub const SCORE_MAX: u16 = 999;
/// Steps of a full turn. Step 0 looks along `x`, step 64 along `y`, which grows with the rows of the map.
pub const HEADING_STEPS: u16 = 256;

/// An entity of the arena.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Entity)]
pub enum ArenaEntity {
    /// A player's ship. It stays while the player is in the room, also when it is destroyed.
    Ship(Ship),
    /// A shot under way.
    Shot(Shot),
    /// Something to fly over and take.
    Pickup(Pickup),
    /// The round's clock; there is exactly one.
    Round(Round),
}

/// A player's ship.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Entity)]
pub struct Ship {
    /// The centre.
    #[entity(range = 0..=131071, grid = 1024, predict = linear(vel))]
    pub pos: IVec2,
    /// Per tick; goes to `target`.
    #[entity(range = -640..=640, grid = 1024, predict = steer(target, 100))]
    pub vel: IVec2,
    /// The velocity that the player asks for and no wall forbids.
    #[entity(range = -640..=640, grid = 1024)]
    pub target: IVec2,
    /// Where it aims.
    #[entity(angle = 256)]
    pub heading: u16,
    /// Hit points; 0 exactly when it is destroyed.
    #[entity(range = 0..=100)]
    pub hp: u8,
    /// Whether it flies; a destroyed ship waits for its return.
    pub alive: bool,
    /// Just returned: nothing hurts it.
    pub shielded: bool,
    /// What it shoots with.
    pub weapon: Weapon,
    /// Seconds until rapid fire is over, rounded up; for its player alone.
    #[entity(range = 0..=8, owner_only)]
    pub rapid_s: u8,
    /// Ships that it destroyed in this round.
    #[entity(range = 0..=999)]
    pub score: u16,
    /// How often it was destroyed in this round.
    #[entity(range = 0..=999)]
    pub deaths: u16,
    /// Whose it is: the number of the [`PlayerId`].
    pub player: u16,
}

/// What a ship shoots with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Choice)]
pub enum Weapon {
    /// The one that all have.
    #[default]
    Blaster,
    /// Shoots twice as fast, for a while.
    Rapid,
}

/// A shot under way: straight on until it hits or its time is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Entity)]
pub struct Shot {
    /// The centre.
    #[entity(range = 0..=131071, grid = 1024, predict = linear(vel))]
    pub pos: IVec2,
    /// Per tick.
    #[entity(range = -1700..=1700, grid = 1024)]
    pub vel: IVec2,
    /// Who shot it: the number of the [`PlayerId`].
    pub owner: u16,
}

/// Something to fly over and take. It never moves; once taken it comes back after a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Entity)]
pub struct Pickup {
    /// The centre.
    #[entity(range = 0..=131071, grid = 1024)]
    pub pos: IVec2,
    /// What it gives.
    pub gift: Gift,
    /// Whether it is there to be taken.
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

/// The round's clock, in coarse seconds so that it costs little.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Entity)]
pub struct Round {
    /// Counts from 1.
    pub number: u16,
    /// Whether shots are fired.
    pub phase: Phase,
    /// Until the phase ends, rounded up.
    #[entity(range = 0..=3600)]
    pub seconds_left: u16,
}

/// What a round is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Choice)]
pub enum Phase {
    /// It counts.
    #[default]
    Playing,
    /// It is over, the next one comes soon. Ships fly but don't shoot.
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
    /// A ship that has just come in at `pos`.
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
