//! The rooms that this server hosts. The only file that names dashmap.

use super::RoomHandle;
use dashmap::DashMap;
use dashmap::mapref::entry::Entry;
use tickwire_shared::id::RoomId;

/// Rooms by id. Holds handles only; no guard leaves a method.
#[derive(Default)]
pub(super) struct LocalRooms {
    rooms: DashMap<RoomId, RoomHandle>,
}

impl LocalRooms {
    /// Enters a room under its id. `false` if the id is taken; then nothing changes.
    pub(super) fn insert(&self, room: RoomHandle) -> bool {
        match self.rooms.entry(room.id()) {
            Entry::Occupied(_) => false,
            Entry::Vacant(place) => {
                place.insert(room);
                true
            }
        }
    }

    /// The room with this id.
    pub(super) fn get(&self, id: RoomId) -> Option<RoomHandle> {
        self.rooms.get(&id).map(|room| room.value().clone())
    }

    /// Removes a room that has ended.
    pub(super) fn remove(&self, id: RoomId) {
        // The handle is dropped here, outside the map's lock.
        drop(self.rooms.remove(&id));
    }

    /// All rooms, in no order.
    pub(super) fn list(&self) -> Vec<RoomHandle> {
        self.rooms.iter().map(|room| room.value().clone()).collect()
    }
}
