//! The ways to send a state that are compared.

use tickwire_shared::coding::bits::{BitReader, BitWriter};
use tickwire_shared::coding::codec;
use tickwire_shared::entity::Schema;
use tickwire_shared::id::EntityId;
use tickwire_shared::snapshot::{Snapshot, decode_delta, encode_delta};
use tickwire_shared::tick::Tick;

/// One way.
pub(crate) enum Codec {
    /// Every row in the codec of control messages (bincode, variable-length integers).
    Control,
    /// Every field of every row in the bits of its grid.
    Packed,
    /// A bit per row and a mask per changed row, changed fields in the bits of their grids.
    Masked,
    /// The profile of the schema.
    Delta(Schema),
}

impl Codec {
    pub(crate) fn encode(&self, schema: &Schema, before: &Snapshot, now: &Snapshot) -> Vec<u8> {
        match self {
            Self::Control => {
                let rows: Vec<(u32, u8, &[i32])> =
                    now.rows().map(|row| (row.id.0, row.kind, row.values)).collect();
                codec::encode(&rows).expect("it fits")
            }
            Self::Packed => {
                let mut to = BitWriter::new();
                for row in now.rows() {
                    for (field, value) in schema.kinds()[0].fields.iter().zip(row.values) {
                        to.raw((value - field.grid.min) as u32, field.grid.bits());
                    }
                }
                to.finish()
            }
            Self::Masked => {
                let mut to = BitWriter::new();
                for (old, row) in before.rows().zip(now.rows()) {
                    to.bit(old.values != row.values);
                    if old.values == row.values {
                        continue;
                    }
                    for (field, (old, value)) in
                        schema.kinds()[0].fields.iter().zip(old.values.iter().zip(row.values))
                    {
                        to.bit(old != value);
                        if old != value {
                            to.raw((value - field.grid.min) as u32, field.grid.bits());
                        }
                    }
                }
                to.finish()
            }
            Self::Delta(schema) => encode_delta(schema, Some(before), now),
        }
    }

    pub(crate) fn decode(&self, schema: &Schema, before: &Snapshot, tick: Tick, bytes: &[u8]) -> Snapshot {
        let mut now = Snapshot::new(tick);
        match self {
            Self::Control => {
                let rows: Vec<(u32, u8, Vec<i32>)> = codec::decode(bytes).expect("it was encoded");
                rows.iter().for_each(|(id, kind, values)| now.push(EntityId(*id), *kind, values));
            }
            Self::Packed => {
                let mut from = BitReader::new(bytes);
                let mut values = [0; 16];
                for old in before.rows() {
                    let fields = &schema.kinds()[0].fields;
                    for (value, field) in values.iter_mut().zip(fields) {
                        *value = from.raw(field.grid.bits()).expect("it was encoded") as i32 + field.grid.min;
                    }
                    now.push(old.id, old.kind, &values[..fields.len()]);
                }
            }
            Self::Masked => {
                let mut from = BitReader::new(bytes);
                for old in before.rows() {
                    let mut values = old.values.to_vec();
                    if from.bit().expect("it was encoded") {
                        for (value, field) in values.iter_mut().zip(&schema.kinds()[0].fields) {
                            if from.bit().expect("it was encoded") {
                                *value = from.raw(field.grid.bits()).expect("it was encoded") as i32
                                    + field.grid.min;
                            }
                        }
                    }
                    now.push(old.id, old.kind, &values);
                }
            }
            Self::Delta(schema) => {
                now = decode_delta(schema, Some(before), tick, bytes).expect("it was encoded").snapshot;
            }
        }
        now
    }
}
