//! The client's idea of the server's time: when to make inputs, and which tick to show.
//!
//! Three clocks, all in ticks of the room. [`InputClock`] runs ahead of the server, so that inputs come a small
//! margin before their step. [`ArrivalClock`] says which tick's update should have arrived by now.
//! [`RenderClock`] runs behind it, so that there is nearly always a newer snapshot to interpolate towards.
//! Each runs a little faster or slower to follow its target and jumps only when far off.

use crate::tick::{Tick, TickRate};
use core::time::Duration;

/// The margin that inputs should have at the server, ticks, before the jitter is added.
const MARGIN_TICKS: f64 = 1.0;
/// The greatest margin that jitter can ask for, ticks.
const MARGIN_TICKS_MAX: f64 = 6.0;
/// How much faster or slower a clock may run.
const SPEED_CHANGE_MAX: f64 = 0.05;
/// Off by more than this, ticks, a clock jumps.
const JUMP_TICKS: f64 = 6.0;
/// An error is worked off in about this many ticks.
const FOLLOW_TICKS: f64 = 20.0;
/// Inputs made at once when the driver comes late; ticks before them are left out.
const CATCH_UP_TICKS: u32 = 4;

/// A mean and mean deviation that follow the newest samples (as in RFC 6298).
#[derive(Clone, Copy, Debug, Default)]
struct Smoothed {
    mean: f64,
    deviation: f64,
    known: bool,
}

impl Smoothed {
    fn add(&mut self, sample: f64) {
        if self.known {
            self.deviation += ((sample - self.mean).abs() - self.deviation) / 16.0;
            self.mean += (sample - self.mean) / 8.0;
        } else {
            *self = Self { mean: sample, deviation: 0.0, known: true };
        }
    }
}

/// When the next input is due, and for which tick.
#[derive(Clone, Debug)]
pub(super) struct InputClock {
    rate: TickRate,
    next_tick: Tick,
    next_at: Duration,
    /// Ticks of error per tick that are worked off; above 0 the clock runs slower.
    slower: f64,
    margin: Smoothed,
    /// Feedback for inputs made before this is about the clock before its last jump.
    valid_from: Duration,
    jumps: u64,
}

impl InputClock {
    /// A clock for a room whose `tick` was heard of at `now`, `rtt` after it could have been asked for.
    pub(super) fn new(rate: TickRate, tick: Tick, now: Duration, rtt: Duration) -> Self {
        let ahead = rate.ticks_in(rtt.min(Duration::from_secs(1))) + MARGIN_TICKS;
        Self {
            rate,
            next_tick: tick.offset(1 + ahead.ceil() as i64),
            next_at: now,
            slower: 0.0,
            margin: Smoothed::default(),
            valid_from: now,
            jumps: 0,
        }
    }

    /// The tick of the next input is after `tick`, whatever the estimate says: no input tick is used twice.
    pub(super) fn not_before(&mut self, tick: Tick) {
        if self.next_tick <= tick {
            let ticks = tick.next().since(self.next_tick);
            self.next_at += self.rate.time_of(Tick(ticks.clamp(0, 1 << 20) as u32));
            self.next_tick = tick.next();
        }
    }

    pub(super) fn next_at(&self) -> Duration {
        self.next_at
    }

    /// How much of the tick behind the newest input is over at `now`, 0 to 1.
    pub(super) fn part_at(&self, now: Duration) -> f32 {
        let left = self.rate.ticks_in(self.next_at.saturating_sub(now)) / (1.0 + self.slower);
        (1.0 - left).clamp(0.0, 1.0) as f32
    }

    /// Jumps since this was asked last.
    pub(super) fn take_jumps(&mut self) -> u64 {
        core::mem::take(&mut self.jumps)
    }

    pub(super) fn margin_ticks(&self) -> f64 {
        self.margin.mean
    }

