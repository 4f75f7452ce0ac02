//! A filter over the newest samples of an offset between two clocks.
//!
//! A sample is a time on one clock minus a time on the other: their true offset plus the latency of the
//! message. The least sample is the best estimate of the latency without queueing; a high quantile is the
//! latency that nearly all messages stay below. The quantile rises within a few samples and falls only as the
//! window moves on: the margin grows quickly and decays slowly.

use core::time::Duration;

/// The most samples in the quantile, and their greatest age: a client that gets few updates would otherwise
/// rely on samples that are a minute old.
const SAMPLES: usize = 256;
const AGE_MAX_MS: u32 = 20_000;
/// The quantile is recomputed after this many samples.
const REFRESH: u32 = 8;
/// The high value is this quantile of the samples.
const HIGH: f64 = 0.975;
/// The least sample is that of the last one to two of these periods.
const LEAST_PERIOD: Duration = Duration::from_secs(5);
/// This many samples in a row must be far above the others before they count: fewer may be a stall.
const FAR_SAMPLES: u32 = 12;

/// The filter. Samples and results are in ticks.
#[derive(Clone, Debug)]
pub(super) struct Window {
    /// A sample that differs by more than this was held up, or the clocks have changed.
    jump: f64,
    /// Samples are kept as differences from the first one, so that an `f32` is precise enough.
    origin: f64,
    /// The samples, each with its time in ms.
    ring: Vec<(u32, f32)>,
    next: usize,
    stale: u32,
    high: f32,
    /// The least samples of this period and of the one before.
    least: [f32; 2],
    period_from: Duration,
    far: u32,
    far_least: f64,
}

impl Window {
    pub(super) fn new(jump: f64) -> Self {
        Self {
            jump,
            origin: 0.0,
            ring: Vec::new(),
            next: 0,
            stale: 0,
            high: 0.0,
            least: [f32::INFINITY; 2],
            period_from: Duration::ZERO,
            far: 0,
            far_least: f64::INFINITY,
        }
    }

    /// Forgets all samples: the next one is taken as correct.
    pub(super) fn reset(&mut self) {
        *self = Self::new(self.jump);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.ring.is_empty()
    }

    /// The value that nearly all samples are below.
    pub(super) fn high(&self) -> f64 {
        self.origin + f64::from(self.high)
    }

    /// The least sample of the last seconds.
    pub(super) fn low(&self) -> f64 {
        self.origin + f64::from(self.least_offset())
    }

    fn least_offset(&self) -> f32 {
        let [newer, older] = self.least;
        newer.min(older)
    }

    /// Adds a sample. `true` if the clocks have changed; the samples before are then forgotten.
    pub(super) fn add(&mut self, now: Duration, sample: f64) -> bool {
        if self.is_empty() {
            self.start(now, sample);
            return false;
        }
        if sample < self.low() - self.jump {
            self.start(now, sample);
            return true;
        }
        if sample > self.high() + self.jump {
            self.far += 1;
            self.far_least = self.far_least.min(sample);
            if self.far >= FAR_SAMPLES {
                self.start(now, self.far_least);
                return true;
            }
            return false;
        }
        (self.far, self.far_least) = (0, f64::INFINITY);
        self.push(now, (sample - self.origin) as f32);
        false
    }

    /// Replaces the newest sample, which was not a measurement of the path, if this one is lower.
    pub(super) fn replace(&mut self, sample: f64) {
        let newest = self.next.checked_sub(1).unwrap_or(self.ring.len().saturating_sub(1));
        let offset = (sample - self.origin) as f32;
        if let Some((_, slot)) = self.ring.get_mut(newest) {
            *slot = slot.min(offset);
            self.least[0] = self.least[0].min(offset);
        }
    }

    fn start(&mut self, now: Duration, sample: f64) {
        self.reset();
        self.origin = sample;
        self.period_from = now;
        self.push(now, 0.0);
    }

    fn push(&mut self, now: Duration, offset: f32) {
        // It may wrap: only differences are used.
        let now_ms = now.as_millis() as u32;
        if self.ring.len() < SAMPLES {
            self.ring.push((now_ms, offset));
        } else if let Some(slot) = self.ring.get_mut(self.next) {
            *slot = (now_ms, offset);
        }
        self.next = (self.next + 1) % SAMPLES;
        if now.saturating_sub(self.period_from) > LEAST_PERIOD {
            self.least = [f32::INFINITY, self.least[0]];
            self.period_from = now;
        }
        self.least[0] = self.least[0].min(offset);
        self.stale += 1;
        if offset > self.high || self.stale >= REFRESH || self.ring.len() < SAMPLES / 8 {
            self.refresh(now_ms);
        }
    }

    fn refresh(&mut self, now_ms: u32) {
        self.stale = 0;
        let mut sorted = [0.0_f32; SAMPLES];
        let fresh = self.ring.iter().filter(|(at_ms, _)| now_ms.wrapping_sub(*at_ms) <= AGE_MAX_MS);
        let count = sorted.iter_mut().zip(fresh).map(|(slot, (_, offset))| *slot = *offset).count();
        let Some(samples) = sorted.get_mut(..count) else { return };
        let at = ((count.saturating_sub(1)) as f64 * HIGH).ceil() as usize;
        if at < count {
            self.high = *samples.select_nth_unstable_by(at, f32::total_cmp).1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Rng;

    fn filled(samples: impl Iterator<Item = f64>) -> Window {
        let mut window = Window::new(8.0);
        for (at, sample) in samples.enumerate() {
            window.add(Duration::from_millis(33 * at as u64), sample);
        }
        window
    }

    #[test]
    fn low_is_the_way_without_waiting_and_high_what_nearly_all_take() {
        let mut rng = Rng::new(1);
        let window = filled((0..300).map(|_| 1_000.0 + f64::from(rng.below(100)) / 100.0));
        assert!((999.999..1_000.05).contains(&window.low()), "{}", window.low());
        assert!((1_000.9..1_001.0).contains(&window.high()), "{}", window.high());
    }

    #[test]
    fn a_few_late_ones_change_nothing_and_a_lasting_change_counts_at_once() {
        let mut window = filled((0..300).map(|at| if at % 60 == 59 { 5.0 } else { 0.0 }));
        assert_eq!((window.low(), window.high()), (0.0, 0.0));
        for at in 0..10 {
            window.add(Duration::from_secs(11 + at), 3.0);
        }
        assert_eq!(window.high(), 3.0);
    }

    #[test]
    fn what_is_far_off_counts_when_it_lasts_or_is_too_early_to_be_a_delay() {
        let mut window = filled((0..100).map(|_| 0.0));
        for at in 1..FAR_SAMPLES {
            assert!(!window.add(Duration::from_secs(4), 500.0 - f64::from(at)));
        }
        assert!(!window.add(Duration::from_secs(4), 0.0), "it was a stall");
        assert_eq!(window.high(), 0.0);
        let jumps = (0..FAR_SAMPLES).filter(|_| window.add(Duration::from_secs(5), 500.0)).count();
        assert_eq!((jumps, window.low()), (1, 500.0));
        assert!(window.add(Duration::from_secs(5), -500.0));
        assert_eq!((window.low(), window.high()), (-500.0, -500.0));
    }

    #[test]
    fn the_least_of_long_ago_is_forgotten() {
        let mut window = filled((0..100).map(|_| 0.0));
        for at in 0..400 {
            window.add(Duration::from_millis(3_300 + 33 * at), 2.0);
        }
        assert_eq!(window.low(), 2.0);
    }
}
