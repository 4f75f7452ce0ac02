//! The payload of a packet: the way from a baseline to a state. Two profiles: `plain` (0) and `ranged` (1).
//!
//! The prediction of a row runs its kind's declared predictors over the ticks between baseline and target.
//! The residual of a wrapping field takes the shorter way round. In both profiles a payload is a function of
//! (baseline, state, table) alone, and each pair of states has exactly one legal payload.

#[cfg(test)]
mod bounds;
mod change;
mod meter;
mod numbers;
mod plain;
mod plain_bits;
mod ranged;
mod residual;
mod stepped;

use super::Snapshot;
use crate::coding::DecodeError;
use crate::entity::{Coding, Schema, Trainer};
use crate::tick::Tick;
use crate::wire::update::StreamPacket;
pub use meter::meter_delta;
pub use plain_bits::PacketPart;

/// A decoded packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decoded {
    /// The resulting state.
    pub snapshot: Snapshot,
    /// The server's hash of that state, if the packet contains one. The caller compares it.
    pub hash: Option<u32>,
}

/// The payload from `baseline` to `current`, in the schema's profile; a keyframe if there is no baseline.
///
/// Both must contain rows of `schema`, as a room and [`decode_delta`] make them.
#[must_use]
pub fn encode_delta(schema: &Schema, baseline: Option<&Snapshot>, current: &Snapshot) -> Vec<u8> {
    encode_delta_with(schema, baseline, current, None)
}

/// Like [`encode_delta`]. `stepped` is the prediction of `current` from `baseline` if it is known already and
/// differs from it at most in fields that the game's own step predicts.
pub(super) fn encode_delta_with(
    schema: &Schema,
    baseline: Option<&Snapshot>,
    current: &Snapshot,
    stepped: Option<&Snapshot>,
) -> Vec<u8> {
    match schema.coding() {
        Coding::Plain => plain::encode(schema, baseline, current, stepped),
        Coding::Ranged(model) => ranged::encode(schema, model, baseline, current, stepped),
    }
}

/// A keyframe's payload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keyframe {
    /// The bytes.
    pub payload: Vec<u8>,
    /// It is in profile 0 although the schema has profile 1, because that is shorter.
    pub plain: bool,
}

/// The keyframe of `current`. No table and no values make it longer than it is in profile 0: a coder whose
/// table expects something else may need any number of bits for a value, so profile 0 is used when it is
/// shorter.
#[must_use]
pub fn encode_keyframe(schema: &Schema, current: &Snapshot) -> Keyframe {
    let payload = encode_delta(schema, None, current);
    if matches!(schema.coding(), Coding::Ranged(_)) && payload.len() > plain_bytes_min(schema, current) {
        let plain = plain::encode(schema, None, current, None);
        if plain.len() < payload.len() {
            return Keyframe { payload: plain, plain: true };
        }
    }
    Keyframe { payload, plain: false }
}

/// The bytes that the fields and kinds of `current` take in profile 0, without ids.
fn plain_bytes_min(schema: &Schema, current: &Snapshot) -> usize {
    let bits = |kind| (schema.row_bits(kind) + schema.kind_bits()) as usize;
    current.rows().map(|row| bits(row.kind)).sum::<usize>() / 8
}

/// Whether a delta of `delta_bytes` may be longer than the keyframe of `current`, so that encoding the
/// keyframe is worthwhile.
pub(super) fn is_long(schema: &Schema, current: &Snapshot, delta_bytes: usize) -> bool {
    delta_bytes > plain_bytes_min(schema, current) / 4
}

/// Decodes a packet into a snapshot that already has its target tick. Otherwise like [`decode_delta`].
///
/// # Errors
/// As [`decode_delta`].
pub(crate) fn decode_packet(
    schema: &Schema,
    baseline: Option<&Snapshot>,
    packet: &StreamPacket<'_>,
    snapshot: &mut Snapshot,
) -> Result<Option<u32>, DecodeError> {
    match schema.coding() {
        Coding::Ranged(_) if packet.plain => plain::decode(schema, baseline, packet.payload, snapshot),
        Coding::Plain if packet.plain => Err(DecodeError::NotCanonical),
        _ => decode_delta_into(schema, baseline, packet.payload, snapshot),
    }
}

/// The state that `payload` leads to from `baseline`, at `target`.
///
/// # Errors
/// The problem with the payload. Never panics; allocation is bounded by the baseline and the payload.
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

/// Like [`decode_delta`], but into a snapshot that already has its target tick and whose memory is reused.
/// Returns the server's hash. After an error the snapshot's content is meaningless.
///
/// # Errors
/// As [`decode_delta`].
fn decode_delta_into(
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

/// Trains `trainer` with what profile 1 would send.
pub fn train(trainer: &mut Trainer, schema: &Schema, baseline: Option<&Snapshot>, current: &Snapshot) {
    ranged::train(trainer, schema, baseline, current);
}
