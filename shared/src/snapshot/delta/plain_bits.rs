//! How decisions and residuals are written in profile 0, and what each bit of a payload is for.

use super::residual::apply_residual;
use crate::coding::DecodeError;
use crate::coding::bits::{BitReader, BitWriter};
use crate::entity::Grid;

/// The purpose of a payload bit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PacketPart {
    /// Whether anything in a group of rows differs from its prediction.
    Groups,
    /// Which rows of such a group differ, and which of them were removed.
    Rows {
        /// The kind.
        kind: u8,
    },
    /// A field of a row that differs from its prediction.
    Changed {
        /// The kind.
        kind: u8,
        /// The field's index in the row.
        field: u16,
    },
    /// The number of new rows.
    NewCount,
    /// Ids of new rows.
    NewIds,
    /// Kinds of new rows.
    NewKinds,
    /// A field of a new row.
    New {
        /// The kind.
        kind: u8,
        /// The field's index in the row.
        field: u16,
    },
    /// The state hash.
    Hash,
}

/// Where a payload is written: its bits, or a meter of what they are spent on.
pub(super) trait PlainWriter {
    /// Everything written from here on belongs to `part`.
    fn part(&mut self, part: PacketPart);
    fn raw(&mut self, value: u32, bits: u32);
    fn exp_golomb(&mut self, value: u32, order: u32);

    #[inline]
    fn bit(&mut self, bit: bool) {
        self.raw(u32::from(bit), 1);
    }
}

impl PlainWriter for BitWriter {
    #[inline]
    fn part(&mut self, _: PacketPart) {}

    #[inline]
    fn raw(&mut self, value: u32, bits: u32) {
        BitWriter::raw(self, value, bits);
    }

    #[inline]
    fn exp_golomb(&mut self, value: u32, order: u32) {
        BitWriter::exp_golomb(self, value, order);
    }
}

#[inline]
fn residual_order(grid: &Grid) -> u32 {
    grid.bits() / 3
}

#[inline]
pub(super) fn write_residual<W: PlainWriter>(grid: &Grid, residual: i32, to: &mut W) {
    if residual == 0 {
        to.bit(false);
        return;
    }
    to.raw(if residual < 0 { 0b11 } else { 0b01 }, 2);
    to.exp_golomb(residual.unsigned_abs() - 1, residual_order(grid));
}

/// Reads the sign and size of a residual other than 0, and returns the resulting value.
#[inline]
pub(super) fn read_residual(grid: &Grid, guess: i32, from: &mut BitReader<'_>) -> Result<i32, DecodeError> {
    let negative = from.bit()?;
    let size = i64::from(from.exp_golomb(residual_order(grid))?) + 1;
    let residual = if negative { -size } else { size };
    apply_residual(grid, guess, residual)
}
