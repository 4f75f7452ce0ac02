//! Owner-only fields: the last values that the owner was sent, at either end.
//!
//! No stream contains them; streams contain [`Field::hidden`](crate::entity::Field::hidden) instead. The
//! private section of an update contains them, with their values at the update's tick, when they differ from
//! those sent before:
//!
//! ```text
//! kind   the entity's kind, as many bits as the number of the last kind has
//! 1 [..] for each owner-only field of the kind, in row order: it is sent; if so: value - min, in the bits of
//!        its grid
//! ```
//! At least one field is sent. All of them are sent if nothing was sent before over this connection, if the
//! entity before was of another kind, and after a repair.

use crate::coding::DecodeError;
use crate::coding::bits::BitWriter;
use crate::entity::{OwnerOnlyField, Schema, read_absolute};
use crate::wire::update::OwnBits;
use smallvec::SmallVec;

/// The owner-only fields that a client knows of its own entity. Empty at first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OwnTold {
    kind: u8,
    /// Empty while nothing was sent. A room reads it in every tick.
    values: SmallVec<[i32; 4]>,
}

impl OwnTold {
    /// Whether `row`, an entity of `kind` with all its fields, contains something that was not sent.
    #[must_use]
    pub fn is_news(&self, schema: &Schema, kind: u8, row: &[i32]) -> bool {
        let fields = schema.owner_only_fields(kind);
        !fields.is_empty() && (!self.knows(kind, fields) || fields.iter().enumerate().any(self.differs(row)))
    }

    fn knows(&self, kind: u8, fields: &[OwnerOnlyField]) -> bool {
        self.kind == kind && self.values.len() == fields.len()
    }

    fn differs(&self, row: &[i32]) -> impl Fn((usize, &OwnerOnlyField)) -> bool {
        move |(at, field)| self.values.get(at) != row.get(field.at)
    }

    /// The fields of `row` that must be sent, which then count as sent; `None` if there are none.
    pub fn update(&mut self, schema: &Schema, kind: u8, row: &[i32]) -> Option<OwnBits> {
        if !self.is_news(schema, kind, row) {
            return None;
        }
        let fields = schema.owner_only_fields(kind);
        if !self.knows(kind, fields) {
            self.values.clear();
        }
        let mut bits = BitWriter::new();
        bits.raw(u32::from(kind), schema.kind_bits());
        for field in fields.iter().enumerate() {
            let told = self.differs(row)(field);
            bits.bit(told);
            if let (true, (_, field)) = (told, field) {
                let value = row.get(field.at).copied().unwrap_or(field.grid.min);
                bits.raw(value.wrapping_sub(field.grid.min) as u32, field.grid.bits());
            }
        }
        self.kind = kind;
        self.values.clear();
        self.values.extend(fields.iter().map(|field| row.get(field.at).copied().unwrap_or(field.grid.min)));
        OwnBits::new(bits)
    }

    /// Applies what was received.
    ///
    /// # Errors
    /// A room never sends this. In this case nothing has changed.
    pub fn apply(&mut self, schema: &Schema, bits: &OwnBits) -> Result<(), DecodeError> {
        let mut from = bits.reader();
        let kind = from.raw(schema.kind_bits())? as u8;
        let fields = schema.owner_only_fields(kind);
        let knows = self.knows(kind, fields);
        let mut values = SmallVec::with_capacity(fields.len());
        let mut any = false;
        for (at, field) in fields.iter().enumerate() {
            let told = from.bit()?;
            any |= told;
            values.push(match self.values.get(at).filter(|_| knows) {
                _ if told => read_absolute(&mut from, &field.grid)?,
                Some(known) => *known,
                None => return Err(DecodeError::UnknownBaseline),
            });
        }
        bits.finish(&from)?;
        if !any {
            return Err(DecodeError::NotCanonical);
        }
        (self.kind, self.values) = (kind, values);
        Ok(())
    }

    /// Inserts the known values into a row of a stream.
    pub fn fill(&self, schema: &Schema, kind: u8, row: &mut [i32]) {
        for (at, value) in self.known(schema, kind) {
            if let Some(slot) = row.get_mut(at) {
                *slot = value;
            }
        }
    }

