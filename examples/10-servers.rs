//! Step 10: several servers that share a directory of rooms. No room of one has the id of a room of another,
//! and a player who asks one server for a room of the other hears where it is.
//!
//!     cargo run --release -p tickwire-examples --example 10-servers
//!
//! hosts two servers in one program. Play at the first printed address, and open the link to your room
//! (`#room=...`) at the second.
#![allow(missing_docs)]

use core::time::Duration;
use std::collections::BTreeMap;
use std::error::Error;
use std::sync::{Arc, Mutex, MutexGuard};
use tickwire_arena::Arena;
use tickwire_server::{
    Claim, Directory, DirectoryError, GameOptions, NodeName, RoomRecord, Server, StopSignals,
};
use tickwire_shared::id::RoomId;
use tokio::net::TcpListener;
use tokio::time::sleep;

/// The servers' names, which records of rooms have.
pub const NODES: [&str; 2] = ["one", "two"];

pub type Failure = Box<dyn Error + Send + Sync>;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let rooms = Rooms::default();
    tokio::select! {
        ended = serve(NODES[0], "127.0.0.1:8080", &rooms) => ended,
        ended = serve(NODES[1], "127.0.0.1:8082", &rooms) => ended,
        () = print_rooms(&rooms) => Ok(()),
    }
}

async fn serve(node: &str, address: &str, rooms: &Rooms) -> Result<(), Failure> {
    let listener = TcpListener::bind(address).await?;
    let signals = StopSignals::listen()?;
    println!("server {node} is at http://{address}/, Ctrl-C stops");
    let stop = async {
        signals.wait().await;
    };
    Ok(Box::pin(server(node, rooms)?.run(listener, stop)).await?)
}

/// One of the servers.
///
/// # Errors
/// It does not start.
pub fn server(node: &str, rooms: &Rooms) -> Result<Server, Failure> {
    let builder = Server::builder().directory(rooms.clone()).node(NodeName::new(node)?);
    Ok(builder.game::<Arena>("arena", GameOptions::default()).front_page("arena.html").build()?)
}

async fn print_rooms(rooms: &Rooms) {
    loop {
        sleep(Duration::from_secs(10)).await;
        for record in rooms.list().await.unwrap_or_default() {
            println!("{} is at {}", record.room, record.node);
        }
    }
}

/// The rooms of all servers by their ids: here a map in memory, elsewhere a store that all servers reach. No
/// lock is held across an `.await`.
#[derive(Clone, Default)]
pub struct Rooms(Arc<Mutex<BTreeMap<RoomId, RoomRecord>>>);

impl Rooms {
    fn lock(&self) -> Result<MutexGuard<'_, BTreeMap<RoomId, RoomRecord>>, DirectoryError> {
        self.0.lock().map_err(DirectoryError::new)
    }
}

impl Directory for Rooms {
    async fn claim(&self, record: &RoomRecord) -> Result<Claim, DirectoryError> {
        let mut rooms = self.lock()?;
        if rooms.contains_key(&record.room) {
            return Ok(Claim::Taken);
        }
        rooms.insert(record.room, record.clone());
        Ok(Claim::Made)
    }

    async fn locate(&self, room: RoomId) -> Result<Option<RoomRecord>, DirectoryError> {
        Ok(self.lock()?.get(&room).cloned())
    }

    /// The id may belong to another server's room by now.
    async fn release(&self, record: &RoomRecord) -> Result<(), DirectoryError> {
        let mut rooms = self.lock()?;
        if rooms.get(&record.room).is_some_and(|known| known.node == record.node) {
            rooms.remove(&record.room);
        }
        Ok(())
    }

    async fn list(&self) -> Result<Vec<RoomRecord>, DirectoryError> {
        Ok(self.lock()?.values().cloned().collect())
    }
}
