//! The others, a little behind the server: between two snapshots, or a bounded way beyond the newest.
//!
//! Positions and angles (fields with a `linear` or `steer` predictor, or that wrap) are interpolated by integers;
//! all else is taken from the older snapshot.

use crate::entity::{Grid, Kind, PredictPlan, Predictor, Schema};
use crate::limits::QUIET_MS_MAX;
use crate::tick::TickRate;
use core::time::Duration;

/// How far beyond the newest snapshot rows are predicted; then they hold. While all goes as predicted nothing is sent
/// for a time, so it is a little more than that.
const EXTRAPOLATION_MAX: Duration = Duration::from_millis(QUIET_MS_MAX + 70);
/// Parts of a tick.
pub(super) const FRACTIONS: i64 = 256;

/// A moment between ticks, in 1/256 tick.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Moment(pub(super) i64);

impl Moment {
    pub(super) fn of(tick: f64) -> Self {
        Self((tick.clamp(0.0, f64::from(u32::MAX)) * FRACTIONS as f64) as i64)
    }

    /// The whole tick.
    pub(super) fn tick(self) -> crate::tick::Tick {
        crate::tick::Tick(0).offset(self.0 / FRACTIONS)
    }

    /// The part of a tick behind it.
    pub(super) fn fraction(self) -> u8 {
        (self.0 % FRACTIONS) as u8
    }
}

/// The row `part` of `whole` on the way from `from` to `to`.
pub(super) fn between(kind: &Kind, from: &[i32], to: &[i32], part: i64, whole: i64, row: &mut Vec<i32>) {
    row.clear();
    for (field, (&from, &to)) in kind.fields.iter().zip(from.iter().zip(to)) {
        let smooth = field.grid.wrap || !matches!(field.predictor, Predictor::Hold);
        row.push(if smooth && from != to { mix(&field.grid, from, to, part, whole) } else { from });
    }
}

/// The row `ahead` of `newest`, in 1/256 tick, by the kind's declared predictors.
pub(super) fn beyond(
    kind: &Kind,
    plan: &PredictPlan,
    newest: &[i32],
    rate: TickRate,
    ahead: i64,
    row: &mut Vec<i32>,
    next: &mut Vec<i32>,
) {
    row.clear();
    row.extend_from_slice(newest);
    if plan.is_hold() || ahead <= 0 {
        return;
    }
    let ahead = ahead.min(i64::from(rate.ticks_floor(EXTRAPOLATION_MAX)) * FRACTIONS);
    plan.run(row, (ahead / FRACTIONS) as u32);
    if ahead % FRACTIONS != 0 {
        next.clear();
        next.extend_from_slice(row);
        plan.run(next, 1);
        let start = row.clone();
        between(kind, &start, next, ahead % FRACTIONS, FRACTIONS, row);
    }
}

fn mix(grid: &Grid, from: i32, to: i32, part: i64, whole: i64) -> i32 {
    let way = grid.distance(from, to);
    // A way is below 2^33 and a part below 2^14 (64 ticks in 1/256): the product fits.
    grid.fit(i64::from(from) + way * part / whole.max(1))
}

/// Whether `row` has as many fields as its kind.
pub(super) fn fits(schema: &Schema, kind: u8, row: &[i32]) -> bool {
    schema.kind(kind).is_some_and(|kind| kind.fields.len() == row.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entity::Field;

    fn kind() -> Kind {
        let field = |name: &str, grid, predictor| Field { name: name.into(), grid, predictor, own: false };
        Kind {
            name: "thing".into(),
            fields: vec![
                field("pos", Grid::integers(-1000, 1000), Predictor::Linear { velocity: 1 }),
                field("vel", Grid::integers(-100, 100), Predictor::Hold),
                field("aim", Grid::angle(256), Predictor::Hold),
            ],
        }
    }

    #[test]
    fn positions_are_between_angles_take_the_shorter_way_and_the_rest_holds() {
        let mut row = Vec::new();
        between(&kind(), &[0, 10, 250], &[40, 50, 6], 64, 256, &mut row);
        assert_eq!(row, [10, 10, 253]);
        between(&kind(), &[0, 10, 250], &[40, 50, 6], 192, 256, &mut row);
        assert_eq!(row, [30, 10, 3]);
    }

    #[test]
    fn beyond_the_newest_it_goes_on_for_nine_ticks_and_holds() {
        let schema = Schema::new(vec![kind()]).unwrap();
        let (kind, plan) = (schema.kind(0).unwrap(), schema.plan(0).unwrap());
        let (mut row, mut next) = (Vec::new(), Vec::new());
        let mut at = |ahead| {
            beyond(kind, plan, &[0, 10, 7], TickRate::DEFAULT, ahead, &mut row, &mut next);
            row[0]
        };
        assert_eq!(at(0), 0);
        assert_eq!(at(256 + 128), 15);
        assert_eq!(at(9 * 256), 90);
        assert_eq!(at(1_000_000), 90);
    }
}
