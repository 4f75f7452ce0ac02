//! How many seats of a room are taken, and whether matches are led to it.

use tokio::time::Instant;

/// No match is led here for a while.
#[derive(Clone, Copy, Debug)]
pub(super) struct PassedOver {
    pub(super) until: Instant,
    /// With fewer players than this, the room is worth another try.
    pub(super) players: u16,
}

impl PassedOver {
    pub(super) fn holds(self, now: Instant, players: u16) -> bool {
        now < self.until && players >= self.players
    }
}

/// The taken seats of one role: those that the room counted last, and those that were given out since.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct SeatCount {
    counted: u16,
    pub(super) coming: u16,
    /// The part of `coming` that the tick in progress has taken out of the inbox.
    in_tick: u16,
}

impl SeatCount {
    pub(super) fn taken(self) -> u16 {
        self.counted.saturating_add(self.coming)
    }

    pub(super) fn start_tick(&mut self) {
        self.in_tick = self.coming;
    }

    pub(super) fn end_tick(&mut self, counted: usize) {
        self.counted = u16::try_from(counted).unwrap_or(u16::MAX);
        self.coming -= self.in_tick;
        self.in_tick = 0;
    }
}
