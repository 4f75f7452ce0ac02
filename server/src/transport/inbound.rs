//! Reads the short, whole, binary frames of a client in place.
//!
//! Nearly everything that a client sends is such a frame, of some 30 bytes. Anything else is left to
//! tungstenite, including all judgement of frames that break a rule.

use std::ops::Range;

/// A frame that is longer than this, including its head, is left to tungstenite.
const CAPACITY: usize = 512;

/// Bytes that arrived and were not looked at yet.
#[derive(Debug)]
pub(super) struct Inbound {
    bytes: [u8; CAPACITY],
    pending: Range<usize>,
}

/// What is at the front of the bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum NextMessage {
    /// A whole message, unmasked, for [`Inbound::message`].
    Message(Range<usize>),
    /// The beginning of one, or nothing.
    Part,
    /// Something else.
    Other,
}

impl Default for Inbound {
    fn default() -> Self {
        Self { bytes: [0; CAPACITY], pending: 0..0 }
    }
}

impl Inbound {
    /// What is at the front. A message is removed.
    ///
    /// ```text
    /// byte 0    0x82: a whole binary message
    /// byte 1    0x80 (masked) + the length if below 126; 0xfe, then 16 bits, big-endian, of at least 126
    /// 4 bytes   the mask, then the message, each byte i xor mask[i mod 4]
    /// ```
    pub(super) fn take(&mut self) -> NextMessage {
        let pending = self.pending();
        let (head, length) = match *pending {
            [] | [0x82] | [0x82, 0xfe] | [0x82, 0xfe, _] => return NextMessage::Part,
            [0x82, length @ 0x80..0xfe, ..] => (2, usize::from(length & 0x7f)),
            [0x82, 0xfe, high, low, ..] => (4, usize::from(u16::from_be_bytes([high, low]))),
            _ => return NextMessage::Other,
        };
        if head + 4 + length > CAPACITY || (head == 4 && length < 126) {
            return NextMessage::Other;
        }
        let Some((mask, message)) = self
            .bytes
            .get_mut(self.pending.clone())
            .and_then(|pending| pending.get_mut(head..head + 4 + length))
            .and_then(|frame| frame.split_first_chunk_mut::<4>())
        else {
            return NextMessage::Part;
        };
        unmask(message, *mask);
        let start = self.pending.start + head + 4;
        self.pending.start = start + length;
        NextMessage::Message(start..start + length)
    }

    /// The bytes of a message that was just removed.
    pub(super) fn message(&self, at: Range<usize>) -> &[u8] {
        self.bytes.get(at).unwrap_or_default()
    }

    /// The bytes that were not removed.
    pub(super) fn pending(&self) -> &[u8] {
        self.bytes.get(self.pending.clone()).unwrap_or_default()
    }

    /// Drops the pending bytes and starts with these, which must be the pending bytes of
    /// another `Inbound`.
    pub(super) fn start_with(&mut self, pending: &[u8]) {
        self.pending = 0..0;
        let space = self.space();
        let length = pending.len().min(space.len());
        for (to, from) in space.iter_mut().zip(pending) {
            *to = *from;
        }
        self.filled(length);
    }

    /// Where more can be read to. Never empty after [`NextMessage::Part`].
    pub(super) fn space(&mut self) -> &mut [u8] {
        self.bytes.copy_within(self.pending.clone(), 0);
        self.pending = 0..self.pending.len();
        self.bytes.get_mut(self.pending.end..).unwrap_or_default()
    }

    /// This many bytes were read to the front of [`Inbound::space`].
    pub(super) fn filled(&mut self, bytes: usize) {
        self.pending.end = (self.pending.end + bytes).min(CAPACITY);
    }
}

fn unmask(message: &mut [u8], mask: [u8; 4]) {
    for bytes in message.chunks_mut(4) {
        for (byte, mask) in bytes.iter_mut().zip(mask) {
            *byte ^= mask;
        }
    }
}
