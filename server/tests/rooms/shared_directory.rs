//! A directory of a host's own, for tests: rooms by id, and calls that fail, hang or panic on request.

use crate::game::{Settings, builder, built};
use core::future::pending;
use core::time::Duration;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use tickwire_server::{
    Claim, Directory, DirectoryError, Limits, NodeName, RoomRecord, Server, ServerBuilder, ServerHandle,
};
use tickwire_shared::id::RoomId;
use tokio::time::sleep;

/// What a call does instead of its work.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Fault {
    Fails,
    Hangs,
    Panics,
    /// It does its work, then hangs.
    IsLate,
    /// It does its work and answers a second later.
    IsSlow,
    /// Of a claim: the id is taken.
    IsTaken,
}

/// Shared by all its clones.
#[derive(Clone, Default)]
pub(crate) struct Shared(Arc<Mutex<Content>>);

#[derive(Default)]
struct Content {
    rooms: HashMap<RoomId, RoomRecord>,
    /// By call, with how many more calls it meets.
    faults: HashMap<&'static str, (Fault, u32)>,
    calls: HashMap<&'static str, u32>,
}

impl Shared {
    /// The next `count` calls of this kind meet `fault`.
    pub(crate) fn fault(&self, call: &'static str, fault: Fault, count: u32) {
        self.0.lock().unwrap().faults.insert(call, (fault, count));
    }

    pub(crate) fn records(&self) -> Vec<RoomRecord> {
        self.0.lock().unwrap().rooms.values().cloned().collect()
    }

    pub(crate) fn calls(&self, call: &str) -> u32 {
        self.0.lock().unwrap().calls.get(call).copied().unwrap_or_default()
    }

    /// A server with this directory, under this name.
    pub(crate) fn builder(&self, node: &str, limits: Limits) -> ServerBuilder {
        let settings = Settings { players_max: 8, ..Settings::default() };
        builder(limits, 60, settings).directory(self.clone()).node(NodeName::new(node).unwrap())
    }

    pub(crate) fn server(&self, node: &str, limits: Limits) -> (Server, ServerHandle) {
        built(self.builder(node, limits))
    }

    async fn call<T>(
        &self,
        call: &'static str,
        work: impl FnOnce(&mut HashMap<RoomId, RoomRecord>, Option<Fault>) -> T,
    ) -> Result<T, DirectoryError> {
        let fault = {
            let mut content = self.0.lock().unwrap();
            *content.calls.entry(call).or_default() += 1;
            match content.faults.get_mut(call) {
                Some((fault, left @ 1..)) => {
                    *left -= 1;
                    Some(*fault)
                }
                _ => None,
            }
        };
        let work = || work(&mut self.0.lock().unwrap().rooms, fault);
        match fault {
            None | Some(Fault::IsTaken) => Ok(work()),
            Some(Fault::Fails) => Err(DirectoryError::new("a fault was asked for")),
            Some(Fault::Hangs) => pending().await,
            Some(Fault::Panics) => panic!("a panic was asked for"),
            Some(Fault::IsLate) => {
                work();
                pending().await
            }
            Some(Fault::IsSlow) => {
                let done = work();
                sleep(Duration::from_secs(1)).await;
                Ok(done)
            }
        }
    }
}

impl Directory for Shared {
    async fn claim(&self, record: &RoomRecord) -> Result<Claim, DirectoryError> {
        self.call("claim", |rooms, fault| {
            if fault == Some(Fault::IsTaken) || rooms.contains_key(&record.room) {
                return Claim::Taken;
            }
            rooms.insert(record.room, record.clone());
            Claim::Made
        })
        .await
    }

    async fn locate(&self, room: RoomId) -> Result<Option<RoomRecord>, DirectoryError> {
        self.call("locate", |rooms, _| rooms.get(&room).cloned()).await
    }

    async fn release(&self, record: &RoomRecord) -> Result<(), DirectoryError> {
        self.call("release", |rooms, _| {
            if rooms.get(&record.room).is_some_and(|known| known.node == record.node) {
                rooms.remove(&record.room);
            }
        })
        .await
    }

    async fn list(&self) -> Result<Vec<RoomRecord>, DirectoryError> {
        self.call("list", |rooms, _| rooms.values().cloned().collect()).await
    }
}
