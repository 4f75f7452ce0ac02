//! Times in which a network carries nothing: one in each period, at a random time in it.

use crate::Rng;
use core::time::Duration;

/// How long an outage lasts and how often there is one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outage {
    /// How long it lasts.
    pub time: Duration,
    /// There is one in each period of this length; never if zero.
    pub every: Duration,
}

impl Outage {
    /// No outages.
    pub const NEVER: Self = Self { time: Duration::ZERO, every: Duration::ZERO };

    /// An outage of `time_ms` in every `every_ms`.
    #[must_use]
    pub const fn millis(time_ms: u64, every_ms: u64) -> Self {
        Self { time: Duration::from_millis(time_ms), every: Duration::from_millis(every_ms) }
    }

    /// Whether there are no outages.
    #[must_use]
    pub const fn is_never(&self) -> bool {
        self.every.is_zero()
    }
}

/// A seeded sequence of outages. It has no state: each outage follows from its number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outages {
    outage: Outage,
    seed: u64,
}

impl Outages {
    /// The sequence that follows from `seed`.
    #[must_use]
    pub const fn new(outage: Outage, seed: u64) -> Self {
        Self { outage, seed }
    }

    pub(super) fn set(&mut self, outage: Outage) {
        self.outage = outage;
    }

    /// The outage in progress at `at`, otherwise the next one: its start and its end.
    #[must_use]
    pub fn at_or_after(&self, at: Duration) -> Option<(Duration, Duration)> {
        if self.outage.is_never() {
            return None;
        }
        let number = (at.as_nanos() / self.outage.every.as_nanos()) as u64;
        let (from, until) = self.nth(number);
        Some(if at < until { (from, until) } else { self.nth(number.saturating_add(1)) })
    }

    /// When a message arrives that would arrive at `at` without outages.
    pub(super) fn held(&self, at: Duration) -> Duration {
        match self.at_or_after(at) {
            Some((from, until)) if from <= at => until,
            _ => at,
        }
    }

    /// The outage of period `number`; it ends within the period.
    fn nth(&self, number: u64) -> (Duration, Duration) {
        let Outage { time, every } = self.outage;
        let time = time.min(every);
        let spare_us = u32::try_from((every - time).as_micros()).unwrap_or(u32::MAX);
        let place = Rng::new(self.seed ^ number.wrapping_mul(0xd6e8_feb8_6659_fd93))
            .below(spare_us.saturating_add(1));
        let nanos = every.as_nanos().saturating_mul(number.into());
        let begin = Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX / 2));
        let from = begin + Duration::from_micros(place.into());
        (from, from + time)
    }
}
