//! Corrections that the eye does not see: what is shown goes on from where it was and comes to what is right in a moment.

use super::interpolation::distance_units;
use super::prediction::Correction;
use crate::entity::Kind;
use crate::tick::TickRate;
use core::time::Duration;

/// A correction of more units than this is shown at once: it is a new place, not an error.
const SMOOTHED_UNITS_MAX: f32 = 4.0;
/// In this time half of an error is worked off.
const HALF_LIFE: Duration = Duration::from_millis(70);
/// What is left of an error is dropped below this, in grid steps.
const LEAST: f32 = 0.5;

/// What is added to a row to show it, in grid steps; decays to nothing.
#[derive(Clone, Debug, Default)]
pub(super) struct Visual {
    steps: Vec<f32>,
    /// What is left of an error after a tick.
    kept: f32,
}

impl Visual {
    pub(super) fn new(rate: TickRate) -> Self {
        let half_lives = rate.period().as_secs_f32() / HALF_LIFE.as_secs_f32();
        Self { steps: Vec::new(), kept: 0.5_f32.powf(half_lives) }
    }

    /// A tick is over.
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

    /// Adds what is left of the errors when `part` (0 to 1) of a tick is over.
    pub(super) fn apply(&self, kind: &Kind, row: &mut [i32], part: f32) {
        if self.steps.is_empty() {
            return;
        }
        let kept = self.kept.powf(part);
        for (field, (value, steps)) in kind.fields.iter().zip(row.iter_mut().zip(&self.steps)) {
            *value = field.grid.fit(i64::from(*value) + (steps * kept) as i64);
        }
    }

    /// What was believed to be `before` is `after`. Says how far the player would have seen it jump, if at all.
    pub(super) fn correct(
        &mut self,
        kind: &Kind,
        before: &[i32],
        after: &[i32],
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
            if field.predictor.is_place() {
                *steps += field.grid.distance(after, before) as f32;
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
