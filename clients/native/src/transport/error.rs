//! Why there is no connection, and how one ended.

use core::time::Duration;
use std::path::PathBuf;

/// How a link ended.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LinkEnd {
    /// The server closed it, with this code if it gave one.
    #[error("closed by the server ({code:?}) {text}")]
    Closed {
        /// The close code.
        code: Option<u16>,
        /// The server's reason, for people; may be empty.
        text: String,
    },
    /// It broke.
    #[error("{0}")]
    Broken(String),
    /// A simulated network cut it.
    #[error("cut by the simulated network")]
    Cut,
}

impl LinkEnd {
    /// The close code; 1006 where there is none.
    #[must_use]
    pub fn code(&self) -> u16 {
        match self {
            Self::Closed { code: Some(code), .. } => *code,
            Self::Closed { code: None, .. } | Self::Broken(_) | Self::Cut => 1006,
        }
    }
}

/// Why there is no connection.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// No server answers at the address.
    #[error("no server answers at {address}: {problem}")]
    Unreachable {
        /// The address.
        address: String,
        /// The system's error.
        problem: String,
    },
    /// This process has no more file descriptors.
    #[error("too many open files: raise the limit with `ulimit -n`, or make fewer connections")]
    TooManyFiles,
    /// This machine has no more free ports for the source addresses.
    #[error("no free port is left at the source address: use more source addresses")]
    NoFreePort,
    /// The server answered the upgrade with another status.
    #[error("HTTP {status}: {}", if text.is_empty() { "no WebSocket is offered there" } else { text })]
    Http {
        /// The status.
        status: u16,
        /// The server's text, for people; may be empty.
        text: String,
        /// When to try again, if the server said so.
        retry_after: Option<Duration>,
    },
    /// The server's certificate is not trusted, or the two ends have no version of TLS in common.
    #[error("the TLS handshake failed: {0}")]
    Tls(String),
    /// The WebSocket handshake failed, or the connection ended in a handshake.
    #[error("the handshake failed: {0}")]
    Handshake(String),
    /// It took too long.
    #[error("the connection took too long")]
    TimedOut,
}

impl ConnectError {
    /// The reason for programs: lower-case words with underscores.
    #[must_use]
    pub fn reason(&self) -> String {
        match self {
            Self::Unreachable { .. } => "unreachable".into(),
            Self::TooManyFiles => "too_many_files".into(),
            Self::NoFreePort => "no_free_port".into(),
            Self::Http { status, .. } => format!("http_{status}"),
            Self::Tls(_) => "tls".into(),
            Self::Handshake(_) => "handshake".into(),
            Self::TimedOut => "connect_timeout".into(),
        }
    }

    /// How long the server asks to wait before the next attempt, or zero; `None` if no attempt can help.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            // 429 and above are about load. The others are answers to this very request.
            Self::TooManyFiles | Self::Tls(_) | Self::Http { status: 400..=428, .. } => None,
            Self::Http { retry_after, .. } => Some(retry_after.unwrap_or_default()),
            Self::Unreachable { .. } | Self::NoFreePort | Self::Handshake(_) | Self::TimedOut => {
                Some(Duration::ZERO)
            }
        }
    }
}

/// Why there are no certificates to trust.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// A file cannot be used: its path, and what is wrong with it.
    #[error("{path}: {1}", path = .0.display())]
    File(PathBuf, String),
    /// The system trusts no certificates; with the faults of those that it has.
    #[error(
        "this system trusts no certificates{0}: install the package ca-certificates, \
         or give --ca FILE"
    )]
    NoneTrusted(String),
    /// The program was built without the feature `tls`.
    #[error("this program was built without TLS: only ws:// is possible")]
    NotBuilt,
    /// The TLS library refuses them, with its text.
    #[error("{0}")]
    Library(String),
}

/// The longest text from a server that is shown, characters.
const TEXT_CHARS_MAX: usize = 300;

/// A server's text as one line without control characters, so that no terminal takes it for commands.
pub(super) fn plain(text: &str) -> String {
    let words =
        text.split(|sign: char| sign.is_control() || sign.is_whitespace()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(" ").chars().take(TEXT_CHARS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn http(status: u16, retry_after: Option<Duration>) -> ConnectError {
        ConnectError::Http { status, text: String::new(), retry_after }
    }

    #[test]
    fn an_answer_about_load_is_worth_another_attempt_and_one_about_the_request_is_not() {
        let wait = Duration::from_secs(7);
        assert_eq!(http(429, Some(wait)).retry_after(), Some(wait));
        assert_eq!(http(503, None).retry_after(), Some(Duration::ZERO));
        assert_eq!(http(404, Some(wait)).retry_after(), None);
        assert_eq!(ConnectError::Tls("a stranger".into()).retry_after(), None);
        assert_eq!(ConnectError::TimedOut.retry_after(), Some(Duration::ZERO));
    }

    #[test]
    fn a_text_from_a_server_is_one_line_that_no_terminal_obeys() {
        assert_eq!(plain("full;\u{1b}[2J\n try\tlater "), "full; [2J try later");
        assert_eq!(plain(&"x".repeat(1_000)).len(), TEXT_CHARS_MAX);
    }
}
