//! When a room's ticks are due: a fixed rate, a phase of its own, limited catching up.
//!
//! Tick numbers follow real time, as clients count them: ticks that cannot be caught up are skipped.

use std::time::Duration;
use tickwire_shared::limits::CATCH_UP_MS_MAX;
use tickwire_shared::tick::{Tick, TickRate};
use tokio::time::Instant;

/// 2^64 divided by the golden ratio. Its multiples, modulo 2^64, spread evenly over the range however many
/// there are (Knuth, The Art of Computer Programming 3, section 6.4).
const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

/// Phases are multiples of this. Rooms that share a phase run one after the other at one wakeup of their
/// thread: with thousands of rooms, a wakeup for each would cost more than an empty room's tick.
const PHASE_STEP: Duration = Duration::from_millis(1);

/// A room's timetable.
#[derive(Debug)]
pub(super) struct Schedule {
    rate: TickRate,
    /// When tick 0 was.
    base: Instant,
    /// The last tick that was stepped or skipped.
    done: Tick,
}

/// The ticks that are due at one wakeup.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Due {
    /// Ticks to be skipped before the steps.
    pub(super) lost: u32,
    /// Steps to make now.
    pub(super) ticks: u32,
}

impl Schedule {
    /// The timetable of the `number`th room of a server that started at `epoch`. Rooms of one rate are spread
    /// over the period, so that they do not all send at once.
    pub(super) fn new(rate: TickRate, number: u64, epoch: Instant, now: Instant) -> Self {
        let period = rate.period();
        let phases = (period.as_nanos() / PHASE_STEP.as_nanos()).max(1);
        let phase = (u128::from(number.wrapping_mul(GOLDEN)) * phases) >> 64;
        let phase = PHASE_STEP.saturating_mul(phase as u32);
        // Counted in ticks from the epoch, so that rooms of one phase are due at exactly the same times.
        let since_phase = now.saturating_duration_since(epoch + phase);
        let ticks = rate.ticks_ceil(since_phase);
        Self { rate, base: epoch + phase + rate.time_of(Tick(ticks)), done: Tick(0) }
    }

    /// When the next tick is due.
    pub(super) fn next_at(&self) -> Instant {
        self.due_at(self.done.next())
    }

    /// When `tick` is or was due.
    pub(super) fn due_at(&self, tick: Tick) -> Instant {
        self.base + self.rate.time_of(tick)
    }

    /// Takes the ticks that are due at `now`; at least one, because the caller was woken for it.
    pub(super) fn take_due(&mut self, now: Instant) -> Due {
        let passed = self.rate.ticks_in(now.saturating_duration_since(self.base));
        let behind = ((passed + 1e-6) as u64).saturating_sub(u64::from(self.done.0)).max(1);
        let behind = u32::try_from(behind).unwrap_or(u32::MAX);
        let ticks = behind.min(self.rate.ticks_covering(CATCH_UP_MS_MAX));
        self.done = self.done.offset(behind.into());
        Due { lost: behind - ticks, ticks }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_room_that_wakes_on_time_steps_once_and_does_not_drift() {
        let epoch = Instant::now();
        let mut schedule = Schedule::new(TickRate::DEFAULT, 3, epoch, epoch);
        let first = schedule.next_at();
        for _ in 0..30 * 60 {
            let late = schedule.next_at() + Duration::from_micros(900);
            assert_eq!(schedule.take_due(late), Due { ticks: 1, lost: 0 });
        }
        let minute = schedule.next_at() - first;
        assert!((minute.as_secs_f64() - 60.0).abs() < 1e-6, "{minute:?}");
    }

    #[test]
    fn a_long_stall_is_made_up_to_the_bound_the_rest_is_skipped_and_numbers_follow_real_time() {
        let epoch = Instant::now();
        for (hz, ticks, lost) in [(10, 2, 9), (30, 4, 27), (128, 18, 111)] {
            let rate = TickRate::new(hz).unwrap();
            let mut schedule = Schedule::new(rate, 0, epoch, epoch);
            let first = schedule.next_at();
            let late = first + Duration::from_secs(1) + Duration::from_millis(1);
            assert_eq!(schedule.take_due(late), Due { lost, ticks });
            assert!(schedule.next_at() > late);
            let next = schedule.next_at();
            assert_eq!(next, first + rate.time_of(Tick(u32::from(hz) + 1)), "{hz} Hz");
            assert_eq!(schedule.take_due(next), Due { lost: 0, ticks: 1 });
        }
    }

    #[test]
    fn rooms_of_one_phase_are_due_at_the_same_times_whenever_they_start() {
        let epoch = Instant::now();
        let later = epoch + Duration::from_secs(86_400) + Duration::from_nanos(123_456_789);
        let (mut old, new) = (
            Schedule::new(TickRate::DEFAULT, 7, epoch, epoch),
            Schedule::new(TickRate::DEFAULT, 7, epoch, later),
        );
        assert!(new.base >= later && new.base < later + TickRate::DEFAULT.period());
        while old.next_at() < new.next_at() {
            old.take_due(old.next_at());
        }
        assert_eq!(old.next_at(), new.next_at());
    }

    #[test]
    fn rooms_that_start_together_spread_over_the_period() {
        let epoch = Instant::now();
        let period = TickRate::DEFAULT.period();
        let mut phases: Vec<_> = (0..32)
            .map(|number| Schedule::new(TickRate::DEFAULT, number, epoch, epoch).next_at() - epoch - period)
            .collect();
        phases.sort();
        let gap_max = phases.windows(2).map(|two| two[1] - two[0]).max().unwrap();
        assert!(gap_max < period / 12, "{gap_max:?}");
    }
}
