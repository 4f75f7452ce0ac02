//! The client's estimate of the server's time: when to make inputs, which tick to show, which tick the server
//! has reached.
//!
//! All of it follows from two filters of time stamps. *Up*: the server's time, in ticks, when a frame
//! arrived, minus the client's when it was sent. *Down*: the client's time when an update arrived, minus the
//! tick before it. Inputs made by the high value of *up* nearly all arrive in time. Other entities shown by
//! the high value of *down* nearly always have a newer state to interpolate towards. The lowest values of
//! both, one for each direction, give the server's clock as in NTP. So a delay in one direction only, or a
//! short one, moves nothing. Each clock runs a little faster or slower to follow, and jumps only when it is
//! far off.

mod follower;
mod input;
mod room;
mod window;

use crate::tick::{Tick, TickRate};
use core::time::Duration;
use follower::Follower;
pub(super) use input::InputClock;
pub(super) use room::RoomClocks;
use window::Window;

/// How much faster or slower a clock may run.
const SPEED_CHANGE_MAX: f64 = 0.05;
/// A clock that is off by more than this jumps.
const JUMP: Duration = Duration::from_millis(250);
/// The time in which an error is corrected, roughly.
const FOLLOW: Duration = Duration::from_millis(500);
/// Other entities are shown at most this far behind the newest state at its fastest arrival.
const DELAY_MAX: Duration = Duration::from_millis(300);
/// Added to the measured jitter, as a reserve for jitter that was not measured.
const SPARE: Duration = Duration::from_millis(6);
/// Updates that arrive within this part of a tick arrived together: the last one measures the path.
const TOGETHER: f64 = 0.25;

/// Estimates when updates arrive.
#[derive(Clone, Debug)]
pub(super) struct ArrivalClock {
    rate: TickRate,
    down: Window,
    arrived_at: Option<Duration>,
}

impl ArrivalClock {
    pub(super) fn new(rate: TickRate) -> Self {
        Self { rate, down: Window::new(rate.ticks_in(JUMP)), arrived_at: None }
    }

    /// Records that an update arrived at `now`. `known` is the newest tick known before it, including ticks
    /// that it confirms as quiet. `true` if the relation of the two clocks has changed.
    pub(super) fn arrived(&mut self, now: Duration, known: Tick) -> bool {
        let sample = self.rate.ticks_in(now) - f64::from(known.0);
        let before = self.arrived_at.replace(now);
        let together = before.is_some_and(|before| self.rate.ticks_in(now.saturating_sub(before)) < TOGETHER);
        if together && sample >= self.down.low() - self.rate.ticks_in(JUMP) {
            self.down.replace(sample);
            return false;
        }
        self.down.add(now, sample)
    }

    /// The tick that arrives at `now` if nothing delays it, with its fraction.
    pub(super) fn tick_at(&self, now: Duration) -> Option<f64> {
        (!self.down.is_empty()).then(|| self.rate.ticks_in(now) - self.down.low() + 1.0)
    }

    /// The tick at which to show the other entities at `now`, before smoothing.
    pub(super) fn shown_at(&self, now: Duration) -> Option<f64> {
        Some(self.tick_at(now)? - self.delay_ticks())
    }

    /// How far to show the other entities behind the newest tick at its fastest arrival, in ticks.
    fn delay_ticks(&self) -> f64 {
        let delay = 1.0 + self.jitter_ticks() * 1.1 + self.rate.ticks_in(SPARE);
        delay.min(self.rate.ticks_in(DELAY_MAX).max(1.0))
    }

    fn jitter_ticks(&self) -> f64 {
        (self.down.high() - self.down.low()).max(0.0)
    }

    /// How much longer nearly all updates take than the fastest.
    pub(super) fn jitter(&self) -> Duration {
        Duration::from_secs_f64(self.jitter_ticks() / f64::from(self.rate.hz()))
    }
}

