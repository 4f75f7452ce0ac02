//! A row that differs from its prediction, in profile 1: what its fields are encoded against, and in which
//! order.

use super::numbers::code_signed;
use super::residual::apply_residual;
use crate::coding::DecodeError;
use crate::coding::range::BitCoder;
use crate::entity::model::{FieldContexts, KindContexts};
use crate::entity::{Field, PredictPlan, Predictor};
use crate::limits::ROW_FIELDS_MAX;

/// The contexts of "this field's residual is not 0", while the fields of a row are processed.
#[derive(Default)]
struct ChangeContext {
    any: bool,
    before: bool,
}

impl ChangeContext {
    fn context(&self, contexts: FieldContexts) -> usize {
        contexts.first + if self.before { 2 } else { usize::from(self.any) }
    }

    fn note(&mut self, not_zero: bool) {
        self.before = not_zero;
        self.any |= not_zero;
    }
}

/// A row that differs from its prediction, between two states.
pub(super) struct Change<'a> {
    pub(super) fields: &'a [Field],
    pub(super) plan: &'a PredictPlan,
    pub(super) contexts: &'a KindContexts,
    /// The fields to encode, in this order.
    pub(super) order: &'a [usize],
    /// The baseline's row.
    pub(super) before: &'a [i32],
    pub(super) ticks: u32,
}

impl Change<'_> {
    /// Encodes or decodes the row into `row`. First the `hold` fields. Then the row is predicted again with
    /// their new values, and the `steer` fields follow. The `linear` fields are last; each guess is corrected
    /// by the residual of its velocity. `wanted` gives a writer the values.
    pub(super) fn code<C: BitCoder>(
        &self,
        wanted: impl Fn(usize) -> Option<i32>,
        row: &mut [i32],
        to: &mut C,
    ) -> Result<(), DecodeError> {
        row.copy_from_slice(self.before);
        let (mut seen, mut left, mut predicted) = (ChangeContext::default(), self.order.len(), false);
        let mut off = [0_i64; ROW_FIELDS_MAX];
        for &at in self.order {
            let (Some(field), Some([contexts, _])) = (self.fields.get(at), self.contexts.fields.get(at))
            else {
                return Err(DecodeError::BadSnapshot);
            };
            if !predicted && matches!(field.predictor, Predictor::Linear { .. } | Predictor::Steer { .. }) {
                self.plan.run(row, self.ticks);
                predicted = true;
            }
            left -= 1;
            let Some(value) = row.get_mut(at) else { return Err(DecodeError::BadSnapshot) };
            let guess = match field.predictor {
                Predictor::Linear { velocity } => {
                    let off = off.get(usize::from(velocity)).copied().unwrap_or(0);
                    field.grid.fit(i64::from(*value) + off)
                }
                Predictor::Hold | Predictor::Steer { .. } | Predictor::Custom => *value,
            };
            let residual = wanted(at).map_or(0, |value| field.grid.distance(guess, value));
            *value = guess;
            let implied = left == 0 && !seen.any;
            let not_zero = implied || to.bit(seen.context(*contexts), residual != 0)?;
            seen.note(not_zero);
            if not_zero {
                let residual = code_signed(*contexts, None, residual, to)?;
                *value = apply_residual(&field.grid, guess, residual)?;
                if let (Predictor::Steer { .. }, Some(off)) = (field.predictor, off.get_mut(at)) {
                    *off = residual;
                }
            }
        }
        if seen.any { Ok(()) } else { Err(DecodeError::NotCanonical) }
    }
}
