//! Support code called by the derive macros' output. Not part of the public interface: it may change at any
//! time.
//!
//! All checks here run at compile time: a panic is a compile error at the attribute.

use super::{Entity, Field, FieldType, Grid, Predictor};
use crate::limits::{INPUT_BITS_MAX, INPUT_FIELDS_MAX, ROW_BITS_MAX, ROW_FIELDS_MAX};

/// A struct that derives `Entity`: the content of a variant of an enum of kinds.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a kind of entity",
    label = "not a struct that derives `Entity`",
    note = "each variant of an enum of kinds contains one struct with `#[derive(Entity)]`, never another enum"
)]
pub trait EntityStruct: Entity {
    /// The fields of a row.
    fn fields() -> Vec<Field>;
}

/// An integer type, for the ends of a range or a number of steps.
#[diagnostic::on_unimplemented(
    message = "expected an integer, found `{Self}`",
    label = "not an integer",
    note = "the range of an integer field, `grid`, `angle` and the lag of `steer` are written in integers"
)]
pub trait Whole: Copy {}

macro_rules! whole {
    ($($type:ty)+) => { $(impl Whole for $type {})+ };
}
whole!(u8 i8 u16 i16 u32 i32 u64 i64 usize isize);

/// Makes the compiler refuse a value that is not an integer.
pub const fn whole<T: Whole>(_: T) {}

/// The grid of an integer field whose type can represent `least` to `most`.
#[must_use]
pub const fn integers(min: i64, max: i64, least: i64, most: i64) -> Grid {
    assert!(min <= max, "the range is empty: its start must not be greater than its end");
    assert!(min >= least && max <= most, "the range goes beyond the type of its field");
    Grid::integers(min as i32, max as i32)
}

/// The grid of an angle whose type can represent values up to `most`.
#[must_use]
pub const fn angle(steps: i64, most: i64) -> Grid {
    assert!(steps >= 2 && steps <= 65_536, "angle = STEPS must be 2 to 65536 steps per turn");
    assert!(steps <= most + 1, "the steps of the angle go beyond the type of its field");
    Grid::angle(steps as u32)
}

/// A `grid = STEPS_PER_UNIT`.
#[must_use]
pub const fn per_unit(steps: i64) -> u32 {
    assert!(steps >= 1 && steps <= 16_777_216, "grid = STEPS_PER_UNIT must be 1 to 16777216");
    steps as u32
}

/// The lag of a `steer`, ms.
#[must_use]
pub const fn lag_ms(lag: i64) -> u16 {
    assert!(lag >= 1 && lag <= 60_000, "the lag of `steer` must be 1 to 60000 ms");
    lag as u16
}

/// The grid of a field that declares none.
#[must_use]
pub const fn own_grid(grid: Option<Grid>) -> Grid {
    match grid {
        Some(grid) => grid,
        None => {
            panic!("the type of this field has no default grid: write the type's name, not an alias")
        }
    }
}

/// Refuses a predicted field whose steps differ from those of the field that it reads.
pub const fn same_steps(field: &Grid, other: &Grid) {
    assert!(
        field.per_unit == other.per_unit,
        "a predicted field and the field that it reads must have the same `grid` (angle: steps per turn)"
    );
}

/// Where each field's components start in the row; the last element is the length of the row.
#[must_use]
pub const fn starts<const N: usize>(parts: &[usize]) -> [usize; N] {
    let (mut starts, mut at) = ([0; N], 0);
    while at < parts.len() {
        starts[at + 1] = starts[at] + parts[at];
        at += 1;
    }
    starts
}

/// The grid of each component of the row.
#[must_use]
pub const fn flatten<const N: usize>(grids: &[Grid], parts: &[usize]) -> [Grid; N] {
    let (mut row, mut at, mut field) = ([Grid::integers(0, 0); N], 0, 0);
    while field < grids.len() {
        let mut part = 0;
        while part < parts[field] {
            row[at] = grids[field];
            at += 1;
            part += 1;
        }
        field += 1;
    }
    row
}

/// Refuses an entity that exceeds the bounds of a row.
pub const fn check_entity(grids: &[Grid]) {
    assert!(grids.len() <= ROW_FIELDS_MAX, "an entity has at most 48 fields; a vector counts as two");
    assert!(
        bits(grids) <= ROW_BITS_MAX,
        "an entity has at most 352 bits: narrow its ranges or coarsen its grids"
    );
}

/// Refuses an input that exceeds the bounds of an input.
pub const fn check_input(grids: &[Grid]) {
    assert!(grids.len() <= INPUT_FIELDS_MAX, "an input has at most 32 fields; a vector counts as two");
    assert!(
        bits(grids) <= INPUT_BITS_MAX,
        "an input has at most 256 bits: narrow its ranges or coarsen its grids"
    );
}

