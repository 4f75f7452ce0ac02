//! The leak audit: counts of what is alive, which must be zero when everything has ended.
//!
//! Whatever lives adds an entry and removes it when it is dropped, so a count that stays above zero is a
//! leak. Only rare things are counted, none per message.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::Notify;

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Audited {
    /// A room, until its last holder drops it.
    Room,
    /// A room's task.
    Task,
    /// A timer of a room or of a playing session.
    Timer,
    /// A session.
    Session,
    /// A session's seat in a room.
    Member,
    /// A session's slot, with the bytes in it.
    Slot,
}

const KINDS: usize = 6;

/// The counts of one server.
#[derive(Debug, Default)]
pub(crate) struct LeakAudit {
    counts: [AtomicUsize; KINDS],
    /// Notified whenever a count falls to zero.
    fell: Notify,
}

impl LeakAudit {
    fn count_of(&self, kind: Audited) -> &AtomicUsize {
        match self.counts.get(kind as usize) {
            Some(count) => count,
            None => unreachable!("a kind is an index by construction"),
        }
    }

    /// Adds one of `kind` until the entry is dropped.
    pub(crate) fn post(self: &Arc<Self>, kind: Audited) -> AuditEntry {
        self.count_of(kind).fetch_add(1, Ordering::AcqRel);
        AuditEntry { leak_audit: self.clone(), kind }
    }

    /// How many of `kind` there are.
    pub(crate) fn count(&self, kind: Audited) -> usize {
        self.count_of(kind).load(Ordering::Acquire)
    }

    /// Waits until nothing is left.
    pub(crate) async fn settled(&self) {
        loop {
            let fell = self.fell.notified();
            tokio::pin!(fell);
            fell.as_mut().enable();
            if self.counts.iter().all(|count| count.load(Ordering::Acquire) == 0) {
                return;
            }
            fell.await;
        }
    }
}

/// One entry of the leak audit.
#[derive(Debug)]
pub(crate) struct AuditEntry {
    leak_audit: Arc<LeakAudit>,
    kind: Audited,
}

impl Drop for AuditEntry {
    fn drop(&mut self) {
        if self.leak_audit.count_of(self.kind).fetch_sub(1, Ordering::AcqRel) == 1 {
            self.leak_audit.fell.notify_waiters();
        }
    }
}

/// The leak audit at one moment. All counts are zero once a server has drained.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Balance {
    /// Rooms.
    pub rooms: usize,
    /// Tasks of rooms.
    pub tasks: usize,
    /// Timers of rooms and of sessions.
    pub timers: usize,
    /// Sessions.
    pub sessions: usize,
    /// Seats in rooms that sessions hold.
    pub members: usize,
    /// Slots.
    pub slots: usize,
    /// Bytes that wait in slots.
    pub queued_bytes: usize,
}

impl LeakAudit {
    /// The counts, plus the bytes that the caller found in the slots.
    pub(crate) fn balance(&self, queued_bytes: usize) -> Balance {
        Balance {
            rooms: self.count(Audited::Room),
            tasks: self.count(Audited::Task),
            timers: self.count(Audited::Timer),
            sessions: self.count(Audited::Session),
            members: self.count(Audited::Member),
            slots: self.count(Audited::Slot),
            queued_bytes,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn it_settles_when_the_last_posting_is_taken_back() {
        let leak_audit = Arc::new(LeakAudit::default());
        let (room, member) = (leak_audit.post(Audited::Room), leak_audit.post(Audited::Member));
        assert_eq!(leak_audit.balance(0), Balance { rooms: 1, members: 1, ..Balance::default() });
        let waiting = tokio::spawn({
            let leak_audit = leak_audit.clone();
            async move { leak_audit.settled().await }
        });
        drop(member);
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        drop(room);
        waiting.await.unwrap();
        assert_eq!(leak_audit.balance(0), Balance::default());
    }
}
