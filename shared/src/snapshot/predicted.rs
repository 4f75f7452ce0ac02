//! A state as it follows from an earlier one by the declared predictors alone.

use super::Snapshot;
use crate::entity::Schema;
use crate::limits::ROW_FIELDS_MAX;
use crate::tick::Tick;

impl Snapshot {
    /// Makes this the state of `tick` that is predicted from `baseline`, keeping its memory. Rows of unknown kinds stay
    /// as they are.
    pub fn predict(&mut self, schema: &Schema, baseline: &Self, tick: Tick) {
        self.reset(tick);
        let ticks = ticks_between(baseline, self);
        let mut scratch = [0; ROW_FIELDS_MAX];
        for row in baseline.rows() {
            let Some(values) = scratch.get_mut(..row.values.len()) else { continue };
            values.copy_from_slice(row.values);
            if let Some(plan) = schema.plan(row.kind) {
                plan.run(values, ticks);
            }
            self.push(row.id, row.kind, values);
        }
    }

    /// Whether this state is the one that is predicted from `baseline`.
    #[must_use]
    pub fn follows(&self, schema: &Schema, baseline: &Self) -> bool {
        if self.len() != baseline.len() {
            return false;
        }
        let ticks = ticks_between(baseline, self);
        let mut scratch = [0; ROW_FIELDS_MAX];
        self.rows().zip(baseline.rows()).all(|(row, before)| {
            let Some(values) = scratch.get_mut(..before.values.len()) else { return false };
            let Some(plan) = schema.plan(before.kind) else { return false };
            if (row.id, row.kind) != (before.id, before.kind) {
                return false;
            }
            values.copy_from_slice(before.values);
            plan.run(values, ticks);
            values == row.values
        })
    }
}

fn ticks_between(baseline: &Snapshot, later: &Snapshot) -> u32 {
    later.tick.since(baseline.tick).clamp(0, i64::from(u32::MAX)) as u32
}
