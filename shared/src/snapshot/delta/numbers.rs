//! Numbers, residuals and values of profile 1 in their contexts. One function for each, used for writing,
//! reading and counting.

use crate::coding::DecodeError;
use crate::coding::range::BitCoder;
use crate::entity::Grid;
use crate::entity::model::{FieldContexts, NUMBER_CONTEXTS};

/// The maximum size of a number or residual: both are below 2^33.
const SIZE_MAX: u32 = 32;

/// Codes a number other than 0. `negative` is its sign, if known beforehand.
#[inline]
pub(super) fn code_signed<C: BitCoder>(
    contexts: FieldContexts,
    negative: Option<bool>,
    value: i64,
    to: &mut C,
) -> Result<i64, DecodeError> {
    let negative = match negative {
        Some(negative) => negative,
        None => to.bit(contexts.sign(), value < 0)?,
    };
    let magnitude = value.unsigned_abs();
    let wanted = 63 - magnitude.max(1).leading_zeros();
    let size = code_size(|at| contexts.size(at), wanted, to)?;
    let bit = |down: u32| magnitude.checked_shr(size - down).unwrap_or(0) & 1 != 0;
    let mut read = 1_u64;
    if size >= 1 {
        let second = to.bit(contexts.second(size), bit(1))?;
        read = read << 1 | u64::from(second);
        if size >= 2 {
            read = read << 1 | u64::from(to.bit(contexts.third(size, second), bit(2))?);
            let rest = size - 2;
            read = read << rest | u64::from(to.raw((magnitude & ((1 << rest) - 1)) as u32, rest)?);
        }
    }
    Ok(if negative { -(read as i64) } else { read as i64 })
}

#[inline]
fn code_size<C: BitCoder>(
    context: impl Fn(u32) -> usize,
    wanted: u32,
    to: &mut C,
) -> Result<u32, DecodeError> {
    let mut size = 0;
    while to.bit(context(size), size < wanted)? {
        size += 1;
        if size > SIZE_MAX {
            return Err(DecodeError::OutOfRange);
        }
    }
    Ok(size)
}

pub(super) fn code_number<C: BitCoder>(first: usize, value: u32, to: &mut C) -> Result<u32, DecodeError> {
    let one_more = u64::from(value) + 1;
    let context = |at: u32| first + (at as usize).min(NUMBER_CONTEXTS - 1);
    let size = code_size(context, 63 - one_more.leading_zeros(), to)?;
    let low = to.raw((one_more & ((1_u64 << size) - 1)) as u32, size)?;
    u32::try_from((1_u64 << size) + u64::from(low) - 1).map_err(|_| DecodeError::OutOfRange)
}

pub(super) fn code_value<C: BitCoder>(
    grid: &Grid,
    contexts: FieldContexts,
    before: Option<i32>,
    value: i32,
    to: &mut C,
) -> Result<i32, DecodeError> {
    if let Some(before) = before
        && !to.bit(contexts.first, value != before)?
    {
        return Ok(before);
    }
    let nearest = grid.nearest_to_zero();
    let away = i64::from(value) - i64::from(nearest);
    let mut read = i64::from(nearest);
    if to.bit(contexts.first + 1, away != 0)? {
        let sign = if nearest == grid.min {
            Some(false)
        } else if nearest == grid.max {
            Some(true)
        } else {
            None
        };
        read += code_signed(contexts, sign, away, to)?;
    }
    if read < i64::from(grid.min) || read > i64::from(grid.max) {
        return Err(DecodeError::OutOfRange);
    }
    // A writer would have encoded that the value is the same.
    if before == Some(read as i32) { Err(DecodeError::NotCanonical) } else { Ok(read as i32) }
}
