//! A state that is predicted from an earlier one: by the declared predictors, then by the game's own step.

use super::Snapshot;
use crate::entity::{Predictor, Schema};
use crate::limits::ROW_FIELDS_MAX;
use crate::tick::Tick;

impl Snapshot {
    /// Makes this the state of `tick` that is predicted from `baseline`, keeping its memory. Rows of unknown
    /// kinds do not change.
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
        self.advance(schema, baseline, ticks);
    }

    /// Whether this state is the one that is predicted from `baseline`.
    #[must_use]
    pub fn follows(&self, schema: &Schema, baseline: &Self) -> bool {
        self.follows_declared(schema, baseline)
            && (schema.step().is_none() || Self::predicted(schema, baseline, self.tick) == *self)
    }

    /// The state of `tick` that is predicted from `baseline`.
    fn predicted(schema: &Schema, baseline: &Self, tick: Tick) -> Self {
        let mut predicted = Self::default();
        predicted.predict(schema, baseline, tick);
        predicted
    }

    /// Whether this state has the rows of `baseline`, with the values that their declared predictors give.
    /// Fields that are predicted by the game's own step are not looked at: only that step can tell.
    pub(super) fn follows_declared(&self, schema: &Schema, baseline: &Self) -> bool {
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
            if !plan.is_custom() {
                return values == row.values;
            }
            let fields = schema.kind(row.kind).map_or(&[][..], |kind| &kind.fields);
            let mut declared = fields.iter().zip(values.iter().zip(row.values));
            declared.all(|(field, (guess, value))| field.predictor == Predictor::Custom || guess == value)
        })
    }

    /// Runs the game's own step over all rows, at most [`exact_steps_max`](crate::limits::exact_steps_max)
    /// times. In further ticks `custom` fields do not change. After each step everything else is reset, and
    /// so are rows that `baseline` does not have: those belong to the current tick.
    pub(super) fn advance(&mut self, schema: &Schema, baseline: &Self, ticks: u32) {
        let Some(step) = schema.step() else { return };
        let before = self.clone();
        let mut old = baseline.rows().peekable();
        let is_old: Vec<bool> = before
            .rows()
            .map(|row| {
                while old.next_if(|old| old.id < row.id).is_some() {}
                old.peek().is_some_and(|old| (old.id, old.kind) == (row.id, row.kind))
            })
            .collect();
        let mut rows = self.rows_mut();
        for _ in 0..ticks.min(schema.exact_steps_max()) {
            step.run(&mut rows);
            for ((row, before), is_old) in rows.iter_mut().zip(before.rows()).zip(&is_old) {
                let fields = schema.kind(row.kind).map_or(&[][..], |kind| &kind.fields);
                let fields = fields.iter().map(Some).chain(core::iter::repeat(None));
                for ((value, before), field) in row.values.iter_mut().zip(before.values).zip(fields) {
                    *value = match field {
                        Some(field) if *is_old && field.predictor == Predictor::Custom => {
                            field.grid.fit(i64::from(*value))
                        }
                        _ => *before,
                    };
                }
            }
        }
    }
}

/// The ticks that a prediction covers.
pub(super) fn ticks_between(baseline: &Snapshot, later: &Snapshot) -> u32 {
    later.tick.since(baseline.tick).clamp(0, i64::from(u32::MAX)) as u32
}
