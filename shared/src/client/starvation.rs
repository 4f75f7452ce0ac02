//! Starved rendered frames: those that showed the other entities at a tick of which nothing was known.
//!
//! While everything goes as predicted the server sends nothing, and what is shown beyond the newest state is
//! right. The next update says whether it was, so such rendered frames wait for it.

use super::interpolation::FractionalTick;
use crate::tick::Tick;
use std::collections::VecDeque;

/// The most rendered frames that wait; beyond that, the oldest count as starved. 250 ms at 240 Hz.
const WAITING_MAX: usize = 64;

/// The ticks shown beyond the newest state.
#[derive(Clone, Debug, Default)]
pub(super) struct Starved {
    waiting: VecDeque<FractionalTick>,
}

impl Starved {
    /// A rendered frame showed `moment` while `newest` was the newest state. Returns how many are certainly
    /// starved.
    pub(super) fn shown(&mut self, moment: FractionalTick, newest: Tick) -> u64 {
        if moment <= FractionalTick::at(newest) {
            return 0;
        }
        self.waiting.push_back(moment);
        if self.waiting.len() <= WAITING_MAX {
            return 0;
        }
        self.waiting.pop_front();
        1
    }

    /// An update arrived: up to `known` everything went as predicted. Returns how many rendered frames were
    /// starved.
    pub(super) fn confirmed(&mut self, known: Tick) -> u64 {
        let starved = self.waiting.iter().filter(|moment| **moment > FractionalTick::at(known)).count();
        self.waiting.clear();
        starved as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_confirmed_later_was_not_starved() {
        let mut starved = Starved::default();
        let mut seen = |moment: f64, newest| starved.shown(FractionalTick::of(moment), Tick(newest));
        assert_eq!(seen(9.5, 10) + seen(10.0, 10) + seen(10.5, 10) + seen(12.5, 10), 0);
        assert_eq!(starved.confirmed(Tick(12)), 1);
        assert_eq!(starved.confirmed(Tick(13)), 0);
    }

    #[test]
    fn frames_that_nothing_confirms_count() {
        let mut starved = Starved::default();
        let shown =
            (0..100).map(|at| starved.shown(FractionalTick::of(11.0 + f64::from(at) / 8.0), Tick(10)));
        assert_eq!(shown.sum::<u64>(), 100 - WAITING_MAX as u64);
    }
}
