//! What one room thread is doing, for the watchdog to see.

use crate::room_port::RoomPort;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;
use tickwire_shared::id::RoomId;
use tickwire_shared::tick::Tick;
use tickwire_shared::wire::control::GameName;
use tracing::Span;

/// The span around everything that a room does. At the level of errors, so that each line has it which is
/// logged at all.
pub(crate) fn room_span(id: RoomId, game: &GameName) -> Span {
    tracing::error_span!(parent: None, "room", %id, %game)
}

/// Whose code a thread runs.
#[derive(Clone)]
pub(crate) enum Subject {
    /// A room after this tick.
    Room(Arc<dyn RoomPort>, Tick),
    /// A room being made.
    Making(GameName, RoomId),
}

impl Subject {
    pub(super) fn game(&self) -> &GameName {
        match self {
            Self::Room(port, _) => port.game(),
            Self::Making(game, _) => game,
        }
    }

    pub(super) fn room(&self) -> RoomId {
        match self {
            Self::Room(port, _) => port.id(),
            Self::Making(_, id) => *id,
        }
    }

    /// 0 while the room is being made.
    pub(super) fn tick(&self) -> Tick {
        match self {
            Self::Room(_, tick) => *tick,
            Self::Making(..) => Tick(0),
        }
    }

    pub(super) fn port(&self) -> Option<&dyn RoomPort> {
        match self {
            Self::Room(port, _) => Some(&**port),
            Self::Making(..) => None,
        }
    }
}

impl fmt::Debug for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.game(), self.room(), self.tick())
    }
}

/// What one thread does, for the watchdog and the pool to see.
#[derive(Debug, Default)]
pub(super) struct Worker(Mutex<WorkerState>);

/// The job at hand, and what the watchdog saw of it.
#[derive(Debug, Default)]
pub(super) struct WorkerState {
    /// `None` while the thread waits.
    pub(super) subject: Option<Subject>,
    /// How many beats of the watchdog have seen the subject.
    pub(super) beats: u32,
    /// When the first of them was.
    pub(super) seen_at: Option<Instant>,
    /// The thread belongs to the subject: another one replaces it in the pool.
    pub(super) apart: bool,
}

impl Worker {
    pub(super) fn state(&self) -> MutexGuard<'_, WorkerState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn begin(&self, subject: Subject) {
        let mut state = self.state();
        state.subject = Some(subject);
        state.beats = 0;
        state.seen_at = None;
    }

    /// The subject is done: clears the state and returns it.
    pub(super) fn end(&self) -> WorkerState {
        let mut state = self.state();
        let apart = state.apart;
        std::mem::replace(&mut *state, WorkerState { apart, ..WorkerState::default() })
    }
}
