//! The directory of a single server. The only file that names dashmap.

use super::{Directory, RoomHandle};
use dashmap::DashMap;
use dashmap::mapref::entry::Entry;
use futures_util::future::{BoxFuture, FutureExt, ready};
use tickwire_shared::id::RoomId;

/// Rooms by id. Holds handles only; no guard leaves a method.
#[derive(Default)]
pub(crate) struct MemoryDirectory {
    rooms: DashMap<RoomId, RoomHandle>,
}

impl Directory for MemoryDirectory {
    fn claim(&self, room: RoomHandle) -> BoxFuture<'_, bool> {
        let claimed = match self.rooms.entry(room.id()) {
            Entry::Occupied(_) => false,
            Entry::Vacant(place) => {
                place.insert(room);
                true
            }
        };
        ready(claimed).boxed()
    }

    fn locate(&self, id: RoomId) -> BoxFuture<'_, Option<RoomHandle>> {
        ready(self.rooms.get(&id).map(|room| room.value().clone())).boxed()
    }

    fn release(&self, id: RoomId) -> BoxFuture<'_, ()> {
        // The handle is dropped here, outside the map's lock.
        drop(self.rooms.remove(&id));
        ready(()).boxed()
    }

    fn list(&self) -> Vec<RoomHandle> {
        self.rooms.iter().map(|room| room.value().clone()).collect()
    }
}
