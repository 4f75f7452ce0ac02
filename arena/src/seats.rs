//! What only the server needs to know about a player.

use super::tempo::PAUSES_PER_S;
use tickwire_shared::prelude::*;

/// How long the shield of a ship that joins or returns lasts, unless the ship shoots, ms.
const SHIELD_MS: u64 = 1_500;

/// A player's seat in the room.
#[derive(Clone, Debug)]
pub(super) struct Seat {
    pub(super) player: PlayerId,
    pub(super) entity: EntityId,
    /// Until the weapon is ready again, in 1/30 tick. Below 0: the unused rest of the tick in which it became
    /// ready.
    pub(super) pause: i32,
    /// Until the shield is gone.
    pub(super) shield_ticks: u32,
    /// Until rapid fire is over.
    pub(super) rapid_ticks: u32,
    /// Until a destroyed ship returns.
    pub(super) respawn_ticks: u32,
    /// Until the player may show an emote again.
    pub(super) emote_ticks: u32,
    /// Shots under way.
    pub(super) shots: u8,
}

impl Seat {
    pub(super) fn new(player: PlayerId, entity: EntityId, rate: TickRate) -> Self {
        Self {
            player,
            entity,
            pause: 0,
            shield_ticks: rate.ticks_covering(SHIELD_MS),
            rapid_ticks: 0,
            respawn_ticks: 0,
            emote_ticks: 0,
            shots: 0,
        }
    }

    /// Seconds until rapid fire is over, rounded up.
    pub(super) fn rapid_s(&self, rate: TickRate) -> u8 {
        self.rapid_ticks.div_ceil(rate.hz().into()) as u8
    }

    /// Lets this many ticks pass.
    pub(super) fn count_down(&mut self, passed_ticks: u32) {
        let passed = i64::from(passed_ticks) * i64::from(PAUSES_PER_S);
        self.pause = (i64::from(self.pause) - passed).max(1 - i64::from(PAUSES_PER_S)) as i32;
        for ticks in
            [&mut self.shield_ticks, &mut self.rapid_ticks, &mut self.respawn_ticks, &mut self.emote_ticks]
        {
            *ticks = ticks.saturating_sub(passed_ticks);
        }
    }
}
