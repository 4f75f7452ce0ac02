//! The others, a little behind the server: between two snapshots, or a bounded way beyond the newest.
//!
//! Places go along a curve that has their velocities, other smooth fields (predicted as `steer` or `custom`, or angles)
//! straight; all else is taken from the older snapshot. What was put elsewhere stays until it is there.

use crate::entity::{Grid, Kind, PredictPlan, Predictor, Schema};
use crate::limits::QUIET_MS_MAX;
use crate::tick::TickRate;
use core::time::Duration;

/// How far beyond the newest snapshot rows are predicted; then they hold. While all goes as predicted nothing is sent
/// for a time, so it is a little more than that.
const EXTRAPOLATION_MAX: Duration = Duration::from_millis(QUIET_MS_MAX + 70);
/// A place may go this many times faster than its velocity can say, because something pushes it.
const LEAP_FACTOR: i64 = 2;
/// Parts of a tick.
pub(super) const FRACTIONS: i64 = 256;

/// A moment between ticks, in 1/256 tick.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Moment(pub(super) i64);

impl Moment {
    pub(super) fn of(tick: f64) -> Self {
        Self((tick.clamp(0.0, f64::from(u32::MAX)) * FRACTIONS as f64) as i64)
    }

    /// The moment of a tick.
    pub(super) fn at(tick: crate::tick::Tick) -> Self {
        Self(i64::from(tick.0) * FRACTIONS)
    }

    /// How far it lies after a tick, in 1/256 tick.
    pub(super) fn since(self, tick: crate::tick::Tick) -> i64 {
        self.0 - Self::at(tick).0
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

/// Whether some place went farther in `ticks` than its velocity's grid permits: then it was put there.
pub(super) fn has_leapt(kind: &Kind, from: &[i32], to: &[i32], ticks: i64) -> bool {
    let fields = kind.fields.iter().zip(from.iter().zip(to));
    fields.filter(|(_, (from, to))| from != to).any(|(field, (&from, &to))| {
        let Predictor::Linear { velocity } = field.predictor else { return false };
        let Some(velocity) = kind.fields.get(usize::from(velocity)) else { return false };
        let fastest = i64::from(velocity.grid.max).abs().max(i64::from(velocity.grid.min).abs());
        field.grid.distance(from, to).abs() > (LEAP_FACTOR * fastest).saturating_mul(ticks.max(1))
    })
}

pub(super) fn is_hold(predictor: Predictor) -> bool {
    matches!(predictor, Predictor::Hold)
}

/// The distance in units between two rows of a kind, over its places.
pub(super) fn distance_units(kind: &Kind, a: &[i32], b: &[i32]) -> f32 {
    let fields = kind.fields.iter().zip(a.iter().zip(b)).filter(|(field, _)| field.predictor.is_place());
    let squared = fields.map(|(field, (&a, &b))| {
        let units = field.grid.distance(b, a) as f64 / f64::from(field.grid.per_unit);
        units * units
    });
    squared.sum::<f64>().sqrt() as f32
}

/// The value `part` (0 to 1) of the way from `from` to `to`.
pub(super) fn mix_part(grid: &Grid, from: i32, to: i32, part: f32) -> i32 {
    grid.fit(i64::from(from) + (grid.distance(from, to) as f32 * part) as i64)
}

/// The same, but never still on the way: as much as a step of the grid shows from the start.
pub(super) fn mix_part_moving(grid: &Grid, from: i32, to: i32, part: f32) -> i32 {
    match mix_part(grid, from, to, part) {
        still if still == from => grid.fit(i64::from(from) + grid.distance(from, to).signum()),
        moving => moving,
    }
}

/// Between two rows of an entity, `ticks` apart.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    /// The part of the way that is over, in 1/256 tick.
    pub(super) passed: i64,
    pub(super) ticks: i64,
}

/// The row between `from` and `to`. A place whose velocity is known goes by a curve that has these velocities at its ends and
/// stays between them (a monotone cubic), other smooth fields straight; all else is as it was.
pub(super) fn between(kind: &Kind, from: &[i32], to: &[i32], span: Span, row: &mut Vec<i32>) {
    let whole = (span.ticks * FRACTIONS).max(1);
    let part = span.passed.clamp(0, whole) as f64 / whole as f64;
    row.clear();
    for (field, (&start, &end)) in kind.fields.iter().zip(from.iter().zip(to)) {
        let value = match field.predictor {
            _ if start == end => start,
            Predictor::Linear { velocity } => {
                let velocity = usize::from(velocity);
                let speeds = from.get(velocity).zip(to.get(velocity));
                let (before, after) = speeds.map_or((0, 0), |(&before, &after)| (before, after));
                let way = field.grid.distance(start, end) as f64;
                let ticks = span.ticks as f64;
                let off = curve(way, f64::from(before) * ticks, f64::from(after) * ticks, part);
                field.grid.fit(i64::from(start) + off as i64)
            }
            predictor if field.grid.wrap || !is_hold(predictor) => {
                let off = field.grid.distance(start, end) as f64 * part;
                field.grid.fit(i64::from(start) + off as i64)
            }
            _ => start,
        };
        row.push(value);
    }
}

/// How far a cubic Hermite curve is from its start at `part`, with the slopes at its ends held to what keeps it monotone
/// (Fritsch and Carlson): it never overshoots, so nothing is shown inside a wall that it only touched.
fn curve(way: f64, before: f64, after: f64, part: f64) -> f64 {
    let hold =
        |slope: f64| if slope * way <= 0.0 { 0.0 } else { slope.abs().min(3.0 * way.abs()) * way.signum() };
    let (before, after) = (hold(before), hold(after));
    let (squared, cubed) = (part * part, part * part * part);
    (cubed - 2.0 * squared + part) * before + (3.0 * squared - 2.0 * cubed) * way + (cubed - squared) * after
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
    let rest = (ahead % FRACTIONS) as f32 / FRACTIONS as f32;
    if rest > 0.0 {
        next.clear();
        next.extend_from_slice(row);
        plan.run(next, 1);
        for (field, (value, &next)) in kind.fields.iter().zip(row.iter_mut().zip(next.iter())) {
            if !is_hold(field.predictor) {
                *value = mix_part(&field.grid, *value, next, rest);
            }
        }
    }
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
        let mut at = |passed| {
            between(&kind(), &[0, 40, 250], &[40, 40, 6], Span { passed, ticks: 1 }, &mut row);
            row.clone()
        };
        assert_eq!(at(64), [10, 40, 253]);
        assert_eq!(at(192), [30, 40, 3]);
    }

