//! Why bytes of the other end were refused.

use super::CloseCode;

/// Bytes that are no message of the protocol. Each maps to one close code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum DecodeError {
    /// The message ends before it is whole.
    #[error("the message ends too early")]
    Truncated,
    /// There are bytes or bits behind the end of the message.
    #[error("there are bytes behind the end of the message")]
    Leftover,
    /// The first byte, or the number of a control message, names no message of this version.
    #[error("no message has this tag")]
    UnknownTag,
    /// A number, text or list is outside its bounds.
    #[error("a number, text or list is outside its bounds (docs/protocol.md, sections 2 and 3)")]
    OutOfRange,
    /// A collection or a text is longer than its bound.
    #[error("a collection or text is longer than its bound")]
    TooMany,
    /// A text is not valid UTF-8 or holds control characters.
    #[error("a text is not valid")]
    BadText,
    /// A value is written in a way that is not its only legal one.
    #[error("a value is not written in its one legal way")]
    NotCanonical,
    /// An entity is removed, changed or spawned against the baseline's content.
    #[error("the snapshot contradicts its baseline")]
    BadSnapshot,
    /// The snapshot names a baseline that is not held.
    #[error("the snapshot's baseline is not known")]
    UnknownBaseline,
    /// The message is longer than any may be.
    #[error("the message is longer than any may be")]
    TooBig,
}

impl DecodeError {
    /// The close code that answers this error.
    #[must_use]
    pub const fn close_code(self) -> CloseCode {
        match self {
            Self::UnknownTag => CloseCode::UnknownMessage,
            Self::TooBig => CloseCode::TooBig,
            _ => CloseCode::DecodeError,
        }
    }
}
