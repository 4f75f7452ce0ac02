//! Why bytes from the other end were refused.

/// The bytes are not a message of the protocol. Each variant maps to one close code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// The message ends before it is complete.
    #[error("the message ends too early")]
    Truncated,
    /// There are bytes or bits after the end of the message.
    #[error("there are bytes after the end of the message")]
    Leftover,
    /// The first byte, or the number of a control message, is not that of a message of this version.
    #[error("no message has this tag")]
    UnknownTag,
    /// A number, text or list is outside its limits.
    #[error("a number, text or list is outside its limits (docs/protocol.md, sections 2 and 3)")]
    OutOfRange,
    /// A collection or a text is longer than its limit.
    #[error("a collection or text is longer than its limit")]
    TooMany,
    /// A text is not valid UTF-8 or contains control characters.
    #[error("a text is not valid")]
    BadText,
    /// A value is not in its only legal form.
    #[error("a value is not in its only legal form")]
    NotCanonical,
    /// An entity is removed, changed or spawned in conflict with the baseline.
    #[error("the snapshot contradicts its baseline")]
    BadSnapshot,
    /// The receiver does not have the baseline of the snapshot.
    #[error("the snapshot's baseline is unknown")]
    UnknownBaseline,
    /// The message is longer than the limit for any message.
    #[error("the message is longer than permitted")]
    TooBig,
}