    #[test]
    fn a_place_goes_along_its_velocities_and_never_overshoots() {
        for (before, after, way) in
            [(40, 40, 40), (0, 40, 20), (40, 0, 20), (90, -90, 3), (-50, -50, 40), (7, 9, -30)]
        {
            let at = |passed| {
                let (from, to) = ([100, before, 0], [100 + way, after, 0]);
                let mut row = Vec::new();
                between(&kind(), &from, &to, Span { passed, ticks: 1 }, &mut row);
                row[0]
            };
            assert_eq!((at(0), at(256)), (100, 100 + way));
            let way_along: Vec<_> = (0..=256).map(|passed| (at(passed) - 100) * way.signum()).collect();
            assert!(way_along.is_sorted(), "{before} {after} {way}: {way_along:?}");
        }
        let half = |before, after| {
            let mut row = Vec::new();
            between(&kind(), &[0, before, 0], &[40, after, 0], Span { passed: 128, ticks: 1 }, &mut row);
            row[0]
        };
        assert_eq!(half(40, 40), 20);
        assert!(half(20, 60) < 20 && half(60, 20) > 20, "slow at first, slow at last");
    }

    #[test]
    fn what_no_velocity_explains_has_leapt() {
        let leapt = |way, ticks| has_leapt(&kind(), &[0, 10, 7], &[way, 10, 200], ticks);
        assert!(!leapt(0, 1) && !leapt(200, 1) && !leapt(-390, 2));
        assert!(
            leapt(201, 1) && leapt(-401, 2),
            "the grid of the velocity ends at 100, and a push may double it"
        );
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
