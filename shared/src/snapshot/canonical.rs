//! The canonical form of a state: rows sorted by entity id.

use crate::entity::{Entity, RowMut, Schema};
use crate::id::EntityId;
use crate::tick::Tick;
use crate::world::World;

/// The rows of one stream at one tick, sorted by entity id. Equal states are equal values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// The tick whose state this is.
    pub tick: Tick,
    entries: Vec<Entry>,
    values: Vec<i32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Entry {
    id: EntityId,
    kind: u8,
    /// The end of the row's values in `values`.
    end: u32,
}

/// A row of a snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RowRef<'a> {
    /// The entity.
    pub id: EntityId,
    /// The number of its kind.
    pub kind: u8,
    /// Its fields in the order of the schema.
    pub values: &'a [i32],
}

/// The first place where two snapshots differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The entity.
    pub id: EntityId,
    /// The field; `None` if the entity is missing on one side or has a different kind.
    pub field: Option<u16>,
    /// The value in the first snapshot (0 without a field).
    pub ours: i32,
    /// The value in the second snapshot (0 without a field).
    pub theirs: i32,
}

impl Snapshot {
    /// An empty state at `tick`.
    #[must_use]
    pub fn new(tick: Tick) -> Self {
        Self { tick, ..Self::default() }
    }

    /// Makes this the empty state of `tick`, keeping its memory.
    pub fn reset(&mut self, tick: Tick) {
        self.tick = tick;
        self.entries.clear();
        self.values.clear();
    }

    /// Makes this a copy of `other`, keeping its memory.
    pub fn copy_from(&mut self, other: &Self) {
        self.tick = other.tick;
        self.entries.clone_from(&other.entries);
        self.values.clone_from(&other.values);
    }

    /// Appends the row of the room's state, if the room has one, and quantizes the state to its grid.
    pub(crate) fn capture_state<S: Entity>(&mut self, schema: &Schema, state: &mut S) {
        let Some(first) = schema.first_state_kind() else { return };
        let start = self.values.len();
        state.write_row(&mut self.values);
        if let Some(snapped) = self.values.get(start..).and_then(|row| S::read_row(state.kind(), row)) {
            *state = snapped;
        }
        let entry = Entry { id: EntityId::STATE, kind: first + state.kind(), end: self.values.len() as u32 };
        self.entries.push(entry);
    }

    /// Appends the rows of `world` and quantizes every entity of the world to its grid, so that the server
    /// continues from exactly what the clients get. Owner-only fields keep their values in the world and are
    /// hidden here.
    pub(crate) fn capture<E: Entity>(&mut self, schema: &Schema, world: &mut World<E>) {
        world.compact();
        for (id, entity) in world.iter_mut() {
            let kind = entity.kind();
            let start = self.values.len();
            entity.write_row(&mut self.values);
            self.entries.push(Entry { id, kind, end: self.values.len() as u32 });
            let Some(row) = self.values.get_mut(start..) else { continue };
            if let Some(snapped) = E::read_row(kind, row) {
                *entity = snapped;
            }
            schema.hide_own(kind, row);
        }
    }

    /// Appends a row. Ids must ascend.
    pub fn push(&mut self, id: EntityId, kind: u8, values: &[i32]) {
        debug_assert!(
            self.entries.last().is_none_or(|last| last.id < id),
            "rows must be pushed in ascending order of ids"
        );
        self.values.extend_from_slice(values);
        self.entries.push(Entry { id, kind, end: self.values.len() as u32 });
    }

    /// The number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are no rows.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The row at `index` in the order of ids.
    #[inline]
    #[must_use]
    pub fn row(&self, index: usize) -> Option<RowRef<'_>> {
        let entry = self.entries.get(index)?;
        let start = match index.checked_sub(1) {
            Some(before) => self.entries.get(before)?.end as usize,
            None => 0,
        };
        Some(RowRef { id: entry.id, kind: entry.kind, values: self.values.get(start..entry.end as usize)? })
    }

    /// All rows, sorted by id.
    pub fn rows(&self) -> impl Iterator<Item = RowRef<'_>> {
        let mut start = 0;
        self.entries.iter().filter_map(move |entry| {
            let values = self.values.get(start..entry.end as usize)?;
            start = entry.end as usize;
            Some(RowRef { id: entry.id, kind: entry.kind, values })
        })
    }

    /// All rows, mutable in place.
    pub(super) fn rows_mut(&mut self) -> Vec<RowMut<'_>> {
        let mut rest = &mut self.values[..];
        let mut start = 0;
        let mut rows = Vec::with_capacity(self.entries.len());
        for entry in &self.entries {
            let end = entry.end as usize;
            let Some((values, behind)) = core::mem::take(&mut rest).split_at_mut_checked(end - start) else {
                break;
            };
            rows.push(RowMut { id: entry.id, kind: entry.kind, values });
            (rest, start) = (behind, end);
        }
        rows
    }

    /// The row of an entity.
    #[must_use]
    pub fn get(&self, id: EntityId) -> Option<RowRef<'_>> {
        self.row(self.entries.binary_search_by_key(&id, |entry| entry.id).ok()?)
    }

    /// The id of the last row, 0 if there is none.
    #[must_use]
    pub(crate) fn last_id(&self) -> EntityId {
        self.entries.last().map_or(EntityId(0), |entry| entry.id)
    }

    /// The state hash: 32-bit FNV-1a over each row's id (4 bytes), kind (1 byte) and values (4 bytes each),
    /// little endian.
    #[must_use]
    pub fn hash(&self) -> u32 {
        let mut hash = Fnv32::default();
        for row in self.rows() {
            hash.add(&row.id.0.to_le_bytes());
            hash.add(&[row.kind]);
            for value in row.values {
                hash.add(&value.to_le_bytes());
            }
        }
        hash.0
    }

    /// The first place where `self` and `other` differ, in the order of ids and fields.
    #[must_use]
    pub fn first_difference(&self, other: &Self) -> Option<Difference> {
        let (mut ours, mut theirs) = (self.rows().peekable(), other.rows().peekable());
        loop {
            let whole = |id| Some(Difference { id, field: None, ours: 0, theirs: 0 });
            match (ours.peek(), theirs.peek()) {
                (None, None) => return None,
                (Some(row), None) | (None, Some(row)) => return whole(row.id),
                (Some(a), Some(b)) if a.id != b.id => return whole(a.id.min(b.id)),
                (Some(a), Some(b)) if a.kind != b.kind || a.values.len() != b.values.len() => {
                    return whole(a.id);
                }
                (Some(a), Some(b)) => {
                    if let Some(field) = a.values.iter().zip(b.values).position(|(x, y)| x != y) {
                        let of = |row: &RowRef<'_>| row.values.get(field).copied().unwrap_or(0);
                        return Some(Difference {
                            id: a.id,
                            field: Some(field as u16),
                            ours: of(a),
                            theirs: of(b),
                        });
                    }
                }
            }
            ours.next();
            theirs.next();
        }
    }

    /// The number of rows whose kind moves.
    #[must_use]
    pub fn moving(&self, schema: &Schema) -> usize {
        self.entries.iter().filter(|entry| schema.plan(entry.kind).is_some_and(|plan| plan.moves())).count()
    }
}

struct Fnv32(u32);

impl Default for Fnv32 {
    fn default() -> Self {
        Self(0x811c_9dc5)
    }
}

impl Fnv32 {
    #[inline]
    fn add(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = (self.0 ^ u32::from(byte)).wrapping_mul(0x0100_0193);
        }
    }
}
