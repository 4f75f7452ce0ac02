//! The other entities, a little behind the server: between two snapshots, or a bounded time beyond the
//! newest.
//!
//! A field that declares `interpolate` moves smoothly: a position along a curve that has its velocities,
//! other fields in a straight line. All other fields are taken from the older snapshot. A teleported entity
//! stays until it is at its new position. The rows of a rendered frame lie between the steps of the grids, so
//! that even motion also looks even on a coarse grid.

use crate::entity::{Field, Grid, Kind, PredictPlan, Predictor, Schema};
use crate::limits::QUIET_MS_MAX;
use crate::tick::TickRate;
use core::time::Duration;

/// How far beyond the newest snapshot rows are predicted; then they stop. While everything goes as predicted
/// nothing is sent for a time, so this is a little longer than that time.
const EXTRAPOLATION_MAX: Duration = Duration::from_millis(QUIET_MS_MAX + 70);
/// A position may move this many times faster than its velocity can express, because something pushes it.
const LEAP_FACTOR: i64 = 2;
/// Parts of a tick.
pub(super) const FRACTIONS: i64 = 256;

/// A tick with its fraction, in 1/256 tick.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct FractionalTick(pub(super) i64);

impl FractionalTick {
    pub(super) fn of(tick: f64) -> Self {
        Self((tick.clamp(0.0, f64::from(u32::MAX)) * FRACTIONS as f64) as i64)
    }

    /// Exactly at a tick.
    pub(super) fn at(tick: crate::tick::Tick) -> Self {
        Self(i64::from(tick.0) * FRACTIONS)
    }

    /// How far it is after a tick, in 1/256 tick.
    pub(super) fn since(self, tick: crate::tick::Tick) -> i64 {
        self.0 - Self::at(tick).0
    }

    /// The whole tick.
    pub(super) fn tick(self) -> crate::tick::Tick {
        crate::tick::Tick(0).offset(self.0 / FRACTIONS)
    }

    /// The fraction after the whole tick.
    pub(super) fn fraction(self) -> u8 {
        (self.0 % FRACTIONS) as u8
    }
}

/// Whether a position moved farther in `ticks` than its velocity's grid permits: then it was teleported.
pub(super) fn has_leapt(kind: &Kind, from: &[i32], to: &[i32], ticks: i64) -> bool {
    let fields = kind.fields.iter().zip(from.iter().zip(to));
    fields.filter(|(_, (from, to))| from != to).any(|(field, (&from, &to))| {
        let Predictor::Linear { velocity } = field.predictor else { return false };
        let Some(velocity) = kind.fields.get(usize::from(velocity)) else { return false };
        let fastest = i64::from(velocity.grid.max).abs().max(i64::from(velocity.grid.min).abs());
        field.grid.distance(from, to).abs() > (LEAP_FACTOR * fastest).saturating_mul(ticks.max(1))
    })
}

/// The distance in units between two rows of a kind, over their positions.
pub(super) fn distance_units<T: Copy + Into<f64>>(kind: &Kind, a: &[T], b: &[T]) -> f32 {
    let fields = kind.fields.iter().zip(a.iter().zip(b)).filter(|(field, _)| field.predictor.is_position());
    let squared = fields.map(|(field, (&a, &b))| {
        let units = field.grid.fine_distance(b.into(), a.into()) / f64::from(field.grid.per_unit);
        units * units
    });
    squared.sum::<f64>().sqrt() as f32
}

/// The value `part` (0 to 1) of the way from `from` to `to`, in steps.
pub(super) fn mix_part(grid: &Grid, from: i32, to: i32, part: f32) -> f64 {
    let off = grid.distance(from, to) as f64 * f64::from(part);
    grid.fine_fit(f64::from(from) + off)
}

/// The same, but moving from the start: a change of several steps shows at once, also in an integer.
pub(super) fn mix_part_moving(grid: &Grid, from: i32, to: i32, part: f32) -> f64 {
    let way = grid.distance(from, to) as f64;
    let least = (way.abs() / 64.0).min(1.0);
    let off = (way.abs() * f64::from(part)).max(least).copysign(way);
    grid.fine_fit(f64::from(from) + off)
}

/// A time between two rows of an entity that are `ticks` apart.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    /// The time since the first row, in 1/256 tick.
    pub(super) passed: i64,
    pub(super) ticks: i64,
}

/// Copies the row of a state into `row`.
pub(super) fn as_it_is(state: &[i32], row: &mut Vec<f64>) {
    row.clear();
    row.extend(state.iter().copied().map(f64::from));
}

