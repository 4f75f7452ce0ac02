//! What a room needs for reading from its members' sockets.

use super::shared_socket::Handle;
use crate::transport::inbound::Inbound;
use std::time::{Duration, SystemTime};
use tokio::time::Instant;

/// The time of a tick's reading, by both clocks, and working memory.
#[derive(Debug)]
pub(crate) struct Receiver {
    pub(super) now: Instant,
    before: Instant,
    /// Time since the Unix epoch at `now`; only its distance from stamps of the last tick or so matters.
    pub(super) wall: Duration,
    pub(super) control: Vec<u8>,
    /// Where messages are read. All connections share it, so that it stays in the processor's cache.
    pub(super) inbound: Inbound,
    /// Sockets from which the sessions have to read.
    sessions: Vec<Handle>,
}

impl Receiver {
    pub(crate) fn new() -> Self {
        let now = Instant::now();
        Self {
            now,
            before: now,
            wall: Duration::ZERO,
            control: Vec::new(),
            inbound: Inbound::default(),
            sessions: Vec::new(),
        }
    }

    /// Starts a tick.
    pub(crate) fn begin(&mut self, now: Instant) {
        self.before = std::mem::replace(&mut self.now, now);
        self.wall = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    }

    /// When something with this stamp arrived: not before the last reading, which would have found it.
    pub(super) fn arrival(&self, stamp: Duration) -> Instant {
        let age = self.wall.saturating_sub(stamp);
        self.now.checked_sub(age).map_or(self.before, |at| at.max(self.before))
    }

    pub(super) fn leave_to_session(&mut self, handle: Handle) {
        self.sessions.push(handle);
    }

    /// Wakes the sessions that have to read. What they deliver must come after what the room itself has read.
    pub(crate) fn let_sessions_read(&mut self) {
        for handle in self.sessions.drain(..) {
            handle.request();
        }
    }
}