    /// The known fields of an entity of this kind: their indices in the row, with their values.
    pub(crate) fn known(&self, schema: &Schema, kind: u8) -> impl Iterator<Item = (usize, i32)> {
        let fields = schema.owner_only_fields(kind);
        let known = self.knows(kind, fields);
        fields.iter().zip(&self.values).filter(move |_| known).map(|(field, value)| (field.at, *value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entity::{Field, Grid, Kind, Predictor};
    use crate::tick::TickRate;
    use proptest::prelude::*;

    fn schema() -> Schema {
        let field = |name: &str, grid, own| Field {
            name: name.into(),
            grid,
            predictor: Predictor::Hold,
            own,
            interpolate: false,
            meaning: Default::default(),
        };
        let soldier = vec![
            field("hp", Grid::integers(0, 100), false),
            field("ammo", Grid::integers(1, 300), true),
            field("aim", Grid::angle(256), false),
            field("hand", Grid::integers(-70_000, 70_000), true),
        ];
        let ghost = vec![field("fear", Grid::integers(0, 0), true)];
        let tree = vec![field("height", Grid::integers(0, 9), false)];
        let kind = |name: &str, fields| Kind { name: name.into(), fields };
        Schema::new(
            vec![kind("soldier", soldier), kind("ghost", ghost), kind("tree", tree)],
            TickRate::DEFAULT,
        )
        .unwrap()
    }

    fn row() -> impl Strategy<Value = (u8, Vec<i32>)> {
        let few = |values: Vec<i32>| prop::sample::select(values);
        let soldier = (0..=2, few(vec![1, 2, 300]), few(vec![-70_000, 0, 70_000]))
            .prop_map(|(hp, ammo, hand)| (0, vec![hp, ammo, 7, hand]));
        prop_oneof![4 => soldier, 1 => Just((1, vec![0])), 1 => Just((2, vec![5]))]
    }

    proptest! {
        #[test]
        fn the_owner_knows_what_is_after_each_telling(rows in prop::collection::vec(row(), 1..30)) {
            let schema = schema();
            let (mut room, mut client) = (OwnTold::default(), OwnTold::default());
            for (kind, row) in rows {
                let news = room.is_news(&schema, kind, &row);
                let told = room.update(&schema, kind, &row);
                prop_assert_eq!(told.is_some(), news);
                if let Some(bits) = told {
                    client.apply(&schema, &bits).unwrap();
                }
                prop_assert!(!room.is_news(&schema, kind, &row));
                let mut seen = row.clone();
                schema.hide_own(kind, &mut seen);
                client.fill(&schema, kind, &mut seen);
                prop_assert_eq!(seen, row);
            }
        }

        #[test]
        fn hostile_bits_change_nothing_or_are_what_a_room_tells(
            bytes in prop::collection::vec(any::<u8>(), 1..12),
            cut in 0_u32..8,
        ) {
            let schema = schema();
            let mut bits = BitWriter::new();
            bytes.iter().skip(1).for_each(|byte| bits.raw(u32::from(*byte), 8));
            bits.raw(u32::from(bytes[0]) & ((1 << cut) - 1), cut);
            let Some(bits) = OwnBits::new(bits) else { return Ok(()) };
            let mut client = OwnTold::default();
            if client.apply(&schema, &bits).is_err() {
                prop_assert_eq!(client, OwnTold::default());
                return Ok(());
            }
            let mut row = vec![0; 4];
            client.fill(&schema, client.kind, &mut row);
            prop_assert_eq!(OwnTold::default().update(&schema, client.kind, &row), Some(bits));
        }
    }

    #[test]
    fn only_what_changed_is_told_and_nothing_of_what_all_see() {
        let (schema, mut room) = (schema(), OwnTold::default());
        let all = 2 + 1 + 9 + 1 + 18;
        assert_eq!(room.update(&schema, 0, &[9, 30, 7, 5]).map(|bits| bits.count()), Some(all));
        assert_eq!(room.update(&schema, 0, &[1, 30, 99, 5]), None);
        assert_eq!(room.update(&schema, 0, &[1, 29, 99, 5]).map(|bits| bits.count()), Some(all - 18));
        assert_eq!(room.update(&schema, 2, &[4]), None, "a tree has no owner-only fields");
        assert_eq!(room.update(&schema, 0, &[1, 29, 99, 5]), None, "the client still knows them");
        assert_eq!(room.update(&schema, 1, &[0]).map(|bits| bits.count()), Some(3));
        assert_eq!(room.update(&schema, 0, &[1, 29, 99, 5]).map(|bits| bits.count()), Some(all));
    }

    #[test]
    fn a_part_of_what_was_never_told_whole_is_refused() {
        let (schema, mut room) = (schema(), OwnTold::default());
        room.update(&schema, 0, &[9, 30, 7, 5]);
        let part = room.update(&schema, 0, &[9, 31, 7, 5]).unwrap();
        assert_eq!(OwnTold::default().apply(&schema, &part), Err(DecodeError::UnknownBaseline));
    }
}
