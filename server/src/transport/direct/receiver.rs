//! A room's reading from its members' sockets.

use super::lease::Outcome;
use super::reading::Reading;
use super::shared_socket::Handle;
use tokio::time::Instant;

/// Reads from the sockets of a room's members, tick by tick.
#[derive(Debug)]
pub(crate) struct Receiver {
    reading: Reading,
    /// Sockets from which the sessions have to read.
    sessions: Vec<Handle>,
}

impl Receiver {
    pub(crate) fn new() -> Self {
        Self { reading: Reading::new(), sessions: Vec::new() }
    }

    /// Starts a tick.
    pub(crate) fn begin(&mut self, now: Instant) {
        self.reading.begin(now);
    }

    /// Reads what arrived, and hands each message to `take`; at intervals with the time of arrival.
    pub(crate) fn receive_ready(&mut self, handle: &Handle, take: impl FnMut(Option<Instant>, &[u8])) {
        if handle.receive_ready(&mut self.reading, take) == Outcome::Session {
            self.sessions.push(handle.clone());
        }
    }

    /// Wakes the sessions that have to read. What they deliver must come after what the room itself has read.
    pub(crate) fn let_sessions_read(&mut self) {
        for handle in self.sessions.drain(..) {
            handle.request();
        }
    }
}
