//! The updates that a client has not acknowledged.

use crate::limits::window_ticks;
use crate::tick::{Tick, TickRate};

/// The updates that were sent, and the oldest one that waits for its acknowledgement. It is stored in the
/// member itself, because it is read in each tick. It covers [`window_ticks`] in 64 bits, so at high rates a
/// bit covers several ticks, called a grain.
#[derive(Clone, Copy, Debug)]
pub(super) struct Unacked {
    /// The first update over this connection.
    first: Option<Tick>,
    pub(super) oldest: Option<Tick>,
    newest: Tick,
    /// Bit n: an update was sent n grains before that of `newest`. If the oldest unacknowledged update is
    /// older than that, then once an older one is acknowledged, the oldest known here counts.
    sent: u64,
    grain_ticks: u32,
}

impl Unacked {
    pub(super) fn new(rate: TickRate) -> Self {
        let grain_ticks = window_ticks(rate).div_ceil(u64::BITS);
        Self { first: None, oldest: None, newest: Tick(0), sent: 0, grain_ticks }
    }

    fn grain(&self, tick: Tick) -> u32 {
        tick.0 / self.grain_ticks
    }

    pub(super) fn sent(&mut self, tick: Tick) {
        let passed = self.grain(tick).saturating_sub(self.grain(self.newest));
        self.sent = self.sent.checked_shl(passed).unwrap_or(0) | 1;
        self.newest = tick;
        self.first.get_or_insert(tick);
        self.oldest.get_or_insert(tick);
    }

    /// Whether the update of `tick` was sent. For ticks before the last 64 grains it returns `true` if they
    /// are not before the first update.
    pub(super) fn was_sent(&self, tick: Tick) -> bool {
        if tick > self.newest || self.first.is_none_or(|first| tick < first) {
            return false;
        }
        let before = self.grain(self.newest) - self.grain(tick);
        self.sent.checked_shr(before).is_none_or(|sent| sent & 1 != 0)
    }

    pub(super) fn acked(&mut self, tick: Tick) {
        if self.oldest.is_none_or(|oldest| oldest > tick) {
            return;
        }
        if tick >= self.newest {
            self.oldest = None;
            return;
        }
        // Other ticks of the same grain may still wait.
        let later = self.grain(self.newest) - self.grain(tick) + u32::from(self.grain_ticks > 1);
        let unacked = self.sent & 1_u64.checked_shl(later).map_or(u64::MAX, |bit| bit - 1);
        let oldest = |bit: u32| Tick((self.grain(self.newest) - bit) * self.grain_ticks).max(tick.next());
        self.oldest = unacked.checked_ilog2().map(oldest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_update_without_an_acknowledgement_is_known() {
        let mut unacked = Unacked::new(TickRate::DEFAULT);
        for tick in [10, 11, 14, 60] {
            unacked.sent(Tick(tick));
        }
        let mut oldest_after = |ack| {
            unacked.acked(Tick(ack));
            unacked.oldest
        };
        assert_eq!(oldest_after(9), Some(Tick(10)));
        assert_eq!(oldest_after(10), Some(Tick(11)));
        assert_eq!(oldest_after(12), Some(Tick(14)));
        assert_eq!(oldest_after(60), None);
        // A client that acknowledges nothing, then an update of long ago.
        for tick in (100..1000).step_by(9) {
            unacked.sent(Tick(tick));
        }
        assert_eq!(unacked.oldest, Some(Tick(100)));
        unacked.acked(Tick(200));
        assert_eq!(unacked.oldest, Some(Tick(991 - 63)));
        unacked.acked(Tick(973));
        assert_eq!(unacked.oldest, Some(Tick(982)));
    }
}
