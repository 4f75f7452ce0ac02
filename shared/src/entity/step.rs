//! The game's own step that predicts the fields marked `custom`.
//!
//! It may read every row of the stream, and static data that it brings along. It must be a function of these
//! alone: both ends run it on the same rows and must get the same values.

use super::Entity;
use crate::id::EntityId;
use core::fmt;
use std::sync::Arc;

/// A row that a [`CustomStep`] works on. Its changes to fields that are not predicted as `custom` are undone.
#[derive(Debug)]
pub struct RowMut<'a> {
    /// The entity.
    pub id: EntityId,
    /// The number of its kind.
    pub kind: u8,
    /// Its fields in the order of the schema.
    pub values: &'a mut [i32],
}

type Run = dyn Fn(&mut [RowMut<'_>]) + Send + Sync;

/// One tick of a stream's rows, sorted by id.
#[derive(Clone)]
pub struct CustomStep(Arc<Run>);

impl CustomStep {
    /// A step over rows.
    pub fn new(step: impl Fn(&mut [RowMut<'_>]) + Send + Sync + 'static) -> Self {
        Self(Arc::new(step))
    }

    /// A step over entities.
    pub fn of<E: Entity>(step: impl Fn(&mut [(EntityId, E)]) + Send + Sync + 'static) -> Self {
        Self::new(move |rows| {
            let read = |row: &RowMut<'_>| Some((row.id, E::read_row(row.kind, row.values)?));
            let mut entities: Vec<_> = rows.iter().filter_map(read).collect();
            step(&mut entities);
            let mut written = Vec::new();
            let mut rows = rows.iter_mut();
            for (id, entity) in &entities {
                let Some(row) = rows.find(|row| row.id == *id) else { return };
                written.clear();
                entity.write_row(&mut written);
                if entity.kind() == row.kind && written.len() == row.values.len() {
                    row.values.copy_from_slice(&written);
                }
            }
        })
    }

    pub(crate) fn run(&self, rows: &mut [RowMut<'_>]) {
        (self.0)(rows);
    }
}

impl fmt::Debug for CustomStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CustomStep")
    }
}

/// The same step is the same closure.
impl PartialEq for CustomStep {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for CustomStep {}
