//! What the player saw when it acted: the picture that was drawn last.

use super::interpolation::{FRACTIONS, FractionalTick};
use crate::tick::Tick;
use core::sync::atomic::{AtomicI64, Ordering};

const NEVER: i64 = i64::MIN;

/// The moments of the others that a player had before its eyes.
#[derive(Debug)]
pub(super) struct ViewTicks {
    /// Of the last picture. Atomic because pictures are drawn from a shared client.
    drawn: AtomicI64,
    /// Of the picture before the newest change of the controls, until an input takes it.
    acted: Option<FractionalTick>,
    /// Of the newest input in which something changed since the last frame, else of the newest one.
    input: Option<SeenAt>,
}

#[derive(Clone, Copy, Debug)]
struct SeenAt {
    tick: Tick,
    moment: FractionalTick,
    /// The controls changed for it, and no frame has told it yet.
    acted: bool,
}

impl Default for ViewTicks {
    fn default() -> Self {
        Self { drawn: AtomicI64::new(NEVER), acted: None, input: None }
    }
}

impl ViewTicks {
    /// A picture of this moment is drawn.
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

    /// The input of `tick` is made while `moment` would be shown; a picture up to `age_max` (1/256 tick) older counts instead.
    /// Returns what the player saw.
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

    /// What a frame tells whose newest input is that of `newest`: the moment that lies before it as what the player saw lay
    /// before the input with which it acted. So a room that looks back equally far for all inputs of the frame finds it.
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
    fn an_input_is_of_the_picture_before_the_controls_changed_last() {
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
