//! What both profiles share when they decode: residuals, and new rows among old ones.

use crate::coding::DecodeError;
use crate::entity::Grid;
use crate::snapshot::Snapshot;

/// The value that results from a residual. Each value has exactly one residual.
#[inline]
pub(super) fn apply_residual(grid: &Grid, guess: i32, residual: i64) -> Result<i32, DecodeError> {
    let value = i64::from(guess) + residual;
    if grid.wrap {
        let (span, half) = (grid.span() as i64, grid.span() as i64 / 2);
        let shortest = residual >= -half && residual < span - half;
        return if shortest { Ok(grid.fit(value)) } else { Err(DecodeError::NotCanonical) };
    }
    if value < i64::from(grid.min) || value > i64::from(grid.max) {
        return Err(DecodeError::OutOfRange);
    }
    Ok(value as i32)
}

/// The rows of both, which have no id in common.
pub(super) fn merged(old: &Snapshot, new: &Snapshot) -> Result<Snapshot, DecodeError> {
    let mut all = Snapshot::new(old.tick);
    let (mut a, mut b) = (old.rows().peekable(), new.rows().peekable());
    loop {
        let row = match (a.peek(), b.peek()) {
            (Some(x), Some(y)) if x.id == y.id => return Err(DecodeError::BadSnapshot),
            (Some(x), Some(y)) if x.id < y.id => a.next(),
            (_, Some(_)) => b.next(),
            (_, None) => a.next(),
        };
        match row {
            Some(row) => all.push(row.id, row.kind, row.values),
            None => return Ok(all),
        }
    }
}
