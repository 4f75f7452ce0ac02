//! The declared predictors, run on rows. Every decoder, in any language, must do exactly this.
//!
//! One tick: first every `steer` field, computed from the row as it was, then every `linear` field with the
//! velocities after steering. Results are fitted to their grids. After [`exact_steps_max`] ticks the
//! prediction continues linearly: `steer` fields stay, `linear` fields grow by their velocity times the
//! remaining ticks. Fields predicted as `custom` do not change here (see `step.rs`).

use super::{Field, Grid, Kind, Predictor, SchemaError};
use crate::limits::exact_steps_max;
use crate::tick::TickRate;
use glam::Vec2;

/// The predictors of one kind, in the order in which they run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PredictPlan {
    steers: Vec<Steer>,
    linears: Vec<Linear>,
    /// Some field is predicted as `custom`, and so not by this plan.
    custom: bool,
    exact_steps_max: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Steer {
    field: usize,
    target: usize,
    divisor: i32,
    grid: Grid,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Linear {
    field: usize,
    velocity: usize,
    grid: Grid,
}

impl PredictPlan {
    /// Checks and orders the predictors of `kind`.
    ///
    /// # Errors
    /// A predictor names a field that does not exist, or one that is itself predicted in an unsuitable way.
    pub fn new(kind: &Kind, rate: TickRate) -> Result<Self, SchemaError> {
        let (steers, linears) = (Vec::new(), Vec::new());
        let mut plan =
            Self { steers, linears, custom: kind.is_custom(), exact_steps_max: exact_steps_max(rate) };
        for (at, field) in kind.fields.iter().enumerate() {
            let bad = |problem| SchemaError::BadPredictor {
                kind: kind.name.clone(),
                field: field.name.clone(),
                problem,
            };
            if field.own && field.predictor != Predictor::Hold {
                return Err(bad("it is owner-only: then it can only be held"));
            }
            let hidden = |at: u16| kind.fields.get(usize::from(at)).is_some_and(|of| of.own);
            match field.predictor {
                Predictor::Linear { velocity: of } | Predictor::Steer { target: of, .. } if hidden(of) => {
                    return Err(bad("the field that it reads is owner-only"));
                }
                // The game's own step runs after all declared predictors, over all rows.
                Predictor::Hold | Predictor::Custom => {}
                Predictor::Linear { velocity } => {
                    check_velocity(kind, field, velocity).map_err(bad)?;
                    plan.linears.push(Linear {
                        field: at,
                        velocity: usize::from(velocity),
                        grid: field.grid,
                    });
                }
                Predictor::Steer { target, lag_ms } => {
                    let of = kind
                        .fields
                        .get(usize::from(target))
                        .ok_or_else(|| bad("its target is not a field of this kind"))?;
                    if of.predictor != Predictor::Hold {
                        return Err(bad("its target must be predicted as `hold`"));
                    }
                    plan.steers.push(Steer {
                        field: at,
                        target: usize::from(target),
                        divisor: steer_divisor(lag_ms, rate),
                        grid: field.grid,
                    });
                }
            }
        }
        Ok(plan)
    }

    /// Whether every field stays the same, as far as this plan is concerned.
    #[inline]
    #[must_use]
    pub fn is_hold(&self) -> bool {
        self.steers.is_empty() && self.linears.is_empty()
    }

    /// Whether some field is predicted as `linear` or `custom`.
    #[inline]
    #[must_use]
    pub fn moves(&self) -> bool {
        self.custom || !self.linears.is_empty()
    }

    /// Whether some field is predicted by the game's own step.
    #[inline]
    #[must_use]
    pub fn is_custom(&self) -> bool {
        self.custom
    }

    /// Advances `row` by `ticks`.
    #[inline]
    pub fn run(&self, row: &mut [i32], ticks: u32) {
        if self.is_hold() {
            return;
        }
        for _ in 0..ticks.min(self.exact_steps_max) {
            for steer in &self.steers {
                if let (Some(&target), Some(value)) = (row.get(steer.target), row.get(steer.field).copied()) {
                    set(row, steer.field, steer_once(value, target, steer.divisor, &steer.grid));
                }
            }
            self.move_linear(row, 1);
        }
        if ticks > self.exact_steps_max {
            self.move_linear(row, i64::from(ticks - self.exact_steps_max));
        }
    }

    #[inline]
    fn move_linear(&self, row: &mut [i32], ticks: i64) {
        for linear in &self.linears {
            if let (Some(&velocity), Some(&value)) = (row.get(linear.velocity), row.get(linear.field))
                && velocity != 0
            {
                set(row, linear.field, linear.grid.fit(i64::from(value) + i64::from(velocity) * ticks));
            }
        }
    }
}

#[inline]
fn set(row: &mut [i32], at: usize, value: i32) {
    if let Some(slot) = row.get_mut(at) {
        *slot = value;
    }
}

/// The divisor n of a `steer` with this lag: the value moves 1/n of the way in a tick. n is 1 + lag x rate,
/// rounded, so that the value trails by the lag at every tick rate.
#[inline]
#[must_use]
pub const fn steer_divisor(lag_ms: u16, rate: TickRate) -> i32 {
    1 + (lag_ms as i32 * rate.hz() as i32 + 500) / 1_000
}

/// One tick of `steer`: what the declared predictor does, also for use in a game's own step.
#[inline]
#[must_use]
pub fn steer_once(value: i32, target: i32, divisor: i32, grid: &Grid) -> i32 {
    if value == target {
        return value;
    }
    let distance = grid.distance(value, target);
    let divisor = i64::from(divisor);
    let step = if distance.abs() <= divisor { distance } else { distance / divisor };
    grid.fit(i64::from(value) + step)
}

/// As [`steer_once`] on each axis, for a vector in units that is declared with `grid` steps per unit: exactly
/// what the declared predictor does, so an entity that keeps steering costs no bytes.
///
/// ```
/// use tickwire_shared::prelude::*;
/// // As `#[entity(grid = 1024, predict = steer(wish, 100))]` declares it for `vel`.
/// let divisor = steer_divisor(100, TickRate::DEFAULT);
/// let vel = steer_toward(Vec2::ZERO, Vec2::new(0.25, 0.0), divisor, 1024);
/// assert_eq!(vel, Vec2::new(64.0 / 1024.0, 0.0));
/// ```
#[must_use]
pub fn steer_toward(value: Vec2, target: Vec2, divisor: i32, grid: u32) -> Vec2 {
    const WHOLE: Grid = Grid::integers(-(1 << 24), 1 << 24);
    let per_unit = f64::from(grid);
    let axis = |value: f32, target: f32| {
        let steps = |units: f32| WHOLE.nearest(f64::from(units) * per_unit);
        (f64::from(steer_once(steps(value), steps(target), divisor, &WHOLE)) / per_unit) as f32
    };
    Vec2::new(axis(value.x, target.x), axis(value.y, target.y))
}

/// Whether the field with the index `velocity` may be the velocity of `field`.
fn check_velocity(kind: &Kind, field: &Field, velocity: u16) -> Result<(), &'static str> {
    let of = kind.fields.get(usize::from(velocity)).ok_or("its velocity is not a field of this kind")?;
    match of.predictor {
        Predictor::Linear { .. } => {
            Err("its velocity is itself linear; only `hold` and `steer` may be a velocity")
        }
        Predictor::Custom => Err("its velocity is `custom`, so it must be `custom` too"),
        _ if of.grid.per_unit != field.grid.per_unit => {
            Err("it and its velocity must have the same grid (steps per unit)")
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entity::{Field, Schema};

    fn kind() -> Kind {
        let field = |name: &str, grid, predictor| Field {
            name: name.into(),
            grid,
            predictor,
            own: false,
            interpolate: true,
            meaning: Default::default(),
        };
        Kind {
            name: "thing".into(),
            fields: vec![
                field("pos", Grid::integers(-1000, 1000), Predictor::Linear { velocity: 1 }),
                field("vel", Grid::integers(-100, 100), Predictor::Steer { target: 2, lag_ms: 100 }),
                field("target", Grid::integers(-100, 100), Predictor::Hold),
                field("turn", Grid::angle(16), Predictor::Steer { target: 4, lag_ms: 100 }),
                field("aim", Grid::angle(16), Predictor::Hold),
            ],
        }
    }

    #[test]
    fn velocity_is_steered_before_position_moves() {
        let schema = Schema::new(vec![kind()], TickRate::DEFAULT).unwrap();
        let mut row = [0, 0, 40, 15, 1];
        schema.plan(0).unwrap().run(&mut row, 1);
        assert_eq!(row, [10, 10, 40, 1, 1]);
        schema.plan(0).unwrap().run(&mut row, 1);
        assert_eq!(row, [27, 17, 40, 1, 1]);
    }

    #[test]
    fn after_eight_ticks_it_goes_on_linearly_and_stays_on_the_grid() {
        let schema = Schema::new(vec![kind()], TickRate::DEFAULT).unwrap();
        let plan = schema.plan(0).unwrap();
        let (mut eight, mut more) = ([0, 0, 40, 0, 0], [0, 0, 40, 0, 0]);
        plan.run(&mut eight, 8);
        plan.run(&mut more, 11);
        assert_eq!(more[0], eight[0] + 3 * eight[1]);
        plan.run(&mut more, u32::MAX);
        assert_eq!(more[0], 1000);
    }

    #[test]
    fn a_steered_field_trails_by_the_same_time_at_every_rate() {
        for hz in [10, 30, 60, 128] {
            let rate = TickRate::new(hz).unwrap();
            let mut fine = kind();
            for field in &mut fine.fields {
                field.grid.min *= 1_000;
                field.grid.max *= 1_000;
            }
            let schema = Schema::new(vec![fine], rate).unwrap();
            let speed = 60_000 / i32::from(hz);
            let mut row = [0, 0, speed, 0, 0];
            (0..hz).for_each(|_| schema.plan(0).unwrap().run(&mut row, 1));
            let lag_ms = 1_000.0 * f64::from(60_000 - row[0]) / 60_000.0;
            assert!((95.0..107.0).contains(&lag_ms), "{hz} Hz: {lag_ms} ms");
        }
    }

    #[test]
    fn a_predictor_that_cannot_run_is_refused() {
        let mut wrong = kind();
        wrong.fields[0].predictor = Predictor::Linear { velocity: 9 };
        assert!(matches!(Schema::new(vec![wrong], TickRate::DEFAULT), Err(SchemaError::BadPredictor { .. })));
        let mut wrong = kind();
        wrong.fields[1].predictor = Predictor::Steer { target: 0, lag_ms: 100 };
        assert!(matches!(Schema::new(vec![wrong], TickRate::DEFAULT), Err(SchemaError::BadPredictor { .. })));
    }

    proptest::proptest! {
        #[test]
        fn a_vector_in_units_steers_as_the_predictor_of_its_grid(
            (from, to) in ((-2048..=2048, -2048..=2048), (-2048..=2048, -2048..=2048)),
            divisor in 1..20,
        ) {
            let units = |(x, y): (i32, i32)| Vec2::new(x as f32, y as f32) / 1024.0;
            let grid = Grid::integers(-2048, 2048);
            let exact = (steer_once(from.0, to.0, divisor, &grid), steer_once(from.1, to.1, divisor, &grid));
            proptest::prop_assert_eq!(steer_toward(units(from), units(to), divisor, 1024), units(exact));
        }
    }
}
