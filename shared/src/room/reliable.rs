//! Reliable events on their way to one client: numbered, bounded, kept until they are acknowledged.

use crate::limits::{RELIABLE_BYTES_MAX, RELIABLE_PER_MESSAGE_MAX, RELIABLE_QUEUE_MAX};
use crate::wire::codec;
use crate::wire::control::ReliableEvent;
use crate::wire::frame::Numbered;
use bytes::Bytes;
use std::collections::VecDeque;

/// The bytes of an event, encoded once for all who get it; `None` if it is too long.
pub(super) fn encode(event: &ReliableEvent) -> Option<Bytes> {
    let bytes = codec::encode(event).ok()?;
    (bytes.len() <= RELIABLE_BYTES_MAX).then(|| bytes.into())
}

/// The events that a client has not acknowledged. The first event has the number 1.
#[derive(Clone, Debug, Default)]
pub(super) struct EventQueue {
    waiting: VecDeque<Bytes>,
    /// The number of the last event that was acknowledged.
    acked: u32,
    /// How many of `waiting` were sent over this connection.
    sent: usize,
    /// An event did not fit: the client can no longer get all of them.
    pub(super) overflowed: bool,
}

impl EventQueue {
    pub(super) fn push(&mut self, event: Bytes) {
        if self.waiting.len() >= RELIABLE_QUEUE_MAX {
            self.overflowed = true;
        } else {
            self.waiting.push_back(event);
        }
    }

    /// The number of the last event that was acknowledged.
    pub(super) fn acked(&self) -> u32 {
        self.acked
    }

    /// Takes an acknowledgement. `false` if it names an event that was never sent.
    #[must_use]
    pub(super) fn ack(&mut self, number: u32) -> bool {
        let Some(done) = number.checked_sub(self.acked) else { return true };
        if done as usize > self.sent {
            return false;
        }
        self.waiting.drain(..done as usize);
        self.sent -= done as usize;
        self.acked = number;
        true
    }

    /// A new connection that has all events up to `received`: the others are sent again. `false` if `received`
    /// is impossible.
    #[must_use]
    pub(super) fn resume(&mut self, received: u32) -> bool {
        let known = received >= self.acked && self.ack(received);
        self.sent = 0;
        known
    }

    /// The next events to send, at most what one message may hold.
    pub(super) fn unsent(&mut self) -> Numbered {
        let items: Vec<_> =
            self.waiting.iter().skip(self.sent).take(RELIABLE_PER_MESSAGE_MAX).cloned().collect();
        if items.is_empty() {
            return Numbered::default();
        }
        let first = self.acked + self.sent as u32 + 1;
        self.sent += items.len();
        Numbered { first, items }
    }

    /// Whether an event waits to be sent.
    pub(super) fn has_unsent(&self) -> bool {
        self.sent < self.waiting.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(n: u8) -> Bytes {
        vec![n].into()
    }

    #[test]
    fn events_are_sent_once_and_again_only_after_a_resume() {
        let mut queue = EventQueue::default();
        (1..=3).for_each(|n| queue.push(event(n)));
        assert_eq!(queue.unsent(), Numbered { first: 1, items: vec![event(1), event(2), event(3)] });
        assert!(!queue.has_unsent());
        assert!(queue.ack(1));
        queue.push(event(4));
        assert_eq!(queue.unsent(), Numbered { first: 4, items: vec![event(4)] });
        assert!(queue.resume(2));
        assert_eq!(queue.unsent(), Numbered { first: 3, items: vec![event(3), event(4)] });
    }

    #[test]
    fn an_impossible_acknowledgement_is_told() {
        let mut queue = EventQueue::default();
        queue.push(event(1));
        assert!(!queue.ack(1), "it was never sent");
        queue.unsent();
        assert!(queue.ack(1));
        assert!(queue.ack(0), "an old acknowledgement says nothing new");
        assert!(!queue.ack(2));
    }

    #[test]
    fn a_full_queue_marks_its_client_instead_of_dropping_in_silence() {
        let mut queue = EventQueue::default();
        (0..RELIABLE_QUEUE_MAX).for_each(|_| queue.push(event(0)));
        assert!(!queue.overflowed);
        queue.push(event(0));
        assert!(queue.overflowed);
        assert_eq!(queue.waiting.len(), RELIABLE_QUEUE_MAX);
    }
}
