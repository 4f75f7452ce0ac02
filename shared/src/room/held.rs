//! Entities between two streams: gone from one of which the client was told, in another that waits. The client goes on from
//! what it has of them, so that nobody is lost on the way.

use super::streams::Streams;
use crate::id::{EntityId, StreamId};
use crate::limits::{HELD_CHANGES_MAX, HELD_MAX};
use crate::tick::Tick;

/// The entities that one client holds, in the order of their ids.
#[derive(Clone, Debug, Default)]
pub(super) struct Held {
    entities: Vec<EntityId>,
    /// Entities that were not held because of a bound.
    pub(super) missed: u64,
}

impl Held {
    /// With an update that tells of the streams `left`, each from what the client had of it, and that `dropped` are out of view:
    /// the entities that are held from now on, and those that the client has to be told are held no longer. What it finds in a
    /// stream it holds no longer by itself.
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
        // Who sees all of a group has those who are still there in another stream as well.
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
