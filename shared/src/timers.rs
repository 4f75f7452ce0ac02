//! Reminders of a game, by tick.

use crate::tick::{Tick, TickRate};
use core::time::Duration;
use std::collections::BTreeMap;

/// What is to happen later, by the tick in which it is due. Part of a game's own state.
///
/// ```
/// use core::time::Duration;
/// use tickwire_shared::prelude::*;
///
/// let mut timers = Timers::new(TickRate::DEFAULT);
/// timers.set(Tick(90), Duration::from_secs(2), "respawn");
/// assert_eq!(timers.take_due(Tick(149)), None);
/// // A room that lost time skips ticks: what was due meanwhile is due now.
/// assert_eq!(timers.take_due(Tick(160)), Some("respawn"));
/// ```
#[derive(Clone, Debug)]
pub struct Timers<T> {
    rate: TickRate,
    /// By due tick, and in the order in which they were set.
    waiting: BTreeMap<(Tick, u64), T>,
    set: u64,
}

impl<T> Timers<T> {
    /// No timers, in a room of this rate.
    #[must_use]
    pub const fn new(rate: TickRate) -> Self {
        Self { rate, waiting: BTreeMap::new(), set: 0 }
    }

    /// `what` is due when `time` has passed since the tick `now`, rounded up to whole ticks: the next tick at
    /// the earliest, so that one which is set again when it is due does not come twice in a step.
    pub fn set(&mut self, now: Tick, time: Duration, what: T) {
        let due = now.offset(i64::from(self.rate.ticks_ceil(time).max(1)));
        self.waiting.insert((due, self.set), what);
        self.set += 1;
    }

    /// The next one that is due at `now`; take all, one after the other, in each step.
    pub fn take_due(&mut self, now: Tick) -> Option<T> {
        let first = self.waiting.first_entry()?;
        (first.key().0 <= now).then(|| first.remove())
    }

    /// Removes those for which this is true.
    pub fn cancel(&mut self, is_meant: impl Fn(&T) -> bool) {
        self.waiting.retain(|_, what| !is_meant(what));
    }

    /// How many wait.
    #[must_use]
    pub fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Whether none waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timers_are_due_in_order_at_any_rate() {
        for hz in [10, 30, 128] {
            let rate = TickRate::new(hz).unwrap();
            let mut timers = Timers::new(rate);
            let start = Tick(1_000);
            timers.set(start, Duration::from_secs(2), "late");
            timers.set(start, Duration::from_secs(1), "one");
            timers.set(start, Duration::from_secs(1), "two");
            timers.set(start, Duration::from_secs(1), "never");
            timers.cancel(|what| *what == "never");
            let (one, two) = (u32::from(hz), 2 * u32::from(hz));
            assert_eq!(timers.take_due(Tick(1_000 + one - 1)), None);
            assert_eq!(timers.take_due(Tick(1_000 + one)), Some("one"));
            assert_eq!(timers.take_due(Tick(1_000 + one)), Some("two"));
            assert_eq!(timers.take_due(Tick(1_000 + two - 1)), None);
            assert_eq!((timers.len(), timers.take_due(Tick(1_000 + two))), (1, Some("late")));
            assert!(timers.is_empty());
        }
    }
}
