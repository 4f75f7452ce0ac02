//! What the bits of a payload are spent on: the encoder's traversal, with a meter in place of the writer.
//!
//! In profile 0 every bit costs one bit. In profile 1 a bit costs -log2 of its probability. Its context says
//! what it is for; raw bits belong to the same part as the context before them.

use super::plain_bits::{PacketPart, PlainWriter};
use super::{plain, ranged};
use crate::coding::DecodeError;
use crate::coding::bits::BitWriter;
use crate::coding::range::{BitCoder, PROBABILITY_ONE, Probabilities};
use crate::entity::model::{GROUP, ID_GAP, KIND, Model, NEW_COUNT};
use crate::entity::{Coding, Schema};
use crate::limits::HASH_PERIOD_TICKS;
use crate::snapshot::Snapshot;

/// Reports to `to` the bits of the payload from `baseline` to `current`, by purpose. In profile 1 the coder's
/// end is additional, because a payload has a whole number of bytes. `plain`: the payload is in profile 0,
/// whatever the schema's profile.
pub fn meter_delta(
    schema: &Schema,
    baseline: Option<&Snapshot>,
    current: &Snapshot,
    plain: bool,
    to: &mut impl FnMut(PacketPart, f64),
) {
    match schema.coding() {
        Coding::Ranged(model) if !plain => {
            let mut meter = RangeMeter::new(model);
            let _ = ranged::write(schema, model, baseline, current, None, &mut meter);
            meter.finish(to);
        }
        _ => {
            let mut meter = PlainMeter { bits: BitWriter::new(), part: PacketPart::Groups, since: 0, to };
            plain::write(schema, baseline, current, None, &mut meter);
            meter.part(PacketPart::Hash);
        }
    }
    if current.tick.0.is_multiple_of(HASH_PERIOD_TICKS) {
        to(PacketPart::Hash, 32.0);
    }
}

struct PlainMeter<'a, F> {
    bits: BitWriter,
    part: PacketPart,
    /// The number of bits before this part.
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

/// One logarithm for many bits: their probabilities are multiplied first.
struct RangeMeter<'a> {
    model: &'a Model,
    /// The parts, and what was spent on each.
    spent: Vec<BitsSpent>,
    /// The index in `spent` for each context.
    places: Vec<u16>,
    place: u16,
}

struct BitsSpent {
    part: PacketPart,
    bits: f64,
    chance: f64,
}

/// Far above the smallest positive number, even when multiplied by the smallest probability.
const CHANCE_MIN: f64 = 1e-280;

impl BitsSpent {
    fn settle(&mut self) {
        self.bits -= self.chance.log2();
        self.chance = 1.0;
    }
}

impl<'a> RangeMeter<'a> {
    fn new(model: &'a Model) -> Self {
        let mut meter = Self { model, spent: Vec::new(), places: vec![0; model.contexts()], place: 0 };
        meter.set(GROUP, NEW_COUNT - GROUP, PacketPart::Groups);
        meter.set(NEW_COUNT, ID_GAP - NEW_COUNT, PacketPart::NewCount);
        meter.set(ID_GAP, KIND - ID_GAP, PacketPart::NewIds);
        let kinds_end = model.kinds.first().map_or(model.contexts(), |kind| kind.row);
        meter.set(KIND, kinds_end.saturating_sub(KIND), PacketPart::NewKinds);
        for (kind, contexts) in (0..).zip(&model.kinds) {
            let rows = meter.set(contexts.row, 4, PacketPart::Rows { kind });
            meter.put(contexts.gone, 1, rows);
            if model.stepped_group > 0 {
                meter.put(contexts.stepped_row, 2, rows);
            }
            for (field, [changed, new]) in (0..).zip(&contexts.fields).filter(|(_, [of, _])| of.sizes > 0) {
                meter.set(changed.first, changed.count(), PacketPart::Changed { kind, field });
                meter.set(new.first, new.count(), PacketPart::New { kind, field });
            }
        }
        // Without stepped rows this is the first context, which also belongs to groups.
        meter.put(model.stepped_group, 1, 0);
        meter
    }

    fn set(&mut self, from: usize, count: usize, part: PacketPart) -> u16 {
        let place = self.spent.len() as u16;
        self.spent.push(BitsSpent { part, bits: 0.0, chance: 1.0 });
        self.put(from, count, place);
        place
    }

    fn put(&mut self, from: usize, count: usize, place: u16) {
        if let Some(places) = self.places.get_mut(from..from + count) {
            places.fill(place);
        }
    }

    fn finish(self, to: &mut impl FnMut(PacketPart, f64)) {
        for mut spent in self.spent {
            spent.settle();
            if spent.bits > 0.0 {
                to(spent.part, spent.bits);
            }
        }
    }
}

impl BitCoder for RangeMeter<'_> {
    fn bit(&mut self, context: usize, bit: bool) -> Result<bool, DecodeError> {
        self.place = self.places.get(context).copied().unwrap_or(self.place);
        let one = self.model.of_one(context);
        let chance = if bit { one } else { PROBABILITY_ONE - one };
        if let Some(spent) = self.spent.get_mut(usize::from(self.place)) {
            spent.chance *= f64::from(chance) / f64::from(PROBABILITY_ONE);
            if spent.chance < CHANCE_MIN {
                spent.settle();
            }
        }
        Ok(bit)
    }

    fn raw(&mut self, value: u32, bits: u32) -> Result<u32, DecodeError> {
        if let Some(spent) = self.spent.get_mut(usize::from(self.place)) {
            spent.bits += f64::from(bits);
        }
        Ok(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entity::{Field, Grid, Kind, PacketProfile, Predictor};
    use crate::id::EntityId;
    use crate::tick::{Tick, TickRate};
    use std::collections::BTreeMap;

    fn schemas() -> [Schema; 2] {
        let field = |name: &str| Field {
            name: name.into(),
            grid: Grid::integers(-50_000, 50_000),
            predictor: Predictor::Hold,
            own: false,
            interpolate: false,
            meaning: Default::default(),
        };
        let kind = |name: &str, fields: &[&str]| Kind {
            name: name.into(),
            fields: fields.iter().map(|name| field(name)).collect(),
        };
        let schema =
            Schema::new(vec![kind("ship", &["x", "y"]), kind("rock", &["z"])], TickRate::DEFAULT).unwrap();
        [schema.clone(), schema.with_profile(PacketProfile::Ranged, None).unwrap()]
    }

    type Rows = Vec<(u32, u8, Vec<i32>)>;

    fn state(tick: u32, rows: &Rows) -> Snapshot {
        let mut state = Snapshot::new(Tick(tick));
        rows.iter().for_each(|(id, kind, values)| state.push(EntityId(*id), *kind, values));
        state
    }

    /// The bits by part of the payload from two ships and a rock to `rows`.
    fn metered(schema: &Schema, tick: u32, rows: &Rows) -> BTreeMap<PacketPart, f64> {
        let mut parts = BTreeMap::new();
        let (before, after) = (state(1, &before()), state(tick, rows));
        meter_delta(schema, Some(&before), &after, false, &mut |part, bits| {
            *parts.entry(part).or_default() += bits
        });
        parts
    }

    fn before() -> Rows {
        vec![(1, 0, vec![7, 7]), (2, 0, vec![8, 8]), (3, 1, vec![9])]
    }

    /// The part that takes the most bits, and how many.
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
