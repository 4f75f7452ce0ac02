//! The payload of a packet: what leads from a baseline to a state. Two profiles: `plain` (0) and `ranged` (1).
//!
//! The prediction of a row is its kind's declared predictors run over the ticks between baseline and target. The residual
//! of a wrapping field is the shorter way round. In both profiles a payload is a function of (baseline, state, table)
//! alone, and there is one legal payload for each pair of states.

mod change;
mod meter;
mod numbers;
mod plain;
mod ranged;
mod stepped;

use super::Snapshot;
use crate::entity::{Coding, Grid, Schema, Trainer};
use crate::tick::Tick;
use crate::wire::DecodeError;
pub use meter::PacketPart;
pub(crate) use meter::meter_delta;

/// A decoded packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decoded {
    /// The state that it leads to.
    pub snapshot: Snapshot,
    /// The server's hash of that state, if the packet holds one. The caller compares it.
    pub hash: Option<u32>,
}

/// The payload that leads from `baseline` to `current`, in the schema's profile; a keyframe if there is no baseline.
///
/// Both must hold rows of `schema`, as [`Snapshot::capture`] and [`decode_delta`] make them.
#[must_use]
pub fn encode_delta(schema: &Schema, baseline: Option<&Snapshot>, current: &Snapshot) -> Vec<u8> {
    match schema.coding() {
        Coding::Plain => plain::encode(schema, baseline, current),
        Coding::Ranged(model) => ranged::encode(schema, model, baseline, current),
    }
}

/// The state that `payload` leads to from `baseline`, at `target`.
///
/// # Errors
/// What is wrong with the payload. Never panics; what it allocates is bounded by the baseline and the payload.
pub fn decode_delta(
    schema: &Schema,
    baseline: Option<&Snapshot>,
    target: Tick,
    payload: &[u8],
) -> Result<Decoded, DecodeError> {
    let mut snapshot = Snapshot::new(target);
    let hash = decode_delta_into(schema, baseline, payload, &mut snapshot)?;
    Ok(Decoded { snapshot, hash })
}

/// As [`decode_delta`], into a snapshot that has its target tick already and whose memory is reused. Hands over the
/// server's hash. After an error the snapshot's content means nothing.
///
/// # Errors
/// As [`decode_delta`].
pub fn decode_delta_into(
    schema: &Schema,
    baseline: Option<&Snapshot>,
    payload: &[u8],
    snapshot: &mut Snapshot,
) -> Result<Option<u32>, DecodeError> {
    match schema.coding() {
        Coding::Plain => plain::decode(schema, baseline, payload, snapshot),
        Coding::Ranged(model) => ranged::decode(schema, model, baseline, payload, snapshot),
    }
}

/// Lets `trainer` learn from what profile 1 would send.
pub fn train(trainer: &mut Trainer, schema: &Schema, baseline: Option<&Snapshot>, current: &Snapshot) {
    ranged::train(trainer, schema, baseline, current);
}

fn merged(old: &Snapshot, new: &Snapshot) -> Result<Snapshot, DecodeError> {
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

/// The value that a residual leads to. There is one residual for each value.
#[inline]
fn apply_residual(grid: &Grid, guess: i32, residual: i64) -> Result<i32, DecodeError> {
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
