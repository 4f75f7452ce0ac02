//! Entities between two streams: they have left one that the client was just sent, for one that is waiting.
//! The client keeps showing them from their last known state, so that none disappears on the way.

use super::streams::Streams;
use crate::id::{EntityId, StreamId};
use crate::limits::{HELD_CHANGES_MAX, HELD_MAX};
use crate::tick::Tick;

/// The entities that one client holds, sorted by id.
#[derive(Clone, Debug, Default)]
pub(super) struct Held {
    entities: Vec<EntityId>,
    /// How many entities could not be held because of a bound.
    pub(super) missed: u64,
}

impl Held {
    /// Updates the set for an update that sends the streams `left` and drops the streams `dropped`; each
    /// comes with the tick that the client had of it. Returns the entities that are newly held, and those
    /// that the client must be told to release. The client itself releases entities that it finds in a stream
    /// of that update.
    pub(super) fn change(
        &mut self,
        streams: &Streams,
        left: &[(StreamId, Tick)],
        dropped: &[(StreamId, Tick)],
        is_waiting: impl Fn(EntityId) -> bool,
        is_told: impl Fn(EntityId) -> bool,
    ) -> (Vec<EntityId>, Vec<EntityId>) {
        let mut released = Vec::new();
        self.entities.retain(|&entity| {
            if is_waiting(entity) {
                return true;
            }
            if is_told(entity) {
                return false;
            }
            let told = released.len() < HELD_CHANGES_MAX;
            if told {
                released.push(entity);
            }
            !told
        });
        let mut held: Vec<EntityId> = Vec::new();
        for &(stream, base) in left {
            held.extend(streams.crossed_since(stream, base).filter(|entity| is_waiting(*entity)));
        }
        // A client that sees a whole group also has the entities of a dropped cell in the group's stream.
        for &(stream, base) in dropped {
            let left = streams.crossed_since(stream, base).chain(streams.entities_of(stream));
            held.extend(left.filter(|entity| is_waiting(*entity)));
        }
        held.sort_unstable();
        held.dedup();
        held.retain(|entity| self.entities.binary_search(entity).is_err());
        let room = HELD_CHANGES_MAX.min(HELD_MAX.saturating_sub(self.entities.len()));
        self.missed += held.len().saturating_sub(room) as u64;
        held.truncate(room);
        self.entities.extend_from_slice(&held);
        self.entities.sort_unstable();
        (held, released)
    }
}
