//! WebSocket connections, plain or over TLS. The only file of the clients that names tungstenite.

use super::error::plain;
use super::tls::{MaybeTls, Tls, unencrypted};
use super::{Addresses, ConnectError, Link, LinkEnd, TlsRoots, Url};
use bytes::Bytes;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use core::time::Duration;
use futures_util::{Sink, Stream};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use tickwire_shared::limits::{OUTBOUND_BYTES_MAX, SUBPROTOCOL};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::ClientRequestBuilder;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error as WsError, Message};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Zeroed before each read; an update of a full room fits.
const READ_BUFFER_BYTES: usize = 1024;
const WRITE_BUFFER_BYTES_MAX: usize = 64 * 1024;
/// What the kernel may hold of a bare stream's unsent bytes: a tool may open many and write without end.
const BARE_SEND_BUFFER_BYTES: u32 = 64 * 1024;

/// Where connections to one WebSocket server go.
#[derive(Clone, Debug)]
pub struct Endpoint {
    url: Url,
    addresses: Arc<Addresses>,
    tls: Option<Tls>,
}

impl Endpoint {
    /// Connections to `url`, whose name was resolved to `addresses`.
    ///
    /// # Errors
    /// The URL asks for TLS and there are no roots, or its host is not a valid name for a certificate.
    pub fn new(
        url: Url,
        addresses: impl Into<Addresses>,
        roots: Option<TlsRoots>,
    ) -> Result<Self, ConnectError> {
        let tls = match (url.is_tls(), roots) {
            (false, _) => None,
            (true, None) => return Err(ConnectError::Tls("wss needs certificates to trust".into())),
            (true, Some(roots)) => Some(Tls::new(roots, &url.host)?),
        };
        Ok(Self { url, addresses: Arc::new(addresses.into()), tls })
    }

    /// Checks that a server answers at the address, from the addresses of this machine that `source` returns
    /// (see [`Endpoint::connect_from`]).
    ///
    /// # Errors
    /// Why not.
    pub async fn probe_from(
        &self,
        source: impl Fn(SocketAddr) -> Option<IpAddr> + Send + Sync,
    ) -> Result<(), ConnectError> {
        let dialled = tokio::time::timeout(CONNECT_TIMEOUT, self.dial(&source, None)).await;
        dialled.map_err(|_| ConnectError::TimedOut)?.map(drop)
    }

    /// A bare stream to the server, over TLS if the URL asks for it, before any HTTP; within 10 s. For tools
    /// that write what no WebSocket would. The source is that of [`Endpoint::connect_from`].
    ///
    /// # Errors
    /// As [`Endpoint::connect`].
    pub async fn stream_from<S: Fn(SocketAddr) -> Option<IpAddr> + Send + Sync>(
        &self,
        source: S,
    ) -> Result<impl AsyncRead + AsyncWrite + Send + Unpin + use<S>, ConnectError> {
        let open = Box::pin(self.stream(&source, Some(BARE_SEND_BUFFER_BYTES)));
        tokio::time::timeout(CONNECT_TIMEOUT, open).await.unwrap_or(Err(ConnectError::TimedOut))
    }

    /// A new connection, within 10 s.
    ///
    /// # Errors
    /// Why there is none, with the server's text.
    pub async fn connect(&self) -> Result<WebSocketLink, ConnectError> {
        self.connect_from(|_| None).await
    }

    /// As [`Endpoint::connect`], from the address of this machine that `source` returns for the server's; the
    /// system chooses where it returns none.
    ///
    /// # Errors
    /// As [`Endpoint::connect`].
    pub async fn connect_from(
        &self,
        source: impl Fn(SocketAddr) -> Option<IpAddr> + Send + Sync,
    ) -> Result<WebSocketLink, ConnectError> {
        // Boxed, so that the large state of the handshake does not stay in the caller's task.
        let open = Box::pin(self.open(&source));
        tokio::time::timeout(CONNECT_TIMEOUT, open).await.unwrap_or(Err(ConnectError::TimedOut))
    }

    async fn stream(
        &self,
        source: &impl Source,
        send_buffer_bytes: Option<u32>,
    ) -> Result<MaybeTls, ConnectError> {
        let tcp = self.dial(source, send_buffer_bytes).await?;
        // Every frame is one small write that must not wait for a TCP acknowledgement.
        tcp.set_nodelay(true).map_err(|error| self.explain(&[error]))?;
        match &self.tls {
            None => Ok(unencrypted(tcp)),
            Some(tls) => tls.over(tcp).await,
        }
    }

