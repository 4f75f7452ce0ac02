//! When the next input is due, and for which tick.

use super::window::Window;
use super::{FOLLOW, JUMP, SPEED_CHANGE_MAX};
use crate::limits::INPUT_HOLD_MS_MAX;
use crate::tick::{Tick, TickRate};
use core::time::Duration;

/// The least margin with which inputs should arrive, except the rare ones that are held up, in ticks.
const MARGIN_TICKS: f64 = 0.5;
/// Inputs are made at most this much earlier than the fastest ones need. One that is held up for longer is
/// late, and the server continues with the input before it. A server that loses ticks makes old frames look
/// slow.
const HELD_UP_MAX: Duration = Duration::from_millis(INPUT_HOLD_MS_MAX as u64);
/// When the driver is late, the inputs for this much time are made at once, ms; ticks before that are left
/// out.
const CATCH_UP_MS_MAX: u64 = 133;
/// A driver that is later than this was asleep: that says nothing about its usual lateness.
const DRIVER_LATE_MAX: Duration = Duration::from_millis(100);

/// The clock of the inputs.
#[derive(Clone, Debug)]
pub(in crate::client) struct InputClock {
    rate: TickRate,
    next_tick: Tick,
    next_at: Duration,
    /// Ticks of error corrected per tick; above 0 the clock runs slower.
    slower: f64,
    /// The server's time when frames arrived, minus the client's when they were sent.
    up: Window,
    /// How late the driver is.
    driver: Window,
    /// The margins that the server reported, smoothed.
    margin: Option<f64>,
    jumps: u64,
}

impl InputClock {
    /// A clock for a room. The client received `tick` at `now`, `rtt` after it asked.
    pub(in crate::client) fn new(rate: TickRate, tick: Tick, now: Duration, rtt: Duration) -> Self {
        let ahead = rate.ticks_in(rtt.min(Duration::from_secs(1))) + 2.0 * MARGIN_TICKS;
        let jump = rate.ticks_in(JUMP);
        Self {
            rate,
            next_tick: tick.offset(1 + ahead.ceil() as i64),
            next_at: now,
            slower: 0.0,
            up: Window::new(jump),
            driver: Window::new(jump),
            margin: None,
            jumps: 0,
        }
    }

    /// Puts the next input after `tick`, whatever the estimate says: no input tick is used twice.
    pub(in crate::client) fn not_before(&mut self, tick: Tick) {
        if self.next_tick <= tick {
            let ticks = tick.next().since(self.next_tick);
            self.next_at += self.rate.time_of(Tick(ticks.clamp(0, 1 << 20) as u32));
            self.next_tick = tick.next();
        }
    }

    pub(in crate::client) fn next_at(&self) -> Duration {
        self.next_at
    }

    /// How much of the tick after the newest input has passed at `now`, 0 to 1.
    pub(in crate::client) fn part_at(&self, now: Duration) -> f32 {
        let left = self.rate.ticks_in(self.next_at.saturating_sub(now)) / (1.0 + self.slower);
        (1.0 - left).clamp(0.0, 1.0) as f32
    }

    /// The number of jumps since the last call.
    pub(in crate::client) fn take_jumps(&mut self) -> u64 {
        core::mem::take(&mut self.jumps)
    }

    /// The margin of inputs at the server, smoothed, in ticks.
    pub(in crate::client) fn margin_ticks(&self) -> f64 {
        self.margin.unwrap_or(0.0)
    }

    /// How much longer nearly all frames take than the fastest.
    pub(in crate::client) fn jitter(&self) -> Duration {
        let ticks = if self.up.is_empty() { 0.0 } else { (self.up.high() - self.up.low()).max(0.0) };
        Duration::from_secs_f64(ticks / f64::from(self.rate.hz()))
    }

    /// The server's time, in ticks, at which a frame sent at `now` arrives if nothing delays it.
    pub(in crate::client) fn reaches_at(&self, now: Duration) -> Option<f64> {
        (!self.up.is_empty()).then(|| self.rate.ticks_in(now) + self.up.low())
    }

    /// The tick of an input that is due at `now`. Call it until it returns `None`.
    pub(in crate::client) fn poll(&mut self, now: Duration) -> Option<Tick> {
        if now < self.next_at {
            return None;
        }
        let late = now - self.next_at;
        if late <= DRIVER_LATE_MAX {
            self.driver.add(now, self.rate.ticks_in(late));
        }
        let behind = self.rate.ticks_in(late) as u32;
        if behind > self.rate.ticks_covering(CATCH_UP_MS_MAX) {
            let left_out = behind - 1;
            self.next_tick = self.next_tick.offset(i64::from(left_out));
            self.next_at += self.rate.time_of(Tick(left_out));
        }
        let tick = self.next_tick;
        self.next_tick = tick.next();
        self.next_at += self.rate.period().mul_f64(1.0 + self.slower);
        self.steer();
        Some(tick)
    }

