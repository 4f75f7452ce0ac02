//! A WebSocket frame that contains a whole binary message of a server.

/// The most bytes of a head.
pub(super) const HEAD_BYTES_MAX: usize = 10;

/// The head of a frame.
///
/// ```text
/// byte 0   0x82: a whole binary message, not masked
/// byte 1   the length if below 126; 126, then 16 bits, big-endian; or 127, then 64 bits
/// ```
#[derive(Clone, Copy, Debug)]
pub(super) struct Head {
    bytes: [u8; HEAD_BYTES_MAX],
    used: usize,
}

impl Head {
    /// The head before a message of `message_bytes`.
    pub(super) fn of(message_bytes: usize) -> Self {
        let length = (message_bytes as u64).to_be_bytes();
        let [.., high, low] = length;
        match message_bytes {
            0..126 => Self { bytes: [0x82, low, 0, 0, 0, 0, 0, 0, 0, 0], used: 2 },
            126..0x1_0000 => Self { bytes: [0x82, 126, high, low, 0, 0, 0, 0, 0, 0], used: 4 },
            _ => {
                let [a, b, c, d, e, f, g, h] = length;
                Self { bytes: [0x82, 127, a, b, c, d, e, f, g, h], used: 10 }
            }
        }
    }

    /// Its bytes.
    pub(super) fn bytes(&self) -> &[u8] {
        self.bytes.get(..self.used).unwrap_or_default()
    }
}

/// Frames that wait to be written, in one buffer. Each has a number that says where it goes.
///
/// A room writes all of a tick's updates before it sends the first one. If it sent each at once, its code and
/// the kernel's would drive each other out of the processor's cache, once per client.
#[derive(Debug, Default)]
pub(crate) struct Frames {
    bytes: Vec<u8>,
    list: Vec<Queued>,
}

/// Where a frame and its message are in the buffer: `start`, `message`, `end`.
#[derive(Clone, Copy, Debug)]
struct Queued {
    to: usize,
    start: usize,
    message: usize,
    end: usize,
}

/// One of the frames.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Frame<'a> {
    /// The whole frame.
    pub(crate) bytes: &'a [u8],
    /// The message in it.
    pub(crate) message: &'a [u8],
}

impl Frames {
    /// Adds a message as a frame for the receiver with the number `to`.
    pub(crate) fn push(&mut self, to: usize, message: &[u8]) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(Head::of(message.len()).bytes());
        let at = self.bytes.len();
        self.bytes.extend_from_slice(message);
        self.list.push(Queued { to, start, message: at, end: self.bytes.len() });
    }

    /// The frames with their receivers, in the order in which they were added.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (usize, Frame<'_>)> {
        let bytes = |from, to| self.bytes.get(from..to).unwrap_or_default();
        self.list.iter().map(move |at| {
            (at.to, Frame { bytes: bytes(at.start, at.end), message: bytes(at.message, at.end) })
        })
    }

    /// The bytes of all frames.
    pub(crate) fn len_bytes(&self) -> usize {
        self.bytes.len()
    }

    /// Whether there is none.
    pub(crate) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Drops all frames, and memory beyond `kept_bytes`.
    pub(crate) fn clear(&mut self, kept_bytes: usize) {
        self.bytes.clear();
        self.bytes.shrink_to(kept_bytes);
        self.list.clear();
    }
}
