//! When a room's ticks are due: a fixed rate, a phase of its own, bounded catching up.

use std::time::Duration;
use tickwire_shared::tick::{Tick, TickRate};
use tokio::time::Instant;

/// Ticks that one waking may make up for. What lies further behind is given up: the room's time jumps.
pub(super) const CATCH_UP_TICKS_MAX: u32 = 4;

/// 2^64 divided by the golden ratio: multiples of it, modulo 2^64, spread evenly over the range however many there
/// are (Knuth, The Art of Computer Programming 3, section 6.4).
const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

/// A room's timetable.
#[derive(Debug)]
pub(super) struct Schedule {
    rate: TickRate,
    /// When tick 0 of the present reckoning was. Moves when ticks are given up.
    base: Instant,
    done: Tick,
}

/// The ticks that are due at one waking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Due {
    /// Steps to make now.
    pub(super) ticks: u32,
    /// Ticks that were given up.
    pub(super) lost: u32,
}

impl Schedule {
    /// The timetable of the `number`th room of a server that started at `epoch`. Rooms of one rate share the period
    /// between them, so that they do not all send at once.
    pub(super) fn new(rate: TickRate, number: u64, epoch: Instant, now: Instant) -> Self {
        let period = rate.period().as_nanos().max(1) as u64;
        let phase = ((u128::from(number.wrapping_mul(GOLDEN)) * u128::from(period)) >> 64) as u64;
        let since_epoch = now.saturating_duration_since(epoch).as_nanos() as u64;
        let wait = (phase + period - since_epoch % period) % period;
        Self { rate, base: now + Duration::from_nanos(wait), done: Tick(0) }
    }

    /// When the next tick is due.
    pub(super) fn next_at(&self) -> Instant {
        self.base + self.rate.time_of(self.done.next())
    }

    /// Takes the ticks that are due at `now`; at least one, since the caller was woken for it.
    pub(super) fn take_due(&mut self, now: Instant) -> Due {
        let passed = self.rate.ticks_in(now.saturating_duration_since(self.base));
        let behind = ((passed + 1e-6) as u64).saturating_sub(u64::from(self.done.0)).max(1);
        let ticks = behind.min(u64::from(CATCH_UP_TICKS_MAX)) as u32;
        let lost = (behind - u64::from(ticks)).min(u64::from(u32::MAX)) as u32;
        self.base += self.rate.time_of(Tick(lost));
        self.done = Tick(self.done.0.saturating_add(ticks));
        Due { ticks, lost }
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
    fn a_long_stall_is_made_up_to_the_bound_and_the_rest_given_up() {
        let epoch = Instant::now();
        let mut schedule = Schedule::new(TickRate::DEFAULT, 0, epoch, epoch);
        let late = schedule.next_at() + Duration::from_secs(1) + Duration::from_millis(1);
        assert_eq!(schedule.take_due(late), Due { ticks: 4, lost: 27 });
        assert!(schedule.next_at() > late);
        let next = schedule.next_at();
        assert_eq!(schedule.take_due(next), Due { ticks: 1, lost: 0 });
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
