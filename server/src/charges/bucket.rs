//! A rate limit with bursts: a minute's worth may be used at once.

use std::time::Duration;
use tokio::time::Instant;

/// The state of one rate limit.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Bucket {
    /// What was used and has not been refilled, as of `at`.
    used: f64,
    at: Option<Instant>,
}

impl Bucket {
    /// Uses one of `per_min`.
    ///
    /// # Errors
    /// How long until one is available.
    pub(crate) fn take(&mut self, per_min: u32, now: Instant) -> Result<(), Duration> {
        let (most, per_s) = (f64::from(per_min.max(1)), f64::from(per_min.max(1)) / 60.0);
        let passed = now.saturating_duration_since(self.at.unwrap_or(now));
        self.used = (self.used - passed.as_secs_f64() * per_s).max(0.0);
        self.at = Some(now);
        if self.used + 1.0 > most {
            return Err(Duration::from_secs_f64((self.used + 1.0 - most) / per_s));
        }
        self.used += 1.0;
        Ok(())
    }
}
