//! Types that a field may have, and their grids.

use super::Meaning;
use glam::{IVec2, Vec2};
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

/// The integers that a field may take, and what they mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Grid {
    /// The smallest integer.
    pub min: i32,
    /// The largest integer.
    pub max: i32,
    /// Integers per unit of the game (per full turn for an angle given as a float).
    pub per_unit: u32,
    /// Whether the value after `max` is `min` again, as with angles.
    pub wrap: bool,
}

impl Grid {
    /// The maximum bits of a field, so that the difference of two values fits an `i32`.
    pub const BITS_MAX: u32 = 31;

    /// Integers from `min` to `max`.
    #[must_use]
    pub const fn integers(min: i32, max: i32) -> Self {
        assert!(min <= max, "the range of a field is empty: its start must not be greater than its end");
        let grid = Self { min, max, per_unit: 1, wrap: false };
        assert!(grid.bits() <= Self::BITS_MAX, "the range of a field must fit 31 bits: narrow it");
        grid
    }

    /// Real numbers from `min` to `max` in steps of `1 / per_unit`.
    #[must_use]
    pub const fn reals(min: f64, max: f64, per_unit: u32) -> Self {
        assert!(min <= max, "the range of a field is empty: its start must not be greater than its end");
        assert!(per_unit >= 1, "grid = N must be at least 1 step per unit");
        let (low, high) = (min * per_unit as f64, max * per_unit as f64);
        assert!(
            low >= -16_777_216.0 && high <= 16_777_216.0,
            "range x grid must stay within 2^24 steps: an f32 cannot represent more"
        );
        Self { min: low as i32, max: high as i32, per_unit, wrap: false }
    }

    /// An angle of `steps` per full turn, from 0.
    #[must_use]
    pub const fn angle(steps: u32) -> Self {
        assert!(steps >= 2 && steps <= 65_536, "angle = N must be 2 to 65536 steps per turn");
        Self { min: 0, max: steps as i32 - 1, per_unit: steps, wrap: true }
    }

    /// The same grid, described as `per_unit` integers per unit. For fixed-point fields.
    #[must_use]
    pub const fn with_per_unit(mut self, per_unit: u32) -> Self {
        assert!(per_unit >= 1, "grid = N must be at least 1 step per unit");
        self.per_unit = per_unit;
        self
    }

    /// Whether the grid keeps the protocol's bounds. Grids made by this crate's constructors do; others come
    /// off the wire.
    #[must_use]
    pub const fn is_sound(&self) -> bool {
        self.min <= self.max && self.bits() <= Self::BITS_MAX && self.per_unit >= 1
    }

    /// The number of integers in the range.
    #[must_use]
    pub const fn span(&self) -> u64 {
        (self.max as i64 - self.min as i64) as u64 + 1
    }

    /// The bits needed for any integer of the range.
    #[must_use]
    pub const fn bits(&self) -> u32 {
        64 - (self.span() - 1).leading_zeros()
    }

    /// The value of the range nearest to 0.
    #[inline]
    #[must_use]
    pub fn nearest_to_zero(&self) -> i32 {
        0.clamp(self.min, self.max)
    }

    /// Brings `value` into the range: angles wrap, other values go to the nearer end.
    #[inline]
    #[must_use]
    pub fn fit(&self, value: i64) -> i32 {
        let (min, max) = (i64::from(self.min), i64::from(self.max));
        if self.wrap {
            (min + (value - min).rem_euclid(self.span() as i64)) as i32
        } else {
            value.clamp(min, max) as i32
        }
    }

    /// How far `to` is from `from`; on a wrapping grid the shorter way round, from `-span / 2` up.
    #[inline]
    #[must_use]
    pub fn distance(&self, from: i32, to: i32) -> i64 {
        let straight = i64::from(to) - i64::from(from);
        if !self.wrap {
            return straight;
        }
        let span = self.span() as i64;
        (straight + span / 2).rem_euclid(span) - span / 2
    }

    /// Like [`Grid::fit`], between steps.
    #[inline]
    pub(crate) fn fine_fit(&self, steps: f64) -> f64 {
        let (min, max) = (f64::from(self.min), f64::from(self.max));
        if self.wrap { min + (steps - min).rem_euclid(self.span() as f64) } else { steps.clamp(min, max) }
    }

    /// Like [`Grid::distance`], between steps.
    #[inline]
    pub(crate) fn fine_distance(&self, from: f64, to: f64) -> f64 {
        let (straight, span) = (to - from, self.span() as f64);
        if self.wrap { (straight + span / 2.0).rem_euclid(span) - span / 2.0 } else { straight }
    }

    /// The grid step nearest to `value` units; NaN becomes 0.
    #[inline]
    #[must_use]
    pub fn quantize(&self, value: f32) -> i32 {
        let units_per_value =
            if self.wrap { self.per_unit as f32 / core::f32::consts::TAU } else { self.per_unit as f32 };
        let scaled = libm_round(value * units_per_value);
        self.fit(scaled as i64)
    }

