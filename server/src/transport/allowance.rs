//! A rate limit that first slows a peer down and only then ends the session.
//!
//! The clock is read once per grant, not once per message: for a peer within its rate a message costs a
//! subtraction.

use std::time::Duration;
use tokio::time::Instant;

/// How long a peer may continuously exceed the rate before its session ends.
pub(crate) const EXCESS_MAX: Duration = Duration::from_secs(10);

/// A grant after a pause lasts this long at the permitted rate.
const PAUSE: Duration = Duration::from_millis(250);

/// A token bucket that holds one second of the permitted rate and is refilled when it is found empty.
///
/// TCP delivers the data of a stall all at once, so excess only pauses reading. A peer is in excess from the
/// first grant that it used up faster than the rate, until a grant lasts as long as it should; [`EXCESS_MAX`]
/// of that ends the session.
#[derive(Debug)]
pub(crate) struct Allowance {
    left: i64,
    granted: i64,
    granted_at: Instant,
    per_s: i64,
    /// The present grant was used up before its time.
    paused: bool,
    excess_since: Option<Instant>,
}

/// What to do with a peer whose grant is used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Read on.
    Go,
    /// Read nothing until then.
    Pause(Instant),
    /// It was in excess for too long.
    Over,
}

impl Allowance {
    /// An allowance of `per_s` units per second that starts full.
    #[must_use]
    pub(crate) fn new(per_s: u32) -> Self {
        let per_s = i64::from(per_s.max(1));
        Self {
            left: per_s,
            granted: per_s,
            granted_at: Instant::now(),
            per_s,
            paused: false,
            excess_since: None,
        }
    }

    /// Takes `units`. This may be more than is left: the next grant is then smaller.
    #[inline]
    pub(crate) fn spend(&mut self, units: u32) {
        self.left -= i64::from(units);
    }

    /// Whether the grant is used up, so that [`Allowance::renew`] must be asked.
    #[inline]
    #[must_use]
    pub(crate) fn is_empty(&self) -> bool {
        self.left <= 0
    }

    /// Units that may be taken before [`Allowance::renew`] must be asked.
    #[must_use]
    pub(crate) fn left(&self) -> i64 {
        self.left
    }

    /// Renews the grant with what was earned since the last one.
    pub(crate) fn renew(&mut self, now: Instant) -> Verdict {
        if !self.is_empty() {
            return Verdict::Go;
        }
        let passed = now.saturating_duration_since(self.granted_at);
        let earned = self.units_in(passed);
        // What was earned while paused does not count in the peer's favor.
        if earned >= self.granted && !self.paused {
            self.excess_since = None;
        } else {
            self.paused = true;
            let since = *self.excess_since.get_or_insert(now);
            if now.saturating_duration_since(since) >= EXCESS_MAX {
                return Verdict::Over;
            }
            let due = self.time_for((1 - self.left).max(self.units_in(PAUSE)));
            if passed < due {
                return Verdict::Pause(self.granted_at + due);
            }
        }
        self.granted = (self.left + earned).clamp(1, self.per_s);
        self.left = self.granted;
        self.granted_at = now;
        self.paused = false;
        Verdict::Go
    }

    fn units_in(&self, time: Duration) -> i64 {
        (i128::from(self.per_s) * time.as_micros().min(1 << 60) as i128 / 1_000_000).min(i128::from(i64::MAX))
            as i64
    }

    fn time_for(&self, units: i64) -> Duration {
        Duration::from_micros((units.max(0) as u64).saturating_mul(1_000_000) / self.per_s.max(1) as u64 + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sends `per_s` units a second for `seconds`, pausing when asked to. Returns what was taken until the
    /// end.
    fn drive(allowance: &mut Allowance, from: Instant, per_s: u32, seconds: u32) -> Result<u64, u64> {
        let (mut owed, mut taken) = (0_u64, 0_u64);
        for ms in 0..u64::from(seconds) * 1000 {
            let now = from + Duration::from_millis(ms);
            owed += u64::from(per_s) * (ms + 1) / 1000 - u64::from(per_s) * ms / 1000;
            while owed > 0 {
                match allowance.renew(now) {
                    Verdict::Go => (),
                    Verdict::Pause(until) => {
                        assert!(until > now);
                        break;
                    }
                    Verdict::Over => return Err(taken),
                }
                allowance.spend(1);
                owed -= 1;
                taken += 1;
            }
        }
        Ok(taken)
    }

    #[test]
    fn a_peer_within_its_rate_is_never_paused() {
        let start = Instant::now();
        let mut allowance = Allowance::new(120);
        assert_eq!(drive(&mut allowance, start, 119, 60), Ok(119 * 60));
        assert!(allowance.excess_since.is_none());
    }

    #[test]
    fn a_stall_delivered_at_once_is_taken_in_and_forgiven() {
        let start = Instant::now();
        let mut allowance = Allowance::new(120);
        for second in 0..5 {
            allowance.spend(60);
            let _ = allowance.renew(start + Duration::from_secs(second));
        }
        // Five seconds of frames at once, three times, with honest play in between.
        let mut at = start + Duration::from_secs(5);
        for _ in 0..3 {
            assert!(drive(&mut allowance, at, 300, 1).is_ok());
            at += Duration::from_secs(1);
            assert!(drive(&mut allowance, at, 60, 12).is_ok());
            at += Duration::from_secs(12);
        }
        assert!(allowance.excess_since.is_none());
    }

    #[test]
    fn a_flood_is_held_to_the_rate_and_ended_after_ten_seconds() {
        let start = Instant::now();
        let mut allowance = Allowance::new(120);
        let taken = drive(&mut allowance, start, 10_000, 30).unwrap_err();
        assert!((120 * 10..=120 * 12).contains(&taken), "{taken}");
    }
}
