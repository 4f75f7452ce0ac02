//! What a room has received from its members' sockets at the start of a tick, until it is decoded.

use tickwire_shared::id::MemberId;
use tokio::time::Instant;

/// Memory for messages that a room keeps from tick to tick.
const KEPT_BYTES: usize = 16 * 1024;

/// Messages in the order in which they were read. All sockets are read before the first message is decoded,
/// for the reason given at [`Frames`](crate::transport::frame::Frames).
#[derive(Debug, Default)]
pub(super) struct ReceivedMessages {
    bytes: Vec<u8>,
    messages: Vec<Message>,
}

/// A message; it ends where the next one starts.
#[derive(Clone, Copy, Debug)]
struct Message {
    member: MemberId,
    at: Option<Instant>,
    start: usize,
}

impl ReceivedMessages {
    /// Adds a member's message, with the time of its arrival if that is known.
    pub(super) fn push(&mut self, member: MemberId, at: Option<Instant>, message: &[u8]) {
        self.messages.push(Message { member, at, start: self.bytes.len() });
        self.bytes.extend_from_slice(message);
    }

    /// The messages, with their members and times.
    pub(super) fn iter(&self) -> impl Iterator<Item = (MemberId, Option<Instant>, &[u8])> {
        let ends = self.messages.iter().skip(1).map(|next| next.start).chain([self.bytes.len()]);
        self.messages.iter().zip(ends).map(|(message, end)| {
            (message.member, message.at, self.bytes.get(message.start..end).unwrap_or_default())
        })
    }

    /// Drops all messages.
    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        self.bytes.shrink_to(KEPT_BYTES);
        self.messages.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_come_out_as_they_went_in() {
        let mut received = ReceivedMessages::default();
        for _ in 0..2 {
            for (member, message) in [(1, &b"one"[..]), (1, b""), (2, b"two")] {
                received.push(MemberId(member), None, message);
            }
            let out: Vec<_> = received.iter().map(|(member, _, message)| (member.0, message)).collect();
            assert_eq!(out, [(1, &b"one"[..]), (1, b""), (2, b"two")]);
            received.clear();
            assert_eq!(received.iter().count(), 0);
        }
    }
}
