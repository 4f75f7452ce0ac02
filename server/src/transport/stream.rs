//! The byte streams that can carry a session.

#[cfg(feature = "direct-io")]
use super::direct;
use socket2::SockRef;
use std::io;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
#[cfg(feature = "tls")]
use tokio_rustls::server::TlsStream;

/// Bytes that the kernel may hold for one session. They are few, because data waiting there hides a slow
/// reader. (Pages are faster with the buffer that the system chooses.)
const SEND_BUFFER_BYTES: usize = 32 * 1024;
/// Below this many unsent bytes, the kernel calls a socket writable again.
#[cfg(any(target_os = "android", target_os = "linux"))]
const NOT_SENT_BYTES: u32 = 16 * 1024;

/// A stream that can carry a session.
pub(crate) trait ByteStream: AsyncRead + AsyncWrite + Unpin + Send + 'static {
    /// A session begins: from now on the kernel holds little unsent data.
    ///
    /// # Errors
    /// The socket no longer exists.
    fn keep_little_unsent(&self) -> io::Result<()> {
        Ok(())
    }

    /// What a room may write to and read from. `None` if only the session can.
    #[cfg(feature = "direct-io")]
    fn direct(&self) -> Option<direct::Handle> {
        None
    }
}

impl ByteStream for TcpStream {
    fn keep_little_unsent(&self) -> io::Result<()> {
        let socket = SockRef::from(self);
        socket.set_send_buffer_size(SEND_BUFFER_BYTES)?;
        #[cfg(any(target_os = "android", target_os = "linux"))]
        socket.set_tcp_notsent_lowat(NOT_SENT_BYTES)?;
        Ok(())
    }
}

#[cfg(feature = "direct-io")]
impl ByteStream for direct::Stream {
    fn keep_little_unsent(&self) -> io::Result<()> {
        self.set(TcpStream::keep_little_unsent)
    }

    fn direct(&self) -> Option<direct::Handle> {
        Some(self.handle())
    }
}

#[cfg(feature = "tls")]
impl ByteStream for TlsStream<TcpStream> {
    fn keep_little_unsent(&self) -> io::Result<()> {
        self.get_ref().0.keep_little_unsent()
    }
}

#[cfg(test)]
impl ByteStream for tokio::io::DuplexStream {}