    /// The tick of an input that is due at `now`. Call until there is none.
    pub(super) fn poll(&mut self, now: Duration) -> Option<Tick> {
        if now < self.next_at {
            return None;
        }
        let behind = self.rate.ticks_in(now - self.next_at) as u32;
        if behind > CATCH_UP_TICKS {
            let left_out = behind - 1;
            self.next_tick = self.next_tick.offset(i64::from(left_out));
            self.next_at += self.rate.time_of(Tick(left_out));
        }
        let tick = self.next_tick;
        self.next_tick = tick.next();
        self.next_at += self.rate.period().mul_f64(1.0 + self.slower);
        Some(tick)
    }

    /// The server said that the input made at `made_at` came `margin_ticks` before its step.
    pub(super) fn feedback(&mut self, now: Duration, made_at: Duration, margin_ticks: f64) {
        if made_at < self.valid_from {
            return;
        }
        self.margin.add(margin_ticks);
        let target = (MARGIN_TICKS + 2.0 * self.margin.deviation).min(MARGIN_TICKS_MAX);
        let error = self.margin.mean - target;
        if (margin_ticks - target).abs() > JUMP_TICKS {
            self.jump(now, margin_ticks - target);
        } else {
            self.slower = (error / FOLLOW_TICKS).clamp(-SPEED_CHANGE_MAX, SPEED_CHANGE_MAX);
        }
    }

    /// Puts the clock back by `ticks` (forward if negative). Back means to pause: ticks that had their input
    /// do not get another.
    fn jump(&mut self, now: Duration, ticks: f64) {
        if ticks > 0.0 {
            self.next_at += self.rate.period().mul_f64(ticks.min(256.0));
        } else {
            self.next_tick = self.next_tick.offset((-ticks).ceil() as i64);
        }
        self.margin = Smoothed::default();
        self.slower = 0.0;
        self.valid_from = now;
        self.jumps += 1;
    }
}

/// Which tick's update should have arrived.
#[derive(Clone, Debug)]
pub(super) struct ArrivalClock {
    rate: TickRate,
    /// Arrival time minus the tick's time on a clock that starts at tick 0, in ticks.
    offset: Smoothed,
}

impl ArrivalClock {
    pub(super) fn new(rate: TickRate) -> Self {
        Self { rate, offset: Smoothed::default() }
    }

    /// An update for `tick` came at `now`.
    pub(super) fn arrived(&mut self, now: Duration, tick: Tick) {
        let offset = self.rate.ticks_in(now) - f64::from(tick.0);
        if self.offset.known && (offset - self.offset.mean).abs() > JUMP_TICKS {
            // A stall that ends makes one late sample; a lasting change makes many.
            let step = (offset - self.offset.mean).clamp(-JUMP_TICKS, JUMP_TICKS);
            self.offset.add(self.offset.mean + step);
        } else {
            self.offset.add(offset);
        }
    }

    /// The tick that is arriving at `now`, with its fraction.
    pub(super) fn tick_at(&self, now: Duration) -> Option<f64> {
        self.offset.known.then(|| self.rate.ticks_in(now) - self.offset.mean)
    }

    /// How far behind the arriving tick to show the others, ticks.
    fn delay_ticks(&self) -> f64 {
        (1.0 + 2.0 * self.offset.deviation).min(MARGIN_TICKS_MAX)
    }
}

/// Which tick of the others to show.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct RenderClock {
    shown: Option<(f64, Duration)>,
}

impl RenderClock {
    /// The tick to show at `now`. Does not run backwards but in a jump.
    pub(super) fn tick_at(&self, now: Duration, arrivals: &ArrivalClock) -> Option<f64> {
        let target = arrivals.tick_at(now)? - arrivals.delay_ticks();
        let Some((tick, at)) = self.shown else { return Some(target.max(0.0)) };
        let passed = arrivals.rate.ticks_in(now.saturating_sub(at));
        let error = target - (tick + passed);
        if error.abs() > JUMP_TICKS {
            return Some(target.max(0.0));
        }
        let speed = 1.0 + (error / FOLLOW_TICKS).clamp(-SPEED_CHANGE_MAX, SPEED_CHANGE_MAX);
        Some((tick + passed * speed).max(0.0))
    }