/// Writes the row between `from` and `to`. A position whose velocity is known follows a curve that has these
/// velocities at its ends and stays between them (a monotone cubic). Other interpolated fields follow a
/// straight line; the rest stays as in `from`.
pub(super) fn between(kind: &Kind, from: &[i32], to: &[i32], span: Span, row: &mut Vec<f64>) {
    let whole = (span.ticks * FRACTIONS).max(1);
    let part = span.passed.clamp(0, whole) as f64 / whole as f64;
    row.clear();
    for (field, (&start, &end)) in kind.fields.iter().zip(from.iter().zip(to)) {
        let off = if start == end || !field.interpolate {
            0.0
        } else if let Predictor::Linear { velocity } = field.predictor {
            let velocity = usize::from(velocity);
            let speeds = from.get(velocity).zip(to.get(velocity));
            let (before, after) = speeds.map_or((0, 0), |(&before, &after)| (before, after));
            let [before, after] = [before, after].map(|speed| f64::from(speed) * span.ticks as f64);
            curve(turned(field, start, end, (before + after) / 2.0), before, after, part)
        } else {
            field.grid.distance(start, end) as f64 * part
        };
        row.push(if off == 0.0 { f64::from(start) } else { field.grid.fine_fit(f64::from(start) + off) });
    }
}

/// How far a field moved from `start` to `end`: on a grid that wraps, by as many turns as its velocity says.
fn turned(field: &Field, start: i32, end: i32, expected: f64) -> f64 {
    let way = field.grid.distance(start, end) as f64;
    let span = field.grid.span() as f64;
    if field.grid.wrap { way + ((expected - way) / span).round() * span } else { way }
}

/// How far a cubic Hermite curve is from its start at `part`. The slopes at its ends are limited to what
/// keeps it monotone (Fritsch and Carlson): it never overshoots, so nothing is shown inside a wall that it
/// only touched.
fn curve(way: f64, before: f64, after: f64, part: f64) -> f64 {
    let hold =
        |slope: f64| if slope * way <= 0.0 { 0.0 } else { slope.abs().min(3.0 * way.abs()) * way.signum() };
    let (before, after) = (hold(before), hold(after));
    let (squared, cubed) = (part * part, part * part * part);
    (cubed - 2.0 * squared + part) * before + (3.0 * squared - 2.0 * cubed) * way + (cubed - squared) * after
}

/// Reused memory for predicted rows.
#[derive(Debug, Default)]
pub(super) struct Ahead {
    now: Vec<i32>,
    next: Vec<i32>,
}

impl Ahead {
    /// Whether the declared predictors lead from one row to another in `ticks`.
    pub(super) fn lead_to(&mut self, plan: &PredictPlan, from: &[i32], to: &[i32], ticks: i64) -> bool {
        self.now.clear();
        self.now.extend_from_slice(from);
        plan.run(&mut self.now, u32::try_from(ticks).unwrap_or(0));
        self.now == to
    }

    /// Writes the row that is `ahead` (in 1/256 tick) of `state` by the kind's declared predictors.
    pub(super) fn predict(
        &mut self,
        kind: &Kind,
        plan: &PredictPlan,
        state: &[i32],
        ahead: i64,
        row: &mut Vec<f64>,
    ) {
        if plan.is_hold() || ahead <= 0 {
            return as_it_is(state, row);
        }
        self.now.clear();
        self.now.extend_from_slice(state);
        plan.run(&mut self.now, (ahead / FRACTIONS) as u32);
        as_it_is(&self.now, row);
        let rest = (ahead % FRACTIONS) as f64 / FRACTIONS as f64;
        if rest == 0.0 {
            return;
        }
        self.next.clear();
        self.next.extend_from_slice(&self.now);
        plan.run(&mut self.next, 1);
        let ways = self.now.iter().zip(&self.next);
        for ((field, value), (&now, &next)) in kind.fields.iter().zip(row.iter_mut()).zip(ways) {
            if now == next || !field.interpolate {
                continue;
            }
            let way = match field.predictor {
                Predictor::Linear { velocity } => {
                    let velocity = self.next.get(usize::from(velocity)).copied().unwrap_or(0);
                    turned(field, now, next, f64::from(velocity))
                }
                _ => field.grid.distance(now, next) as f64,
            };
            *value = field.grid.fine_fit(*value + way * rest);
        }
    }
}

/// Limits how far beyond the newest state rows are predicted: `ahead` and the result are in 1/256 tick.
pub(super) fn bounded(rate: TickRate, ahead: i64) -> i64 {
    ahead.min(i64::from(rate.ticks_floor(EXTRAPOLATION_MAX)) * FRACTIONS)
}

