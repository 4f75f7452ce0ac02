//! What the attackers of one case share, and what they did and saw.

use super::socket::{Incoming, Outgoing, RawSocket};
use super::target::Target;
use super::wire::GameWire;
use crate::tickets::TicketSource;
use core::sync::atomic::{AtomicU64, Ordering};
use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tickwire_shared::id::RoomId;
use tickwire_shared::wire::control::{Credential, Joined, Target as RoomTarget};
use tickwire_tickets::Keys;
use tokio::time::sleep;

/// How long an attacker that was turned away waits before it comes again: as long as the machine of the
/// attackers needs to serve the others, not as the server advises.
const TURNED_AWAY: Duration = Duration::from_millis(50);
/// Different reasons and faults that are remembered.
const TEXTS_MAX: usize = 64;

/// One case that is under way.
pub(super) struct Attack {
    pub(super) target: Arc<Target>,
    /// The address of all its attackers.
    pub(super) source: Option<IpAddr>,
    pub(super) wire: GameWire,
    /// The witness's room.
    pub(super) room: RoomId,
    pub(super) tickets: TicketSource,
    /// With which tickets are signed, to make bad ones.
    pub(super) keys: Option<Keys>,
    pub(super) seed: u64,
    pub(super) done: Done,
}

/// What attackers did and saw.
#[derive(Debug, Default)]
pub(super) struct Done {
    pub(super) connections: AtomicU64,
    pub(super) joins: AtomicU64,
    pub(super) writes: AtomicU64,
    pub(super) bytes: AtomicU64,
    /// Inputs of which the server said that they came late or were refused.
    pub(super) inputs_refused: AtomicU64,
    /// Updates of members whose inputs were applied.
    pub(super) inputs_applied: AtomicU64,
    ends: Mutex<BTreeMap<String, u64>>,
    faults: Mutex<BTreeSet<String>>,
    /// Why the case could not do what it is for.
    void: Mutex<Option<String>>,
}

/// If a holder of the lock panicked, what it noted is still good enough.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(super) fn add(count: &AtomicU64, more: u64) {
    count.fetch_add(more, Ordering::Relaxed);
}

impl Done {
    /// A connection ended, or was refused, for this reason.
    pub(super) fn ended(&self, reason: String) {
        let mut ends = lock(&self.ends);
        if ends.len() < TEXTS_MAX || ends.contains_key(&reason) {
            *ends.entry(reason).or_default() += 1;
        }
    }

    /// The server did what it must not do.
    pub(super) fn fault(&self, text: impl Into<String>) {
        let mut faults = lock(&self.faults);
        if faults.len() < TEXTS_MAX {
            faults.insert(text.into());
        }
    }

    /// The case could not do what it is for.
    pub(super) fn is_void(&self, why: impl Into<String>) {
        lock(&self.void).get_or_insert(why.into());
    }

    /// The reasons of all ends.
    pub(super) fn ends(&self) -> BTreeMap<String, u64> {
        lock(&self.ends).clone()
    }

    /// What the server did that it must not do.
    pub(super) fn faults(&self) -> BTreeSet<String> {
        lock(&self.faults).clone()
    }

    /// Why the case could not do what it is for.
    pub(super) fn void(&self) -> Option<String> {
        lock(&self.void).clone()
    }
}

impl Attack {
    /// A WebSocket without a session; `None` after a pause if there is none.
    pub(super) async fn connect(&self) -> Option<RawSocket> {
        match RawSocket::open(&self.target, self.source).await {
            Ok(socket) => {
                add(&self.done.connections, 1);
                Some(socket)
            }
            Err(reason) => {
                self.turned_away(reason).await;
                None
            }
        }
    }

    /// What attacker `number` shows.
    pub(super) async fn credential(&self, number: u32) -> Option<Credential> {
        match self.tickets.credential(number, "mallory").await {
            Ok(credential) => Some(credential),
            Err(error) => {
                self.done.is_void(error.to_string());
                sleep(TURNED_AWAY).await;
                None
            }
        }
    }

    /// A member of the witness's room, or of another if that is full; `None` after a pause if it is in none.
    pub(super) async fn member(&self, number: u32) -> Option<(Incoming, Outgoing, Joined)> {
        for target in [RoomTarget::Room(self.room), self.wire.open_room()] {
            let credential = self.credential(number).await?;
            let mut socket = self.connect().await?;
            match socket.enter(&self.wire, credential, Some(target)).await {
                Ok(joined) => {
                    add(&self.done.joins, 1);
                    return Some((socket.incoming, socket.outgoing, joined));
                }
                Err(reason) if reason == "full" => self.done.ended(reason),
                Err(reason) => {
                    self.turned_away(reason).await;
                    return None;
                }
            }
        }
        sleep(TURNED_AWAY).await;
        None
    }

    /// Writes, and counts it. `None`: the connection has ended.
    pub(super) async fn write(&self, to: &mut Outgoing, bytes: &[u8]) -> Option<()> {
        to.write(bytes).await.ok()?;
        add(&self.done.writes, 1);
        add(&self.done.bytes, bytes.len() as u64);
        Some(())
    }

    /// Notes the reason and waits a little.
    pub(super) async fn turned_away(&self, reason: String) {
        self.done.ended(reason);
        sleep(TURNED_AWAY).await;
    }
}