    /// The value in units (radians for an angle) of a grid step.
    #[inline]
    #[must_use]
    pub fn value(&self, step: i32) -> f32 {
        let values_per_unit = if self.wrap { core::f32::consts::TAU } else { 1.0 };
        step as f32 * values_per_unit / self.per_unit as f32
    }

    /// Like [`Grid::value`], also between two steps.
    #[inline]
    #[must_use]
    pub fn fine_value(&self, steps: f64) -> f32 {
        let step = steps as i32;
        if f64::from(step) == steps {
            return self.value(step);
        }
        let values_per_unit = if self.wrap { core::f64::consts::TAU } else { 1.0 };
        (steps * values_per_unit / f64::from(self.per_unit)) as f32
    }

    /// The step of the grid nearest to `steps`.
    #[inline]
    #[must_use]
    pub fn nearest(&self, steps: f64) -> i32 {
        self.fit((steps + 0.5).floor() as i64)
    }
}

/// Rounds half away from zero, with operations that are exact on every platform.
#[inline]
fn libm_round(value: f32) -> f32 {
    let truncated = value.trunc();
    if (value - truncated).abs() >= 0.5 { truncated + 1.0_f32.copysign(value) } else { truncated }
}

/// A type that a field of an entity or input may have.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the type of a replicated field",
    label = "not a number, vector, `bool`, `Button` or choice",
    note = "an enum of variants without data can be one with `#[derive(Choice)]`"
)]
pub trait FieldType: Sized {
    /// The names of the components; `[""]` for a type with just one.
    const PARTS: &'static [&'static str];
    /// The grid if the field declares none; `None` if it must declare one.
    const GRID: Option<Grid>;

    /// What the components represent.
    #[must_use]
    fn meaning() -> Meaning {
        Meaning::Number
    }

    /// Appends the components as grid steps.
    fn write_parts(&self, grid: &Grid, row: &mut Vec<i32>);

    /// The value of components, as many as in [`FieldType::PARTS`]; missing ones count as 0.
    fn read_parts(grid: &Grid, parts: &[i32]) -> Self;

    /// The value of components that may be between steps of the grid, as in a rendered frame. A type that
    /// cannot represent that takes the nearest value on the grid.
    fn read_fine_parts(grid: &Grid, parts: &[f64]) -> Self {
        let steps: SmallVec<[i32; 4]> = parts.iter().map(|steps| grid.nearest(*steps)).collect();
        Self::read_parts(grid, &steps)
    }

    /// What remains of the value in a tick without a new one. Axes stay, button edges end.
    #[must_use]
    fn held(self) -> Self {
        self
    }

    /// Includes the button edges of a value that arrived too late for its own tick.
    fn fold(&mut self, _late: &Self) {}
}

fn part<T: Copy + Default>(parts: &[T], at: usize) -> T {
    parts.get(at).copied().unwrap_or_default()
}

macro_rules! integer_field {
    ($($type:ty: $grid:expr;)+) => { $(
        impl FieldType for $type {
            const PARTS: &'static [&'static str] = &[""];
            const GRID: Option<Grid> = $grid;
            #[inline]
            fn write_parts(&self, grid: &Grid, row: &mut Vec<i32>) {
                row.push(grid.fit(i64::from(*self)));
            }
            #[inline]
            fn read_parts(_: &Grid, parts: &[i32]) -> Self {
                part(parts, 0) as Self
            }
        }
    )+ };
}

integer_field! {
    u8: Some(Grid::integers(0, 255));
    i8: Some(Grid::integers(-128, 127));
    u16: Some(Grid::integers(0, 65_535));
    i16: Some(Grid::integers(-32_768, 32_767));
    i32: None;
    u32: None;
}

impl FieldType for bool {
    const PARTS: &'static [&'static str] = &[""];
    const GRID: Option<Grid> = Some(Grid::integers(0, 1));
    fn meaning() -> Meaning {
        Meaning::Bool
    }
    #[inline]
    fn write_parts(&self, _: &Grid, row: &mut Vec<i32>) {
        row.push(i32::from(*self));
    }
    #[inline]
    fn read_parts(_: &Grid, parts: &[i32]) -> Self {
        part(parts, 0) != 0
    }
}

impl FieldType for f32 {
    const PARTS: &'static [&'static str] = &[""];
    const GRID: Option<Grid> = None;
    #[inline]
    fn write_parts(&self, grid: &Grid, row: &mut Vec<i32>) {
        row.push(grid.quantize(*self));
    }
    #[inline]
    fn read_parts(grid: &Grid, parts: &[i32]) -> Self {
        grid.value(part(parts, 0))
    }
    #[inline]
    fn read_fine_parts(grid: &Grid, parts: &[f64]) -> Self {
        grid.fine_value(part(parts, 0))
    }
}

