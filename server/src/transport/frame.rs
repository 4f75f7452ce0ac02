//! The head of a WebSocket frame that contains a whole binary message of a server.

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
