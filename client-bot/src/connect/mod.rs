//! How bots reach a server. A bot knows only whole binary messages; [`Connect`] and [`Link`] hide what
//! carries them.

mod address;
mod channel;
mod source;
mod tls;
mod url;
mod websocket;

pub use address::Addresses;
pub use channel::ChannelLink;
pub use source::Sources;
pub use tls::{MaybeTls, TlsError, TlsRoots};
pub use url::{Url, UrlError};
pub use websocket::{WebSocketConnect, WebSocketLink};

use bytes::Bytes;
use core::future::Future;
use core::task::{Context, Poll};
use core::time::Duration;

/// Makes connections to one server.
pub trait Connect: Send + Sync + 'static {
    /// A connection.
    type Link: Link;

    /// A new connection for bot number `bot`.
    fn connect(&self, bot: u32) -> impl Future<Output = Result<Self::Link, ConnectError>> + Send;
}

/// A connection that carries whole messages in order.
pub trait Link: Send + Unpin + 'static {
    /// The next message from the server. After an error the link has ended.
    fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Result<Bytes, LinkEnd>>;

    /// Takes a message. Call only after [`Link::poll_flush`] was ready, so that at most one message waits
    /// here.
    ///
    /// # Errors
    /// The link has ended.
    fn send(&mut self, message: Vec<u8>) -> Result<(), LinkEnd>;

    /// Moves waiting data towards the server; ready when another message can be taken.
    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), LinkEnd>>;

    /// How late this link itself delivered the last message.
    fn lateness(&self) -> Duration {
        Duration::ZERO
    }
}

/// How a link ended.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
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
    /// The simulated network cut it.
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
    #[error("too many open files: raise the limit with `ulimit -n`, or use fewer bots")]
    TooManyFiles,
    /// This machine has no more free ports for the source addresses.
    #[error("no free port is left at the source address: give more addresses with --sources")]
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
    /// The TLS or WebSocket handshake failed.
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
            Self::Handshake(_) => "handshake".into(),
            Self::TimedOut => "connect_timeout".into(),
        }
    }
}

/// The longest text from a server that is shown, characters.
const TEXT_CHARS_MAX: usize = 300;

/// A server's text as one line without control characters, so that no terminal takes it for commands.
fn plain(text: &str) -> String {
    let words =
        text.split(|sign: char| sign.is_control() || sign.is_whitespace()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(" ").chars().take(TEXT_CHARS_MAX).collect()
}