    /// Processes the server's report on the frame sent at `sent_at`: it arrived at `server_ticks` on the
    /// server's clock, and its newest input was `margin_ticks` early.
    pub(in crate::client) fn feedback(
        &mut self,
        now: Duration,
        sent_at: Duration,
        server_ticks: f64,
        margin_ticks: f64,
    ) {
        let smoothed = self.margin.map_or(margin_ticks, |margin| margin + (margin_ticks - margin) / 8.0);
        self.margin = Some(smoothed);
        self.up.add(now, server_ticks - self.rate.ticks_in(sent_at));
        self.steer();
    }

    /// Discards the samples, because the relation of the two clocks has changed; the next ones show the new
    /// one.
    pub(in crate::client) fn forget(&mut self) {
        self.up.reset();
    }

    /// Adjusts the speed towards the time at which the next input should be made.
    fn steer(&mut self) {
        if self.up.is_empty() {
            return;
        }
        let driver = if self.driver.is_empty() { 0.0 } else { self.driver.high() };
        let usual = self.up.high().min(self.up.low() + self.rate.ticks_in(HELD_UP_MAX));
        let due = f64::from(self.next_tick.0) - MARGIN_TICKS - driver - usual;
        let late = self.rate.ticks_in(self.next_at) - due;
        if late.abs() > self.rate.ticks_in(JUMP) {
            self.jump(late);
        } else {
            self.slower = (-late / self.rate.ticks_in(FOLLOW)).clamp(-SPEED_CHANGE_MAX, SPEED_CHANGE_MAX);
        }
    }

