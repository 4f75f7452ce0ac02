//! The PROXY protocol: a proxy that passes bare streams on says first for which client. It knows no HTTP.
//!
//! The header is read only from declared proxies, and there it must come: whether it does is never guessed,
//! because a client could then send one of its own.

mod header;

pub(crate) use header::BadHeader;

use core::time::Duration;
use std::io;
use std::net::IpAddr;
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio::time::timeout;

/// How long a proxy has for the header.
const HEADER_TIMEOUT: Duration = Duration::from_secs(5);

/// Why a connection has no header.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoHeader {
    /// Such as a probe of whether the port is open.
    #[error("it ended before a byte came")]
    Silent,
    #[error("it ended within its PROXY protocol header")]
    Cut,
    #[error("no PROXY protocol header came within {} s", HEADER_TIMEOUT.as_secs())]
    Late,
    #[error(transparent)]
    Bad(#[from] BadHeader),
}

impl From<io::Error> for NoHeader {
    fn from(_: io::Error) -> Self {
        Self::Cut
    }
}

/// Reads the header and nothing after it. The client's address, or `None` if the connection is the proxy's
/// own.
///
/// # Errors
/// There is no valid header in time.
pub(crate) async fn read(socket: &mut TcpStream) -> Result<Option<IpAddr>, NoHeader> {
    timeout(HEADER_TIMEOUT, read_header(socket)).await.unwrap_or(Err(NoHeader::Late))
}

async fn read_header(socket: &mut TcpStream) -> Result<Option<IpAddr>, NoHeader> {
    let mut bytes = [0; header::BYTES_MAX];
    let mut read = 0;
    loop {
        // Everything that was only looked at is read below unless it is the last, so this waits for more.
        let unread = bytes.get_mut(read..).unwrap_or_default();
        let seen = read + socket.peek(unread).await?;
        if seen == read {
            return Err(if read == 0 { NoHeader::Silent } else { NoHeader::Cut });
        }
        let header = header::parse(bytes.get(..seen).unwrap_or_default())?;
        let until = header.map_or(seen, |header| header.bytes);
        socket.read_exact(bytes.get_mut(read..until).unwrap_or_default()).await?;
        read = until;
        if let Some(header) = header {
            return Ok(header.source.map(|source| source.to_canonical()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::AsyncWriteExt;
    use tokio::net::TcpListener;

    async fn pair() -> (TcpStream, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let proxy = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        proxy.set_nodelay(true).unwrap();
        (proxy, listener.accept().await.unwrap().0)
    }

    #[tokio::test]
    async fn a_header_in_pieces_is_read_and_what_follows_is_left() {
        let (mut proxy, mut socket) = pair().await;
        let writes = tokio::spawn(async move {
            for piece in ["PRO", "XY TCP4 203.0.113.5 ", "10.0.0.1 1 2\r", "\nGET"] {
                proxy.write_all(piece.as_bytes()).await.unwrap();
                tokio::task::yield_now().await;
            }
            proxy
        });
        assert_eq!(read(&mut socket).await.unwrap().unwrap().to_string(), "203.0.113.5");
        drop(writes.await.unwrap());
        let mut rest = String::new();
        socket.read_to_string(&mut rest).await.unwrap();
        assert_eq!(rest, "GET");
    }

    #[tokio::test]
    async fn a_connection_that_ends_early_has_no_header() {
        let (proxy, mut socket) = pair().await;
        drop(proxy);
        assert!(matches!(read(&mut socket).await, Err(NoHeader::Silent)));
        let (mut proxy, mut socket) = pair().await;
        proxy.write_all(b"PROXY TCP4").await.unwrap();
        drop(proxy);
        assert!(matches!(read(&mut socket).await, Err(NoHeader::Cut)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_silent_proxy_is_not_waited_for() {
        let (_proxy, mut socket) = pair().await;
        assert!(matches!(read(&mut socket).await, Err(NoHeader::Late)));
    }
}
