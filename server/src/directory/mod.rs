//! Which rooms exist and who hosts them. Used when a room is made, joined or closed, never within a tick.
//!
//! A directory holds handles, never a room's state. The only implementation is in [`memory`]. Its methods are
//! futures, so that a directory shared by several servers can implement the same trait.

mod memory;

pub(crate) use memory::MemoryDirectory;

use crate::room_port::RoomPort;
use futures_util::future::BoxFuture;
use std::sync::Arc;
use tickwire_shared::id::RoomId;

/// A directory's entry for a room.
pub(crate) type RoomHandle = Arc<dyn RoomPort>;

/// The interface between the hub and whatever knows the rooms.
pub(crate) trait Directory: Send + Sync {
    /// Enters a room under its id. `false` if the id is taken; then nothing changes.
    fn claim(&self, room: RoomHandle) -> BoxFuture<'_, bool>;

    /// The room with this id.
    fn locate(&self, id: RoomId) -> BoxFuture<'_, Option<RoomHandle>>;

    /// Removes a room that has ended.
    fn release(&self, id: RoomId) -> BoxFuture<'_, ()>;

    /// The rooms that this server hosts, in no order.
    fn list(&self) -> Vec<RoomHandle>;
}