const fn bits(grids: &[Grid]) -> u32 {
    let (mut at, mut bits) = (0, 0);
    while at < grids.len() {
        bits += grids[at].bits();
        at += 1;
    }
    bits
}

/// Appends a field's components to a schema. `like` is the first component, with the name of the whole field.
pub fn add_field<T: FieldType>(fields: &mut Vec<Field>, like: &Field) {
    let Field { name, predictor, .. } = like;
    for (&part, shift) in T::PARTS.iter().zip(0..) {
        let name = if part.is_empty() { name.clone() } else { format!("{name}.{part}") };
        let predictor = match *predictor {
            Predictor::Hold | Predictor::Custom => *predictor,
            Predictor::Linear { velocity } => Predictor::Linear { velocity: velocity + shift },
            Predictor::Steer { target, lag_ms } => Predictor::Steer { target: target + shift, lag_ms },
        };
        fields.push(Field { name, predictor, ..like.clone() });
    }
}

const _: () = {
    // The messages above contain these bounds.
    assert!(ROW_FIELDS_MAX == 48 && ROW_BITS_MAX == 352);
    assert!(INPUT_FIELDS_MAX == 32 && INPUT_BITS_MAX == 256);
};

/// Only structs are kinds: a row has no space for the number of an inner enum.
///
/// ```
/// use tickwire_shared::prelude::*;
/// #[derive(Clone, Entity)]
/// enum Thing { Ship(Ship) }
/// #[derive(Clone, Entity)]
/// struct Ship { hp: u8 }
/// ```
/// ```compile_fail,E0277
/// use tickwire_shared::prelude::*;
/// #[derive(Clone, Entity)]
/// enum Outer { Thing(Thing) }
/// #[derive(Clone, Entity)]
/// enum Thing { Ship(Ship) }
/// #[derive(Clone, Entity)]
/// struct Ship { hp: u8 }
/// ```
///
/// A range of integers cannot use a constant that is not an integer.
/// ```compile_fail,E0277
/// use tickwire_shared::prelude::*;
/// const HP_MAX: f32 = 100.0;
/// #[derive(Clone, Entity)]
/// struct Ship { #[entity(range = 0..=HP_MAX)] hp: u8 }
/// ```
///
/// Constants are checked like literal numbers.
/// ```compile_fail,E0080
/// use tickwire_shared::prelude::*;
/// const HP_MAX: u32 = 300;
/// #[derive(Clone, Entity)]
/// struct Ship { #[entity(range = 0..=HP_MAX)] hp: u8 }
/// ```
#[cfg(doctest)]
pub struct RefusedByTheCompiler;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[should_panic(expected = "the range goes beyond the type of its field")]
    fn a_computed_range_beyond_its_type_is_refused() {
        let _ = integers(0, 256, 0, 255);
    }

    #[test]
    #[should_panic(expected = "the range is empty")]
    fn a_computed_range_that_is_empty_is_refused() {
        let _ = integers(1, 0, 0, 255);
    }

    #[test]
    #[should_panic(expected = "the steps of the angle go beyond the type of its field")]
    fn a_computed_angle_beyond_its_type_is_refused() {
        let _ = angle(257, 255);
    }

    #[test]
    #[should_panic(expected = "grid = STEPS_PER_UNIT must be 1 to 16777216")]
    fn a_computed_grid_without_steps_is_refused() {
        let _ = per_unit(0);
    }

    #[test]
    #[should_panic(expected = "the lag of `steer` must be 1 to 60000 ms")]
    fn a_computed_lag_of_nothing_is_refused() {
        let _ = lag_ms(0);
    }

    #[test]
    #[should_panic(expected = "must have the same `grid`")]
    fn predicted_fields_that_count_in_other_steps_are_refused() {
        same_steps(&Grid::angle(16), &Grid::integers(0, 1));
    }

    #[test]
    #[should_panic(expected = "an entity has at most 48 fields")]
    fn an_entity_with_too_many_fields_is_refused() {
        check_entity(&[Grid::integers(0, 1); ROW_FIELDS_MAX + 1]);
    }

    #[test]
    #[should_panic(expected = "an input has at most 256 bits")]
    fn an_input_that_is_too_wide_is_refused() {
        check_input(&[Grid::integers(0, i32::MAX); 9]);
    }

    #[test]
    fn starts_and_grids_follow_the_components() {
        assert_eq!(starts::<4>(&[1, 2, 1]), [0, 1, 3, 4]);
        let (one, two) = (Grid::integers(0, 1), Grid::integers(0, 2));
        assert_eq!(flatten::<3>(&[one, two], &[1, 2]), [one, two, two]);
    }
}
