//! Entities that are gone from a stream while others wait: an older row of theirs in one that waits does not count any more.

use crate::id::EntityId;
use crate::limits::ENTITIES_MAX;
use crate::snapshot::Snapshot;
use crate::tick::Tick;

/// The entities that left a stream of late, in the order of their ids.
#[derive(Clone, Debug, Default)]
pub(super) struct Left {
    entities: Vec<Entry>,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    id: EntityId,
    /// When it was there last.
    seen: Tick,
    /// From when on it is known to be gone.
    gone: Tick,
    /// Since when no stream has a state from before `seen`.
    outlived: Option<Tick>,
}

impl Left {
    /// A stream whose rows are those of `before`, as of the tick `seen`, goes on to `now`.
    pub(super) fn note(&mut self, before: &Snapshot, seen: Tick, now: &Snapshot) {
        for row in before.rows().filter(|row| now.get(row.id).is_none()) {
            let entry = Entry { id: row.id, seen, gone: now.tick, outlived: None };
            match self.entities.binary_search_by_key(&row.id, |entry| entry.id) {
                Ok(at) => {
                    let old = self.entities.get_mut(at).filter(|old| old.seen < seen);
                    old.into_iter().for_each(|old| *old = entry);
                }
                Err(at) if self.entities.len() < ENTITIES_MAX => self.entities.insert(at, entry),
                Err(_) => {}
            }
        }
    }

    /// With the update of `tick` the oldest state in view is of `oldest`. What is shown lies behind by less than `kept_ticks`.
    pub(super) fn settle(&mut self, tick: Tick, oldest: Tick, kept_ticks: usize) {
        self.entities.retain_mut(|entry| {
            if entry.seen > oldest {
                return true;
            }
            let since = *entry.outlived.get_or_insert(tick);
            tick.since(since) < kept_ticks as i64
        });
    }

    /// Whether a row of the state of `since` still says where an entity is at `tick`.
    pub(super) fn counts(&self, entity: EntityId, since: Tick, tick: Tick) -> bool {
        let entry = self.entities.binary_search_by_key(&entity, |entry| entry.id).ok();
        let entry = entry.and_then(|at| self.entities.get(at));
        entry.is_none_or(|entry| entry.seen <= since || entry.gone > tick)
    }
}
