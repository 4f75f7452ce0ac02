//! A server's rooms: handles of those that it hosts, and the directory in which they are entered, if there is
//! one.

use super::memory::LocalRooms;
use super::{BoundedDirectory, Claim, DirectoryError, NodeName, RoomHandle, RoomRecord};
use crate::metrics::Metrics;
use crate::room_port::RoomPort;
use std::sync::Arc;
use tickwire_shared::id::RoomId;
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tracing::Instrument;

/// The rooms of a server.
pub(crate) struct Rooms {
    local: LocalRooms,
    node: NodeName,
    directory: Option<BoundedDirectory>,
    metrics: Arc<Metrics>,
}

/// Where a room is.
pub(crate) enum Located {
    /// On this server.
    Here(RoomHandle),
    /// On the server with this name.
    Elsewhere(NodeName),
    /// There is no such room.
    Nowhere,
}

/// The room if its id was free.
type Answer<T> = Result<Option<ClaimedRoom<T>>, DirectoryError>;

impl Rooms {
    /// No rooms. Without a directory the server is alone.
    pub(crate) fn new(node: NodeName, directory: Option<BoundedDirectory>, metrics: Arc<Metrics>) -> Self {
        Self { local: LocalRooms::default(), node, directory, metrics }
    }

    /// The rooms that this server hosts, in no order.
    pub(crate) fn list(&self) -> Vec<RoomHandle> {
        self.local.list()
    }

    /// This server's room with this id.
    pub(crate) fn get(&self, room: RoomId) -> Option<RoomHandle> {
        self.local.get(room)
    }

    /// The rooms of all servers that share the directory.
    ///
    /// # Errors
    /// The directory did not answer.
    pub(crate) async fn list_all(&self) -> Result<Vec<RoomRecord>, DirectoryError> {
        match &self.directory {
            Some(directory) => {
                let mut records = directory.list(&self.metrics).await?;
                // Of this server only what it hosts: a record of an earlier run is of no room.
                records.retain(|record| record.node != self.node || self.local.get(record.room).is_some());
                Ok(records)
            }
            None => Ok(self.list().iter().map(|room| RoomRecord::of(&**room, &self.node)).collect()),
        }
    }

    /// Whether the directory would have to be asked where this room is.
    pub(crate) fn needs_directory(&self, room: RoomId) -> bool {
        self.directory.is_some() && self.local.get(room).is_none()
    }

    /// Where a room is. A server finds its own rooms without asking the directory.
    ///
    /// # Errors
    /// The directory did not answer.
    pub(crate) async fn locate(&self, room: RoomId) -> Result<Located, DirectoryError> {
        if let Some(room) = self.local.get(room) {
            return Ok(Located::Here(room));
        }
        let Some(directory) = &self.directory else { return Ok(Located::Nowhere) };
        // A record with this server's name is of a room that has ended, or of an earlier run.
        let record = directory.locate(room, &self.metrics).await?.filter(|record| record.node != self.node);
        Ok(record.map_or(Located::Nowhere, |record| Located::Elsewhere(record.node)))
    }

    /// Enters the room with this port under its id and gives `new` back, which is the room itself; `None` if
    /// the id is taken.
    ///
    /// If the caller is dropped meanwhile, or if the directory does not say whether it entered the room, the
    /// room is released in the background. Until then it counts, which bounds what is released.
    ///
    /// # Errors
    /// The directory did not answer.
    pub(crate) async fn claim<T: Send + 'static>(
        &self,
        room: RoomHandle,
        new: T,
    ) -> Result<Option<T>, DirectoryError> {
        let new = match &self.directory {
            None => Some(new),
            Some(directory) => {
                let (record, new) = (RoomRecord::of(&*room, &self.node), Some(new));
                let (directory, metrics) = (directory.clone(), self.metrics.clone());
                let (answer, answered) = oneshot::channel();
                let claiming = claim(ClaimedRoom { new, record, directory, metrics }, answer);
                tokio::spawn(claiming.in_current_span());
                let answer = answered.await.unwrap_or_else(|_| Err(DirectoryError::new("no answer")));
                answer?.and_then(ClaimedRoom::keep)
            }
        };
        Ok(new.filter(|_| self.local.insert(room)))
    }

    /// Removes a room that has ended. The returned future releases it in the directory, which may take half a
    /// minute.
    pub(crate) fn release(&self, room: &dyn RoomPort) -> impl Future<Output = ()> + Send + use<> {
        self.local.remove(room.id());
        let record = RoomRecord::of(room, &self.node);
        let (directory, metrics) = (self.directory.clone(), self.metrics.clone());
        async move {
            if let Some(directory) = directory {
                directory.release(&record, &metrics).await;
            }
        }
    }
}

/// A room that is in the directory, or may be. Dropping this releases it.
struct ClaimedRoom<T: Send + 'static> {
    /// The room itself; `None` once it need not be released.
    new: Option<T>,
    record: RoomRecord,
    directory: BoundedDirectory,
    metrics: Arc<Metrics>,
}

impl<T: Send + 'static> ClaimedRoom<T> {
    /// The room, which stays as it is in the directory.
    fn keep(mut self) -> Option<T> {
        self.new.take()
    }
}

impl<T: Send + 'static> Drop for ClaimedRoom<T> {
    fn drop(&mut self) {
        let (Some(new), Ok(runtime)) = (self.new.take(), Handle::try_current()) else { return };
        let (record, directory, metrics) =
            (self.record.clone(), self.directory.clone(), self.metrics.clone());
        let releasing = async move {
            directory.release(&record, &metrics).await;
            drop(new);
        };
        runtime.spawn(releasing.in_current_span());
    }
}

/// Claims a room. This is a task of its own, so that a claim is not released before it is answered.
async fn claim<T: Send + 'static>(room: ClaimedRoom<T>, answer: oneshot::Sender<Answer<T>>) {
    let claimed = room.directory.claim(room.record.clone(), &room.metrics).await;
    // Whoever waits may be gone, or be dropped before it reads the answer: then the room is dropped with it.
    let _ = match claimed {
        Ok(Claim::Made) => answer.send(Ok(Some(room))),
        Ok(Claim::Taken) => {
            drop(room.keep());
            answer.send(Ok(None))
        }
        Err(error) => answer.send(Err(error)),
    };
}
