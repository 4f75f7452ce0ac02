//! A tick that follows a target smoothly.

use super::{FOLLOW, JUMP, SPEED_CHANGE_MAX};
use crate::tick::TickRate;
use core::time::Duration;

/// Runs with real time, a little faster or slower towards its target; jumps only when the target is far away.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::client) struct Follower {
    shown: Option<(f64, Duration)>,
}

impl Follower {
    /// The tick at `now`. It never runs backwards except in a jump.
    pub(in crate::client) fn tick_at(
        &self,
        now: Duration,
        rate: TickRate,
        target: Option<f64>,
    ) -> Option<f64> {
        let target = target?.max(0.0);
        let Some((tick, at)) = self.shown else { return Some(target) };
        let passed = rate.ticks_in(now.saturating_sub(at));
        let error = target - (tick + passed);
        if error.abs() > rate.ticks_in(JUMP) {
            return Some(target);
        }
        let speed = 1.0 + (error / rate.ticks_in(FOLLOW)).clamp(-SPEED_CHANGE_MAX, SPEED_CHANGE_MAX);
        Some((tick + passed * speed).max(0.0))
    }

    /// Advances to `now`.
    pub(in crate::client) fn advance(&mut self, now: Duration, rate: TickRate, target: Option<f64>) {
        if let Some(tick) = self.tick_at(now, rate, target) {
            self.shown = Some((tick, now));
        }
    }
}
