//! Distributions of what bots measure, in a fixed amount of memory.

use core::time::Duration;
use hdrhistogram::Histogram;
use serde::Serialize;

/// The largest value, in thousandths: ten minutes in µs. Greater values count as this one.
const STEPS_MAX: u64 = 600_000_000;

/// A distribution of values in thousandths (of a millisecond or of a unit), to 3 digits. About 170 KB.
#[derive(Clone, Debug)]
pub struct Spread {
    steps: Histogram<u64>,
}

impl Default for Spread {
    #[expect(clippy::expect_used, reason = "the bounds are constants that the histogram permits")]
    fn default() -> Self {
        Self { steps: Histogram::new_with_bounds(1, STEPS_MAX, 3).expect("permitted bounds") }
    }
}

impl Spread {
    /// Adds a time, measured in µs.
    pub fn record(&mut self, time: Duration) {
        self.steps.saturating_record(micros(time));
    }

    /// Adds a time between two arrivals that should be `expected` apart, and the shorter waits that samples
    /// in between would have measured. Without them a stall of a second counts as one sample, although thirty
    /// are missing (coordinated omission; Tene, How Not to Measure Latency).
    pub fn record_gap(&mut self, gap: Duration, expected: Duration) {
        let (gap, expected) = (micros(gap).min(STEPS_MAX), micros(expected));
        if gap < 2 * expected || self.steps.record_correct(gap, expected).is_err() {
            self.steps.saturating_record(gap);
        }
    }

    /// Adds a length, in units.
    pub fn record_units(&mut self, units: f64) {
        self.steps.saturating_record((units.abs() * 1_000.0).round() as u64);
    }

    /// Adds all values of `other`.
    pub fn add(&mut self, other: &Self) {
        // Both have the same bounds, so no value can be out of range.
        let added = self.steps.add(&other.steps);
        debug_assert!(added.is_ok());
    }

    /// Adds all values of `other` and empties it.
    pub fn take(&mut self, other: &mut Self) {
        if !other.steps.is_empty() {
            self.add(other);
            other.steps.reset();
        }
    }

    /// How many values were recorded.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.steps.len()
    }

    /// The value at or below which `share` (0 to 1) of all values lie; `None` if there are none.
    #[must_use]
    pub fn at(&self, share: f64) -> Option<f64> {
        (!self.steps.is_empty()).then(|| {
            // A bucket's upper end may be above the largest recorded value.
            thousandths(self.steps.value_at_quantile(share).min(self.steps.max()))
        })
    }

    /// The largest value; `None` if there are none.
    #[must_use]
    pub fn max(&self) -> Option<f64> {
        (!self.steps.is_empty()).then(|| thousandths(self.steps.max()))
    }

    /// The percentiles of a report.
    #[must_use]
    pub fn percentiles(&self) -> Percentiles {
        Percentiles {
            p50: self.at(0.5),
            p90: self.at(0.9),
            p99: self.at(0.99),
            p999: self.at(0.999),
            max: self.max(),
        }
    }
}

/// Percentiles of a distribution; all `None` (JSON `null`) if nothing was measured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Percentiles {
    /// The median.
    pub p50: Option<f64>,
    /// 90 of 100 values lie at or below it.
    pub p90: Option<f64>,
    /// 99 of 100 values lie at or below it.
    pub p99: Option<f64>,
    /// 999 of 1,000 values lie at or below it.
    pub p999: Option<f64>,
    /// The largest value.
    pub max: Option<f64>,
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

fn thousandths(steps: u64) -> f64 {
    steps as f64 / 1_000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    fn near(value: Option<f64>, wanted: f64) -> bool {
        value.is_some_and(|value| (value - wanted).abs() <= wanted * 0.001)
    }

    #[test]
    fn percentiles_are_right_to_a_thousandth() {
        let mut spread = Spread::default();
        (1..=1_000).for_each(|n| spread.record(ms(n)));
        let found = spread.percentiles();
        assert!(near(found.p50, 500.0) && near(found.p90, 900.0), "{found:?}");
        assert!(near(found.p99, 990.0) && near(found.p999, 999.0) && near(found.max, 1_000.0), "{found:?}");
    }

    #[test]
    fn nothing_measured_has_no_percentiles() {
        assert_eq!(Spread::default().percentiles(), Percentiles::default());
    }

    #[test]
    fn a_stall_weighs_as_much_as_what_it_swallowed() {
        let (mut plain, mut gaps) = (Spread::default(), Spread::default());
        for gap in [ms(33); 97].into_iter().chain([ms(1_000)]) {
            plain.record(gap);
            gaps.record_gap(gap, ms(33));
        }
        assert!(near(plain.at(0.9), 33.0));
        assert!(gaps.at(0.9).is_some_and(|p90| p90 > 500.0), "{:?}", gaps.percentiles());
        assert_eq!(gaps.count(), 97 + 30);
    }

    #[test]
    fn late_by_less_than_a_whole_interval_is_one_sample() {
        let mut gaps = Spread::default();
        gaps.record_gap(ms(65), ms(33));
        assert_eq!(gaps.count(), 1);
    }

    #[test]
    fn distributions_add_up_and_huge_values_count_as_the_largest() {
        let (mut sum, mut part) = (Spread::default(), Spread::default());
        part.record(Duration::from_secs(3_600));
        part.record_units(-2.5);
        sum.take(&mut part);
        assert_eq!((sum.count(), part.count()), (2, 0));
        assert!(near(sum.max(), 600_000.0), "{:?}", sum.max());
        assert!(near(sum.at(0.1), 2.5));
    }
}
