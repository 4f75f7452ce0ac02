//! How long to wait before the next attempt, so that many clients that lost one server come back spread over
//! time.

use crate::Rng;
use core::time::Duration;

/// Pauses between attempts: the pause that the server advises, plus a random part of a time that doubles with
/// each attempt (Brooker, Exponential Backoff And Jitter, 2015: full jitter).
#[derive(Clone, Debug)]
pub struct Backoff {
    attempt: u32,
    rng: Rng,
}

impl Backoff {
    /// The most that is added at the first attempt.
    pub const FIRST: Duration = Duration::from_millis(500);
    /// The most that is added at any attempt.
    pub const MAX: Duration = Duration::from_secs(8);

    /// Creates a backoff without attempts. Clients need different seeds.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self { attempt: 0, rng: Rng::new(seed) }
    }

    /// The pause before the next attempt; `advised` is what the server asks for, or zero.
    pub fn pause(&mut self, advised: Duration) -> Duration {
        let most = Self::FIRST.saturating_mul(1 << self.attempt.min(8)).min(Self::MAX);
        self.attempt = self.attempt.saturating_add(1);
        advised.saturating_add(most.mul_f32(self.rng.unit()))
    }

    /// An attempt succeeded: the next pause is a first one again.
    pub fn reset(&mut self) {
        self.attempt = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_herd_is_spread_evenly_over_the_whole_time() {
        let advised = Duration::from_secs(2);
        let mut arrivals = [0_u32; 10];
        for seed in 0..10_000 {
            let late = Backoff::new(seed).pause(advised) - advised;
            assert!(late < Backoff::FIRST);
            arrivals[(late.as_millis() / 50) as usize] += 1;
        }
        assert!(arrivals.iter().all(|count| (800..1_200).contains(count)), "{arrivals:?}");
    }

    #[test]
    fn pauses_grow_to_a_bound_and_begin_again_after_a_good_attempt() {
        let longest = |attempt: usize| {
            let pause = |seed| {
                let mut backoff = Backoff::new(seed);
                (0..=attempt).map(|_| backoff.pause(Duration::ZERO)).last().unwrap_or_default()
            };
            (0..200).map(pause).max().unwrap_or_default()
        };
        assert!(longest(3) > 6 * Backoff::FIRST && longest(3) <= 8 * Backoff::FIRST);
        assert!(longest(40) > Backoff::MAX * 9 / 10 && longest(40) <= Backoff::MAX);
        let mut backoff = Backoff::new(1);
        let grown = (0..9).map(|_| backoff.pause(Duration::ZERO)).last();
        assert!(grown > Some(Backoff::FIRST), "{grown:?}");
        backoff.reset();
        assert!(backoff.pause(Duration::ZERO) < Backoff::FIRST);
    }
}
