//! Which rooms there are and who hosts them. Asked when a room is made, joined or closed, never within a tick.
//!
//! A directory holds handles, never a room's state. The one here is in [`memory`]; one that several servers share
//! fits behind the same trait, so its methods are futures.

mod memory;

pub(crate) use memory::MemoryDirectory;

use crate::room_port::RoomPort;
use futures_util::future::BoxFuture;
use std::sync::Arc;
use tickwire_shared::id::RoomId;

/// What a directory holds of a room.
pub(crate) type RoomHandle = Arc<dyn RoomPort>;

/// The seam between the hub and whatever knows the rooms.
pub(crate) trait Directory: Send + Sync {
    /// Enters a room under its id. `false` if the id is taken; nothing changes then.
    fn claim(&self, room: RoomHandle) -> BoxFuture<'_, bool>;

    /// The room of this id.
    fn locate(&self, id: RoomId) -> BoxFuture<'_, Option<RoomHandle>>;

    /// Takes a room out that has ended.
    fn release(&self, id: RoomId) -> BoxFuture<'_, ()>;

    /// The rooms that this server hosts, in no order.
    fn list(&self) -> Vec<RoomHandle>;
}
