//! WebSocket frames as far as a load generator needs them (RFC 6455, section 5.2).
//!
//! ```text
//! byte 0    FIN and opcode
//! byte 1    mask bit, length (126: 2 bytes follow; 127: 8 bytes follow)
//! [2 or 8]  length, big endian
//! [4]       mask, from a client only
//! ```

/// The opcode of a fragment after the first one.
pub(crate) const CONTINUATION: u8 = 0;
/// The opcode of a binary message.
pub(crate) const BINARY: u8 = 2;
/// The opcode of a close frame.
pub(crate) const CLOSE: u8 = 8;
/// The opcode of a ping.
pub(crate) const PING: u8 = 9;
/// The opcode of a pong.
pub(crate) const PONG: u8 = 10;

const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// One frame as a server writes it: unmasked.
pub(crate) fn from_server(payload: &[u8]) -> Vec<u8> {
    let mut frame = head(BINARY, 0, payload.len());
    frame.extend_from_slice(payload);
    frame
}

/// One frame as a client writes it: masked.
pub(crate) fn from_client(opcode: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = head(opcode, 0x80, payload.len());
    frame.extend_from_slice(&MASK);
    frame.extend(payload.iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    frame
}

fn head(opcode: u8, mask_bit: u8, length: usize) -> Vec<u8> {
    let mut frame = Vec::with_capacity(length + 14);
    frame.push(0x80 | opcode);
    match length {
        0..126 => frame.push(mask_bit | length as u8),
        126..65_536 => {
            frame.push(mask_bit | 126);
            frame.extend_from_slice(&(length as u16).to_be_bytes());
        }
        _ => {
            frame.push(mask_bit | 127);
            frame.extend_from_slice(&(length as u64).to_be_bytes());
        }
    }
    frame
}

/// A frame of a server.
pub(crate) struct Frame<'a> {
    pub(crate) opcode: u8,
    /// The message ends with this frame.
    pub(crate) last: bool,
    pub(crate) payload: &'a [u8],
    /// Bytes of the whole frame.
    pub(crate) bytes: usize,
}

/// The first frame of `bytes`. `None` until it is whole.
pub(crate) fn first(bytes: &[u8]) -> Option<Frame<'_>> {
    let head = bytes.first()?;
    let short = usize::from(*bytes.get(1)? & 0x7f);
    let (length, start): (usize, usize) = match short {
        126 => (usize::from(u16::from_be_bytes(bytes.get(2..4)?.try_into().ok()?)), 4),
        127 => (u64::from_be_bytes(bytes.get(2..10)?.try_into().ok()?) as usize, 10),
        short => (short, 2),
    };
    let end = start.checked_add(length)?;
    let payload = bytes.get(start..end)?;
    Some(Frame { opcode: head & 0x0f, last: head & 0x80 != 0, payload, bytes: end })
}
