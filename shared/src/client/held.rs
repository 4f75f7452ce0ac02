//! Entities between two streams: they have left one, and the other has to wait for bytes. Until that one is
//! sent, their declared predictors carry them on.

use crate::entity::Schema;
use crate::id::EntityId;
use crate::limits::HELD_MAX;
use crate::snapshot::{History, RowRef, Snapshot};
use crate::tick::Tick;
use crate::wire::DecodeError;

/// The entities that are held.
#[derive(Clone, Debug)]
pub(super) struct HeldEntities {
    /// Their state at the newest tick.
    now: Snapshot,
    /// Their states before, because the rendered frame lags behind.
    history: History,
    /// Memory for the next state.
    spare: Snapshot,
}

impl HeldEntities {
    pub(super) fn new(kept_ticks: usize) -> Self {
        Self { now: Snapshot::default(), history: History::of_ticks(kept_ticks), spare: Snapshot::default() }
    }

    /// Their rows at the newest tick.
    pub(super) fn rows(&self) -> impl Iterator<Item = (Tick, RowRef<'_>)> {
        self.now.rows().map(|row| (self.now.tick, row))
    }

    /// Their last states.
    pub(super) fn history(&self) -> &History {
        &self.history
    }

    /// Advances to `tick` and adds `entities`. `latest` gives the last known row of one, and its tick.
    pub(super) fn hold<'a>(
        &mut self,
        schema: &Schema,
        tick: Tick,
        entities: &[EntityId],
        latest: impl Fn(EntityId) -> Option<(Tick, RowRef<'a>)>,
    ) -> Result<(), DecodeError> {
        if self.now.is_empty() && entities.is_empty() {
            return Ok(());
        }
        self.spare.predict(schema, &self.now, tick);
        self.now.reset(tick);
        let mut before = self.spare.rows().peekable();
        let mut ahead = Snapshot::default();
        for &entity in entities {
            let Some((since, row)) = latest(entity) else { continue };
            while let Some(row) = before.next_if(|before| before.id < entity) {
                self.now.push(row.id, row.kind, row.values);
            }
            before.next_if(|before| before.id == entity);
            let mut one = Snapshot::new(since);
            one.push(row.id, row.kind, row.values);
            ahead.predict(schema, &one, tick);
            ahead.rows().for_each(|row| self.now.push(row.id, row.kind, row.values));
        }
        before.for_each(|row| self.now.push(row.id, row.kind, row.values));
        if self.now.len() > HELD_MAX {
            return Err(DecodeError::TooMany);
        }
        Ok(())
    }

    /// Releases the entities that `is_held` rejects, and records the rest as the state of this tick.
    pub(super) fn settle(&mut self, tick: Tick, is_held: impl Fn(EntityId) -> bool) {
        let shown = self.history.newest().is_some_and(|newest| !newest.is_empty());
        if self.now.is_empty() && !shown {
            return;
        }
        let mut left = Snapshot::new(tick);
        for row in self.now.rows().filter(|row| is_held(row.id)) {
            left.push(row.id, row.kind, row.values);
        }
        self.now.copy_from(&left);
        self.history.push(left);
    }

    /// Releases all.
    pub(super) fn clear(&mut self) {
        self.now.reset(Tick(0));
    }
}
