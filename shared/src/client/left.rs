//! Entities that have left a stream while others wait. An older row of such an entity in a waiting stream is
//! stale and must not be shown again.

use crate::id::EntityId;
use crate::limits::ENTITIES_MAX;
use crate::snapshot::Snapshot;
use crate::tick::Tick;

/// The entities that left a stream recently, sorted by id.
#[derive(Clone, Debug, Default)]
pub(super) struct Left {
    entities: Vec<Entry>,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    id: EntityId,
    /// The last tick at which the stream had it.
    seen: Tick,
    /// The tick from which it is known to have left.
    gone: Tick,
    /// Since when no stream in view is older than `seen`.
    outlived: Option<Tick>,
}

impl Left {
    /// A stream goes from `before`, which was valid up to the tick `seen`, to `now`.
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

    /// Forgets entities that no stream in view could show any more. `oldest` is the oldest state in view at
    /// the update of `tick`; the rendered frame lags by less than `kept_ticks`.
    pub(super) fn settle(&mut self, tick: Tick, oldest: Tick, kept_ticks: usize) {
        self.entities.retain_mut(|entry| {
            if entry.seen > oldest {
                return true;
            }
            let since = *entry.outlived.get_or_insert(tick);
            tick.since(since) < kept_ticks as i64
        });
    }

    /// Whether a row from the state of `since` is still valid for an entity at `tick`.
    pub(super) fn counts(&self, entity: EntityId, since: Tick, tick: Tick) -> bool {
        let entry = self.entities.binary_search_by_key(&entity, |entry| entry.id).ok();
        let entry = entry.and_then(|at| self.entities.get(at));
        entry.is_none_or(|entry| entry.seen <= since || entry.gone > tick)
    }
}
