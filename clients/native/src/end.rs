//! Why a connection was not started, why it was cut, and how it ended.

use crate::limits::{EVENTS_MAX, JOIN_TIMEOUT, SILENCE_MAX};
use crate::transport::{ConnectError, LinkEnd, TlsError, UrlError};
use core::time::Duration;
use std::io;
use tickwire_shared::wire::control::Target;
use tickwire_shared::wire::{Advice, Close, CloseCode};

/// Why nothing was started. Trying again cannot help.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The text is not the URL of a server.
    #[error(transparent)]
    Url(#[from] UrlError),
    /// There are no certificates to trust.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The system gives no thread.
    #[error("no thread for the connection: {0}")]
    Thread(io::Error),
}

/// Why there is no session, or no longer one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Cause {
    /// There is no connection: no server answers, it refuses over HTTP, or the two do not agree on TLS.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The server ended the session, or the client could not read its server. With the server's text and
    /// advice.
    #[error("{0}")]
    Closed(Close),
    /// The connection broke without a close reason.
    #[error("the connection was lost: {0}")]
    Link(#[from] LinkEnd),
    /// The server did not let the client into a room in time.
    #[error("the server answered, but let nobody into a room within {} s", JOIN_TIMEOUT.as_secs())]
    JoinTimeout,
    /// There was no ticket to join with.
    #[error("no ticket: {0}")]
    NoTicket(String),
    /// The server sent nothing for too long.
    #[error("the server has been silent for {} s", SILENCE_MAX.as_secs())]
    Silent,
    /// The program does not take its events. None is ever dropped silently.
    #[error("more than {EVENTS_MAX} events wait to be taken")]
    EventsNotTaken,
}

impl Cause {
    /// How long the server asks to wait before the next attempt, or zero; `None` if no attempt can help.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Connect(error) => error.retry_after(),
            Self::Closed(close) => retry_after(close.advice),
            Self::Link(_) | Self::JoinTimeout | Self::Silent => Some(Duration::ZERO),
            Self::EventsNotTaken | Self::NoTicket(_) => None,
        }
    }

    /// As [`Cause::retry_after`], for a client that wants to be in `target`. Another room would do where a
    /// match was asked for, but a room that was named does not come back.
    pub(crate) fn retry_in(&self, target: &Target) -> Option<Duration> {
        match (self, target) {
            (Self::Closed(close), Target::Room(_)) if close.code == CloseCode::NoSuchRoom => None,
            _ => self.retry_after(),
        }
    }
}

/// How long a server with this advice asks to wait before the next attempt, or zero; `None` if no attempt can
/// help.
#[must_use]
pub fn retry_after(advice: Advice) -> Option<Duration> {
    match advice {
        Advice::Resume => Some(Duration::ZERO),
        Advice::RetryAfter(ms) => Some(Duration::from_millis(ms.into())),
        Advice::Stop | Advice::Reauthenticate | Advice::Upgrade => None,
    }
}

/// How a connection ended permanently.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum End {
    /// This program left. The server gave the seat up, if it could be reached.
    #[error("left")]
    Left,
    /// Its task was dropped, or panicked. The server holds the seat for its time of grace.
    #[error("the connection's task has stopped")]
    Stopped,
    /// It failed, and trying again cannot help, or was tried often enough.
    #[error(transparent)]
    Failed(#[from] Cause),
}

#[cfg(test)]
mod tests {
    use super::*;
    use tickwire_shared::id::RoomId;
    use tickwire_shared::wire::control::Options;

    #[test]
    fn the_servers_advice_decides_whether_and_when_to_try_again() {
        let after = |code: CloseCode| Cause::Closed(code.into()).retry_after();
        assert_eq!(after(CloseCode::Full), Some(Duration::from_secs(1)));
        assert_eq!(after(CloseCode::TooSlow), Some(Duration::ZERO));
        for code in [CloseCode::Kicked, CloseCode::AuthFailed, CloseCode::Mismatch, CloseCode::Normal] {
            assert_eq!(after(code), None, "{code}");
        }
    }

    #[test]
    fn a_room_that_was_named_is_not_waited_for() {
        let gone = Cause::Closed(CloseCode::NoSuchRoom.into());
        assert_eq!(gone.retry_in(&Target::Room(RoomId::from_bits(1))), None);
        assert_eq!(gone.retry_in(&Target::Match(Options::none())), Some(Duration::ZERO));
    }
}
