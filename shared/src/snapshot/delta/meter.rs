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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entity::{Field, Grid, Kind, PacketProfile, Predictor};
    use crate::id::EntityId;
    use crate::tick::Tick;
    use std::collections::BTreeMap;

    fn schemas() -> [Schema; 2] {
        let field = |name: &str| Field {
            name: name.into(),
            grid: Grid::integers(-50_000, 50_000),
            predictor: Predictor::Hold,
            own: false,
        };
        let kind = |name: &str, fields: &[&str]| Kind {
            name: name.into(),
            fields: fields.iter().map(|name| field(name)).collect(),
        };
        let schema = Schema::new(vec![kind("ship", &["x", "y"]), kind("rock", &["z"])]).unwrap();
        [schema.clone(), schema.with_profile(PacketProfile::Ranged, None).unwrap()]
    }

    type Rows = Vec<(u32, u8, Vec<i32>)>;

    fn state(tick: u32, rows: &Rows) -> Snapshot {
        let mut state = Snapshot::new(Tick(tick));
        rows.iter().for_each(|(id, kind, values)| state.push(EntityId(*id), *kind, values));
        state
    }

    /// The bits by part of what leads from two ships and a rock to `rows`.
    fn metered(schema: &Schema, tick: u32, rows: &Rows) -> BTreeMap<PacketPart, f64> {
        let mut parts = BTreeMap::new();
        let (before, after) = (state(1, &before()), state(tick, rows));
        meter_delta(schema, Some(&before), &after, &mut |part, bits| *parts.entry(part).or_default() += bits);
        parts
    }

    fn before() -> Rows {
        vec![(1, 0, vec![7, 7]), (2, 0, vec![8, 8]), (3, 1, vec![9])]
    }

    /// The part that takes most, and how much that is.
    fn most(parts: &BTreeMap<PacketPart, f64>) -> (PacketPart, f64) {
        parts.iter().map(|(part, bits)| (*part, *bits)).max_by(|a, b| a.1.total_cmp(&b.1)).unwrap()
    }

    #[test]
    fn a_surprise_is_charged_to_its_field_alone() {
        for schema in schemas() {
            for (row, field, kind) in [(0, 0, 0), (1, 1, 0), (2, 0, 1)] {
                let mut rows = before();
                rows[row].2[field] += 20_000;
                let parts = metered(&schema, 2, &rows);
                let (part, bits) = most(&parts);
                assert_eq!(part, PacketPart::Changed { kind, field: field as u16 });
                assert!(bits > 15.0 && parts.values().sum::<f64>() < bits + 15.0, "{parts:?}");
            }
        }
    }

    #[test]
    fn what_is_gone_is_charged_to_the_rows_of_its_kind() {
        for schema in schemas() {
            let parts = metered(&schema, 2, &before()[..2].to_vec());
            let known = [
                PacketPart::Groups,
                PacketPart::Rows { kind: 0 },
                PacketPart::Rows { kind: 1 },
                PacketPart::NewCount,
            ];
            assert_eq!(parts.keys().copied().collect::<Vec<_>>(), known);
            assert!(parts[&known[2]] > parts[&known[1]] / 2.0, "{parts:?}");
        }
    }

    #[test]
    fn what_is_new_is_charged_by_count_ids_kinds_and_fields() {
        for schema in schemas() {
            let with = |new: &dyn Fn(u32) -> (u32, u8, Vec<i32>), count| {
                let mut rows = before();
                rows.extend((0..count).map(new));
                metered(&schema, 2, &rows)
            };
            let far = with(&|_| (900_000, 1, vec![9]), 1);
            assert_eq!(most(&far).0, PacketPart::NewIds);
            let strange = with(&|_| (4, 0, vec![1, 40_000]), 1);
            assert_eq!(most(&strange).0, PacketPart::New { kind: 0, field: 1 });
            assert!((0.9..1.1).contains(&strange[&PacketPart::NewKinds]), "one of two kinds: {strange:?}");
            let (one, many) = (with(&|at| (4 + at, 1, vec![0]), 1), with(&|at| (4 + at, 1, vec![0]), 300));
            assert!(many[&PacketPart::NewCount] > one[&PacketPart::NewCount] + 10.0);
            assert!((299.0..=301.0).contains(&many[&PacketPart::NewKinds]));
            assert_eq!(many.get(&PacketPart::Groups), one.get(&PacketPart::Groups));
        }
    }

    #[test]
    fn a_hash_takes_32_bits() {
        for schema in schemas() {
            assert_eq!(metered(&schema, 32, &before())[&PacketPart::Hash], 32.0);
            assert_eq!(metered(&schema, 33, &before()).get(&PacketPart::Hash), None);
        }
    }
}
