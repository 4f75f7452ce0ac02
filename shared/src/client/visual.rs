//! Invisible corrections: what is shown continues from where it was and soon reaches the right state.

use super::interpolation::distance_units;
use crate::entity::Kind;
use crate::tick::TickRate;
use core::time::Duration;

/// A correction of more units than this is shown at once: it is a new position, not an error.
const SMOOTHED_UNITS_MAX: f32 = 4.0;
/// The time in which half of an error decays.
const HALF_LIFE: Duration = Duration::from_millis(70);
/// The remainder of an error is dropped below this, in grid steps: invisible even on a grid of whole tiles.
const LEAST: f32 = 1.0 / 64.0;

/// How far a replay moved what the player sees.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Correction {
    /// It decays over the next ticks.
    Smoothed(f32),
    /// It is shown at once.
    Snapped,
}

/// The offset added to a row to show it, in grid steps; it decays to nothing.
#[derive(Clone, Debug, Default)]
pub(super) struct Visual {
    steps: Vec<f32>,
    /// The part of an error that remains after a tick.
    kept: f32,
}

impl Visual {
    pub(super) fn new(rate: TickRate) -> Self {
        let half_lives = rate.period().as_secs_f32() / HALF_LIFE.as_secs_f32();
        // Rounded, so that it is the same number on every platform.
        let kept = (0.5_f32.powf(half_lives) * 65_536.0).round() / 65_536.0;
        Self { steps: Vec::new(), kept }
    }

    /// Decays the offset by one tick.
    pub(super) fn step(&mut self) {
        for steps in &mut self.steps {
            *steps *= self.kept;
        }
        if self.steps.iter().all(|steps| steps.abs() < LEAST) {
            self.steps.clear();
        }
    }

    pub(super) fn clear(&mut self) {
        self.steps.clear();
    }

    /// Adds the remaining offset, `part` (0 to 1) of a tick after the last step.
    pub(super) fn apply(&self, kind: &Kind, row: &mut [f64], part: f32) {
        if self.steps.is_empty() {
            return;
        }
        let kept = 1.0 - (1.0 - self.kept) * part;
        for (field, (value, steps)) in kind.fields.iter().zip(row.iter_mut().zip(&self.steps)) {
            *value = field.grid.fine_fit(*value + f64::from(steps * kept));
        }
    }

    /// Corrects from `before` to `after`. Returns how far the player would have seen the entity jump, if at
    /// all.
    pub(super) fn correct(
        &mut self,
        kind: &Kind,
        before: &[f64],
        after: &[f64],
        teleported: bool,
    ) -> Option<Correction> {
        let units = distance_units(kind, before, after);
        if teleported || units > SMOOTHED_UNITS_MAX {
            self.clear();
            return Some(Correction::Snapped);
        }
        if units == 0.0 {
            return None;
        }
        self.steps.resize(after.len(), 0.0);
        for (field, (steps, (&before, &after))) in
            kind.fields.iter().zip(self.steps.iter_mut().zip(before.iter().zip(after)))
        {
            if field.predictor.is_position() {
                *steps += field.grid.fine_distance(after, before) as f32;
            }
        }
        let off =
            kind.fields.iter().zip(&self.steps).map(|(field, steps)| steps / field.grid.per_unit as f32);
        if off.map(|units| units * units).sum::<f32>().sqrt() > SMOOTHED_UNITS_MAX {
            self.clear();
            return Some(Correction::Snapped);
        }
        Some(Correction::Smoothed(units))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::testing::Dot;
    use crate::entity::Entity;

    fn shown(visual: &Visual, kind: &Kind, part: f32) -> f64 {
        let mut row = [1_000.0, 0.0, 0.0];
        visual.apply(kind, &mut row, part);
        row[0]
    }

    #[test]
    fn a_correction_is_not_seen_at_first_and_gone_in_a_moment() {
        let (kind, mut visual) = (&Dot::kinds()[0], Visual::new(TickRate::DEFAULT));
        let corrected = visual.correct(kind, &[900.0, 0.0, 0.0], &[1_000.0, 0.0, 0.0], false);
        assert_eq!((corrected, shown(&visual, kind, 0.0)), (Some(Correction::Smoothed(1.0)), 900.0));
        let part = shown(&visual, kind, 0.5);
        visual.step();
        let tick = shown(&visual, kind, 0.0);
        assert!(900.0 < part && part < tick && tick < 1_000.0, "{part} {tick}");
        (0..40).for_each(|_| visual.step());
        assert_eq!(shown(&visual, kind, 0.0), 1_000.0);
    }

    #[test]
    fn a_new_position_is_shown_at_once() {
        let (kind, mut visual) = (&Dot::kinds()[0], Visual::new(TickRate::DEFAULT));
        assert_eq!(
            visual.correct(kind, &[0.0, 0.0, 0.0], &[1_000.0, 0.0, 0.0], false),
            Some(Correction::Snapped)
        );
        assert_eq!(shown(&visual, kind, 0.0), 1_000.0);
        assert_eq!(
            visual.correct(kind, &[990.0, 0.0, 0.0], &[1_000.0, 0.0, 0.0], true),
            Some(Correction::Snapped)
        );
        assert_eq!(
            visual.correct(kind, &[1_000.0, 0.0, 0.0], &[1_000.0, 5.0, 1.0], false),
            None,
            "no position changed"
        );
    }
}
