//! A histogram of times between messages.

use std::time::Duration;

const STEP_US: usize = 20;
const STEPS: usize = 100_000;

/// Counts durations in steps of 20 µs up to 2 s; longer ones count as 2 s in the quantiles.
pub(crate) struct Gaps {
    counts: Vec<u32>,
    total: u64,
    max: Duration,
}

impl Gaps {
    pub(crate) fn new() -> Self {
        Self { counts: vec![0; STEPS + 1], total: 0, max: Duration::ZERO }
    }

    pub(crate) fn record(&mut self, gap: Duration) {
        let at = (gap.as_micros() as usize / STEP_US).min(STEPS);
        if let Some(count) = self.counts.get_mut(at) {
            *count += 1;
        }
        self.total += 1;
        self.max = self.max.max(gap);
    }

    /// The gap that a share `share` of all gaps does not exceed, ms.
    pub(crate) fn quantile_ms(&self, share: f64) -> f64 {
        let wanted = (self.total as f64 * share).ceil() as u64;
        let mut seen = 0;
        for (at, count) in self.counts.iter().enumerate() {
            seen += u64::from(*count);
            if seen >= wanted && seen > 0 {
                return ((at + 1) * STEP_US) as f64 / 1000.0;
            }
        }
        0.0
    }

    pub(crate) fn max_ms(&self) -> f64 {
        self.max.as_secs_f64() * 1000.0
    }
}
