//! The time and the memory of one tick's reading.

use crate::transport::inbound::Inbound;
use std::time::{Duration, SystemTime};
use tokio::time::Instant;

/// The time of a tick's reading, by both clocks, and working memory.
#[derive(Debug)]
pub(super) struct Reading {
    now: Instant,
    before: Instant,
    /// Time since the Unix epoch at `now`; only its distance from stamps of the last tick or so matters.
    wall: Duration,
    pub(super) control: Vec<u8>,
    /// Where messages are read. All connections share it, so that it stays in the processor's cache.
    pub(super) inbound: Inbound,
}

impl Reading {
    pub(super) fn new() -> Self {
        let now = Instant::now();
        Self { now, before: now, wall: Duration::ZERO, control: Vec::new(), inbound: Inbound::default() }
    }

    /// Starts a tick.
    pub(super) fn begin(&mut self, now: Instant) {
        self.before = std::mem::replace(&mut self.now, now);
        self.wall = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    }

    /// When something with this stamp arrived: not before the last reading, which would have found it.
    pub(super) fn arrival(&self, stamp: Duration) -> Instant {
        let age = self.wall.saturating_sub(stamp);
        self.now.checked_sub(age).map_or(self.before, |at| at.max(self.before))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arrival_lies_between_the_last_reading_and_this_one() {
        let mut reading = Reading::new();
        let before = reading.now;
        let now = before + Duration::from_millis(33);
        reading.begin(now);
        let ago = |ms| reading.arrival(reading.wall.saturating_sub(Duration::from_millis(ms)));
        assert_eq!(ago(10), now - Duration::from_millis(10));
        assert_eq!(ago(2000), before, "the wall clock was put forward");
        assert_eq!(reading.arrival(reading.wall + Duration::from_secs(9)), now, "or back");
    }
}