/// Whether `row` has as many fields as its kind.
pub(super) fn fits(schema: &Schema, kind: u8, row: &[f64]) -> bool {
    schema.kind(kind).is_some_and(|kind| kind.fields.len() == row.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entity::Field;

    fn kind() -> Kind {
        let field = |name: &str, grid: Grid, predictor| Field {
            name: name.into(),
            grid,
            predictor,
            own: false,
            interpolate: grid.wrap || predictor != Predictor::Hold,
            meaning: Default::default(),
        };
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
        assert_eq!(at(64), [10.0, 40.0, 253.0]);
        assert_eq!(at(192), [30.0, 40.0, 3.0]);
        assert_eq!(at(1), [0.15625, 40.0, 250.046875]);
    }

    #[test]
    fn a_spinner_turns_as_often_as_its_velocity_says_and_without_one_the_shorter_way() {
        let field = |predictor| Field {
            name: String::new(),
            grid: Grid::angle(1024),
            predictor,
            own: false,
            interpolate: true,
            meaning: Default::default(),
        };
        let speed =
            Field { grid: Grid::integers(-4_000, 4_000).with_per_unit(1024), ..field(Predictor::Hold) };
        let fields = vec![field(Predictor::Linear { velocity: 1 }), speed, field(Predictor::Hold)];
        let kind = Kind { name: "spinner".into(), fields };
        let mut row = Vec::new();
        between(&kind, &[0, 700, 0], &[700, 700, 700], Span { passed: 128, ticks: 1 }, &mut row);
        assert_eq!((row[0], row[2]), (350.0, 862.0));
        let plan = PredictPlan::new(&kind, TickRate::DEFAULT).unwrap();
        Ahead::default().predict(&kind, &plan, &[1000, 700, 0], 256 + 64, &mut row);
        assert_eq!(row[0], f64::from((1000 + 700 + 175) % 1024));
    }

    #[test]
    fn a_position_goes_along_its_velocities_and_never_overshoots() {
        for (before, after, way) in
            [(40, 40, 40), (0, 40, 20), (40, 0, 20), (90, -90, 3), (-50, -50, 40), (7, 9, -30)]
        {
            let at = |passed| {
                let (from, to) = ([100, before, 0], [100 + way, after, 0]);
                let mut row = Vec::new();
                between(&kind(), &from, &to, Span { passed, ticks: 1 }, &mut row);
                row[0]
            };
            assert_eq!((at(0), at(256)), (100.0, f64::from(100 + way)));
            let way_along: Vec<_> =
                (0..=256).map(|passed| (at(passed) - 100.0) * f64::from(way.signum())).collect();
            assert!(way_along.is_sorted(), "{before} {after} {way}: {way_along:?}");
        }
        let half = |before, after| {
            let mut row = Vec::new();
            between(&kind(), &[0, before, 0], &[40, after, 0], Span { passed: 128, ticks: 1 }, &mut row);
            row[0]
        };
        assert_eq!(half(40, 40), 20.0);
        assert!(half(20, 60) < 20.0 && half(60, 20) > 20.0, "slow at first, slow at last");
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
        let schema = Schema::new(vec![kind()], TickRate::DEFAULT).unwrap();
        let (kind, plan) = (schema.kind(0).unwrap(), schema.plan(0).unwrap());
        let (mut row, mut memory) = (Vec::new(), Ahead::default());
        let mut at = |ahead| {
            memory.predict(kind, plan, &[0, 10, 7], bounded(TickRate::DEFAULT, ahead), &mut row);
            row[0]
        };
        assert_eq!(at(0), 0.0);
        assert_eq!(at(256 + 128), 15.0);
        assert_eq!(at(9 * 256), 90.0);
        assert_eq!(at(1_000_000), 90.0);
    }

    #[test]
    fn what_moves_is_never_still_and_never_leaps_at_the_start() {
        let (fine, tiles) = (Grid::integers(0, 100_000), Grid::integers(0, 63));
        assert_eq!(fine.nearest(mix_part_moving(&fine, 500, 700, 0.0)), 501);
        assert_eq!(mix_part_moving(&tiles, 5, 6, 0.0), 5.0 + 1.0 / 64.0);
        assert_eq!(mix_part_moving(&tiles, 5, 4, 0.5), 4.5);
        assert_eq!(mix_part_moving(&tiles, 5, 5, 0.5), 5.0);
    }
}
