//! What the server knows of a player and nobody else has to.

use crate::prelude::*;

/// The arena is tuned for this rate; its speeds are per tick.
pub const TICKS_PER_S: u16 = 30;
/// How long a ship that came back is safe unless it shoots, ticks.
pub(super) const SHIELD_TICKS: u16 = TICKS_PER_S * 3 / 2;

/// A player's place in the room.
#[derive(Clone, Debug)]
pub(super) struct Seat {
    pub(super) player: PlayerId,
    pub(super) entity: EntityId,
    /// Until the weapon is ready again.
    pub(super) pause_ticks: u16,
    /// Until the shield is gone.
    pub(super) shield_ticks: u16,
    /// Until rapid fire is over.
    pub(super) rapid_ticks: u16,
    /// Until a destroyed ship comes back.
    pub(super) respawn_ticks: u16,
    /// Until the player may show an emote again.
    pub(super) emote_ticks: u16,
    /// Shots under way.
    pub(super) shots: u8,
}

impl Seat {
    pub(super) fn new(player: PlayerId, entity: EntityId) -> Self {
        Self {
            player,
            entity,
            pause_ticks: 0,
            shield_ticks: SHIELD_TICKS,
            rapid_ticks: 0,
            respawn_ticks: 0,
            emote_ticks: 0,
            shots: 0,
        }
    }

    /// Seconds until rapid fire is over, rounded up.
    pub(super) fn rapid_s(&self) -> u8 {
        self.rapid_ticks.div_ceil(TICKS_PER_S) as u8
    }

    /// A tick goes by.
    pub(super) fn count_down(&mut self) {
        for ticks in [
            &mut self.pause_ticks,
            &mut self.shield_ticks,
            &mut self.rapid_ticks,
            &mut self.respawn_ticks,
            &mut self.emote_ticks,
        ] {
            *ticks = ticks.saturating_sub(1);
        }
    }
}