    /// Moves on to `now`.
    pub(super) fn advance(&mut self, now: Duration, arrivals: &ArrivalClock) {
        if let Some(tick) = self.tick_at(now, arrivals) {
            self.shown = Some((tick, now));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: TickRate = TickRate::DEFAULT;

    /// Runs a clock against a server whose step k is at k / rate, over a link with a delay each way.
    fn margins(mut clock: InputClock, delay: Duration, seconds: u64) -> Vec<f64> {
        let mut on_the_way = std::collections::VecDeque::new();
        let mut margins = Vec::new();
        for ms in 0..seconds * 1000 {
            let now = Duration::from_millis(ms);
            while let Some(tick) = clock.poll(now) {
                on_the_way.push_back((now + 2 * delay, now, tick));
            }
            while let Some(&(at, made_at, tick)) = on_the_way.front() {
                if at > now {
                    break;
                }
                on_the_way.pop_front();
                let arrives = made_at + delay;
                let margin = RATE.ticks_in(RATE.time_of(tick)) - RATE.ticks_in(arrives);
                margins.push(margin);
                clock.feedback(now, made_at, margin);
            }
        }
        margins
    }

    #[test]
    fn inputs_settle_at_a_small_margin_wherever_the_clock_starts() {
        for (start, delay_ms) in [(0, 0), (0, 40), (0, 150), (2, 90), (200, 40), (9, 5)] {
            let clock = InputClock::new(RATE, Tick(start), Duration::ZERO, Duration::ZERO);
            let margins = margins(clock, Duration::from_millis(delay_ms), 20);
            let settled = &margins[margins.len() - 60..];
            for margin in settled {
                assert!((0.3..2.0).contains(margin), "start {start}, delay {delay_ms}: margin {margin}");
            }
        }
    }

    #[test]
    fn an_input_tick_is_never_used_twice() {
        let mut clock = InputClock::new(RATE, Tick(100), Duration::ZERO, Duration::ZERO);
        let mut last = None;
        for ms in 0..5_000 {
            let now = Duration::from_millis(ms);
            while let Some(tick) = clock.poll(now) {
                assert!(last.is_none_or(|last| tick > last));
                last = Some(tick);
            }
            if ms % 700 == 0 {
                clock.feedback(now, now, if ms % 1400 == 0 { 40.0 } else { -40.0 });
            }
        }
        assert!(clock.take_jumps() >= 7);
    }

    #[test]
    fn a_driver_that_comes_late_makes_few_inputs() {
        let mut clock = InputClock::new(RATE, Tick(100), Duration::ZERO, Duration::ZERO);
        let mut made = 0;
        while clock.poll(Duration::from_secs(60)).is_some() {
            made += 1;
        }
        assert!((1..=2).contains(&made), "{made}");
        assert!(clock.next_tick > Tick(1800));
    }

    #[test]
    fn the_shown_tick_follows_arrivals_and_never_runs_backwards() {
        let mut arrivals = ArrivalClock::new(RATE);
        let mut render = RenderClock::default();
        let mut rng = crate::Rng::new(5);
        let mut shown = 0.0;
        for tick in 0..600_u32 {
            let at = RATE.time_of(Tick(tick)) + Duration::from_millis(50 + u64::from(rng.below(30)));
            arrivals.arrived(at, Tick(tick));
            render.advance(at, &arrivals);
            let next = render.tick_at(at, &arrivals).unwrap();
            assert!(next >= shown, "from {shown} to {next}");
            shown = next;
        }
        let behind = 600.0 - shown;
        assert!((1.0..5.0).contains(&behind), "{behind}");
    }
}
