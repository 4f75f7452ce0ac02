//! How often a client that does not keep up is served: a declared step, with hysteresis.
//!
//! A single stall does not change the step: such a client is skipped until it acknowledges again
//! ([`super::delivery::Delivery::is_due`]). A client that is repeatedly in trouble, because its
//! acknowledgements lag or its slot is full, is served at half, a quarter or an eighth of the room's rate.
//! Each doubling of the rate needs a trouble-free period first.
//!
//! - **window**: 1 s, and at least 4 updates that were due to the client.
//! - **troubled**: a quarter or more of them were skipped. 3 such windows in a row make it a step slower.
//! - **calm**: none of them was skipped. 5 such windows in a row make it a step faster; twice as many each
//!   time that this turned out to be too fast, at most 40.
//! - **silent**: it acknowledged nothing. It is absent, not slow, and the window does not count.

use crate::limits::RATE_STEP_MAX;
use crate::tick::{Tick, TickRate};

const DUE_MIN: u32 = 4;
const TROUBLED_WINDOWS: u8 = 3;
const CALM_WINDOWS: u8 = 5;
const CALM_WINDOWS_MAX: u8 = 40;

/// How often one client is served, and why.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    step: u8,
    /// Windows in a row.
    troubled: u8,
    calm: u8,
    /// Calm windows needed before the client is served more often.
    calm_wanted: u8,
    /// It was made faster since the last slowdown or long calm period.
    sped_up: bool,
    window: PaceWindow,
}

impl Default for Pace {
    fn default() -> Self {
        let window = PaceWindow::default();
        Self { step: 0, troubled: 0, calm: 0, calm_wanted: CALM_WINDOWS, sped_up: false, window }
    }
}

#[derive(Clone, Copy, Debug, Default)]
struct PaceWindow {
    began: Option<Tick>,
    due: u32,
    skipped: u32,
    heard: bool,
}

impl Pace {
    /// It is served on ticks that are divisible by 2 to the power of this.
    pub(super) fn step(&self) -> u8 {
        self.step
    }

    /// Whether `tick` is one of its ticks.
    pub(super) fn is_due(&self, tick: Tick) -> bool {
        tick.0.is_multiple_of(1 << self.step)
    }

    /// The client has acknowledged an update.
    pub(super) fn heard(&mut self) {
        self.window.heard = true;
    }

    /// An update was due at `tick`, and was sent or skipped. Returns whether the step has changed.
    pub(super) fn note(&mut self, tick: Tick, rate: TickRate, skipped: bool) -> bool {
        let began = *self.window.began.get_or_insert(tick);
        self.window.due += 1;
        self.window.skipped += u32::from(skipped);
        if tick.since(began) + 1 < i64::from(rate.hz()) || self.window.due < DUE_MIN {
            return false;
        }
        let window = core::mem::take(&mut self.window);
        window.heard && self.judge(&window)
    }

    fn judge(&mut self, window: &PaceWindow) -> bool {
        let (troubled, calm) = (window.skipped * 4 >= window.due, window.skipped == 0);
        self.troubled = if troubled { self.troubled + 1 } else { 0 };
        self.calm = if calm { self.calm + 1 } else { 0 };
        let before = self.step;
        if self.troubled >= TROUBLED_WINDOWS {
            (self.step, self.troubled) = ((self.step + 1).min(RATE_STEP_MAX), 0);
            if core::mem::take(&mut self.sped_up) {
                self.calm_wanted = (self.calm_wanted * 2).min(CALM_WINDOWS_MAX);
            }
        }
        if self.step > 0 && self.calm >= self.calm_wanted {
            (self.step, self.calm, self.sped_up) = (self.step - 1, 0, true);
        } else if self.calm >= CALM_WINDOWS_MAX {
            (self.calm, self.calm_wanted, self.sped_up) = (0, CALM_WINDOWS, false);
        }
        self.step != before
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: TickRate = TickRate::DEFAULT;

    /// A client over time: in each second, which share of its updates is skipped, and whether it
    /// acknowledges.
    struct Trial {
        pace: Pace,
        tick: u32,
    }

    impl Trial {
        fn new() -> Self {
            Self { pace: Pace::default(), tick: 1 }
        }

        /// In each of `seconds`, `skip` of 8 updates are skipped. Returns the step.
        fn run(&mut self, seconds: u32, skip: u32, speaks: bool) -> u8 {
            for _ in 0..seconds * 30 {
                if speaks {
                    self.pace.heard();
                }
                if self.pace.is_due(Tick(self.tick)) {
                    let skipped = (self.tick >> self.pace.step()) % 8 < skip;
                    self.pace.note(Tick(self.tick), RATE, skipped);
                }
                self.tick += 1;
            }
            self.pace.step()
        }
    }

    #[test]
    fn a_client_that_is_skipped_again_and_again_is_served_less_often_step_by_step() {
        let mut trial = Trial::new();
        let mut steps: Vec<u8> = (0..20).map(|_| trial.run(1, 4, true)).collect();
        assert_eq!(steps[..2], [0, 0], "not at once");
        steps.dedup();
        assert_eq!(steps, [0, 1, 2, RATE_STEP_MAX]);
        let due = (1_000..1_064).filter(|&tick| trial.pace.is_due(Tick(tick))).count();
        assert_eq!(due, 64 / 8);
    }

    #[test]
    fn it_is_served_more_often_only_after_a_time_without_any_skip() {
        let mut trial = Trial::new();
        trial.run(20, 8, true);
        assert_eq!(trial.pace.step(), RATE_STEP_MAX);
        assert_eq!(trial.run(3, 0, true), RATE_STEP_MAX, "not at once");
        trial.run(1, 8, true);
        assert_eq!(trial.run(3, 0, true), RATE_STEP_MAX, "the time starts over");
        let steps: Vec<u8> = (0..4).map(|_| trial.run(7, 0, true)).collect();
        assert_eq!(steps, [2, 1, 0, 0]);
    }

    #[test]
    fn what_turned_out_too_fast_is_tried_again_ever_later() {
        let mut trial = Trial::new();
        let mut waits = Vec::new();
        for _ in 0..6 {
            while trial.run(1, 8, true) == 0 {}
            waits.push((1..100).find(|_| trial.run(1, 0, true) == 0).unwrap());
        }
        for (wait, wanted) in waits.into_iter().zip([5, 10, 20, 40, 40, 40]) {
            assert!((wanted..wanted + 5).contains(&wait), "{wait} s, not {wanted}");
        }
        // After a long trouble-free period everything is as it was.
        trial.run(60, 0, true);
        while trial.run(1, 8, true) == 0 {}
        assert!((1..10).any(|_| trial.run(1, 0, true) == 0));
    }

    #[test]
    fn few_skips_change_nothing_in_either_direction() {
        let mut trial = Trial::new();
        assert_eq!(trial.run(60, 1, true), 0);
        trial.run(4, 8, true);
        assert_eq!(trial.pace.step(), 1);
        assert_eq!(trial.run(60, 1, true), 1);
    }

    #[test]
    fn a_client_that_is_away_is_not_slow() {
        let mut trial = Trial::new();
        assert_eq!(trial.run(60, 8, false), 0);
        // Nor is a client whose stall begins in one window and ends in another.
        assert_eq!(trial.run(1, 8, true), 0);
        assert_eq!(trial.run(4, 8, false), 0);
        assert_eq!(trial.run(1, 8, true), 0);
        assert_eq!(trial.run(60, 0, true), 0);
    }
}