impl FieldType for Vec2 {
    const PARTS: &'static [&'static str] = &["x", "y"];
    const GRID: Option<Grid> = None;
    #[inline]
    fn write_parts(&self, grid: &Grid, row: &mut Vec<i32>) {
        row.extend([grid.quantize(self.x), grid.quantize(self.y)]);
    }
    #[inline]
    fn read_parts(grid: &Grid, parts: &[i32]) -> Self {
        Self::new(grid.value(part(parts, 0)), grid.value(part(parts, 1)))
    }
    #[inline]
    fn read_fine_parts(grid: &Grid, parts: &[f64]) -> Self {
        Self::new(grid.fine_value(part(parts, 0)), grid.fine_value(part(parts, 1)))
    }
}

impl FieldType for IVec2 {
    const PARTS: &'static [&'static str] = &["x", "y"];
    const GRID: Option<Grid> = None;
    #[inline]
    fn write_parts(&self, grid: &Grid, row: &mut Vec<i32>) {
        row.extend([grid.fit(i64::from(self.x)), grid.fit(i64::from(self.y))]);
    }
    #[inline]
    fn read_parts(_: &Grid, parts: &[i32]) -> Self {
        Self::new(part(parts, 0), part(parts, 1))
    }
}

/// A button of an input: whether it is down, and whether it went down since the previous input.
///
/// The edge is stored separately, so that a press and release between two ticks is not lost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Button {
    /// The button is down at the end of the tick.
    pub down: bool,
    /// The button went down in this tick.
    pub pressed: bool,
}

impl Button {
    /// The button's state after `before`: `down` now, pressed if it was not down before.
    #[must_use]
    pub fn after(before: Self, down: bool) -> Self {
        Self { down, pressed: down && !before.down }
    }

    /// Whether the button did anything in this tick: it is down or was pressed.
    #[must_use]
    pub fn active(self) -> bool {
        self.down || self.pressed
    }
}

impl FieldType for Button {
    const PARTS: &'static [&'static str] = &[""];
    const GRID: Option<Grid> = Some(Grid::integers(0, 3));
    fn meaning() -> Meaning {
        Meaning::Button
    }
    fn write_parts(&self, _: &Grid, row: &mut Vec<i32>) {
        row.push(i32::from(self.down) | i32::from(self.pressed) << 1);
    }
    fn read_parts(_: &Grid, parts: &[i32]) -> Self {
        let bits = part(parts, 0);
        Self { down: bits & 1 != 0, pressed: bits & 2 != 0 }
    }
    fn held(self) -> Self {
        Self { pressed: false, ..self }
    }
    fn fold(&mut self, late: &Self) {
        self.pressed |= late.pressed;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_snapped_float_snaps_to_itself(value in any::<f32>()) {
            for grid in [Grid::reals(-512.0, 512.0, 1024), Grid::angle(1024)] {
                let step = grid.quantize(value);
                prop_assert!((grid.min..=grid.max).contains(&step));
                prop_assert_eq!(grid.quantize(grid.value(step)), step);
            }
        }
    }

    #[test]
    fn between_two_steps_a_number_is_read_as_it_is_and_an_integer_as_the_nearest() {
        let (grid, turn) = (Grid::reals(-4.0, 4.0, 4), Grid::angle(8));
        assert_eq!(f32::read_fine_parts(&grid, &[2.5]), 0.625);
        assert_eq!(f32::read_fine_parts(&grid, &[-3.0]), grid.value(-3));
        assert_eq!(Vec2::read_fine_parts(&grid, &[0.5, -1.5]), Vec2::new(0.125, -0.375));
        assert_eq!(f32::read_fine_parts(&turn, &[7.5]), core::f32::consts::TAU * 7.5 / 8.0);
        assert_eq!(u16::read_fine_parts(&turn, &[7.5]), 0);
        let whole = |steps| i32::read_fine_parts(&Grid::integers(-9, 9), &[steps]);
        assert_eq!([2.4, 2.5, -2.5, -2.6, 99.0].map(whole), [2, 3, -2, -3, 9]);
        assert!(bool::read_fine_parts(&Grid::integers(0, 1), &[0.7]));
    }

    #[test]
    fn bits_hold_the_range() {
        assert_eq!(Grid::integers(0, 0).bits(), 0);
        assert_eq!(Grid::integers(0, 1).bits(), 1);
        assert_eq!(Grid::integers(-128, 127).bits(), 8);
        assert_eq!(Grid::integers(0, 256).bits(), 9);
        assert_eq!(Grid::integers(-(1 << 30), (1 << 30) - 1).bits(), 31);
    }

    #[test]
    fn a_late_press_is_folded_and_a_held_one_is_not_pressed_again() {
        let mut next = Button::default();
        next.fold(&Button { down: true, pressed: true });
        assert_eq!(next, Button { down: false, pressed: true });
        assert_eq!(Button { down: true, pressed: true }.held(), Button { down: true, pressed: false });
    }
}
