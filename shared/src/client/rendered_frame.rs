//! What a client draws in one rendered frame: rows that may lie between the steps of their grids.

use crate::entity::{Entity, Schema};
use crate::id::EntityId;
use crate::tick::Tick;

/// All entities of a rendered frame, sorted by id. Its memory is reused.
#[derive(Clone, Debug, Default)]
pub struct RenderedFrame {
    rows: Vec<RenderedRow>,
    values: Vec<f64>,
}

/// Where a row is in a frame's values.
#[derive(Clone, Copy, Debug)]
struct RenderedRow {
    id: EntityId,
    /// The tick of the state that it comes from.
    since: Tick,
    kind: u8,
    start: usize,
    end: usize,
}

/// One entity of a rendered frame.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FineRow<'a> {
    /// Its id.
    pub id: EntityId,
    /// The number of its kind.
    pub kind: u8,
    /// Its fields in the order of the schema, in steps of their grids, with fractions if the field declares
    /// `interpolate`. Divided by the grid's `per_unit`, they are in units (turns, for an angle).
    pub values: &'a [f64],
}

impl RenderedFrame {
    /// The entities.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = FineRow<'_>> {
        self.rows.iter().map(|row| FineRow {
            id: row.id,
            kind: row.kind,
            values: self.values.get(row.start..row.end).unwrap_or_default(),
        })
    }

    /// The number of entities.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are no entities.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    pub(super) fn clear(&mut self) {
        self.rows.clear();
        self.values.clear();
    }

    /// Adds a row from the state of a tick.
    pub(super) fn push(&mut self, since: Tick, id: EntityId, kind: u8, values: &[f64]) {
        let start = self.values.len();
        self.values.extend_from_slice(values);
        self.rows.push(RenderedRow { id, since, kind, start, end: self.values.len() });
    }

    /// Sorts the entities by id. If two rows have one id, it keeps the newer; if they are equally new, the
    /// first.
    pub(super) fn sort(&mut self) {
        self.rows.sort_by_key(|row| (row.id, Tick::LAST.0.wrapping_sub(row.since.0)));
        self.rows.dedup_by_key(|row| row.id);
    }

    /// The entities as the game's own types. An integer cannot lie between two steps and takes the nearer
    /// one.
    pub(super) fn entities<'a, E: Entity>(
        &'a self,
        schema: &'a Schema,
    ) -> impl Iterator<Item = (EntityId, E)> + 'a {
        self.rows().filter_map(|row| {
            let fields = &schema.kind(row.kind)?.fields;
            Some((row.id, E::read_fine_row(row.kind, fields, row.values)?))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_two_rows_with_one_id_the_newer_is_drawn() {
        for order in [[4, 7], [7, 4]] {
            let mut frame = RenderedFrame::default();
            frame.push(Tick(5), EntityId(9), 0, &[0.0]);
            for tick in order {
                frame.push(Tick(tick), EntityId(2), 0, &[f64::from(tick)]);
            }
            frame.sort();
            let drawn: Vec<_> = frame.rows().map(|row| (row.id.0, row.values.to_vec())).collect();
            assert_eq!(drawn, [(2, vec![7.0]), (9, vec![0.0])]);
        }
    }
}
