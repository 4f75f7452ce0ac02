//! Inputs: a player's controls for one tick.

use super::Field;
use crate::coding::DecodeError;
use crate::coding::bits::{BitCode, BitReader, BitWriter};
use crate::limits::{INPUT_BITS_MAX, INPUT_FIELDS_MAX};
use core::fmt::Debug;
use serde::{Deserialize, Serialize};

/// The fields of an input.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputSchema {
    /// The fields in row order.
    pub fields: Vec<Field>,
}

impl InputSchema {
    /// Bits of one input on the wire.
    #[must_use]
    pub fn bits(&self) -> u32 {
        self.fields.iter().map(|field| field.grid.bits()).sum()
    }
}

/// A player's input for one tick. Implemented by `#[derive(Input)]`; the default is the neutral input.
///
/// On the wire a field has the bits of its grid and contains its distance from the smallest value.
pub trait Input: Clone + Debug + Default + PartialEq + Send + 'static {
    /// The fields' grids in row order.
    const GRIDS: &'static [super::Grid];

    /// The fields with their names.
    fn schema() -> InputSchema;

    /// The grids of this value's row. They differ from [`Input::GRIDS`] only if a schema came off the wire.
    #[doc(hidden)]
    fn grids(&self) -> &[super::Grid] {
        Self::GRIDS
    }

    /// Appends this input's row.
    fn write_row(&self, row: &mut Vec<i32>);

    /// The input of a row; `None` if the row has another length.
    fn read_row(row: &[i32]) -> Option<Self>;

    /// The input of a row whose values may be between steps of the grids and outside of their ranges, as with
    /// real controls; `None` as in [`Input::read_row`]. A hand-written implementation may take the nearest
    /// values on the grid.
    fn read_fine_row(row: &[f64]) -> Option<Self> {
        let fitted: Vec<_> = Self::GRIDS.iter().zip(row).map(|(grid, steps)| grid.nearest(*steps)).collect();
        Self::read_row(&fitted)
    }

    /// The input for a tick without one: axes stay, button edges end.
    #[must_use]
    fn held(&self) -> Self;

    /// Includes the button edges of an input that arrived too late for its own tick.
    fn fold(&mut self, late: &Self);

    /// The input converted to its row and back. See [`OnGrid`].
    #[doc(hidden)]
    #[must_use]
    fn on_grid(&self) -> Self {
        let mut row = Vec::with_capacity(Self::GRIDS.len());
        self.write_row(&mut row);
        Self::read_row(&row).unwrap_or_else(|| self.clone())
    }
}

/// An input on its grid: what the other end of the wire receives.
///
/// Both ends use inputs only in this form: a client predicts with it and sends it, a room steps with it. So
/// they compute with equal numbers, whatever the controls or [`Default`] contain.
#[derive(Clone, Copy, PartialEq)]
pub struct OnGrid<I>(I);

impl<I: Input> OnGrid<I> {
    /// Quantizes an input to its grid.
    #[must_use]
    pub fn new(input: &I) -> Self {
        Self(input.on_grid())
    }

    /// The neutral input: the default, on its grid.
    #[must_use]
    pub fn neutral() -> Self {
        Self::new(&I::default())
    }

    /// Like [`Input::held`].
    #[must_use]
    pub fn held(&self) -> Self {
        Self(self.0.held())
    }

    /// Like [`Input::fold`].
    pub fn fold(&mut self, late: &Self) {
        self.0.fold(&late.0);
    }

    /// The input.
    #[must_use]
    pub fn into_inner(self) -> I {
        self.0
    }
}

impl<I: Debug> Debug for OnGrid<I> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        self.0.fmt(f)
    }
}

impl<I> core::ops::Deref for OnGrid<I> {
    type Target = I;

    fn deref(&self) -> &I {
        &self.0
    }
}

impl<I: Input> BitCode for OnGrid<I> {
    fn write(&self, to: &mut BitWriter) {
        let mut row = Vec::with_capacity(I::GRIDS.len());
        self.0.write_row(&mut row);
        for (value, grid) in row.iter().zip(self.0.grids()) {
            to.raw(value.wrapping_sub(grid.min) as u32, grid.bits());
        }
    }

    fn read(from: &mut BitReader<'_>) -> Result<Self, DecodeError> {
        const { assert!(I::GRIDS.len() <= INPUT_FIELDS_MAX, "an input has at most 32 fields") };
        const { assert!(total_bits(I::GRIDS) <= INPUT_BITS_MAX, "an input has at most 256 bits") };
        let mut row = [0; INPUT_FIELDS_MAX];
        for (value, grid) in row.iter_mut().zip(I::GRIDS) {
            *value = read_absolute(from, grid)?;
        }
        row.get(..I::GRIDS.len()).and_then(I::read_row).map(Self).ok_or(DecodeError::OutOfRange)
    }
}

/// Reads a field as its distance from the smallest value of its grid.
#[inline]
pub(crate) fn read_absolute(from: &mut BitReader<'_>, grid: &super::Grid) -> Result<i32, DecodeError> {
    let value = i64::from(grid.min) + i64::from(from.raw(grid.bits())?);
    if value > i64::from(grid.max) { Err(DecodeError::OutOfRange) } else { Ok(value as i32) }
}

const fn total_bits(grids: &[super::Grid]) -> u32 {
    let (mut at, mut bits) = (0, 0);
    while at < grids.len() {
        bits += grids[at].bits();
        at += 1;
    }
    bits
}
