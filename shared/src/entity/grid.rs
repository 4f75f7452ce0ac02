//! The integers of a field.

use serde::{Deserialize, Serialize};

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
    fn bits_hold_the_range() {
        assert_eq!(Grid::integers(0, 0).bits(), 0);
        assert_eq!(Grid::integers(0, 1).bits(), 1);
        assert_eq!(Grid::integers(-128, 127).bits(), 8);
        assert_eq!(Grid::integers(0, 256).bits(), 9);
        assert_eq!(Grid::integers(-(1 << 30), (1 << 30) - 1).bits(), 31);
    }
}
