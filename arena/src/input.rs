//! What a player sends: controls for a tick, and reliable commands.

use tickwire_shared::Input;
use tickwire_shared::entity::Button;

/// A player's controls for one tick.
#[derive(Clone, Debug, Default, PartialEq, Eq, Input)]
pub struct ArenaInput {
    /// To the left (negative) or right, 127 is full speed.
    #[input(range = -127..=127)]
    pub move_x: i8,
    /// Up (negative) or down.
    #[input(range = -127..=127)]
    pub move_y: i8,
    /// Where to aim, in [`super::HEADING_STEPS`] steps of a turn.
    #[input(angle = 256)]
    pub aim: u16,
    /// Shoots as long as it is down, at the weapon's pace.
    pub fire: Button,
}

/// What a player asks for beside its controls.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Command {
    /// Shows one of [`super::EMOTES`] emotes to everyone. An unknown or too frequent one is dropped.
    Emote(u8),
}
