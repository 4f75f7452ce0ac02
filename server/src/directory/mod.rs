//! Which room is on which server: the seam for several servers that share their rooms.
//!
//! A host implements [`Directory`]. It stores records ([`RoomRecord`]), never a room's state and no handle:
//! those of this server's rooms are in [`rooms`]. It is called when a room is made, looked for by a client or
//! ends, never within a tick. How it is called is in [`bounded`]: with a deadline and in tasks of their own.

mod bounded;
mod memory;
mod record;
mod rooms;

pub(crate) use bounded::BoundedDirectory;
pub use record::{Claim, DirectoryError, NODE_NAME_BYTES_MAX, NodeName, RoomRecord};
pub(crate) use rooms::{Located, Rooms};

use crate::room_port::RoomPort;
use std::sync::Arc;
use tickwire_shared::id::RoomId;

/// A way to one of this server's rooms.
pub(crate) type RoomHandle = Arc<dyn RoomPort>;

/// Knows which room is on which server. Given to
/// [`ServerBuilder::directory`](crate::ServerBuilder::directory).
///
/// Several servers may share one, so every method may be called at any time, also for rooms that are not in
/// it. It runs in the host's runtime and must not block its thread.
///
/// A call that fails, panics or takes longer than 2 s closes the client for which it was made with 1013. A
/// room that ends is released in the background, up to five times within half a minute. Rooms that run do not
/// notice any of this: a server finds its own rooms without asking.
///
/// ```
/// use std::collections::HashMap;
/// use std::sync::{Arc, Mutex};
/// use tickwire_server::{Claim, Directory, DirectoryError, RoomRecord};
/// use tickwire_shared::id::RoomId;
///
/// /// For servers in one process.
/// #[derive(Clone, Default)]
/// struct Shared(Arc<Mutex<HashMap<RoomId, RoomRecord>>>);
///
/// impl Directory for Shared {
///     async fn claim(&self, record: &RoomRecord) -> Result<Claim, DirectoryError> {
///         let mut rooms = self.0.lock().map_err(DirectoryError::new)?;
///         if rooms.contains_key(&record.room) {
///             return Ok(Claim::Taken);
///         }
///         rooms.insert(record.room, record.clone());
///         Ok(Claim::Made)
///     }
///     async fn locate(&self, room: RoomId) -> Result<Option<RoomRecord>, DirectoryError> {
///         Ok(self.0.lock().map_err(DirectoryError::new)?.get(&room).cloned())
///     }
///     async fn release(&self, record: &RoomRecord) -> Result<(), DirectoryError> {
///         let mut rooms = self.0.lock().map_err(DirectoryError::new)?;
///         if rooms.get(&record.room).is_some_and(|known| known.node == record.node) {
///             rooms.remove(&record.room);
///         }
///         Ok(())
///     }
///     async fn list(&self) -> Result<Vec<RoomRecord>, DirectoryError> {
///         Ok(self.0.lock().map_err(DirectoryError::new)?.values().cloned().collect())
///     }
/// }
/// ```
pub trait Directory: Send + Sync + 'static {
    /// Enters a room under its id, unless the id is taken: then nothing changes. Of two servers that claim
    /// one id at once, one learns that it is taken.
    ///
    /// # Errors
    /// It is not known whether the room was entered. The server releases it and opens no room.
    fn claim(&self, record: &RoomRecord) -> impl Future<Output = Result<Claim, DirectoryError>> + Send;

    /// The record of this room; `None` if there is no such room.
    ///
    /// # Errors
    /// The directory cannot say.
    fn locate(&self, room: RoomId)
    -> impl Future<Output = Result<Option<RoomRecord>, DirectoryError>> + Send;

    /// Removes the record of a room that has ended. Does nothing if there is none, or if the room's id now
    /// belongs to another node.
    ///
    /// # Errors
    /// It is not known whether the record was removed. The server tries again.
    fn release(&self, record: &RoomRecord) -> impl Future<Output = Result<(), DirectoryError>> + Send;

    /// The rooms of all servers, in any order.
    ///
    /// # Errors
    /// The directory cannot say.
    fn list(&self) -> impl Future<Output = Result<Vec<RoomRecord>, DirectoryError>> + Send;
}
