//! What the player saw when it acted: the tick of the frame rendered last.

use super::interpolation::{FRACTIONS, FractionalTick};
use crate::tick::Tick;
use core::sync::atomic::{AtomicI64, Ordering};

const NEVER: i64 = i64::MIN;

/// The ticks, with their fractions, at which the player saw the other entities.
#[derive(Debug)]
pub(super) struct ViewTicks {
    /// That of the last rendered frame. Atomic because a shared client renders.
    drawn: AtomicI64,
    /// That of the last frame rendered before the newest change of the controls, until an input takes it.
    acted: Option<FractionalTick>,
    /// That of the newest input with changed controls since the last frame to the server, otherwise that of
    /// the newest input.
    input: Option<SeenAt>,
}

#[derive(Clone, Copy, Debug)]
struct SeenAt {
    tick: Tick,
    moment: FractionalTick,
    /// The controls changed for this input, and no frame has reported it yet.
    acted: bool,
}

impl Default for ViewTicks {
    fn default() -> Self {
        Self { drawn: AtomicI64::new(NEVER), acted: None, input: None }
    }
}

impl ViewTicks {
    /// A frame is rendered that shows the other entities at `moment`.
    pub(super) fn draw(&self, moment: FractionalTick) {
        self.drawn.store(moment.0, Ordering::Relaxed);
    }

    fn drawn(&self) -> Option<FractionalTick> {
        Some(self.drawn.load(Ordering::Relaxed)).filter(|drawn| *drawn != NEVER).map(FractionalTick)
    }

    /// The controls changed.
    pub(super) fn act(&mut self) {
        self.acted = self.drawn();
    }

    /// The input of `tick` is made while `moment` would be shown. A rendered frame that is at most `age_max`
    /// (1/256 tick) older counts instead. Returns what the player saw.
    pub(super) fn take(
        &mut self,
        tick: Tick,
        moment: Option<FractionalTick>,
        age_max: i64,
    ) -> Option<FractionalTick> {
        let is_fresh =
            |seen: &FractionalTick| moment.is_some_and(|now| (0..=age_max).contains(&(now.0 - seen.0)));
        let acted = self.acted.take().filter(is_fresh);
        let seen = acted.or_else(|| self.drawn().filter(is_fresh)).or(moment)?;
        if acted.is_some() || self.input.is_none_or(|input| !input.acted) {
            self.input = Some(SeenAt { tick, moment: seen, acted: acted.is_some() });
        }
        Some(seen)
    }

    /// The view tick that a frame reports whose newest input is that of `newest`. It is as far before
    /// `newest` as what the player saw was before the input with which it acted. So a room that rewinds
    /// equally far for all inputs of the frame rewinds to it.
    pub(super) fn on_confirmed(&mut self, newest: Tick) -> Option<FractionalTick> {
        let input = self.input.as_mut()?;
        input.acted = false;
        Some(FractionalTick(input.moment.0 + newest.since(input.tick) * FRACTIONS))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_input_is_of_the_frame_before_the_controls_changed_last() {
        let mut seen = ViewTicks::default();
        let take = |seen: &mut ViewTicks, tick, now| {
            seen.take(Tick(tick), Some(FractionalTick(now)), 500).map(|seen| seen.0)
        };
        assert_eq!(take(&mut seen, 1, 900), Some(900), "nothing was drawn");
        seen.draw(FractionalTick(800));
        seen.act();
        seen.draw(FractionalTick(950));
        assert_eq!(take(&mut seen, 2, 1_000), Some(800));
        assert_eq!(take(&mut seen, 3, 1_000), Some(950), "nothing changed since");
        assert_eq!(
            seen.on_confirmed(Tick(3)),
            Some(FractionalTick(800 + 256)),
            "so that the input of tick 2 has its moment"
        );
        assert_eq!(take(&mut seen, 4, 2_000), Some(2_000), "nothing is drawn any more");
        assert_eq!(seen.on_confirmed(Tick(4)), Some(FractionalTick(2_000)));
        assert_eq!(seen.take(Tick(5), None, 500), None);
    }
}