    async fn open(&self, source: &impl Source) -> Result<WebSocketLink, ConnectError> {
        let stream = self.stream(source, None).await?;
        let request = ClientRequestBuilder::new(self.url.uri.clone()).with_sub_protocol(SUBPROTOCOL);
        let config = WebSocketConfig::default()
            .read_buffer_size(READ_BUFFER_BYTES)
            .write_buffer_size(0)
            .max_write_buffer_size(WRITE_BUFFER_BYTES_MAX)
            .max_message_size(Some(OUTBOUND_BYTES_MAX))
            .max_frame_size(Some(OUTBOUND_BYTES_MAX));
        match tokio_tungstenite::client_async_with_config(request, stream, Some(config)).await {
            Ok((socket, _)) => Ok(WebSocketLink { socket }),
            Err(WsError::Http(response)) => Err(refused(&response)),
            Err(error) => Err(ConnectError::Handshake(error.to_string())),
        }
    }

    /// A connection to the first address that answers.
    async fn dial(
        &self,
        source: &impl Source,
        send_buffer_bytes: Option<u32>,
    ) -> Result<TcpStream, ConnectError> {
        let dialled = self.addresses.reach(|address| async move {
            let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
            if let Some(bytes) = send_buffer_bytes {
                socket.set_send_buffer_size(bytes)?;
            }
            if let Some(ip) = source(address) {
                socket.bind(SocketAddr::new(ip, 0))?;
            }
            socket.connect(address).await
        });
        dialled.await.map_err(|errors| self.explain(&errors))
    }

    /// Why no address answered.
    fn explain(&self, errors: &[io::Error]) -> ConnectError {
        // EMFILE and ENFILE have these numbers on Linux, macOS and the BSDs.
        if cfg!(unix) && errors.iter().any(|error| matches!(error.raw_os_error(), Some(23 | 24))) {
            return ConnectError::TooManyFiles;
        }
        let no_port = |error: &&io::Error| {
            matches!(error.kind(), io::ErrorKind::AddrNotAvailable | io::ErrorKind::AddrInUse)
        };
        let telling = errors.iter().find(|error| !no_port(error));
        if telling.is_none() && !errors.is_empty() {
            return ConnectError::NoFreePort;
        }
        let problem = telling.map_or("it has no address".to_owned(), ToString::to_string);
        ConnectError::Unreachable { address: self.addresses.to_string(), problem }
    }
}

/// What a server said that did not accept the WebSocket.
fn refused(response: &http::Response<Option<Vec<u8>>>) -> ConnectError {
    let header = |name| response.headers().get(name).and_then(|value| value.to_str().ok());
    // A proxy's page is not for a terminal.
    let is_text = header(http::header::CONTENT_TYPE).is_some_and(|kind| kind.starts_with("text/plain"));
    let body = response.body().as_deref().filter(|_| is_text).unwrap_or_default();
    let seconds = header(http::header::RETRY_AFTER).and_then(|seconds| seconds.trim().parse::<u16>().ok());
    ConnectError::Http {
        status: response.status().as_u16(),
        text: plain(&String::from_utf8_lossy(body)),
        retry_after: seconds.map(|seconds| Duration::from_secs(seconds.into())),
    }
}

/// Chooses the address of this machine for a connection to one of the server's.
trait Source: Fn(SocketAddr) -> Option<IpAddr> + Send + Sync {}
impl<F: Fn(SocketAddr) -> Option<IpAddr> + Send + Sync> Source for F {}

/// One WebSocket connection.
#[derive(Debug)]
pub struct WebSocketLink {
    socket: WebSocketStream<MaybeTls>,
}

impl Link for WebSocketLink {
    fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Result<Bytes, LinkEnd>> {
        loop {
            let end = match ready!(Pin::new(&mut self.socket).poll_next(cx)) {
                Some(Ok(Message::Binary(bytes))) => return Poll::Ready(Ok(bytes)),
                Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => continue,
                Some(Ok(Message::Close(frame))) => {
                    let text = frame.as_ref().map(|frame| plain(&frame.reason)).unwrap_or_default();
                    LinkEnd::Closed { code: frame.map(|frame| frame.code.into()), text }
                }
                Some(Ok(Message::Text(_))) => LinkEnd::Broken("the server sent a text message".into()),
                Some(Err(error)) => LinkEnd::Broken(error.to_string()),
                None => LinkEnd::Closed { code: None, text: String::new() },
            };
            return Poll::Ready(Err(end));
        }
    }

    fn send(&mut self, message: Vec<u8>) -> Result<(), LinkEnd> {
        Pin::new(&mut self.socket).start_send(Message::Binary(message.into())).map_err(broken)
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), LinkEnd>> {
        // With an empty write buffer `start_send` has written everything, unless the socket was full.
        Pin::new(&mut self.socket).poll_flush(cx).map_err(broken)
    }
}

fn broken(error: WsError) -> LinkEnd {
    LinkEnd::Broken(error.to_string())
}