/// The server's tick at `now`: the midpoint between the tick that arrives now and the tick that a frame sent
/// now would reach, both without delay. Before the first feedback on a frame, the tick that arrives now.
fn server_tick_at(now: Duration, inputs: &InputClock, arrivals: &ArrivalClock) -> Option<f64> {
    let arriving = arrivals.tick_at(now)?;
    Some(match inputs.reaches_at(now) {
        Some(reaches) => f64::midpoint(arriving, reaches),
        None => arriving,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: TickRate = TickRate::DEFAULT;

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    /// A stream of updates, one per tick, each after a delay, in order. Returns the shown tick and the newest
    /// at each ms.
    fn shown(delays: impl Fn(u32) -> u64, ticks: u32) -> Vec<(f64, u32)> {
        let (mut arrivals, mut render) = (ArrivalClock::new(RATE), Follower::default());
        let mut arrive: Vec<_> = (0..ticks).map(|tick| RATE.time_of(Tick(tick)) + ms(delays(tick))).collect();
        for tick in 1..arrive.len() {
            arrive[tick] = arrive[tick].max(arrive[tick - 1]);
        }
        let (mut newest, mut next, mut seen) = (0, 1, Vec::new());
        for at in 0..1000 * u64::from(ticks) / 30 {
            while next < ticks && arrive[next as usize] <= ms(at) {
                arrivals.arrived(ms(at), Tick(newest));
                (newest, next) = (next, next + 1);
            }
            render.advance(ms(at), RATE, arrivals.shown_at(ms(at)));
            if let Some(tick) = render.tick_at(ms(at), RATE, arrivals.shown_at(ms(at))) {
                seen.push((tick, newest));
            }
        }
        seen
    }

    fn starved(seen: &[(f64, u32)]) -> f64 {
        let starved = seen.iter().filter(|(tick, newest)| *tick > f64::from(*newest)).count();
        starved as f64 / seen.len() as f64
    }

    #[test]
    fn the_others_are_shown_late_enough_to_be_there_and_no_later() {
        for (least, jitter) in [(0, 1), (5, 5), (40, 20), (75, 60)] {
            let chance = |tick: u32| least + u64::from(crate::Rng::new(tick.into()).below(jitter));
            let seen = shown(chance, 3_000);
            let settled = &seen[10_000..];
            assert!(starved(settled) < 0.005, "{least} + {jitter}: {}", starved(settled));
            let behind = settled.iter().enumerate().map(|(at, (tick, _))| (at + 10_000) as f64 * 0.03 - tick);
            let most = behind.fold(0.0, f64::max) * 100.0 / 3.0;
            let enough = (least + u64::from(jitter)) as f64 + 33.4 + 20.0;
            assert!(most < enough, "{least} + {jitter}: {most} ms behind");
        }
    }

    #[test]
    fn a_stall_now_and_then_does_not_make_all_be_shown_later() {
        let stalls = |tick: u32| if tick % 300 == 299 { 60 + 10 } else { 10 };
        let seen = shown(stalls, 3_000);
        let settled = &seen[10_000..];
        assert!(starved(settled) < 0.0056, "60 ms in 10 s, less what is in hand: {}", starved(settled));
        let least_behind =
            settled.iter().enumerate().map(|(at, (tick, _))| (at + 10_000) as f64 * 0.03 - tick);
        assert!(least_behind.fold(f64::MAX, f64::min) < 1.6);
    }

    #[test]
    fn the_shown_tick_never_runs_backwards() {
        let chance =
            |tick: u32| u64::from(crate::Rng::new(tick.into()).below(if tick > 600 { 150 } else { 10 }));
        let seen = shown(chance, 1_200);
        assert!(seen.is_sorted_by(|before, after| before.0 <= after.0));
    }

    #[test]
    fn a_burst_after_a_long_sleep_leaves_the_clock_as_it_was() {
        let mut arrivals = ArrivalClock::new(RATE);
        for tick in 1..300 {
            arrivals.arrived(RATE.time_of(Tick(tick)) + ms(30), Tick(tick - 1));
        }
        let before = arrivals.shown_at(ms(10_000)).unwrap();
        for tick in 300..360 {
            assert!(!arrivals.arrived(ms(610_000), Tick(tick - 1)));
        }
        assert!(!arrivals.arrived(RATE.time_of(Tick(18_301)) + ms(30), Tick(18_300)));
        let after = arrivals.shown_at(ms(610_050)).unwrap();
        assert!((after - before - 18_001.5).abs() < 0.5, "{before} {after}");
    }

    #[test]
    fn a_clock_that_stood_still_in_a_sleep_is_found_out_by_the_next_update() {
        let mut arrivals = ArrivalClock::new(RATE);
        for tick in 1..300 {
            arrivals.arrived(RATE.time_of(Tick(tick)), Tick(tick - 1));
        }
        assert!(arrivals.arrived(ms(10_000), Tick(18_000)));
        assert!((arrivals.shown_at(ms(10_000)).unwrap() - 18_000.0).abs() < 1.0);
    }

    #[test]
    fn the_servers_tick_is_known_to_half_of_what_the_two_ways_differ() {
        let (mut arrivals, mut inputs) =
            (ArrivalClock::new(RATE), InputClock::new(RATE, Tick(0), ms(0), ms(0)));
        let (up, down) = (30, 50);
        for tick in 1..300_u32 {
            let jitter = u64::from(crate::Rng::new(tick.into()).below(40));
            let at = RATE.time_of(Tick(tick));
            arrivals.arrived(at + ms(down + jitter), Tick(tick - 1));
            let jitter = if tick % 3 == 0 { 0 } else { 200 };
            inputs.feedback(at, at, RATE.ticks_in(at + ms(up + jitter)), 1.0);
        }
        let now = RATE.time_of(Tick(300));
        let tick = server_tick_at(now, &inputs, &arrivals).unwrap();
        let error_ms = (tick - 300.0) * 1000.0 / 30.0;
        assert!((error_ms - (f64::from(up as u32) - f64::from(down as u32)) / 2.0).abs() < 2.0, "{error_ms}");
    }
}
