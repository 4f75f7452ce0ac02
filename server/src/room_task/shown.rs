//! What a room shows to listings. Neither the room nor the reader waits for the other.

use crate::room_port::BytesSent;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU16, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError, TryLockError};
use std::time::Duration;
use tickwire_shared::game::Game;
use tickwire_shared::id::MemberId;
use tickwire_shared::room::Room;
use tickwire_shared::tick::Tick;
use tickwire_shared::wire::control::Options;
use tickwire_shared::{Access, Rewinds};

/// How many members it has or expects, and who may join. Written under the inbox's lock; reading takes no
/// lock.
#[derive(Debug, Default)]
pub(super) struct Counts {
    players: AtomicU16,
    spectators: AtomicU16,
    access: AtomicU8,
    hidden: AtomicBool,
}

impl Counts {
    pub(super) fn set(&self, players: u16, spectators: u16) {
        self.players.store(players, Ordering::Relaxed);
        self.spectators.store(spectators, Ordering::Relaxed);
    }

    pub(super) fn set_access(&self, access: Access) {
        self.access.store(access as u8, Ordering::Relaxed);
    }

    pub(super) fn set_hidden(&self, hidden: bool) {
        self.hidden.store(hidden, Ordering::Relaxed);
    }

    pub(super) fn is_hidden(&self) -> bool {
        self.hidden.load(Ordering::Relaxed)
    }

    pub(super) fn access(&self) -> Access {
        let stored = self.access.load(Ordering::Relaxed);
        [Access::NoMatches, Access::Invited, Access::Locked]
            .into_iter()
            .find(|&access| access as u8 == stored)
            .unwrap_or_default()
    }

    /// Players and spectators.
    pub(super) fn get(&self) -> (u16, u16) {
        (self.players.load(Ordering::Relaxed), self.spectators.load(Ordering::Relaxed))
    }
}

/// What the room publishes once a second.
#[derive(Debug, Default)]
pub(super) struct Numbers {
    pub(super) bytes_sent: BytesSent,
    pub(super) rewinds: Vec<(MemberId, Rewinds)>,
}

/// How often what the game says in listings is published at most.
const METADATA_PERIOD: Duration = Duration::from_millis(250);

/// What the game says in listings, if it changed that.
#[derive(Debug, Default)]
struct Metadata {
    /// How often the game had changed it, and when that was published. Only the room writes and reads it.
    changes: AtomicU32,
    at: AtomicU32,
    options: Mutex<Option<Arc<Options>>>,
}

/// The newest of both. The locks are held only while a handle is copied or exchanged.
#[derive(Debug, Default)]
pub(super) struct Shown {
    numbers: Mutex<Arc<Numbers>>,
    metadata: Metadata,
}

impl Shown {
    pub(super) fn get(&self) -> Arc<Numbers> {
        self.numbers.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What the game says in listings, if it changed that.
    pub(super) fn metadata(&self) -> Option<Arc<Options>> {
        self.metadata.options.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Publishes what the game says in listings if it has changed, not too often. A reader never holds the
    /// lock for longer than it takes to copy a handle.
    pub(super) fn update_metadata<G: Game>(&self, room: &Room<G>) {
        let (changes, tick) = (room.metadata_changes(), room.tick());
        let shown = &self.metadata;
        let published = shown.changes.load(Ordering::Relaxed);
        if changes == published {
            return;
        }
        let since = tick.since(Tick(shown.at.load(Ordering::Relaxed)));
        if published > 0 && since < i64::from(room.config().tick_rate.ticks_ceil(METADATA_PERIOD)) {
            return;
        }
        shown.changes.store(changes, Ordering::Relaxed);
        shown.at.store(tick.0, Ordering::Relaxed);
        let new = room.metadata().cloned().map(Arc::new);
        let old = std::mem::replace(&mut *shown.options.lock().unwrap_or_else(PoisonError::into_inner), new);
        // Dropped outside the lock.
        drop(old);
    }

    /// Publishes new numbers whenever another update was sampled, once a second. If a reader holds the lock
    /// at that moment, the room does not wait and publishes at its next tick.
    pub(super) fn update<G: Game>(&self, room: &Room<G>) {
        let Some(sampled) = room.byte_profile() else { return };
        let mut shown = match self.numbers.try_lock() {
            Ok(shown) => shown,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return,
        };
        if shown.bytes_sent.sampled.messages() == sampled.messages() {
            return;
        }
        let (updates, update_bytes) = (room.stats().updates, room.stats().update_bytes);
        let new = Arc::new(Numbers {
            bytes_sent: BytesSent { updates, update_bytes, sampled: sampled.clone() },
            rewinds: room.rewinds().map(|(member, _, rewinds)| (member, rewinds)).collect(),
        });
        let old = std::mem::replace(&mut *shown, new);
        // Dropped outside the lock.
        drop((shown, old));
    }
}
