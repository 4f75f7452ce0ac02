//! How long a bot has seen nothing new: across cuts, across a lost seat, up to the end.

use crate::clock::FleetClock;
use crate::silence::{Gap, QUIET, Silence};
use crate::tally::Tally;
use core::time::Duration;
use tickwire_shared::link::LinkProfile;

/// A bot that sees nothing new for this long, besides what its simulated network does, has met an outage. A
/// server sends at least four times a second.
pub(crate) const OUTAGE_MIN: Duration = Duration::from_secs(5);

/// Watches one bot through one stay.
#[derive(Debug)]
pub(crate) struct OutageDetector {
    bot: u32,
    outage_min: Duration,
    /// When the bot last saw something new, and the room's interval.
    seen: Option<(Duration, Duration)>,
    /// Until when the bot looks.
    until: Duration,
}

impl OutageDetector {
    /// Nothing seen yet; the bot's stay ends at `until`.
    pub(crate) fn new(bot: u32, network: &LinkProfile, until: Duration) -> Self {
        let simulated: Duration = [network.stall, network.cut].iter().map(|outage| outage.time).sum();
        Self { bot, outage_min: OUTAGE_MIN + simulated, seen: None, until }
    }

    /// How long a silence has to last to be an outage.
    pub(crate) fn outage_min(&self) -> Duration {
        self.outage_min
    }

    /// The states of `fresh` ticks arrived at `now` in one message. Returns how long the bot had waited for
    /// them.
    pub(crate) fn saw(&mut self, now: Duration, fresh: u64, interval: Duration) -> Option<Gap> {
        if fresh == 0 {
            return None;
        }
        let (before, _) = self.seen.replace((now, interval))?;
        // No message confirms more: ticks that the server skipped were not quiet.
        let quiet_max = QUIET.as_micros().checked_div(interval.as_micros()).unwrap_or(0);
        let quiet = u32::try_from(u128::from(fresh - 1).min(quiet_max)).unwrap_or(0);
        let time = now.saturating_sub(before).saturating_sub(interval * quiet);
        Some(Gap { time, interval, quiet, is_outage: time >= self.outage_min })
    }

    /// The bot sees nothing more after `at`.
    pub(crate) fn ends_at(&mut self, at: Duration) {
        self.until = at;
    }
}

/// A detector that reports its last silence when it is dropped, also by an abort.
pub(crate) struct OutageReporter<'a> {
    pub(crate) detector: OutageDetector,
    tally: &'a Tally,
    clock: &'a FleetClock,
}

impl<'a> OutageReporter<'a> {
    /// Reports to `tally` how `detector` ended.
    pub(crate) fn new(detector: OutageDetector, tally: &'a Tally, clock: &'a FleetClock) -> Self {
        Self { detector, tally, clock }
    }
}

impl Drop for OutageReporter<'_> {
    /// A bot that gave up sees nothing until its stay or the run ends; that time is not known here.
    fn drop(&mut self) {
        let OutageDetector { bot, outage_min, seen, until } = self.detector;
        if let Some((since, interval)) = seen {
            let until = if self.clock.is_stopped() { until.min(self.clock.now()) } else { until };
            self.tally.silent(Silence { bot, since, until, interval, outage_min });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::Networks;

    const INTERVAL: Duration = Duration::from_millis(33);

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    fn watched(network: &LinkProfile, script: impl FnOnce(&mut OutageDetector)) -> (u64, Option<f64>, u64) {
        let (tally, clock) = (Tally::new(1, 1, Networks::default()), FleetClock::new());
        let mut reporter = OutageReporter::new(OutageDetector::new(0, network, ms(60_000)), &tally, &clock);
        script(&mut reporter.detector);
        drop(reporter);
        let (sum, _) = tally.sum(ms(20_000));
        (sum.gaps.count(), sum.gaps.max(), sum.outages)
    }

    fn near(found: Option<f64>, wanted: f64) -> bool {
        found.is_some_and(|found| (found - wanted).abs() < wanted * 0.001)
    }

    #[tokio::test]
    async fn whoever_sees_nothing_more_has_seen_nothing_until_the_end_of_the_run() {
        let (count, max, outages) = watched(&LinkProfile::CLEAN, |detector| {
            assert_eq!(detector.saw(ms(10_000), 1, INTERVAL), None);
        });
        assert!(near(max, 10_000.0) && count > 250, "{count} {max:?}");
        assert_eq!(outages, 1);
    }

    #[tokio::test]
    async fn whoever_goes_in_time_has_seen_all() {
        let seen = watched(&LinkProfile::CLEAN, |detector| {
            detector.saw(ms(10_000), 1, INTERVAL);
            detector.ends_at(ms(10_200));
        });
        assert_eq!(seen, (0, None, 0));
    }

    #[tokio::test]
    async fn ticks_that_a_server_gave_up_were_not_quiet() {
        let mut gap = None;
        watched(&LinkProfile::CLEAN, |detector| {
            detector.saw(ms(1_000), 1, INTERVAL);
            gap = detector.saw(ms(16_000), 450, INTERVAL);
        });
        assert!(gap.is_some_and(|gap| gap.time > ms(14_000) && gap.is_outage), "{gap:?}");
    }

    #[tokio::test]
    async fn what_the_simulated_network_does_is_a_gap_and_no_outage() {
        let network =
            LinkProfile { cut: tickwire_shared::link::Outage::millis(10_000, 60_000), ..LinkProfile::CLEAN };
        let mut gap = None;
        watched(&network, |detector| {
            detector.saw(ms(1_000), 1, INTERVAL);
            gap = detector.saw(ms(12_000), 1, INTERVAL);
        });
        assert!(gap.is_some_and(|gap| gap.time == ms(11_000) && !gap.is_outage), "{gap:?}");
    }
}
