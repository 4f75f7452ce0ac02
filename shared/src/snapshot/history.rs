//! The last snapshots of a stream.

use super::Snapshot;
use crate::limits::window_ticks;
use crate::tick::{Tick, TickRate};

/// The tick of an empty entry: no room reaches it.
const NO_TICK: Tick = Tick(u32::MAX);

/// A ring of the snapshots of the last ticks. A new snapshot replaces the one in its entry.
#[derive(Clone, Debug)]
pub struct History {
    ring: Vec<Snapshot>,
    ticks: usize,
    newest: Option<Tick>,
}

impl History {
    /// An empty ring of [`window_ticks`]: all that a server can be asked for in a room of this rate.
    #[must_use]
    pub fn new(rate: TickRate) -> Self {
        Self::of_ticks(window_ticks(rate) as usize)
    }

    /// An empty ring of the last `ticks`, at least 1.
    #[must_use]
    pub fn of_ticks(ticks: usize) -> Self {
        Self { ring: Vec::new(), ticks: ticks.max(1), newest: None }
    }

    /// Adds a snapshot, newer than all before. Returns the one that it replaces, so that its memory can be
    /// reused.
    pub fn push(&mut self, snapshot: Snapshot) -> Option<Snapshot> {
        self.newest = Some(snapshot.tick);
        let place = snapshot.tick.0 as usize % self.ticks;
        // The ring grows on demand: a stream of few ticks takes little memory.
        while self.ring.len() <= place {
            self.ring.push(Snapshot::new(NO_TICK));
        }
        self.ring.get_mut(place).map(|old| core::mem::replace(old, snapshot))
    }

    /// The snapshot of `tick`, if it is still stored.
    #[must_use]
    pub fn get(&self, tick: Tick) -> Option<&Snapshot> {
        let newest = self.newest?;
        if tick > newest || newest.since(tick) >= self.ticks as i64 {
            return None;
        }
        self.ring.get(tick.0 as usize % self.ticks).filter(|snapshot| snapshot.tick == tick)
    }

    /// The newest snapshot.
    #[must_use]
    pub fn newest(&self) -> Option<&Snapshot> {
        self.get(self.newest?)
    }

    /// The newest snapshot at or before `tick`.
    #[must_use]
    pub fn at_or_before(&self, tick: Tick) -> Option<&Snapshot> {
        let newest = self.newest?;
        let start = tick.min(newest);
        (0..self.ticks as i64).find_map(|back| self.get(start.0.checked_sub(back as u32).map(Tick)?))
    }

    /// The oldest snapshot after `tick`.
    #[must_use]
    pub fn after(&self, tick: Tick) -> Option<&Snapshot> {
        let newest = self.newest?;
        let oldest = newest.0.saturating_sub(self.ticks as u32 - 1).max(tick.0.saturating_add(1));
        (oldest..=newest.0).find_map(|at| self.get(Tick(at)))
    }

    /// Discards the snapshots for whose ticks `keep` returns `false`, except the newest, and frees their
    /// memory. Returns one of them, so that its memory can be reused.
    pub fn retain(&mut self, mut keep: impl FnMut(Tick) -> bool) -> Option<Snapshot> {
        let mut forgotten = None;
        for snapshot in &mut self.ring {
            if snapshot.tick != NO_TICK && Some(snapshot.tick) != self.newest && !keep(snapshot.tick) {
                forgotten = Some(core::mem::replace(snapshot, Snapshot::new(NO_TICK)));
            }
        }
        forgotten
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ring_holds_the_last_64_ticks_and_no_older() {
        let mut history = History::new(TickRate::DEFAULT);
        for tick in (0..200).filter(|tick| tick % 3 != 0) {
            history.push(Snapshot::new(Tick(tick)));
        }
        assert_eq!(history.newest().map(|s| s.tick), Some(Tick(199)));
        assert!(history.get(Tick(198)).is_none());
        assert_eq!(history.get(Tick(136)).map(|s| s.tick), Some(Tick(136)));
        assert!(history.get(Tick(135)).is_none());
        assert!(history.get(Tick(134)).is_none());
        assert!(history.get(Tick(200)).is_none());
        assert_eq!(history.at_or_before(Tick(198)).map(|s| s.tick), Some(Tick(197)));
        assert_eq!(history.after(Tick(197)).map(|s| s.tick), Some(Tick(199)));
        assert_eq!(history.after(Tick(0)).map(|s| s.tick), Some(Tick(136)));
        assert!(history.after(Tick(199)).is_none());
    }
}
