//! What a player sends: controls for each tick, and reliable commands.

use tickwire_shared::Input;
use tickwire_shared::entity::Button;

/// A player's controls for one tick.
#[derive(Clone, Debug, Default, PartialEq, Eq, Input)]
pub struct ArenaInput {
    /// Left (negative) or right; 127 is full speed.
    #[input(range = -127..=127)]
    pub move_x: i8,
    /// Up (negative) or down.
    #[input(range = -127..=127)]
    pub move_y: i8,
    /// Where to aim, in [`super::HEADING_STEPS`] steps of a turn.
    #[input(angle = 256)]
    pub aim: u16,
    /// The ship shoots while it is down, as fast as the weapon can.
    pub fire: Button,
}

/// What a player asks for besides its controls.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Command {
    /// Shows one of [`super::EMOTES`] emotes to every player. Unknown and too frequent ones are dropped.
    Emote(u8),
}
