//! Times in which a bot saw nothing new.

use core::time::Duration;
use tickwire_shared::limits::QUIET_MS_MAX;

/// The longest time without a message while everything goes as predicted.
pub(crate) const QUIET: Duration = Duration::from_millis(QUIET_MS_MAX);

/// The time between the arrivals of two snapshots of one bot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Gap {
    /// How long it was.
    pub(crate) time: Duration,
    /// From one tick of the room to the next.
    pub(crate) interval: Duration,
    /// Ticks that were confirmed without a message of their own: they count as on time.
    pub(crate) quiet: u32,
    /// Whether it was an outage.
    pub(crate) is_outage: bool,
}

/// A bot that has seen nothing new since `since`, and would have watched until `until`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Silence {
    pub(crate) bot: u32,
    pub(crate) since: Duration,
    pub(crate) until: Duration,
    pub(crate) interval: Duration,
    pub(crate) outage_min: Duration,
}

impl Silence {
    /// The gap at the end of the run; `None` if it is no longer than a server may be quiet.
    pub(crate) fn gap(&self, end: Duration) -> Option<Gap> {
        let time = self.until.min(end).saturating_sub(self.since);
        let is_gap = time > QUIET + 2 * self.interval;
        is_gap.then_some(Gap { time, interval: self.interval, quiet: 0, is_outage: time >= self.outage_min })
    }
}
