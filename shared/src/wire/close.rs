//! The table of close codes: why a session ends and what its client should do. `docs/protocol.md` contains
//! the same table.

use super::Text;
use crate::coding::DecodeError;
use crate::limits::CLOSE_TEXT_BYTES_MAX;
use core::fmt;
use serde::{Deserialize, Serialize};

/// What a client should do after its session was closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Advice {
    /// Nothing: the session ended normally, or trying again cannot help.
    Stop,
    /// Connect again after this many milliseconds, as a new session.
    RetryAfter(u32),
    /// Connect again and present the resume secret.
    Resume,
    /// Get a new ticket, then connect again.
    Reauthenticate,
    /// Get a newer client or server: the two are incompatible.
    Upgrade,
}

impl fmt::Display for Advice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stop => write!(f, "do not try again"),
            Self::RetryAfter(ms) => write!(f, "try again after {ms} ms"),
            Self::Resume => write!(f, "connect again and resume"),
            Self::Reauthenticate => write!(f, "authenticate again"),
            Self::Upgrade => write!(f, "get a matching version"),
        }
    }
}

macro_rules! close_table {
    ($($(#[doc = $doc:literal])+ $name:ident = $code:literal, $reason:literal, $advice:expr;)+) => {
        /// Why a session ended. The numbers are WebSocket close codes.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "u16", into = "u16")]
        pub enum CloseCode { $($(#[doc = $doc])+ $name,)+ }

        impl CloseCode {
            /// Every code, in ascending order.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// The WebSocket close code.
            #[must_use]
            pub const fn code(self) -> u16 {
                match self { $(Self::$name => $code,)+ }
            }

            /// The machine-readable reason: lower-case words with underscores, stable across versions.
            #[must_use]
            pub const fn reason(self) -> &'static str {
                match self { $(Self::$name => $reason,)+ }
            }

            /// What the client should do if the `Close` message does not say otherwise.
            #[must_use]
            pub const fn advice(self) -> Advice {
                match self { $(Self::$name => $advice,)+ }
            }

            /// The code with this number.
            #[must_use]
            pub const fn from_code(code: u16) -> Option<Self> {
                match code { $($code => Some(Self::$name),)+ _ => None }
            }
        }
    };
}

close_table! {
    /// The session ended normally.
    Normal = 1000, "normal", Advice::Stop;
    /// The server is going away.
    GoingAway = 1001, "going_away", Advice::RetryAfter(2_000);
    /// The client violated the WebSocket protocol.
    Protocol = 1002, "protocol_error", Advice::Stop;
    /// A text message arrived; only binary messages are supported.
    TextMessage = 1003, "text_message", Advice::Stop;
    /// A text or close frame contained invalid UTF-8.
    BadUtf8 = 1007, "bad_utf8", Advice::Stop;
    /// A rule of the server was violated.
    Policy = 1008, "policy", Advice::Stop;
    /// A message was longer than the limit.
    TooBig = 1009, "too_big", Advice::Stop;
    /// The room or the server failed.
    Internal = 1011, "internal_error", Advice::RetryAfter(5_000);
    /// The server is restarting.
    Restart = 1012, "restart", Advice::RetryAfter(2_000);
    /// The server is full or overloaded.
    TryLater = 1013, "try_later", Advice::RetryAfter(10_000);
    /// A message has an unknown tag.
    UnknownMessage = 4001, "unknown_message", Advice::Upgrade;
    /// A message could not be decoded, or arrived out of order.
    DecodeError = 4002, "decode_error", Advice::Upgrade;
    /// The request needs an authenticated session.
    NotAuthenticated = 4003, "not_authenticated", Advice::Reauthenticate;
    /// The ticket was refused.
    AuthFailed = 4004, "auth_failed", Advice::Reauthenticate;
    /// The session has joined a room already.
    AlreadyJoined = 4005, "already_joined", Advice::Stop;
    /// A newer session took this player's seat.
    Replaced = 4006, "replaced", Advice::Stop;
    /// The resume secret is unknown or has expired.
    BadResume = 4007, "bad_resume", Advice::RetryAfter(0);
    /// More messages or bytes arrived than are permitted.
    RateLimited = 4008, "rate_limited", Advice::RetryAfter(5_000);
    /// The client was silent for too long.
    Timeout = 4009, "timeout", Advice::Resume;
    /// There is no such room, or it was closed.
    NoSuchRoom = 4010, "no_such_room", Advice::RetryAfter(0);
    /// The room is full.
    Full = 4011, "full", Advice::RetryAfter(1_000);
    /// The protocol version, the game or its schema does not match.
    Mismatch = 4012, "version_or_schema", Advice::Upgrade;
    /// The client did not keep up with the server's messages.
    TooSlow = 4013, "too_slow", Advice::Resume;
    /// The operator or the game removed the player.
    Kicked = 4014, "kicked", Advice::Stop;
    /// The member was idle for too long.
    Idle = 4015, "idle", Advice::Stop;
    /// The room is private: its password or an invitation is missing, wrong or used up.
    PassNeeded = 4016, "pass_needed", Advice::Stop;
}

impl fmt::Display for CloseCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.code(), self.reason())
    }
}

impl DecodeError {
    /// The close code for this error.
    #[must_use]
    pub const fn close_code(self) -> CloseCode {
        match self {
            Self::UnknownTag => CloseCode::UnknownMessage,
            Self::TooBig => CloseCode::TooBig,
            _ => CloseCode::DecodeError,
        }
    }
}

impl From<CloseCode> for u16 {
    fn from(code: CloseCode) -> u16 {
        code.code()
    }
}

impl TryFrom<u16> for CloseCode {
    type Error = UnknownCloseCode;
    fn try_from(code: u16) -> Result<Self, UnknownCloseCode> {
        Self::from_code(code).ok_or(UnknownCloseCode(code))
    }
}

/// A number that is not a close code of this protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} is not a close code of this protocol")]
pub struct UnknownCloseCode(pub u16);

/// Why and how a session is closed: the code, the advice, and a text for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Close {
    /// The close code.
    pub code: CloseCode,
    /// What the client should do.
    pub advice: Advice,
    /// What exactly happened and how to fix it, for people. May be empty.
    pub text: Text<CLOSE_TEXT_BYTES_MAX>,
}

impl Close {
    /// A close with the table's advice. A `text` over its limit is cut at a character boundary.
    #[must_use]
    pub fn new(code: CloseCode, text: &str) -> Self {
        Self { code, advice: code.advice(), text: Text::cut(text) }
    }
}

impl From<CloseCode> for Close {
    fn from(code: CloseCode) -> Self {
        Self::new(code, "")
    }
}

impl fmt::Display for Close {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.code)?;
        if !self.text.is_empty() {
            write!(f, ": {}", self.text)?;
        }
        write!(f, " ({})", self.advice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_complete_and_its_reasons_differ() {
        let mut reasons: Vec<_> = CloseCode::ALL.iter().map(|code| code.reason()).collect();
        reasons.sort_unstable();
        reasons.dedup();
        assert_eq!(reasons.len(), CloseCode::ALL.len());
        for &code in CloseCode::ALL {
            assert_eq!(CloseCode::from_code(code.code()), Some(code));
            assert!(CloseCode::ALL.is_sorted());
        }
        assert_eq!(CloseCode::from_code(1006), None);
    }
}
