//! Types that a field may have.

use super::{Grid, Meaning};
use glam::{IVec2, Vec2};
use smallvec::SmallVec;

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
    fn a_late_press_is_folded_and_a_held_one_is_not_pressed_again() {
        let mut next = Button::default();
        next.fold(&Button { down: true, pressed: true });
        assert_eq!(next, Button { down: false, pressed: true });
        assert_eq!(Button { down: true, pressed: true }.held(), Button { down: true, pressed: false });
    }
}
