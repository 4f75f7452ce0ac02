//! What the bits of a payload are spent on: the same traversal as the encoder's, with a meter in place of its writer.
//!
//! In profile 0 a bit is a bit. In profile 1 a bit costs -log2 of its probability; which context it is in tells what it is
//! for, and raw bits follow the context that they belong to.

use super::plain::{self, PlainWriter};
use super::ranged;
use crate::entity::model::{FieldContexts, GROUP, ID_GAP, KIND, Model, NEW_COUNT};
use crate::entity::{Coding, Schema};
use crate::limits::HASH_PERIOD_TICKS;
use crate::snapshot::Snapshot;
use crate::wire::DecodeError;
use crate::wire::bits::BitWriter;
use crate::wire::range::{BitCoder, PROBABILITY_ONE, Probabilities};

/// What a bit of a payload is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PacketPart {
    /// Whether anything in a group of rows is not as predicted.
    Groups,
    /// Which rows of such a group, and which of them are gone.
    Rows {
        /// The kind.
        kind: u8,
    },
    /// A field of a row that is not as predicted.
    Changed {
        /// The kind.
        kind: u8,
        /// The field's place in the row.
        field: u16,
    },
    /// How many rows are new.
    NewCount,
    /// Ids of new rows.
    NewIds,
    /// Kinds of new rows.
    NewKinds,
    /// A field of a new row.
    New {
        /// The kind.
        kind: u8,
        /// The field's place in the row.
        field: u16,
    },
    /// The state hash.
    Hash,
}

/// Tells `to` the bits of the payload that leads from `baseline` to `current`, by what they are for. In profile 1 the coder's
/// end comes on top: a payload has a whole number of bytes.
pub(crate) fn meter_delta(
    schema: &Schema,
    baseline: Option<&Snapshot>,
    current: &Snapshot,
    to: &mut impl FnMut(PacketPart, f64),
) {
    match schema.coding() {
        Coding::Plain => {
            let mut meter = PlainMeter { bits: BitWriter::new(), part: PacketPart::Groups, since: 0, to };
            plain::write(schema, baseline, current, &mut meter);
            meter.part(PacketPart::Hash);
        }
        Coding::Ranged(model) => {
            let mut meter = RangeMeter { model, parts: parts(model), part: PacketPart::Groups, to };
            let _ = ranged::write(schema, model, baseline, current, &mut meter);
        }
    }
    if current.tick.0.is_multiple_of(HASH_PERIOD_TICKS) {
        to(PacketPart::Hash, 32.0);
    }
}

struct PlainMeter<'a, F> {
    bits: BitWriter,
    part: PacketPart,
    /// Bits before this part.
    since: usize,
    to: &'a mut F,
}

impl<F: FnMut(PacketPart, f64)> PlainWriter for PlainMeter<'_, F> {
    fn part(&mut self, part: PacketPart) {
        let now = self.bits.len_bits();
        if now > self.since {
            (self.to)(self.part, (now - self.since) as f64);
        }
        (self.part, self.since) = (part, now);
    }

    fn raw(&mut self, value: u32, bits: u32) {
        self.bits.raw(value, bits);
    }

    fn exp_golomb(&mut self, value: u32, order: u32) {
        self.bits.exp_golomb(value, order);
    }
}

struct RangeMeter<'a, F> {
    model: &'a Model,
    /// What each context is for.
    parts: Vec<PacketPart>,
    part: PacketPart,
    to: &'a mut F,
}

impl<F: FnMut(PacketPart, f64)> BitCoder for RangeMeter<'_, F> {
    fn bit(&mut self, context: usize, bit: bool) -> Result<bool, DecodeError> {
        self.part = self.parts.get(context).copied().unwrap_or(self.part);
        let one = self.model.of_one(context);
        let chance = if bit { one } else { PROBABILITY_ONE - one };
        (self.to)(self.part, -(f64::from(chance) / f64::from(PROBABILITY_ONE)).log2());
        Ok(bit)
    }

    fn raw(&mut self, value: u32, bits: u32) -> Result<u32, DecodeError> {
        (self.to)(self.part, f64::from(bits));
        Ok(value)
    }
}

fn parts(model: &Model) -> Vec<PacketPart> {
    let mut parts = vec![PacketPart::Groups; model.contexts()];
    let mut set = |from: usize, count: usize, part: PacketPart| {
        parts.iter_mut().skip(from).take(count).for_each(|slot| *slot = part);
    };
    set(GROUP, NEW_COUNT - GROUP, PacketPart::Groups);
    set(NEW_COUNT, ID_GAP - NEW_COUNT, PacketPart::NewCount);
    set(ID_GAP, KIND - ID_GAP, PacketPart::NewIds);
    // The contexts of kinds lie behind, those of their fields over them.
    let first_kind = model.kinds.first().map_or(model.contexts(), |kind| kind.row);
    set(KIND, first_kind.saturating_sub(KIND), PacketPart::NewKinds);
    for (kind, contexts) in (0..).zip(&model.kinds) {
        set(contexts.row, 4, PacketPart::Rows { kind });
        set(contexts.gone, 1, PacketPart::Rows { kind });
        if model.stepped_group > 0 {
            set(contexts.stepped_row, 2, PacketPart::Rows { kind });
        }
        for (field, [changed, new]) in (0..).zip(&contexts.fields) {
            let mut of = |contexts: &FieldContexts, part| {
                if contexts.sizes > 0 {
                    set(contexts.first, contexts.count(), part);
                }
            };
            of(changed, PacketPart::Changed { kind, field });
            of(new, PacketPart::New { kind, field });
        }
    }
    // A group of stepped rows is a group like the others: 0, where there are none, is one too.
    set(model.stepped_group, 1, PacketPart::Groups);
    parts
}