    /// Moves the clock forward by `ticks` (back if negative). Back means to pause: a tick that has had its
    /// input does not get another.
    fn jump(&mut self, ticks: f64) {
        if ticks < 0.0 {
            self.next_at += self.rate.period().mul_f64((-ticks).min(256.0));
        } else {
            self.next_tick = self.next_tick.offset(ticks.ceil() as i64);
        }
        self.slower = 0.0;
        self.jumps += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: TickRate = TickRate::DEFAULT;

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    /// A clock against a server whose step k is at k / rate. A frame sent at some ms takes `delay(ms)`, and
    /// the answer takes `back`. The driver runs at each ms for which `drives` returns true.
    struct UplinkModel<D: Fn(u64) -> u64, C: Fn(u64) -> bool> {
        delay: D,
        back: u64,
        drives: C,
    }

    impl<D: Fn(u64) -> u64, C: Fn(u64) -> bool> UplinkModel<D, C> {
        /// For each input: when it was made, its tick and its margin.
        fn run(&self, mut clock: InputClock, seconds: u64) -> Vec<(u64, Tick, f64)> {
            let (mut on_the_way, mut made, mut arrived) =
                (std::collections::VecDeque::new(), Vec::new(), 0.0_f64);
            for at in 0..seconds * 1000 {
                let now = ms(at);
                while let Some(tick) = clock.poll(now).filter(|_| (self.drives)(at)) {
                    arrived = arrived.max(RATE.ticks_in(now + ms((self.delay)(at))));
                    let margin = f64::from(tick.0) - arrived;
                    made.push((at, tick, margin));
                    let back = RATE.ticks_in(ms(self.back));
                    on_the_way.push_back((arrived + back, now, arrived, margin));
                }
                while let Some((_, sent, arrives, margin)) =
                    on_the_way.pop_front_if(|(heard, ..)| *heard <= RATE.ticks_in(now))
                {
                    clock.feedback(now, sent, arrives, margin);
                }
            }
            made
        }
    }

    fn from(tick: u32) -> InputClock {
        InputClock::new(RATE, Tick(tick), ms(0), ms(0))
    }

    #[test]
    fn inputs_settle_at_a_small_margin_wherever_the_clock_starts() {
        for (start, delay) in [(0, 0), (0, 40), (0, 150), (2, 90), (200, 40), (9, 5)] {
            let made = UplinkModel { delay: |_| delay, back: delay, drives: |_| true }.run(from(start), 20);
            for (_, tick, margin) in &made[made.len() - 60..] {
                assert!((0.3..1.5).contains(margin), "start {start}, delay {delay}: {margin} at {tick}");
            }
        }
    }

    #[test]
    fn jitter_and_a_slow_way_back_make_no_input_late() {
        for (least, jitter, back) in [(10, 10, 10), (30, 40, 30), (5, 30, 400), (100, 60, 5)] {
            let delay = |at: u64| least + u64::from(crate::Rng::new(at).below(jitter));
            let made = UplinkModel { delay, back, drives: |_| true }.run(from(0), 60);
            let settled: Vec<_> = made.iter().filter(|(at, ..)| *at > 10_000).map(|made| made.2).collect();
            let late = settled.iter().filter(|margin| **margin < 0.0).count();
            assert!(late * 100 <= settled.len(), "{late} of {} late", settled.len());
            let mean = settled.iter().sum::<f64>() / settled.len() as f64;
            assert!(mean < 0.8 + f64::from(jitter) * 0.03, "{mean} ticks early on average");
        }
    }

    #[test]
    fn a_stall_moves_nothing() {
        let delay = |at: u64| if at % 10_000 > 9_800 { 20 + 10_000 - at % 10_000 } else { 20 };
        let made = UplinkModel { delay, back: 20, drives: |_| true }.run(from(0), 60);
        let usual = made.iter().filter(|(at, ..)| *at > 10_000 && at % 10_000 < 9_800);
        for (at, _, margin) in usual {
            assert!((0.2..1.6).contains(margin), "{margin} at {at} ms");
        }
    }

    #[test]
    fn a_driver_of_sixty_frames_a_second_is_as_early() {
        let made =
            UplinkModel { delay: |_| 30, back: 30, drives: |at| at * 60 / 1000 != (at + 1) * 60 / 1000 }
                .run(from(0), 40);
        let settled: Vec<_> = made.iter().filter(|(at, ..)| *at > 10_000).collect();
        let late = settled.iter().filter(|(_, _, margin)| *margin < 0.0).count();
        assert!(late * 100 <= settled.len(), "{late} of {}", settled.len());
    }

    #[test]
    fn a_hidden_tab_makes_few_inputs_and_goes_on_when_it_is_seen_again() {
        let hidden = |at: u64| (20_000..40_000).contains(&at);
        let made = UplinkModel { delay: |_| 30, back: 30, drives: |at| !hidden(at) || at % 1_000 == 0 }
            .run(from(0), 60);
        let in_hiding = made.iter().filter(|(at, ..)| hidden(*at)).count();
        assert!(in_hiding <= 2 * 21, "{in_hiding}");
        let after = made.iter().filter(|(at, ..)| *at > 41_000);
        for (at, _, margin) in after {
            assert!((0.2..1.6).contains(margin), "{margin} at {at} ms");
        }
    }

    #[test]
    fn a_server_that_loses_ticks_is_followed_by_who_says_little_too() {
        for (lost, bound) in [(0.01, 8.0), (0.05, 26.0), (0.2, 26.0)] {
            let (mut clock, mut margins, mut told_at) = (from(0), Vec::new(), 0);
            for at in 0..120_000 {
                let server = RATE.ticks_in(ms(at)) * (1.0 - lost);
                while let Some(tick) = clock.poll(ms(at)) {
                    let margin = f64::from(tick.0) - server;
                    margins.push(margin);
                    if at >= told_at {
                        clock.feedback(ms(at), ms(at), server, margin);
                        told_at = at + 250;
                    }
                }
            }
            let most = margins.iter().skip(margins.len() / 3).copied().fold(0.0, f64::max);
            assert!(most < bound, "{most} ticks early where one in {} is lost", 1.0 / lost);
        }
    }

    #[test]
    fn an_input_tick_is_never_used_twice() {
        let mut clock = from(100);
        let mut last = None;
        for at in 0..15_000 {
            while let Some(tick) = clock.poll(ms(at)) {
                assert!(last.is_none_or(|last| tick > last));
                last = Some(tick);
            }
            if at % 33 == 0 {
                let off = if at / 1_500 % 2 == 0 { 40.0 } else { -40.0 };
                clock.feedback(ms(at), ms(at), RATE.ticks_in(ms(at)) + off, 0.0);
            }
        }
        assert!(clock.take_jumps() >= 7);
    }

    #[test]
    fn a_driver_that_comes_late_makes_few_inputs() {
        let mut clock = from(100);
        let mut made = 0;
        while clock.poll(Duration::from_secs(60)).is_some() {
            made += 1;
        }
        assert!((1..=2).contains(&made), "{made}");
        assert!(clock.next_tick > Tick(1800));
    }
}
